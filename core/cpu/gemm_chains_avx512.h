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

/* Each row and panel of a tile. Loops of their own for each thing that is done to the sums: what is asked once a tile is not
 * asked again for each row. */
#define EACH_SUM _Pragma("GCC unroll 6") for (int i = 0; i < rows; i++) _Pragma("GCC unroll 2") for (int p = 0; p < panels; p++)

/* Panel p of a row: where the tile is not `whole`, lanes outside the mask are neither read nor written. */
static inline __attribute__((always_inline)) __m512 at_panel(bool whole, const __mmask16 *lanes, int p, const float *row) {
    const float *from = row + p * FV_GEMM_COLUMNS;
    return whole ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(lanes[p], from);
}

/* `sum` where `slope` is above 0 and below block->slope_high, or a NaN; else 0. */
static inline __attribute__((always_inline)) __m512 slope_of(const fv_gemm_block *block, __m512 slope, __m512 sum) {
    __mmask16 rises = _mm512_cmp_ps_mask(slope, _mm512_setzero_ps(), _CMP_NLE_UQ);
    rises = _mm512_mask_cmp_ps_mask(rises, slope, _mm512_set1_ps(block->slope_high), _CMP_NGE_UQ);
    return _mm512_maskz_mov_ps(rises, sum);
}

/* Where the tile's results go, from floats `at` of the rows on. Rows of other and slope are those of c, or NULL. */
static inline __attribute__((always_inline)) void finish(int rows, int panels, bool whole, const fv_gemm_block *block,
                                                         const float *bias, float *const *c, const float *const *other,
                                                         const float *const *slope, int64_t at, __m512 sum[][PANELS]) {
    __mmask16 lanes[PANELS] = { 0xffff, 0xffff };
    for (int p = 0; p < panels && !whole; p++) {
        int64_t left = block->columns - (at - block->c_column) - p * FV_GEMM_COLUMNS;
        lanes[p] = (__mmask16)((1u << fv_min(left, FV_GEMM_COLUMNS)) - 1);
    }
    if (block->add) EACH_SUM sum[i][p] = _mm512_add_ps(at_panel(whole, lanes, p, c[i] + at), sum[i][p]);
    if (bias) EACH_SUM sum[i][p] = _mm512_add_ps(sum[i][p], at_panel(whole, lanes, p, bias));
    if (other) EACH_SUM sum[i][p] = _mm512_add_ps(sum[i][p], at_panel(whole, lanes, p, other[i] + at));
    if (slope) EACH_SUM sum[i][p] = slope_of(block, at_panel(whole, lanes, p, slope[i] + at), sum[i][p]);
    if (block->limited) {
        __m512 low = _mm512_set1_ps(block->low), high = _mm512_set1_ps(block->high);
        EACH_SUM sum[i][p] = _mm512_min_ps(high, _mm512_max_ps(low, sum[i][p]));
    }
    if (!block->stream) {
        EACH_SUM if (whole) _mm512_storeu_ps(c[i] + at + p * FV_GEMM_COLUMNS, sum[i][p]);
        else _mm512_mask_storeu_ps(c[i] + at + p * FV_GEMM_COLUMNS, lanes[p], sum[i][p]);
        return;
    }
    EACH_SUM {
        float *y = c[i] + at + p * FV_GEMM_COLUMNS;
        if ((whole || lanes[p] == 0xffff) && (uintptr_t)y % 64 == 0)
            _mm512_stream_ps(y, sum[i][p]);
        else
            _mm512_mask_storeu_ps(y, lanes[p], sum[i][p]);
    }
}

/* Statistics of what was stored (gemm_avx2.h). What is beyond the last column is summed too, for nobody. */
static inline __attribute__((always_inline)) void add_up(int rows, int panels, const fv_gemm_block *block, bool first,
                                                         int64_t column, __m512 sum[][PANELS]) {
#pragma GCC unroll 2
    for (int p = 0; p < panels; p++) {
        float *shifts = block->sums + column + p * FV_GEMM_COLUMNS, *totals = shifts + block->sums_line;
        float *squares = totals + block->sums_line;
        __m512 shift = first ? sum[0][p] : _mm512_loadu_ps(shifts), d = _mm512_sub_ps(sum[0][p], shift);
        __m512 total = d, square = _mm512_mul_ps(d, d);
#pragma GCC unroll 6
        for (int i = 1; i < rows; i++) {
            d = _mm512_sub_ps(sum[i][p], shift);
            total = _mm512_add_ps(total, d);
            square = _mm512_fmadd_ps(d, d, square);
        }
        if (first)
            _mm512_storeu_ps(shifts, shift);
        else {
            total = _mm512_add_ps(_mm512_loadu_ps(totals), total);
            square = _mm512_add_ps(_mm512_loadu_ps(squares), square);
        }
        _mm512_storeu_ps(totals, total);
        _mm512_storeu_ps(squares, square);
    }
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
    const float *bias = block->bias ? block->bias + column : NULL;
    if (column + panels * FV_GEMM_COLUMNS <= block->columns)
        finish(rows, panels, true, block, bias, c, other, slope, block->c_column + column, sum);
    else
        finish(rows, panels, false, block, bias, c, other, slope, block->c_column + column, sum);
    if (block->sums) add_up(rows, panels, block, c == block->c, column, sum);
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
