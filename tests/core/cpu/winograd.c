/* Winograd's convolution: the same bits by vectors of 8 and of 16, and whatever other pictures there are. */
#include "core/cpu/winograd.h"

#include <string.h>

#include "core/base/size.h"
#include "core/plan/selftest.h"
#include "tests/core/cpu/kernels.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define CHANNELS 21
#define SIDE 9   /* at most */
#define ROOM 32  /* floats of a tile, in whole groups */
#define TILES 25 /* at most: of 2 × 2 */
#define PLANE (TILES * ROOM + 16)
#define FLOATS (FV_WINOGRAD_PLANES * PLANE)

static float numbers[FLOATS];
static _Alignas(64) float planes[2][FLOATS];
static int64_t height, width;

/* What there is of: tiles of 2 and of 4, stride 2 and its gradient with respect to x. */
enum { BY_2, BY_4, BY_PHASES, SPREAD, WAYS };
static int way;
static const fv_winograd_vectors *const by_8[WAYS] = { &fv_winograd2_by_8, &fv_winograd4_by_8, &fv_winograd2_phases_by_8,
                                                       &fv_winograd2_spread_by_8 };
static const fv_winograd_vectors *const by_16[WAYS] = { &fv_winograd2_by_16, &fv_winograd4_by_16, &fv_winograd2_phases_by_16,
                                                        &fv_winograd2_spread_by_16 };

static void fill(void) {
    for (int64_t i = 0; i < FLOATS; i++) numbers[i] = (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 23) - 1.0f;
    memset(planes, 0, sizeof planes);
}

static fv_winograd convolution(float *y) {
    fv_winograd w = { .tile = way == BY_4 ? 4 : 2,
                      .phases = way == BY_PHASES,
                      .spread = way == SPREAD,
                      .pictures = 1,
                      .x = numbers,
                      .x_size = { height, width },
                      .x_channels = CHANNELS,
                      .x_pixel = CHANNELS,
                      .origin = { -1, -1 },
                      .dy = numbers + 7,
                      .dy_pixel = CHANNELS,
                      .y = y,
                      .y_size = { height, width },
                      .y_channels = CHANNELS,
                      .bias = numbers };
    if (way == BY_PHASES) w.x_size[0] = 2 * height - 1, w.x_size[1] = 2 * width;
    if (way == SPREAD) w.y_size[0] = 2 * height - 1, w.y_size[1] = 2 * width;
    if (way == SPREAD) w.origin[0] = w.origin[1] = 0;
    return w;
}

static void transform_tiles(const fv_winograd_vectors *vectors, bool dy, float *to) {
    fv_winograd w = convolution(NULL);
    fv_winograd_planes at = { to, PLANE, ROOM, FV_WINOGRAD_GROUP };
    (dy ? vectors->pictures.from_dy : vectors->pictures.from_x)(&w, 0, fv_winograd_tiles(&w), &at);
}

static void check_vectors(void (*make)(const fv_winograd_vectors *vectors, float *to)) {
    fill();
    make(by_8[way], planes[0]);
    make(by_16[way], planes[1]);
    assert_memory_equal(planes[0], planes[1], sizeof planes[0]);
}

static void make_x(const fv_winograd_vectors *vectors, float *to) { transform_tiles(vectors, false, to); }
static void make_dy(const fv_winograd_vectors *vectors, float *to) { transform_tiles(vectors, true, to); }
static void make_y(const fv_winograd_vectors *vectors, float *to) {
    fv_winograd w = convolution(to);
    vectors->pictures.to_y(&w, 0, fv_winograd_tiles(&w), &(fv_winograd_planes){ numbers, PLANE, ROOM, FV_WINOGRAD_GROUP });
}
static void make_weights(const fv_winograd_vectors *vectors, float *to) {
    vectors->from_taps(numbers, 5 * FV_WINOGRAD_GROUP, 5, FV_WINOGRAD_WHOLE, true, to, PLANE);
}
static void make_taps(const fv_winograd_vectors *vectors, float *to) { vectors->to_taps(numbers, PLANE, 5, to, 5 * 16); }
static void check_all(void) {
    for (height = 3; height <= SIDE; height++)
        for (width = 6; width <= SIDE; width++) {
            check_vectors(make_x);
            if (way != SPREAD) check_vectors(make_dy);
            check_vectors(make_y);
        }
    check_vectors(make_weights);
    if (way != SPREAD) check_vectors(make_taps);
}

#endif

FV_TEST(core_cpu_winograd__gives_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        for (way = 0; way < WAYS; way++) check_all();
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}

/* Each result of each picture belongs to one tile. */
static void check_cover(const fv_winograd *w) {
    int seen[3][11][11] = { 0 };
    for (int64_t t = 0; t < fv_winograd_tiles(w); t++) {
        fv_winograd_place p = fv_winograd_place_of(w, t);
        for (int64_t i = p.row; i < p.row + p.rows; i++)
            for (int64_t j = p.column; j < p.column + p.columns; j++) seen[p.picture][i][j]++;
    }
    for (int64_t n = 0; n < w->pictures; n++)
        for (int64_t i = 0; i < w->y_size[0]; i++)
            for (int64_t j = 0; j < w->y_size[1]; j++) assert_int_equal(seen[n][i][j], 1);
}

