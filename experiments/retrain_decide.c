/* retrain_decide.c - the first trigger that holds, then what forbids it. */
#include "experiments/retrain_decide.h"

#include <math.h>

typedef struct deciding {
    const fv_retrain_facts *facts;
    const fv_retrain_policy *policy;
    fv_arena *arena;
    fv_retrain_decision *out;
} deciding;

#define SAY(d, ...) fv_arena_format((d)->arena, &(d)->out->reason, __VA_ARGS__)

/* The upper end of Wilson's interval at 95 %: below it the accuracy hardly is. */
static double upper_bound(double share, int64_t n) {
    double z = 1.959963984540054, count = (double)n, square = z * z / count;
    return (share + square / 2 + z * sqrt(share * (1 - share) / count + square / (4 * count))) / (1 + square);
}

static fv_error *find_trigger(deciding *d) {
    const fv_retrain_facts *f = d->facts;
    const fv_retrain_policy *p = d->policy;
    bool enough = f->n >= p->drift.least;
    if (f->by_hand) return d->out->trigger = "hand", SAY(d, "it was asked for by hand");
    if (f->due) return d->out->trigger = "schedule", SAY(d, "it was due at %s", f->due);
    if (p->on_drift && f->drift) return d->out->trigger = "drift", SAY(d, "drift of %s", f->drift_on);
    if (enough && f->estimated_accuracy < p->on_estimated_accuracy)
        return d->out->trigger = "estimated_accuracy",
               SAY(d, "estimated accuracy %.4f is below %.4g", f->estimated_accuracy, p->on_estimated_accuracy);
    if (f->labelled >= p->check_rows && upper_bound(f->accuracy, f->labelled) < p->on_accuracy)
        return d->out->trigger = "accuracy",
               SAY(d, "accuracy %.4f of %lld labels is below %.4g", f->accuracy, (long long)f->labelled, p->on_accuracy);
    if (p->on_labels && f->new_labels >= p->on_labels)
        return d->out->trigger = "labels", SAY(d, "%lld labels are new", (long long)f->new_labels);
    return SAY(d, "nothing is due: %s%s; %lld new labels", f->drift_unknown ? "drift is not known, " : "no drift",
               f->drift_unknown ? f->drift_unknown : "", (long long)f->new_labels);
}

static fv_error *forbid(deciding *d, bool *forbidden) {
    const fv_retrain_facts *f = d->facts;
    const fv_retrain_policy *p = d->policy;
    const char *wish = d->out->reason;
    *forbidden = true;
    if (f->paused) return SAY(d, "paused (%s), though %s", f->paused, wish);
    if (f->failures >= p->failures)
        return SAY(d, "off after %lld failures in a row, the last: %s; though %s", (long long)f->failures, f->failed_of, wish);
    if (p->budget_jobs && f->begun >= p->budget_jobs)
        return SAY(d, "over the budget: %lld trainings in %.4g days; though %s", (long long)f->begun, p->budget_days, wish);
    *forbidden = false;
    return NULL;
}

fv_error *fv_retrain_decide(const fv_retrain_facts *facts, const fv_retrain_policy *policy, fv_arena *arena,
                            fv_retrain_decision *out) {
    deciding d = { .facts = facts, .policy = policy, .arena = arena, .out = out };
    bool forbidden = false;
    *out = (fv_retrain_decision){ .verdict = FV_RETRAIN_IDLE };
    FV_TRY(find_trigger(&d));
    if (!out->trigger) return NULL;
    if (!facts->by_hand) FV_TRY(forbid(&d, &forbidden));
    if (forbidden) return out->verdict = FV_RETRAIN_BLOCKED, NULL;
    if (facts->new_labels) return out->verdict = FV_RETRAIN_RUN, NULL;
    out->verdict = FV_RETRAIN_SKIP;
    return SAY(&d, "no new labelled rows since the parent (%lld in all), though %s", (long long)facts->labels, out->reason);
}
