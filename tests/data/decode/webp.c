/* WebP against Pillow (tests/data/files/webp, made by
 * tests/golden/picture_formats.py). */
#include "tests/data/pictures.h"

#include "core/base/file.h"
#include "core/base/memory.h"

FV_TEST(data_decode_webp__sees_what_pillow_sees) { fv_test_decoded("webp/decoded.txt", 0, 15); }
FV_TEST(data_decode_webp__sees_alpha_as_pillow_does) { fv_test_decoded("webp/alpha.txt", 4, 4); }

FV_TEST(data_decode_webp__gives_alpha_when_asked) {
    FV_IMAGE(image);
    FV_OK(fv_image_decode_file(FV_FILE("webp/lossless_alpha.webp"), &(fv_decode_options){ .channels = 4 }, &image));
    int clear = 0;
    for (int i = 0; i < 19 * 11; i++) clear += ((const uint8_t *)image.pixels)[4 * i + 3] < 255;
    assert_in_range(clear, 100, 19 * 11);
    FV_OK(fv_image_decode_file(FV_FILE("webp/film_aside.webp"), &(fv_decode_options){ .channels = 4 }, &image));
    const uint8_t *pixels = image.pixels;
    assert_int_equal(pixels[3], 0); /* left uncovered */
    assert_int_equal(pixels[(2 * 19 + 4) * 4 + 3], 255);
}

FV_TEST(data_decode_webp__refuses_what_is_cut_short_or_damaged) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode_file(FV_FILE("webp/cut.webp"), NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(fv_image_decode_file(FV_FILE("webp/cut_inside.webp"), NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(fv_image_decode_file(FV_FILE("webp/film_beyond.webp"), NULL, &image), FV_FORMAT, "beyond its canvas");
}

FV_TEST(data_decode_webp__refuses_every_length_but_the_whole) {
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(FV_FILE("webp/film.webp"), 1 << 20, &bytes, &length));
    FV_IMAGE(image);
    for (int64_t cut = 12; cut < length; cut++)
        FV_FAILS(fv_image_decode(bytes, cut, "cut", NULL, &image), FV_FORMAT, "cut short");
    FV_OK(fv_image_decode(bytes, length, "whole", NULL, &image));
    fv_memory_free(bytes);
}

/* 16,383 × 16,383 pixels, in the header of a lossy picture and in that of a lossless one. */
FV_TEST(data_decode_webp__takes_no_memory_for_what_a_file_cannot_hold) {
    FV_IMAGE(image);
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(FV_FILE("webp/lossy.webp"), 1 << 20, &bytes, &length));
    memcpy(bytes + 26, "\xFF\x3F\xFF\x3F", 4); /* behind RIFF, VP8, its frame's tag and mark */
    FV_FAILS(fv_image_decode(bytes, length, "claims", NULL, &image), FV_FORMAT, "cannot hold");
    fv_memory_free(bytes);
    const char lossless[] = "RIFF\x16\0\0\0WEBPVP8L\x0A\0\0\0/\xFE\xBF\xFF\x0F\0\0\0\0\0";
    FV_FAILS(fv_image_decode(lossless, sizeof lossless - 1, "claims", NULL, &image), FV_FORMAT, "cannot hold");
    assert_null(image.pixels);
}

/* What a lossy picture of that many bytes can hold is less than what a lossless one can. */
FV_TEST(data_decode_webp__knows_how_little_a_lossy_picture_holds) {
    FV_IMAGE(image);
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(FV_FILE("webp/lossy.webp"), 1 << 20, &bytes, &length));
    memcpy(bytes + 26, "\xE8\x03\xE8\x03", 4); /* 1,000 × 1,000 */
    FV_FAILS(fv_image_decode(bytes, length, "claims", NULL, &image), FV_FORMAT, "cannot hold");
    assert_null(image.pixels);
    fv_memory_free(bytes);
}

FV_TEST(data_decode_webp__refuses_a_film_whose_first_picture_is_none) {
    FV_IMAGE(image);
    const char film[] = "RIFF\x26\0\0\0WEBPVP8X\x0A\0\0\0\2\0\0\0\7\0\0\7\0\0ANMF\x08\0\0\0\0\0\0\0\0\0\7\0";
    FV_FAILS(fv_image_decode(film, sizeof film - 1, "film", NULL, &image), FV_FORMAT, "a picture without pixels");
}
