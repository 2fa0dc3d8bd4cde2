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

static void put32(uint8_t *to, int64_t value) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> 8 * i);
}

/* The two headers of a picture whose pixels begin `gap` bytes behind them. */
static void put_header(uint8_t *bytes, int64_t width, int64_t height, int bits, int compression, int gap) {
    memset(bytes, 0, 54);
    memcpy(bytes, "BM", 2);
    put32(bytes + 10, 54 + gap);
    put32(bytes + 14, 40);
    put32(bytes + 18, width);
    put32(bytes + 22, height);
    bytes[28] = (uint8_t)bits;
    put32(bytes + 30, compression);
}

static fv_error *decode(const uint8_t *bytes, int64_t length, int64_t channels, fv_image *out) {
    return fv_image_decode(bytes, length, "made", &(fv_decode_options){ .channels = channels, .max_pixels = INT64_MAX }, out);
}

FV_TEST(data_decode_bmp__refuses_headers_that_contradict_themselves) {
    FV_IMAGE(image);
    uint8_t bytes[128] = { 0 };
    put_header(bytes, 2, 2, 8, 0, 0);
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_FORMAT, "no palette");
    put_header(bytes, 2, 2, 24, 4, 0);
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_UNSUPPORTED, "wraps a JPEG");
    put_header(bytes, 2, 2, 24, 5, 0);
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_UNSUPPORTED, "wraps a PNG");
    put_header(bytes, 2, 2, 24, 3, 12);
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_FORMAT, "24 bits a pixel with compression kind 3");
    put_header(bytes, 2, 2, 16, 3, 12);
    put32(bytes + 54, 0xF800), put32(bytes + 58, 0x07E0);
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_FORMAT, "a colour without bits");
    FV_FAILS(decode((const uint8_t *)"BX and so on, a text of forty letters", 37, 0, &image), FV_FORMAT, "not a picture");
}

FV_TEST(data_decode_bmp__takes_alpha_from_the_fourth_of_four_masks) {
    FV_IMAGE(image);
    uint8_t bytes[54 + 16 + 4] = { 0 };
    put_header(bytes, 1, 1, 32, 6, 16);
    put32(bytes + 54, 0xFF), put32(bytes + 58, 0xFF00), put32(bytes + 62, 0xFF0000), put32(bytes + 66, 0xFF000000);
    memcpy(bytes + 70, "rgba", 4);
    FV_OK(decode(bytes, sizeof bytes, 4, &image));
    assert_memory_equal(image.pixels, "rgba", 4);
}

FV_TEST(data_decode_bmp__needs_no_final_mark_once_every_row_has_ended) {
    FV_IMAGE(image);
    uint8_t bytes[54 + 8 + 8] = { 0 };
    put_header(bytes, 2, 2, 8, 1, 8);
    put32(bytes + 58, 0xFFFFFF);
    memcpy(bytes + 62, "\2\1\0\0\1\1\0\0", 8); /* two pixels, end of the row; one pixel, end of the row */
    FV_OK(decode(bytes, sizeof bytes, 0, &image));
    assert_memory_equal(image.pixels, "\xFF\0\xFF\xFF", 4);
    FV_FAILS(decode(bytes, sizeof bytes - 2, 0, &image), FV_FORMAT, "cut short");
}

FV_TEST(data_decode_bmp__sizes_beyond_what_can_be_counted_are_cut_short) {
    FV_IMAGE(image);
    uint8_t bytes[64] = { 0 };
    put_header(bytes, INT32_MAX, INT32_MAX, 32, 0, 0); /* 2^31 rows of 2^33 bytes */
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_FORMAT, "cut short");
    put_header(bytes, INT32_MAX, 1073741825, 32, 0, 0); /* 2^63 and a little, with its last row */
    FV_FAILS(decode(bytes, sizeof bytes, 0, &image), FV_FORMAT, "cut short");
}
