/* shared: temperature scaling (Guo et al., "On calibration of modern neural networks", ICML 2017, arXiv 1706.04599): one number
 * by which logits are divided. The mean cross-entropy is convex in b = 1/T, with the slope E[z] − z_true and the curvature
 * Var[z], means over samples, E and Var under the softmax of b·z; so its lowest point is where the slope is 0: Newton's steps
 * inside a bracket that each step narrows, and the bracket's middle where a step would leave it. In f64, in the order of the
 * samples. */
#include <float.h>
#include <math.h>

#include "core/base/memory.h"
#include "metrics/calibration.h"

#define LOWEST 0.05
#define HIGHEST 100.0
#define BINS 15 /* as the metric's default */
#define STEPS_MAX 100

/* Held-out logits with their labels, and room for one row of probabilities. */
typedef struct held_out {
    const float *logits;
    const int64_t *labels;
    int64_t count, classes;
    double *row;
} held_out;

/* The loss's slope at `b`, a mean over samples, and its curvature. */
static double slope_at(const held_out *h, double b, double *curvature) {
    double slope = 0;
    *curvature = 0;
    for (int64_t i = 0; i < h->count; i++) {
        const float *z = h->logits + i * h->classes;
        double largest = z[0], weights = 0, first = 0, second = 0;
        for (int64_t c = 1; c < h->classes; c++) largest = fmax(largest, z[c]);
        for (int64_t c = 0; c < h->classes; c++) {
            double below = z[c] - largest, weight = exp(b * below);
            weights += weight;
            first += weight * below;
            second += weight * below * below;
        }
        first /= weights;
        slope += first - (z[h->labels[i]] - largest);
        *curvature += second / weights - first * first;
    }
    *curvature /= (double)h->count;
    return slope / (double)h->count;
}

static double lowest_point(const held_out *h) {
    double low = 1 / HIGHEST, high = 1 / LOWEST, b = 1;
    for (int step = 0; step < STEPS_MAX; step++) {
        double curvature, slope = slope_at(h, b, &curvature), next = b - slope / curvature;
        *(slope < 0 ? &low : &high) = b;
        if (!(next > low && next < high)) next = low + (high - low) / 2;
        if (fabs(next - b) <= 1e-12 * b) return next;
        b = next;
    }
    return b;
}

/* The slope only grows: it must be below 0 at one end and above at the other. NULL: it is. */
static const char *why_not(const held_out *h) {
    if (!h->count) return "there are no samples";
    double curvature, at_hot = slope_at(h, 1 / HIGHEST, &curvature), at_cold = slope_at(h, 1 / LOWEST, &curvature);
    if (at_hot >= 0 && at_cold <= 0) return "the loss is the same at every temperature";
    if (at_cold <= 0) return "too many answers are right: the colder, the better";
    if (at_hot >= 0) return "the answers are hardly better than chance: the hotter, the better";
    return NULL;
}

/* log_loss and expected_calibration_error at a temperature. */
static void rate(const held_out *h, double temperature, double *loss, double *calibration_error) {
    fv_reliability_bin bins[BINS];
    double sum = 0, largest;
    fv_reliability_start(BINS, bins);
    for (int64_t i = 0; i < h->count; i++) {
        fv_softmax_row_at(h->logits + i * h->classes, h->classes, temperature, h->row);
        int64_t answer = fv_answer(h->row, h->classes);
        fv_reliability_add(h->row[answer], answer == h->labels[i], BINS, bins);
        sum -= log(fmax(h->row[h->labels[i]], DBL_EPSILON));
    }
    fv_reliability_end(BINS, bins);
    *loss = sum / (double)h->count;
    *calibration_error = h->count ? fv_reliability_gap(h->count, BINS, bins, &largest) : NAN;
}

static fv_error *check(const held_out *h) {
    for (int64_t i = 0; i < h->count; i++) {
        if (h->labels[i] < 0 || h->labels[i] >= h->classes)
            return fv_fail(FV_USAGE, "label %lld of sample %lld is none of %lld classes", (long long)h->labels[i], (long long)i,
                           (long long)h->classes);
        for (int64_t c = 0; c < h->classes; c++)
            if (!isfinite(h->logits[i * h->classes + c]))
                return fv_fail(FV_USAGE, "the logit of class %lld of sample %lld is not finite", (long long)c, (long long)i);
    }
    return NULL;
}

fv_error *fv_temperature_fit(const float *logits, const int64_t *labels, int64_t count, int64_t classes, fv_temperature *out) {
    held_out h = { logits, labels, count, classes, NULL };
    FV_OWNED(fv_memory) row = NULL;
    FV_TRY(check(&h));
    FV_TRY(fv_memory_alloc(classes, 8, &row));
    h.row = row;
    *out = (fv_temperature){ .temperature = 1, .reason = why_not(&h) };
    if (!out->reason) out->temperature = 1 / lowest_point(&h);
    rate(&h, 1, &out->loss_before, &out->calibration_error_before);
    rate(&h, out->temperature, &out->loss_after, &out->calibration_error_after);
    return NULL;
}
