/* norms.c - running statistics of batch norms, taken anew from training pictures with the weights as they are: the mean over
 * batches of each batch's own mean and variance. An average of weights has never seen a batch, and what ran along with the
 * weights is of weights that were others (Wu and Johnson, arXiv 2105.07576, section 3). The pictures are the first ones of an
 * epoch that no training has, by the training's transforms: the same whenever it is done. */
#include <string.h>

#include "core/base/size.h"
#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "train/trainer.h"

#define EPOCH 0x7fffffff /* of the random numbers */

typedef struct estimate {
    fv_graph *graph;
    fv_plan *plan;
    fv_model *model;
    int64_t batches;
    double **sums; /* of the graph's results, one after the other */
} estimate;

/* The network as in training, without dropout, with what a norm would keep of this batch alone as results "N.0" and "N.1". */
static fv_error *make_graph(estimate *e, const fv_trainer *t, int64_t batch) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_with_batch(fv_model_graph(t->model), batch, &graph));
    if (t->keys->weights)
        FV_TRY(fv_blocks_freeze(graph, &t->tuning.blocks, t->tuning.first, t->keys->norms == FV_NORMS_FROZEN));
    int32_t kept = 0, count = graph->count;
    graph->output_count = 0;
    for (int32_t n = 0; n < count; n++) {
        fv_node *node = graph->nodes[n];
        if (fv_node_is(node, "dropout")) fv_graph_replace(graph, fv_node_value(node, 0), node->inputs[0]);
        if (!fv_node_is(node, "batch_norm")) continue;
        ((fv_batch_norm_options *)node->options)->momentum = 1;
        for (int k = 0; k < 2; k++) {
            FV_TEXT(name, 4096);
            fv_text_addf(&name, "%s", graph->nodes[node->inputs[3 + k].node]->name);
            FV_TRY(fv_text_error(&name));
            fv_graph_output(graph, name.at, fv_node_value(node, 3 + k));
        }
    }
    FV_TRY(graph->error ? fv_graph_error(graph) : NULL);
    for (int32_t n = 0; n < graph->count; n++)
        if (!fv_node_is(graph->nodes[n], "assign")) graph->nodes[kept++] = graph->nodes[n];
    FV_TRY(fv_graph_compact(graph, kept));
    FV_TRY(fv_graph_sort(graph));
    e->graph = fv_take(&graph);
    return NULL;
}

static fv_error *prepare(estimate *e, const fv_trainer *t, fv_arena *arena) {
    FV_TRY(make_graph(e, t, fv_trainer_batch(t)));
    if (!e->graph->output_count) return NULL; /* a network without batch norms */
    FV_TRY(fv_arena_take(arena, e->graph->output_count + 1, &e->sums));
    for (int i = 0; i < e->graph->output_count; i++)
        FV_TRY(fv_arena_take(arena, fv_type_count(fv_value_type(e->graph, e->graph->outputs[i].value)), &e->sums[i]));
    fv_plan_options options = { .mode = FV_TRAINING, .device = t->options->device, .shards = (int)t->keys->shards };
    return fv_plan_new(e->graph, fv_model_weights(e->model), &options, &e->plan);
}

static fv_error *add_batch(estimate *e, const fv_batch *batch) {
    fv_tensor *x = fv_plan_feed(e->plan, "x");
    memcpy(x->data, batch->images, (size_t)fv_type_bytes(&x->type));
    FV_TRY(fv_plan_run(e->plan));
    for (int i = 0; i < e->graph->output_count; i++) {
        const fv_tensor *result = fv_plan_result(e->plan, e->graph->outputs[i].name);
        for (int64_t k = 0; k < fv_type_count(&result->type); k++) e->sums[i][k] += fv_tensor_load(result, k);
    }
    e->batches++;
    return NULL;
}

static fv_error *go_through(estimate *e, const fv_trainer *t, fv_loader *loader) {
    int64_t wanted = fv_max(t->keys->norm_pictures / fv_trainer_batch(t), 1);
    FV_TRY(fv_loader_start(loader, EPOCH, 0));
    while (e->batches < wanted) {
        const fv_batch *batch;
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch || batch->count < fv_trainer_batch(t)) break; /* the last one, of fewer pictures */
        FV_TRY(add_batch(e, batch));
    }
    return NULL;
}

/* Each result is called by the state that it is for. */
static void store(const estimate *e) {
    for (int i = 0; i < e->graph->output_count && e->batches; i++) {
        fv_tensor *state = fv_weights_find(fv_model_weights(e->model), e->graph->outputs[i].name);
        for (int64_t k = 0; k < fv_type_count(&state->type); k++) fv_tensor_store(state, k, e->sums[i][k] / (double)e->batches);
    }
    fv_weights_changed(fv_model_weights(e->model));
}

fv_error *fv_trainer_estimate_norms(const fv_trainer *t, fv_model *model) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    estimate e = { .model = model };
    fv_loader_options options = fv_trainer_loader_options(t);
    if (!t->keys->norm_pictures) return NULL;
    options.ranks = options.rank = 0; /* every rank does all of it, to the same bits */
    FV_TRY(fv_arena_new("statistics of norms", INT64_C(1) << 30, &arena));
    fv_error *error = prepare(&e, t, arena);
    if (!error && e.graph->output_count) error = fv_loader_new(t->train, t->transforms, &options, &loader);
    if (!error && loader) error = go_through(&e, t, loader);
    if (!error) store(&e);
    fv_plan_free(e.plan);
    fv_graph_free(e.graph);
    return error;
}
