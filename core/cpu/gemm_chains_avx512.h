/* gemm_chains_avx512.h - the product of gemm_avx2.h by vectors of 16, compiled once for each way to multiply: a 6×32
 * microkernel over two panels (12 accumulators, 2 vectors of b, 1 broadcast of a). */
#ifndef FV_CPU_GEMM_CHAINS_AVX512_H
#define FV_CPU_GEMM_CHAINS_AVX512_H

#include <immintrin.h>

#include "core/base/size.h"
#include "core/cpu/gemm_avx2.h"

#ifndef PRODUCT
#define PRODUCT(x, y, sum) _mm512_fmadd_ps(x, y, sum) /* sum + x·y, lane by lane */
#endif
#define PANELS 2                   /* at once; an odd one is left for the end */
#define LINE 16                    /* floats of a cache line */
#define BY_ROWS ((int64_t)1 << 16) /* floats of b that stay near while tiles of a pass by one after another */

/* A tile of `rows` ≤ 6 by `panels` · 16: the chains. Both are constants wherever this is inlined. */
static inline __attribute__((always_inline)) void chains(int rows, int panels, const fv_gemm_block *block, const float *a,
                                                         const float *b, __m512 sum[][PANELS]) {
    int64_t row = block->a_row, step = block->a_step, panel = block->b_panel;
    const float *low = a, *high = a + 3 * row; /* two bases: every address is a base and a register */
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
        for (int p = 0; p < panels; p++) sum[i][p] = _mm512_setzero_ps();
    for (int64_t left = block->depth, some; left > 0; left -= some) {
        some = block->ahead ? fv_min(left, LINE) : left;
        if (block->ahead)
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++)
                _mm_prefetch((const char *)((i < 3 ? low + i * row : high + (i - 3) * row) + block->a_tile), _MM_HINT_T0);
        for (int64_t k = 0; k < some; k++) {
            __m512 b0 = _mm512_loadu_ps(b), b1 = panels > 1 ? _mm512_loadu_ps(b + panel) : b0;
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++) {
                __m512 x = _mm512_set1_ps(*(i < 3 ? low + i * row : high + (i - 3) * row));
                sum[i][0] = PRODUCT(x, b0, sum[i][0]);
                if (panels > 1) sum[i][1] = PRODUCT(x, b1, sum[i][1]);
            }
            low += step;
            high += step;
            b += FV_GEMM_COLUMNS;
        }
    }
}

/* One row's results of one panel go to `y`; lanes outside the mask are neither read nor written. `other` and `slope` may be
 * NULL. */
static inline __attribute__((always_inline)) void finish(const fv_gemm_block *block, float *y, const float *bias,
                                                         const float *other, const float *slope, __mmask16 lanes, __m512 sum) {
    if (block->add) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, y), sum);
    if (bias) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, bias));
    if (other) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, other));
    if (slope) {
        __m512 at = _mm512_maskz_loadu_ps(lanes, slope);
        __mmask16 rises = _mm512_cmp_ps_mask(at, _mm512_setzero_ps(), _CMP_NLE_UQ);
        rises = _mm512_mask_cmp_ps_mask(rises, at, _mm512_set1_ps(block->slope_high), _CMP_NGE_UQ);
        sum = _mm512_maskz_mov_ps(rises, sum);
    }
    if (block->limited) sum = _mm512_min_ps(_mm512_set1_ps(block->high), _mm512_max_ps(_mm512_set1_ps(block->low), sum));
    if (block->stream && lanes == 0xffff && (uintptr_t)y % 64 == 0)
        _mm512_stream_ps(y, sum);
    else
        _mm512_mask_storeu_ps(y, lanes, sum);
}

/* What finish() will read of a row, by line of `panels`, is asked for before the chains. */
static inline __attribute__((always_inline)) void ask_for(const float *row, int panels) {
    for (int p = 0; p < panels; p++) _mm_prefetch((const char *)(row + p * FV_GEMM_COLUMNS), _MM_HINT_T0);
}

