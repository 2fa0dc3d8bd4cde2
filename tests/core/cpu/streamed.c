/* Results that are written past the caches because they are large: the same bits as those of one picture, which are not. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/plan/plan.h"
#include "fovea/layers.h"
#include "tests/test.h"

#define SIDE 112
#define CHANNELS 176
#define PICTURE (SIDE * SIDE * CHANNELS) /* floats of a result: 9 MB, two of them are written past the caches */

static const char text[] =
    "u = state dtype=f32 dims=176,3,3,16 init=\"kaiming_normal\" -> f32[176,3,3,16]\n"
    "w = state dtype=f32 dims=176,1,1,16 init=\"kaiming_normal\" -> f32[176,1,1,16]\n"
    "v = state dtype=f32 dims=176,3,3,1 init=\"kaiming_normal\" -> f32[176,3,3,1]\n"
    "a = state dtype=f32 dims=176 init=\"uniform low=0.5 high=1.5\" -> f32[176]\n"
    "s = state dtype=f32 dims=176 init=\"ones\" -> f32[176]\n"
    "x = input dtype=f32 dims=1,112,112,16 -> f32[1,112,112,16]\n"
    "y = conv2d(x, w) -> f32[1,112,112,176]\n"
    "z = conv2d(y, v) padding=1,1,1,1 groups=176 -> f32[1,112,112,176]\n"
    "n = batch_norm_inference(z, s, a, a, s) -> f32[1,112,112,176]\n"
    "m = conv2d(x, u) padding=1,1,1,1 -> f32[1,112,112,176]\n"
    "r = norm_residual(z, s, a, a, s, y) activation=relu -> f32[1,112,112,176]\n"
    "g = batch_norm_grad_apply(z, s, a, s, y, a, a) -> f32[1,112,112,176]\n"
    "t = state dtype=f32 dims=16,1,1,176 init=\"kaiming_normal\" -> f32[16,1,1,176]\n"
    "d = conv2d_grad_input_sum(x, t, y, z) activation=relu -> f32[1,112,112,176]\n"
    "j = norm_conv2d(y, s, a, a, s, v) padding=1,1,1,1 groups=176 activation=relu6 -> f32[1,112,112,176]\n"
    "e = norm_depthwise_grad(y, s, a, a, s, v, z, s, a, a, s, n, a, a) padding=1,1,1,1 activation=relu6 "
    "-> f32[1,112,112,176], f32[176,3,3,1], f32[176], f32[176], f32[176], f32[176]\n"
    "output windows = m\n"
    "output pixels = y\noutput depthwise = z\noutput norm = n\n"
    "output residual = r\noutput gradient = g\noutput sum = d\n"
    "output joined = j\noutput block = e\n";

/* The pictures from `first` on, as many as the plan takes. */
static void run(fv_plan *plan, int64_t first) {
    fv_tensor *x = fv_plan_feed(plan, "x");
    for (int64_t i = 0, count = fv_type_count(&x->type); i < count; i++)
        ((float *)x->data)[i] = (float)((i + first * SIDE * SIDE * 16) * 7919 % 1009) / 500 - 1;
    FV_OK(fv_plan_run(plan));
}

FV_TEST(core_cpu_streamed__results_have_the_bits_of_small_ones) {
    static const char *const results[] = { "pixels",   "windows", "depthwise", "norm", "residual",
                                           "gradient", "sum",     "joined",    "block" };
    FV_OWNED(fv_graph) alone = NULL;
    FV_OWNED(fv_graph) together = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) one = NULL;
    FV_OWNED(fv_plan) two = NULL;
    assert_true(2 * PICTURE * (int64_t)sizeof(float) >= FV_COST_CACHES && PICTURE * (int64_t)sizeof(float) < FV_COST_CACHES);
    FV_OK(fv_graph_parse(text, "streamed", &alone));
    FV_OK(fv_graph_with_batch(alone, 2, &together));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(alone, weights, 7));
    FV_OK(fv_plan_new(alone, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &one));
    FV_OK(fv_plan_new(together, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &two));
    run(two, 0);
    for (int64_t n = 0; n < 2; n++) {
        run(one, n);
        for (size_t i = 0; i < FV_COUNT(results); i++) {
            const float *large = fv_plan_result(two, results[i])->data, *small = fv_plan_result(one, results[i])->data;
            assert_memory_equal(large + n * PICTURE, small, PICTURE * sizeof(float));
        }
    }
}
