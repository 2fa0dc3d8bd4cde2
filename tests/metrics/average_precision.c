/* The area under the precision-recall curve by steps. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_average_precision__is_scikit_learns) { golden_metric("average_precision"); }
