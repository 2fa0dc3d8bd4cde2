/* LeNet against the same network in PyTorch. */
#include "tests/layers/golden.h"

static const char arch[] = "lenet dropout=0";

FV_TEST(layers_zoo_lenet__has_pytorchs_logits_and_gradients) { golden_check_gradients("lenet", arch, 4); }
FV_TEST(layers_zoo_lenet__walks_with_pytorchs_sgd) { golden_check_steps("lenet", arch, 4, "sgd"); }
FV_TEST(layers_zoo_lenet__walks_with_pytorchs_adamw) { golden_check_steps("lenet", arch, 4, "adamw"); }
