/* tuning_blocks.c - a network cut into blocks by the names of its parameters, and the freezing of the first ones. */
#include <ctype.h>
#include <string.h>

#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "train/tuning.h"

#define ARENA_CAP (INT64_C(1) << 30)

/* ---- blocks ---- */

/* Nodes that `node` depends on, itself included; by number. */
static fv_error *find_ancestors(const fv_graph *graph, int32_t node, fv_arena *arena, bool **out) {
    bool *is;
    FV_TRY(fv_arena_take(arena, graph->count, &is));
    is[node] = true;
    for (int32_t n = node; n >= 0; n--)
        for (int i = 0; is[n] && i < graph->nodes[n]->input_count; i++) is[graph->nodes[n]->inputs[i].node] = true;
    *out = is;
    return NULL;
}

/* Letters of a parameter's name that name its block: of "layer1.0.conv1.weight" those of "layer1", of "features.3.conv.weight"
 * those of "features.3". 0 of a module at the top, "conv1.weight", which its own weight begins. */
static size_t prefix_of(const char *name) {
    size_t first = strcspn(name, "."), second = name[first] ? strcspn(name + first + 1, ".") : 0;
    if (!name[first] || !name[first + 1 + second]) return 0;
    const char *number = name + first + 1;
    bool counts = isdigit((unsigned char)*number) && strspn(number, "0123456789") == second;
    return counts && first && !isdigit((unsigned char)name[first - 1]) ? first + 1 + second : first;
}

/* Whether the parameter begins a block, given the name of the one under way. */
static bool begins(const char *name, int rank, const char *block, bool block_is_prefix) {
    size_t prefix = prefix_of(name);
    if (!block) return true;
    if (!prefix) return rank > 1; /* its own bias, and the norm behind it, belong to it */
    return !block_is_prefix || strlen(block) != prefix || strncmp(block, name, prefix) != 0;
}

typedef struct cutting {
    const fv_graph *graph;
    fv_arena *arena;
    fv_blocks *blocks;
    int64_t *block_of;
    bool is_prefix; /* what the last block is called by */
} cutting;

static fv_error *add(cutting *c, fv_value parameter) {
    fv_blocks *b = c->blocks;
    const char *name = fv_value_name(c->graph, parameter), *last = b->count ? b->names[b->count - 1] : NULL;
    if (begins(name, fv_value_type(c->graph, parameter)->rank, last, c->is_prefix)) {
        size_t letters = prefix_of(name);
        c->is_prefix = letters > 0;
        if (!letters) letters = strcspn(name, ".");
        FV_TRY(fv_arena_format(c->arena, &b->names[b->count++], "%.*s", (int)letters, name));
    }
    FV_TRY(fv_arena_text(c->arena, name, &b->parameters[b->parameter_count]));
    c->block_of[b->parameter_count++] = b->count - 1;
    return NULL;
}

static fv_error *add_head(cutting *c, const fv_value *parameters, int count, const bool *is_backbone) {
    fv_blocks *b = c->blocks;
    for (int i = 0; i < count; i++) {
        if (is_backbone[parameters[i].node]) continue;
        if (!b->names[b->count]) FV_TRY(fv_arena_text(c->arena, "head", &b->names[b->count]));
        FV_TRY(fv_arena_text(c->arena, fv_value_name(c->graph, parameters[i]), &b->parameters[b->parameter_count]));
        c->block_of[b->parameter_count++] = b->count;
    }
    if (!b->names[b->count] || !b->count)
        return fv_fail(FV_UNSUPPORTED, "the network has no layers on both sides of \"features\"");
    b->count++;
    return NULL;
}

fv_error *fv_blocks_find(const fv_graph *network, fv_arena *arena, fv_blocks *out) {
    fv_value features = fv_graph_find(network, "features"), *parameters;
    int count = fv_graph_states(network, FV_PARAMETER, NULL, 0);
    bool *is_backbone;
    cutting c = { .graph = network, .arena = arena, .blocks = out };
    if (!fv_is_value(features))
        return fv_fail(FV_UNSUPPORTED, "the network has no node \"features\", behind which a new head could begin");
    *out = (fv_blocks){ 0 };
    FV_TRY(fv_arena_take(arena, count + 1, &out->names));
    FV_TRY(fv_arena_take(arena, count + 1, &out->parameters));
    FV_TRY(fv_arena_take(arena, count + 1, &c.block_of));
    FV_TRY(fv_arena_take(arena, count + 1, &parameters));
    FV_TRY(find_ancestors(network, features.node, arena, &is_backbone));
    out->block_of = c.block_of;
    fv_graph_states(network, FV_PARAMETER, parameters, count);
    for (int i = 0; i < count; i++)
        if (is_backbone[parameters[i].node]) FV_TRY(add(&c, parameters[i]));
    return add_head(&c, parameters, count, is_backbone);
}

