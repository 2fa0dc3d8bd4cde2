/* Every loss and its gradient against PyTorch (tests/golden/losses.py), and what losses refuse. */
#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "tests/layers/golden.h"

/* A loss of f64 logits, to compare with PyTorch's f64 to the last digits. */
typedef struct trial {
    fv_graph *graph;
    fv_weights *weights;
    fv_plan *plan;
} trial;

static fv_error *build(trial *t, const char *loss, fv_dtype dtype, int64_t batch, int64_t classes) {
    fv_value logits = fv_graph_input(t->graph, "logits", fv_type_of(dtype, batch, classes)), gradient;
    fv_value target = fv_loss_target(t->graph, loss, logits);
    fv_value value = fv_loss_build(t->graph, loss, logits, target);
    fv_graph_gradients(t->graph, value, &logits, 1, &gradient);
    fv_graph_output(t->graph, "loss", value);
    fv_graph_output(t->graph, "gradient", gradient);
    FV_TRY(fv_graph_error(t->graph));
    FV_TRY(fv_weights_new(&t->weights));
    return fv_plan_new(t->graph, t->weights, &(fv_plan_options){ .mode = FV_TRAINING }, &t->plan);
}

static fv_error *open_trial(trial *t, const char *loss, fv_dtype dtype, int64_t batch, int64_t classes) {
    *t = (trial){ 0 };
    FV_TRY(fv_graph_new(&t->graph));
    return build(t, loss, dtype, batch, classes);
}

static void close_trial(trial *t) {
    fv_plan_free(t->plan);
    fv_weights_free(t->weights);
    fv_graph_free(t->graph);
}

/* As losses.py makes it. */
static double target_at(const char *kind, int64_t i, int64_t classes) {
    if (!strncmp(kind, "class", 5)) return floor((golden_uniform("target", i) + 1) / 2 * (double)classes);
    double u = golden_uniform("targets", i), sum = 0;
    if (!strncmp(kind, "number", 6)) return u;
    if (!strncmp(kind, "label", 5)) return u > 0;
    for (int64_t k = i - i % classes; k < i - i % classes + classes; k++) sum += fabs(golden_uniform("targets", k));
    return fabs(u) / sum;
}

static void near(const char *loss, const char *what, double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%s: %s is %.12g, PyTorch has %.12g", loss, what, got, want);
}

static void check(const char *loss, fv_dtype dtype, int64_t batch, int64_t classes, double scale, const char *kind,
                  char *numbers) {
    trial t;
    FV_OK(open_trial(&t, loss, dtype, batch, classes));
    fv_tensor *logits = fv_plan_feed(t.plan, "logits"), *target = fv_plan_feed(t.plan, "target");
    for (int64_t i = 0; i < batch * classes; i++) fv_tensor_store(logits, i, scale * golden_uniform("logits", i));
    for (int64_t i = 0; i < fv_type_count(&target->type); i++) fv_tensor_store(target, i, target_at(kind, i, classes));
    FV_OK(fv_plan_run(t.plan));
    double want = strtod(numbers, &numbers), part = dtype == FV_F64 ? 1e-10 : 2e-6;
    near(loss, "the loss", fv_tensor_load(fv_plan_result(t.plan, "loss"), 0), want, part * (1 + fabs(want)));
    for (int64_t i = 0; i < batch * classes; i++)
        near(loss, "a gradient", fv_tensor_load(fv_plan_result(t.plan, "gradient"), i), strtod(numbers, &numbers), part);
    close_trial(&t);
}

/* "LOSS ; BATCH CLASSES SCALE TARGET ; value gradient …" */
static void check_line(char *line, fv_dtype dtype) {
    char *at = strstr(line, " ; ");
    *at = 0;
    at += 3;
    int64_t batch = strtoll(at, &at, 10), classes = strtoll(at, &at, 10);
    double scale = strtod(at, &at);
    check(line, dtype, batch, classes, scale, at + 1, strchr(at, ';') + 1);
}

static void check_all(fv_dtype dtype) {
    int checked = 0;
    char *text = golden_text("losses.txt"), *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (*line == '#') continue;
        check_line(line, dtype);
        checked++;
    }
    fv_memory_free(text);
    assert_int_equal(checked, 20);
}

FV_TEST(layers_loss__equal_pytorchs_in_f64) { check_all(FV_F64); }
FV_TEST(layers_loss__equal_pytorchs_in_f32) { check_all(FV_F32); }

static double value_of(const char *loss, double logit, double target) { /* one picture, one class, f32 */
    trial t;
    FV_OK(open_trial(&t, loss, FV_F32, 1, 1));
    fv_tensor_store(fv_plan_feed(t.plan, "logits"), 0, logit);
    fv_tensor_store(fv_plan_feed(t.plan, "target"), 0, target);
    FV_OK(fv_plan_run(t.plan));
    double value = fv_tensor_load(fv_plan_result(t.plan, "loss"), 0);
    assert_true(isfinite(fv_tensor_load(fv_plan_result(t.plan, "gradient"), 0)));
    close_trial(&t);
    return value;
}

FV_TEST(layers_loss__stay_finite_far_out) {
    assert_float_equal(value_of("binary_cross_entropy", 1e30, 1), 0, 0);
    assert_float_equal(value_of("binary_cross_entropy", -1e4, 1), 1e4, 0);
    assert_float_equal(value_of("sigmoid_focal alpha=1", 1e4, 1), 0, 0);
    assert_float_equal(value_of("sigmoid_focal alpha=1", -1e4, 1), 1e4, 0);
    assert_float_equal(value_of("cross_entropy", 1e30, 0), 0, 0);
    assert_float_equal(value_of("focal", 1e30, 0), 0, 0);
    assert_float_equal(value_of("focal soft_targets=true", 1e30, 1), 0, 0);
}

static fv_error *refuse(const char *loss, int64_t classes) {
    trial t;
    fv_error *error = open_trial(&t, loss, FV_F32, 2, classes);
    close_trial(&t);
    return error;
}

FV_TEST(layers_loss__refuse_what_makes_no_sense) {
    FV_FAILS(refuse("cross_entrpy", 3), FV_USAGE, "no loss called \"cross_entrpy\"");
    FV_FAILS(refuse("cross_entropy label_smoothing=2", 3), FV_USAGE, "loss cross_entropy");
    FV_FAILS(refuse("cross_entropy class_weights=1,2", 3), FV_USAGE, "class_weights has 2 values for 3 classes");
    FV_FAILS(refuse("binary_cross_entropy pos_weight=1,2,3,4", 3), FV_USAGE, "pos_weight has 4 values for 3 classes");
}

FV_TEST(layers_loss__refuse_a_target_of_another_shape) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value logits = fv_graph_input(g, "logits", fv_type_of(FV_F32, 2, 3));
    fv_value target = fv_graph_input(g, "t", fv_type_of(FV_I64, 3));
    fv_loss_build(g, "cross_entropy", logits, target);
    FV_FAILS(fv_graph_error(g), FV_SHAPE, "loss cross_entropy takes targets i64[2], got i64[3]");
}

FV_TEST(layers_loss__balances_classes_by_their_counts) { /* TRN-05, with an empty class in between */
    static const int64_t counts[] = { 12, 3, 0, 1 };
    double weights[4];
    fv_balanced_weights(counts, 4, weights);
    assert_float_equal(weights[0], 4.0 / 9, 1e-12);
    assert_float_equal(weights[1], 16.0 / 9, 1e-12);
    assert_true(weights[2] == 0);
    assert_float_equal(weights[3], 16.0 / 3, 1e-12);
}
