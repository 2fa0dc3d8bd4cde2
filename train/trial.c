/* trial.c - see trial.h. Keeping the states takes no more than a checkpoint, which the memory bound has. */
#include <string.h>

#include "core/base/size.h"
#include "train/trial.h"

static int64_t state_bytes(const fv_weights *weights) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < fv_weights_count(weights); i++)
        bytes += fv_type_bytes(&fv_weights_at(weights, i, NULL, NULL)->type);
    return bytes;
}

/* All states into `kept`, or back from it. */
static void copy_states(const fv_weights *weights, uint8_t *kept, bool back) {
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_tensor *tensor = fv_weights_at(weights, i, NULL, NULL);
        size_t bytes = (size_t)fv_type_bytes(&tensor->type);
        memcpy(back ? tensor->data : kept, back ? kept : tensor->data, bytes);
        kept += bytes;
    }
}

fv_error *fv_trial_begin(const fv_trainer *t, fv_trial *out) {
    fv_weights *weights = fv_model_weights(t->model);
    fv_loader_options options = fv_trainer_loader_options(t);
    options.workers = 0;
    *out = (fv_trial){ .trainer = t };
    FV_TRY(fv_loader_new(t->train, t->transforms, &options, &out->loader));
    fv_error *error = fv_memory_alloc(state_bytes(weights), 1, (void **)&out->kept);
    if (error) {
        fv_loader_free(fv_take(&out->loader));
        return error;
    }
    copy_states(weights, out->kept, false);
    return fv_loader_start(out->loader, 0, 0);
}

fv_error *fv_trial_batch(fv_trial *trial, const fv_batch **batch) {
    FV_TRY(fv_loader_next(trial->loader, batch));
    if (*batch && (*batch)->all == fv_trainer_batch(trial->trainer)) return NULL;
    FV_TRY(fv_loader_start(trial->loader, 0, 0));
    return fv_loader_next(trial->loader, batch);
}

static void feed_rate(fv_plan *plan, double rate) {
    fv_tensor *tensor = fv_plan_feed(plan, "learning_rate");
    if (tensor && rate > 0) fv_tensor_store(tensor, 0, rate);
}

fv_error *fv_trial_step(const fv_trial *trial, const fv_batch *batch, double rate, double *loss) {
    const fv_trainer *t = trial->trainer;
    fv_plan *plan = fv_trainer_plan_for(t, batch);
    fv_trainer_feed(t, plan, batch);
    feed_rate(plan, rate);
    FV_TRY(fv_plan_run(plan));
    if (loss) *loss = fv_tensor_load(fv_plan_result(plan, "loss"), 0);
    if (!t->apply_plan) return NULL;
    fv_trainer_feed_numbers(t, t->apply_plan);
    feed_rate(t->apply_plan, rate);
    return fv_plan_run(t->apply_plan);
}

void fv_trial_end(fv_trial *trial) {
    if (!trial->loader) return;
    fv_weights *weights = fv_model_weights(trial->trainer->model);
    copy_states(weights, trial->kept, true);
    fv_weights_changed(weights);
    fv_loader_free(fv_take(&trial->loader));
    fv_memory_free(fv_take(&trial->kept));
}
