/* torchvision.c - torchvision's names, which ours follow. */
#include "layers/key_style.h"

static const char *const archs[] = { "resnet18",           "resnet34",           "resnet50", "mobilenet_v2",
                                     "mobilenet_v3_large", "mobilenet_v3_small", NULL };
static const fv_key_rule rules[] = { { "**", "**", 0, 0 }, { 0 } };

const fv_key_style fv_key_style_torchvision = {
    .name = "torchvision",
    .summary = "torchvision's residual and mobile networks",
    .fields = fv_no_fields,
    .archs = archs,
    .layout = FV_KEYS_TORCH,
    .rules = rules,
    .preprocessing = "torchvision",
};

static const char *const vgg_archs[] = { "vgg16", NULL };
static const fv_key_rule vgg_rules[] = { { "classifier.0.weight", "classifier.0.weight", 2, 7 }, { "**", "**", 0, 0 }, { 0 } };

const fv_key_style fv_key_style_torchvision_vgg = {
    .name = "torchvision_vgg",
    .summary = "torchvision's VGG, whose first dense layer reads a picture channel by channel",
    .fields = fv_no_fields,
    .archs = vgg_archs,
    .layout = FV_KEYS_TORCH,
    .rules = vgg_rules,
    .preprocessing = "torchvision",
};
