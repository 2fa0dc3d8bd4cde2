/* dropout.c - dropout (Srivastava et al., JMLR 15, 2014): in training a value is zero with probability `rate`, else divided by
 * 1 − rate; in evaluation nothing happens. The draw is a function of the feed "rng", i64[2] = (seed, step), the layer's full
 * name and the element, so it is the same on any number of threads and after a resume. */
#include <inttypes.h>

#include "core/base/random.h"
#include "core/graph/node.h" /* the scope, for the full name */
#include "layers/layer.h"

typedef struct dropout_options {
    double rate;
} dropout_options;

static const fv_field fields[] = {
    FV_FIELD(dropout_options, rate, .by_default = "0.5", .min = 0, .max = 1, .help = "probability of a zero"), FV_FIELDS_END
};

static fv_value key(fv_graph *graph) {
    fv_value there = fv_graph_find(graph, "rng");
    return fv_is_value(there) ? there : fv_graph_feed(graph, "rng", fv_type_of(FV_I64, 2));
}

static fv_value build(fv_graph *graph, const char *name, fv_value x, const void *raw) {
    const dropout_options *o = raw;
    FV_TEXT(full, 4096);
    fv_text_addf(&full, "%s%s", graph->scope ? graph->scope : "", name);
    fv_graph_fail(graph, fv_text_error(&full));
    uint32_t stream = fv_random_stream(full.at);
    fv_value rng = key(graph);
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, "dropout", FV_VALUES(x, rng), "rate=%.17g stream=%" PRIu32, o->rate, stream);
}

static const char *const cases[] = { "f32[3,5] rate=0.2 -> f32[3,5]", "f32[2,3,3,4] -> f32[2,3,3,4]", NULL };

const fv_layer fv_layer_dropout = {
    .name = "dropout",
    .summary = "zeros at random, in training only",
    .fields = fields,
    .build = build,
    .cases = cases,
};
