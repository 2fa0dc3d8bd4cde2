/* pth_state.h - from a checkpoint's tree to its weights: which of its dictionaries they are in, and what is before their
 * names. */
#ifndef FV_FORMATS_PTH_STATE_H
#define FV_FORMATS_PTH_STATE_H

#include "core/formats/format.h"
#include "core/formats/pickle.h"

/* Finds the dictionary of weights below `root`, and says in file->taken and the notes which it is. */
FV_MUST_USE fv_error *fv_pth_find_state(const fv_pickle *root, const fv_foreign_options *options, fv_foreign_file *file,
                                        const fv_pickle **state);
/* What all names of tensors begin with and no network calls its own: "module.", "_orig_mod.", "model."; "" for nothing. In the
 * file's arena, and in file->stripped. */
FV_MUST_USE fv_error *fv_pth_find_prefix(const fv_pickle *state, fv_foreign_file *file, const char **prefix);

/* The node that a tensor is made by, through what is wrapped around it (parameters, subclasses): its arguments (storage,
 * offset, size, stride, …); NULL: it is no tensor. */
const fv_pickle *fv_pth_tensor(const fv_pickle *node);

#endif
