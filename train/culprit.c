/* culprit.c - where a number first stopped being one. A loss that is not finite says little: the fault may lie some steps back,
 * in a gradient that grew without bound. So the training goes back to its last checkpoint and takes the same steps again, which
 * give the same bits, with every node's output looked at. */
#include <math.h>

#include "train/trainer.h"

#define SAMPLES_SAID 4

static void check_plans(const fv_trainer *t, bool check) {
    fv_plan *const plans[] = { t->plan, t->rest_plan, t->apply_plan, t->lookahead_plan };
    for (int i = 0; i < 4; i++)
        if (plans[i]) fv_plan_check(plans[i], check);
}

/* "a.png, b.png and 30 more", in the arena. */
static fv_error *name_samples(const fv_trainer *t, const fv_batch *batch, const char **out) {
    FV_TEXT(ids, 1 << 16);
    for (int64_t i = 0; i < batch->count && i < SAMPLES_SAID; i++)
        fv_text_addf(&ids, "%s%s", i ? ", " : "", fv_dataset_id(fv_subset_dataset(t->train), batch->samples[i]));
    if (batch->count > SAMPLES_SAID) fv_text_addf(&ids, " and %lld more", (long long)batch->count - SAMPLES_SAID);
    FV_TRY(fv_text_error(&ids));
    return fv_arena_text(t->arena, ids.at, out);
}

static fv_error *take_step(fv_trainer *t, const fv_batch *batch) {
    double loss;
    FV_TRY(fv_trainer_run_step(t, batch, &loss));
    return fv_trainer_end_step(t);
}

/* Steps from the checkpoint up to and with the one that failed; the first error of a check, with the samples of its step. */
static fv_error *replay(fv_trainer *t, int64_t last) {
    FV_TRY(fv_trainer_go_back(t));
    FV_TRY(fv_loader_start(t->loader, t->state.epoch, t->state.position));
    FV_TRY(fv_trainer_enter_phase(t));
    FV_TRY(fv_trainer_begin_steps(t));
    while (t->state.step <= last) {
        const fv_batch *batch;
        FV_TRY(fv_loader_next(t->loader, &batch));
        if (!batch) break;
        fv_error *error = take_step(t, batch);
        if (!error) continue;
        const char *samples;
        FV_TRY(name_samples(t, batch, &samples));
        return fv_error_wrap(error, "first in step %lld, on the samples %s", (long long)t->state.step + 1, samples);
    }
    return NULL;
}

/* NULL when nothing was found: then the loss alone is known. */
static fv_error *find(fv_trainer *t) {
    fv_trainer_say(t, "looking for the cause: the steps since the last checkpoint once more, with every node checked");
    check_plans(t, true);
    fv_error *found = replay(t, t->state.step);
    check_plans(t, false);
    if (!found || fv_error_code(found) == FV_FORMAT) return found;
    fv_error_free(found);
    return NULL;
}

/* Ranks find out together, and leave the search to one: it takes the same steps. */
static fv_error *diverged_together(fv_trainer *t, const char *what) {
    fv_error *error =
        fv_error_hint(fv_fail(FV_FORMAT, "%s", what),
                      "one rank that resumes %s comes to the same step, and finds the node where it began", t->options->out);
    return fv_trainer_agree(t, error);
}

fv_error *fv_trainer_diverged(fv_trainer *t, const fv_batch *batch, double loss) {
    const char *samples, *what;
    FV_TRY(name_samples(t, batch, &samples));
    FV_TRY(fv_arena_format(t->arena, &what, "the loss is %s in epoch %lld, step %lld, on the samples %s",
                           isnan(loss) ? "not a number" : "infinite", (long long)t->state.epoch + 1,
                           (long long)t->state.step + 1, samples));
    if (!fv_trainer_is_alone(t)) return diverged_together(t, what);
    fv_error *found = find(t);
    fv_error *error = found ? fv_error_wrap(found, "%s", what) : fv_fail(FV_FORMAT, "%s", what);
    return fv_error_hint(error,
                         "a smaller learning_rate, a longer warm-up or clip_norm=1 keep a training from diverging; %s is from "
                         "before",
                         t->last_path);
}
