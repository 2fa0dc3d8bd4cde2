/* conv2d_blas_portable.c - convolution and both gradients, f32, as matrix products by OpenBLAS: any stride, padding, dilation,
 * groups; for CPUs that no kernel of our own is written for.
 *
 * A unit gathers some pixels of one picture (gather.h) and multiplies. How a picture is cut depends on its shape alone, so its
 * bits do not depend on its batch. The gradient with respect to the weights has a partial for each shard of the batch. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/comm/shards.h"
#include "core/cpu/blas.h"
#include "core/cpu/cost.h"
#include "core/cpu/gather.h"
#include "core/plan/kernel.h"

#define GATHERED_FLOATS 65536 /* what a unit gathers at a time: 256 KB */
#define PIXELS_MIN 8
#define PIXELS_MAX 256

static int64_t groups_of(const fv_call *call) { return ((const fv_conv2d_options *)call->options)->groups; }
static int64_t pixels_of(const fv_gather *g) { return g->grid[0] * g->grid[1]; }

/* Pixels of a block. */
static int64_t block_of(const fv_gather *g) {
    int64_t fit = GATHERED_FLOATS / fv_max(fv_gather_depth(g), 1);
    return fv_max(fv_min(fv_min(fv_max(fit, PIXELS_MIN), PIXELS_MAX), pixels_of(g)), 1);
}

/* What a block of the deepest gather of this depth may take. */
static int64_t gathered_floats(int64_t depth) { return fv_max(GATHERED_FLOATS, PIXELS_MIN * depth); }

static void copy(void *to, const void *from, int64_t count) { memcpy(to, from, (size_t)count * sizeof(float)); }
static void zero(void *to, int64_t count) { memset(to, 0, (size_t)count * sizeof(float)); }

/* Rows [first, first + count): where they are gathered to, or where they lie when they are the pixels as they are. */
static const float *gather(const fv_gather *g, int64_t first, int64_t count, float *to, int64_t *row) {
    bool as_it_is = g->taps[0] * g->taps[1] == 1 && g->step[0] * g->step[1] == 1 && g->offset[0] == 0 && g->offset[1] == 0 &&
                    g->grid[0] == g->height && g->grid[1] == g->width;
    if (as_it_is) {
        *row = g->pixel;
        return (const float *)g->from + first * g->pixel;
    }
    *row = fv_gather_depth(g);
    fv_gather_rows(g, sizeof(float), copy, zero, first, count, 0, *row, *row, (char *)to);
    return to;
}

static const char *refuse(const fv_call *call) {
    return call->inputs[0].type.dtype == FV_F32 ? fv_blas_refuse() : FV_REFUSE_DTYPE;
}

static int64_t filter_floats(const fv_type *w) { return w->dims[1] * w->dims[2] * w->dims[3]; }

/* ---- forward ---- */

/* Bias and activation of a pixel's channels. */
static void finish(const fv_conv2d_options *o, const float *bias, int64_t channels, float *y) {
    float low = fv_conv2d_low(o), high = fv_conv2d_high(o);
    for (int64_t k = 0; k < channels && bias; k++) y[k] += bias[k];
    for (int64_t k = 0; k < channels && o->activation != FV_CONV2D_PLAIN; k++)
        y[k] = y[k] < low ? low : y[k] > high ? high : y[k];
}

static void forward_unit(void *context, int64_t unit, int thread) {
    const fv_call *call = context;
    const fv_type *x = &call->inputs[0].type, *w = &call->inputs[1].type, *y = &call->outputs[0].type;
    fv_gather g = fv_gather_forward(call->options, x, w, y, call->inputs[0].data, unit % groups_of(call));
    int64_t depth = fv_gather_depth(&g), block = block_of(&g), blocks = fv_ceil_div(pixels_of(&g), block);
    int64_t group = unit % groups_of(call), part = unit / groups_of(call), columns = w->dims[0] / groups_of(call);
    int64_t first = part % blocks * block, count = fv_min(block, pixels_of(&g) - first), row;
    first += part / blocks * pixels_of(&g);
    float *own = (float *)call->scratch + thread * gathered_floats(depth);
    const float *a = gather(&g, first, count, own, &row);
    float *to = (float *)call->outputs[0].data + first * y->dims[3] + group * columns;
    fv_blas_multiply(&(fv_blas_product){ .rows = count,
                                         .columns = columns,
                                         .depth = depth,
                                         .a = a,
                                         .a_row = row,
                                         .b = (const float *)call->inputs[1].data + group * columns * depth,
                                         .b_row = depth,
                                         .transpose_b = true,
                                         .c = to,
                                         .c_row = y->dims[3] });
    const float *bias = call->input_count > 2 ? (const float *)call->inputs[2].data + group * columns : NULL;
    for (int64_t i = 0; i < count; i++, to += y->dims[3]) finish(call->options, bias, columns, to);
}

