/* batch_norm, its gradient and its inference form: PyTorch's numbers; what PyTorch refuses; shapes that do not fit. */
#include <math.h>
#include <stdio.h>

#include "core/plan/selftest.h"
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_batch_norm__output_and_statistics_equal_pytorch) { fv_test_golden("batch_norm"); }
FV_TEST(core_ops_batch_norm__gradient_equals_pytorch) { fv_test_golden("batch_norm_grad"); }
FV_TEST(core_ops_batch_norm__inference_equals_pytorch) { fv_test_golden("batch_norm_inference"); }

FV_TEST(core_ops_batch_norm__one_value_a_channel_has_no_variance_biased_or_not) {
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(
        fv_op_find("batch_norm"),
        "x=f64[1,2]:3..3 scale=f64[2]:1..1 bias=f64[2]:5..5 running_mean=f64[2]:1..1 running_var=f64[2]:1..1 momentum=0.25",
        false, &c));
    c->call.op->reference(&c->call);
    const double want[] = { 5, 3, 1 / sqrt(1e-5), 0.75 * 1 + 0.25 * 3, 0.75 * 1 };
    for (int k = 0; k < 5; k++)
        for (int channel = 0; channel < 2; channel++)
            assert_true(fabs(fv_tensor_load(&c->call.outputs[k], channel) - want[k]) < 1e-9);
}

FV_TEST(core_ops_batch_norm__says_what_does_not_fit) {
    const char *rest = "scale=f32[2] bias=f32[2] running_mean=f32[2] running_var=f32[2]";
    char line[256];
    snprintf(line, sizeof line, "x=f32[4,3] %s", rest);
    fv_test_misfit("batch_norm", line, "scale is f32[2], but has to be f32[3]");
    snprintf(line, sizeof line, "x=f32[2] %s", rest);
    fv_test_misfit("batch_norm", line, "two dimensions at least");
    snprintf(line, sizeof line, "x=f32[0,5,5,2] %s", rest);
    fv_test_misfit("batch_norm", line, "no value to take statistics of");
    fv_test_misfit("batch_norm_grad", "x=f32[4,2] scale=f32[2] mean=f32[2] inv_std=f32[2] dy=f32[3,2]", "dy is f32[3,2]");
}
