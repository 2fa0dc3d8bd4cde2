/* shared: gather.c - the integers behind a convolution as a matrix product (gather.h). */
#include "core/cpu/gather.h"

fv_gather fv_gather_forward(const fv_conv2d_options *options, const fv_type *x, const fv_type *w, const fv_type *y,
                            const void *data, int64_t group) {
    fv_gather g = { .height = x->dims[1], .width = x->dims[2], .pixel = x->dims[3], .channels = w->dims[3] };
    g.from = data ? (const char *)data + group * g.channels * fv_dtype_size(x->dtype) : NULL;
    for (int axis = 0; axis < 2; axis++) {
        g.grid[axis] = y->dims[1 + axis];
        g.step[axis] = options->stride[axis];
        g.taps[axis] = w->dims[1 + axis];
        g.offset[axis] = -options->padding[axis];
        g.tap_step[axis] = options->dilation[axis];
    }
    return g;
}

static int64_t common_divisor(int64_t a, int64_t b) { return b ? common_divisor(b, a % b) : a; }

/* One axis: its sizes, and the taps that pixels with one origin meet. */
typedef struct axis {
    int64_t stride, dilation, padding, size, taps, back;
} axis;

static axis axis_of(const fv_conv2d_options *o, const fv_type *dx, const fv_type *w, int number) {
    axis a = { o->stride[number], o->dilation[number], o->padding[number], dx->dims[1 + number], w->dims[1 + number], 0 };
    a.back = a.stride / common_divisor(a.stride, a.dilation);
    return a;
}

/* Input row h and output row o meet at tap r when h + padding = o · stride + r · dilation. −1: at none. */
static int64_t last_tap(const axis *a, int64_t origin) {
    for (int64_t r = a->taps - 1; r >= 0 && r >= a->taps - a->back; r--)
        if ((origin + a->padding - r * a->dilation) % a->stride == 0) return r;
    return -1;
}

static int64_t tap_count(const axis *a, int64_t origin) {
    int64_t last = last_tap(a, origin);
    return last < 0 ? 0 : last / a->back + 1;
}

static int64_t taps_below(const axis *a, int64_t origin) {
    int64_t sum = 0;
    for (int64_t o = 0; o < origin; o++) sum += tap_count(a, o);
    return sum;
}

static int64_t class_count(const axis *a) { return fv_min(a->stride, a->size); }

int64_t fv_gather_classes(const fv_conv2d_options *options, const fv_type *dx) {
    return fv_min(options->stride[0], dx->dims[1]) * fv_min(options->stride[1], dx->dims[2]);
}

static void class_axis(fv_gather_class *c, const axis *a, int number, int64_t origin) {
    int64_t last = last_tap(a, origin);
    c->origin[number] = origin;
    c->tap_first[number] = last;
    c->tap_back[number] = a->back;
    c->gather.grid[number] = fv_ceil_div(a->size - origin, a->stride);
    c->gather.step[number] = 1;
    c->gather.taps[number] = tap_count(a, origin);
    c->gather.offset[number] = last < 0 ? 0 : (origin + a->padding - last * a->dilation) / a->stride;
    c->gather.tap_step[number] = a->back * a->dilation / a->stride;
}

fv_gather_class fv_gather_gradient(const fv_conv2d_options *options, const fv_type *dx, const fv_type *w, const fv_type *dy,
                                   const void *data, int64_t group, int64_t class) {
    axis down = axis_of(options, dx, w, 0), across = axis_of(options, dx, w, 1);
    int64_t a = class / class_count(&across), b = class % class_count(&across);
    fv_gather_class c = { .gather = { .height = dy->dims[1], .width = dy->dims[2], .pixel = dy->dims[3] } };
    c.gather.channels = w->dims[0] / options->groups;
    c.gather.from = data ? (const char *)data + group * c.gather.channels * fv_dtype_size(dy->dtype) : NULL;
    class_axis(&c, &down, 0, a);
    class_axis(&c, &across, 1, b);
    c.taps_before =
        taps_below(&down, a) * taps_below(&across, class_count(&across)) + tap_count(&down, a) * taps_below(&across, b);
    return c;
}
