/* conv2d_grad_weights_gemm_avx2.c - the gradient of conv2d with respect to its weights, f32: outer products of the pixels of dy
 * and of x gathered for them, summed shard by shard. And those of rounded_conv2d. */
#include "core/cpu/cost.h"
#include "core/cpu/outer_product_avx2.h"
#include "core/cpu/rounded_product.h"
#include "core/ops/stored.h"
#include "core/plan/kernel.h"

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

static const char *rounded_refuse(const fv_call *call) {
    fv_dtype x = call->inputs[0].type.dtype, dy = call->inputs[1].type.dtype, dw = call->outputs[0].type.dtype;
    return dw == FV_F32 && fv_compute_alike(x, dw) && fv_compute_alike(dy, dw) ? NULL : FV_REFUSE_DTYPE;
}

extern const fv_op fv_op_rounded_conv2d_grad_weights;

static int64_t group_count(const fv_call *call) { return ((const fv_conv2d_options *)call->options)->groups; }

static fv_outer_product product_at(const fv_call *call, int64_t group) {
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1], *dw = &call->outputs[0];
    fv_outer_product p = {
        .gather = fv_gather_forward(call->options, &x->type, &dw->type, &dy->type, x->data, group),
        .pictures = dy->type.dims[0],
        .dy_row = dy->type.dims[3],
        .rows = dw->type.dims[0] / group_count(call),
        .x_narrow = x->type.dtype == FV_BF16,
        .dy_narrow = dy->type.dtype == FV_BF16,
        .rounded = call->op == &fv_op_rounded_conv2d_grad_weights,
    };
    p.dy = dy->data ? (const char *)dy->data + group * p.rows * fv_dtype_size(dy->type.dtype) : NULL;
    return p;
}

static double cost_at(const fv_call *call, double flops) {
    const int64_t *dw = call->outputs[0].type.dims, *dy = call->inputs[1].type.dims;
    double groups = (double)group_count(call);
    return fv_cost_gemm((double)dw[0] / groups, (double)(dw[1] * dw[2] * dw[3]), (double)(dy[0] * dy[1] * dy[2]), groups,
                        flops);
}
static double cost(const fv_call *call) { return cost_at(call, FV_COST_AVX2_FLOPS); }
static double rounded_cost(const fv_call *call) { return cost_at(call, fv_cost_bf16_flops()); }

static int64_t scratch(const fv_call *call) { return fv_outer_products_scratch_avx2(call, product_at, group_count(call)); }
static void run(const fv_call *call) { fv_outer_products_avx2(call, product_at, group_count(call)); }

const fv_kernel fv_kernel_conv2d_grad_weights_gemm_f32_avx2 = {
    .name = "conv2d_grad_weights_gemm_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};

const fv_kernel fv_kernel_rounded_conv2d_grad_weights_gemm_f32_avx2 = {
    .name = "rounded_conv2d_grad_weights_gemm_f32_avx2",
    .op = "rounded_conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = rounded_refuse,
    .cost = rounded_cost,
    .scratch = scratch,
    .run = run,
    .mixed = true,
};
