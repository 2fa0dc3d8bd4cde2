/* A first layer by phases: the same bits by vectors of 8 and of 16, whatever other pictures there are, and near the truth. */
#include "core/cpu/winograd4_phases.h"

#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "core/plan/selftest.h"
#include "tests/core/cpu/kernels.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define CHANNELS 45 /* of the result: a group of 16 that is not full */
#define GROUPS 3
#define TILES 3
#define FLOATS (FV_PHASES_PLANES * FV_PHASES_PLANE) /* of results, more than of anything else */

static float numbers[FLOATS];
static _Alignas(64) float made[2][FLOATS];
static float lines[FV_PHASES_LINES * FV_PHASES_LINE];
static int64_t height, width, channels;

static fv_phases convolution(float *y) {
    return (fv_phases){ .pictures = 1,
                        .x = numbers + 5,
                        .x_size = { 2 * height + 1, 2 * width - 1 },
                        .channels = channels,
                        .origin = { -3, -2 },
                        .dy = numbers + 7,
                        .y = y,
                        .y_size = { height, width },
                        .y_channels = CHANNELS,
                        .bias = numbers,
                        .limited = true,
                        .low = -0.5f,
                        .high = 6 };
}

static fv_phases_place last_row(const fv_phases *w) { return fv_phases_place_of(w, fv_phases_blocks(w) - 1); }

static void make_x(const fv_phases_vectors *vectors, float *to) {
    fv_phases w = convolution(NULL);
    fv_phases_place place = last_row(&w);
    vectors->from_x(&w, &place, lines, to);
}
static void make_dy(const fv_phases_vectors *vectors, float *to) {
    fv_phases w = convolution(NULL);
    fv_phases_place place = last_row(&w);
    vectors->from_dy(&w, &place, 0, GROUPS, to);
}
static void make_y(const fv_phases_vectors *vectors, float *to) {
    fv_phases w = convolution(to);
    fv_phases_place place = last_row(&w);
    vectors->to_y(&w, &place, 0, GROUPS, numbers);
}
static void make_products(const fv_phases_vectors *vectors, float *to) {
    vectors->multiply(channels, TILES, numbers, numbers + 100, 50, GROUPS, to);
}
static void make_sums(const fv_phases_vectors *vectors, float *to) {
    for (int i = 0; i < 2; i++) vectors->multiply_dy(channels, TILES, numbers + 10, numbers + i, GROUPS, i, to);
}
static void make_weights(const fv_phases_vectors *vectors, float *to) {
    vectors->from_taps(channels, numbers, to, 4 * channels * FV_PHASES_GROUP);
}
static void make_taps(const fv_phases_vectors *vectors, float *to) { vectors->to_taps(channels, numbers, 1, to); }

static void check_vectors(void (*make)(const fv_phases_vectors *vectors, float *to)) {
    memset(made, 0, sizeof made);
    make(&fv_phases_by_8, made[0]);
    make(&fv_phases_by_16, made[1]);
    assert_memory_equal(made[0], made[1], sizeof made[0]);
}

static void check_all(void) {
    for (int64_t i = 0; i < FLOATS; i++) numbers[i] = (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 23) - 1.0f;
    for (channels = 1; channels <= FV_PHASES_CHANNELS; channels++) {
        for (height = 2; height <= 5; height++)
            for (width = 9; width <= 12; width++) {
                check_vectors(make_x);
                check_vectors(make_dy);
                check_vectors(make_y);
            }
        check_vectors(make_products);
        check_vectors(make_sums);
        check_vectors(make_weights);
        check_vectors(make_taps);
    }
}

#endif

FV_TEST(core_cpu_winograd4_phases__gives_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        check_all();
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}

#if defined(__x86_64__)

FV_TEST(core_cpu_winograd4_phases__every_tile_is_in_one_block) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    for (int64_t tiles = 1; tiles <= 60; tiles++) {
        fv_phases w = { .pictures = 2, .y_size = { 9, tiles * FV_PHASES_TILE - 1 } };
        int seen[2][3][60] = { 0 };
        for (int64_t b = 0; b < w.pictures * fv_phases_blocks(&w); b++) {
            fv_phases_place p = fv_phases_place_of(&w, b);
            assert_in_range(p.count, 1, FV_PHASES_BLOCK);
            for (int64_t t = 0; t < p.count; t++) seen[p.picture][p.row / FV_PHASES_TILE][p.column / FV_PHASES_TILE + t]++;
        }
        for (int64_t n = 0; n < 2; n++)
            for (int64_t i = 0; i < 3; i++)
                for (int64_t j = 0; j < tiles; j++) assert_int_equal(seen[n][i][j], 1);
    }
}

#endif

FV_TEST(core_cpu_winograd4_phases__a_pictures_bits_do_not_depend_on_the_batch) {
    const fv_kernel *kernel = fv_test_vector_kernel("conv2d_winograd4_phases_f32_avx2");
    const fv_op *op = fv_op_find("conv2d");
    FV_OWNED(fv_case) one = NULL;
    FV_OWNED(fv_case) many = NULL;
    FV_OK(fv_case_new(op, "x=f32[1,17,30,3] w=f32[70,7,7,3] bias=f32[70] stride=2 padding=3", false, &one));
    FV_OK(fv_case_new(op, "x=f32[5,17,30,3] w=f32[70,7,7,3] bias=f32[70] stride=2 padding=3", false, &many));
    int64_t x = fv_type_bytes(&one->call.inputs[0].type), y = fv_type_bytes(&one->call.outputs[0].type);
    memcpy((char *)many->call.inputs[0].data + 3 * x, one->call.inputs[0].data, (size_t)x);
    FV_OK(fv_kernel_run_alone(kernel, &one->call));
    FV_OK(fv_kernel_run_alone(kernel, &many->call));
    assert_memory_equal((char *)many->call.outputs[0].data + 3 * y, one->call.outputs[0].data, (size_t)y);
}

/* The eighth tap, which there is not, meets nothing: what lies behind the last column that a filter sees changes no result. */
FV_TEST(core_cpu_winograd4_phases__reads_no_pixel_that_no_filter_sees) {
    const fv_kernel *kernel = fv_test_vector_kernel("conv2d_winograd4_phases_f32_avx2");
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(fv_op_find("conv2d"), "x=f32[1,14,14,3] w=f32[5,7,7,3] stride=2", false, &c));
    float *x = c->call.inputs[0].data, *y = c->call.outputs[0].data;
    for (int64_t i = 0; i < 14; i++)
        for (int64_t channel = 0; channel < 3; channel++) x[(i * 14 + 13) * 3 + channel] = x[(13 * 14 + i) * 3 + channel] = NAN;
    FV_OK(fv_kernel_run_alone(kernel, &c->call));
    for (int64_t i = 0; i < fv_type_count(&c->call.outputs[0].type); i++) assert_true(isfinite(y[i]));
}

FV_TEST(core_cpu_winograd4_phases__is_as_exact_as_winograds_convolution_of_64_channels) {
    fv_test_error("conv2d", "conv2d_winograd4_phases_f32_avx2", "x=f32[1,32,32,3] w=f32[16,7,7,3] stride=2 padding=3", 2e-6);
    fv_test_error("conv2d_grad_weights", "conv2d_grad_weights_winograd4_phases_f32_avx2",
                  "x=f32[8,16,16,3] dy=f32[8,8,8,16] like=f32[16,7,7,3] stride=2 padding=3", 2e-6);
}
