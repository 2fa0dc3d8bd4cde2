/* features.c - what the last layers read of every picture, computed once: the node "features" of the network in evaluation. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "train/trainer.h"

typedef struct reader {
    const fv_trainer *trainer;
    fv_graph *graph; /* of the network, with the result "features" */
    fv_plan *plan;   /* for batches of `planned` */
    int64_t planned;
} reader;

/* Plans are made by need: one, and another where the last batch is smaller. */
static fv_error *plan_for(reader *r, int64_t batch) {
    FV_OWNED(fv_graph) graph = NULL;
    if (r->planned == batch) return NULL;
    fv_plan_free(fv_take(&r->plan));
    FV_TRY(fv_graph_with_batch(r->graph, batch, &graph));
    fv_plan_options options = { .mode = FV_EVALUATION, .device = r->trainer->options->device };
    FV_TRY(fv_plan_new(graph, fv_model_weights(r->trainer->model), &options, &r->plan));
    r->planned = batch;
    return NULL;
}

static fv_error *read_batch(reader *r, const fv_batch *batch, fv_features *out) {
    FV_TRY(plan_for(r, batch->count));
    fv_tensor *x = fv_plan_feed(r->plan, "x");
    memcpy(x->data, batch->images, (size_t)fv_type_bytes(&x->type));
    FV_TRY(fv_plan_run(r->plan));
    const fv_tensor *rows = fv_plan_result(r->plan, "features");
    memcpy(out->rows + out->count * out->width, rows->data, (size_t)fv_type_bytes(&rows->type));
    memcpy(out->labels + out->count, batch->labels, (size_t)batch->count * sizeof *out->labels);
    out->count += batch->count;
    return NULL;
}

static void report(const fv_trainer *t, const char *what, int64_t done, int64_t count, double started) {
    double seconds = fv_clock_seconds() - started;
    fv_progress progress = { .what = what, .done = done, .count = count, .loss = NAN };
    if (seconds > 0 && done) {
        progress.pictures_per_second = (double)done * (double)fv_trainer_batch(t) / seconds;
        progress.seconds_left = seconds / (double)done * (double)(count - done);
    }
    if (t->options->progress) t->options->progress(t->options->context, &progress);
}

static fv_error *read_all(reader *r, fv_loader *loader, const char *what, fv_features *out) {
    double started = fv_clock_seconds();
    FV_TRY(fv_loader_start(loader, 0, 0));
    for (int64_t done = 0;; done++) {
        const fv_batch *batch;
        report(r->trainer, what, done, fv_loader_batches(loader), started);
        if (fv_trainer_cancelled(r->trainer)) return fv_fail(FV_CANCELLED, "stopped before the first step; nothing was kept");
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) return NULL;
        if (batch->count) FV_TRY(read_batch(r, batch, out));
    }
}

static fv_error *open_graph(reader *r, fv_features *out) {
    FV_TRY(fv_graph_clone(fv_model_graph(r->trainer->model), &r->graph));
    fv_value features = fv_graph_find(r->graph, "features");
    const fv_type *type = fv_value_type(r->graph, features);
    if (!fv_is_value(features) || type->rank != 2 || type->dtype != FV_F32)
        return fv_fail(FV_UNSUPPORTED, "%s has no node \"features\" with a row of numbers a picture", r->trainer->keys->arch);
    fv_graph_output(r->graph, "features", features);
    out->width = type->dims[1];
    return fv_graph_error(r->graph);
}

fv_error *fv_trainer_features(const fv_trainer *t, const fv_subset *subset, const char *what, fv_features *out) {
    FV_OWNED(fv_loader) loader = NULL;
    reader r = { .trainer = t };
    int64_t count = fv_subset_count(subset), cells = 0;
    fv_loader_options options = {
        .mode = FV_EVALUATION, .batch = fv_min(fv_trainer_batch(t), count), .workers = t->workers, .size = t->input
    };
    *out = (fv_features){ 0 };
    fv_error *error = open_graph(&r, out);
    if (!error && !fv_size_mul(count, out->width, &cells)) error = fv_fail(FV_MEMORY, "too many pictures to keep features of");
    if (!error) error = fv_memory_alloc(cells, sizeof(float), (void **)&out->rows);
    if (!error) error = fv_memory_alloc(count, sizeof(int64_t), (void **)&out->labels);
    if (!error) error = fv_loader_new(subset, t->transforms, &options, &loader);
    if (!error) error = read_all(&r, loader, what, out);
    fv_plan_free(r.plan);
    fv_graph_free(r.graph);
    return error;
}

void fv_features_release(fv_features *features) {
    fv_memory_free(features->rows);
    fv_memory_free(features->labels);
    *features = (fv_features){ 0 };
}
