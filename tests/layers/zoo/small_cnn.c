/* The small network, narrowed until every number of it fits into a file. */
#include "tests/layers/golden.h"

static const char arch[] = "small_cnn classes=3 size=8 channels=1 width=2 dropout=0";

FV_TEST(layers_zoo_small_cnn__has_pytorchs_logits_and_gradients) { golden_check_gradients("narrow", arch, 3); }
FV_TEST(layers_zoo_small_cnn__walks_with_pytorchs_sgd) { golden_check_steps("narrow", arch, 3, "sgd"); }
FV_TEST(layers_zoo_small_cnn__walks_with_pytorchs_adamw) { golden_check_steps("narrow", arch, 3, "adamw"); }
