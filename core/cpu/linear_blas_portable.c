/* linear_blas_portable.c - linear and its two gradients, f32, by OpenBLAS: a row of x at a time (a product of many rows might
 * give a row other bits with other rows beside it), and for the weights a product for each shard of the batch. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/blas.h"
#include "core/cpu/cost.h"
#include "core/plan/kernel.h"

static const char *refuse(const fv_call *call) {
    return call->inputs[0].type.dtype == FV_F32 ? fv_blas_refuse() : FV_REFUSE_DTYPE;
}

static int64_t width_of(const fv_type *rows) { return rows->dims[rows->rank - 1]; }
static int64_t batch_of(const fv_type *rows) { return rows->rank > 1 ? rows->dims[0] : 1; }
static int64_t rows_of(const fv_type *rows) {
    int64_t count = 1;
    for (int d = 0; d < rows->rank - 1; d++) count *= rows->dims[d];
    return count;
}

static void forward_row(void *context, int64_t row, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    float *y = (float *)call->outputs[0].data + row * w[0];
    fv_blas_multiply_vector(call->inputs[1].data, w[0], w[1], false, (const float *)call->inputs[0].data + row * w[1], y);
    const float *bias = call->input_count > 2 ? call->inputs[2].data : NULL;
    for (int64_t k = 0; k < w[0] && bias; k++) y[k] += bias[k];
}

static void input_row(void *context, int64_t row, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    fv_blas_multiply_vector(call->inputs[1].data, w[0], w[1], true, (const float *)call->inputs[0].data + row * w[0],
                            (float *)call->outputs[0].data + row * w[1]);
}

static void run(const fv_call *call) { fv_parallel_for(rows_of(&call->inputs[0].type), forward_row, (void *)call); }
static void run_input(const fv_call *call) { fv_parallel_for(rows_of(&call->inputs[0].type), input_row, (void *)call); }

static void weights_shard(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    int64_t shard = fv_shards_first(call) + unit;
    const fv_type *x = &call->inputs[0].type, *dy = &call->inputs[1].type;
    int64_t batch = batch_of(x), each = batch ? rows_of(x) / batch : 0, rows = width_of(dy), columns = width_of(x);
    int64_t begin = fv_shard_row(call, batch, shard) * each, end = fv_shard_row(call, batch, shard + 1) * each;
    float *to = (float *)call->scratch + shard * rows * columns;
    if (begin == end) memset(to, 0, (size_t)(rows * columns) * sizeof *to);
    fv_blas_multiply(&(fv_blas_product){ .rows = end > begin ? rows : 0,
                                         .columns = columns,
                                         .depth = end - begin,
                                         .a = (const float *)call->inputs[1].data + begin * rows,
                                         .a_row = rows,
                                         .transpose_a = true,
                                         .b = (const float *)call->inputs[0].data + begin * columns,
                                         .b_row = columns,
                                         .c = to,
                                         .c_row = columns });
}

static void run_weights(const fv_call *call) {
    int64_t count = fv_type_count(&call->outputs[0].type);
    fv_parallel_for(fv_shards_here(call), weights_shard, (void *)call);
    fv_shards_join_f32(call, call->scratch, count, count);
    memcpy(call->outputs[0].data, call->scratch, (size_t)count * sizeof(float));
}

static int64_t weights_scratch(const fv_call *call) { return call->shards * fv_type_bytes(&call->outputs[0].type); }

static double cost_of(const fv_type *rows, const fv_type *w) {
    return fv_cost_gemm((double)rows_of(rows), (double)w->dims[0], (double)w->dims[1], 1, FV_COST_BLAS_FLOPS);
}
static double cost(const fv_call *call) { return cost_of(&call->inputs[0].type, &call->inputs[1].type); }
static double weights_cost(const fv_call *call) { return cost_of(&call->inputs[0].type, &call->outputs[0].type); }

const fv_kernel fv_kernel_linear_blas_f32_portable = {
    .name = "linear_blas_f32_portable",
    .op = "linear",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run,
};

const fv_kernel fv_kernel_linear_grad_input_blas_f32_portable = {
    .name = "linear_grad_input_blas_f32_portable",
    .op = "linear_grad_input",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_input,
};

const fv_kernel fv_kernel_linear_grad_weights_blas_f32_portable = {
    .name = "linear_grad_weights_blas_f32_portable",
    .op = "linear_grad_weights",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = weights_cost,
    .scratch = weights_scratch,
    .run = run_weights,
};
