/* Mean recall, plain and adjusted for chance. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_balanced_accuracy__is_scikit_learns) { golden_metric("balanced_accuracy"); }
