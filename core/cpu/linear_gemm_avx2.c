/* linear_gemm_avx2.c - linear and its two gradients, f32: matrix products over rows of x, by the ways convolutions take. A
 * batch entry is a "picture" of one line with as many pixels as x has rows for it. And rounded_linear and its gradients, whose
 * panels are of pairs (rounded_product.h). */
#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/outer_product_avx2.h"
#include "core/cpu/panel_product_avx2.h"
#include "core/cpu/rounded_product.h"
#include "core/plan/kernel.h"

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

extern const fv_op fv_op_rounded_linear, fv_op_rounded_linear_grad_input, fv_op_rounded_linear_grad_weights;
static bool is_rounded(const fv_call *call) {
    return call->op == &fv_op_rounded_linear || call->op == &fv_op_rounded_linear_grad_input ||
           call->op == &fv_op_rounded_linear_grad_weights;
}

static int64_t width_of(const fv_type *rows) { return rows->dims[rows->rank - 1]; }
static int64_t batch_of(const fv_type *rows) { return rows->rank > 1 ? rows->dims[0] : 1; }
static int64_t rows_of(const fv_type *rows) { /* for each batch entry */
    int64_t count = 1;
    for (int d = 1; d < rows->rank - 1; d++) count *= rows->dims[d];
    return count;
}

static fv_gather gather_of(const fv_tensor *x) {
    int64_t width = width_of(&x->type), rows = rows_of(&x->type);
    return (fv_gather){
        .from = x->data,
        .height = 1,
        .width = rows,
        .pixel = width,
        .grid = { 1, rows },
        .step = { 1, 1 },
        .taps = { 1, 1 },
        .tap_step = { 1, 1 },
        .channels = width,
    };
}

static fv_panel_product product_of(const fv_call *call, int64_t columns) {
    const fv_tensor *x = &call->inputs[0];
    return (fv_panel_product){
        .gather = gather_of(x),
        .pictures = batch_of(&x->type),
        .columns = columns,
        .b = call->packed,
        .y = call->outputs[0].data,
        .height = 1,
        .width = rows_of(&x->type),
        .pixel = columns,
        .step = { 1, 1 },
    };
}

static double cost_at(const fv_call *call, const fv_type *w, double flops) {
    const fv_type *rows = &call->inputs[0].type;
    return fv_cost_gemm((double)(batch_of(rows) * rows_of(rows)), (double)w->dims[0], (double)w->dims[1], 1, flops);
}
static double cost(const fv_call *call) { return cost_at(call, &call->inputs[1].type, FV_COST_AVX2_FLOPS); }
static double rounded_cost(const fv_call *call) {
    double rounding = FV_COST_ROUNDING * (double)fv_type_count(&call->inputs[0].type);
    return cost_at(call, &call->inputs[1].type, fv_cost_bf16_flops()) + rounding;
}

/* Floats of a column of a panel, whose depth is that dimension of w. */
static int64_t packed_depth(const fv_call *call, int dimension) {
    int64_t depth = call->inputs[1].type.dims[dimension];
    return is_rounded(call) ? fv_ceil_div(depth, 2) * fv_rounded_pair() : depth;
}

static int64_t packed_bytes(const fv_call *call, int columns, int depth) {
    int64_t whole = fv_round_up(call->inputs[1].type.dims[columns], FV_GEMM_COLUMNS);
    return whole * packed_depth(call, depth) * (int64_t)sizeof(float);
}

/* ---- forward: y = x · wᵀ, panels of 16 rows of w ---- */

static int64_t packed(const fv_call *call) { return packed_bytes(call, 0, 1); }

static void pack_panel(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    int64_t first = unit * FV_GEMM_COLUMNS;
    (is_rounded(call) ? fv_rounded_pack_b : fv_gemm_pack_b_avx2)((const float *)call->inputs[1].data + first * w[1], 1, w[1],
                                                                 w[1], fv_min(FV_GEMM_COLUMNS, w[0] - first),
                                                                 (float *)call->packed + first * packed_depth(call, 1));
}

static void pack(const fv_call *call) {
    fv_parallel_for(fv_ceil_div(call->inputs[1].type.dims[0], FV_GEMM_COLUMNS), pack_panel, (void *)call);
}

