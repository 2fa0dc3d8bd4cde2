/* golden.c - see golden.h. */
#include "tests/layers/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "core/graph/node.h"
#include "fovea/optim.h"
#include "fovea/plan.h"

#define STEPS 3
#define CLOSE 8.0

typedef struct row {
    const char *name;
    int64_t count, entry_count;
    double sum, norm, dot, f32;
    const char *entries;
    bool seen;
} row;

typedef struct golden {
    fv_arena *arena;
    row *rows;
    int count;
    bool clear; /* of kinks; see networks.py */
} golden;

/* ---- the hash ---- */

static uint32_t seed_of(const char *name) {
    uint32_t seed = 0x811C9DC5u;
    for (; *name; name++) seed = (seed ^ (uint8_t)*name) * 0x01000193u;
    return seed;
}

static double uniform_at(uint32_t seed, int64_t index) {
    uint32_t x = (uint32_t)index * 0x9E3779B1u ^ seed;
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    x ^= x >> 16;
    return (double)(x >> 8) / 8388608.0 - 1;
}

double golden_uniform(const char *name, int64_t index) { return uniform_at(seed_of(name), index); }

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

/* As networks.py has it, rounded to f32. */
static double initial(const golden *g, const char *name, const fv_type *type, uint32_t seed, int64_t index) {
    double u = uniform_at(seed, index);
    if (ends_with(name, "num_batches_tracked")) return 0;
    if (ends_with(name, "running_mean")) return 0.1 * u;
    if (ends_with(name, "running_var")) return 1 + 0.2 * u;
    if (type->rank > 1) return sqrt(6 / ((double)fv_type_count(type) / (double)type->dims[0])) * u;
    if (g->clear) return ends_with(name, "weight") ? 0.3 + 0.03 * u : (u < -0.5 ? 7.5 : 1.5) + 0.1 * u;
    return (ends_with(name, "weight") ? 1 : 0) + 0.1 * u;
}

static void fill_states(const golden *g, const fv_graph *graph, fv_weights *weights) {
    FV_OK(fv_initialize(graph, weights, 0)); /* slots */
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const char *name;
        fv_role role;
        fv_tensor *tensor = fv_weights_at(weights, i, &name, &role);
        uint32_t seed = seed_of(name);
        for (int64_t k = 0; role != FV_SLOT && k < fv_type_count(&tensor->type); k++)
            fv_tensor_store(tensor, k, initial(g, name, &tensor->type, seed, k));
    }
    fv_weights_changed(weights);
}

static void feed_batch(fv_plan *plan, int step, int64_t classes) {
    char name[32];
    fv_tensor *x = fv_plan_feed(plan, "x"), *target = fv_plan_feed(plan, "target");
    snprintf(name, sizeof name, "x%d", step);
    uint32_t seed = seed_of(name);
    for (int64_t i = 0; i < fv_type_count(&x->type); i++) fv_tensor_store(x, i, uniform_at(seed, i));
    snprintf(name, sizeof name, "target%d", step);
    for (int64_t i = 0; target && i < fv_type_count(&target->type); i++)
        fv_tensor_store(target, i, floor((golden_uniform(name, i) + 1) / 2 * (double)classes));
}

/* ---- the file ---- */

static void read_row(row *row, char *line) {
    char *at = strchr(line, ' ');
    assert_non_null(at);
    *at++ = 0;
    row->name = line;
    row->count = strtoll(at, &at, 10);
    row->sum = strtod(at, &at);
    row->norm = strtod(at, &at);
    row->dot = strtod(at, &at);
    row->f32 = strtod(at, &at);
    row->entry_count = strtoll(at, &at, 10);
    row->entries = at;
}

char *golden_text(const char *file) {
    char path[1024];
    uint8_t *bytes = NULL;
    int64_t length = 0;
    snprintf(path, sizeof path, "%s/tests/golden/%s", FOVEA_SOURCE, file);
    FV_OK(fv_file_read(path, 16 << 20, &bytes, &length));
    return (char *)bytes;
}

