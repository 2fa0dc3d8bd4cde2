/* norm_residual_rows.h - the loops of norm_residual_*.c, compiled once for each instruction set: rows of channels, f32, one
 * pass over memory. The norms' numbers and bits are those of batch_norm_rows.h, then comes one addition. */
#ifndef FV_CPU_NORM_RESIDUAL_ROWS_H
#define FV_CPU_NORM_RESIDUAL_ROWS_H

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/norm_lanes.h"
#include "core/cpu/norm_rows.h"
#include "core/ops/norm_residual.h"
#include "core/plan/kernel.h"

#define UNIT_BYTES ((int64_t)1 << 16) /* of x */

typedef struct job {
    const float *x, *other;
    float *y;
    int64_t rows, channels, unit;           /* unit: rows of one */
    const float *a, *b, *other_a, *other_b; /* one a channel; the last two NULL: the residual is added as it is */
    int activation;
    bool stream; /* y goes past the caches */
} job;

INLINE void add_some(const job *j, int activation, bool normed, bool whole, bool past, int64_t at, int64_t c, int64_t count) {
    lanes value = load_some(whole, j->x + at, count) * load_some(whole, j->a + c, count) + load_some(whole, j->b + c, count);
    lanes other = load_some(whole, j->other + at, count);
    if (normed) other = other * load_some(whole, j->other_a + c, count) + load_some(whole, j->other_b + c, count);
    value = activate_lanes(activation, value + other);
    if (past)
        stream(j->y + at, value);
    else
        store_some(whole, j->y + at, value, count);
}

INLINE void add_rows(const job *j, int activation, bool normed, bool past, int64_t first, int64_t rows) {
    for (int64_t row = first, c; row < first + rows; row++) {
        int64_t at = row * j->channels;
        for (c = 0; c + LANES <= j->channels; c += LANES) {
            __builtin_prefetch(j->x + at + c + NORM_AHEAD);
            __builtin_prefetch(j->other + at + c + NORM_AHEAD);
            add_some(j, activation, normed, true, past, at + c, c, LANES);
        }
        if (c < j->channels) add_some(j, activation, normed, false, false, at + c, c, j->channels - c);
    }
}

INLINE void add_any(const job *j, int activation, int64_t first, int64_t rows) {
    if (j->stream)
        j->other_a ? add_rows(j, activation, true, true, first, rows) : add_rows(j, activation, false, true, first, rows);
    else
        j->other_a ? add_rows(j, activation, true, false, first, rows) : add_rows(j, activation, false, false, first, rows);
    if (j->stream) stream_end();
}

static void run_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *j = context;
    int64_t first = unit * j->unit, rows = fv_min(j->unit, j->rows - first);
    if (j->activation == FV_NORM_RELU)
        add_any(j, FV_NORM_RELU, first, rows);
    else if (j->activation == FV_NORM_RELU6)
        add_any(j, FV_NORM_RELU6, first, rows);
    else
        add_any(j, FV_NORM_PLAIN, first, rows);
}

/* a and b, into the two halves of `to`, from the four inputs that begin at `norm`. */
static void set_norm(const fv_call *call, int norm, int64_t channels, float *to) {
    const fv_tensor *in = call->inputs + norm;
    fv_norm_of(in[0].data, in[1].data, in[2].data, in[3].data, channels, FV_NORM_PLAIN, to);
}

static void run(const fv_call *call) {
    const fv_type *type = &call->inputs[FV_NORM_RESIDUAL_X].type;
    int64_t channels = type->dims[type->rank - 1], rows = fv_type_count(type) / channels;
    float *of_x = call->scratch, *of_other = of_x + 2 * channels;
    job j = { .x = call->inputs[FV_NORM_RESIDUAL_X].data,
              .other = call->inputs[FV_NORM_RESIDUAL_OTHER].data,
              .y = call->outputs[0].data,
              .rows = rows,
              .channels = channels,
              .unit = fv_max(UNIT_BYTES / (channels * (int64_t)sizeof(float)), 1),
              .a = of_x,
              .b = of_x + channels,
              .activation = ((const fv_batch_norm_options *)call->options)->activation };
    set_norm(call, FV_NORM_RESIDUAL_SCALE, channels, of_x);
    if (call->input_count == FV_NORM_RESIDUAL_INPUTS) {
        set_norm(call, FV_NORM_RESIDUAL_OTHER_SCALE, channels, of_other);
        j.other_a = of_other;
        j.other_b = of_other + channels;
    }
    /* Too much to be in a cache when it is read, in whole cache lines, of memory that is not read. */
    j.stream =
        fv_type_bytes(type) >= FV_COST_CACHES && channels % 16 == 0 && (uintptr_t)j.y % 64 == 0 && j.y != j.x && j.y != j.other;
    fv_parallel_for(fv_ceil_div(rows, j.unit), run_unit, &j);
}

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

static double cost(const fv_call *call) {
    return FV_COST_CALL + 3 * (double)fv_type_bytes(&call->inputs[0].type) / FV_COST_BYTES;
}

static int64_t scratch(const fv_call *call) {
    const fv_type *x = &call->inputs[FV_NORM_RESIDUAL_X].type;
    return 4 * x->dims[x->rank - 1] * (int64_t)sizeof(float);
}

#endif
