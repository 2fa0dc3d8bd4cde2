/* gemm_avx2.h - the matrix product under convolutions, linear layers and matmul: f32, AVX2 with FMA.
 *
 * One block: c (rows × columns) = [c +] a·b [+ bias] [+ other], on one thread. Every element is one chain of fused
 * multiply-adds over the depth in rising order from zero, then the additions in the order written, then the limits: the same
 * bits wherever in a block the element lies, so a product may be cut into blocks of rows and columns in any way. Cutting the
 * depth (blocks with `add`) is part of the result; so is where a block's rows begin and end of the columns' sums.
 *
 * Operands are packed so that the innermost loop reads forward: `b` in panels of 16 columns, `a` in tiles of 6 rows whose inner
 * strides are free (rows of a picture as they lie, or 6 rows side by side). */
#ifndef FV_CPU_GEMM_AVX2_H
#define FV_CPU_GEMM_AVX2_H

#include <stdbool.h>
#include <stdint.h>

#define FV_GEMM_ROWS 6
#define FV_GEMM_COLUMNS 16

typedef struct fv_gemm_block {
    int64_t rows, columns, depth;
    const float *a; /* element (i, k): a[i / 6 * a_tile + i % 6 * a_row + k * a_step] */
    int64_t a_tile, a_row, a_step;
    const float *b; /* element (k, j): b[j / 16 * b_panel + k * 16 + j % 16]; the last panel is whole too, its rest is unused */
    int64_t b_panel;
    float *const *c; /* row i of the result is c[i][c_column … c_column + columns) */
    int64_t c_column;
    const float *bias; /* one for each of the columns, added last; NULL: none */
    bool add;          /* onto what c holds */
    bool limited;      /* then kept between low and high; a NaN stays one */
    float low, high;
    /* Of a gradient: rows as c has them, the same columns. What is added, and that by which the result counts only where it is
     * above 0 and below slope_high, a NaN for no bound; a NaN in it counts. NULL: none. */
    const float *const *other, *const *slope;
    float slope_high;
    /* Statistics of the columns of what is stored: of each the first row's value, and the sums of what all are above it and of
     * its square, in three lines of whole panels, sums_line floats apart; beyond the columns they are nobody's. Tiles' sums are
     * added in rising order. NULL: none. */
    float *sums;
    int64_t sums_line;
    /* How memory is used, which changes no number. */
    bool ahead;  /* a lies in memory, row by row: the next tile's rows are asked for while one is multiplied */
    bool stream; /* c is too large to stay in a cache till it is read: whole lines that are aligned go past it */
} fv_gemm_block;

/* By vectors of 16 where CPU and FOVEA_ISA allow (gemm_avx512.c), else of 8: to the same bits. */
void fv_gemm_multiply(const fv_gemm_block *block);
void fv_gemm_multiply_avx2(const fv_gemm_block *block);
void fv_gemm_multiply_avx512(const fv_gemm_block *block);

/* Packs one panel of b: element (k, j), k < depth, is from[k * row + j * column]; columns at and beyond `columns` ≤ 16 become
 * zero. Fast where row or column is 1. */
void fv_gemm_pack_b_avx2(const float *from, int64_t row, int64_t column, int64_t depth, int64_t columns, float *to);

#endif
