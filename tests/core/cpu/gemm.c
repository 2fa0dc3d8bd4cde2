/* The matrix product by vectors of 16 against that by vectors of 8, and past the caches against into them: the same bits. */
#include "core/cpu/gemm_avx2.h"

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define ROWS_MAX 20
#define COLUMNS_MAX 96 /* rows of c begin with a cache line */
#define DEPTH_MAX 40

static float number(int64_t i) { return (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 22) - 2.0f; }

static float a[(ROWS_MAX + FV_GEMM_ROWS) * DEPTH_MAX], b[(COLUMNS_MAX + FV_GEMM_COLUMNS) * DEPTH_MAX], more[COLUMNS_MAX];

typedef void (*multiply)(const fv_gemm_block *block);

static void product(multiply how, fv_gemm_block block, float *c) {
    float *rows[ROWS_MAX];
    for (int64_t i = 0; i < ROWS_MAX; i++) rows[i] = c + i * COLUMNS_MAX;
    for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) c[i] = number(i + 123);
    block.c = rows;
    how(&block);
}

/* All of c's memory is compared: nothing beside the block may be written. */
static void check(multiply other, bool past, int64_t rows, int64_t columns, int64_t depth, bool add, bool bias) {
    static _Alignas(64) float expected[ROWS_MAX * COLUMNS_MAX], found[ROWS_MAX * COLUMNS_MAX];
    fv_gemm_block block = { .rows = rows,
                            .columns = columns,
                            .depth = depth,
                            .a = a,
                            .a_tile = FV_GEMM_ROWS * DEPTH_MAX,
                            .a_row = DEPTH_MAX,
                            .a_step = 1,
                            .b = b,
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .bias = bias ? more : NULL,
                            .add = add };
    product(fv_gemm_multiply_avx2, block, expected);
    block.ahead = block.stream = past;
    product(other, block, found);
    assert_memory_equal(expected, found, sizeof expected);
}

static void check_all(multiply other, bool past) {
    static const int64_t columns[] = { 1, 8, 15, 16, 17, 31, 32, 33, 48, 49, 64, 80 }, depths[] = { 0, 1, 2, 39, 40 };
    for (int64_t i = 0; i < (int64_t)FV_COUNT(a); i++) a[i] = number(i);
    for (int64_t i = 0; i < (int64_t)FV_COUNT(b); i++) b[i] = number(i + 7777);
    for (int64_t i = 0; i < COLUMNS_MAX; i++) more[i] = number(i + 99);
    for (int64_t rows = 1; rows <= ROWS_MAX; rows++)
        for (size_t c = 0; c < FV_COUNT(columns); c++)
            for (size_t d = 0; d < FV_COUNT(depths); d++)
                for (int how = 0; how < 4; how++) check(other, past, rows, columns[c], depths[d], how & 1, how & 2);
}

#endif

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

FV_TEST(core_cpu_gemm__gives_the_same_bits_past_the_caches) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX2) {
        check_all(fv_gemm_multiply_avx2, true);
        return;
    }
#endif
    skip(); /* no AVX2 here */
}
