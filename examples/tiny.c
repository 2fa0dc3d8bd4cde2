/* tiny.c - build an expression, differentiate it, run it: the three things everything else in fovea is made of.
 *
 *   cc tiny.c $(pkg-config --cflags --libs fovea) -o tiny && ./tiny
 *
 * The expression is a loss, Σ (tanh(x·wᵀ) − t)², of a 2×3 picture batch x, a 4×3 weight w and a 2×4 target t. Its gradient with
 * respect to w comes out as more nodes of the same graph; a step of gradient descent is one assign. */
#include <math.h>
#include <stdio.h>

#include "fovea/plan.h"

/* The graph: what is computed. Errors stick to it, so that building needs no checks. */
static fv_error *build(fv_graph *g) {
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_value t = fv_graph_input(g, "t", fv_type_of(FV_F32, 2, 4));
    fv_value w = fv_graph_state(g, "w", fv_type_of(FV_F32, 4, 3), FV_PARAMETER, NULL);

    fv_value y = fv_apply(g, "tanh", FV_VALUES(fv_apply(g, "linear", FV_VALUES(x, w), NULL)), NULL);
    fv_value off = fv_apply(g, "sub", FV_VALUES(y, t), NULL);
    fv_value loss = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "mul", FV_VALUES(off, off), NULL)), NULL);
    fv_graph_output(g, "loss", loss);

    fv_value gradient;
    fv_graph_gradients(g, loss, &w, 1, &gradient);
    fv_value step = fv_apply(g, "mul", FV_VALUES(gradient, fv_constant(g, FV_F32, 0.1)), NULL);
    fv_graph_assign(g, w, fv_apply(g, "sub", FV_VALUES(w, step), NULL)); /* w ← w − 0.1 · dloss/dw */
    return fv_graph_error(g);
}

static void fill(fv_tensor *tensor, double phase) {
    for (int64_t i = 0; i < fv_type_count(&tensor->type); i++) fv_tensor_store(tensor, i, sin(phase + (double)i));
}

static fv_error *run(void) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    char *text = NULL;
    fv_tensor *w = NULL;

    FV_TRY(fv_graph_new(&graph));
    FV_TRY(build(graph));
    FV_TRY(fv_graph_to_text(graph, &text));
    printf("%s\n", text);
    fv_string_free(text);

    fv_type type = fv_type_of(FV_F32, 4, 3);
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(fv_weights_add(weights, "w", &type, FV_PARAMETER, &w));
    fill(w, 1);

    FV_TRY(fv_plan_new(graph, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    fill(fv_plan_feed(plan, "x"), 2);
    fill(fv_plan_feed(plan, "t"), 3);
    float first = 0, last = 0;
    for (int step = 0; step < 50; step++) {
        FV_TRY(fv_plan_run(plan));
        last = *(const float *)fv_plan_result(plan, "loss")->data;
        if (step == 0) first = last;
        if (step % 10 == 0) printf("step %2d: loss %.6f\n", step, (double)last);
    }
    printf("step 50: loss %.6f\n", (double)last);
    if (!(last < first / 2)) return fv_fail(FV_BUG, "the loss went from %g to %g only", (double)first, (double)last);
    return NULL;
}

int main(void) {
    char message[1024];
    fv_error *error = run();
    if (!error) return 0;
    fprintf(stderr, "tiny: %s\n", fv_error_format(error, message, sizeof message));
    fv_error_free(error);
    return 1;
}
