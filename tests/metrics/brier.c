/* The Brier score of classes and of labels. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_brier__is_scikit_learns) { golden_metric("brier"); }
