/* round_activations.c - the pass that leaves activations and their gradients in memory as bf16, where a training rounds its
 * products (fv_precision): half the bytes to keep for the backward pass and to move. All is computed in f32 as before: who
 * reads such a value widens it on its way, who makes one rounds it on its way; there is no pass over memory for either.
 *
 *   y, … = batch_norm(x, …)          → the same with stored=bf16, read by rounded_conv2d and others as it is
 *   y = relu(add(a, b))              → y = cast(relu(add(cast(a), b)))     the casts go into the chain (fuse_elementwise.c)
 *
 * A value is stored so if its maker and all its readers can; every other value stays f32. Which those are depends on the graph
 * alone, not on the batch. Weights, their gradients, statistics, results of the graph and the loss are f32. */
#include <math.h>

#include "core/base/assert.h"
#include "core/ops/batch_norm.h"
#include "core/ops/elementwise.h"
#include "core/ops/stored.h"
#include "core/plan/plan.h"

/* Of ops that may store: inputs that may be bf16, and how many inputs at most they have for that. Output 0 may. */
typedef struct storing {
    const char *op;
    unsigned inputs;
    int most;
    bool result;
} storing;
static const storing storings[] = {
    { "rounded_conv2d", 1 << 0, 3, true },
    { "rounded_conv2d_grad_input", 1 << 0 | 1 << 2, 3, true },
    { "rounded_conv2d_grad_weights", 1 << 0 | 1 << 1, 3, false },
    { "conv2d", 1 << 0, 3, true },
    { "conv2d_grad_input", 1 << 0 | 1 << 2, 3, true },
    { "conv2d_grad_weights", 1 << 0 | 1 << 1, 3, false },
    { "batch_norm", 1 << 0, 5, true },
    { "batch_norm_grad", 1 << 0 | 1 << 4, 6, true },
};

typedef struct rounding {
    fv_graph *graph;
    const storing **storings; /* by node: NULL where its op stores nothing */
    bool *kept;               /* by node: its output 0 stays f32, as other outputs do */
    bool *read;               /* by node: what is no elementwise op reads it */
} rounding;

/* Has the op a kernel that takes bf16 wherever it may be, which is no dearer than that of f32 alone? A nominal batch is asked
 * about, as in round_products.c. */
static bool pays(const fv_graph *graph, const fv_node *node, const storing *s) {
    fv_type types[FV_INPUTS_MAX];
    double exact, stored;
    int64_t scratch;
    if (fv_kernel_is_pinned(s->op)) return false;
    for (int i = 0; i < node->input_count; i++) {
        types[i] = *fv_value_type(graph, node->inputs[i]);
        types[i].dtype = fv_computed_dtype(types[i].dtype);
        if (s->inputs >> i & 1) types[i].dims[0] = FV_NOMINAL_BATCH;
    }
    fv_kernel_cheapest(s->op, types, node->input_count, node->options, 1, &exact, &scratch);
    for (int i = 0; i < node->input_count; i++)
        if (s->inputs >> i & 1) types[i].dtype = FV_BF16;
    fv_kernel_cheapest(s->op, types, node->input_count, node->options, 1, &stored, &scratch);
    return stored <= exact && stored < INFINITY;
}

/* Are the operands that stay so, and the result, f32? Not where the graph itself has bf16. */
static bool is_of_f32(const fv_graph *graph, const fv_node *node, const storing *s) {
    bool all = node->outputs[0].dtype == FV_F32;
    for (int i = 0; i < node->input_count; i++)
        all = all && (s->inputs >> i & 1 || fv_value_type(graph, node->inputs[i])->dtype == FV_F32);
    return all;
}

static const storing *storing_of(const fv_graph *graph, const fv_node *node) {
    for (int i = 0; i < FV_COUNT(storings); i++) {
        const storing *s = &storings[i];
        if (!fv_node_is(node, s->op)) continue;
        return node->input_count <= s->most && is_of_f32(graph, node, s) && pays(graph, node, s) ? s : NULL;
    }
    return NULL;
}

static bool is_elementwise(const fv_node *node) { return fv_elementwise_supports(node->op); }

static bool can_make(const rounding *r, const fv_node *node) {
    const storing *s = r->storings[node->index];
    if (node->output_count == 0 || node->outputs[0].dtype != FV_F32 || node->outputs[0].rank < 2) return false;
    return s ? s->result : is_elementwise(node);
}

