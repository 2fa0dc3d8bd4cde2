/* shared: gemm_avx2.c - the 6×16 microkernel (12 accumulators, 2 vectors of b, 1 broadcast of a), its edges, and packing. */
#include "core/cpu/gemm_avx2.h"

#include "core/base/size.h"
#include "core/cpu/vector_avx2.h"
#include "core/plan/kernel.h"

#define LINE 16 /* floats of a cache line */

/* A tile of `rows` ≤ 6 by 16: the chains. `rows` is a constant wherever this is inlined. */
static inline __attribute__((always_inline)) void chains(int rows, const fv_gemm_block *block, const float *a, const float *b,
                                                         __m256 sum[][2]) {
    int64_t row = block->a_row, step = block->a_step;
    const float *low = a, *high = a + 3 * row; /* two bases: every address is a base and a register */
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (int64_t left = block->depth, some; left > 0; left -= some) {
        some = block->ahead ? fv_min(left, LINE) : left;
        if (block->ahead)
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++)
                _mm_prefetch((const char *)((i < 3 ? low + i * row : high + (i - 3) * row) + block->a_tile), _MM_HINT_T0);
        for (int64_t k = 0; k < some; k++) {
            __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++) {
                __m256 x = _mm256_broadcast_ss(i < 3 ? low + i * row : high + (i - 3) * row);
                sum[i][0] = _mm256_fmadd_ps(x, b0, sum[i][0]);
                sum[i][1] = _mm256_fmadd_ps(x, b1, sum[i][1]);
            }
            low += step;
            high += step;
            b += FV_GEMM_COLUMNS;
        }
    }
}

static inline __m256 limit(const fv_gemm_block *block, __m256 sum) {
    return _mm256_min_ps(_mm256_set1_ps(block->high), _mm256_max_ps(_mm256_set1_ps(block->low), sum));
}

/* `sum` where `slope` is above 0 and below block->slope_high, or a NaN; else 0. */
static inline __m256 slope_of(const fv_gemm_block *block, __m256 slope, __m256 sum) {
    __m256 rises = _mm256_cmp_ps(slope, _mm256_setzero_ps(), _CMP_NLE_UQ);
    rises = _mm256_and_ps(rises, _mm256_cmp_ps(slope, _mm256_set1_ps(block->slope_high), _CMP_NGE_UQ));
    return _mm256_and_ps(rises, sum);
}

/* Row i of what a gradient reads beside its product, at the place of `c`; NULL: nothing. */
static inline const float *beside(const fv_gemm_block *block, const float *const *rows, float *const *c, int i,
                                  int64_t column) {
    return rows ? rows[c - block->c + i] + block->c_column + column : NULL;
}

/* Where the tile's results go: the same additions for whole and for narrow panels. */
static inline __attribute__((always_inline)) void finish(int rows, const fv_gemm_block *block, float *const *c, int64_t column,
                                                         __m256 sum[][2]) {
    __m256 bias0 = _mm256_setzero_ps(), bias1 = bias0;
    if (block->bias) bias0 = _mm256_loadu_ps(block->bias + column), bias1 = _mm256_loadu_ps(block->bias + column + 8);
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
        float *y = c[i] + block->c_column + column;
        if (block->add) {
            sum[i][0] = _mm256_add_ps(_mm256_loadu_ps(y), sum[i][0]);
            sum[i][1] = _mm256_add_ps(_mm256_loadu_ps(y + 8), sum[i][1]);
        }
        if (block->bias) sum[i][0] = _mm256_add_ps(sum[i][0], bias0), sum[i][1] = _mm256_add_ps(sum[i][1], bias1);
        const float *other = beside(block, block->other, c, i, column), *slope = beside(block, block->slope, c, i, column);
        for (int v = 0; v < 2 && other; v++) sum[i][v] = _mm256_add_ps(sum[i][v], _mm256_loadu_ps(other + 8 * v));
        for (int v = 0; v < 2 && slope; v++) sum[i][v] = slope_of(block, _mm256_loadu_ps(slope + 8 * v), sum[i][v]);
        if (block->limited) sum[i][0] = limit(block, sum[i][0]), sum[i][1] = limit(block, sum[i][1]);
        if (block->stream && (uintptr_t)y % 64 == 0) {
            _mm256_stream_ps(y, sum[i][0]);
            _mm256_stream_ps(y + 8, sum[i][1]);
        } else {
            _mm256_storeu_ps(y, sum[i][0]);
            _mm256_storeu_ps(y + 8, sum[i][1]);
        }
    }
}

/* Leaves in `sums` what goes to c. */
static void finish_narrow(int rows, const fv_gemm_block *block, float *const *c, int64_t column, float *sums) {
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
        for (int64_t j = column; j < block->columns; j++) {
            float *y = c[i] + block->c_column + j, sum = sums[i * FV_GEMM_COLUMNS + j - column];
            if (block->add) sum = *y + sum;
            if (block->bias) sum += block->bias[j];
            const float *other = beside(block, block->other, c, i, j), *slope = beside(block, block->slope, c, i, j);
            if (other) sum += *other;
            if (slope && (*slope <= 0 || *slope >= block->slope_high)) sum = 0;
            if (block->limited) sum = sum < block->low ? block->low : sum > block->high ? block->high : sum;
            *y = sums[i * FV_GEMM_COLUMNS + j - column] = sum;
        }
}

