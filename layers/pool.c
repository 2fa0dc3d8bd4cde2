/* pool.c - pooling layers over NHWC pictures; none has parameters. */
#include "layers/layer.h"

typedef struct pool_options {
    int64_t window[2], stride[2], padding[4];
    bool ceil, count_padding;
} pool_options;

#define WINDOW_FIELDS                                                                                                          \
    FV_FIELD(pool_options, window, .required = true, .min = 1, .help = "height and width of the window"),                      \
        FV_FIELD(pool_options, stride, .min = 0, .max = INFINITY, .by_default = "0",                                           \
                 .help = "step between windows; 0: the window"),                                                               \
        FV_FIELD(pool_options, padding, .min = 0, .max = INFINITY, .by_default = "0",                                          \
                 .help = "border at top, left, bottom, right"),                                                                \
        FV_FIELD(pool_options, ceil, .by_default = "false", .help = "whether a last window that sticks out counts")

static const fv_field max_fields[] = { WINDOW_FIELDS, FV_FIELDS_END };
static const fv_field avg_fields[] = {
    WINDOW_FIELDS, FV_FIELD(pool_options, count_padding, .by_default = "true", .help = "whether the border counts in the mean"),
    FV_FIELDS_END
};

static fv_value windowed(fv_graph *graph, const char *name, fv_value x, const pool_options *o, const char *op,
                         const char *more) {
    if (!fv_layer_takes(graph, name, x, 4)) return FV_NO_VALUE;
    int64_t stride[2];
    for (int d = 0; d < 2; d++) stride[d] = o->stride[d] ? o->stride[d] : o->window[d];
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, op, FV_VALUES(x), "window=%lld,%lld stride=%lld,%lld padding=%lld,%lld,%lld,%lld ceil=%s%s",
                    (long long)o->window[0], (long long)o->window[1], (long long)stride[0], (long long)stride[1],
                    (long long)o->padding[0], (long long)o->padding[1], (long long)o->padding[2], (long long)o->padding[3],
                    o->ceil ? "true" : "false", more);
}

static fv_value build_max(fv_graph *graph, const char *name, fv_value x, const void *options) {
    return windowed(graph, name, x, options, "max_pool2d", "");
}

static fv_value build_avg(fv_graph *graph, const char *name, fv_value x, const void *options) {
    const pool_options *o = options;
    return windowed(graph, name, x, o, "avg_pool2d", o->count_padding ? " count_padding=true" : " count_padding=false");
}

/* Pooled to one number a channel, as rows [batch, channels]. */
static fv_value build_global(fv_graph *graph, const char *name, fv_value x, const void *options) {
    (void)options;
    if (!fv_layer_takes(graph, name, x, 4)) return FV_NO_VALUE;
    fv_value pooled = fv_apply(graph, "global_avg_pool2d", FV_VALUES(x), NULL);
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, "reshape", FV_VALUES(pooled), "dims=0,-1");
}

static const char *const max_cases[] = { "f32[2,7,5,3] window=3 stride=2 padding=1 -> f32[2,4,3,3]",
                                         "f32[1,5,5,2] window=2 ceil=true -> f32[1,3,3,2]", NULL };
static const char *const avg_cases[] = { "f32[2,6,4,3] window=2 -> f32[2,3,2,3]",
                                         "f32[1,5,5,1] window=3 stride=1 padding=1 count_padding=false -> f32[1,5,5,1]", NULL };
static const char *const global_cases[] = { "f32[2,3,5,4] -> f32[2,4]", NULL };

const fv_layer fv_layer_max_pool = {
    .name = "max_pool",
    .summary = "largest value of each window",
    .fields = max_fields,
    .build = build_max,
    .cases = max_cases,
};
const fv_layer fv_layer_avg_pool = {
    .name = "avg_pool",
    .summary = "mean of each window",
    .fields = avg_fields,
    .build = build_avg,
    .cases = avg_cases,
};
const fv_layer fv_layer_global_avg_pool = {
    .name = "global_avg_pool",
    .summary = "mean of each channel, as rows",
    .build = build_global,
    .cases = global_cases,
};
