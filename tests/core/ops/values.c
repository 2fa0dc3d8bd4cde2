/* values.c - reads records of tests/golden/basic_ops.txt and runs each as a graph: feeds, the op, and, where the record has
 * gradients, those of the sum of its outputs weighted by 1 2 3 4 5 1 2 3 … */
#include "tests/core/ops/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/graph/node.h"
#include "fovea/plan.h"
#include "tests/test.h"

#define VALUES_MAX 64
#define INPUTS_MAX 4
#define LINE_MAX_BYTES 4096

typedef struct array {
    fv_type type;
    int index; /* of a gradient: the input */
    int64_t count;
    double values[VALUES_MAX];
} array;

typedef struct record {
    const char *op;
    char options[LINE_MAX_BYTES];
    array inputs[INPUTS_MAX], outputs[INPUTS_MAX], gradients[INPUTS_MAX], second[INPUTS_MAX];
    int input_count, output_count, gradient_count, second_count;
} record;

/* ---- reading ---- */

static void read_values(array *a, const char *at) {
    for (char *end;; at = end) {
        double value = strtod(at, &end);
        if (end == at) break;
        assert_true(a->count < VALUES_MAX);
        a->values[a->count++] = value;
    }
}

static void read_typed(array *list, int *count, const char *at) {
    assert_true(*count < INPUTS_MAX);
    array *a = &list[(*count)++];
    *a = (array){ 0 };
    FV_OK(fv_type_parse(at, &at, &a->type));
    read_values(a, at);
    assert_int_equal(a->count, fv_type_count(&a->type));
}

static void read_gradient(array *list, int *count, const char *at) {
    assert_true(*count < INPUTS_MAX);
    array *a = &list[(*count)++];
    *a = (array){ .index = (int)strtol(at, NULL, 10) };
    read_values(a, at + 1);
}

static void read_line(record *r, const char *line) {
    if (!strncmp(line, "in ", 3)) read_typed(r->inputs, &r->input_count, line + 3);
    if (!strncmp(line, "out ", 4)) read_typed(r->outputs, &r->output_count, line + 4);
    if (!strncmp(line, "grad ", 5)) read_gradient(r->gradients, &r->gradient_count, line + 5);
    if (!strncmp(line, "grad2 ", 6)) read_gradient(r->second, &r->second_count, line + 6);
}

/* ---- building and running ---- */

static const char *numbered(const char *letter, int number) {
    static char names[8][16];
    static int next;
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "%s%d", letter, number);
    return name;
}

/* total + Σ x·w, w fed as "w<number>". */
static fv_value add_weighted(fv_graph *g, fv_value total, fv_value x, int number) {
    fv_value w = fv_graph_feed(g, numbered("w", number), *fv_value_type(g, x));
    fv_value sum = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "mul", FV_VALUES(x, w), NULL)), NULL);
    return fv_is_value(total) ? fv_apply(g, "add", FV_VALUES(total, sum), NULL) : sum;
}

/* Names the gradients that the record has; gives back the weighted sum of them. */
static fv_value differentiate(fv_graph *g, fv_value loss, const fv_value *x, const array *list, int count, const char *letter,
                              int weights) {
    fv_value wrt[INPUTS_MAX] = { 0 }, d[INPUTS_MAX], total = FV_NO_VALUE;
    for (int n = 0; n < count; n++) wrt[n] = x[list[n].index];
    fv_graph_gradients(g, loss, wrt, count, d);
    for (int n = 0; n < count; n++) {
        fv_graph_output(g, numbered(letter, n), d[n]);
        total = add_weighted(g, total, d[n], weights + n);
    }
    return total;
}

