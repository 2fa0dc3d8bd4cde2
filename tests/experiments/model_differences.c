/* In what two model files differ: nodes by their names, weights, sections; the batch makes no difference. */
#include "experiments/model_differences.h"

#include "fovea/layers.h"
#include "fovea/plan.h"
#include "tests/test.h"

/* x → linear → relu or tanh. */
static void make_model(int64_t batch, int64_t width, const char *end, float first, fv_model **out) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, batch, 3));
    fv_value weight = fv_graph_state(g, "fc.weight", fv_type_of(FV_F32, width, 3), FV_PARAMETER, NULL);
    fv_graph_name_next(g, "fc");
    fv_value y = fv_apply(g, "linear", FV_VALUES(x, weight), NULL);
    fv_graph_name_next(g, "%s", end);
    fv_graph_output(g, "logits", fv_apply(g, end, FV_VALUES(y), NULL));
    FV_OK(fv_graph_error(g));
    FV_OK(fv_model_new(g, out));
    FV_OK(fv_initialize(fv_model_graph(*out), fv_model_weights(*out), 0));
    fv_tensor_store(fv_weights_find(fv_model_weights(*out), "fc.weight"), 0, first);
}

#define TWO_MODELS                                                                                                             \
    FV_OWNED(fv_model) a = NULL;                                                                                               \
    FV_OWNED(fv_model) b = NULL;                                                                                               \
    FV_OWNED(fv_arena) arena = NULL;                                                                                           \
    fv_model_differences d;                                                                                                    \
    FV_OK(fv_arena_new("a test", 1 << 24, &arena))

FV_TEST(experiments_model_differences__a_batch_makes_none) {
    TWO_MODELS;
    make_model(1, 4, "relu", 1, &a);
    make_model(7, 4, "relu", 1, &b);
    FV_OK(fv_models_differ(a, b, arena, &d));
    assert_int_equal(d.nodes[0], 4);
    assert_int_equal(d.nodes[1], 4);
    assert_int_equal(d.nodes_changed + d.nodes_only[0] + d.nodes_only[1] + d.op_count, 0);
    assert_int_equal(d.shape_count + d.values + d.sections.count, 0);
    assert_string_equal(d.texts[0], d.texts[1]);
}

FV_TEST(experiments_model_differences__other_numbers_are_no_other_shape) {
    TWO_MODELS;
    make_model(1, 4, "relu", 1, &a);
    make_model(1, 4, "relu", 2, &b);
    FV_OK(fv_models_differ(a, b, arena, &d));
    assert_int_equal(d.values, 1);
    assert_int_equal(d.shape_count + d.nodes_changed, 0);
}

FV_TEST(experiments_model_differences__nodes_ops_and_shapes_are_counted_and_named) {
    TWO_MODELS;
    make_model(1, 4, "relu", 1, &a);
    make_model(1, 5, "tanh", 1, &b);
    FV_OK(fv_models_differ(a, b, arena, &d));
    assert_int_equal(d.nodes_changed, 2); /* fc.weight, fc */
    assert_int_equal(d.nodes_only[0], 1);
    assert_int_equal(d.nodes_only[1], 1);
    assert_int_equal(d.op_count, 2);
    assert_string_equal(d.ops[0].op, "relu");
    assert_int_equal(d.ops[0].nodes[0], 1);
    assert_int_equal(d.ops[0].nodes[1], 0);
    assert_string_equal(d.ops[1].op, "tanh");
    assert_int_equal(d.shape_count, 1);
    assert_string_equal(d.shapes[0].name, "fc.weight");
    assert_string_equal(d.shapes[0].type[0], "f32[4,3]");
    assert_string_equal(d.shapes[0].type[1], "f32[5,3]");
    assert_int_equal(d.values, 0);
}

FV_TEST(experiments_model_differences__a_weight_that_only_one_has_is_named) {
    TWO_MODELS;
    fv_type type = fv_type_of(FV_F32, 2);
    fv_tensor *extra;
    make_model(1, 4, "relu", 1, &a);
    make_model(1, 4, "relu", 1, &b);
    FV_OK(fv_weights_add(fv_model_weights(b), "scale", &type, FV_BUFFER, &extra));
    FV_OK(fv_models_differ(a, b, arena, &d));
    assert_int_equal(d.shape_count, 1);
    assert_string_equal(d.shapes[0].name, "scale");
    assert_null(d.shapes[0].type[0]);
    assert_string_equal(d.shapes[0].type[1], "f32[2]");
}

FV_TEST(experiments_model_differences__sections_are_named_where_text_or_presence_differs) {
    TWO_MODELS;
    make_model(1, 4, "relu", 1, &a);
    make_model(1, 4, "relu", 1, &b);
    FV_OK(fv_model_set_section(a, "classes", 1, "cat"));
    FV_OK(fv_model_set_section(b, "classes", 1, "dog"));
    FV_OK(fv_model_set_section(a, "licence", 1, "CC0"));
    FV_OK(fv_model_set_section(a, "same", 1, "x"));
    FV_OK(fv_model_set_section(b, "same", 1, "x"));
    FV_OK(fv_model_set_section(b, "zoo", 1, "y"));
    FV_OK(fv_models_differ(a, b, arena, &d));
    assert_int_equal(d.sections.count, 3);
    assert_string_equal(d.sections.at[0], "classes");
    assert_string_equal(d.sections.at[1], "licence");
    assert_string_equal(d.sections.at[2], "zoo");
}