static void run(const fv_call *call) {
    fv_gather g =
        fv_gather_forward(call->options, &call->inputs[0].type, &call->inputs[1].type, &call->outputs[0].type, NULL, 0);
    int64_t blocks = fv_ceil_div(pixels_of(&g), block_of(&g));
    fv_parallel_for(groups_of(call) * blocks * call->inputs[0].type.dims[0], forward_unit, (void *)call);
}

static int64_t scratch(const fv_call *call) {
    return call->threads * gathered_floats(filter_floats(&call->inputs[1].type)) * (int64_t)sizeof(float);
}

static double cost(const fv_call *call) {
    const fv_type *w = &call->inputs[1].type, *y = &call->outputs[0].type;
    return fv_cost_gemm((double)(y->dims[0] * y->dims[1] * y->dims[2]), (double)(w->dims[0] / groups_of(call)),
                        (double)filter_floats(w), (double)groups_of(call), FV_COST_BLAS_FLOPS);
}

/* ---- gradient with respect to the input: class by class (gather.h), weights packed as depth × channels ---- */

static fv_gather_class class_of(const fv_call *call, int64_t group, int64_t class) {
    return fv_gather_gradient(call->options, &call->outputs[0].type, &call->inputs[1].type, &call->inputs[0].type,
                              call->inputs[0].data, group, class);
}

static float *packed_of(const fv_call *call, int64_t group, const fv_gather_class *c) {
    const fv_type *w = &call->inputs[1].type;
    int64_t group_floats = fv_type_count(w) / groups_of(call);
    return (float *)call->packed + group * group_floats + c->taps_before * c->gather.channels * w->dims[3];
}

static int64_t packed(const fv_call *call) { return fv_type_bytes(&call->inputs[1].type); }

static void pack(const fv_call *call) {
    const int64_t *w = call->inputs[1].type.dims, filter = filter_floats(&call->inputs[1].type);
    int64_t classes = fv_gather_classes(call->options, &call->outputs[0].type);
    for (int64_t group = 0; group < groups_of(call); group++)
        for (int64_t class = 0; class < classes; class ++) {
            fv_gather_class c = class_of(call, group, class);
            float *to = packed_of(call, group, &c);
            const float *from = (const float *)call->inputs[1].data + group * c.gather.channels * filter;
            for (int64_t t = 0; t < c.gather.taps[0]; t++)
                for (int64_t u = 0; u < c.gather.taps[1]; u++)
                    for (int64_t k = 0; k < c.gather.channels; k++, to += w[3]) {
                        int64_t r = c.tap_first[0] - t * c.tap_back[0], s = c.tap_first[1] - u * c.tap_back[1];
                        copy(to, from + k * filter + (r * w[2] + s) * w[3], w[3]);
                    }
        }
}

/* Pixels and blocks of the first class, which has the most. */
static int64_t input_blocks(const fv_call *call, int64_t *block) {
    fv_gather_class c = class_of(call, 0, 0);
    *block = PIXELS_MIN;
    for (int64_t class = 0; class < fv_gather_classes(call->options, &call->outputs[0].type); class ++) {
        fv_gather_class each = class_of(call, 0, class);
        *block = class == 0 ? block_of(&each.gather) : fv_min(*block, block_of(&each.gather));
    }
    return fv_ceil_div(pixels_of(&c.gather), *block);
}

static int64_t input_floats(const fv_call *call) { /* of a thread's scratch: gathered rows, and the result's */
    const int64_t *w = call->inputs[1].type.dims;
    return gathered_floats(w[0] / groups_of(call) * w[1] * w[2]) + PIXELS_MAX * w[3];
}

static void input_unit(void *context, int64_t unit, int thread) {
    const fv_call *call = context;
    const fv_conv2d_options *o = call->options;
    const int64_t *w = call->inputs[1].type.dims, *dx = call->outputs[0].type.dims;
    int64_t block, blocks = input_blocks(call, &block), group = unit % o->groups, part = unit / o->groups;
    int64_t picture = part / blocks % dx[0], class = part / blocks / dx[0], row;
    fv_gather_class c = class_of(call, group, class);
    int64_t first = part % blocks * block, count = fv_min(block, pixels_of(&c.gather) - first);
    if (count <= 0) return;
    float *own = (float *)call->scratch + thread * input_floats(call), *result = own + input_floats(call) - PIXELS_MAX * w[3];
    const float *a = gather(&c.gather, picture * pixels_of(&c.gather) + first, count, own, &row);
    if (fv_gather_depth(&c.gather) == 0) zero(result, count * w[3]);
    fv_blas_multiply(&(fv_blas_product){ .rows = fv_gather_depth(&c.gather) ? count : 0,
                                         .columns = w[3],
                                         .depth = fv_gather_depth(&c.gather),
                                         .a = a,
                                         .a_row = row,
                                         .b = packed_of(call, group, &c),
                                         .b_row = w[3],
                                         .c = result,
                                         .c_row = w[3] });
    for (int64_t i = first; i < first + count; i++, result += w[3]) {
        int64_t h = i / c.gather.grid[1] * o->stride[0] + c.origin[0], v = i % c.gather.grid[1] * o->stride[1] + c.origin[1];
        copy((float *)call->outputs[0].data + ((picture * dx[1] + h) * dx[2] + v) * dx[3] + group * w[3], result, w[3]);
    }
}

