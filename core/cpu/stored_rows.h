/* stored_rows.h - numbers that are computed in f32 and lie in memory as f32 or as bf16 (ops/stored.h), and batch norm of rows
 * of them: the loops of kernel batch_norm_stored, in its bits where all is f32. */
#ifndef FV_CPU_STORED_ROWS_H
#define FV_CPU_STORED_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include <math.h>
#include <string.h>

#include "fovea/tensor.h"

/* To the nearest, ties to even; a NaN stays one and becomes quiet; what is below 2⁻¹²⁶ becomes zero. As vcvtneps2bf16 does. */
static inline uint16_t fv_bf16_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value)) return (uint16_t)(bits >> 16 | 0x40);
    if (!(bits & 0x7f800000)) return (uint16_t)(bits >> 16 & 0x8000);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float fv_float_of_bf16(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef struct fv_stored_rows {
    void *data;  /* of what is read alone, not written */
    bool narrow; /* bf16 */
} fv_stored_rows;

static inline fv_stored_rows fv_stored_rows_of(const fv_tensor *tensor) {
    return (fv_stored_rows){ tensor->data, tensor->type.dtype == FV_BF16 };
}

static inline float fv_stored_load(fv_stored_rows from, int64_t at) {
    return from.narrow ? fv_float_of_bf16(((const uint16_t *)from.data)[at]) : ((const float *)from.data)[at];
}

/* Rows of `channels`, one after another, and what is done to them; a to q are one number a channel, as in norm_rows.h. */
typedef struct fv_stored_norm {
    fv_stored_rows x, dy, y; /* y: or dx */
    int64_t channels;
    int activation; /* fv_norm_activation */
    bool streamed;  /* y goes past the caches: whole vectors that are aligned */
    const float *a, *b, *mean, *p, *q;
} fv_stored_norm;

/* Of rows [first, first + rows). Sums add to what is there: of x and of x², or of dy where the activation has a slope and of
 * that · (x − mean); runs of 16 rows in f32, those in f64. */
typedef struct fv_stored_norm_loops {
    void (*sums)(const fv_stored_norm *n, int64_t first, int64_t rows, double *sum, double *square);
    void (*gradient_sums)(const fv_stored_norm *n, int64_t first, int64_t rows, double *sum, double *product);
    void (*apply)(const fv_stored_norm *n, int64_t first, int64_t rows);
    void (*gradient)(const fv_stored_norm *n, int64_t first, int64_t rows);
} fv_stored_norm_loops;

extern const fv_stored_norm_loops fv_stored_norm_avx2, fv_stored_norm_bf16;

#endif
