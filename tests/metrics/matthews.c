/* Matthews' correlation, for two classes and more. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_matthews__is_scikit_learns) { golden_metric("matthews"); }
