/* cosine.c - half a cosine from the base rate down (Loshchilov and Hutter, SGDR, arXiv 1608.03983, without restarts):
 *   final + (1 − final) · (1 + cos(π · progress)) / 2 */
#include <math.h>

#include "optim/schedule.h"

typedef struct cosine_options {
    double final;
} cosine_options;

static const fv_field fields[] = { FV_FIELD(cosine_options, final, .by_default = "0", .min = 0, .max = 1,
                                            .help = "share of the base rate that it ends with"),
                                   FV_FIELDS_END };

static double at(const void *options, fv_moment moment) {
    const cosine_options *o = options;
    return o->final + (1 - o->final) * (1 + cos(M_PI * moment.progress)) / 2;
}

const fv_schedule fv_schedule_cosine = {
    .name = "cosine",
    .summary = "half a cosine down",
    .fields = fields,
    .at = at,
};
