/* model_trailer.h - the 48 bytes that tell a whole model file from a damaged one; and tensor names as HDF5 link names. */
#ifndef FV_FORMATS_MODEL_TRAILER_H
#define FV_FORMATS_MODEL_TRAILER_H

#include "core/base/text.h"
#include "core/formats/model_file.h"
#include "core/formats/tree_hash.h"

/* Puts the trailer behind the image; `bytes` has room for it. */
FV_MUST_USE fv_error *fv_trailer_write(uint8_t *bytes, int64_t image_length);
/* The image's length, or what is wrong with the file: not a model, cut short, changed. */
FV_MUST_USE fv_error *fv_trailer_check(const uint8_t *bytes, int64_t length, const char *where, int64_t *image_length);

/* The two halves of it: all but the hash; and whether that of all but the last FV_HASH_BYTES bytes is what stands there. It is
 * computed by the team; from `leaves`, the hashes of those bytes' leaves, where they are known (else NULL). */
FV_MUST_USE fv_error *fv_trailer_find(const uint8_t *bytes, int64_t length, const char *where, int64_t *image_length);
FV_MUST_USE fv_error *fv_trailer_compare(const uint8_t *bytes, int64_t length, const uint8_t *leaves, const char *where);

/* The hash of a file that fv_trailer_check found whole, as 64 hexadecimal digits and a NUL. */
#define FV_TRAILER_HASH_LETTERS 65
void fv_trailer_hash(const uint8_t *bytes, int64_t length, char out[FV_TRAILER_HASH_LETTERS]);

void fv_tensor_name_encode(const char *name, fv_text *link);
FV_MUST_USE fv_error *fv_tensor_name_decode(const char *link, fv_text *name);

#endif
