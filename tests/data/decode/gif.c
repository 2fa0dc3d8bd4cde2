/* GIF against Pillow (tests/data/files/gif, made by
 * tests/golden/picture_formats.py). */
#include "tests/data/pictures.h"

#include "core/base/file.h"
#include "core/base/memory.h"

FV_TEST(data_decode_gif__sees_what_pillow_sees) { fv_test_decoded("gif/decoded.txt", 0, 15); }
FV_TEST(data_decode_gif__sees_alpha_as_pillow_does) { fv_test_decoded("gif/alpha.txt", 4, 3); }

FV_TEST(data_decode_gif__gives_alpha_when_asked) {
    FV_IMAGE(image);
    FV_OK(fv_image_decode_file(FV_FILE("gif/aside_clear.gif"), &(fv_decode_options){ .channels = 4 }, &image));
    assert_int_equal(((const uint8_t *)image.pixels)[3], 0); /* left uncovered */
    int opaque = 0;
    for (int i = 0; i < 25 * 14; i++) opaque += ((const uint8_t *)image.pixels)[4 * i + 3] == 255;
    assert_in_range(opaque, 150, 19 * 11 - 1);
}

FV_TEST(data_decode_gif__refuses_what_is_cut_short_or_damaged) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode_file(FV_FILE("gif/cut.gif"), NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(fv_image_decode_file(FV_FILE("gif/nothing.gif"), NULL, &image), FV_FORMAT, "without a picture");
    FV_FAILS(fv_image_decode_file(FV_FILE("gif/beyond_palette.gif"), NULL, &image), FV_FORMAT, "in a palette of 4");
}

FV_TEST(data_decode_gif__refuses_every_length_that_lacks_pixels) {
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(FV_FILE("gif/interlaced.gif"), 1 << 20, &bytes, &length));
    FV_IMAGE(image);
    for (int64_t cut = 6; cut < length - 4; cut++)
        FV_FAILS(fv_image_decode(bytes, cut, "cut", NULL, &image), FV_FORMAT, "cut short");
    bytes[7] = bytes[9] = 0xFF; /* a screen of 65,299 × 65,291 */
    FV_FAILS(fv_image_decode(bytes, length, "claims", &(fv_decode_options){ .max_pixels = INT64_MAX }, &image), FV_FORMAT,
             "cannot hold");
    fv_memory_free(bytes);
}

/* A GIF of 1 × `height` pixels: a palette of four greys (or none), an extension (or none), then the picture with its own
 * flags and the pixels given as bytes of a block. */
static int64_t make_gif(uint8_t *out, int height, bool colours, const char *extension, int extension_length, int flags,
                        const char *pixels, int pixels_length) {
    static const uint8_t greys[12] = { 0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255 };
    uint8_t *at = out;
    at = (uint8_t *)mempcpy(at, "GIF89a\1\0", 8);
    *at++ = (uint8_t)height, *at++ = 0, *at++ = colours ? 0x81 : 0, *at++ = 0, *at++ = 0;
    if (colours) at = (uint8_t *)mempcpy(at, greys, 12);
    if (extension) at = (uint8_t *)mempcpy(at, extension, (size_t)extension_length);
    at = (uint8_t *)mempcpy(at, ",\0\0\0\0\1\0", 7);
    *at++ = (uint8_t)height, *at++ = 0, *at++ = (uint8_t)flags, *at++ = 2;
    *at++ = (uint8_t)pixels_length;
    at = (uint8_t *)mempcpy(at, pixels, (size_t)pixels_length);
    at = (uint8_t *)mempcpy(at, "\0;", 2);
    return at - out;
}

/* Codes of 3 bits: clear, then the pixels 1, 2, 3. */
#define ONE_TWO_THREE "\x8C\x06"

FV_TEST(data_decode_gif__puts_few_interlaced_rows_in_their_places) {
    FV_IMAGE(image);
    uint8_t bytes[128];
    int64_t length = make_gif(bytes, 3, true, NULL, 0, 0, ONE_TWO_THREE, 2);
    FV_OK(fv_image_decode(bytes, length, "plain", NULL, &image));
    assert_memory_equal(image.pixels, "\x55\xAA\xFF", 3);
    length = make_gif(bytes, 3, true, NULL, 0, 0x40, ONE_TWO_THREE, 2);
    FV_OK(fv_image_decode(bytes, length, "interlaced", NULL, &image));
    assert_memory_equal(image.pixels, "\x55\xFF\xAA", 3); /* row 0, row 2, row 1 */
}

FV_TEST(data_decode_gif__takes_a_clear_colour_only_where_one_is_named) {
    FV_IMAGE(image);
    uint8_t bytes[128];
    const fv_decode_options with_alpha = { .channels = 4 };
    static const struct {
        const char *bytes;
        int length;
        int alpha;                                        /* of the pixel of colour 2 */
    } extensions[] = { { "!\xF9\4\1\0\0\2\0", 8, 0 },     /* colour 2 */
                       { "!\xF9\4\0\0\0\2\0", 8, 255 },   /* it says that it names none */
                       { "!\xF9\3\1\0\0\0", 7, 255 },     /* too short to name one */
                       { "!\xF9\4\1\0\0\x09\0", 8, 255 }, /* there is no colour 9 */
                       { "!\xFE\4abcd\0", 8, 255 } };     /* a comment */
    for (int i = 0; i < 5; i++) {
        int64_t length = make_gif(bytes, 3, true, extensions[i].bytes, extensions[i].length, 0, ONE_TWO_THREE, 2);
        FV_OK(fv_image_decode(bytes, length, "extension", &with_alpha, &image));
        assert_int_equal(((const uint8_t *)image.pixels)[4 + 3], extensions[i].alpha);
    }
}

FV_TEST(data_decode_gif__refuses_codes_and_blocks_that_stand_for_nothing) {
    FV_IMAGE(image);
    uint8_t bytes[128];
    int64_t length = make_gif(bytes, 3, false, NULL, 0, 0, ONE_TWO_THREE, 2);
    FV_FAILS(fv_image_decode(bytes, length, "bare", NULL, &image), FV_UNSUPPORTED, "without colours of its own");
    length = make_gif(bytes, 3, true, "?", 1, 0, ONE_TWO_THREE, 2);
    FV_FAILS(fv_image_decode(bytes, length, "kind", NULL, &image), FV_FORMAT, "a block of an unknown kind (63)");
    length = make_gif(bytes, 3, true, "\0", 1, 0, ONE_TWO_THREE, 2);
    FV_OK(fv_image_decode(bytes, length, "an end mark too many", NULL, &image));
    length = make_gif(bytes, 3, true, NULL, 0, 0, "\x34", 1); /* clear, then code 6: no string yet */
    FV_FAILS(fv_image_decode(bytes, length, "first code", NULL, &image), FV_FORMAT, "a code that stands for nothing");
    length = make_gif(bytes, 3, true, NULL, 0, 0, "\xCC\x01", 2); /* clear, 1, then code 7: the next string is 6 */
    FV_FAILS(fv_image_decode(bytes, length, "later code", NULL, &image), FV_FORMAT, "a code that stands for nothing");
    length = make_gif(bytes, 3, true, NULL, 0, 0, "\x2C", 1); /* clear, end */
    FV_FAILS(fv_image_decode(bytes, length, "end", NULL, &image), FV_FORMAT, "cut short");
}
