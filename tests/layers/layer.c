/* Every layer on the cases it carries: the shape it promises, a run, and gradients of its parameters; names and refusals. */
#include "layers/layer.h"

#include <math.h>

#include "tests/test.h"

/* "f32[2,3] units=2 -> f32[2,2]" */
static void check_case(const fv_layer *layer, const char *line) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    fv_type in, out;
    const char *options, *end, *arrow = strstr(line, "-> ");
    assert_non_null(arrow);
    FV_OK(fv_type_parse(line, &options, &in));
    FV_OK(fv_type_parse(arrow + 3, &end, &out));
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", in);
    fv_value y = fv_layer_apply(g, "it", x, "%s%.*s", layer->name, (int)(arrow - options), options);
    fv_value loss = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "square", FV_VALUES(y), NULL)), NULL), gradients[9], wrt[9];
    int count = fv_graph_states(g, FV_PARAMETER, wrt, 8);
    wrt[count++] = x;
    fv_graph_gradients(g, loss, wrt, count, gradients);
    fv_graph_output(g, "y", y);
    for (int i = 0; i < count; i++) fv_graph_output(g, fv_value_name(g, wrt[i]), gradients[i]);
    FV_OK(fv_graph_error(g));
    if (!fv_type_equal(fv_value_type(g, y), &out)) fail_msg("%s: gives another shape: %s", layer->name, line);
    assert_string_equal(fv_value_name(g, y), "it");
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 1));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    fv_tensor *feed = fv_plan_feed(plan, "x");
    for (int64_t i = 0; i < fv_type_count(&in); i++) fv_tensor_store(feed, i, sin((double)i));
    FV_OK(fv_plan_run(plan));
    for (int i = 0; i < count; i++) {
        const fv_tensor *gradient = fv_plan_result(plan, fv_value_name(g, wrt[i]));
        for (int64_t k = 0; k < fv_type_count(&gradient->type); k++) assert_true(isfinite(fv_tensor_load(gradient, k)));
    }
}

FV_TEST(layers_layer__every_layer_keeps_what_its_cases_promise) {
    assert_true(fv_layer_table_count >= 8);
    for (int i = 0; i < fv_layer_table_count; i++) {
        const fv_layer *layer = fv_layer_table[i];
        if (!layer->cases || !layer->cases[0]) fail_msg("%s has no case", layer->name);
        if (!layer->summary) fail_msg("%s has no summary", layer->name);
        for (int k = 0; layer->cases[k]; k++) check_case(layer, layer->cases[k]);
    }
}

static fv_error *refuse(fv_type type, const char *layer) {
    FV_OWNED(fv_graph) g = NULL;
    FV_TRY(fv_graph_new(&g));
    fv_layer_apply(g, "it", fv_graph_input(g, "x", type), "%s", layer);
    return fv_graph_error(g);
}

FV_TEST(layers_layer__refuses_by_name) {
    fv_type picture = fv_type_of(FV_F32, 1, 8, 8, 3), row = fv_type_of(FV_F32, 1, 8);
    FV_FAILS(refuse(picture, "conv2"), FV_USAGE, "it: there is no layer called \"conv2\"");
    FV_FAILS(refuse(picture, "conv2d kernel=3"), FV_USAGE, "filters");
    FV_FAILS(refuse(picture, "conv2d filters=4 kernel=3 strid=2"), FV_USAGE, "strid");
    FV_FAILS(refuse(row, "conv2d filters=4 kernel=3"), FV_SHAPE, "it takes pictures");
    FV_FAILS(refuse(picture, "dense units=4"), FV_SHAPE, "it takes rows");
    FV_FAILS(refuse(picture, "conv2d filters=4 kernel=3 groups=2"), FV_SHAPE, "it");
}

FV_TEST(layers_layer__states_are_named_inside_the_scope) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 5, 5, 3)), states[8];
    int64_t scope = fv_graph_push_scope(g, "layer1.%d.", 0);
    x = fv_layer_apply(g, "conv1", x, "conv2d filters=4 kernel=3");
    fv_layer_apply(g, "bn1", x, "batch_norm");
    fv_graph_pop_scope(g, scope);
    FV_OK(fv_graph_error(g));
    assert_int_equal(fv_graph_states(g, FV_PARAMETER, states, 8), 4);
    assert_string_equal(fv_value_name(g, states[0]), "layer1.0.conv1.weight");
    assert_string_equal(fv_value_name(g, states[1]), "layer1.0.conv1.bias");
    assert_string_equal(fv_value_name(g, states[2]), "layer1.0.bn1.weight");
    assert_string_equal(fv_value_name(g, states[3]), "layer1.0.bn1.bias");
    assert_int_equal(fv_graph_states(g, FV_BUFFER, states, 8), 3);
    assert_string_equal(fv_value_name(g, states[2]), "layer1.0.bn1.num_batches_tracked");
}

/* What dropout does to ones, with the feed rng = (seed, step); the two layers share x. */
static void drop(uint64_t seed, int64_t step, float a[1000], float b[1000]) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 10, 100));
    fv_graph_output(g, "a", fv_layer_apply(g, "drop_a", x, "dropout rate=0.2"));
    fv_graph_output(g, "b", fv_layer_apply(g, "drop_b", x, "dropout rate=0.2"));
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    for (int i = 0; i < 1000; i++) fv_tensor_store(fv_plan_feed(plan, "x"), i, 1);
    fv_tensor_store(fv_plan_feed(plan, "rng"), 0, (double)seed);
    fv_tensor_store(fv_plan_feed(plan, "rng"), 1, (double)step);
    FV_OK(fv_plan_run(plan));
    memcpy(a, fv_plan_result(plan, "a")->data, 4000);
    memcpy(b, fv_plan_result(plan, "b")->data, 4000);
}

FV_TEST(layers_dropout__draws_by_seed_step_and_layer) {
    static float a[1000], b[1000], again[1000], later[1000], other[1000];
    int kept = 0;
    drop(1, 1, a, b);
    drop(1, 1, again, other);
    assert_memory_equal(a, again, sizeof a);
    assert_memory_not_equal(a, b, sizeof a);
    drop(1, 2, later, other);
    assert_memory_not_equal(a, later, sizeof a);
    for (int i = 0; i < 1000; i++) {
        assert_true(a[i] == 0 || fabsf(a[i] - 1.25f) < 1e-6f);
        kept += a[i] != 0;
    }
    assert_in_range(kept, 800 - 4 * 13, 800 + 4 * 13); /* four deviations of the binomial */
}
