/* BMP against Pillow (tests/data/files/bmp, made by
 * tests/golden/picture_formats.py). */
#include "tests/data/pictures.h"

#include "core/base/file.h"
#include "core/base/memory.h"

FV_TEST(data_decode_bmp__sees_what_pillow_sees) { fv_test_decoded("bmp/decoded.txt", 0, 22); }
FV_TEST(data_decode_bmp__sees_alpha_as_pillow_does) { fv_test_decoded("bmp/alpha.txt", 4, 4); }

FV_TEST(data_decode_bmp__gives_alpha_only_where_bit_fields_name_it) {
    FV_IMAGE(image);
    const char *const named[] = { "bmp/v3_alpha.bmp", "bmp/v4_alpha.bmp", "bmp/v5_alpha.bmp" };
    for (int n = 0; n < 3; n++) {
        FV_OK(fv_image_decode_file(fv_test_path(NULL, named[n]), &(fv_decode_options){ .channels = 4 }, &image));
        for (int x = 0; x < 19; x++) assert_int_equal(((const uint8_t *)image.pixels)[4 * x + 3], 13 * x);
    }
    FV_OK(fv_image_decode_file(FV_FILE("bmp/plain32.bmp"), &(fv_decode_options){ .channels = 4 }, &image));
    for (int x = 0; x < 19; x++) assert_int_equal(((const uint8_t *)image.pixels)[4 * x + 3], 255);
}

FV_TEST(data_decode_bmp__refuses_what_is_cut_short_or_damaged) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode_file(FV_FILE("bmp/cut.bmp"), NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(fv_image_decode_file(FV_FILE("bmp/gap.bmp"), NULL, &image), FV_FORMAT, "bit field with a gap");
    FV_FAILS(fv_image_decode_file(FV_FILE("bmp/beyond_palette.bmp"), NULL, &image), FV_FORMAT, "in a palette of 20");
    FV_FAILS(fv_image_decode("BM and so on, a text of forty letters or more", 44, "text", NULL, &image), FV_FORMAT, "text");
}

FV_TEST(data_decode_bmp__refuses_run_lengths_at_every_length_but_the_whole) {
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(FV_FILE("bmp/runs4.bmp"), 1 << 20, &bytes, &length));
    FV_IMAGE(image);
    FV_OK(fv_image_decode(bytes, length - 2, "without its final mark", NULL, &image));
    for (int64_t cut = 26; cut < length - 3; cut++)
        FV_FAILS(fv_image_decode(bytes, cut, "cut", NULL, &image), FV_FORMAT, "cut short");
    bytes[18 + 2] = bytes[22 + 2] = 1; /* 65,555 × 65,547 pixels in 300 bytes */
    FV_FAILS(fv_image_decode(bytes, length, "claims", &(fv_decode_options){ .max_pixels = INT64_MAX }, &image), FV_FORMAT,
             "cannot hold");
    fv_memory_free(bytes);
}