static void run_input(const fv_call *call) {
    int64_t block, blocks = input_blocks(call, &block), classes = fv_gather_classes(call->options, &call->outputs[0].type);
    fv_parallel_for(groups_of(call) * blocks * call->outputs[0].type.dims[0] * classes, input_unit, (void *)call);
}

static int64_t input_scratch(const fv_call *call) { return call->threads * input_floats(call) * (int64_t)sizeof(float); }

static double input_cost(const fv_call *call) {
    const fv_type *dy = &call->inputs[0].type, *w = &call->inputs[1].type;
    return fv_cost_gemm((double)(dy->dims[0] * dy->dims[1] * dy->dims[2]), (double)w->dims[3],
                        (double)(w->dims[0] / groups_of(call) * w->dims[1] * w->dims[2]), (double)groups_of(call),
                        FV_COST_BLAS_FLOPS);
}

/* ---- gradient with respect to the weights ---- */

static int64_t partials_floats(const fv_call *call) { return call->shards * fv_type_count(&call->outputs[0].type); }

/* One group of one shard's partial gradient: dyᵀ · gathered x, a block of pixels after another. */
static void weights_unit(void *context, int64_t unit, int thread) {
    const fv_call *call = context;
    const fv_type *x = &call->inputs[0].type, *dy = &call->inputs[1].type, *dw = &call->outputs[0].type;
    int64_t here = fv_shards_here(call), shard = fv_shards_first(call) + unit % here, group = unit / here;
    int64_t rows = dw->dims[0] / groups_of(call);
    fv_gather g = fv_gather_forward(call->options, x, dw, dy, call->inputs[0].data, group);
    int64_t depth = fv_gather_depth(&g), pixels = pixels_of(&g), block = block_of(&g);
    int64_t begin = fv_shard_row(call, dy->dims[0], shard) * pixels, end = fv_shard_row(call, dy->dims[0], shard + 1) * pixels;
    float *to = (float *)call->scratch + shard * fv_type_count(dw) + group * rows * depth;
    float *own = (float *)call->scratch + partials_floats(call) + thread * gathered_floats(depth);
    if (begin == end) zero(to, rows * depth);
    for (int64_t first = begin, count; first < end; first += count) {
        int64_t row;
        count = fv_min(block, end - first);
        const float *b = gather(&g, first, count, own, &row);
        fv_blas_multiply(&(fv_blas_product){ .rows = rows,
                                             .columns = depth,
                                             .depth = count,
                                             .a = (const float *)call->inputs[1].data + first * dy->dims[3] + group * rows,
                                             .a_row = dy->dims[3],
                                             .transpose_a = true,
                                             .b = b,
                                             .b_row = row,
                                             .c = to,
                                             .c_row = depth,
                                             .add = first > begin });
    }
}

static void run_weights(const fv_call *call) {
    int64_t count = fv_type_count(&call->outputs[0].type);
    fv_parallel_for(groups_of(call) * fv_shards_here(call), weights_unit, (void *)call);
    fv_shards_join_f32(call, call->scratch, count, count);
    copy(call->outputs[0].data, call->scratch, count);
}

static int64_t weights_scratch(const fv_call *call) {
    int64_t own = call->threads * gathered_floats(filter_floats(&call->outputs[0].type));
    return (partials_floats(call) + own) * (int64_t)sizeof(float);
}

static double weights_cost(const fv_call *call) {
    const fv_type *dy = &call->inputs[1].type, *dw = &call->outputs[0].type;
    return fv_cost_gemm((double)(dw->dims[0] / groups_of(call)), (double)filter_floats(dw),
                        (double)(dy->dims[0] * dy->dims[1] * dy->dims[2]), (double)groups_of(call), FV_COST_BLAS_FLOPS);
}

const fv_kernel fv_kernel_conv2d_blas_f32_portable = {
    .name = "conv2d_blas_f32_portable",
    .op = "conv2d",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};

const fv_kernel fv_kernel_conv2d_grad_input_blas_f32_portable = {
    .name = "conv2d_grad_input_blas_f32_portable",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = input_cost,
    .scratch = input_scratch,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run_input,
};

const fv_kernel fv_kernel_conv2d_grad_weights_blas_f32_portable = {
    .name = "conv2d_grad_weights_blas_f32_portable",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = weights_cost,
    .scratch = weights_scratch,
    .run = run_weights,
};