static inline __attribute__((always_inline)) void tile(int rows, int panels, const fv_gemm_block *block, const float *a,
                                                       const float *b, float *const *c, int64_t column) {
    __m512 sum[FV_GEMM_ROWS][PANELS];
    if (block->add)
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++)
            for (int p = 0; p < panels; p++)
                _mm_prefetch((const char *)(c[i] + block->c_column + column + p * FV_GEMM_COLUMNS), _MM_HINT_T0);
    const float *const *other = block->other ? block->other + (c - block->c) : NULL;
    const float *const *slope = block->slope ? block->slope + (c - block->c) : NULL;
    if (other)
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) ask_for(other[i] + block->c_column + column, panels);
    if (slope)
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) ask_for(slope[i] + block->c_column + column, panels);
    chains(rows, panels, block, a, b, sum);
#pragma GCC unroll 2
    for (int p = 0; p < panels; p++) {
        int64_t first = column + p * FV_GEMM_COLUMNS, wide = fv_min(block->columns - first, FV_GEMM_COLUMNS);
        const float *bias = block->bias ? block->bias + first : NULL;
        __mmask16 lanes = (__mmask16)((1u << wide) - 1);
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) {
            int64_t at = block->c_column + first;
            finish(block, c[i] + at, bias, other ? other[i] + at : NULL, slope ? slope[i] + at : NULL, lanes, sum[i][p]);
        }
    }
}

typedef void (*tile_fn)(const fv_gemm_block *, const float *, const float *, float *const *, int64_t);
#define TILE(rows, panels)                                                                                                     \
    static __attribute__((noinline)) void tile_##rows##_##panels(const fv_gemm_block *block, const float *a, const float *b,   \
                                                                 float *const *c, int64_t column) {                            \
        tile(rows, panels, block, a, b, c, column);                                                                            \
    }
TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
static const tile_fn tiles[PANELS][FV_GEMM_ROWS + 1] = {
    { NULL, tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1 },
    { NULL, tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2 },
};

/* Columns [first, end), tile by tile of a: the panels of b lie in the second-level cache, and what is read beside the rows of
 * the result is met as it lies in memory. */
static void multiply_by_rows(const fv_gemm_block *block, int64_t first, int64_t end) {
    const float *a = block->a;
    int64_t panels;
    for (int64_t i = 0; i < block->rows; i += FV_GEMM_ROWS, a += block->a_tile)
        for (int64_t column = first; column < end; column += panels * FV_GEMM_COLUMNS) {
            panels = fv_min(PANELS, fv_ceil_div(end - column, FV_GEMM_COLUMNS));
            const float *b = block->b + column / FV_GEMM_COLUMNS * block->b_panel;
            tiles[panels - 1][fv_min(FV_GEMM_ROWS, block->rows - i)](block, a, b, block->c + i, column);
        }
}

/* Panels of b stay in the first-level cache while the tiles of a pass by. */
static void multiply_by_panels(const fv_gemm_block *block) {
    int64_t panels;
    for (int64_t column = 0; column < block->columns; column += panels * FV_GEMM_COLUMNS) {
        panels = fv_min(PANELS, fv_ceil_div(block->columns - column, FV_GEMM_COLUMNS));
        const float *a = block->a, *b = block->b + column / FV_GEMM_COLUMNS * block->b_panel;
        for (int64_t i = 0; i < block->rows; i += FV_GEMM_ROWS, a += block->a_tile)
            tiles[panels - 1][fv_min(FV_GEMM_ROWS, block->rows - i)](block, a, b, block->c + i, column);
    }
}

static void multiply(const fv_gemm_block *block) {
    int64_t near = fv_round_up(fv_ceil_div(BY_ROWS, fv_max(block->depth, 1)), PANELS * FV_GEMM_COLUMNS);
    if (!block->other) multiply_by_panels(block);
    for (int64_t first = 0; block->other && first < block->columns; first += near)
        multiply_by_rows(block, first, fv_min(first + near, block->columns));
    if (block->stream) _mm_sfence();
}

#endif
