/* bytes.h - a buffer that files are read into one after the other, so that reading a sample allocates nothing once it has
 * grown. */
#ifndef FV_DATA_BYTES_H
#define FV_DATA_BYTES_H

#include "fovea/error.h"

/* Open value: { 0 }, then fv_bytes_release. */
typedef struct fv_bytes {
    uint8_t *at;
    int64_t length, capacity;
} fv_bytes;
#define FV_BYTES(name) __attribute__((cleanup(fv_bytes_release))) fv_bytes name = { 0 }

FV_MUST_USE fv_error *fv_bytes_reserve(fv_bytes *bytes, int64_t capacity); /* contents undefined, length 0 */
void fv_bytes_release(fv_bytes *bytes);

/* The whole of a plain file of at most `cap` bytes. FV_NOT_FOUND, FV_DENIED, FV_IO (also: not a plain file), FV_UNSUPPORTED:
 * longer. Errors do not name the file: the caller does. */
FV_MUST_USE fv_error *fv_bytes_read_file(fv_bytes *bytes, const char *path, int64_t cap);

#endif
