/* share.c - the pass that computes equal things once: nodes of the same op with equal options and inputs become one. */
#include "core/plan/plan.h"

/* A key for finding candidates; equality is checked in full. */
static uint64_t key_of(const fv_node *node) {
    uint64_t key = (uint64_t)(uintptr_t)node->op ^ 0xcbf29ce484222325u;
    for (int i = 0; i < node->input_count; i++)
        key = (key ^ (uint64_t)(node->inputs[i].node * 64 + node->inputs[i].output)) * 0x100000001b3u;
    return key;
}

static bool equal(const fv_node *a, const fv_node *b) {
    if (a->op != b->op || a->input_count != b->input_count) return false;
    for (int i = 0; i < a->input_count; i++)
        if (!fv_same_value(a->inputs[i], b->inputs[i])) return false;
    return fv_fields_equal(a->op->fields ? a->op->fields : fv_no_fields, a->options, b->options);
}

fv_error *fv_pass_share(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("sharing nodes", (int64_t)1 << 30, &arena));
    int64_t slots = 64;
    while (slots < (int64_t)graph->count * 2) slots *= 2;
    fv_node **table = NULL;
    FV_TRY(fv_arena_take(arena, slots, &table));
    for (int32_t n = 0; n < graph->count; n++) {
        fv_node *node = graph->nodes[n];
        if (node->op->flags & (FV_OP_SOURCE | FV_OP_EFFECT)) continue;
        int64_t at = (int64_t)(key_of(node) & (uint64_t)(slots - 1));
        while (table[at] && !equal(table[at], node)) at = (at + 1) & (slots - 1);
        if (!table[at])
            table[at] = node;
        else
            for (int k = 0; k < node->output_count; k++)
                fv_graph_replace(graph, fv_node_value(node, k), fv_node_value(table[at], k));
    }
    return NULL;
}
