/* step.c - times gamma every so many epochs, or at given ones: PyTorch's StepLR and MultiStepLR. Epochs count from the start of
 * training, warm-up included. */
#include <math.h>

#include "optim/schedule.h"

typedef struct step_options {
    double every, gamma;
    fv_floats milestones;
} step_options;

static const fv_field fields[] = {
    FV_FIELD(step_options, every, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "epochs from drop to drop; 0: by milestones"),
    FV_FIELD(step_options, milestones, .min = 0, .max = INFINITY, .help = "epochs at which the rate drops"),
    FV_FIELD(step_options, gamma, .by_default = "0.1", .min = 0, .max = 1, .help = "factor of a drop"), FV_FIELDS_END
};

static fv_error *check(const void *options) {
    const step_options *o = options;
    if ((o->every > 0) != (o->milestones.count > 0)) return NULL;
    return fv_fail(FV_USAGE, "schedule step takes either every or milestones");
}

static double at(const void *options, fv_moment moment) {
    const step_options *o = options;
    double drops = o->every > 0 ? floor(moment.epoch / o->every) : 0;
    for (int64_t i = 0; i < o->milestones.count; i++) drops += moment.epoch >= o->milestones.at[i];
    return pow(o->gamma, drops);
}

const fv_schedule fv_schedule_step = {
    .name = "step",
    .summary = "drops by a factor at some epochs",
    .fields = fields,
    .check = check,
    .at = at,
};
