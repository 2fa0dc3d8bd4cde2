/* calibration.h - bins of answers by their probability, filled one sample after the other. */
#ifndef FV_METRICS_CALIBRATION_H
#define FV_METRICS_CALIBRATION_H

#include "metrics/metric.h"

void fv_reliability_start(int64_t bins, fv_reliability_bin *out);
/* `confidence`: the probability of the answer; `right`: it is true. Until the end the bins hold sums. */
void fv_reliability_add(double confidence, bool right, int64_t bins, fv_reliability_bin *out);
void fv_reliability_end(int64_t bins, fv_reliability_bin *out);
/* The expected calibration error, and in `*largest` the maximum one, of bins that hold `count` samples in all. */
double fv_reliability_gap(int64_t count, int64_t bins, const fv_reliability_bin *in, double *largest);

#endif
