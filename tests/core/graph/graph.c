/* Building graphs: names, scopes, sharing, and the error that sticks. */
#include "core/graph/node.h"
#include "tests/test.h"

static fv_graph *new_graph(void) {
    fv_graph *graph = NULL;
    FV_OK(fv_graph_new(&graph));
    return graph;
}

FV_TEST(core_graph_graph__names_come_from_op_and_scope) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_value a = fv_apply(g, "relu", FV_VALUES(x), NULL);
    int64_t outer = fv_graph_push_scope(g, "layer%d.", 1);
    int64_t inner = fv_graph_push_scope(g, "0.");
    fv_graph_name_next(g, "conv%d", 1);
    fv_value b = fv_apply(g, "relu", FV_VALUES(a), NULL);
    fv_value w = fv_graph_state(g, "weight", fv_type_of(FV_F32, 3), FV_PARAMETER, NULL);
    fv_graph_pop_scope(g, inner);
    fv_value c = fv_apply(g, "relu", FV_VALUES(b), NULL);
    fv_graph_pop_scope(g, outer);
    fv_value d = fv_apply(g, "relu", FV_VALUES(c), NULL);
    FV_OK(fv_graph_error(g));
    assert_string_equal(fv_value_name(g, a), "relu");
    assert_string_equal(fv_value_name(g, b), "layer1.0.conv1");
    assert_string_equal(fv_value_name(g, w), "layer1.0.weight");
    assert_string_equal(fv_value_name(g, c), "layer1.relu");
    assert_true(strncmp(fv_value_name(g, d), "relu_", 5) == 0);
    assert_int_equal(fv_graph_find(g, "layer1.0.conv1").node, b.node);
}

FV_TEST(core_graph_graph__a_name_asked_for_is_that_of_the_next_node_without_one) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_graph_name_next(g, "asked");
    fv_value a = fv_graph_add(g, fv_op_find("relu"), FV_VALUES(x), NULL, "own");
    fv_value b = fv_graph_add(g, fv_op_find("relu"), FV_VALUES(a), NULL, NULL);
    fv_value c = fv_apply(g, "relu", FV_VALUES(b), NULL);
    FV_OK(fv_graph_error(g));
    assert_string_equal(fv_value_name(g, a), "own");
    assert_string_equal(fv_value_name(g, b), "asked");
    assert_string_equal(fv_value_name(g, c), "relu");
}

FV_TEST(core_graph_graph__a_name_made_from_another_gets_a_number_where_it_is_taken) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    for (int i = 0; i < 3; i++) {
        fv_graph_name_after(g, "x", "relu");
        x = fv_apply(g, "relu", FV_VALUES(x), NULL);
        assert_string_equal(fv_value_name(g, x), ((const char *const[]){ "x.relu", "x.relu_2", "x.relu_3" })[i]);
    }
    FV_OK(fv_graph_error(g));
}

FV_TEST(core_graph_graph__the_first_error_sticks_and_names_the_node) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_value y = fv_graph_input(g, "y", fv_type_of(FV_F32, 2, 4));
    fv_graph_name_next(g, "total");
    fv_value z = fv_apply(g, "add", FV_VALUES(x, y), NULL);
    assert_false(fv_is_value(z));
    z = fv_apply(g, "relu", FV_VALUES(z), NULL);
    fv_graph_output(g, "z", z);
    FV_FAILS(fv_graph_error(g), FV_SHAPE, "total (add)");
}

FV_TEST(core_graph_graph__an_unknown_op_suggests_the_nearest) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_apply(g, "relu7", FV_VALUES(x), NULL);
    fv_error *error = fv_graph_error(g);
    assert_non_null(error);
    assert_non_null(strstr(fv_error_hint_get(error), "relu"));
    fv_error_free(error);
}

FV_TEST(core_graph_graph__missing_and_superfluous_inputs_are_refused) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_apply(g, "add", FV_VALUES(x), NULL);
    FV_FAILS(fv_graph_error(g), FV_USAGE, "is missing");
    FV_OWNED(fv_graph) h = new_graph();
    x = fv_graph_input(h, "x", fv_type_of(FV_F32, 2, 3));
    fv_apply(h, "relu", FV_VALUES(x, x), NULL);
    FV_FAILS(fv_graph_error(h), FV_USAGE, "at most");
}

FV_TEST(core_graph_graph__one_state_is_shared_under_its_name) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value a = fv_graph_state(g, "w", fv_type_of(FV_F32, 3), FV_PARAMETER, "zeros");
    fv_value b = fv_graph_state(g, "w", fv_type_of(FV_F32, 3), FV_PARAMETER, "zeros");
    assert_true(fv_same_value(a, b));
    fv_graph_state(g, "w", fv_type_of(FV_F32, 4), FV_PARAMETER, "zeros");
    FV_FAILS(fv_graph_error(g), FV_CONFLICT, "state w");
}

FV_TEST(core_graph_graph__another_batch_keeps_everything_else) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 8, 4, 3));
    fv_value flat = fv_apply(g, "reshape", FV_VALUES(x), "dims=0,-1");
    fv_value mean = fv_apply(g, "mean", FV_VALUES(flat), "axes=1");
    fv_graph_output(g, "mean", mean);
    FV_OK(fv_graph_error(g));
    FV_OWNED(fv_graph) small = NULL;
    FV_OK(fv_graph_with_batch(g, 3, &small));
    assert_int_equal(fv_graph_batch(small), 3);
    assert_int_equal(fv_value_type(small, fv_graph_find_output(small, "mean"))->dims[0], 3);
    assert_int_equal(fv_value_type(small, flat)->dims[1], 12);
    FV_FAILS(fv_graph_with_batch(g, 0, &small), FV_USAGE, "batch of 0");
}

FV_TEST(core_graph_graph__sorting_drops_what_nobody_needs_and_puts_assigns_behind_readers) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_value w = fv_graph_state(g, "w", fv_type_of(FV_F32, 2, 3), FV_PARAMETER, NULL);
    fv_apply(g, "exp", FV_VALUES(x), NULL); /* nobody needs it */
    fv_graph_assign(g, w, x);
    fv_value y = fv_apply(g, "mul", FV_VALUES(x, w), NULL);
    fv_graph_output(g, "y", y);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_graph_sort(g));
    FV_OK(fv_graph_check(g));
    assert_false(fv_is_value(fv_graph_find(g, "exp")));
    assert_true(fv_graph_find(g, "assign").node > fv_graph_find(g, "mul").node);
}
