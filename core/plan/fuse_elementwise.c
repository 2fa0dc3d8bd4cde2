/* fuse_elementwise.c - the pass that joins elementwise nodes into programs, so that a chain costs one pass over memory.
 *
 * Nodes are taken in order. A node joins the group of a producer when both have the same shape and no path leads from the group
 * through a node outside of it back into it (the fused node would need its own result). Groups that meet in a node are joined
 * under the same condition. Whatever is read outside a group becomes one of its results. The bits are those of the single ops:
 * each instruction rounds as a stored intermediate would. */
#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/ops/elementwise.h"
#include "core/plan/plan.h"

typedef struct group {
    int32_t members[FV_ELEMENTWISE_INSTRUCTIONS]; /* node numbers, ascending */
    int count;
} group;

typedef struct fusion {
    fv_graph *graph;
    fv_arena *arena;
    int32_t count;     /* nodes when the pass began */
    int32_t *group_of; /* by node; −1: in none */
    group **groups;
    int32_t group_count;
    uint32_t *seen; /* by node: the search that saw it last */
    uint32_t search;
    int32_t *stack;
    int32_t **readers; /* by node: nodes that read it */
    int32_t *reader_count;
    bool *result; /* by node: the graph's own results */
} fusion;

static bool fusible(const fv_node *node) { return fv_elementwise_supports(node->op) && fv_type_count(&node->outputs[0]) > 0; }

static bool same_shape(const fv_type *a, const fv_type *b) {
    fv_type x = *a;
    x.dtype = b->dtype;
    return fv_type_equal(&x, b);
}

/* ---- would a union be its own ancestor? ---- */

static bool in_union(const group *g, int32_t node) {
    for (int i = 0; i < g->count; i++)
        if (g->members[i] == node) return true;
    return false;
}

/* Puts the inputs of `node` (of its whole group, once it has one: a fused node needs them all) on the stack. Nodes and groups
 * that lie wholly in front of the union cannot depend on it. */
static int32_t push_inputs(fusion *f, int32_t node, int32_t depth, int32_t first) {
    const group *g = f->group_of[node] >= 0 ? f->groups[f->group_of[node]] : NULL;
    int count = g ? g->count : 1;
    for (int m = 0; m < count; m++) {
        const fv_node *member = f->graph->nodes[g ? g->members[m] : node];
        for (int i = 0; i < member->input_count; i++) {
            int32_t from = member->inputs[i].node;
            const group *other = f->group_of[from] >= 0 ? f->groups[f->group_of[from]] : NULL;
            int32_t last = other ? other->members[other->count - 1] : from;
            if (last < first || f->seen[from] == f->search) continue;
            f->seen[from] = f->search;
            f->stack[depth++] = from;
        }
    }
    return depth;
}

static bool depends_on_itself(fusion *f, const group *u) {
    int32_t depth = 0, first = u->members[0];
    f->search++;
    for (int m = 0; m < u->count; m++) {
        const fv_node *node = f->graph->nodes[u->members[m]];
        for (int i = 0; i < node->input_count; i++) {
            int32_t from = node->inputs[i].node;
            if (in_union(u, from) || f->seen[from] == f->search) continue;
            f->seen[from] = f->search;
            f->stack[depth++] = from;
        }
    }
    while (depth > 0) {
        int32_t node = f->stack[--depth];
        if (in_union(u, node)) return true;
        depth = push_inputs(f, node, depth, first);
    }
    return false;
}

/* ---- limits of one program ---- */

static int external_inputs(const fusion *f, const group *u, fv_value *out) {
    int count = 0;
    for (int m = 0; m < u->count; m++) {
        const fv_node *node = f->graph->nodes[u->members[m]];
        for (int i = 0; i < node->input_count; i++) {
            bool known = in_union(u, node->inputs[i].node);
            for (int k = 0; k < count && !known; k++) known = fv_same_value(out[k], node->inputs[i]);
            if (known) continue;
            if (count == FV_ELEMENTWISE_INPUTS) return -1;
            out[count++] = node->inputs[i];
        }
    }
    return count;
}

static bool is_result(const fusion *f, const group *u, int32_t node) {
    bool outside = f->result[node];
    for (int32_t r = 0; r < f->reader_count[node] && !outside; r++) outside = !in_union(u, f->readers[node][r]);
    return outside;
}

static bool fits(const fusion *f, const group *u) {
    fv_value inputs[FV_ELEMENTWISE_INPUTS];
    int results = 0;
    for (int m = 0; m < u->count; m++) results += is_result(f, u, u->members[m]);
    return results <= FV_ELEMENTWISE_RESULTS && external_inputs(f, u, inputs) >= 0;
}

/* ---- growing groups ---- */

/* The union of two groups in ascending order; false when it is too long. */
static bool unite(const group *a, const group *b, group *out) {
    int i = 0, j = 0;
    out->count = 0;
    if (a->count + b->count > FV_ELEMENTWISE_INSTRUCTIONS) return false;
    while (i < a->count || j < b->count) {
        bool first = j == b->count || (i < a->count && a->members[i] < b->members[j]);
        out->members[out->count++] = first ? a->members[i++] : b->members[j++];
    }
    return true;
}

static void join(fusion *f, int32_t node, int32_t other) {
    int32_t mine = f->group_of[node], theirs = f->group_of[other];
    group u;
    if (mine == theirs || !unite(f->groups[mine], f->groups[theirs], &u) || !fits(f, &u) || depends_on_itself(f, &u)) return;
    for (int m = 0; m < u.count; m++) f->group_of[u.members[m]] = theirs;
    *f->groups[theirs] = u;
    f->groups[mine]->count = 0;
}

