/* top_k.c - top-1 and top-k accuracy: the share of samples whose true class is among the k most probable ones. Of equally
 * probable classes the lower number ranks first, so that the figure is defined; with k ≥ classes it is 1. */
#include "metrics/metric.h"

typedef struct {
    int64_t k;
} fv_top_k_options;

static const fv_field fields[] = { FV_FIELD(fv_top_k_options, k, .by_default = "5", .min = 1,
                                            .help = "classes that count as found", .max = INFINITY),
                                   FV_FIELDS_END };

/* Classes that rank before the true one. */
static int64_t rank_of(const double *row, int64_t classes, int64_t label) {
    int64_t before = 0;
    for (int64_t c = 0; c < classes; c++) before += row[c] > row[label] || (row[c] == row[label] && c < label);
    return before;
}

static double share_within(const fv_outcomes *o, int64_t k) {
    int64_t found = 0;
    for (int64_t i = 0; i < o->count; i++) found += rank_of(o->probabilities + i * o->classes, o->classes, o->labels[i]) < k;
    return (double)found / (double)o->count;
}

/* The class that ranks first is the answer. */
static fv_error *top1(const fv_confusion *confusion, const void *options, double *out) {
    (void)options;
    int64_t right = 0;
    for (int64_t c = 0; c < confusion->classes; c++) right += confusion->cells[c * confusion->classes + c];
    *out = (double)right / (double)confusion->count;
    return NULL;
}

static fv_error *top_k(const fv_outcomes *outcomes, const void *options, fv_arena *scratch, double *out) {
    (void)scratch;
    *out = share_within(outcomes, ((const fv_top_k_options *)options)->k);
    return NULL;
}

const fv_metric fv_metric_top1 = { .name = "top1",
                                   .summary = "share of samples whose most probable class is the true one",
                                   .kinds = FV_KIND(FV_ONE_CLASS),
                                   .of_confusion = top1 };
const fv_metric fv_metric_top_k = { .name = "top_k",
                                    .summary = "share of samples whose true class is among the k most probable",
                                    .fields = fields,
                                    .kinds = FV_KIND(FV_ONE_CLASS),
                                    .measure = top_k };
