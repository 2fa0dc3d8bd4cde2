/* JPEG out: our own decoder reads it back, near to what it was. */
#include "plot/jpeg.h"

#include <stdlib.h>

#include "fovea/data.h"
#include "tests/test.h"

FV_TEST(plot_jpeg__decodes_to_nearly_the_same) {
    static uint8_t pixels[100 * 130 * 3];
    for (int i = 0; i < 100 * 130; i++) {
        pixels[3 * i] = (uint8_t)(i % 130);
        pixels[3 * i + 1] = (uint8_t)(2 * (i / 130));
        pixels[3 * i + 2] = 200;
    }
    FV_TEXT(jpeg, 1 << 20);
    FV_OK(fv_picture_to_jpeg(&(fv_picture){ pixels, 100, 130, 3 }, &jpeg));
    fv_image image = { 0 };
    FV_OK(fv_image_decode(jpeg.at, jpeg.length, "jpeg", NULL, &image));
    assert_int_equal(image.height, 100);
    assert_int_equal(image.width, 130);
    for (int i = 0; i < 100 * 130 * 3; i++) assert_true(abs(((const uint8_t *)image.pixels)[i] - pixels[i]) <= 8);
    fv_image_release(&image);
}

FV_TEST(plot_jpeg__says_when_the_text_is_full) {
    static uint8_t pixels[64 * 64 * 3];
    FV_TEXT(jpeg, 50);
    FV_FAILS(fv_picture_to_jpeg(&(fv_picture){ pixels, 64, 64, 3 }, &jpeg), FV_MEMORY, "cap of 50");
}
