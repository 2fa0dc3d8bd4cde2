/* calibration_error.c - how far probabilities are from what they promise. The samples are sorted into bins of equal width by
 * the probability of their answer (the most probable class), (0, 1/M], (1/M, 2/M] … with 0 in the first; the gap of a bin is
 * |share of right answers − mean probability|. The expected calibration error is the mean of the gaps over samples (Naeini et
 * al. 2015; Guo et al. 2017, arXiv 1706.04599), the maximum one the largest gap of a bin that is not empty. */
#include "metrics/calibration.h"

typedef struct {
    int64_t bins;
} fv_calibration_options;

static const fv_field fields[] = { FV_FIELD(fv_calibration_options, bins, .by_default = "15", .min = 1, .max = 10000,
                                            .help = "bins of equal width over 0…1"),
                                   FV_FIELDS_END };

/* The product is rounded, the edges m/M are what counts. */
static int64_t bin_of(double confidence, int64_t bins) {
    int64_t bin = (int64_t)ceil(confidence * (double)bins) - 1;
    bin = bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
    while (bin > 0 && confidence <= (double)bin / (double)bins) bin--;
    while (bin + 1 < bins && confidence > (double)(bin + 1) / (double)bins) bin++;
    return bin;
}

void fv_reliability_start(int64_t bins, fv_reliability_bin *out) {
    for (int64_t b = 0; b < bins; b++)
        out[b] = (fv_reliability_bin){ .low = (double)b / (double)bins, .high = (double)(b + 1) / (double)bins };
}

void fv_reliability_add(double confidence, bool right, int64_t bins, fv_reliability_bin *out) {
    fv_reliability_bin *bin = &out[bin_of(confidence, bins)];
    bin->count++;
    bin->confidence += confidence;
    bin->accuracy += right;
}

void fv_reliability_end(int64_t bins, fv_reliability_bin *out) {
    for (int64_t b = 0; b < bins; b++) {
        out[b].confidence /= (double)out[b].count;
        out[b].accuracy /= (double)out[b].count;
    }
}

double fv_reliability_gap(int64_t count, int64_t bins, const fv_reliability_bin *in, double *largest) {
    double sum = 0;
    *largest = 0;
    for (int64_t b = 0; b < bins; b++) {
        if (!in[b].count) continue;
        double gap = fabs(in[b].accuracy - in[b].confidence);
        sum += (double)in[b].count / (double)count * gap;
        *largest = fmax(*largest, gap);
    }
    return sum;
}

static void fill(const fv_outcomes *o, int64_t bins, fv_reliability_bin *out) {
    fv_reliability_start(bins, out);
    for (int64_t i = 0; o->kind == FV_MULTI_LABEL && i < o->count * o->classes; i++)
        fv_reliability_add(o->probabilities[i], o->truths[i], bins, out);
    for (int64_t i = 0; o->kind == FV_ONE_CLASS && i < o->count; i++) {
        const double *row = o->probabilities + i * o->classes;
        int64_t answer = fv_answer(row, o->classes);
        fv_reliability_add(row[answer], answer == o->labels[i], bins, out);
    }
    fv_reliability_end(bins, out);
}

fv_error *fv_reliability(const fv_outcomes *outcomes, int64_t bins, fv_reliability_bin *out) {
    if (outcomes->kind == FV_NUMBERS) return fv_fail(FV_USAGE, "reliability is of probabilities, not of numbers");
    if (bins < 1) return fv_fail(FV_USAGE, "%lld bins are none", (long long)bins);
    FV_TRY(fv_outcomes_check_scored(outcomes, "reliability"));
    fill(outcomes, bins, out);
    return NULL;
}

static fv_error *gaps(const fv_outcomes *o, const void *options, fv_arena *scratch, double *mean, double *largest) {
    int64_t bins = ((const fv_calibration_options *)options)->bins;
    fv_reliability_bin *filled = NULL;
    FV_TRY(fv_arena_take(scratch, bins, &filled));
    fill(o, bins, filled);
    *mean = fv_reliability_gap(o->count, bins, filled, largest);
    return NULL;
}

static fv_error *expected(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    double largest;
    return gaps(o, options, scratch, out, &largest);
}

static fv_error *maximum(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    double mean;
    return gaps(o, options, scratch, &mean, out);
}

const fv_metric fv_metric_expected_calibration_error = {
    .name = "expected_calibration_error",
    .summary = "mean gap between the probability of answers and their share of right ones",
    .fields = fields,
    .kinds = FV_KIND(FV_ONE_CLASS),
    .lower_is_better = true,
    .measure = expected
};
const fv_metric fv_metric_maximum_calibration_error = {
    .name = "maximum_calibration_error",
    .summary = "largest gap between the probability of answers and their share of right ones",
    .fields = fields,
    .kinds = FV_KIND(FV_ONE_CLASS),
    .lower_is_better = true,
    .measure = maximum
};
