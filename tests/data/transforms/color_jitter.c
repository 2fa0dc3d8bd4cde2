/* Factors within their spreads; pictures without colour. */
#include "tests/data/transforms/flat.h"

FV_TEST(data_transforms_color_jitter__brightness_spans_its_range) {
    FV_IMAGE(image);
    float low = 255, high = 0;
    for (uint32_t position = 0; position < 200; position++) {
        flat(2, 2, 1, 100, &image);
        transform("color_jitter brightness=0.4 contrast=0 saturation=0 hue=0", position, &image);
        float value = value_at(&image, 1, 1, 0);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    assert_true(low >= 60 && low <= 64 && high >= 136 && high <= 140);
}

FV_TEST(data_transforms_color_jitter__takes_grey_pictures_without_saturation_and_hue) {
    FV_OWNED(fv_transforms) grey = NULL;
    FV_OWNED(fv_transforms) colour = NULL;
    fv_size size;
    FV_OK(fv_transforms_parse("color_jitter saturation=0 hue=0", &grey));
    FV_OK(fv_transforms_parse("color_jitter saturation=0", &colour));
    FV_OK(fv_transforms_size(grey, FV_TRAINING, (fv_size){ 9, 9, 1 }, &size));
    FV_FAILS(fv_transforms_size(colour, FV_TRAINING, (fv_size){ 9, 9, 1 }, &size), FV_SHAPE, "transform color_jitter");
}
