/* edit.c - what passes do to a graph: count uses, redirect them, drop the dead, order anew; and copies of a whole graph. */
#include "core/graph/node.h"

#include "core/base/assert.h"
#include "core/graph/names.h"

fv_error *fv_graph_uses(const fv_graph *graph, fv_arena *arena, int32_t ***out) {
    int32_t **uses = NULL;
    FV_TRY(fv_arena_take(arena, graph->count, &uses));
    for (int32_t n = 0; n < graph->count; n++) FV_TRY(fv_arena_take(arena, graph->nodes[n]->output_count, &uses[n]));
    for (int32_t n = 0; n < graph->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++) {
            fv_value input = graph->nodes[n]->inputs[i];
            uses[input.node][input.output]++;
        }
    for (int i = 0; i < graph->output_count; i++) uses[graph->outputs[i].value.node][graph->outputs[i].value.output]++;
    *out = uses;
    return NULL;
}

void fv_graph_replace(fv_graph *graph, fv_value old, fv_value new_value) {
    for (int32_t n = 0; n < graph->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++)
            if (fv_same_value(graph->nodes[n]->inputs[i], old)) graph->nodes[n]->inputs[i] = new_value;
    for (int i = 0; i < graph->output_count; i++)
        if (fv_same_value(graph->outputs[i].value, old)) graph->outputs[i].value = new_value;
}

/* ---- readers of states ---- */

/* The number of the state that `v` shows through views, or −1. */
static int32_t state_shown(const fv_graph *graph, fv_value v) {
    const fv_node *node = graph->nodes[v.node];
    while (node->op->flags & FV_OP_VIEW) node = graph->nodes[node->inputs[0].node];
    return fv_node_is(node, "state") ? node->index : -1;
}

fv_error *fv_graph_readers_of_states(const fv_graph *graph, const bool *needed, fv_arena *arena, int32_t ***readers,
                                     int32_t **counts) {
    FV_TRY(fv_arena_take(arena, graph->count, readers));
    FV_TRY(fv_arena_take(arena, graph->count, counts));
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t n = 0; n < graph->count; n++) {
            const fv_node *node = graph->nodes[n];
            if ((node->op->flags & (FV_OP_EFFECT | FV_OP_VIEW)) || (needed && !needed[n])) continue;
            for (int i = 0; i < node->input_count; i++) {
                int32_t state = fv_op_shape_only(node->op, i) ? -1 : state_shown(graph, node->inputs[i]);
                if (state < 0) continue;
                if (pass == 1) (*readers)[state][(*counts)[state]] = n;
                (*counts)[state]++;
            }
        }
        for (int32_t n = 0; n < graph->count && pass == 0; n++) {
            FV_TRY(fv_arena_take(arena, (*counts)[n], &(*readers)[n]));
            (*counts)[n] = 0;
        }
    }
    return NULL;
}

bool fv_graph_shows_state(const fv_graph *graph, fv_value v) { return state_shown(graph, v) >= 0; }

/* ---- order ---- */

/* Depth-first order with an explicit stack: a node follows its inputs, an assign follows every reader of its state as well. */
typedef struct sorting {
    fv_graph *graph;
    fv_arena *arena;
    bool *needed;
    uint8_t *seen; /* 0 new, 1 on the stack, 2 done */
    int32_t *order, count;
    int32_t **readers; /* of a state */
    int32_t *reader_count;
    struct visit {
        int32_t node, next;
    } * stack;
} sorting;

static void mark_needed(sorting *s, int32_t root) {
    int32_t depth = 0;
    if (s->needed[root]) return;
    s->needed[root] = true;
    s->stack[depth++] = (struct visit){ root, 0 };
    while (depth > 0) {
        const fv_node *node = s->graph->nodes[s->stack[--depth].node];
        for (int i = 0; i < node->input_count; i++)
            if (!s->needed[node->inputs[i].node]) {
                s->needed[node->inputs[i].node] = true;
                s->stack[depth++] = (struct visit){ node->inputs[i].node, 0 };
            }
    }
}

