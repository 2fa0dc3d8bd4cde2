/* Seen from aside. What its pixels are: tests/data/warp.c. */
#include "tests/data/transforms/moves.h"

FV_TEST(data_transforms_perspective__without_distortion_keeps_the_bits) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    fv_moves_noise(&before, 31, 18, 3, FV_PIXEL_U8);
    fv_moves_copy(&before, &after);
    for (uint32_t position = 0; position < 20; position++) fv_moves_run("perspective p=1 distortion=0", position, &after);
    assert_true(fv_moves_same(&before, &after));
}

/* White pictures on black: with all of `distortion`, corners stay in their quarters of the picture and the centre is covered
 * unless a corner reached it. */
FV_TEST(data_transforms_perspective__moves_corners_inwards_as_often_as_it_says) {
    int changed = 0;
    for (uint32_t position = 0; position < 400; position++) {
        FV_IMAGE(image);
        FV_OK(fv_image_resize(&image, 40, 60, 1, FV_PIXEL_U8));
        memset(image.pixels, 255, 2400);
        fv_moves_run("perspective p=0.3 distortion=0.5", position, &image);
        const uint8_t *pixels = image.pixels;
        int64_t covered = 0;
        for (int i = 0; i < 2400; i++) covered += pixels[i] > 127;
        changed += covered < 2390;
        assert_true(covered >= 580);  /* a quarter: every corner moved all the way */
        for (int y = 11; y < 29; y++) /* what no corner reaches */
            for (int x = 16; x < 44; x++) assert_int_equal(pixels[60 * y + x], 255);
    }
    assert_in_range(changed, 85, 155); /* 120 ± 3.4 standard deviations, nearly */
}

FV_TEST(data_transforms_perspective__takes_pictures_of_one_pixel_and_all_distortion) {
    for (uint32_t position = 0; position < 50; position++)
        for (int64_t side = 1; side < 5; side++) {
            FV_IMAGE(image);
            fv_moves_noise(&image, side, 5 - side, 3, FV_PIXEL_U8);
            fv_moves_run("perspective p=1 distortion=1", position, &image);
            assert_int_equal(image.height, side);
        }
}
