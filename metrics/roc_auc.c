/* roc_auc.c - the area under the ROC curve: the chance that a random positive sample has a higher score than a random negative
 * one, a tie counting one half (Hanley and McNeil 1982), here counted exactly. Of two classes the score is the probability of
 * class 1, or of a single label its own. Of more, each class against the rest (ovr), or the mean over pairs of classes that
 * have samples, of the areas of either against the other (ovo: Hand and Till 2001; weighted by the share of the pair's
 * samples). As in scikit-learn a class without positive or without negative samples makes the macro average undefined, and a
 * class without positive ones weighs nothing in the weighted average; where scikit-learn says 0 for several labels that are all
 * absent, it is undefined here. */
#include "metrics/ranking.h"

enum { OVR, OVO };

static const fv_field fields[] = { FV_AREA_FIELDS,
                                   FV_FIELD(fv_area_options, multi_class, .by_default = "ovr", .names = "ovr,ovo",
                                            .help = "of three classes and more: each against the rest, or each pair"),
                                   FV_FIELDS_END };

/* Pairs in the right order, and half of the tied ones, in whole numbers. */
static double area(const fv_scored *sorted, int64_t count, const int64_t *times) {
    int64_t positives = 0, negatives = 0, twice = 0;
    for (int64_t i = 0; i < count;) {
        int64_t tied_positives = 0, tied_negatives = 0;
        for (double score = sorted[i].score; i < count && sorted[i].score == score; i++)
            *(sorted[i].positive ? &tied_positives : &tied_negatives) += fv_times(&sorted[i], times);
        twice += tied_negatives * (2 * positives + tied_positives);
        positives += tied_positives;
        negatives += tied_negatives;
    }
    return (double)twice / 2 / ((double)positives * (double)negatives);
}

/* The samples of classes `a` and `b` by their score for `a`. */
static double area_against(const fv_outcomes *o, int64_t a, int64_t b, fv_scored *samples, int64_t *count) {
    *count = 0;
    for (int64_t i = 0; i < o->count; i++)
        if (o->labels[i] == a || o->labels[i] == b)
            samples[(*count)++] = (fv_scored){ .score = o->probabilities[i * o->classes + a], .positive = o->labels[i] == a };
    fv_rank(samples, *count);
    return area(samples, *count, NULL);
}

static fv_error *pairs(const fv_outcomes *o, const fv_area_options *options, fv_arena *scratch, double *out) {
    if (options->average == FV_AREA_MICRO) return fv_fail(FV_USAGE, "multi_class=ovo has no average=micro");
    fv_scored *samples = NULL;
    bool *seen = NULL;
    FV_TRY(fv_arena_take(scratch, o->count, &samples));
    FV_TRY(fv_arena_take(scratch, o->classes, &seen));
    for (int64_t i = 0; i < o->count; i++) seen[o->labels[i]] = true;
    double sum = 0, weights = 0;
    for (int64_t a = 0; a < o->classes; a++)
        for (int64_t b = a + 1; b < o->classes; b++) {
            if (!seen[a] || !seen[b]) continue;
            int64_t count;
            double both = area_against(o, a, b, samples, &count) + area_against(o, b, a, samples, &count);
            double weight = options->average == FV_AREA_WEIGHTED ? (double)count / (double)o->count : 1;
            sum += weight * (both / 2);
            weights += weight;
        }
    *out = sum / weights;
    return NULL;
}

static bool by_pairs(const fv_outcomes *o, const fv_area_options *options) {
    return o->kind == FV_ONE_CLASS && o->classes > 2 && options->multi_class == OVO;
}

static fv_error *roc_auc(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    if (by_pairs(o, options)) return pairs(o, options, scratch, out);
    return fv_area_of_classes(o, area, options, scratch, out);
}

/* Pairs are ranked anew for each draw. */
static fv_error *prepare(const fv_outcomes *o, const void *options, fv_arena *arena, void **prepared) {
    return by_pairs(o, options) ? NULL : fv_areas_prepare(o, area, options, arena, prepared);
}

const fv_metric fv_metric_roc_auc = { .name = "roc_auc",
                                      .summary = "area under the ROC curve",
                                      .fields = fields,
                                      .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                      .undefined = "a class has no samples, or all of them",
                                      .measure = roc_auc,
                                      .prepare = prepare,
                                      .of_draw = fv_areas_of_draw };
