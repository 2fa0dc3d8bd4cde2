/* blas.h - OpenBLAS as kernels use it: on one thread, from inside units of our own team, so that what it computes is cut the
 * same way on any number of threads. Its bits depend on the core it picks at run time (`fovea version` names it), and may
 * depend on the size of a product: a kernel gives it products whose sizes do not depend on the batch. */
#ifndef FV_CPU_BLAS_H
#define FV_CPU_BLAS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan/kernel.h"

/* NULL, or why it cannot be used: the build with threads of its own, which would run beside ours. */
const char *fv_blas_refuse(void);
const char *fv_blas_core(void); /* OpenBLAS's name for the core it picked: "Zen" */

/* OpenBLAS picks by the CPU's model number, and for one that is newer than itself it falls back to "Prescott", a core without
 * AVX, several times slower. Then the core to ask for by the variable OPENBLAS_CORETYPE, which it reads when it is loaded;
 * NULL: `core` will do. */
const char *fv_blas_better_core(const char *core, fv_isa isa);

/* Row-major c (rows × columns) = [c +] a·b; transpose_a: a is stored depth × rows, transpose_b: b is stored columns × depth.
 * a_row, b_row, c_row: floats from one stored row to the next. No rows or columns: nothing is done. */
typedef struct fv_blas_product {
    int64_t rows, columns, depth;
    const float *a, *b;
    float *c;
    int64_t a_row, b_row, c_row;
    bool transpose_a, transpose_b, add;
} fv_blas_product;
void fv_blas_multiply(const fv_blas_product *product);

/* y = a·x, or aᵀ·x, of the row-major a (rows × columns). */
void fv_blas_multiply_vector(const float *a, int64_t rows, int64_t columns, bool transpose, const float *x, float *y);

#endif
