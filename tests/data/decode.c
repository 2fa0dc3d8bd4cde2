/* Decoding against Pillow (tests/data/files/decoded.txt), and what must be refused, by name and with its reason. */
#include "tests/data/pictures.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "data/decode/decoder.h"
#include "tests/allocations.h"

FV_TEST(data_decode__sees_what_pillow_sees_turned_upright) { fv_test_decoded("decoded.txt", 0, 30); }

FV_TEST(data_decode__refuses_what_is_cut_short_or_damaged) {
    FV_IMAGE(image);
    const char *const cut[] = { "half.jpg", "headers.jpg", "two_bytes.jpg", "half_progressive.jpg", "half.png", "no_end.png" };
    for (int i = 0; i < 6; i++) {
        FV_FAILS(fv_image_decode_file(fv_test_path(NULL, cut[i]), NULL, &image), FV_FORMAT, cut[i]);
        FV_FAILS(fv_image_decode_file(fv_test_path(NULL, cut[i]), NULL, &image), FV_FORMAT, "cut short");
    }
    FV_FAILS(fv_image_decode_file(FV_FILE("wrong_sum.png"), NULL, &image), FV_FORMAT, "damaged PNG");
}

FV_TEST(data_decode__says_what_a_file_is_that_is_no_picture_it_reads) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode_file(FV_FILE("page.jpg"), NULL, &image), FV_FORMAT, "not a picture (a web page: HTML)");
    FV_FAILS(fv_image_decode_file(FV_FILE("text.png"), NULL, &image), FV_FORMAT, "not a picture (text)");
    FV_FAILS(fv_image_decode_file(FV_FILE("empty.jpg"), NULL, &image), FV_FORMAT, "an empty file");
    FV_FAILS(fv_image_decode_file(FV_FILE("missing.png"), NULL, &image), FV_NOT_FOUND, "missing.png");
    FV_FAILS(fv_image_decode_file(FOVEA_SOURCE, NULL, &image), FV_IO, "not a plain file");
}

FV_TEST(data_decode__keeps_to_its_limits_before_decoding) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .max_pixels = 208 }, &image), FV_UNSUPPORTED,
             "19×11 pixels, more than the 208 allowed");
    FV_FAILS(fv_image_decode_file(FV_FILE("restart.jpg"), &(fv_decode_options){ .max_pixels = 959 }, &image), FV_UNSUPPORTED,
             "more than the 959 allowed");
    FV_FAILS(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .max_bytes = 100 }, &image), FV_UNSUPPORTED,
             "more than the 100 allowed");
    FV_FAILS(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .channels = -1 }, &image), FV_USAGE, "-1 channels");
    assert_null(image.pixels);
    FV_OK(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .max_pixels = 209 }, &image));
}

/* A JPEG whose header claims 12,288 × 12,288 pixels, in a kilobyte. */
FV_TEST(data_decode__takes_no_memory_for_what_a_file_cannot_hold) {
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(FV_FILE("restart.jpg"), 1 << 20, &bytes, &length));
    int64_t at = 2; /* markers with their lengths, up to the frame header */
    while (bytes[at + 1] != 0xC0) at += 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
    bytes[at + 5] = bytes[at + 7] = 0x30;
    bytes[at + 6] = bytes[at + 8] = 0;
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode(bytes, length, "claims.jpg", NULL, &image), FV_FORMAT, "claims.jpg: cut short");
    assert_null(image.pixels);
    fv_memory_free(bytes);
}

FV_TEST(data_decode__gives_the_channels_asked_for) {
    FV_IMAGE(image);
    FV_IMAGE(grey);
    FV_OK(fv_image_decode_file(FV_FILE("rgb.png"), NULL, &image));
    FV_OK(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .channels = 1 }, &grey));
    assert_int_equal(grey.channels, 1);
    const uint8_t *rgb = image.pixels, *l = grey.pixels;
    for (int i = 0; i < 19 * 11; i++, rgb += 3) /* Pillow's formula for "L" */
        assert_int_equal(l[i], (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16);

    FV_OK(fv_image_decode_file(FV_FILE("grey.jpg"), &(fv_decode_options){ .channels = 3 }, &image));
    const uint8_t *pixels = image.pixels;
    assert_int_equal(image.channels, 3);
    for (int i = 0; i < 15 * 14; i++, pixels += 3) assert_true(pixels[0] == pixels[1] && pixels[1] == pixels[2]);

    FV_OK(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .channels = 4 }, &image));
    assert_int_equal(image.channels, 4);
    assert_int_equal(((const uint8_t *)image.pixels)[3], 255);
    FV_OK(fv_image_decode_file(FV_FILE("palette_clear.png"), &(fv_decode_options){ .channels = 4 }, &image));
    int clear = 0;
    for (int i = 0; i < 19 * 11; i++) clear += ((const uint8_t *)image.pixels)[4 * i + 3] == 0;
    assert_in_range(clear, 1, 19 * 11 - 1);
}

FV_TEST(data_decode__keeps_16_bits_when_asked) {
    FV_IMAGE(image);
    FV_OK(fv_image_decode_file(FV_FILE("grey16.png"), &(fv_decode_options){ .keep_u16 = true }, &image));
    assert_int_equal(image.pixel, FV_PIXEL_U16);
    for (int i = 0; i < 256; i++) assert_int_equal(((const uint16_t *)image.pixels)[i], i * 257);
    FV_OK(fv_image_decode_file(FV_FILE("rgb16.png"), &(fv_decode_options){ .keep_u16 = true, .channels = 1 }, &image));
    assert_int_equal(image.channels, 1);
    FV_OK(fv_image_decode_file(FV_FILE("rgb.png"), &(fv_decode_options){ .keep_u16 = true }, &image));
    assert_int_equal(image.pixel, FV_PIXEL_U8);
}