static golden golden_open(const char *name) {
    golden g = { 0 };
    char file[256], *text = NULL;
    snprintf(file, sizeof file, "%s.txt", name);
    char *read = golden_text(file);
    FV_OK(fv_arena_new("golden numbers", 64 << 20, &g.arena));
    FV_OK(fv_arena_copy(g.arena, read, (int64_t)strlen(read) + 1, (void **)&text));
    fv_memory_free(read);
    FV_OK(fv_arena_take(g.arena, 10000, &g.rows));
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!strncmp(line, "clear ", 6))
            g.clear = line[6] == '1';
        else if (*line != '#')
            read_row(&g.rows[g.count++], line);
    return g;
}

static void near(const char *name, const char *what, double got, double want, double tolerance) {
    if (fabs(got - want) <= tolerance) return;
    fail_msg("%s: %s is %.9g, PyTorch has %.9g (difference %.2g, allowed %.2g)", name, what, got, want, fabs(got - want),
             tolerance);
}

static void expect(golden *g, const char *name, const double *values, int64_t count) {
    row *row = g->rows;
    while (row < g->rows + g->count && strcmp(row->name, name) != 0) row++;
    if (row == g->rows + g->count) fail_msg("PyTorch has no %s", name);
    row->seen = true;
    assert_int_equal(count, row->count);
    double sum = 0, square = 0, dot = 0, allowed = CLOSE * row->f32 + 1e-6 * row->norm + 1e-12;
    for (int64_t i = 0; i < count; i++) {
        sum += values[i];
        square += values[i] * values[i];
        dot += values[i] * golden_uniform("dot", i);
    }
    near(name, "the sum", sum, row->sum, allowed * sqrt((double)count));
    near(name, "the norm", sqrt(square), row->norm, allowed);
    near(name, "the hashed dot product", dot, row->dot, allowed);
    char *at = (char *)row->entries;
    for (int64_t k = 0; k < row->entry_count; k++) {
        int64_t index = row->entry_count > 1 ? k * (count - 1) / (row->entry_count - 1) : 0;
        near(name, "an entry", values[index], strtod(at, &at), allowed);
    }
}

static void expect_tensor(golden *g, const char *prefix, const char *name, const fv_tensor *tensor, bool change) {
    char full[512];
    double *values = NULL;
    int64_t count = fv_type_count(&tensor->type);
    uint32_t seed = seed_of(name);
    FV_OK(fv_memory_new(count, &values));
    for (int64_t i = 0; i < count; i++)
        values[i] = fv_tensor_load(tensor, i) - (change ? (double)(float)initial(g, name, &tensor->type, seed, i) : 0);
    snprintf(full, sizeof full, "%s%s", prefix, name);
    expect(g, full, values, count);
    fv_memory_free(values);
}

static void all_seen(golden *g, const char *const *prefixes, int count) {
    for (int i = 0; i < g->count; i++)
        for (int p = 0; p < count; p++)
            if (!strncmp(g->rows[i].name, prefixes[p], strlen(prefixes[p])) && !g->rows[i].seen)
                fail_msg("the network has no %s", g->rows[i].name);
    fv_arena_free(g->arena);
}

/* ---- the networks ---- */

static void add_gradient_outputs(fv_graph *graph, fv_value loss) {
    fv_value parameters[512], gradients[512];
    int count = fv_graph_states(graph, FV_PARAMETER, parameters, 512);
    assert_in_range(count, 1, 512);
    fv_graph_gradients(graph, loss, parameters, count, gradients);
    for (int i = 0; i < count; i++) {
        char name[512];
        snprintf(name, sizeof name, "gradient/%s", fv_value_name(graph, parameters[i]));
        fv_graph_output(graph, name, gradients[i]);
    }
}