/* What lies in memory as bf16 is widened by whoever reads it (round_activations.c): not by its maker, which would write it out
 * a second time. */
static bool widens(const fv_graph *graph, const fv_node *node) {
    return fv_node_is(node, "cast") && fv_value_type(graph, node->inputs[0])->dtype == FV_BF16;
}

static fv_error *visit(fusion *f, int32_t n) {
    const fv_node *node = f->graph->nodes[n];
    if (!fusible(node)) return NULL;
    group *alone = NULL;
    FV_TRY(fv_arena_take(f->arena, 1, &alone));
    alone->members[0] = n;
    alone->count = 1;
    f->group_of[n] = f->group_count;
    f->groups[f->group_count++] = alone;
    if (widens(f->graph, node)) return NULL;
    for (int i = 0; i < node->input_count; i++) {
        const fv_node *from = fv_node_of(f->graph, node->inputs[i]);
        if (f->group_of[from->index] >= 0 && same_shape(&from->outputs[0], &node->outputs[0])) join(f, n, from->index);
    }
    return NULL;
}

/* ---- writing programs ---- */

static void print_instruction(const fusion *f, const group *g, int m, const fv_value *inputs, int input_count, fv_text *out) {
    const fv_node *node = f->graph->nodes[g->members[m]];
    fv_text_addf(out, "%s%s", m ? "; " : "", node->op->name);
    for (int i = 0; i < node->input_count; i++) {
        int number = -1;
        for (int k = 0; k < g->count && number < 0; k++)
            if (g->members[k] == node->inputs[i].node) fv_text_addf(out, " t%d", number = k);
        for (int k = 0; k < input_count && number < 0; k++)
            if (fv_same_value(inputs[k], node->inputs[i])) fv_text_addf(out, " i%d", number = k);
        FV_ASSERT(number >= 0);
    }
    if (!node->op->fields) return;
    int64_t before = out->length;
    fv_text_add(out, " ");
    fv_fields_print(node->op->fields, node->options, out);
    if (out->length == before + 1) out->at[--out->length] = 0;
}

static fv_error *fuse(fusion *f, const group *g) {
    fv_value inputs[FV_ELEMENTWISE_INPUTS];
    int input_count = external_inputs(f, g, inputs), results[FV_ELEMENTWISE_RESULTS], result_count = 0;
    FV_TEXT(program, 1 << 16);
    FV_TEXT(names, 1 << 12);
    if (input_count == 0) return NULL; /* constants alone: hoisted, never run again */
    for (int m = 0; m < g->count; m++) {
        print_instruction(f, g, m, inputs, input_count, &program);
        if (!is_result(f, g, g->members[m])) continue;
        fv_text_addf(&names, "%st%d", result_count ? "," : "", m);
        results[result_count++] = m;
    }
    FV_TRY(fv_text_error(&program));
    FV_TRY(fv_text_error(&names));
    fv_elementwise_options options = { 0 };
    FV_TRY(fv_arena_text(f->graph->arena, program.at, &options.program));
    FV_TRY(fv_arena_text(f->graph->arena, names.at, &options.results));
    fv_graph_name_after(f->graph, f->graph->nodes[g->members[g->count - 1]]->name, "fused");
    fv_value fused = fv_graph_add(f->graph, fv_op_find("elementwise"), inputs, input_count, &options, NULL);
    FV_TRY(fv_graph_error(f->graph));
    for (int k = 0; k < result_count; k++)
        fv_graph_replace(f->graph, fv_node_value(f->graph->nodes[g->members[results[k]]], 0), fv_output_of(fused, k));
    return NULL;
}

static fv_error *find_readers(fusion *f) {
    const fv_graph *graph = f->graph;
    for (int32_t n = 0; n < f->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++) f->reader_count[graph->nodes[n]->inputs[i].node]++;
    for (int32_t n = 0; n < f->count; n++) {
        FV_TRY(fv_arena_take(f->arena, f->reader_count[n], &f->readers[n]));
        f->reader_count[n] = 0;
    }
    for (int32_t n = 0; n < f->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++) {
            int32_t from = graph->nodes[n]->inputs[i].node;
            f->readers[from][f->reader_count[from]++] = n;
        }
    for (int i = 0; i < graph->output_count; i++) f->result[graph->outputs[i].value.node] = true;
    return NULL;
}

static fv_error *prepare(fusion *f) {
    FV_TRY(fv_arena_take(f->arena, f->count, &f->group_of));
    FV_TRY(fv_arena_take(f->arena, f->count, &f->groups));
    FV_TRY(fv_arena_take(f->arena, f->count, &f->seen));
    FV_TRY(fv_arena_take(f->arena, f->count + FV_ELEMENTWISE_INPUTS, &f->stack));
    FV_TRY(fv_arena_take(f->arena, f->count, &f->readers));
    FV_TRY(fv_arena_take(f->arena, f->count, &f->reader_count));
    FV_TRY(fv_arena_take(f->arena, f->count, &f->result));
    for (int32_t n = 0; n < f->count; n++) f->group_of[n] = -1;
    return find_readers(f);
}

fv_error *fv_pass_fuse_elementwise(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("fusing elementwise ops", (int64_t)1 << 30, &arena));
    fusion f = { .graph = graph, .arena = arena, .count = graph->count };
    FV_TRY(prepare(&f));
    for (int32_t n = 0; n < f.count; n++) FV_TRY(visit(&f, n));
    for (int32_t g = 0; g < f.group_count; g++)
        if (f.groups[g]->count > 0) FV_TRY(fuse(&f, f.groups[g]));
    return NULL;
}