int64_t fv_block_of(const fv_blocks *blocks, const char *parameter) {
    for (int64_t i = 0; i < blocks->parameter_count; i++)
        if (!strcmp(blocks->parameters[i], parameter)) return blocks->block_of[i];
    return -1;
}

/* ---- freezing ---- */

typedef struct freezing {
    fv_graph *graph;
    const fv_blocks *blocks;
    int64_t first;
    bool all_norms;
    bool *stays;    /* by number of a state: nothing is assigned to it any more */
    int64_t *level; /* by number of a node: the last block that it depends on; −1: none */
    bool *backbone; /* by number of a node: "features" depends on it */
} freezing;

static int64_t block_of_value(const freezing *f, fv_value v) {
    const fv_node *node = f->graph->nodes[v.node];
    return fv_node_is(node, "state") ? fv_block_of(f->blocks, node->name) : -1;
}

static void find_levels(freezing *f, int32_t count) {
    for (int32_t n = 0; n < count; n++) {
        f->level[n] = block_of_value(f, (fv_value){ n, 0 });
        for (int i = 0; i < f->graph->nodes[n]->input_count; i++) {
            int64_t below = f->level[f->graph->nodes[n]->inputs[i].node];
            if (below > f->level[n]) f->level[n] = below;
        }
    }
}

/* By running statistics; what counted its batches stays too. */
static void freeze_norm(freezing *f, const fv_node *norm) {
    const fv_batch_norm_options *options = norm->options;
    FV_TEXT(counter, 4096);
    fv_text_addf(&counter, "%s.num_batches_tracked", norm->name);
    fv_graph_fail(f->graph, fv_text_error(&counter));
    fv_value tracked = fv_graph_find(f->graph, counter.at);
    if (fv_is_value(tracked)) f->stays[tracked.node] = true;
    f->stays[norm->inputs[3].node] = f->stays[norm->inputs[4].node] = true;
    fv_graph_name_after(f->graph, norm->name, "frozen");
    fv_value y = fv_apply(f->graph, "batch_norm_inference", norm->inputs, norm->input_count, "epsilon=%.17g", options->epsilon);
    fv_graph_replace(f->graph, fv_node_value(norm, 0), y);
}

static bool is_frozen_norm(const freezing *f, const fv_node *node) {
    if (!fv_node_is(node, "batch_norm")) return false;
    int64_t block = block_of_value(f, node->inputs[1]);
    return block >= 0 && (f->all_norms || block < f->first);
}

/* Taken out of the array only: nothing reads an assign. */
static fv_error *drop_assigns(freezing *f) {
    int32_t kept = 0;
    fv_graph *graph = f->graph;
    for (int32_t n = 0; n < graph->count; n++) {
        fv_node *node = graph->nodes[n];
        if (!fv_node_is(node, "assign") || !f->stays[node->inputs[0].node]) graph->nodes[kept++] = node;
    }
    return fv_graph_compact(graph, kept);
}

fv_error *fv_blocks_freeze(fv_graph *graph, const fv_blocks *blocks, int64_t first, bool all_norms) {
    FV_OWNED(fv_arena) arena = NULL;
    int32_t count = graph->count;
    freezing f = { .graph = graph, .blocks = blocks, .first = first, .all_norms = all_norms };
    FV_TRY(fv_arena_new("freezing blocks", ARENA_CAP, &arena));
    FV_TRY(fv_arena_take(arena, count, &f.level));
    FV_TRY(fv_arena_take(arena, 2 * (int64_t)count, &f.stays)); /* each node may get one more */
    FV_TRY(find_ancestors(graph, fv_graph_find(graph, "features").node, arena, &f.backbone));
    find_levels(&f, count);
    for (int32_t n = 0; n < count && !graph->error; n++) {
        const fv_node *node = graph->nodes[n];
        if (is_frozen_norm(&f, node)) freeze_norm(&f, node);
        if (fv_node_is(node, "dropout") && f.backbone[n] && f.level[n] < first)
            fv_graph_replace(graph, fv_node_value(node, 0), node->inputs[0]);
    }
    FV_TRY(graph->error ? fv_graph_error(graph) : NULL);
    FV_TRY(drop_assigns(&f));
    return fv_graph_sort(graph);
}
