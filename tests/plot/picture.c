/* Small pictures: scaled exactly, and encoded so that they decode to what they were. */
#include "plot/picture.h"

#include "fovea/data.h"
#include "tests/test.h"

FV_TEST(plot_picture__is_enlarged_by_a_whole_number_or_reduced_in_its_shape) {
    int64_t height, width;
    fv_picture_fit(&(fv_picture){ .height = 28, .width = 20, .channels = 1 }, 100, &height, &width);
    assert_int_equal(height, 84);
    assert_int_equal(width, 60);
    fv_picture_fit(&(fv_picture){ .height = 300, .width = 400, .channels = 3 }, 100, &height, &width);
    assert_int_equal(height, 75);
    assert_int_equal(width, 100);
    fv_picture_fit(&(fv_picture){ .height = 1, .width = 4000, .channels = 3 }, 100, &height, &width);
    assert_int_equal(height, 1);
    assert_int_equal(width, 100);
}

FV_TEST(plot_picture__twice_the_size_repeats_pixels) {
    const uint8_t grey[] = { 10, 20 };
    const uint8_t wanted[] = { 10, 10, 10, 10, 10, 10, 20, 20, 20, 20, 20, 20 };
    uint8_t rgb[12 * 2];
    fv_picture_scale(&(fv_picture){ grey, 1, 2, 1 }, 2, 4, rgb);
    assert_memory_equal(rgb, wanted, 12);
    assert_memory_equal(rgb + 12, wanted, 12);
}

FV_TEST(plot_picture__reducing_is_the_average_of_the_area) {
    const uint8_t pixels[] = { 0, 30, 60, 9, 255, 60, 90, 9, 60, 90, 120, 9 }; /* three pixels of RGB and one more channel */
    const uint8_t wanted[] = { 85, 40, 70, 125, 80, 110 };                     /* (2 a + b) / 3 and (b + 2 c) / 3 */
    uint8_t rgb[6];
    fv_picture_scale(&(fv_picture){ pixels, 1, 3, 4 }, 1, 2, rgb);
    assert_memory_equal(rgb, wanted, sizeof wanted);
}

/* Of `channels` bytes a pixel, 3 × 2 pixels; what is decoded has `shown` of them. */
static void check_png(int64_t channels, int64_t shown) {
    uint8_t pixels[6 * 5];
    for (int i = 0; i < (int)sizeof pixels; i++) pixels[i] = (uint8_t)(i * 83 + 250);
    FV_TEXT(png, 1 << 16);
    FV_OK(fv_picture_to_png(&(fv_picture){ pixels, 3, 2, channels }, &png));
    fv_image image = { 0 };
    FV_OK(fv_image_decode(png.at, png.length, "picture", NULL, &image));
    assert_int_equal(image.height, 3);
    assert_int_equal(image.width, 2);
    assert_int_equal(image.channels, shown);
    const uint8_t *found = image.pixels;
    for (int64_t i = 0; i < 6; i++)
        for (int64_t c = 0; c < shown; c++) assert_int_equal(found[i * shown + c], pixels[i * channels + c]);
    fv_image_release(&image);
}

FV_TEST(plot_picture__a_png_decodes_to_the_same_pixels) {
    check_png(3, 3);
    check_png(5, 3);
    check_png(1, 1);
    check_png(2, 1);
}

FV_TEST(plot_picture__a_png_says_when_it_cannot_be) {
    static const uint8_t pixels[64 * 64 * 3], wide[1000001];
    FV_TEXT(small, 50);
    FV_TEXT(png, 1 << 20);
    FV_FAILS(fv_picture_to_png(&(fv_picture){ pixels, 64, 64, 3 }, &small), FV_MEMORY, "cap of 50");
    FV_FAILS(fv_picture_to_png(&(fv_picture){ wide, 1, 1000001, 1 }, &png), FV_UNSUPPORTED, "cannot be written as PNG");
}
