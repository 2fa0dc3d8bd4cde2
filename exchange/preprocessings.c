/* preprocessings.c - what torchvision, EfficientNet-Lite, timm and Keras do to a picture before the network sees it. Resizing
 * is Pillow's everywhere, antialiased. */
#include "exchange/preprocessing.h"

#include <string.h>

#include "core/base/size.h"

#define IMAGENET "normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225"

static void add_steps(const fv_preprocessing *p, int64_t height, int64_t width, fv_text *out) {
    double side = (double)fv_min(height, width), before = p->crop > 0 ? side / p->crop : side + (double)p->around;
    for (const char *at = p->steps; *at; at++) {
        if (*at != '%') {
            fv_text_add_bytes(out, at, 1);
        } else if (*++at == 'R') {
            fv_text_addf(out, "%lld", (long long)(before + 0.5));
        } else if (*at == 'S') {
            fv_text_addf(out, "%lld,%lld", (long long)height, (long long)width);
        } else {
            fv_text_addf(out, "%lld", (long long)fv_min(height, width)); /* %s: one side */
        }
    }
}

static const fv_part *part_at(int index) { return &fv_preprocessing_table[index]->part; }

fv_error *fv_preprocessing_steps(const char *name, int64_t height, int64_t width, fv_arena *arena, const char **out) {
    const fv_parts all = { .kind = "preprocessing", .count = fv_preprocessing_table_count, .at = part_at };
    FV_TEXT(text, 4096);
    int index;
    if (strpbrk(name, " ;=")) return fv_arena_text(arena, name, out);
    FV_TRY(fv_part_find(&all, name, arena, &index));
    add_steps(fv_preprocessing_table[index], height, width, &text);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(arena, text.at, out);
}

const fv_preprocessing fv_preprocessing_torchvision = {
    .name = "torchvision",
    .summary =
        "short side to 8/7 of the size, bilinear, the middle, ImageNet's mean and deviation: torchvision's first weights",
    .fields = fv_no_fields,
    .steps = "resize size=%R; center_crop size=%S; " IMAGENET,
    .crop = 0.875,
};
const fv_preprocessing fv_preprocessing_torchvision_v2 = {
    .name = "torchvision_v2",
    .summary = "the same with 232 for 224: torchvision's V2 weights",
    .fields = fv_no_fields,
    .steps = "resize size=%R; center_crop size=%S; " IMAGENET,
    .crop = 224.0 / 232.0,
};
const fv_preprocessing fv_preprocessing_efficientnet_lite = {
    .name = "efficientnet_lite",
    .summary = "the middle with 32 pixels left out around, bicubic to the size, (v - 127) / 128",
    .fields = fv_no_fields,
    .steps = "padded_center_crop size=%s; resize size=%S filter=bicubic; normalize mean=127 std=128 scale=1",
};
const fv_preprocessing fv_preprocessing_timm = {
    .name = "timm",
    .summary = "short side to the size and 32, bicubic, the middle, v / 127.5 - 1: timm's tf_efficientnet_lite0, 1 and 2",
    .fields = fv_no_fields,
    .steps = "resize size=%R filter=bicubic; center_crop size=%S; normalize mean=0.5 std=0.5",
    .around = 32, /* timm's crops of 0.875, 0.882 and 0.890 at their sizes: 256, 272, 292 */
};
const fv_preprocessing fv_preprocessing_keras_caffe = {
    .name = "keras_caffe",
    .summary = "to the size, BGR, less ImageNet's mean: Keras's mode caffe",
    .fields = fv_no_fields,
    .steps = "resize size=%S; reverse_channels; normalize mean=103.939,116.779,123.68 std=1 scale=1",
};
const fv_preprocessing fv_preprocessing_keras_tf = {
    .name = "keras_tf",
    .summary = "to the size, v / 127.5 - 1: Keras's mode tf",
    .fields = fv_no_fields,
    .steps = "resize size=%S; normalize mean=1 std=1 scale=127.5",
};
const fv_preprocessing fv_preprocessing_keras_torch = {
    .name = "keras_torch",
    .summary = "to the size, ImageNet's mean and deviation: Keras's mode torch",
    .fields = fv_no_fields,
    .steps = "resize size=%S; " IMAGENET,
};
const fv_preprocessing fv_preprocessing_letterbox = {
    .name = "letterbox",
    .summary = "the whole picture in the size, grey around, v / 255",
    .fields = fv_no_fields,
    .steps = "letterbox size=%S; normalize",
};
