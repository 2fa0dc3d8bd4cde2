/* rehearse.c - steps before the first one, to say how long a training will take. They are whole steps on a whole batch: what is
 * timed is what will be done. Afterwards the network's states are put back, so that no bit of the training depends on it. */
#include <math.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/comm.h"
#include "train/trial.h"

#define ENOUGH 0.5         /* seconds of trying; steps that are over sooner are timed again */
#define STEPS_OF_A_RATE 20 /* where the number of epochs hangs on it */
#define EPOCHS_MAX 100000

/* What fraction of a step an evaluation of as many pictures takes: of forward and the two products backward, the first. */
#define EVALUATION (1.0 / 3)

/* Whether there is another step: as rank 0 says, which looks at its own clock. */
static fv_error *goes_on(const fv_trainer *t, bool wanted, bool *more) {
    *more = wanted && !fv_trainer_cancelled(t);
    return fv_comm_send(t->options->comm, 0, more, sizeof *more);
}

/* Reads and prepares a batch on this thread, then steps on it, `steps` times at least: the least seconds of each, or with more
 * than one step asked for the mean. */
static fv_error *time_batches(fv_trial *trial, int64_t steps, double *load, double *step) {
    double spent = 0, loading = 0;
    int64_t done = 0;
    for (bool more;; done++) {
        const fv_batch *batch;
        FV_TRY(goes_on(trial->trainer, spent < ENOUGH || done < steps, &more));
        if (!more) break;
        double start = fv_clock_seconds();
        FV_TRY(fv_trial_batch(trial, &batch));
        double loaded = fv_clock_seconds();
        FV_TRY(fv_trial_step(trial, batch, 0, NULL));
        double stepped = fv_clock_seconds();
        *load = fmin(*load, loaded - start);
        *step = fmin(*step, stepped - loaded);
        spent += stepped - start;
        loading += loaded - start;
    }
    if (steps > 1 && done) *load = loading / (double)done, *step = (spent - loading) / (double)done;
    return NULL;
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

/* As many epochs as fit into the time that is left of what was asked for; one at least. */
static fv_error *fit_epochs(fv_trainer *t, double an_epoch) {
    double left = t->options->seconds - (fv_clock_seconds() - t->started);
    int64_t epochs = (int64_t)fmin(fmax(left / an_epoch, 1), EPOCHS_MAX);
    FV_TRY(fv_comm_send(t->options->comm, 0, &epochs, sizeof epochs));
    fv_trainer_say(t, "epochs: %lld, as many as fit into %.0f s; the recipe in the run's folder says so", (long long)epochs,
                   t->options->seconds);
    return fv_trainer_set_epochs(t, epochs);
}

fv_error *fv_trainer_rehearse(fv_trainer *t) {
    bool fits = t->options->seconds > 0;
    double load = INFINITY, step = INFINITY;
    fv_trial trial;
    FV_TRY(fv_trial_begin(t, &trial));
    fv_error *error = time_batches(&trial, fits ? STEPS_OF_A_RATE : 1, &load, &step);
    fv_trial_end(&trial);
    if (!error) error = fv_trainer_meet(t, NULL, NULL);
    if (fv_trainer_stops(t)) { /* the loop ends that in a checkpoint */
        fv_error_free(error);
        return NULL;
    }
    FV_TRY(error);
    double pictures = (double)fv_trainer_batch(t), train = together(t, load, step);
    double validate = together(t, load, step * EVALUATION);
    double batches = (double)fv_subset_count(t->train) / pictures, val_batches = (double)fv_subset_count(t->val) / pictures;
    double an_epoch = batches * train + val_batches * validate;
    if (fits) FV_TRY(fit_epochs(t, an_epoch));
    say_time(t, (double)(t->keys->epochs - t->state.epoch) * an_epoch - (double)t->state.position * train, pictures / train);
    return NULL;
}
