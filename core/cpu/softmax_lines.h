/* softmax_lines.h - softmax and log_softmax, compiled once for each instruction set, f32. x is seen as [lines][length][step],
 * the axis in the middle. A unit is a line where the axis is the last one (step 1), else some columns of a line's `step`, which
 * lie side by side in the lanes. What a line adds up to is f64. */
#ifndef FV_CPU_SOFTMAX_LINES_H
#define FV_CPU_SOFTMAX_LINES_H

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/transcendental.h"
#include "core/ops/softmax.h"
#include "core/plan/kernel.h"

#define LANES 16    /* of a line */
#define COLUMNS 256 /* of a unit */
#define SMALL 4096  /* elements that one thread has done sooner than the team is awake */

typedef struct softmax {
    const float *x;
    float *y;
    int64_t length, step;
    bool logarithm;
} softmax;

/* ---- the last axis ---- */

/* NaN is passed over: it comes back in the sum. */
static float largest(const float *x, int64_t count) {
    float lane[LANES], most = -INFINITY;
    int64_t i = 0;
    for (int l = 0; l < LANES; l++) lane[l] = -INFINITY;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
    for (; i < count; i++) most = x[i] > most ? x[i] : most;
    for (int l = 0; l < LANES; l++) most = lane[l] > most ? lane[l] : most;
    return most;
}

static double sum_of(const float *x, int64_t count) {
    double lane[LANES] = { 0 }, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += x[i + l];
    for (; i < count; i++) sum += x[i];
    for (int l = 0; l < LANES; l++) sum += lane[l];
    return sum;
}

/* y may be x. The exponentials of a logarithm's line go through a buffer: only their sum is wanted. */
static void run_line(void *context, int64_t unit, int thread) {
    (void)thread;
    const softmax *t = context;
    const float *x = t->x + unit * t->length;
    float *y = t->y + unit * t->length, most = largest(x, t->length), powers[COLUMNS];
    double sum = 0;
    if (!t->logarithm) {
        for (int64_t i = 0; i < t->length; i++) y[i] = fv_exp_f32(x[i] - most);
        float share = (float)(1 / sum_of(y, t->length));
        for (int64_t i = 0; i < t->length; i++) y[i] *= share;
        return;
    }
    for (int64_t begin = 0; begin < t->length; begin += COLUMNS) {
        int64_t count = fv_min(COLUMNS, t->length - begin);
        for (int64_t i = 0; i < count; i++) powers[i] = fv_exp_f32(x[begin + i] - most);
        sum += sum_of(powers, count);
    }
    float logarithm = (float)log(sum);
    for (int64_t i = 0; i < t->length; i++) y[i] = x[i] - most - logarithm;
}

/* ---- an axis in the middle ---- */

static void run_columns(void *context, int64_t unit, int thread) {
    (void)thread;
    const softmax *t = context;
    int64_t chunks = fv_ceil_div(t->step, COLUMNS), first = unit % chunks * COLUMNS, count = fv_min(COLUMNS, t->step - first);
    int64_t begin = unit / chunks * t->length * t->step + first;
    const float *x = t->x + begin;
    float *y = t->y + begin, most[COLUMNS], last[COLUMNS];
    double sum[COLUMNS] = { 0 };
    for (int64_t c = 0; c < count; c++) most[c] = -INFINITY;
    for (int64_t i = 0; i < t->length; i++)
        for (int64_t c = 0; c < count; c++) most[c] = x[i * t->step + c] > most[c] ? x[i * t->step + c] : most[c];
    for (int64_t i = 0; i < t->length; i++)
        for (int64_t c = 0; c < count; c++) sum[c] += fv_exp_f32(x[i * t->step + c] - most[c]);
    for (int64_t c = 0; c < count; c++) last[c] = (float)(t->logarithm ? log(sum[c]) : 1 / sum[c]);
    for (int64_t i = 0; i < t->length; i++)
        for (int64_t c = 0; c < count; c++) {
            float shifted = x[i * t->step + c] - most[c];
            y[i * t->step + c] = t->logarithm ? shifted - last[c] : fv_exp_f32(shifted) * last[c];
        }
}

/* ---- the ops ---- */

static void run_on(const fv_call *call, bool logarithm) {
    const fv_softmax_options *o = call->options;
    const fv_type *x = &call->inputs[0].type;
    int axis = (int)(o->axis < 0 ? o->axis + x->rank : o->axis);
    softmax t = { call->inputs[0].data, call->outputs[0].data, x->dims[axis], 1, logarithm };
    int64_t count = fv_type_count(x);
    for (int d = axis + 1; d < x->rank; d++) t.step *= x->dims[d];
    if (count == 0) return;
    (count > SMALL ? fv_parallel_for : fv_serial_for)(count / t.length / t.step * fv_ceil_div(t.step, COLUMNS),
                                                      t.step == 1 ? run_line : run_columns, &t);
}

static void run(const fv_call *call) { run_on(call, false); }
static void run_logarithm(const fv_call *call) { run_on(call, true); }
static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }
static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
