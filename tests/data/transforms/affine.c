/* Turn, shift, zoom and shear. What its pixels are: tests/data/warp.c. */
#include "tests/data/transforms/moves.h"

FV_TEST(data_transforms_affine__at_rest_keeps_the_bits) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    for (int64_t channels = 1; channels <= 5; channels++) {
        fv_moves_noise(&before, 17, 29, channels, channels % 2 ? FV_PIXEL_U8 : FV_PIXEL_F32);
        fv_moves_copy(&before, &after);
        fv_moves_run("affine", 0, &after);
        assert_true(fv_moves_same(&before, &after));
        fv_moves_run("affine p=0 degrees=-90,90 zoom=0.5,2", 0, &after);
        assert_true(fv_moves_same(&before, &after));
    }
}

/* The one bright pixel of a dark picture tells the shift: every whole number of the range comes, and none beyond. */
FV_TEST(data_transforms_affine__shifts_by_whole_pixels_within_its_range) {
    int seen[9] = { 0 };
    for (uint32_t position = 0; position < 300; position++) {
        FV_IMAGE(image);
        FV_OK(fv_image_resize(&image, 20, 20, 1, FV_PIXEL_U8));
        memset(image.pixels, 0, 400);
        ((uint8_t *)image.pixels)[10 * 20 + 10] = 255;
        fv_moves_run("affine shift_x=-0.2,0.2 shift_y=0.1", position, &image);
        const uint8_t *found = memchr(image.pixels, 255, 400);
        assert_non_null(found);
        int64_t at = found - (const uint8_t *)image.pixels;
        assert_int_equal(at / 20, 12);
        assert_in_range(at % 20, 6, 14);
        seen[at % 20 - 6]++;
    }
    for (int i = 0; i < 9; i++) assert_true(seen[i] > 0);
}

FV_TEST(data_transforms_affine__zoom_above_1_makes_things_larger) {
    FV_IMAGE(image);
    FV_OK(fv_image_resize(&image, 40, 40, 1, FV_PIXEL_U8));
    memset(image.pixels, 0, 1600);
    for (int y = 15; y < 25; y++) memset((uint8_t *)image.pixels + 40 * y + 15, 100, 10);
    fv_moves_run("affine zoom=2", 0, &image);
    int64_t sum = 0;
    for (int i = 0; i < 1600; i++) sum += ((const uint8_t *)image.pixels)[i];
    assert_in_range(sum, 100 * 400 - 200, 100 * 400 + 200); /* 10×10 became 20×20 */
    FV_FAILS(fv_moves_try("affine zoom=2,1", (fv_draw){ 0 }, &image), FV_USAGE, "zoom must be given smallest first");
    FV_FAILS(fv_moves_try("affine zoom=0", (fv_draw){ 0 }, &image), FV_USAGE, "zoom");
}
