/* model_file.h - the model file as bytes, and sections as options structs.
 *
 *   ┌──────────────────────────┬──────────────┬────────────┬──────────────┐
 *   │ HDF5 image, L bytes      │ "fovea-h\2"  │ L, 8 bytes │ BLAKE2b-256  │
 *   └──────────────────────────┴──────────────┴────────────┴──────────────┘
 * The hash, that of a tree (tree_hash.h), covers all that is before it; L is little-endian. HDF5 readers stop at the image's
 * end. With "fovea-h\1" the hash is that of one chain: such files are read. */
#ifndef FV_FORMATS_MODEL_FILE_H
#define FV_FORMATS_MODEL_FILE_H

#include "core/base/fields.h"
#include "core/formats/private_copy.h"
#include "fovea/model.h"

#define FV_MODEL_VERSION 1
#define FV_MODEL_TRAILER 48
#define FV_MODEL_BYTES_MAX (INT64_C(1) << 40)

/* The section that only a checkpoint has. */
#define FV_SECTION_TRAINING "training"

/* The file's bytes; free them with fv_memory_free. */
FV_MUST_USE fv_error *fv_model_encode(const fv_model *model, bool checkpoint, uint8_t **bytes, int64_t *length);
/* Of bytes that are known to be ours, by their digest: HDF5's library goes through them in this process. `where` names them in
 * errors. */
FV_MUST_USE fv_error *fv_model_decode(const uint8_t *bytes, int64_t length, const char *where, fv_model **out);

/* As fv_model_load, for who runs a model as it is: its weights are used where they lie in the file's copy in memory, which the
 * model keeps. */
FV_MUST_USE fv_error *fv_model_open(const char *path, fv_model **out);
void fv_model_keep(fv_model *model, fv_private_copy *file); /* until the model is freed */

/* The hash in the trailer of the file that the model was loaded or opened from, which `fovea model show` prints; "": none. */
const char *fv_model_hash(const fv_model *model);
void fv_model_set_hash(fv_model *model, const uint8_t *bytes, int64_t length); /* of the whole file */

/* Of an image and the answer about it (answer.h), which need not be true. */
FV_MUST_USE fv_error *fv_model_from_answer(const void *answer, int64_t answer_length, const uint8_t *image, int64_t length,
                                           const char *where, fv_model **out);

/* What fv_model_encode takes at most, of a model with `tensors` tensors in `tensor_bytes` bytes: for the memory bound. */
int64_t fv_model_encoded_bound(const fv_model *model, bool checkpoint);

/* A section whose text is a JSON object, read and written through its owner's field table. */
typedef struct fv_section {
    const char *name;
    int version;
    const char *summary;
    const fv_field *fields;
    /* The JSON of an older `version` into that of this one; NULL: there was none. */
    fv_error *(*upgrade)(int version, const char *text, fv_text *out);
} fv_section;

FV_MUST_USE fv_error *fv_section_write(fv_model *model, const fv_section *section, const void *options);
/* Defaults, then what the text says, of this version or an older one; strings and lists go to `arena`. FV_NOT_FOUND when the
 * model has no such section. */
FV_MUST_USE fv_error *fv_section_read(const fv_model *model, const fv_section *section, void *options, fv_arena *arena);

#endif