/* Of an axis's points a tile of fewer results takes the first ones and the last. */
static void check_planes(const fv_winograd *w) {
    int64_t more = fv_winograd_side(w) - w->tile - 1;
    for (int64_t plane = 0; plane < fv_winograd_planes_of(w); plane++) {
        fv_winograd_range in = fv_winograd_tiles_in(w, plane);
        int64_t side = fv_winograd_side(w), i = plane / side, j = plane % side;
        for (int64_t t = 0; t < fv_winograd_tiles(w); t++) {
            fv_winograd_place p = fv_winograd_place_of(w, t);
            bool takes = (i == side - 1 || i < p.rows + more) && (j == side - 1 || j < p.columns + more);
            assert_int_equal(t >= in.begin && t < in.end, takes);
        }
    }
}

FV_TEST(core_cpu_winograd__numbers_tiles_so_that_those_of_a_plane_lie_side_by_side) {
    for (int64_t h = 1; h <= 11; h++)
        for (int64_t w = 1; w <= 11; w++) {
            for (int i = 0; i < 3; i++) {
                fv_winograd c = { .tile = i == 0 ? 4 : 2, .phases = i == 2, .pictures = 3, .y_size = { h, w } };
                check_cover(&c);
                check_planes(&c);
            }
        }
}

/* Of each slot one product, of the plane that it is of. */
FV_TEST(core_cpu_winograd__slots_of_planes_lie_side_by_side) {
    fv_winograd w = { .tile = 2, .phases = true };
    int64_t end = 0;
    for (int64_t plane = 0; plane < fv_winograd_planes_of(&w); plane++) {
        fv_winograd_range in = fv_winograd_slots_in(&w, plane);
        assert_int_equal(in.begin, end);
        assert_in_range(in.end - in.begin, 1, 4);
        end = in.end;
    }
    assert_int_equal(end, fv_winograd_x_slots(&w));
}

/* The picture `at` of the second case's batch is that of the first, and has its bits in the result. */
static void check_batch(const char *name, const char *alone, const char *batch, int64_t at) {
    FV_OWNED(fv_case) one = NULL;
    FV_OWNED(fv_case) many = NULL;
    const fv_kernel *kernel = fv_test_vector_kernel(name);
    const fv_op *op = fv_op_find("conv2d");
    FV_OK(fv_case_new(op, alone, false, &one));
    FV_OK(fv_case_new(op, batch, false, &many));
    int64_t x = fv_type_bytes(&one->call.inputs[0].type), y = fv_type_bytes(&one->call.outputs[0].type);
    memcpy((char *)many->call.inputs[0].data + at * x, one->call.inputs[0].data, (size_t)x);
    FV_OK(fv_kernel_run_alone(kernel, &one->call));
    FV_OK(fv_kernel_run_alone(kernel, &many->call));
    assert_memory_equal((char *)many->call.outputs[0].data + at * y, one->call.outputs[0].data, (size_t)y);
}

/* One picture goes stage by stage, twelve of them block by block. */
FV_TEST(core_cpu_winograd__a_pictures_bits_do_not_depend_on_the_batch) {
    const char *alone = "x=f32[1,17,30,64] w=f32[70,3,3,64] bias=f32[70] padding=1";
    const char *batch = "x=f32[12,17,30,64] w=f32[70,3,3,64] bias=f32[70] padding=1";
    check_batch("conv2d_winograd2_f32_avx2", alone, batch, 7);
    check_batch("conv2d_winograd4_f32_avx2", alone, batch, 7);
    check_batch("conv2d_winograd2_phases_f32_avx2", "x=f32[1,17,30,64] w=f32[70,3,3,64] bias=f32[70] padding=1 stride=2",
                "x=f32[24,17,30,64] w=f32[70,3,3,64] bias=f32[70] padding=1 stride=2", 7);
}

/* Nine tiles, or 25, have planes of weights made by who multiplies by them, in two slices; of 72, or 200, they are made
 * before. */
FV_TEST(core_cpu_winograd__bits_do_not_depend_on_when_weights_are_transformed) {
    const char *alone = "x=f32[1,9,10,344] w=f32[100,3,3,344] bias=f32[100] padding=1";
    const char *batch = "x=f32[8,9,10,344] w=f32[100,3,3,344] bias=f32[100] padding=1";
    check_batch("conv2d_winograd2_f32_avx2", alone, batch, 5);
    check_batch("conv2d_winograd4_f32_avx2", alone, batch, 5);
}

/* A sum in order is off by 1.5e-7 to 3e-7 of these. */
FV_TEST(core_cpu_winograd__tiles_of_2_are_nearly_as_exact_as_a_sum_in_order) {
    fv_test_error("conv2d", "conv2d_winograd2_f32_avx2", "x=f32[1,16,16,64] w=f32[16,3,3,64] padding=1", 5e-7);
    fv_test_error("conv2d_grad_input", "conv2d_grad_input_winograd2_f32_avx2",
                  "dy=f32[1,16,16,64] w=f32[64,3,3,16] like=f32[1,16,16,16] padding=1", 5e-7);
    fv_test_error("conv2d_grad_weights", "conv2d_grad_weights_winograd2_f32_avx2",
                  "x=f32[8,8,8,16] dy=f32[8,8,8,16] like=f32[16,3,3,16] padding=1", 3e-7);
    fv_test_error("conv2d", "conv2d_winograd2_phases_f32_avx2", "x=f32[1,17,16,64] w=f32[16,3,3,64] padding=1 stride=2", 8e-7);
    fv_test_error("conv2d_grad_input", "conv2d_grad_input_winograd2_phases_f32_avx2",
                  "dy=f32[1,9,8,64] w=f32[64,3,3,16] like=f32[1,17,16,16] padding=1 stride=2", 8e-7);
    fv_test_error("conv2d_grad_weights", "conv2d_grad_weights_winograd2_phases_f32_avx2",
                  "x=f32[8,15,16,16] dy=f32[8,8,8,16] like=f32[16,3,3,16] padding=1 stride=2", 5e-7);
}
