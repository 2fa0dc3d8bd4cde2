/* idx.h - reading one IDX file from memory. */
#ifndef FV_DATA_IDX_H
#define FV_DATA_IDX_H

#include "fovea/error.h"

#define FV_IDX_RANK_MAX 4

/* An array of bytes: `count` = product of dims. */
typedef struct fv_idx {
    int rank;
    int64_t dims[FV_IDX_RANK_MAX], count;
    uint8_t *data; /* owned, fv_idx_release */
} fv_idx;
void fv_idx_release(fv_idx *idx);

/* Plain or gzip, told by content. The header is checked against the length of the file before anything is allocated (a gzip
 * file cannot hold more than 1032 times its length), and the data must end where the file does. FV_FORMAT, FV_UNSUPPORTED (an
 * element type that is not u8). Errors do not name the file. */
FV_MUST_USE fv_error *fv_idx_parse(const uint8_t *bytes, int64_t length, fv_idx *out);

#endif
