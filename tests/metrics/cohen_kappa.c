/* Kappa with each kind of weights. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_cohen_kappa__is_scikit_learns) { golden_metric("cohen_kappa"); }
