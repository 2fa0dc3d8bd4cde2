/* rehearse.c - steps before the first one, to say how long a training will take. They are whole steps on a whole batch: what is
 * timed is what will be done. Afterwards the network's states are put back, so that no bit of the training depends on it. */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "train/clock.h"
#include "train/trainer.h"

#define ENOUGH 0.5 /* seconds of trying; steps that are over sooner are timed again */

/* What fraction of a step an evaluation of as many pictures takes: of forward and the two products backward, the first. */
#define EVALUATION (1.0 / 3)

static int64_t state_bytes(const fv_weights *weights) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < fv_weights_count(weights); i++)
        bytes += fv_type_bytes(&fv_weights_at(weights, i, NULL, NULL)->type);
    return bytes;
}

/* All states into `kept`, or back from it. No more than a checkpoint takes, which the memory bound has. */
static void copy_states(const fv_weights *weights, uint8_t *kept, bool back) {
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_tensor *tensor = fv_weights_at(weights, i, NULL, NULL);
        size_t bytes = (size_t)fv_type_bytes(&tensor->type);
        memcpy(back ? tensor->data : kept, back ? kept : tensor->data, bytes);
        kept += bytes;
    }
}

/* Reads and prepares a batch on this thread, then steps on it, whatever its loss; the least seconds of each. */
static fv_error *time_batches(const fv_trainer *t, fv_loader *loader, double *load, double *step) {
    double spent = 0;
    while (spent < ENOUGH && !fv_trainer_cancelled(t)) {
        const fv_batch *batch;
        FV_TRY(fv_loader_start(loader, 0, 0));
        double start = fv_clock_seconds();
        FV_TRY(fv_loader_next(loader, &batch));
        double loaded = fv_clock_seconds();
        fv_plan *plan = fv_trainer_plan_for(t, batch->count);
        fv_trainer_feed(t, plan, batch);
        FV_TRY(fv_plan_run(plan));
        double stepped = fv_clock_seconds();
        *load = fmin(*load, loaded - start);
        *step = fmin(*step, stepped - loaded);
        spent += stepped - start;
    }
    return NULL;
}

/* The same, and then all states as they were. */
static fv_error *try_batches(const fv_trainer *t, double *load, double *step) {
    fv_weights *weights = fv_model_weights(t->model);
    FV_OWNED(fv_loader) loader = NULL;
    FV_OWNED(fv_memory) kept = NULL;
    fv_loader_options options = { .mode = FV_TRAINING,
                                  .batch = fv_min(t->keys->batch, fv_subset_count(t->train)),
                                  .seed = t->keys->seed,
                                  .size = t->input,
                                  .cancel = t->options->cancel };
    FV_TRY(fv_loader_new(t->train, t->transforms, &options, &loader));
    FV_TRY(fv_memory_alloc(state_bytes(weights), 1, &kept));
    copy_states(weights, kept, false);
    fv_error *error = time_batches(t, loader, load, step);
    copy_states(weights, kept, true);
    fv_weights_changed(weights);
    return error;
}

/* Seconds a batch when workers load while the team computes, on the same cores: whichever holds the other up. */
static double together(const fv_trainer *t, double load, double step) {
    if (!t->workers) return step + load;
    return fmax(load / (double)t->workers, step + load / fv_parallel_threads());
}

static void say_time(const fv_trainer *t, double seconds, double rate) {
    const char *unit = seconds < 90 ? "s" : seconds < 5400 ? "min" : "h";
    double shown = seconds < 90 ? seconds : seconds < 5400 ? seconds / 60 : seconds / 3600;
    fv_trainer_say(t, "time: about %.*f %s (%.0f pictures a second in training, by steps tried beforehand)",
                   seconds < 5400 ? 0 : 1, shown, unit, rate);
}

fv_error *fv_trainer_rehearse(const fv_trainer *t) {
    double load = INFINITY, step = INFINITY;
    fv_error *error = try_batches(t, &load, &step);
    if (fv_trainer_cancelled(t)) { /* the loop ends that in a checkpoint */
        fv_error_free(error);
        return NULL;
    }
    FV_TRY(error);
    double pictures = (double)fv_plan_feed(t->plan, "x")->type.dims[0], train = together(t, load, step);
    double validate = together(t, load, step * EVALUATION);
    double batches = (double)fv_subset_count(t->train) / pictures, val_batches = (double)fv_subset_count(t->val) / pictures;
    double epochs = (double)(t->keys->epochs - t->state.epoch);
    double to_train = epochs * batches - (double)t->state.position;
    say_time(t, to_train * train + epochs * val_batches * validate, pictures / train);
    return NULL;
}
