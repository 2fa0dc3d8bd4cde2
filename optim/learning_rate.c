/* shared: learning_rate.c - the learning rate of a step: warm-up, then the schedule. */
#include <math.h>

#include "optim/schedule.h"

#define ARENA_CAP (1 << 20)

struct fv_learning_rate {
    fv_arena *arena; /* of the schedule's options */
    const fv_schedule *schedule;
    void *options;
    double base;
    int64_t steps, steps_per_epoch, warmup_steps;
    bool per_epoch;
};

static const fv_part *part_at(int i) { return &fv_schedule_table[i]->part; }

static fv_error *check(const fv_learning_rate_options *o) {
    if (!(o->base >= 0)) return fv_fail(FV_USAGE, "a learning rate of %g", o->base);
    if (o->steps < 1) return fv_fail(FV_USAGE, "a training of %lld steps", (long long)o->steps);
    if (o->steps_per_epoch < 1) return fv_fail(FV_USAGE, "epochs of %lld steps", (long long)o->steps_per_epoch);
    if (o->warmup_steps < 0 || o->warmup_steps >= o->steps)
        return fv_fail(FV_USAGE, "a warm-up of %lld steps in a training of %lld", (long long)o->warmup_steps,
                       (long long)o->steps);
    return NULL;
}

static fv_error *choose_schedule(fv_learning_rate *rate, const char *text) {
    const fv_parts parts = { .kind = "schedule", .count = fv_schedule_table_count, .at = part_at };
    int index = 0;
    FV_TRY(fv_part_parse(&parts, text ? text : "constant", rate->arena, &index, &rate->options));
    rate->schedule = fv_schedule_table[index];
    if (rate->warmup_steps > 0 && rate->schedule->warms_up)
        return fv_error_hint(fv_fail(FV_USAGE, "schedule %s warms up by itself", rate->schedule->name),
                             "leave the warm-up steps at 0");
    return rate->schedule->check ? rate->schedule->check(rate->options) : NULL;
}

fv_error *fv_learning_rate_new(const fv_learning_rate_options *o, fv_learning_rate **out) {
    FV_TRY(check(o));
    FV_OWNED(fv_learning_rate) rate = NULL;
    FV_TRY(fv_memory_new(1, &rate));
    rate->base = o->base;
    rate->steps = o->steps;
    rate->steps_per_epoch = o->steps_per_epoch;
    rate->warmup_steps = o->warmup_steps;
    rate->per_epoch = o->per_epoch;
    FV_TRY(fv_arena_new("options of a schedule", ARENA_CAP, &rate->arena));
    FV_TRY(choose_schedule(rate, o->schedule));
    *out = fv_take(&rate);
    return NULL;
}

void fv_learning_rate_free(fv_learning_rate *rate) {
    if (!rate) return;
    fv_arena_free(rate->arena);
    fv_memory_free(rate);
}

double fv_learning_rate_at(const fv_learning_rate *rate, int64_t t) {
    int64_t held = rate->per_epoch ? rate->steps_per_epoch : 1; /* steps that have one rate */
    if (t < 0) t = 0;
    if (t > rate->steps - 1) t = rate->steps - 1;
    t -= t % held;
    if (t < rate->warmup_steps) return rate->base * fmin((double)(t + held) / (double)rate->warmup_steps, 1);
    double span = (double)(rate->steps - rate->warmup_steps);
    fv_moment moment = {
        .progress = (double)(t - rate->warmup_steps) / span,
        .one_step = (double)held / span,
        .epoch = (double)t / (double)rate->steps_per_epoch,
    };
    return rate->base * rate->schedule->at(rate->options, moment);
}
