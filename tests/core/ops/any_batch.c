/* No op and no gradient writes the batch down: a graph made for one batch, turned to another, is the graph made for that one.
 */
#include "fovea/graph.h"
#include "tests/test.h"

static fv_value apply1(fv_graph *g, const char *op, fv_value x, const char *options) {
    return fv_apply(g, op, FV_VALUES(x), "%s", options);
}

static fv_value apply2(fv_graph *g, const char *op, fv_value a, fv_value b) { return fv_apply(g, op, FV_VALUES(a, b), NULL); }

/* Everything here depends on x, once along the batch and once across it. */
static fv_value build_loss(fv_graph *g, fv_value x, fv_value w) {
    fv_value turned = apply1(g, "transpose", x, "axes=1,0,2"), scaled = apply2(g, "mul", turned, w);
    fv_value parts[] = {
        apply1(g, "sum", apply1(g, "variance", scaled, "axes=1"), ""),
        apply1(g, "mean", apply1(g, "max", scaled, "axes=1,2"), ""),
        apply1(g, "variance", apply1(g, "reshape", x, "dims=0,-1"), "axes=0,1 unbiased=true"),
        apply1(g, "sum", apply1(g, "slice", scaled, "axes=1 begin=1"), ""),
        apply1(g, "sum", fv_output_of(apply1(g, "split", x, "axis=1 sizes=1,2"), 1), ""),
        apply1(g, "mean", fv_apply(g, "concat", FV_VALUES(x, x), "axis=0"), ""),
        apply1(g, "sum", apply1(g, "min", apply1(g, "unsqueeze", scaled, "axes=0"), "axes=2"), ""),
        apply1(g, "sum", apply2(g, "pow", apply1(g, "abs", apply2(g, "maximum", x, w), ""), w), ""),
        apply1(g, "sum", apply2(g, "expand_like", apply1(g, "mean", x, "axes=0 keepdims=true"), x), ""),
        apply1(g, "sum", apply1(g, "broadcast_to", x, "dims=2,0,0,0"), ""),
    };
    fv_value loss = parts[0];
    for (size_t i = 1; i < sizeof parts / sizeof *parts; i++) loss = apply2(g, "add", loss, parts[i]);
    return loss;
}

static void build(int64_t batch, fv_graph **out) {
    FV_OK(fv_graph_new(out));
    fv_graph *g = *out;
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F64, batch, 3, 4)), d[2];
    fv_value w = fv_graph_state(g, "w", fv_type_of(FV_F64, 4), FV_PARAMETER, NULL);
    fv_graph_gradients(g, build_loss(g, x, w), FV_VALUES(x, w), d);
    fv_graph_output(g, "dx", d[0]);
    fv_graph_output(g, "dw", d[1]);
    FV_OK(fv_graph_error(g));
}

FV_TEST(core_ops_any_batch__gradients_turn_to_another_batch) {
    FV_OWNED(fv_graph) three = NULL;
    FV_OWNED(fv_graph) seven = NULL;
    FV_OWNED(fv_graph) turned = NULL;
    char *want = NULL, *have = NULL;
    build(3, &three);
    build(7, &seven);
    FV_OK(fv_graph_with_batch(three, 7, &turned));
    FV_OK(fv_graph_to_text(seven, &want));
    FV_OK(fv_graph_to_text(turned, &have));
    assert_string_equal(have, want);
    fv_string_free(want);
    fv_string_free(have);
}