FV_TEST(data_decode__uses_the_memory_of_the_picture_before) {
    FV_IMAGE(image);
    FV_OK(fv_image_decode_file(FV_FILE("restart.jpg"), NULL, &image));
    const void *pixels = image.pixels;
    FV_OK(fv_image_decode_file(FV_FILE("rgb.png"), NULL, &image));
    FV_OK(fv_image_decode_file(FV_FILE("grey.jpg"), NULL, &image));
    assert_ptr_equal(image.pixels, pixels);
}

/* Into memory that was not there before. */
static fv_error *decode_anew(const char *path, fv_image *image) {
    fv_image_release(image);
    return fv_image_decode_file(path, NULL, image);
}

FV_TEST(data_decode__want_of_memory_is_no_damage) {
    static const char *const files[] = { "rgb.png",       "png/palette8.png",   "grey.jpg",        "turn6.jpg",  "bmp/rgb.bmp",
                                         "bmp/runs4.bmp", "gif/interlaced.gif", "webp/lossy.webp", "pnm/rgb.ppm" };
    FV_IMAGE(whole);
    FV_IMAGE(image);
    for (int i = 0; i < (int)(sizeof files / sizeof *files); i++) {
        const char *path = fv_test_path(NULL, files[i]);
        print_message("%s\n", path);
        FV_OK(fv_image_decode_file(path, NULL, &whole));
        FV_TEST_EACH_ALLOCATION_FAILS(decode_anew(path, &image),
                                      assert_memory_equal(image.pixels, whole.pixels, (size_t)fv_image_bytes(&whole)));
    }
}

/* Of libtiff, and of libwebp in lossless pictures, want of memory is kept away (docs/reliability.md); of us it is not. */
FV_TEST(data_decode__want_of_our_own_memory_is_no_damage) {
    static const char *const files[] = {
        "tiff/grey1.tif", "tiff/palette.tif",   "tiff/ycbcr.tif",       "tiff/tiles_apart.tif",
        "tiff/cmyk.tif",  "webp/lossless.webp", "webp/film_aside.webp", "tiff/rgb_tiff_lzw.tif"
    };
    FV_IMAGE(whole);
    FV_IMAGE(image);
    for (int i = 0; i < (int)(sizeof files / sizeof *files); i++) {
        const char *path = fv_test_path(NULL, files[i]);
        print_message("%s\n", path);
        FV_OK(fv_image_decode_file(path, NULL, &whole));
        FV_TEST_EACH_OWN_ALLOCATION_FAILS(decode_anew(path, &image),
                                          assert_memory_equal(image.pixels, whole.pixels, (size_t)fv_image_bytes(&whole)));
    }
}

/* NULL when it is damaged. */
static fv_error *find_damage(const char *path, fv_image *image) {
    fv_error *error = decode_anew(path, image);
    assert_non_null(error);
    if (fv_error_code(error) != FV_FORMAT) return error;
    fv_error_free(error);
    return NULL;
}

FV_TEST(data_decode__damage_is_damage_when_there_is_memory_to_see_it) {
    static const char *const files[] = { "webp/cut_inside.webp", "tiff/damaged_jpeg.tif" };
    FV_IMAGE(image);
    for (int i = 0; i < 2; i++) FV_TEST_EACH_OWN_ALLOCATION_FAILS(find_damage(fv_test_path(NULL, files[i]), &image), (void)0);
}

FV_TEST(data_decode__refuses_limits_and_channels_that_make_no_sense) {
    FV_IMAGE(image);
    const fv_decode_options wrong[] = {
        { .channels = -1 }, { .channels = INT64_MAX }, { .max_pixels = -1 }, { .max_bytes = -1 }
    };
    for (int i = 0; i < 4; i++) {
        FV_FAILS(fv_image_decode("P5 1 1 255 x", 12, "text", &wrong[i], &image), FV_USAGE, NULL);
        FV_FAILS(fv_image_decode_file(FV_FILE("rgb.png"), &wrong[i], &image), FV_USAGE, NULL);
    }
    FV_FAILS(fv_image_decode("P5 1 1 255 x", 12, "text", &(fv_decode_options){ .max_bytes = 11 }, &image), FV_UNSUPPORTED,
             "text: 12 bytes, more than the 11 allowed");
}

FV_TEST(data_decode__sizes_beyond_what_can_be_counted_are_beyond_every_limit) {
    const fv_encoded all = { .length = 100, .options = { .max_pixels = INT64_MAX } };
    const int64_t much = INT64_C(1) << 32;
    FV_FAILS(fv_decode_check_size(&all, much, much, 1), FV_UNSUPPORTED, "4294967296×4294967296 pixels");
    FV_OK(fv_decode_check_size(&all, much, much / 4, 4));
    FV_FAILS(fv_decode_check_size(&all, much, much / 4, 16), FV_UNSUPPORTED, "of 16 channels");
    FV_FAILS(fv_decode_check_room(&all, much, much, 8), FV_FORMAT, "100 bytes cannot hold");
    FV_FAILS(fv_decode_check_room(&all, 801, 1, 8), FV_FORMAT, "100 bytes cannot hold");
    FV_OK(fv_decode_check_room(&all, 800, 1, 8));
    FV_OK(fv_decode_check_room(&all, much, much, INT64_MAX)); /* a byte that makes so many pixels holds any picture */
}