void golden_check_gradients(const char *name, const char *arch, int64_t batch) {
    golden g = golden_open(name);
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_graph_new(&graph));
    fv_value loss = fv_arch_with_loss(graph, arch, "cross_entropy", batch);
    int64_t classes = fv_value_type(graph, fv_graph_find_output(graph, "logits"))->dims[1];
    add_gradient_outputs(graph, loss);
    FV_OK(fv_graph_error(graph));
    FV_OK(fv_weights_new(&weights));
    fill_states(&g, graph, weights);
    for (int mode = FV_TRAINING; mode <= FV_EVALUATION; mode++) {
        FV_OWNED(fv_graph) forward = NULL;
        FV_OWNED(fv_plan) plan = NULL;
        if (mode == FV_EVALUATION) {
            FV_OK(fv_graph_new(&forward));
            fv_arch_build(forward, arch, batch);
            FV_OK(fv_graph_error(forward));
            fill_states(&g, graph, weights); /* training moved the running statistics */
        }
        FV_OK(fv_plan_new(forward ? forward : graph, weights, &(fv_plan_options){ .mode = (fv_mode)mode }, &plan));
        feed_batch(plan, 1, classes);
        FV_OK(fv_plan_run(plan));
        expect_tensor(&g, mode == FV_EVALUATION ? "evaluation/" : "", "logits", fv_plan_result(plan, "logits"), false);
        for (int i = 0; mode == FV_TRAINING && i < g.count; i++)
            if (!strncmp(g.rows[i].name, "gradient/", 9)) {
                const fv_tensor *gradient = fv_plan_result(plan, g.rows[i].name);
                if (!gradient) fail_msg("the network has no parameter %s", g.rows[i].name);
                expect_tensor(&g, "", g.rows[i].name, gradient, false);
            }
    }
    for (int i = 0; i < graph->output_count; i++) /* nothing that PyTorch's network has not */
        if (!strncmp(graph->outputs[i].name, "gradient/", 9)) {
            int r = 0;
            while (r < g.count && strcmp(g.rows[r].name, graph->outputs[i].name) != 0) r++;
            if (r == g.count) fail_msg("PyTorch has no %s", graph->outputs[i].name);
        }
    all_seen(&g, (const char *const[]){ "gradient/", "logits", "evaluation/" }, 3);
}

void golden_check_steps(const char *name, const char *arch, int64_t batch, const char *kind) {
    bool sgd = !strcmp(kind, "sgd");
    golden g = golden_open(name);
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&graph));
    fv_value loss = fv_arch_with_loss(graph, arch, "cross_entropy", batch);
    int64_t classes = fv_value_type(graph, fv_graph_find_output(graph, "logits"))->dims[1];
    const char *optimizer = sgd ? "sgd momentum=0.9 nesterov=true weight_decay=0.1" : "adamw weight_decay=0.5 epsilon=1e-2";
    fv_training_step(graph, loss, &(fv_training_options){ .optimizer = optimizer });
    FV_OK(fv_graph_error(graph));
    FV_OK(fv_weights_new(&weights));
    fill_states(&g, graph, weights);
    FV_OK(fv_plan_new(graph, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    double losses[STEPS];
    char prefix[32];
    for (int step = 1; step <= STEPS; step++) {
        feed_batch(plan, step, classes);
        fv_tensor_store(fv_plan_feed(plan, "learning_rate"), 0, sgd ? 3e-4 : 1e-4);
        if (!sgd) fv_tensor_store(fv_plan_feed(plan, "step"), 0, step); /* SGD has no use for it */
        FV_OK(fv_plan_run(plan));
        losses[step - 1] = fv_tensor_load(fv_plan_result(plan, "loss"), 0);
    }
    snprintf(prefix, sizeof prefix, "%s/losses", kind);
    expect(&g, prefix, losses, STEPS);
    snprintf(prefix, sizeof prefix, "%s/", kind);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const char *state;
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(weights, i, &state, &role);
        if (role == FV_PARAMETER || (role == FV_BUFFER && sgd)) expect_tensor(&g, prefix, state, tensor, true);
    }
    all_seen(&g, (const char *const[]){ prefix }, 1);
}
