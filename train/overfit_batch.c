/* overfit_batch.c - can this network learn this one batch by heart? A loss, labels, transforms and a rate that fit together
 * can, within a few dozen steps; what cannot will not learn the data either. The oldest check of a training that practitioners
 * have. */
#include <math.h>

#include "core/base/size.h"
#include "train/trial.h"

#define STEPS 200
#define NEAR 0.25f /* of the standard deviation */

/* Of several labels: pictures with every label on its side of one half. Of numbers: those within NEAR of theirs. */
static int64_t count_near(const fv_trainer *t, const fv_tensor *logits, const fv_batch *batch) {
    int64_t known = 0, width = batch->target_width;
    for (int64_t i = 0; i < batch->count; i++) {
        const float *x = (const float *)logits->data + i * width, *target = batch->targets + i * width;
        int64_t right = 0;
        for (int64_t c = 0; c < width; c++)
            right += t->kind == FV_NUMBERS ? fabsf(x[c] - target[c]) <= NEAR : (x[c] >= 0) == (target[c] >= 0.5f);
        known += right == width;
    }
    return known;
}

/* Pictures of the last step that the network knew. */
static int64_t known(const fv_trainer *t, const fv_batch *batch) {
    const fv_tensor *logits = fv_plan_result(fv_trainer_plan_for(t, batch), "logits");
    return t->kind == FV_ONE_CLASS ? fv_trainer_count_correct(logits, batch) : count_near(t, logits, batch);
}

static fv_error *learn(fv_trial *trial, double *first, double *last, int64_t *right, int64_t *count, int64_t *steps) {
    const fv_trainer *t = trial->trainer;
    const fv_batch *batch;
    FV_TRY(fv_trial_batch(trial, &batch));
    *count = batch->count;
    for (*steps = 0; *steps < STEPS && !fv_trainer_cancelled(t);) {
        FV_TRY(fv_trial_step(trial, batch, t->base_rate, last));
        *right = known(t, batch);
        if (!*steps) *first = *last;
        ++*steps;
        if (!isfinite(*last) || (*right == batch->count && *last < 0.1 * *first)) break;
        if (*steps % 10 == 0)
            fv_trainer_say(t, "  step %3lld: loss %.4f, %lld of %lld known", (long long)*steps, *last, (long long)*right,
                           (long long)batch->count);
    }
    return NULL;
}

fv_error *fv_trainer_overfit_batch(const fv_trainer *t) {
    fv_trial trial;
    double first = NAN, last = NAN;
    int64_t right = 0, count = 0, steps = 0;
    FV_TRY(fv_trial_begin(t, &trial));
    fv_error *error = learn(&trial, &first, &last, &right, &count, &steps);
    fv_trial_end(&trial);
    FV_TRY(error);
    if (fv_trainer_cancelled(t)) return fv_fail(FV_CANCELLED, "stopped; nothing was kept");
    if (isfinite(last) && right == count && last < first) {
        fv_trainer_say(t, "learned one batch of %lld by heart in %lld steps: loss %.4f, from %.4f; the pieces fit together",
                       (long long)count, (long long)steps, last, first);
        return NULL;
    }
    return fv_error_hint(fv_fail(FV_FORMAT, "one batch of %lld was not learned in %lld steps: loss %.4f, from %.4f; %lld known",
                                 (long long)count, (long long)steps, last, first, (long long)right),
                         "look at the rate (--find-rate), at the labels (the same picture under two classes?), at transforms "
                         "that destroy what tells the classes apart, and at dropout");
}
