/* shared: attribution.c - see attribution.h. */
#include "predict/explain/attribution.h"

#include <math.h>
#include <string.h>

#include "core/graph/node.h"
#include "core/plan/plan.h"

/* The network as it answers, so that norms and dropout are what they are in evaluation. */
static fv_error *open_graph(const fv_predictor *predictor, int64_t batch, fv_attribution *a) {
    fv_plan_options options = { .mode = FV_EVALUATION };
    FV_TRY(fv_graph_with_batch(fv_model_graph(fv_predictor_model(predictor)), batch, &a->graph));
    FV_TRY(fv_pass_evaluation(a->graph, &options));
    return fv_graph_sort(a->graph);
}

static fv_error *differentiate(fv_attribution *a, const fv_signature_section *s, fv_value by) {
    fv_value logits = fv_graph_find_output(a->graph, s->output), gradient;
    fv_value pick = fv_graph_input(a->graph, "pick", fv_type_of(FV_F32, a->batch, s->classes));
    fv_value picked = fv_apply(a->graph, "mul", FV_VALUES(logits, pick), NULL);
    fv_graph_gradients(a->graph, fv_apply(a->graph, "sum", FV_VALUES(picked), NULL), &by, 1, &gradient);
    FV_TRY(fv_graph_error(a->graph));
    if (!fv_is_value(gradient)) return fv_fail(FV_UNSUPPORTED, "the answer does not depend on %s", fv_value_name(a->graph, by));
    a->graph->output_count = 0;
    fv_graph_output(a->graph, "value", by);
    fv_graph_output(a->graph, "gradient", gradient);
    return fv_graph_error(a->graph);
}

static fv_error *plan(fv_attribution *a, const fv_predictor *predictor, const fv_signature_section *s) {
    fv_weights *weights = fv_model_weights(fv_predictor_model(predictor));
    FV_TRY(fv_plan_new(a->graph, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &a->plan));
    a->input = fv_plan_feed(a->plan, s->input);
    a->pick = fv_plan_feed(a->plan, "pick");
    a->outputs = s->classes;
    return a->input && a->pick ? NULL : fv_fail(FV_UNSUPPORTED, "the gradient does not depend on the picture");
}

/* The nearest value of four dimensions that leads to "features". */
static fv_value find_maps(const fv_graph *graph) {
    fv_value v = fv_graph_find(graph, "features");
    while (fv_is_value(v)) {
        const fv_node *node = fv_node_of(graph, v);
        const fv_type *type = fv_value_type(graph, v);
        if (type->rank == 4 && type->dims[1] * type->dims[2] > 1) return v;
        v = node->input_count ? node->inputs[0] : FV_NO_VALUE;
    }
    return v;
}

static fv_error *open(const fv_predictor *predictor, int64_t batch, bool of_input, fv_attribution *a) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_signature_section s;
    a->batch = batch;
    FV_TRY(fv_arena_new("a signature", 1 << 16, &arena));
    FV_TRY(fv_section_read(fv_predictor_model(predictor), &fv_section_signature, &s, arena));
    FV_TRY(open_graph(predictor, batch, a));
    fv_value by = of_input ? fv_graph_find(a->graph, s.input) : find_maps(a->graph);
    if (!fv_is_value(by))
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "the network has no maps of features in front of \"features\""),
                             "occlusion and integrated_gradients need none");
    FV_TRY(differentiate(a, &s, by));
    return plan(a, predictor, &s);
}

static fv_error *open_or_release(const fv_predictor *predictor, int64_t batch, bool of_input, fv_attribution *out) {
    *out = (fv_attribution){ 0 };
    fv_error *error = open(predictor, batch, of_input, out);
    if (error) fv_attribution_release(out);
    return error;
}

fv_error *fv_attribution_of_input(const fv_predictor *predictor, int64_t batch, fv_attribution *out) {
    return open_or_release(predictor, batch, true, out);
}

fv_error *fv_attribution_of_features(const fv_predictor *predictor, int64_t batch, fv_attribution *out) {
    return open_or_release(predictor, batch, false, out);
}

fv_error *fv_attribution_run(fv_attribution *a, int64_t output) {
    for (int64_t i = 0; i < a->batch * a->outputs; i++) fv_tensor_store(a->pick, i, i % a->outputs == output);
    return fv_plan_run(a->plan);
}

const fv_tensor *fv_attribution_value(const fv_attribution *a) { return fv_plan_result(a->plan, "value"); }
const fv_tensor *fv_attribution_gradient(const fv_attribution *a) { return fv_plan_result(a->plan, "gradient"); }

void fv_attribution_release(fv_attribution *a) {
    fv_plan_free(a->plan);
    fv_graph_free(a->graph);
    *a = (fv_attribution){ 0 };
}

/* Where output `i` of `to` lies among `from` pixels: the one below it, and how far it is to the next. */
static int64_t place(int64_t i, int64_t from, int64_t to, double *share) {
    double at = fmax(((double)i + 0.5) * (double)from / (double)to - 0.5, 0);
    int64_t below = (int64_t)at;
    if (below >= from - 1) return *share = 0, from - 1;
    *share = at - (double)below;
    return below;
}

void fv_map_enlarge(const float *map, int64_t height, int64_t width, int64_t to_height, int64_t to_width, float *out) {
    for (int64_t y = 0; y < to_height; y++)
        for (int64_t x = 0; x < to_width; x++) {
            double down, right;
            int64_t top = place(y, height, to_height, &down), left = place(x, width, to_width, &right);
            const float *row = map + top * width + left, *next = down > 0 ? row + width : row;
            int64_t beside = right > 0;
            double above = (1 - right) * row[0] + right * row[beside], below = (1 - right) * next[0] + right * next[beside];
            out[y * to_width + x] = (float)((1 - down) * above + down * below);
        }
}
