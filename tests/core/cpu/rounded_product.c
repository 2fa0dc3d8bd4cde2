/* Rounding to bf16, and products of rounded operands by vdpbf16ps against those of floats: the same bits. */
#include "core/cpu/rounded_product.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#if defined(__x86_64__)

typedef void (*round_rows)(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);
typedef void (*round_lines)(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);

#define PATTERNS (1 << 16)

static uint32_t bits_of(const float *pairs, int64_t i, bool halves) {
    uint16_t half;
    uint32_t whole;
    if (!halves) return memcpy(&whole, pairs + (i ^ 1), sizeof whole), whole; /* the one behind comes first */
    return memcpy(&half, (const char *)pairs + i * (int64_t)sizeof half, sizeof half), (uint32_t)half << 16;
}

/* Every upper half of a float, with lower halves below, at and above the middle: what storing a bf16 makes of it. */
static void check_rounding(round_rows how, bool halves) {
    static const uint32_t lower[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };
    static float from[PATTERNS], to[PATTERNS];
    uint16_t memory;
    const fv_tensor bf16 = { .type.dtype = FV_BF16, .data = &memory };
    for (int l = 0; l < FV_COUNT(lower); l++) {
        for (uint32_t i = 0; i < PATTERNS; i++) memcpy(&from[i], &(uint32_t){ i << 16 | lower[l] }, sizeof *from);
        how(from, PATTERNS, PATTERNS, 1, PATTERNS / 2, to);
        for (int64_t i = 0; i < PATTERNS; i++) {
            uint32_t found = bits_of(to, i, halves), sign = i >= PATTERNS / 2 ? 0x80000000 : 0;
            if (isnan(from[i])) {
                assert_int_equal(found, (uint32_t)i << 16 | 0x400000);
                continue;
            }
            fv_tensor_store(&bf16, 0, from[i]);
            assert_int_equal(found, fabsf(from[i]) < 0x1p-126f ? sign : (uint32_t)memory << 16);
        }
    }
}

#define ROWS 17
#define WIDTH 90 /* numbers of a row */
#define COLUMNS 50
#define PANELS 4
#define STRIDE 48 /* pairs */

static float a[ROWS * WIDTH], b[WIDTH * COLUMNS];

/* Numbers of −2 … 2 times `size`. */
static void fill(float size) {
    for (int64_t i = 0; i < FV_COUNT(a); i++)
        a[i] = (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 22) - 2.0f, a[i] *= size;
    for (int64_t i = 0; i < FV_COUNT(b); i++)
        b[i] = (float)((uint32_t)(i * 2246822519u) >> 8) / (float)(1 << 22) - 2.0f, b[i] *= size;
}

/* As fv_rounded_multiply does, which goes one of the two ways. */
static unsigned flush_tiny(void) {
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    return before;
}

/* The first `depth` numbers of the rows of a by the first rows of b. `pair`: floats of one. */
static void multiply(int64_t depth, int64_t columns, int pair, float *c) {
    static float left[ROWS * STRIDE * 2], right[PANELS * STRIDE * 16 * 2];
    float *rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) rows[i] = c + i * COLUMNS;
    (pair == 1 ? fv_round_rows_bf16 : fv_round_rows_avx2)(a, WIDTH, depth, ROWS, STRIDE, left);
    (pair == 1 ? fv_round_lines_bf16 : fv_round_lines_avx2)(b, COLUMNS, columns, depth, STRIDE * 16, right);
    fv_gemm_block block = { .rows = ROWS,
                            .columns = columns,
                            .depth = fv_ceil_div(depth, 2) * pair,
                            .a = left,
                            .a_tile = FV_GEMM_ROWS * STRIDE * pair,
                            .a_row = STRIDE * pair,
                            .a_step = 1,
                            .b = right,
                            .b_panel = STRIDE * 16 * pair,
                            .c = rows };
    unsigned before = flush_tiny();
    (pair == 1 ? fv_gemm_multiply_bf16 : fv_gemm_multiply)(&block);
    _mm_setcsr(before);
}

/* The first `depth` rows of b, turned, by themselves. */
static void multiply_slabs(int64_t depth, int64_t columns, int pair, float *c) {
    static float lines[PANELS * STRIDE * 16 * 2];
    (pair == 1 ? fv_round_lines_bf16 : fv_round_lines_avx2)(b, COLUMNS, columns, depth, STRIDE * 16, lines);
    fv_slab_product p = { .a = lines,
                          .b = lines,
                          .a_slab = STRIDE * 16 * pair,
                          .a_step = 16,
                          .b_panel = STRIDE * 16 * pair,
                          .b_step = 16,
                          .rows = columns,
                          .columns = columns,
                          .depth = fv_ceil_div(depth, 2) * pair,
                          .c = c,
                          .c_row = PANELS * 16 };
    unsigned before = flush_tiny();
    (pair == 1 ? fv_slab_multiply_bf16 : fv_slab_multiply)(&p);
    _mm_setcsr(before);
}

#endif

FV_TEST(core_cpu_rounded_product__rounds_every_pattern_to_the_nearest_bf16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX2) {
        check_rounding(fv_round_rows_avx2, false);
        if (fv_isa_bf16()) check_rounding(fv_round_rows_bf16, true);
        return;
    }
#endif
    skip(); /* no AVX2 here */
}

FV_TEST(core_cpu_rounded_product__gives_the_same_bits_with_the_instruction_and_without) {
#if defined(__x86_64__)
    if (fv_isa_bf16()) {
        static float with[PANELS * 16 * PANELS * 16], without[PANELS * 16 * PANELS * 16];
        for (float size = 1; size > 0x1p-80f; size *= 0x1p-32f) { /* the products of the smallest are below 2⁻¹²⁶ or near it */
            fill(size);
            for (int64_t depth = 0; depth <= WIDTH; depth += depth < 4 ? 1 : 43)
                for (int64_t columns = 1; columns <= COLUMNS; columns += 7) {
                    multiply(depth, columns, 1, with), multiply(depth, columns, 2, without);
                    assert_memory_equal(with, without, ROWS * COLUMNS * sizeof *with);
                    multiply_slabs(depth, columns, 1, with), multiply_slabs(depth, columns, 2, without);
                    assert_memory_equal(with, without, sizeof with);
                }
        }
        return;
    }
#endif
    skip(); /* no AVX-512 with bf16 here */
}
