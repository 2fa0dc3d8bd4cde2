/* one_cycle.c - up to the base rate by a half cosine and down to nearly nothing by another (Smith and Topin, arXiv 1708.07120),
 * with the names and defaults of PyTorch's OneCycleLR: starts at 1 / div_factor, ends at 1 / (div_factor · final_div_factor).
 */
#include <math.h>

#include "optim/schedule.h"

typedef struct one_cycle_options {
    double pct_start, div_factor, final_div_factor;
} one_cycle_options;

static const fv_field fields[] = { FV_FIELD(one_cycle_options, pct_start, .by_default = "0.3", .min = 0, .max = 1,
                                            .help = "share of the steps spent going up"),
                                   FV_FIELD(one_cycle_options, div_factor, .by_default = "25", .min = 1, .max = INFINITY,
                                            .help = "base rate over the first"),
                                   FV_FIELD(one_cycle_options, final_div_factor, .by_default = "10000", .min = 1,
                                            .max = INFINITY, .help = "first rate over the last"),
                                   FV_FIELDS_END };

/* Half a cosine from `from` at `begin` to `to` at `end`, and flat outside. */
static double swing(double from, double to, double begin, double end, double at) {
    double share = end > begin ? fmin(fmax((at - begin) / (end - begin), 0), 1) : 1;
    return to + (from - to) * (1 + cos(M_PI * share)) / 2;
}

/* As in PyTorch the peak and the end are each the last step of their phase. */
static double at(const void *options, fv_moment moment) {
    const one_cycle_options *o = options;
    double first = 1 / o->div_factor, last = first / o->final_div_factor, peak = o->pct_start - moment.one_step;
    if (moment.progress <= peak) return swing(first, 1, 0, peak, moment.progress);
    return swing(1, last, peak, 1 - moment.one_step, moment.progress);
}

const fv_schedule fv_schedule_one_cycle = {
    .name = "one_cycle",
    .summary = "up by a half cosine, down by another",
    .fields = fields,
    .warms_up = true,
    .at = at,
};
