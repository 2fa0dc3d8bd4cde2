/* The matrix product by vectors of 16 against that by vectors of 8, and past the caches against into them: the same bits. */
#include "core/cpu/gemm_avx2.h"

#include <math.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define ROWS_MAX 20
#define COLUMNS_MAX 96 /* rows of c begin with a cache line */
#define DEPTH_MAX 1100 /* so much of b stays near for 64 columns only: what is read beside c is met in two goes */
#define SLOPE_HIGH 1.5f

static float number(int64_t i) { return (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 22) - 2.0f; }

static float a[(ROWS_MAX + FV_GEMM_ROWS) * DEPTH_MAX], b[(COLUMNS_MAX + FV_GEMM_COLUMNS) * DEPTH_MAX], more[COLUMNS_MAX];
static _Alignas(64) float beside[2][ROWS_MAX * COLUMNS_MAX]; /* `other` and `slope` */

typedef void (*multiply)(const fv_gemm_block *block);

static void fill(void) {
    const float bounds[] = { 0, -0.0f, SLOPE_HIGH, NAN, INFINITY, -INFINITY };
    for (int64_t i = 0; i < (int64_t)FV_COUNT(a); i++) a[i] = number(i);
    for (int64_t i = 0; i < (int64_t)FV_COUNT(b); i++) b[i] = number(i + 7777);
    for (int64_t i = 0; i < COLUMNS_MAX; i++) more[i] = number(i + 99);
    for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) {
        beside[0][i] = number(i + 4242);
        beside[1][i] = i % 5 ? number(i + 31337) : bounds[i / 5 % FV_COUNT(bounds)];
    }
}

static void product(multiply how, fv_gemm_block block, float *c) {
    float *rows[ROWS_MAX];
    for (int64_t i = 0; i < ROWS_MAX; i++) rows[i] = c + i * COLUMNS_MAX;
    for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) c[i] = number(i + 123);
    block.c = rows;
    how(&block);
}

/* Against vectors of 8. All of c's memory is compared: nothing beside the block may be written. */
static void check(multiply other, bool past, fv_gemm_block block) {
    static _Alignas(64) float expected[ROWS_MAX * COLUMNS_MAX], found[ROWS_MAX * COLUMNS_MAX];
    product(fv_gemm_multiply_avx2, block, expected);
    block.ahead = block.stream = past;
    product(other, block, found);
    assert_memory_equal(expected, found, sizeof expected);
}

static fv_gemm_block block_of(int64_t rows, int64_t columns, int64_t depth) {
    return (fv_gemm_block){ .rows = rows,
                            .columns = columns,
                            .depth = depth,
                            .a = a,
                            .a_tile = FV_GEMM_ROWS * DEPTH_MAX,
                            .a_row = DEPTH_MAX,
                            .a_step = 1,
                            .b = b,
                            .b_panel = depth * FV_GEMM_COLUMNS };
}

static const int64_t columns[] = { 1, 8, 15, 16, 17, 31, 32, 33, 48, 49, 64, 80 };

static void check_all(multiply other, bool past) {
    static const int64_t depths[] = { 0, 1, 2, 39, 40 };
    fill();
    for (int64_t rows = 1; rows <= ROWS_MAX; rows++)
        for (size_t c = 0; c < FV_COUNT(columns); c++)
            for (size_t d = 0; d < FV_COUNT(depths); d++)
                for (int how = 0; how < 4; how++) {
                    fv_gemm_block block = block_of(rows, columns[c], depths[d]);
                    block.add = how & 1;
                    block.bias = how & 2 ? more : NULL;
                    check(other, past, block);
                }
}

/* What a gradient reads beside its product: `other`, `slope`, or both, the latter with and without an upper bound, behind all
 * that is added, from c's first column and from a later one. */
