/* linear_gemm_avx2.c - linear and its two gradients, f32: matrix products over rows of x, by the ways convolutions take. A
 * batch entry is a "picture" of one line with as many pixels as x has rows for it. */
#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/outer_product_avx2.h"
#include "core/cpu/panel_product_avx2.h"
#include "core/plan/kernel.h"

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

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

static double cost_of(const fv_type *rows, const fv_type *w) {
    return fv_cost_gemm((double)(batch_of(rows) * rows_of(rows)), (double)w->dims[0], (double)w->dims[1], 1,
                        FV_COST_AVX2_FLOPS);
}

static double cost(const fv_call *call) { return cost_of(&call->inputs[0].type, &call->inputs[1].type); }

/* ---- forward: y = x · wᵀ, panels of 16 rows of w ---- */

static int64_t packed(const fv_call *call) {
    const int64_t *w = call->inputs[1].type.dims;
    return fv_round_up(w[0], FV_GEMM_COLUMNS) * w[1] * (int64_t)sizeof(float);
}

static void pack_panel(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    int64_t first = unit * FV_GEMM_COLUMNS;
    fv_gemm_pack_b_avx2((const float *)call->inputs[1].data + first * w[1], 1, w[1], w[1],
                        fv_min(FV_GEMM_COLUMNS, w[0] - first), (float *)call->packed + first * w[1]);
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

/* ---- gradient with respect to x: dx = dy · w, panels of 16 columns of w ---- */

static int64_t input_packed(const fv_call *call) {
    const int64_t *w = call->inputs[1].type.dims;
    return fv_round_up(w[1], FV_GEMM_COLUMNS) * w[0] * (int64_t)sizeof(float);
}

static void pack_input_panel(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    int64_t first = unit * FV_GEMM_COLUMNS;
    fv_gemm_pack_b_avx2((const float *)call->inputs[1].data + first, w[1], 1, w[0], fv_min(FV_GEMM_COLUMNS, w[1] - first),
                        (float *)call->packed + first * w[0]);
}

static void input_pack(const fv_call *call) {
    fv_parallel_for(fv_ceil_div(call->inputs[1].type.dims[1], FV_GEMM_COLUMNS), pack_input_panel, (void *)call);
}

static fv_panel_product input_product_at(const fv_call *call, int64_t index) {
    (void)index;
    return product_of(call, call->inputs[1].type.dims[1]);
}

static void input_run(const fv_call *call) { fv_panel_products_avx2(call, input_product_at, 1); }

/* ---- gradient with respect to w: outer products of the rows of dy and x ---- */

static double weights_cost(const fv_call *call) { return cost_of(&call->inputs[0].type, &call->outputs[0].type); }

static fv_outer_product weights_product_at(const fv_call *call, int64_t index) {
    (void)index;
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    int64_t rows = width_of(&dy->type);
    return (fv_outer_product){
        .gather = gather_of(x), .pictures = batch_of(&x->type), .dy = dy->data, .dy_row = rows, .rows = rows
    };
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
