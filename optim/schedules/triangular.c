/* triangular.c - straight up to the base rate and straight down (one cycle of Smith's triangular policy, arXiv 1506.01186); the
 * defaults are airbench94's: from 0.2 up to 1 at 23 % of the steps, down to 0.07. */
#include "optim/schedule.h"

typedef struct triangular_options {
    double start, peak, end;
} triangular_options;

static const fv_field fields[] = { FV_FIELD(triangular_options, start, .by_default = "0.2", .min = 0, .max = 1,
                                            .help = "share of the base rate that it begins with"),
                                   FV_FIELD(triangular_options, peak, .by_default = "0.23", .min = 0, .max = 1,
                                            .help = "share of the steps spent going up"),
                                   FV_FIELD(triangular_options, end, .by_default = "0.07", .min = 0, .max = 1,
                                            .help = "share of the base rate that it ends with"),
                                   FV_FIELDS_END };

static double at(const void *options, fv_moment moment) {
    const triangular_options *o = options;
    if (moment.progress < o->peak) return o->start + (1 - o->start) * moment.progress / o->peak;
    return o->peak < 1 ? 1 + (o->end - 1) * (moment.progress - o->peak) / (1 - o->peak) : 1;
}

const fv_schedule fv_schedule_triangular = {
    .name = "triangular",
    .summary = "straight up, straight down",
    .fields = fields,
    .warms_up = true,
    .at = at,
};
