/* pixel.h - one element of a 4-D tensor, a picture (n, h, w, c) or a weight (k, r, s, c), by its indices; strides honoured. */
#ifndef FV_OPS_PIXEL_H
#define FV_OPS_PIXEL_H

#include "fovea/tensor.h"

static inline int64_t fv_pixel_offset(const fv_tensor *t, int64_t n, int64_t h, int64_t w, int64_t c) {
    return n * t->strides[0] + h * t->strides[1] + w * t->strides[2] + c * t->strides[3];
}

static inline double fv_pixel_load(const fv_tensor *t, int64_t n, int64_t h, int64_t w, int64_t c) {
    return fv_tensor_load(t, fv_pixel_offset(t, n, h, w, c));
}

static inline void fv_pixel_store(const fv_tensor *t, int64_t n, int64_t h, int64_t w, int64_t c, double value) {
    fv_tensor_store(t, fv_pixel_offset(t, n, h, w, c), value);
}

#endif
