/* copy_strided_portable.c - the ops that only move elements, of any dtype: copy, concat, split, split_like, unslice, and pad's
 * gradient where it is a slice. */
#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/strided_copy.h"
#include "core/ops/concat.h"
#include "core/ops/elements.h"
#include "core/ops/pad.h"
#include "core/plan/kernel.h"

static void run_copy(const fv_call *call) { fv_strided_copy(&call->outputs[0], &call->inputs[0]); }

/* ---- along an axis ---- */

static int axis_of(const fv_tensor *x, int64_t axis) { return (int)(axis < 0 ? axis + x->type.rank : axis); }

static void run_concat(const fv_call *call) {
    const fv_tensor *y = &call->outputs[0];
    int axis = axis_of(y, ((const fv_concat_options *)call->options)->axis);
    for (int64_t i = 0, start = 0; i < call->input_count; start += call->inputs[i++].type.dims[axis]) {
        fv_tensor part = fv_elements_part(y, axis, start, call->inputs[i].type.dims[axis]);
        fv_strided_copy(&part, &call->inputs[i]);
    }
}

static void cut(const fv_call *call, int64_t along) {
    const fv_tensor *x = &call->inputs[0];
    int axis = axis_of(x, along);
    for (int64_t k = 0, start = 0; k < call->output_count; start += call->outputs[k++].type.dims[axis]) {
        fv_tensor part = fv_elements_part(x, axis, start, call->outputs[k].type.dims[axis]);
        fv_strided_copy(&call->outputs[k], &part);
    }
}

static void run_split(const fv_call *call) { cut(call, ((const fv_split_options *)call->options)->axis); }
static void run_split_like(const fv_call *call) { cut(call, ((const fv_concat_options *)call->options)->axis); }

/* ---- a part of a tensor ---- */

static void run_unslice(const fv_call *call) {
    static const char zero[8];
    const fv_tensor *dy = &call->inputs[0], *dx = &call->outputs[0];
    fv_tensor nothing = { .type = dx->type, .data = (void *)zero }, taken = { .type = dy->type };
    fv_strided_copy(dx, &nothing); /* strides of 0 */
    fv_op_find("slice")->view(call->options, dx, &taken);
    fv_strided_copy(&taken, dy);
}

static void run_pad_grad(const fv_call *call) {
    const fv_pad_options *o = call->options;
    fv_tensor inside = call->inputs[0];
    for (int d = 0; d < inside.type.rank; d++)
        inside = fv_elements_part(&inside, d, o->begin.at[d], call->outputs[0].type.dims[d]);
    fv_strided_copy(&call->outputs[0], &inside);
}

static const char *refuse_border(const fv_call *call) {
    return ((const fv_pad_options *)call->options)->mode == FV_PAD_CONSTANT ? NULL : FV_REFUSE_OPTIONS;
}

static double cost(const fv_call *call) { return fv_cost_loop(call); }

const fv_kernel fv_kernel_copy_strided_any_portable = {
    .name = "copy_strided_any_portable",
    .op = "copy",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run_copy,
    .strided = true,
};

const fv_kernel fv_kernel_concat_strided_any_portable = {
    .name = "concat_strided_any_portable",
    .op = "concat",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run_concat,
    .strided = true,
};

const fv_kernel fv_kernel_split_strided_any_portable = {
    .name = "split_strided_any_portable",
    .op = "split",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run_split,
    .strided = true,
};

const fv_kernel fv_kernel_split_like_strided_any_portable = {
    .name = "split_like_strided_any_portable",
    .op = "split_like",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run_split_like,
    .strided = true,
};

const fv_kernel fv_kernel_unslice_strided_any_portable = {
    .name = "unslice_strided_any_portable",
    .op = "unslice",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run_unslice,
    .strided = true,
};

const fv_kernel fv_kernel_pad_grad_strided_any_portable = {
    .name = "pad_grad_strided_any_portable",
    .op = "pad_grad",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse_border,
    .cost = cost,
    .run = run_pad_grad,
    .strided = true,
};
