/* batch_norm_stored_avx2.c - batch_norm, its gradient and batch_norm_apply of rows some of which lie in memory as bf16
 * (stored_rows.h): sums and coefficients as in batch_norm_rows.h. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/cpu/norm_rows.h"
#include "core/cpu/stored_rows.h"
#include "core/plan/kernel.h"

#define UNIT ((int64_t)1 << 14) /* numbers of x, in one unit of the second pass */

static const fv_stored_norm_loops *loops(void) { return fv_isa_bf16() ? &fv_stored_norm_bf16 : &fv_stored_norm_avx2; }

static int64_t channels_of(const fv_call *call) { return call->inputs[0].type.dims[call->inputs[0].type.rank - 1]; }
static int64_t rows_of(const fv_call *call) { return fv_type_count(&call->inputs[0].type) / channels_of(call); }

/* ---- sums: two a channel, one after the other, a partial for each shard ---- */

typedef struct job {
    const fv_call *call;
    fv_stored_norm norm;
    bool gradient;
    int64_t rows; /* of all pictures */
} job;

static void sum_shard(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *j = context;
    int64_t pictures = j->call->inputs[0].type.dims[0], rows = j->rows / fv_max(pictures, 1), channels = j->norm.channels;
    int64_t shard = fv_shards_first(j->call) + unit, begin = fv_shard_row(j->call, pictures, shard) * rows;
    int64_t count = fv_shard_row(j->call, pictures, shard + 1) * rows - begin;
    double *partial = (double *)j->call->scratch + shard * 2 * channels;
    memset(partial, 0, (size_t)channels * 2 * sizeof *partial);
    (j->gradient ? loops()->gradient_sums : loops()->sums)(&j->norm, begin, count, partial, partial + channels);
}

static const double *sum_up(job *j) {
    fv_parallel_for(fv_shards_here(j->call), sum_shard, j);
    fv_shards_join_f64(j->call, j->call->scratch, 2 * j->norm.channels, 2 * j->norm.channels);
    return j->call->scratch;
}

/* ---- then each element ---- */

static int64_t unit_rows(const job *j) { return fv_max(UNIT / j->norm.channels, 1); }

static void run_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *j = context;
    int64_t first = unit * unit_rows(j);
    (j->gradient ? loops()->gradient : loops()->apply)(&j->norm, first, fv_min(unit_rows(j), j->rows - first));
}

static void for_rows(job *j) { fv_parallel_for(fv_ceil_div(j->rows, unit_rows(j)), run_unit, j); }

/* What is behind `doubles` in the scratch: four numbers a channel. */
static float *coefficients(const fv_call *call, int64_t doubles) { return (float *)((double *)call->scratch + doubles); }

/* Too much to be in a cache when it is read, in whole vectors. */
static bool is_streamed(const fv_call *call) {
    const fv_tensor *y = &call->outputs[0];
    return fv_type_bytes(&y->type) >= FV_COST_CACHES && y->data != call->inputs[0].data && channels_of(call) % 16 == 0 &&
           (uintptr_t)y->data % 64 == 0;
}

static job job_of(const fv_call *call) {
    return (job){ .call = call,
                  .norm = { .x = fv_stored_rows_of(&call->inputs[0]),
                            .y = fv_stored_rows_of(&call->outputs[0]),
                            .channels = channels_of(call),
                            .activation = ((const fv_batch_norm_options *)call->options)->activation,
                            .streamed = is_streamed(call) },
                  .rows = rows_of(call) };
}

static void apply(job *j, const float *mean, const float *inv_std, float *to) {
    const float *scale = j->call->inputs[1].data, *bias = j->call->inputs[2].data;
    fv_norm norm = fv_norm_of(scale, bias, mean, inv_std, j->norm.channels, j->norm.activation, to);
    j->norm.a = norm.a, j->norm.b = norm.b;
    for_rows(j);
}

static void run(const fv_call *call) {
    const float *old_mean = call->inputs[3].data, *old_var = call->inputs[4].data;
    float *mean = call->outputs[1].data, *inv_std = call->outputs[2].data;
    float *new_mean = call->outputs[3].data, *new_var = call->outputs[4].data;
    job j = job_of(call);
    const double *sum = sum_up(&j), n = (double)fv_count_all(call, j.rows);
    for (int64_t c = 0; c < j.norm.channels; c++) {
        fv_norm_statistics s =
            fv_norm_statistics_of(call->options, n, sum[c], sum[j.norm.channels + c], old_mean[c], old_var[c]);
        mean[c] = s.mean, inv_std[c] = s.inv_std;
        new_mean[c] = s.running[0], new_var[c] = s.running[1];
    }
    apply(&j, mean, inv_std, coefficients(call, call->shards * 2 * j.norm.channels));
}