/* Statistics of what was stored (gemm_avx2.h). */
static inline __attribute__((always_inline)) void add_up(int rows, const fv_gemm_block *block, bool first, int64_t column,
                                                         __m256 sum[][2]) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; v++) {
        float *shifts = block->sums + column + v * FV_LANES, *totals = shifts + block->sums_line;
        float *squares = totals + block->sums_line;
        __m256 shift = first ? sum[0][v] : _mm256_loadu_ps(shifts), d = _mm256_sub_ps(sum[0][v], shift);
        __m256 total = d, square = _mm256_mul_ps(d, d);
#pragma GCC unroll 6
        for (int i = 1; i < rows; i++) {
            d = _mm256_sub_ps(sum[i][v], shift);
            total = _mm256_add_ps(total, d);
            square = _mm256_fmadd_ps(d, d, square);
        }
        if (first)
            _mm256_storeu_ps(shifts, shift);
        else {
            total = _mm256_add_ps(_mm256_loadu_ps(totals), total);
            square = _mm256_add_ps(_mm256_loadu_ps(squares), square);
        }
        _mm256_storeu_ps(totals, total);
        _mm256_storeu_ps(squares, square);
    }
}

static inline __attribute__((always_inline)) void tile(int rows, const fv_gemm_block *block, const float *a, const float *b,
                                                       float *const *c, int64_t column) {
    __m256 sum[FV_GEMM_ROWS][2];
    if (block->add)
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) _mm_prefetch((const char *)(c[i] + block->c_column + column), _MM_HINT_T0);
    if (block->other)
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) _mm_prefetch((const char *)beside(block, block->other, c, i, column), _MM_HINT_T0);
    if (block->slope)
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) _mm_prefetch((const char *)beside(block, block->slope, c, i, column), _MM_HINT_T0);
    chains(rows, block, a, b, sum);
    if (block->columns - column >= FV_GEMM_COLUMNS) {
        finish(rows, block, c, column, sum);
        if (block->sums) add_up(rows, block, c == block->c, column, sum);
        return;
    }
    float sums[FV_GEMM_ROWS * FV_GEMM_COLUMNS];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
        _mm256_storeu_ps(sums + i * FV_GEMM_COLUMNS, sum[i][0]);
        _mm256_storeu_ps(sums + i * FV_GEMM_COLUMNS + FV_LANES, sum[i][1]);
    }
    finish_narrow(rows, block, c, column, sums);
    if (!block->sums) return;
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < 2; v++) sum[i][v] = _mm256_loadu_ps(sums + i * FV_GEMM_COLUMNS + v * FV_LANES);
    add_up(rows, block, c == block->c, column, sum);
}

typedef void (*tile_fn)(const fv_gemm_block *, const float *, const float *, float *const *, int64_t);
#define TILE(rows)                                                                                                             \
    static __attribute__((noinline)) void tile_##rows(const fv_gemm_block *block, const float *a, const float *b,              \
                                                      float *const *c, int64_t column) {                                       \
        tile(rows, block, a, b, c, column);                                                                                    \
    }
TILE(1)
TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) static const tile_fn tiles[] = { NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6 };

/* A panel of b stays in the first-level cache while the tiles of a pass by. */
void fv_gemm_multiply_avx2(const fv_gemm_block *block) {
    for (int64_t column = 0; column < block->columns; column += FV_GEMM_COLUMNS) {
        const float *a = block->a, *b = block->b + column / FV_GEMM_COLUMNS * block->b_panel;
        for (int64_t i = 0; i < block->rows; i += FV_GEMM_ROWS, a += block->a_tile)
            tiles[fv_min(FV_GEMM_ROWS, block->rows - i)](block, a, b, block->c + i, column);
    }
    if (block->stream) _mm_sfence();
}

void fv_gemm_multiply(const fv_gemm_block *block) {
    if (fv_isa_best() >= FV_ISA_AVX512)
        fv_gemm_multiply_avx512(block);
    else
        fv_gemm_multiply_avx2(block);
}

/* 8 columns of a panel from rows of b that lie along the depth (column stride `from` large, row 1). */
static void pack_transposed(const float *from, int64_t column, int64_t depth, int64_t columns, float *to) {
    __m256 r[FV_LANES];
    for (int64_t k = 0; k < depth; k += FV_LANES) {
        int64_t count = fv_min(FV_LANES, depth - k);
        for (int j = 0; j < FV_LANES; j++)
            r[j] = j < columns ? fv_load_tail_avx2(from + j * column + k, count) : _mm256_setzero_ps();
        fv_transpose8_avx2(r);
        for (int64_t i = 0; i < count; i++) _mm256_storeu_ps(to + (k + i) * FV_GEMM_COLUMNS, r[i]);
    }
}

static void pack_forward(const float *from, int64_t row, int64_t depth, int64_t columns, float *to) {
    __m256i low = fv_lanes_avx2(fv_min(columns, FV_LANES)), high = fv_lanes_avx2(fv_max(columns - FV_LANES, 0));
    for (int64_t k = 0; k < depth; k++, from += row, to += FV_GEMM_COLUMNS) {
        _mm256_storeu_ps(to, _mm256_maskload_ps(from, low));
        _mm256_storeu_ps(to + FV_LANES, _mm256_maskload_ps(from + FV_LANES, high));
    }
}

static void pack_any(const float *from, int64_t row, int64_t column, int64_t depth, int64_t columns, float *to) {
    for (int64_t k = 0; k < depth; k++)
        for (int64_t j = 0; j < FV_GEMM_COLUMNS; j++)
            to[k * FV_GEMM_COLUMNS + j] = j < columns ? from[k * row + j * column] : 0;
}

void fv_gemm_pack_b_avx2(const float *from, int64_t row, int64_t column, int64_t depth, int64_t columns, float *to) {
    if (column == 1)
        pack_forward(from, row, depth, columns, to);
    else if (row == 1) {
        pack_transposed(from, column, depth, fv_min(columns, FV_LANES), to);
        pack_transposed(from + FV_LANES * column, column, depth, fv_max(columns - FV_LANES, 0), to + FV_LANES);
    } else
        pack_any(from, row, column, depth, columns, to);
}