/* What is broadcast is read in place: a cast would write it out. */
static bool can_read(const rounding *r, const fv_node *node, int input) {
    const fv_type *x = fv_value_type(r->graph, node->inputs[input]);
    const storing *s = r->storings[node->index];
    if (s) return s->inputs >> input & 1;
    if (!is_elementwise(node)) return false;
    fv_type y = node->outputs[0];
    y.dtype = x->dtype;
    return fv_type_equal(x, &y);
}

static fv_error *find_kept(rounding *r, fv_arena *arena) {
    fv_graph *graph = r->graph;
    FV_TRY(fv_arena_take(arena, graph->count, &r->storings));
    FV_TRY(fv_arena_take(arena, graph->count, &r->kept));
    FV_TRY(fv_arena_take(arena, graph->count, &r->read));
    for (int32_t n = 0; n < graph->count; n++) {
        r->storings[n] = storing_of(graph, graph->nodes[n]);
        r->kept[n] = !can_make(r, graph->nodes[n]);
    }
    for (int32_t n = 0; n < graph->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++) {
            fv_value x = graph->nodes[n]->inputs[i];
            if (x.output > 0) continue;
            if (!can_read(r, graph->nodes[n], i)) r->kept[x.node] = true;
            if (r->storings[n]) r->read[x.node] = true;
        }
    for (int i = 0; i < graph->output_count; i++) r->kept[graph->outputs[i].value.node] = true;
    /* A chain that only chains read need not be in memory at all. */
    for (int32_t n = 0; n < graph->count; n++)
        if (is_elementwise(graph->nodes[n]) && !r->read[n]) r->kept[n] = true;
    return NULL;
}

/* The options' `stored` of an op that stores. */
static int *stored_option(fv_node *node) {
    const fv_field *field = fv_fields_find(node->op->fields, "stored");
    FV_ASSERT(field);
    return (int *)((char *)node->options + field->offset);
}

static fv_value cast(fv_graph *graph, fv_value x, const char *dtype) {
    return fv_apply(graph, "cast", FV_VALUES(x), "dtype=%s", dtype);
}

/* Readers of `value` read `stored`, which is bf16, instead: chains through a cast of their own each, so that each chain widens
 * what it reads and none writes it out for another. */
static void redirect(fv_graph *graph, fv_value value, fv_value stored, int32_t count) {
    for (int32_t n = 0; n < count && !graph->error; n++) {
        fv_node *node = graph->nodes[n];
        for (int i = 0; i < node->input_count && !graph->error; i++) {
            if (!fv_same_value(node->inputs[i], value)) continue;
            fv_value read = is_elementwise(node) ? cast(graph, stored, "f32") : stored;
            for (int k = i; k < node->input_count; k++)
                if (fv_same_value(node->inputs[k], value)) node->inputs[k] = read;
        }
    }
}

/* Other readers than chains already read the value itself. */
static void store(rounding *r, int32_t n, int32_t count) {
    fv_graph *graph = r->graph;
    fv_node *node = graph->nodes[n];
    fv_value value = fv_node_value(node, 0);
    if (is_elementwise(node)) {
        redirect(graph, value, cast(graph, value, "bf16"), count);
        return;
    }
    *stored_option(node) = FV_STORED_BF16;
    node->outputs[0].dtype = FV_BF16;
    redirect(graph, value, value, count);
}

/* An operand that is bf16 now makes no result so that stays f32. */
static void keep(const rounding *r, int32_t n) {
    fv_node *node = r->graph->nodes[n];
    const storing *s = r->storings[n];
    if (node->outputs[0].dtype != FV_F32) return; /* a graph's own */
    if (s && s->result && fv_value_type(r->graph, node->inputs[0])->dtype == FV_BF16) *stored_option(node) = FV_STORED_F32;
}

fv_error *fv_pass_round_activations(fv_graph *graph, const fv_plan_options *options) {
    if (options->precision == FV_PRECISION_F32 || options->mode != FV_TRAINING) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("rounding activations", (int64_t)1 << 30, &arena));
    rounding r = { .graph = graph };
    FV_TRY(find_kept(&r, arena));
    int32_t count = graph->count;
    for (int32_t n = 0; n < count && !graph->error; n++)
        if (!r.kept[n]) store(&r, n, count);
    for (int32_t n = 0; n < count && !graph->error; n++)
        if (r.kept[n]) keep(&r, n);
    return NULL;
}
