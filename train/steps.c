/* steps.c - what a step is made of when it is more than one plan: gradients of several batches added up before the weights
 * change (accumulate), and weights that are led back to slow ones every few steps (lookahead). */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "train/trainer.h"

/* ---- accumulate ---- */

int64_t fv_trainer_steps_per_epoch(const fv_trainer *t, int64_t batches) { return fv_ceil_div(batches, t->keys->accumulate); }

/* Steps that changed the weights, all epochs together. Within an epoch each `accumulate` batches make one, and the last ones.
 */
int64_t fv_trainer_updates(const fv_trainer *t) {
    int64_t batches = fv_loader_batches(t->loader), position = t->state.position, k = t->keys->accumulate;
    int64_t here = position == batches ? fv_ceil_div(position, k) : position / k;
    return t->state.epoch * fv_ceil_div(batches, k) + here;
}

/* Pictures of the batches that make one step with batch number `position`. */
static int64_t pictures_of_step(const fv_trainer *t, int64_t position) {
    int64_t k = t->keys->accumulate, first = position / k * k, batch = fv_trainer_batch(t);
    int64_t count = fv_subset_count(t->train);
    return fv_min((first + k) * batch, count) - first * batch;
}

double fv_trainer_share(const fv_trainer *t, int64_t pictures) {
    return (double)pictures / (double)pictures_of_step(t, t->state.position);
}

bool fv_trainer_step_ends(const fv_trainer *t) {
    int64_t next = t->state.position + 1;
    return next % t->keys->accumulate == 0 || next == fv_loader_batches(t->loader);
}

/* ---- lookahead ---- */

static const fv_field fields[] = {
    FV_FIELD(fv_lookahead_options, every, .by_default = "5", .min = 1, .max = 1000000, .help = "steps between two looks back"),
    FV_FIELD(fv_lookahead_options, kept, .by_default = "0.5", .min = 0, .max = 1, .help = "share of the slow weights"),
    FV_FIELD(fv_lookahead_options, power, .by_default = "0", .min = 0, .max = 100,
             .help = "the share grows as (steps done / all steps) to this power"),
    FV_FIELDS_END
};

static fv_error *parse(const fv_trainer *t, fv_lookahead_options *out) {
    return fv_error_wrap(fv_fields_parse(fields, out, t->keys->lookahead, t->arena), "lookahead");
}

/* The share of the slow weights once `done` of `all` steps are; negative: they are not looked at. Of the steps of the whole
 * training the last one ends on them, whatever its number. */
static double share_after(const fv_lookahead_options *l, int64_t done, int64_t all) {
    if (done % l->every == 0) return l->kept * pow((double)done / (double)all, l->power);
    return done == all ? 1 : -1;
}

fv_error *fv_trainer_looks_back_alike(const fv_trainer *t, int64_t epochs, bool *alike) {
    fv_lookahead_options l;
    int64_t steps = fv_trainer_steps_per_epoch(t, fv_loader_batches(t->loader)), done = fv_trainer_updates(t);
    *alike = true;
    if (!t->keys->lookahead) return NULL;
    FV_TRY(parse(t, &l));
    for (int64_t step = 1; step <= done && *alike; step++)
        *alike = share_after(&l, step, t->keys->epochs * steps) == share_after(&l, step, epochs * steps);
    return NULL;
}

/* ---- both ---- */

static fv_error *plan_graph(const fv_trainer *t, const fv_graph *graph, fv_plan **out) {
    FV_TRY(fv_initialize(graph, fv_model_weights(t->model), (uint64_t)t->keys->seed));
    fv_plan_options options = { .mode = FV_TRAINING, .device = t->options->device, .shards = (int)t->keys->shards };
    return fv_plan_new(graph, fv_model_weights(t->model), &options, out);
}

fv_error *fv_trainer_plan_apply(fv_trainer *t) {
    const fv_graph *apply = t->tuning.apply ? t->tuning.apply : t->apply;
    return apply ? plan_graph(t, apply, &t->apply_plan) : NULL;
}

fv_error *fv_trainer_plan_steps(fv_trainer *t) {
    if (!t->apply_plan) FV_TRY(fv_trainer_plan_apply(t));
    if (!t->keys->lookahead) return NULL;
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(parse(t, &t->lookahead));
    FV_TRY(fv_graph_new(&graph));
    fv_lookahead(graph, t->step);
    FV_TRY(fv_graph_error(graph));
    return plan_graph(t, graph, &t->lookahead_plan);
}

static fv_error *look_back(const fv_trainer *t, double kept) {
    fv_tensor_store(fv_plan_feed(t->lookahead_plan, "kept"), 0, kept);
    return fv_plan_run(t->lookahead_plan);
}

fv_error *fv_trainer_after_update(const fv_trainer *t) {
    if (!t->lookahead_plan) return NULL;
    int64_t done = fv_trainer_updates(t), all = t->keys->epochs * fv_trainer_steps_per_epoch(t, fv_loader_batches(t->loader));
    double share = share_after(&t->lookahead, done, all);
    return share < 0 ? NULL : look_back(t, share);
}

fv_error *fv_trainer_begin_steps(const fv_trainer *t) {
    return t->lookahead_plan && t->state.step == 0 ? look_back(t, 0) : NULL;
}