static void check_beside(multiply how, bool past) {
    static const int64_t depths[] = { 0, 39, DEPTH_MAX };
    const float *other[ROWS_MAX], *slope[ROWS_MAX];
    fill();
    for (int64_t i = 0; i < ROWS_MAX; i++) other[i] = beside[0] + i * COLUMNS_MAX, slope[i] = beside[1] + i * COLUMNS_MAX;
    for (int64_t rows = 1; rows <= ROWS_MAX; rows += rows < 8 ? 1 : 4)
        for (size_t c = 0; c < FV_COUNT(columns); c++)
            for (size_t d = 0; d < FV_COUNT(depths); d++)
                for (int kind = 0; kind < 40; kind++) {
                    fv_gemm_block block = block_of(rows, columns[c], depths[d]);
                    int read = kind % 5; /* other; slope below a bound, or any; other and such slopes */
                    block.other = read == 0 || read >= 3 ? other : NULL;
                    block.slope = read ? slope : NULL;
                    block.slope_high = read % 2 ? SLOPE_HIGH : NAN;
                    block.add = kind / 5 & 1;
                    block.bias = kind / 5 & 2 ? more : NULL;
                    block.c_column = kind / 5 & 4 ? COLUMNS_MAX - 80 - 3 : 0;
                    check(how, past, block);
                }
}

/* Sums of columns, and c with them: statistics of what c holds, in the last slice of a depth and in the only one. */
static void check_sums(multiply how, bool past) {
    static const int64_t depths[] = { 1, 40 };
    static _Alignas(64) float c[2][ROWS_MAX * COLUMNS_MAX], plain[ROWS_MAX * COLUMNS_MAX];
    static float sums[2][3 * COLUMNS_MAX];
    fill();
    for (int64_t rows = 1; rows <= ROWS_MAX; rows++)
        for (size_t k = 0; k < FV_COUNT(columns); k++)
            for (int kind = 0; kind < 4; kind++) {
                fv_gemm_block block = block_of(rows, columns[k], depths[kind / 2]);
                block.add = kind & 1;
                product(fv_gemm_multiply_avx2, block, plain);
                block.sums_line = COLUMNS_MAX;
                block.sums = sums[0], product(fv_gemm_multiply_avx2, block, c[0]);
                block.ahead = block.stream = past;
                block.sums = sums[1], product(how, block, c[1]);
                assert_memory_equal(c[0], plain, sizeof plain);
                assert_memory_equal(c[1], plain, sizeof plain);
                for (int64_t j = 0; j < columns[k]; j++) {
                    double shift = plain[j], total = 0, squares = 0, size = 1;
                    for (int64_t i = 0; i < rows; i++) {
                        double d = plain[i * COLUMNS_MAX + j] - shift;
                        total += d, squares += d * d, size += fabs(d);
                    }
                    assert_true(sums[0][j] == plain[j]);
                    assert_true(fabs(sums[0][COLUMNS_MAX + j] - total) <= 1e-6 * size);
                    assert_true(fabs(sums[0][2 * COLUMNS_MAX + j] - squares) <= 1e-6 * (1 + squares));
                    for (int line = 0; line < 3; line++)
                        assert_memory_equal(&sums[1][line * COLUMNS_MAX + j], &sums[0][line * COLUMNS_MAX + j], sizeof(float));
                }
            }
}

#endif

FV_TEST(core_cpu_gemm__sums_columns_to_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        check_sums(fv_gemm_multiply_avx512, false);
        check_sums(fv_gemm_multiply_avx512, true);
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}

FV_TEST(core_cpu_gemm__gives_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        check_all(fv_gemm_multiply_avx512, false);
        check_all(fv_gemm_multiply_avx512, true);
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}

FV_TEST(core_cpu_gemm__reads_beside_its_product_to_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        check_beside(fv_gemm_multiply_avx512, false);
        check_beside(fv_gemm_multiply_avx512, true);
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}

FV_TEST(core_cpu_gemm__gives_the_same_bits_past_the_caches) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX2) {
        check_all(fv_gemm_multiply_avx2, true);
        check_beside(fv_gemm_multiply_avx2, true);
        check_sums(fv_gemm_multiply_avx2, true);
        return;
    }
#endif
    skip(); /* no AVX2 here */
}
