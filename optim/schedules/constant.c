/* constant.c - the base rate throughout. */
#include "optim/schedule.h"

static double at(const void *options, fv_moment moment) { return (void)options, (void)moment, 1; }

const fv_schedule fv_schedule_constant = { .name = "constant", .summary = "the base rate throughout", .at = at };
