/* fovea/model.h - a model: a graph, its tensors, and named text sections; and the file that holds them.
 *
 *   FV_OWNED(fv_model) model = NULL;
 *   FV_TRY(fv_model_load("best.fovea", &model));
 *   FV_TRY(fv_plan_new(fv_model_graph(model), fv_model_weights(model), &(fv_plan_options){.mode = FV_EVALUATION}, &plan));
 *
 * The file is HDF5 (h5py and h5dump open it) followed by a trailer with a hash over all of it. Equal content gives equal bytes:
 * a file holds nothing of paths, times, threads or hosts. A checkpoint is the same file with the optimizer's slots and the
 * section "training"; a plain file leaves both out.
 *
 *   /                attributes format = "fovea model", version = 1
 *   /graph           the graph's text form
 *   /parameters/…    one data set a tensor, under its name; likewise /buffers and, in a checkpoint, /slots
 *   /sections/…      one text each, attribute version: classes, transforms, signature, metrics, provenance, …
 *
 * Models are written by HDF5, which is told not to tidy up at the end of the program (H5dont_atexit): a program that uses HDF5
 * too closes its own files.
 *
 * A model is used by one thread at a time; loading and saving different models is safe from any thread. */
#ifndef FOVEA_MODEL_H
#define FOVEA_MODEL_H

#include "fovea/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_model fv_model;

/* A model of a copy of `graph`, with no tensors yet and no sections. */
FV_API FV_MUST_USE fv_error *fv_model_new(const fv_graph *graph, fv_model **out);
FV_API void fv_model_free(fv_model *model);
FV_CLEANUP(fv_model);

/* Borrowed from the model. The graph is that of training (batch norms with batch statistics, dropout); evaluation is a mode of
 * the plan. The weights may be written to. */
FV_API const fv_graph *fv_model_graph(const fv_model *model);
FV_API fv_weights *fv_model_weights(const fv_model *model);

/* A section's text and `*version` (may be NULL), borrowed until it is set anew; NULL when there is none so named. */
FV_API const char *fv_model_section(const fv_model *model, const char *name, int *version);
/* Sets it to a copy of `text` (UTF-8); NULL takes it out. Names are lower-case letters, digits and '_'. */
FV_API FV_MUST_USE fv_error *fv_model_set_section(fv_model *model, const char *name, int version, const char *text);
FV_API int fv_model_section_count(const fv_model *model);
FV_API const char *fv_model_section_name(const fv_model *model, int index); /* sorted by name */

/* Writes the model without what only training needs. `path` is replaced at once or not at all. */
FV_API FV_MUST_USE fv_error *fv_model_save(const fv_model *model, const char *path);
/* Writes all of it; the file that was at `path` stays as `previous` (NULL: does not). At no instant is there neither. */
FV_API FV_MUST_USE fv_error *fv_model_save_checkpoint(const fv_model *model, const char *path, const char *previous);

/* Reads either, from anybody: the trailer's hash is checked, then fovea-reader, a program without rights, goes through the HDF5
 * (docs/security.md says where it is sought), and every size is checked before anything is allocated for it.
 * FV_NOT_FOUND: the file, or the reader; FV_IO; FV_FORMAT: not a model, cut short, changed since it was written, or made to
 * crash or exhaust the reader; FV_UNSUPPORTED: from a newer fovea. */
FV_API FV_MUST_USE fv_error *fv_model_load(const char *path, fv_model **out);

#ifdef __cplusplus
}
#endif
#endif
