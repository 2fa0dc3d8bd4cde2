/* v2_request.h - the body of an inference request of the Open Inference Protocol (v2), with Triton's extensions: tensors in
 * JSON, or as bytes behind it, of which the header Inference-Header-Content-Length says how long the JSON is. Pure.
 *
 *   ┌──────────────────────────┬────────────┬────────────┬───
 *   │ JSON, header_length      │ tensor 0   │ tensor 1   │ …    each binary_data_size bytes, little-endian
 *   └──────────────────────────┴────────────┴────────────┴───
 * An element of BYTES is its length in 4 bytes, then itself; in JSON it is a string of base64. */
#ifndef FV_SERVE_V2_REQUEST_H
#define FV_SERVE_V2_REQUEST_H

#include <stdbool.h>

#include "core/base/arena.h"

#define FV_V2_RANK_MAX 8
#define FV_V2_TENSORS_MAX 16

typedef struct fv_v2_bytes {
    const void *at;
    int64_t length;
} fv_v2_bytes;

typedef struct fv_v2_tensor {
    const char *name;
    int64_t rank, shape[FV_V2_RANK_MAX], elements; /* their product */
    const float *floats;                           /* of FP32 */
    const fv_v2_bytes *bytes;                      /* of BYTES */
} fv_v2_tensor;

typedef struct fv_v2_output {
    const char *name;
    bool binary;
    int64_t classes; /* the classification extension: the best so many; 0: the tensor itself */
} fv_v2_output;

typedef struct fv_v2_request {
    const char *id; /* NULL: none */
    fv_v2_tensor inputs[FV_V2_TENSORS_MAX];
    fv_v2_output outputs[FV_V2_TENSORS_MAX];
    int64_t input_count, output_count;
    bool binary;    /* outputs that say nothing are wanted as bytes */
    double timeout; /* seconds; 0: none given */
} fv_v2_request;

/* `header_length` −1: the body is JSON alone. Everything lies in `arena`, or in `body`. FV_USAGE: it is no such request, with
 * what is wrong; FV_UNSUPPORTED: a type other than FP32 and BYTES. */
FV_MUST_USE fv_error *fv_v2_parse(const uint8_t *body, int64_t length, int64_t header_length, fv_arena *arena,
                                  fv_v2_request *out);

#endif
