/* The matrix product by vectors of 16 against that by vectors of 8: the same bits. */
#include "core/cpu/gemm_avx2.h"

#include "core/base/arena.h"
#include "core/base/size.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define ROWS_MAX 20
#define COLUMNS_MAX 90
#define DEPTH_MAX 40

static float number(int64_t i) { return (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 22) - 2.0f; }

/* Rows of c are `COLUMNS_MAX` apart, and all of its memory is compared: nothing beside the block may be written. */
static void check(int64_t rows, int64_t columns, int64_t depth, bool add, bool bias) {
    static float a[ROWS_MAX * DEPTH_MAX], b[COLUMNS_MAX * DEPTH_MAX + FV_GEMM_COLUMNS * DEPTH_MAX], more[COLUMNS_MAX];
    static float eight[ROWS_MAX * COLUMNS_MAX], sixteen[ROWS_MAX * COLUMNS_MAX];
    float *of_eight[ROWS_MAX], *of_sixteen[ROWS_MAX];
    for (int64_t i = 0; i < ROWS_MAX * DEPTH_MAX; i++) a[i] = number(i);
    for (int64_t i = 0; i < COLUMNS_MAX * DEPTH_MAX; i++) b[i] = number(i + 7777);
    for (int64_t i = 0; i < COLUMNS_MAX; i++) more[i] = number(i + 99);
    for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) eight[i] = sixteen[i] = number(i + 123);
    for (int64_t i = 0; i < ROWS_MAX; i++) of_eight[i] = eight + i * COLUMNS_MAX, of_sixteen[i] = sixteen + i * COLUMNS_MAX;
    fv_gemm_block block = { .rows = rows,
                            .columns = columns,
                            .depth = depth,
                            .a = a,
                            .a_tile = FV_GEMM_ROWS * DEPTH_MAX,
                            .a_row = DEPTH_MAX,
                            .a_step = 1,
                            .b = b,
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .c = of_eight,
                            .bias = bias ? more : NULL,
                            .add = add };
    fv_gemm_multiply_avx2(&block);
    block.c = of_sixteen;
    fv_gemm_multiply_avx512(&block);
    assert_memory_equal(eight, sixteen, sizeof eight);
}

static void check_all(void) {
    static const int64_t columns[] = { 1, 8, 15, 16, 17, 31, 32, 33, 48, 49, 64, 80 }, depths[] = { 0, 1, 2, 39, 40 };
    for (int64_t rows = 1; rows <= ROWS_MAX; rows++)
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
                for (int how = 0; how < 4; how++) check(rows, columns[c], depths[d], how & 1, how & 2);
}

#endif

FV_TEST(core_cpu_gemm__gives_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        check_all();
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}