/* What must come before `node`: its k-th predecessor, or −1 when there are no more. */
static int32_t predecessor(const sorting *s, const fv_node *node, int32_t k) {
    if (k < node->input_count) return node->inputs[k].node;
    k -= node->input_count;
    if (!(node->op->flags & FV_OP_EFFECT)) return -1;
    int32_t state = node->inputs[0].node;
    return k < s->reader_count[state] ? s->readers[state][k] : -1;
}

static fv_error *emit(sorting *s, int32_t root) {
    int32_t depth = 0;
    if (s->seen[root]) return NULL;
    s->seen[root] = 1;
    s->stack[depth++] = (struct visit){ root, 0 };
    while (depth > 0) {
        struct visit *top = &s->stack[depth - 1];
        int32_t next = predecessor(s, s->graph->nodes[top->node], top->next++);
        if (next < 0) {
            s->seen[top->node] = 2;
            s->order[s->count++] = top->node;
            depth--;
        } else if (s->seen[next] == 1 && next != top->node) {
            return fv_fail(FV_BUG, "the graph has a cycle through %s", s->graph->nodes[next]->name);
        } else if (s->seen[next] == 0) {
            s->seen[next] = 1;
            s->stack[depth++] = (struct visit){ next, 0 };
        }
    }
    return NULL;
}

/* Nodes know their old numbers, which the inputs still use: where[old] is the new one. */
fv_error *fv_graph_compact(fv_graph *graph, int32_t count) {
    FV_OWNED(fv_arena) arena = NULL;
    int32_t *where = NULL;
    FV_TRY(fv_arena_new("compacting a graph", (int64_t)1 << 30, &arena));
    FV_TRY(fv_arena_take(arena, graph->count, &where));
    for (int32_t n = 0; n < count; n++) where[graph->nodes[n]->index] = n;
    fv_names_clear(graph->names);
    for (int32_t n = 0; n < count; n++) {
        fv_node *node = graph->nodes[n];
        node->index = n;
        for (int i = 0; i < node->input_count; i++) node->inputs[i].node = where[node->inputs[i].node];
        FV_TRY(fv_names_add(graph->names, node->name, node));
    }
    graph->count = count;
    for (int i = 0; i < graph->output_count; i++) graph->outputs[i].value.node = where[graph->outputs[i].value.node];
    return NULL;
}

/* Puts the nodes in the order found. */
static fv_error *renumber(sorting *s) {
    fv_node **nodes = NULL;
    FV_TRY(fv_arena_take(s->arena, s->count, &nodes));
    for (int32_t n = 0; n < s->count; n++) nodes[n] = s->graph->nodes[s->order[n]];
    if (s->count) memcpy(s->graph->nodes, nodes, sizeof *nodes * (size_t)s->count); /* a graph may be empty */
    return fv_graph_compact(s->graph, s->count);
}

fv_error *fv_graph_sort(fv_graph *graph) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("sorting a graph", (int64_t)1 << 30, &arena));
    sorting s = { .graph = graph, .arena = arena };
    FV_TRY(fv_arena_take(arena, graph->count, &s.needed));
    FV_TRY(fv_arena_take(arena, graph->count, &s.seen));
    FV_TRY(fv_arena_take(arena, graph->count, &s.order));
    FV_TRY(fv_arena_take(arena, graph->count + 1, &s.stack));
    for (int i = 0; i < graph->output_count; i++) mark_needed(&s, graph->outputs[i].value.node);
    for (int32_t n = 0; n < graph->count; n++)
        if (graph->nodes[n]->op->flags & FV_OP_EFFECT) mark_needed(&s, n);
    FV_TRY(fv_graph_readers_of_states(graph, s.needed, arena, &s.readers, &s.reader_count));
    for (int32_t n = 0; n < graph->count; n++)
        if (s.needed[n]) FV_TRY(emit(&s, n));
    return renumber(&s);
}

/* ---- check ---- */

