/* pad_lines_portable.c - pad, any dtype. The last axes without a border are a block. A line is the axis in front of it, for one
 * index of the axes before: all border, or x's own line, copied at once, with the border's blocks at its ends. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/strided_copy.h"
#include "core/ops/pad.h"
#include "core/plan/kernel.h"

#define UNIT_BYTES ((int64_t)1 << 15)

typedef struct pad {
    const fv_pad_options *options;
    const int64_t *x, *y; /* dims */
    const char *from;
    char *to;
    int axis;                /* of the lines */
    int64_t size, block;     /* bytes of an element, of a block */
    int64_t lines, together; /* in all; in a unit */
    char value[8];           /* of a constant border, as an element */
} pad;

static void fill(const pad *t, char *to, int64_t blocks) {
    for (int64_t i = 0; i < blocks * t->block; i += t->size) memcpy(to + i, t->value, (size_t)t->size);
}

/* Which line of x is line `line` of y; −1: it is all border. */
static int64_t source_of(const pad *t, int64_t line) {
    int64_t source = 0, stride = 1;
    for (int d = t->axis - 1; d >= 0; line /= t->y[d--]) {
        int64_t at = fv_pad_source(t->options->mode, line % t->y[d], t->options->begin.at[d], t->x[d]);
        if (at < 0) return -1;
        source += at * stride;
        stride *= t->x[d];
    }
    return source;
}

/* Blocks first … end − 1 of a line, outside of x. */
static void pad_end(const pad *t, const char *from, char *to, int64_t first, int64_t end) {
    if (t->options->mode == FV_PAD_CONSTANT) {
        fill(t, to + first * t->block, end - first);
        return;
    }
    for (int64_t at = first; at < end; at++) {
        int64_t i = fv_pad_source(t->options->mode, at, t->options->begin.at[t->axis], t->x[t->axis]);
        memcpy(to + at * t->block, from + i * t->block, (size_t)t->block);
    }
}

static void run_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const pad *t = context;
    int64_t begin = t->options->begin.at[t->axis], length = t->x[t->axis], whole = t->y[t->axis];
    int64_t first = unit * t->together, end = fv_min(first + t->together, t->lines);
    for (int64_t line = first; line < end; line++) {
        int64_t source = source_of(t, line);
        char *to = t->to + line * whole * t->block;
        const char *from = t->from + source * length * t->block;
        if (source < 0) {
            fill(t, to, whole);
            continue;
        }
        memcpy(to + begin * t->block, from, (size_t)(length * t->block));
        pad_end(t, from, to, 0, begin);
        pad_end(t, from, to, begin + length, whole);
    }
}

static void run(const fv_call *call) {
    const fv_type *x = &call->inputs[0].type, *y = &call->outputs[0].type;
    pad t = { .options = call->options, .x = x->dims, .y = y->dims, .from = call->inputs[0].data, .to = call->outputs[0].data };
    t.size = t.block = fv_dtype_size(x->dtype);
    for (t.axis = x->rank - 1; t.axis >= 0 && x->dims[t.axis] == y->dims[t.axis]; t.axis--) t.block *= x->dims[t.axis];
    if (t.axis < 0) {
        fv_strided_copy(&call->outputs[0], &call->inputs[0]);
        return;
    }
    t.lines = 1;
    for (int d = 0; d < t.axis; d++) t.lines *= y->dims[d];
    t.together = fv_max(UNIT_BYTES / fv_max(y->dims[t.axis] * t.block, 1), 1);
    fv_tensor value = { .type.dtype = x->dtype, .data = t.value };
    fv_tensor_store(&value, 0, t.options->value);
    fv_parallel_for(fv_ceil_div(t.lines, t.together), run_unit, &t);
}

static double cost(const fv_call *call) { return fv_cost_loop(call); }

const fv_kernel fv_kernel_pad_lines_any_portable = {
    .name = "pad_lines_any_portable",
    .op = "pad",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run,
};