static void run_apply(const fv_call *call) {
    job j = job_of(call);
    apply(&j, call->inputs[3].data, call->inputs[4].data, call->scratch);
}

static void run_gradient(const fv_call *call) {
    const float *scale = call->inputs[1].data, *mean = call->inputs[2].data, *inv_std = call->inputs[3].data;
    const float *bias = call->input_count > 5 ? call->inputs[5].data : NULL;
    float *dscale = call->outputs[1].data, *dbias = call->outputs[2].data;
    int64_t channels = channels_of(call);
    float *a = coefficients(call, call->shards * 2 * channels), *b = a + channels, *p = b + channels, *q = p + channels;
    job j = job_of(call);
    j.gradient = true;
    j.norm.dy = fv_stored_rows_of(&call->inputs[4]);
    j.norm.mean = mean, j.norm.a = a, j.norm.b = b, j.norm.p = p, j.norm.q = q;
    j.norm.streamed &= call->outputs[0].data != call->inputs[4].data;
    for (int64_t c = 0; c < channels; c++) fv_norm_scale(scale[c], bias ? bias[c] : 0, mean[c], inv_std[c], &a[c], &b[c]);
    const double *sum = sum_up(&j), n = (double)fv_count_all(call, j.rows);
    for (int64_t c = 0; c < channels; c++)
        fv_norm_gradient_sums(scale[c], inv_std[c], n, sum[c], sum[channels + c], &dscale[c], &dbias[c], &p[c], &q[c]);
    for_rows(&j);
}

/* ---- what the planner asks ---- */

static bool is_stored(const fv_tensor *tensor) { return tensor->type.dtype == FV_F32 || tensor->type.dtype == FV_BF16; }

/* Where there is no bf16 batch_norm_rows does it. */
static const char *refuse(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    if (!is_stored(x) || !is_stored(y)) return FV_REFUSE_DTYPE;
    return x->type.dtype == FV_BF16 || y->type.dtype == FV_BF16 ? NULL : FV_REFUSE_DTYPE;
}
static const char *refuse_gradient(const fv_call *call) {
    if (!is_stored(&call->inputs[4])) return FV_REFUSE_DTYPE;
    return call->inputs[4].type.dtype == FV_BF16 && is_stored(&call->inputs[0]) ? NULL : refuse(call);
}

static int64_t apply_scratch(const fv_call *call) { return 2 * channels_of(call) * (int64_t)sizeof(float); }
static int64_t scratch(const fv_call *call) {
    return channels_of(call) * (call->shards * 2 * (int64_t)sizeof(double) + 4 * (int64_t)sizeof(float));
}

/* x is read twice, y written; of the gradient x and dy are read twice; of batch_norm_apply x once. */
static double bytes_of(const fv_tensor *tensor) { return (double)fv_type_bytes(&tensor->type); }
static double cost(const fv_call *call) {
    return FV_COST_CALL + (2 * bytes_of(&call->inputs[0]) + bytes_of(&call->outputs[0])) / FV_COST_BYTES;
}
static double gradient_cost(const fv_call *call) { return cost(call) + 2 * bytes_of(&call->inputs[4]) / FV_COST_BYTES; }
static double apply_cost(const fv_call *call) {
    return FV_COST_CALL + (bytes_of(&call->inputs[0]) + bytes_of(&call->outputs[0])) / FV_COST_BYTES;
}

const fv_kernel fv_kernel_batch_norm_stored_bf16_avx2 = {
    .name = "batch_norm_stored_bf16_avx2",
    .op = "batch_norm",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
    .in_place = 1 << 0,
    .mixed = true,
};

const fv_kernel fv_kernel_batch_norm_apply_stored_bf16_avx2 = {
    .name = "batch_norm_apply_stored_bf16_avx2",
    .op = "batch_norm_apply",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = apply_cost,
    .scratch = apply_scratch,
    .run = run_apply,
    .in_place = 1 << 0,
    .mixed = true,
};

const fv_kernel fv_kernel_batch_norm_grad_stored_bf16_avx2 = {
    .name = "batch_norm_grad_stored_bf16_avx2",
    .op = "batch_norm_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_gradient,
    .cost = gradient_cost,
    .scratch = scratch,
    .run = run_gradient,
    .in_place = 1 << 0 | 1 << 4,
    .mixed = true,
};