static fv_error *check_node(const fv_graph *graph, fv_node *node, fv_arena *arena) {
    int least, most;
    fv_op_arity(node->op, &least, &most);
    if (node->input_count < least || node->input_count > most) return fv_fail(FV_BUG, "has %d inputs", node->input_count);
    for (int i = 0; i < node->input_count; i++) {
        fv_value input = node->inputs[i];
        if (input.node < 0 || input.node >= node->index)
            return fv_fail(FV_BUG, "input %d comes from node %d, at or behind it", i, (int)input.node);
        if (input.output < 0 || input.output >= graph->nodes[input.node]->output_count)
            return fv_fail(FV_BUG, "input %d is no output of its node", i);
    }
    if (fv_names_find(graph->names, node->name) != node) return fv_fail(FV_BUG, "its name is not its own");
    fv_node again = *node;
    again.outputs = NULL;
    FV_TRY(fv_node_infer(graph, &again, arena));
    if (again.output_count != node->output_count)
        return fv_fail(FV_BUG, "has %d outputs, its op says %d", node->output_count, again.output_count);
    for (int k = 0; k < node->output_count; k++)
        if (!fv_type_equal(&again.outputs[k], &node->outputs[k]))
            return fv_fail(FV_BUG, "output %d has another type than its op says", k);
    return NULL;
}

fv_error *fv_graph_check(const fv_graph *graph) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("checking a graph", (int64_t)1 << 30, &arena));
    for (int32_t n = 0; n < graph->count; n++) {
        fv_node *node = graph->nodes[n];
        if (node->index != n) return fv_fail(FV_BUG, "node %d (%s) says it is number %d", (int)n, node->name, (int)node->index);
        fv_error *error = check_node(graph, node, arena);
        if (error) return fv_error_wrap(error, "%s (%s)", node->name, node->op->name);
    }
    for (int i = 0; i < graph->output_count; i++) {
        fv_value value = graph->outputs[i].value;
        if (value.node < 0 || value.node >= graph->count || value.output >= graph->nodes[value.node]->output_count)
            return fv_fail(FV_BUG, "output %s is no value", graph->outputs[i].name);
    }
    return NULL;
}

/* ---- copies ---- */

/* A deep copy of a node's options: through their text form, so that strings and lists move to the copy's arena. */
static fv_error *copy_options(const fv_node *node, fv_graph *to, void **out) {
    const fv_field *fields = node->op->fields ? node->op->fields : fv_no_fields;
    FV_TEXT(text, (int64_t)16 << 20);
    fv_fields_print(fields, node->options, &text);
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_arena_alloc(to->arena, 1, fv_fields_size(fields), out));
    return fv_fields_parse(fields, *out, text.at, to->arena);
}

static fv_error *copy_node(const fv_node *node, int64_t batch, fv_graph *to) {
    void *options = NULL;
    FV_TRY(copy_options(node, to, &options));
    if (batch > 0 && fv_node_is(node, "input") && ((fv_input_options *)options)->batch)
        ((fv_input_options *)options)->dims.at[0] = batch;
    to->scope = NULL;
    fv_value value = fv_graph_add(to, node->op, node->inputs, node->input_count, options, node->name);
    FV_ASSERT(to->error || value.node == node->index);
    return fv_graph_error(to);
}

static fv_error *copy(const fv_graph *graph, int64_t batch, fv_graph **out) {
    FV_OWNED(fv_graph) to = NULL;
    if (graph->error) return fv_fail(FV_USAGE, "a graph with an error cannot be copied or run");
    FV_TRY(fv_graph_new(&to));
    for (int32_t n = 0; n < graph->count; n++) FV_TRY(copy_node(graph->nodes[n], batch, to));
    for (int i = 0; i < graph->output_count; i++) fv_graph_output(to, graph->outputs[i].name, graph->outputs[i].value);
    FV_TRY(fv_graph_error(to));
    *out = fv_take(&to);
    return NULL;
}

fv_error *fv_graph_clone(const fv_graph *graph, fv_graph **out) { return copy(graph, 0, out); }

fv_error *fv_graph_with_batch(const fv_graph *graph, int64_t batch, fv_graph **out) {
    if (batch < 1) return fv_fail(FV_USAGE, "a batch of %lld", (long long)batch);
    fv_error *error = copy(graph, batch, out);
    return fv_error_wrap(error, "with a batch of %lld", (long long)batch);
}
