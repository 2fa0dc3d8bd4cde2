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

typedef struct lookahead {
    int64_t every;
    double kept, power;
} lookahead;

static const fv_field fields[] = {
    FV_FIELD(lookahead, every, .by_default = "5", .min = 1, .max = 1000000, .help = "steps between two looks back"),
    FV_FIELD(lookahead, kept, .by_default = "0.5", .min = 0, .max = 1, .help = "share of the slow weights"),
    FV_FIELD(lookahead, power, .by_default = "0", .min = 0, .max = 100,
             .help = "the share grows as (steps done / all steps) to this power"),
    FV_FIELDS_END
};

static fv_error *parse(const fv_trainer *t, lookahead *out) {
    return fv_error_wrap(fv_fields_parse(fields, out, t->keys->lookahead, t->arena), "lookahead");
}

/* ---- both ---- */

static fv_error *plan_graph(const fv_trainer *t, const fv_graph *graph, fv_plan **out) {
    FV_TRY(fv_initialize(graph, fv_model_weights(t->model), (uint64_t)t->keys->seed));
    fv_plan_options options = { .mode = FV_TRAINING, .device = t->options->device, .shards = (int)t->keys->shards };
    return fv_plan_new(graph, fv_model_weights(t->model), &options, out);
}

fv_error *fv_trainer_plan_steps(fv_trainer *t) {
    if (t->apply) FV_TRY(plan_graph(t, t->apply, &t->apply_plan));
    if (!t->keys->lookahead) return NULL;
    lookahead l;
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(parse(t, &l));
    FV_TRY(fv_graph_new(&graph));
    fv_lookahead(graph, t->step);
    FV_TRY(fv_graph_error(graph));
    t->lookahead_every = l.every;
    t->lookahead_kept = l.kept;
    t->lookahead_power = l.power;
    return plan_graph(t, graph, &t->lookahead_plan);
}

static fv_error *look_back(const fv_trainer *t, double kept) {
    fv_tensor_store(fv_plan_feed(t->lookahead_plan, "kept"), 0, kept);
    return fv_plan_run(t->lookahead_plan);
}

/* Of the steps of the whole training the last one ends on the slow weights, whatever its number. */
fv_error *fv_trainer_after_update(const fv_trainer *t) {
    if (!t->lookahead_plan) return NULL;
    int64_t done = fv_trainer_updates(t), all = t->keys->epochs * fv_trainer_steps_per_epoch(t, fv_loader_batches(t->loader));
    if (done % t->lookahead_every == 0)
        return look_back(t, t->lookahead_kept * pow((double)done / (double)all, t->lookahead_power));
    return done == all ? look_back(t, 1) : NULL;
}

fv_error *fv_trainer_begin_steps(const fv_trainer *t) {
    return t->lookahead_plan && t->state.step == 0 ? look_back(t, 0) : NULL;
}
