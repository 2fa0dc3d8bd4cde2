/* products.h - matrix products by OpenBLAS, on the calling thread alone: work units call it. Any thread. */
#ifndef FV_DRIFT_PRODUCTS_H
#define FV_DRIFT_PRODUCTS_H

#include <stdint.h>

/* out (rows × columns, its rows `stride` apart) = a (rows × depth) · b (depth × columns), or · bᵀ with b columns × depth. */
void fv_product(const float *a, const float *b, int64_t rows, int64_t columns, int64_t depth, float *out, int64_t stride);
void fv_product_transposed(const float *a, const float *b, int64_t rows, int64_t columns, int64_t depth, float *out,
                           int64_t stride);

#endif
