/* elements.h - whole tensors copied element by element, bits untouched, for the definitions of ops that only move elements. */
#ifndef FV_OPS_ELEMENTS_H
#define FV_OPS_ELEMENTS_H

#include "fovea/tensor.h"

/* to ← from, in row order of each: as many elements, the same dtype. */
void fv_elements_copy(const fv_tensor *to, const fv_tensor *from);
/* Indices start to start + count − 1 of x along `axis`; the same memory. */
fv_tensor fv_elements_part(const fv_tensor *x, int axis, int64_t start, int64_t count);

#endif