static void build(const record *r, fv_graph *g) {
    fv_value x[INPUTS_MAX], loss = FV_NO_VALUE;
    for (int i = 0; i < r->input_count; i++) x[i] = fv_graph_feed(g, numbered("x", i), r->inputs[i].type);
    fv_value y = fv_apply(g, r->op, x, r->input_count, "%s", r->options);
    for (int k = 0; k < r->output_count; k++) {
        fv_graph_output(g, numbered("y", k), fv_output_of(y, k));
        if (r->gradient_count) loss = add_weighted(g, loss, fv_output_of(y, k), k);
    }
    if (r->gradient_count) loss = differentiate(g, loss, x, r->gradients, r->gradient_count, "d", 10);
    if (r->second_count) differentiate(g, loss, x, r->second, r->second_count, "dd", 20);
    FV_OK(fv_graph_error(g));
    assert_int_equal(fv_node_of(g, y)->output_count, r->output_count);
}

static void feed(fv_plan *plan, const record *r) {
    for (int i = 0; i < r->input_count; i++)
        for (int64_t k = 0; k < r->inputs[i].count; k++)
            fv_tensor_store(fv_plan_feed(plan, numbered("x", i)), k, r->inputs[i].values[k]);
    for (int n = 0; n < 30; n++) {
        fv_tensor *w = fv_plan_feed(plan, numbered("w", n));
        for (int64_t k = 0; w && k < fv_type_count(&w->type); k++) fv_tensor_store(w, k, (double)(1 + k % 5));
    }
}

static bool near(double have, double want) {
    if (isnan(want)) return isnan(have);
    return have == want || fabs(have - want) <= 1e-12 * fmax(1, fabs(want));
}

static void compare(const record *r, const fv_plan *plan, const char *letter, const array *list, int count) {
    for (int n = 0; n < count; n++) {
        const fv_tensor *have = fv_plan_result(plan, numbered(letter, n));
        const char *name = numbered(letter, n);
        assert_non_null(have);
        if (fv_type_count(&have->type) != list[n].count) fail_msg("%s %s: %s has another shape", r->op, r->options, name);
        for (int64_t k = 0; k < list[n].count; k++) {
            double value = fv_tensor_load(have, k);
            if (!near(value, list[n].values[k]))
                fail_msg("%s %s: %s[%d] is %.16g, not %.16g", r->op, r->options, name, (int)k, value, list[n].values[k]);
        }
    }
}

static void check_types(const record *r, const fv_plan *plan) {
    char have[256], want[256];
    for (int k = 0; k < r->output_count; k++) {
        const fv_tensor *y = fv_plan_result(plan, numbered("y", k));
        assert_string_equal(fv_type_format(&y->type, have), fv_type_format(&r->outputs[k].type, want));
    }
}

static void run(const record *r, fv_plan_options options) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_weights_new(&weights));
    build(r, g);
    FV_OK(fv_plan_new(g, weights, &options, &plan));
    feed(plan, r);
    FV_OK(fv_plan_run(plan));
    check_types(r, plan);
    compare(r, plan, "y", r->outputs, r->output_count);
    compare(r, plan, "d", r->gradients, r->gradient_count);
    compare(r, plan, "dd", r->second, r->second_count);
}

/* Runs and empties a record; false when there was none. */
static bool finish(record *r) {
    if (!r->output_count) return false;
    run(r, (fv_plan_options){ .mode = FV_TRAINING, .reference = true, .passes = -1 });
    run(r, (fv_plan_options){ .mode = FV_TRAINING });
    r->input_count = r->output_count = r->gradient_count = r->second_count = 0;
    return true;
}

void fv_test_values(const char *op) {
    static record r;
    static char line[LINE_MAX_BYTES];
    int cases = 0;
    bool here = false;
    FILE *file = fopen(FOVEA_SOURCE "/tests/golden/basic_ops.txt", "r");
    assert_non_null(file);
    r = (record){ .op = op };
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "op ", 3)) {
            cases += finish(&r);
            here = !strcmp(line + 3, op);
        }
        if (here && !strncmp(line, "case", 4)) {
            cases += finish(&r);
            snprintf(r.options, sizeof r.options, "%s", line[4] ? line + 5 : "");
        }
        if (here) read_line(&r, line);
    }
    cases += finish(&r);
    fclose(file);
    assert_true(cases > 0);
}
