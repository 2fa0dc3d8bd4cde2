/* The rectangle's area, shape and paint. */
#include <math.h>

#include "tests/data/transforms/flat.h"

FV_TEST(data_transforms_random_erasing__keeps_area_and_ratio_and_stays_inside) {
    FV_IMAGE(image);
    bool top_edge = false, right_edge = false;
    for (uint32_t position = 0; position < 200; position++) {
        int64_t box[4];
        flat(60, 80, 1, 9, &image);
        transform("random_erasing p=1 scale=0.05,0.2 ratio=0.5,2 fill=200", position, &image);
        int64_t erased = find_box(&image, 200, box), height = box[2] - box[0], width = box[3] - box[1];
        assert_int_equal(erased, height * width); /* one whole rectangle */
        assert_true(height >= 1 && width >= 1);
        double part = (double)erased / 4800, ratio = (double)height / (double)width;
        assert_true(part > 0.045 && part < 0.21);
        assert_true(ratio > 0.46 && ratio < 2.2);
        top_edge |= box[0] == 0;
        right_edge |= box[3] == 80;
    }
    assert_true(top_edge && right_edge);
}

FV_TEST(data_transforms_random_erasing__leaves_a_picture_that_no_try_fits) {
    FV_IMAGE(image);
    int64_t box[4];
    flat(4, 400, 1, 9, &image);
    transform("random_erasing p=1 scale=0.9,1 ratio=1,1 fill=200", 0, &image);
    assert_int_equal(find_box(&image, 200, box), 0);
}

FV_TEST(data_transforms_random_erasing__paints_a_colour_noise_or_the_mean) {
    FV_IMAGE(image);
    int64_t box[4];
    flat(40, 40, 3, 0, &image);
    transform("random_erasing p=1 scale=0.3 fill=1,2,3", 0, &image);
    assert_true(find_box(&image, 1, box) > 300);
    assert_true(value_at(&image, box[0], box[1], 1) == 2 && value_at(&image, box[0], box[1], 2) == 3);

    flat(40, 40, 3, 0, &image);
    transform("random_erasing p=1 scale=0.3 value=noise", 0, &image);
    double sum = 0;
    int64_t bright = 0;
    for (int64_t i = 0; i < 4800; i++) {
        sum += (double)((const float *)image.pixels)[i];
        bright += ((const float *)image.pixels)[i] > 0;
    }
    assert_in_range(bright, 1300, 1560); /* 30 % of 4800, but for the zeros among the noise */
    assert_true(fabs(sum / (double)bright - 128) < 8);

    flat(40, 40, 1, 0, &image);
    memset(image.pixels, 100, 800);
    transform("random_erasing p=1 scale=0.3 value=mean", 0, &image);
    assert_true(find_box(&image, 50, box) > 300);

    FV_OWNED(fv_transforms) list = NULL;
    fv_size size;
    FV_OK(fv_transforms_parse("random_erasing fill=1,2", &list));
    FV_FAILS(fv_transforms_size(list, FV_TRAINING, (fv_size){ 9, 9, 3 }, &size), FV_SHAPE,
             "2 values to fill with for 3 channels");
}
