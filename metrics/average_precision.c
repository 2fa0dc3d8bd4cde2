/* average_precision.c - the area under the precision-recall curve as a step function: Σ (Rᵢ − Rᵢ₋₁) Pᵢ over the distinct scores
 * from the highest down, R recall and P precision there; not the trapezium, which flatters. Of two classes the score is the
 * probability of class 1; of more, and of several labels, each class against the rest. A class without positive samples has 0,
 * as in scikit-learn's average_precision_score. */
#include "metrics/ranking.h"

static const fv_field fields[] = { FV_AREA_FIELDS, FV_FIELDS_END };

static double area(const fv_scored *sorted, int64_t count, const int64_t *times) {
    int64_t positives = 0, seen = 0;
    double sum = 0;
    for (int64_t i = 0; i < count;) {
        int64_t found = 0;
        for (double score = sorted[i].score; i < count && sorted[i].score == score; i++) {
            found += sorted[i].positive ? fv_times(&sorted[i], times) : 0;
            seen += fv_times(&sorted[i], times);
        }
        positives += found;
        if (found) sum += (double)found * ((double)positives / (double)seen);
    }
    return positives ? sum / (double)positives : 0;
}

static fv_error *average_precision(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    return fv_area_of_classes(o, area, options, scratch, out);
}

static fv_error *prepare(const fv_outcomes *o, const void *options, fv_arena *arena, void **prepared) {
    return fv_areas_prepare(o, area, options, arena, prepared);
}

const fv_metric fv_metric_average_precision = { .name = "average_precision",
                                                .summary = "area under the precision-recall curve, by steps",
                                                .fields = fields,
                                                .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                                .undefined = "no class is left that has samples, and not all of them",
                                                .measure = average_precision,
                                                .prepare = prepare,
                                                .of_draw = fv_areas_of_draw };
