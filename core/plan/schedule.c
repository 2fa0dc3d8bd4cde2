/* schedule.c - the pass that moves updates forward: a node whose results are only stored into states runs as soon as its inputs
 * are there and everybody else has read those states, so a gradient lives for a moment instead of till the end. The rest keeps
 * its order. Clipping or anything else that needs all gradients holds the updates back by itself, through its inputs. */
#include "core/plan/plan.h"

typedef struct schedule {
    fv_graph *graph;
    fv_node **order;
    int32_t count;
    int32_t *waits;      /* by node: predecessors not yet placed */
    int32_t **followers; /* by node: who waits for it; an assign also waits for the other readers of its state */
    int32_t *follower_count;
    bool *update; /* by node: all its results go to assigns, or an assign */
    bool *placed;
} schedule;

/* Calls visit(s, before, after) for every pair that must keep its order. The update in front of an assign waits for the state's
 * other readers too: only then can it write the state in place. */
static void each_order(schedule *s, int32_t **readers, const int32_t *reader_count,
                       void (*visit)(schedule *, int32_t, int32_t)) {
    for (int32_t n = 0; n < s->graph->count; n++) {
        const fv_node *node = s->graph->nodes[n];
        for (int i = 0; i < node->input_count; i++) visit(s, node->inputs[i].node, n);
        if (!(node->op->flags & FV_OP_EFFECT)) continue;
        int32_t state = node->inputs[0].node, value = node->inputs[1].node;
        for (int32_t r = 0; r < reader_count[state]; r++) {
            int32_t reader = readers[state][r];
            if (reader != n) visit(s, reader, n);
            if (s->update[value] && reader != value && !s->update[reader]) visit(s, reader, value);
        }
    }
}

static void count_one(schedule *s, int32_t before, int32_t after) { (void)after, s->follower_count[before]++; }

static void add_one(schedule *s, int32_t before, int32_t after) {
    s->followers[before][s->follower_count[before]++] = after;
    s->waits[after]++;
}

static void mark_updates(schedule *s) {
    const fv_graph *graph = s->graph;
    for (int32_t n = 0; n < graph->count; n++) s->update[n] = !(graph->nodes[n]->op->flags & (FV_OP_SOURCE | FV_OP_EFFECT));
    for (int32_t n = 0; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        for (int i = 0; i < node->input_count; i++)
            if (!(node->op->flags & FV_OP_EFFECT)) s->update[node->inputs[i].node] = false;
    }
    for (int i = 0; i < graph->output_count; i++) s->update[graph->outputs[i].value.node] = false;
    for (int32_t n = 0; n < graph->count; n++)
        if (graph->nodes[n]->op->flags & FV_OP_EFFECT) s->update[n] = true;
}

static void place(schedule *s, int32_t n) {
    s->placed[n] = true;
    s->order[s->count++] = s->graph->nodes[n];
    for (int32_t f = 0; f < s->follower_count[n]; f++) s->waits[s->followers[n][f]]--;
}

/* Sources and what scalars there are made of them, a schedule's rate or a power of beta: placed first, since an update that
 * reads them would wait until their turn came. They cost no memory to speak of. */
static bool is_small(const fv_node *node) {
    for (int k = 0; k < node->output_count && node->input_count; k++)
        if (fv_type_count(&node->outputs[k]) > 1) return false;
    return true;
}

/* Updates that `n` was the last to hold back, and what those held back in turn. */
static void place_ready_updates(schedule *s, int32_t n) {
    for (int32_t f = 0; f < s->follower_count[n]; f++) {
        int32_t next = s->followers[n][f];
        if (s->placed[next] || s->waits[next] || !s->update[next]) continue;
        place(s, next);
        place_ready_updates(s, next); /* an update, then its assigns: two deep */
    }
}

fv_error *fv_pass_schedule(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    FV_OWNED(fv_arena) arena = NULL;
    int32_t **readers = NULL, *reader_count = NULL;
    schedule s = { .graph = graph };
    FV_TRY(fv_arena_new("scheduling", (int64_t)1 << 30, &arena));
    FV_TRY(fv_arena_take(arena, graph->count, &s.order));
    FV_TRY(fv_arena_take(arena, graph->count, &s.waits));
    FV_TRY(fv_arena_take(arena, graph->count, &s.followers));
    FV_TRY(fv_arena_take(arena, graph->count, &s.follower_count));
    FV_TRY(fv_arena_take(arena, graph->count, &s.update));
    FV_TRY(fv_arena_take(arena, graph->count, &s.placed));
    FV_TRY(fv_graph_readers_of_states(graph, NULL, arena, &readers, &reader_count));
    mark_updates(&s);
    each_order(&s, readers, reader_count, count_one);
    for (int32_t n = 0; n < graph->count; n++) {
        FV_TRY(fv_arena_take(arena, s.follower_count[n], &s.followers[n]));
        s.follower_count[n] = 0;
    }
    each_order(&s, readers, reader_count, add_one);
    for (int32_t n = 0; n < graph->count; n++)
        if (!s.waits[n] && !s.update[n] && is_small(graph->nodes[n])) place(&s, n);
    for (int32_t n = 0; n < graph->count; n++) {
        if (s.placed[n] || s.waits[n]) continue; /* what waits is an update, placed when its turn comes */
        place(&s, n);
        place_ready_updates(&s, n);
    }
    if (s.count != graph->count) return NULL; /* states that update each other: the order there is stands */
    memcpy(graph->nodes, s.order, sizeof *s.order * (size_t)s.count);
    return fv_graph_compact(graph, s.count);
}
