/* PNG of every kind against Pillow (tests/data/files/png, made by
 * tests/golden/picture_formats.py). */
#include "tests/data/pictures.h"

#include <zlib.h>

FV_TEST(data_decode_png__sees_what_pillow_sees) { fv_test_decoded("png/decoded.txt", 0, 39); }
FV_TEST(data_decode_png__sees_alpha_as_pillow_does) { fv_test_decoded("png/alpha.txt", 4, 8); }

FV_TEST(data_decode_png__keeps_16_bits_with_alpha) {
    FV_IMAGE(image);
    FV_IMAGE(rgb);
    FV_OK(
        fv_image_decode_file(FV_FILE("png/rgb16_alpha.png"), &(fv_decode_options){ .channels = 4, .keep_u16 = true }, &image));
    FV_OK(fv_image_decode_file(FV_FILE("png/filters.png"), NULL, &rgb));
    assert_int_equal(image.pixel, FV_PIXEL_U16);
    const uint16_t *wide = image.pixels;
    const uint8_t *narrow = rgb.pixels;
    for (int i = 0; i < 19 * 11; i++)
        for (int c = 0; c < 3; c++) assert_int_equal(wide[4 * i + c], narrow[3 * i + c] * 251 + 77);
    FV_OK(
        fv_image_decode_file(FV_FILE("png/rgb16_clear.png"), &(fv_decode_options){ .channels = 4, .keep_u16 = true }, &image));
    wide = image.pixels;
    for (int i = 0; i < 19 * 11; i++)
        assert_int_equal(wide[4 * i + 3],
                         memcmp(narrow + 3 * i, narrow, 3) == 0 ? 0 : 65535); /* the first pixel's colour is clear */
}

FV_TEST(data_decode_png__gives_grey_and_alpha_as_two) {
    FV_IMAGE(image);
    FV_OK(fv_image_decode_file(FV_FILE("png/grey_alpha.png"), &(fv_decode_options){ .channels = 2 }, &image));
    assert_int_equal(image.channels, 2);
    FV_FAILS(fv_image_decode_file(FV_FILE("png/filters.png"), &(fv_decode_options){ .channels = 2 }, &image), FV_UNSUPPORTED,
             "3 channels, where 2 are wanted");
}

FV_TEST(data_decode_png__takes_no_memory_for_what_a_file_cannot_hold) {
    uint8_t bytes[] = "\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\x27\x10\0\0\x27\x10\x08\x02\0\0\0...."
                      "\0\0\0\0IDAT\x35\xAF\x06\x1E\0\0\0\0IEND\xAE\x42\x60\x82";
    uint32_t sum = (uint32_t)crc32(0, bytes + 12, 17); /* 10,000 × 10,000 pixels */
    for (int i = 0; i < 4; i++) bytes[29 + i] = (uint8_t)(sum >> (24 - 8 * i));
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode(bytes, sizeof bytes - 1, "claims", NULL, &image), FV_FORMAT, "cannot hold");
    assert_null(image.pixels);
}
