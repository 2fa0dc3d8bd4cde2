/* matmul_blas_portable.c - matrix products by OpenBLAS, f32: a matrix of the batch at a time; a plain product of two matrices,
 * whose rows may be a batch, a row at a time. */
#include "core/ops/matmul.h"

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/blas.h"
#include "core/cpu/cost.h"
#include "core/plan/kernel.h"

/* Which matrix of `operand` takes part in matrix `index` of the result, as numpy broadcasts. */
static int64_t matrix_number(const fv_type *operand, const fv_type *result, int64_t index) {
    int64_t number = 0, step = 1;
    for (int d = result->rank - 3; d >= 0; d--) {
        int own = d - (result->rank - operand->rank);
        int64_t at = index % result->dims[d];
        index /= result->dims[d];
        if (own < 0) continue;
        if (operand->dims[own] > 1) number += at * step;
        step *= operand->dims[own];
    }
    return number;
}

static fv_blas_product product_of(const fv_call *call, int64_t index) {
    const fv_matmul_options *o = call->options;
    const fv_type *a = &call->inputs[0].type, *b = &call->inputs[1].type, *y = &call->outputs[0].type;
    const int64_t *last_a = a->dims + a->rank - 2, *last_b = b->dims + b->rank - 2, *last_y = y->dims + y->rank - 2;
    return (fv_blas_product){ .rows = last_y[0],
                              .columns = last_y[1],
                              .depth = last_a[o->transpose_a ? 0 : 1],
                              .a = (const float *)call->inputs[0].data + matrix_number(a, y, index) * last_a[0] * last_a[1],
                              .b = (const float *)call->inputs[1].data + matrix_number(b, y, index) * last_b[0] * last_b[1],
                              .c = (float *)call->outputs[0].data + index * last_y[0] * last_y[1],
                              .a_row = last_a[1],
                              .b_row = last_b[1],
                              .c_row = last_y[1],
                              .transpose_a = o->transpose_a,
                              .transpose_b = o->transpose_b };
}

static void run_matrix(void *context, int64_t index, int thread) {
    (void)thread;
    fv_blas_product p = product_of(context, index);
    fv_blas_multiply(&p);
}

static void run_row(void *context, int64_t row, int thread) {
    (void)thread;
    fv_blas_product p = product_of(context, 0);
    p.a += row * (p.transpose_a ? 1 : p.a_row);
    p.c += row * p.c_row;
    p.rows = 1;
    fv_blas_multiply(&p);
}

static void run(const fv_call *call) {
    const fv_type *y = &call->outputs[0].type;
    int64_t matrices = 1;
    for (int d = 0; d < y->rank - 2; d++) matrices *= y->dims[d];
    if (y->rank == 2)
        fv_parallel_for(y->dims[0], run_row, (void *)call);
    else
        fv_parallel_for(matrices, run_matrix, (void *)call);
}

static const char *refuse(const fv_call *call) {
    return call->inputs[0].type.dtype == FV_F32 ? fv_blas_refuse() : FV_REFUSE_DTYPE;
}

static double cost(const fv_call *call) { return FV_COST_CALL + fv_call_work(call).flops / FV_COST_BLAS_FLOPS; }

const fv_kernel fv_kernel_matmul_blas_f32_portable = {
    .name = "matmul_blas_f32_portable",
    .op = "matmul",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run,
};
