/* Numbers that lie in memory as bf16: rounding, pairs and batch norm give the same bits with AVX-512's bf16 and with AVX2. */
#include "core/cpu/stored_rows.h"

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/cpu/rounded_product.h"
#include "core/ops/batch_norm.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define ROWS 21
#define CHANNELS 300
#define PATTERNS (1 << 16)

/* Every upper half of a float, with lower halves below, at and above the middle. */
static void check_narrowing(void (*how)(const float *, int64_t, int64_t, int64_t, uint16_t *, const int64_t *, bool)) {
    static const uint32_t lower[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };
    static float from[PATTERNS];
    static uint16_t to[PATTERNS];
    for (int l = 0; l < FV_COUNT(lower); l++) {
        for (uint32_t i = 0; i < PATTERNS; i++) memcpy(&from[i], &(uint32_t){ i << 16 | lower[l] }, sizeof *from);
        how(from, PATTERNS, PATTERNS - 3, 1, to, &(int64_t){ 0 }, l % 2);
        for (int64_t i = 0; i < PATTERNS - 3; i++) assert_int_equal(to[i], fv_bf16_of_float(from[i]));
    }
}

static uint16_t halves[2][ROWS * CHANNELS];
static float floats[2][ROWS * CHANNELS], scale[5][CHANNELS];

static void fill(void) {
    for (int64_t i = 0; i < ROWS * CHANNELS; i++) {
        floats[0][i] = (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 22) - 2.0f;
        floats[1][i] = (float)((uint32_t)(i * 2246822519u) >> 8) / (float)(1 << 22) - 2.0f;
        halves[0][i] = fv_bf16_of_float(floats[0][i]), halves[1][i] = fv_bf16_of_float(floats[1][i]);
    }
    for (int64_t i = 0; i < 5 * CHANNELS; i++) scale[i / CHANNELS][i % CHANNELS] = (float)(i % 37) / 20.0f - 0.7f;
}

typedef struct made {
    double sums[4][CHANNELS];
    uint16_t y[2][ROWS * CHANNELS];
    float wide[2][ROWS * CHANNELS];
} made;

/* All loops; bit 0 of `kind`: x is bf16, bit 1: dy is, bit 2: results are. */
static void run(const fv_stored_norm_loops *loops, int kind, int activation, int64_t channels, made *to) {
    memset(to, 0, sizeof *to);
    for (int gradient = 0; gradient < 2; gradient++) {
        fv_stored_norm n = { .x = { kind & 1 ? (void *)halves[0] : floats[0], kind & 1 },
                             .dy = { kind & 2 ? (void *)halves[1] : floats[1], kind & 2 },
                             .y = { kind & 4 ? (void *)to->y[gradient] : to->wide[gradient], kind & 4 },
                             .channels = channels,
                             .activation = activation,
                             .a = scale[0],
                             .b = scale[1],
                             .mean = scale[2],
                             .p = scale[3],
                             .q = scale[4] };
        (gradient ? loops->gradient_sums : loops->sums)(&n, 1, ROWS - 1, to->sums[2 * gradient], to->sums[2 * gradient + 1]);
        (gradient ? loops->gradient : loops->apply)(&n, 1, ROWS - 1);
    }
}

#endif

FV_TEST(core_cpu_stored_rows__rounds_every_pattern_to_the_nearest_bf16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX2) {
        check_narrowing(fv_narrow_rows_avx2);
        if (fv_isa_bf16()) check_narrowing(fv_narrow_rows_bf16);
        return;
    }
#endif
    skip(); /* no AVX2 here */
}

FV_TEST(core_cpu_stored_rows__pairs_are_those_of_the_rounded_floats) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX2) {
        static float a[2][ROWS * 2 * 320];
        fill();
        for (int64_t width = 1; width <= 75; width += 37) {
            memset(a, 0, sizeof a);
            fv_round_rows(floats[0], CHANNELS, width, ROWS, 80, a[0]);
            fv_pair_rows(halves[0], CHANNELS, width, ROWS, 80, a[1]);
            assert_memory_equal(a[0], a[1], sizeof a[0]);
            memset(a, 0, sizeof a);
            fv_round_lines(floats[0], CHANNELS, width, ROWS, 12 * FV_SLAB, a[0]);
            fv_pair_lines(halves[0], CHANNELS, width, ROWS, 12 * FV_SLAB, a[1]);
            assert_memory_equal(a[0], a[1], sizeof a[0]);
        }
        return;
    }
#endif
    skip(); /* no AVX2 here */
}

FV_TEST(core_cpu_stored_rows__norms_have_the_same_bits_with_the_instruction_and_without) {
#if defined(__x86_64__)
    if (fv_isa_bf16()) {
        static made with, without;
        fill();
        for (int kind = 0; kind < 8; kind++)
            for (int activation = 0; activation <= FV_NORM_RELU6; activation++) {
                int64_t channels = kind % 2 ? CHANNELS : 19;
                run(&fv_stored_norm_bf16, kind, activation, channels, &with);
                run(&fv_stored_norm_avx2, kind, activation, channels, &without);
                assert_memory_equal(&with, &without, sizeof with);
            }
        return;
    }
#endif
    skip(); /* no AVX-512 with bf16 here */
}
