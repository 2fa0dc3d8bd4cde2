/* keras.c - the names of keras.applications: a layer's, then kernel, gamma, moving_mean and so on. */
#include "layers/key_style.h"

#define NORM(ours, theirs)                                                                                                     \
    { ours ".weight", theirs "/gamma:0", 1, 0 }, { ours ".bias", theirs "/beta:0", 1, 0 },                                     \
        { ours ".running_mean", theirs "/moving_mean:0", 1, 0 }, {                                                             \
        ours ".running_var", theirs "/moving_variance:0", 1, 0                                                                 \
    }

static const char *const resnet_archs[] = { "resnet50_keras", NULL };
static const fv_key_rule resnet_rules[] = {
    { "*.num_batches_tracked", NULL, 0, 0 }, /* Keras does not count */
    { "*.weight", "*/kernel:0", 4, 0 },
    { "predictions.weight", "predictions/kernel:0", 2, 0 },
    { "predictions.bias", "predictions/bias:0", 1, 0 },
    { "*_conv.bias", "*_conv/bias:0", 1, 0 },
    NORM("*", "*"),
    { 0 },
};

const fv_key_style fv_key_style_keras_resnet = {
    .name = "keras_resnet",
    .summary = "keras.applications' residual networks",
    .fields = fv_no_fields,
    .archs = resnet_archs,
    .layout = FV_KEYS_KERAS,
    .rules = resnet_rules,
    .preprocessing = "keras_caffe",
};

static const char *const mobilenet_archs[] = { "mobilenet_v2_keras", NULL };
static const fv_key_rule mobilenet_rules[] = {
    { "*.num_batches_tracked", NULL, 0, 0 },
    { "*_depthwise.weight", "*_depthwise/depthwise_kernel:0", 4, 0 },
    { "*.weight", "*/kernel:0", 4, 0 },
    { "predictions.weight", "predictions/kernel:0", 2, 0 },
    { "predictions.bias", "predictions/bias:0", 1, 0 },
    NORM("*", "*"),
    { 0 },
};

const fv_key_style fv_key_style_keras_mobilenet = {
    .name = "keras_mobilenet",
    .summary = "keras.applications' MobileNetV2",
    .fields = fv_no_fields,
    .archs = mobilenet_archs,
    .layout = FV_KEYS_KERAS,
    .rules = mobilenet_rules,
    .preprocessing = "keras_tf",
};
