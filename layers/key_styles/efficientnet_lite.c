/* efficientnet_lite.c - EfficientNet-Lite's names in efficientnet-lite-pytorch, whose blocks are numbered through, and in timm,
 * which ours follow. */
#include "layers/key_style.h"

static const char *const archs[] = { "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", NULL };

static const fv_key_rule rules[] = {
    { "conv_stem.**", "_conv_stem.**", 0, 0 },
    { "bn1.**", "_bn0.**", 0, 0 },
    { "blocks.0.*.conv_dw.**", "_blocks.*._depthwise_conv.**", 0, 0 },
    { "blocks.0.*.bn1.**", "_blocks.*._bn1.**", 0, 0 },
    { "blocks.0.*.conv_pw.**", "_blocks.*._project_conv.**", 0, 0 },
    { "blocks.0.*.bn2.**", "_blocks.*._bn2.**", 0, 0 },
    { "blocks.*.*.conv_pw.**", "_blocks.#._expand_conv.**", 0, 0 },
    { "blocks.*.*.bn1.**", "_blocks.#._bn0.**", 0, 0 },
    { "blocks.*.*.conv_dw.**", "_blocks.#._depthwise_conv.**", 0, 0 },
    { "blocks.*.*.bn2.**", "_blocks.#._bn1.**", 0, 0 },
    { "blocks.*.*.conv_pwl.**", "_blocks.#._project_conv.**", 0, 0 },
    { "blocks.*.*.bn3.**", "_blocks.#._bn2.**", 0, 0 },
    { "conv_head.**", "_conv_head.**", 0, 0 },
    { "bn2.**", "_bn1.**", 0, 0 },
    { "classifier.**", "_fc.**", 0, 0 },
    { 0 },
};

const fv_key_style fv_key_style_efficientnet_lite = {
    .name = "efficientnet_lite",
    .summary = "efficientnet-lite-pytorch's",
    .fields = fv_no_fields,
    .archs = archs,
    .layout = FV_KEYS_TORCH,
    .rules = rules,
    .preprocessing = "efficientnet_lite",
};

static const fv_key_rule timm_rules[] = { { "**", "**", 0, 0 }, { 0 } };

const fv_key_style fv_key_style_timm = {
    .name = "timm",
    .summary = "timm's EfficientNet-Lite",
    .fields = fv_no_fields,
    .archs = archs,
    .layout = FV_KEYS_TORCH,
    .rules = timm_rules,
    .preprocessing = "timm",
};