static fv_panel_product product_at(const fv_call *call, int64_t index) {
    (void)index;
    fv_panel_product p = product_of(call, call->inputs[1].type.dims[0]);
    p.bias = call->input_count > 2 ? call->inputs[2].data : NULL;
    return p;
}

static void run(const fv_call *call) { fv_panel_products_avx2(call, product_at, 1); }
static void rounded_run(const fv_call *call) { fv_rounded_panel_products_avx2(call, product_at, 1); }

/* ---- gradient with respect to x: dx = dy · w, panels of 16 columns of w ---- */

static int64_t input_packed(const fv_call *call) { return packed_bytes(call, 1, 0); }

static void pack_input_panel(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    int64_t first = unit * FV_GEMM_COLUMNS;
    (is_rounded(call) ? fv_rounded_pack_b : fv_gemm_pack_b_avx2)((const float *)call->inputs[1].data + first, w[1], 1, w[0],
                                                                 fv_min(FV_GEMM_COLUMNS, w[1] - first),
                                                                 (float *)call->packed + first * packed_depth(call, 0));
}

static void input_pack(const fv_call *call) {
    fv_parallel_for(fv_ceil_div(call->inputs[1].type.dims[1], FV_GEMM_COLUMNS), pack_input_panel, (void *)call);
}

static fv_panel_product input_product_at(const fv_call *call, int64_t index) {
    (void)index;
    return product_of(call, call->inputs[1].type.dims[1]);
}

static void input_run(const fv_call *call) { fv_panel_products_avx2(call, input_product_at, 1); }
static void rounded_input_run(const fv_call *call) { fv_rounded_panel_products_avx2(call, input_product_at, 1); }

/* ---- gradient with respect to w: outer products of the rows of dy and x ---- */

static double weights_cost(const fv_call *call) { return cost_at(call, &call->outputs[0].type, FV_COST_AVX2_FLOPS); }
static double rounded_weights_cost(const fv_call *call) { return cost_at(call, &call->outputs[0].type, fv_cost_bf16_flops()); }

static fv_outer_product weights_product_at(const fv_call *call, int64_t index) {
    (void)index;
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    int64_t rows = width_of(&dy->type);
    return (fv_outer_product){ .gather = gather_of(x),
                               .pictures = batch_of(&x->type),
                               .dy = dy->data,
                               .dy_row = rows,
                               .rows = rows,
                               .rounded = is_rounded(call) };
}

static int64_t weights_scratch(const fv_call *call) { return fv_outer_products_scratch_avx2(call, weights_product_at, 1); }
static void weights_run(const fv_call *call) { fv_outer_products_avx2(call, weights_product_at, 1); }

const fv_kernel fv_kernel_linear_gemm_f32_avx2 = {
    .name = "linear_gemm_f32_avx2",
    .op = "linear",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = fv_panel_products_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};

const fv_kernel fv_kernel_linear_grad_input_gemm_f32_avx2 = {
    .name = "linear_grad_input_gemm_f32_avx2",
    .op = "linear_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = fv_panel_products_scratch_avx2,
    .packed = input_packed,
    .pack = input_pack,
    .pack_input = 1,
    .run = input_run,
};

const fv_kernel fv_kernel_linear_grad_weights_gemm_f32_avx2 = {
    .name = "linear_grad_weights_gemm_f32_avx2",
    .op = "linear_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = weights_cost,
    .scratch = weights_scratch,
    .run = weights_run,
};

const fv_kernel fv_kernel_rounded_linear_gemm_f32_avx2 = {
    .name = "rounded_linear_gemm_f32_avx2",
    .op = "rounded_linear",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = rounded_cost,
    .scratch = fv_rounded_panel_products_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = rounded_run,
};

const fv_kernel fv_kernel_rounded_linear_grad_input_gemm_f32_avx2 = {
    .name = "rounded_linear_grad_input_gemm_f32_avx2",
    .op = "rounded_linear_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = rounded_cost,
    .scratch = fv_rounded_panel_products_scratch_avx2,
    .packed = input_packed,
    .pack = input_pack,
    .pack_input = 1,
    .run = rounded_input_run,
};

const fv_kernel fv_kernel_rounded_linear_grad_weights_gemm_f32_avx2 = {
    .name = "rounded_linear_grad_weights_gemm_f32_avx2",
    .op = "rounded_linear_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = rounded_weights_cost,
    .scratch = weights_scratch,
    .run = weights_run,
};
