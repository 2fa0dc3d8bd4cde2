/* ResNet-18 against torchvision's, 64 pixels. */
#include "tests/layers/golden.h"

static const char arch[] = "resnet18 classes=10 size=64";

FV_TEST(layers_zoo_resnet__has_pytorchs_logits_and_gradients) { golden_check_gradients("resnet18", arch, 4); }
/* Not under ThreadSanitizer: its kernels are run on threads by core_ops_cases. */
FV_TEST(layers_zoo_resnet__walks_with_pytorchs_sgd) { golden_check_steps("resnet18", arch, 4, "sgd"); }
/* Not under ThreadSanitizer: its kernels are run on threads by core_ops_cases. */
FV_TEST(layers_zoo_resnet__walks_with_pytorchs_adamw) { golden_check_steps("resnet18", arch, 4, "adamw"); }
