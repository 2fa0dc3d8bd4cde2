/* What RandAugment and TrivialAugment draw. Each operation by itself is compared with torchvision's in
 * tests/data/transforms/judged.c. */
#include "data/augment.h"

#include "tests/data/transforms/flat.h"

/* A picture whose pixels all differ: equalize finds too few of each, and leaves it. */
static void scatter(fv_image *image) {
    flat(12, 20, 1, 0, image);
    for (int i = 0; i < 240; i++) ((uint8_t *)image->pixels)[i] = (uint8_t)(i * 37 % 240 + 8);
}

/* Applies `text` at 400 positions; how many of the results are as before, and how many differ from one another. */
static void count_results(const char *text, int *same, int *different) {
    static float results[400][240];
    *same = *different = 0;
    for (uint32_t position = 0; position < 400; position++) {
        FV_IMAGE(before);
        FV_IMAGE(after);
        scatter(&before);
        scatter(&after);
        transform("", position, &before);
        transform(text, position, &after);
        memcpy(results[position], after.pixels, sizeof results[position]);
        *same += !memcmp(before.pixels, after.pixels, sizeof results[position]);
        bool found = false;
        for (uint32_t i = 0; i < position; i++) found |= !memcmp(results[i], results[position], sizeof results[position]);
        *different += !found;
    }
}

FV_TEST(data_augment__rand_augment_draws_each_operation_and_sign) {
    int same, different;
    count_results("rand_augment count=1 magnitude=15", &same, &different);
    /* Five of geometry, brightness, contrast, sharpness with two signs; posterize, solarize, autocontrast; and as it was: by
     * identity, equalize, and color, which one channel has none of. */
    assert_int_equal(different, 5 * 2 + 3 * 2 + 3 + 1);
    assert_in_range(same, 55, 117); /* 3 in 14 */
    count_results("rand_augment count=2 magnitude=15", &same, &different);
    assert_true(different > 100);
}

FV_TEST(data_augment__strength_nought_keeps_what_has_a_strength) {
    int same, different;
    count_results("rand_augment count=1 magnitude=0", &same, &different);
    assert_int_equal(different, 2); /* as it was, and autocontrast */
}

FV_TEST(data_augment__trivial_augment_draws_the_strength_too) {
    int same, different;
    count_results("trivial_augment", &same, &different);
    assert_true(different > 120);
}

FV_TEST(data_augment__fill_fits_the_channels) {
    FV_OWNED(fv_transforms) list = NULL;
    fv_size size;
    FV_OK(fv_transforms_parse("rand_augment fill=1,2", &list));
    FV_FAILS(fv_transforms_size(list, FV_TRAINING, (fv_size){ 9, 9, 3 }, &size), FV_SHAPE,
             "2 values to fill with for 3 channels");
}
