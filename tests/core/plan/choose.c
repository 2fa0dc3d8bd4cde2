/* Which kernel runs a node: the cheapest, the same for any batch in evaluation, or one that is pinned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan/kernel.h"
#include "core/plan/plan.h"
#include "tests/test.h"

/* A 3×3 convolution of pictures of 4², by a stride of 1 or 2. The first is cheapest by tiles of 4×4, but for a single picture,
 * whose weights have to be made into 36 planes then and not into 16. */
static fv_plan *plan_of(int64_t batch, int64_t stride, fv_plan_options options, fv_weights *weights) {
    FV_OWNED(fv_graph) one = NULL;
    FV_OWNED(fv_graph) g = NULL;
    fv_plan *plan = NULL;
    fv_tensor *w = NULL;
    char text[512];
    const char *line = "x = input dtype=f32 dims=1,4,4,64 -> f32[1,4,4,64]\n"
                       "w = state dtype=f32 dims=64,3,3,64 -> f32[64,3,3,64]\n"
                       "y = conv2d(x, w) stride=%d,%d padding=1,1,1,1 -> f32[1,%d,%d,64]\noutput y = y\n";
    int s = (int)stride, side = 4 / s;
    snprintf(text, sizeof text, line, s, s, side, side);
    FV_OK(fv_graph_parse(text, "test", &one));
    FV_OK(fv_graph_with_batch(one, batch, &g));
    fv_type type = fv_type_of(FV_F32, 64, 3, 3, 64);
    FV_OK(fv_weights_add(weights, "w", &type, FV_PARAMETER, &w));
    for (int64_t i = 0; i < fv_type_count(&type); i++) fv_tensor_store(w, i, (double)(i * 7 % 19 - 9) / 64);
    options.mode = FV_EVALUATION;
    FV_OK(fv_plan_new(g, weights, &options, &plan));
    fv_tensor *x = fv_plan_feed(plan, "x");
    for (int64_t i = 0; i < fv_type_count(&x->type); i++) fv_tensor_store(x, i, (double)(i * 5 % 23 - 11) / 16);
    return plan;
}

static const char *kernel_of(const fv_plan *plan) {
    for (int32_t s = 0; s < plan->step_count; s++)
        if (fv_node_is(plan->steps[s].node, "conv2d")) return plan->steps[s].kernel ? plan->steps[s].kernel->name : "reference";
    return "none";
}

static void check_kernel(int64_t batch, int64_t stride, fv_plan_options options, const char *name) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OWNED(fv_plan) plan = plan_of(batch, stride, options, weights);
    assert_string_equal(kernel_of(plan), name);
}

FV_TEST(core_plan_choose__only_with_fast_batch_the_batch_decides_on_kernels) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    fv_plan_options any = { 0 }, fast = { .fast_batch = true };
    check_kernel(1, 1, any, "conv2d_winograd4_f32_avx2");
    check_kernel(64, 1, any, "conv2d_winograd4_f32_avx2");
    check_kernel(1, 1, fast, "conv2d_winograd2_f32_avx2");
    check_kernel(64, 1, fast, "conv2d_winograd4_f32_avx2");
}

/* Of pictures that are the same in the batch of one and of seventeen. */
static void first_picture(int64_t batch, fv_plan_options options, float *to) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OWNED(fv_plan) plan = plan_of(batch, 1, options, weights);
    FV_OK(fv_plan_run(plan));
    memcpy(to, fv_plan_result(plan, "y")->data, 4 * 4 * 64 * sizeof(float));
}

FV_TEST(core_plan_choose__without_fast_batch_a_pictures_bits_do_not_depend_on_its_batch) {
    static float alone[4 * 4 * 64], among[4 * 4 * 64];
    first_picture(1, (fv_plan_options){ 0 }, alone), first_picture(17, (fv_plan_options){ 0 }, among);
    assert_memory_equal(alone, among, sizeof alone);
    if (fv_isa_best() < FV_ISA_AVX2) return;
    first_picture(1, (fv_plan_options){ .fast_batch = true }, alone);
    assert_memory_not_equal(alone, among, sizeof alone);
}

/* Stride 2 is nothing for tiles of 4×4. */
FV_TEST(core_plan_choose__of_kernels_pinned_the_first_that_can_is_taken) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    static const struct {
        const char *pin, *one, *two;
    } pins[] = {
        { "conv2d:winograd4", "conv2d_winograd4_f32_avx2", "reference" },
        { "linear:gemm,conv2d:winograd4/gemm", "conv2d_winograd4_f32_avx2", "conv2d_gemm_f32_avx2" },
        { "conv2d:gemm/winograd4,linear:gemm", "conv2d_gemm_f32_avx2", "conv2d_gemm_f32_avx2" },
        { "conv2d:winograd2,linear:gemm", "conv2d_winograd2_f32_avx2", "conv2d_winograd2_phases_f32_avx2" },
        { "conv2d:winograd4/,linear:gemm", "conv2d_winograd4_f32_avx2", "conv2d_winograd2_phases_f32_avx2" },
        { "conv2d:winograd4/reference/gemm", "conv2d_winograd4_f32_avx2", "reference" },
    };
    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++) {
        setenv("FOVEA_KERNEL", pins[i].pin, 1);
        check_kernel(1, 1, (fv_plan_options){ 0 }, pins[i].one);
        check_kernel(1, 2, (fv_plan_options){ 0 }, pins[i].two);
    }
    unsetenv("FOVEA_KERNEL");
}

FV_TEST(core_plan_choose__a_pin_to_no_kernel_is_named) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_graph_parse("x = input dtype=f32 dims=2,4,4,8 -> f32[2,4,4,8]\n"
                         "w = input dtype=f32 dims=8,1,1,8 -> f32[8,1,1,8]\n"
                         "y = conv2d(x, w) stride=1,1 padding=0,0,0,0 -> f32[2,4,4,8]\noutput y = y\n",
                         "test", &g));
    fv_plan *plan = NULL;
    setenv("FOVEA_KERNEL", "conv2d:blas/fft,linear:gemm", 1);
    if (fv_isa_best() >= FV_ISA_AVX2) setenv("FOVEA_KERNEL", "conv2d:winograd2/fft,linear:gemm", 1);
    fv_error *error = fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan);
    unsetenv("FOVEA_KERNEL");
    FV_FAILS(error, FV_USAGE, "\"fft\"");
}
