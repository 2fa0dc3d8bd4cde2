/* Netpbm's formats against Pillow (tests/data/files/pnm, made by
 * tests/golden/picture_formats.py). */
#include "tests/data/pictures.h"

FV_TEST(data_decode_pnm__sees_what_pillow_sees) { fv_test_decoded("pnm/decoded.txt", 0, 16); }

static fv_error *decode(const char *text, const fv_decode_options *options, fv_image *out) {
    return fv_image_decode(text, (int64_t)strlen(text), "text", options, out);
}

FV_TEST(data_decode_pnm__keeps_bands_and_16_bits) {
    FV_IMAGE(image);
    const char *six = "P7\nWIDTH 1\nHEIGHT 2\nDEPTH 6\nMAXVAL 255\nENDHDR\nabcdefABCDEF";
    FV_OK(decode(six, NULL, &image));
    assert_int_equal(image.channels, 6);
    assert_memory_equal(image.pixels, "abcdefABCDEF", 12);
    FV_OK(decode(six, &(fv_decode_options){ .channels = 6 }, &image));
    FV_FAILS(decode(six, &(fv_decode_options){ .channels = 3 }, &image), FV_UNSUPPORTED, "6 channels, where 3 are wanted");

    FV_OK(decode("P2 3 1 1000 0 500 1000", &(fv_decode_options){ .keep_u16 = true }, &image));
    assert_int_equal(image.pixel, FV_PIXEL_U16);
    const uint16_t *wide = image.pixels;
    assert_true(wide[0] == 0 && wide[1] == 32768 && wide[2] == 65535);
    FV_OK(decode("P2 3 1 1000 0 500 1000", NULL, &image));
    assert_memory_equal(image.pixels, "\0\x80\xFF", 3);
}

FV_TEST(data_decode_pnm__gives_alpha_when_asked) {
    FV_IMAGE(image);
    const char *pair = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE "
                       "GRAYSCALE_ALPHA\nENDHDR\naAbB";
    FV_OK(decode(pair, &(fv_decode_options){ .channels = 2 }, &image));
    assert_memory_equal(image.pixels, "aAbB", 4);
    FV_OK(decode(pair, &(fv_decode_options){ .channels = 4 }, &image));
    assert_memory_equal(image.pixels, "aaaAbbbB", 8);
}

FV_TEST(data_decode_pnm__refuses_what_is_cut_short_or_damaged) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode_file(FV_FILE("pnm/cut.ppm"), NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(fv_image_decode_file(FV_FILE("pnm/cut_text.pgm"), NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(fv_image_decode_file(FV_FILE("pnm/above.pgm"), NULL, &image), FV_FORMAT, "above 100");
    FV_FAILS(decode("P5 100000 100000 255 abc", &(fv_decode_options){ .max_pixels = INT64_MAX }, &image), FV_FORMAT,
             "cannot hold");
    FV_FAILS(
        decode("P7\nWIDTH 9\nHEIGHT 9\nDEPTH 60000\nMAXVAL 255\nENDHDR\n.", &(fv_decode_options){ .max_pixels = 81 }, &image),
        FV_UNSUPPORTED, "samples than four times the 81 allowed");
    FV_FAILS(decode("P2 2 2 0 0 0 0 0", NULL, &image), FV_FORMAT, "0 as its largest value");
    FV_FAILS(decode("P3 two 2 255", NULL, &image), FV_FORMAT, "no number");
    FV_FAILS(decode("P1 2 1 0 7", NULL, &image), FV_FORMAT, "neither 0 nor 1");
}

FV_TEST(data_decode_pnm__refuses_headers_that_end_early_or_say_no_number) {
    FV_IMAGE(image);
    FV_FAILS(decode("P5 2 2 255", NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(decode("P5 2 2 255x", NULL, &image), FV_FORMAT, "does not end in a blank");
    FV_FAILS(decode("P1 2 2 0 1 1", NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(decode("P1 2 2 0 1 1 ", NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(decode("P2 1 1 70000 1", NULL, &image), FV_FORMAT, "70000 as its largest value");
    FV_FAILS(decode("P2 1 10000000000 7 1", NULL, &image), FV_FORMAT, "a number beyond");
    static const char *const words[] = { "WIDTH", "HEIGHT", "DEPTH", "MAXVAL" };
    for (int i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "P7\n%s two\nENDHDR\nx", words[i]);
        FV_FAILS(decode(text, NULL, &image), FV_FORMAT, "no number where one is due");
    }
    FV_FAILS(decode("P7\nDEEP 2\nENDHDR\nx", NULL, &image), FV_FORMAT, "\"DEEP\" in its header");
    FV_FAILS(decode("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 0\nMAXVAL 255\nENDHDR\nx", NULL, &image), FV_FORMAT, "no channels");
    FV_FAILS(decode("P7\nWIDTH 1\nENDHDR", NULL, &image), FV_FORMAT, "cut short");
    FV_FAILS(decode("P8 1 1 255 x", NULL, &image), FV_FORMAT, "not a picture");
    FV_FAILS(decode("P5x 1 1 255 x", NULL, &image), FV_FORMAT, "not a picture");
    FV_OK(decode("P5# a comment\n1 1 255 x", NULL, &image));
    assert_memory_equal(image.pixels, "x", 1);
}

FV_TEST(data_decode_pnm__refuses_more_samples_than_can_be_counted) {
    FV_IMAGE(image);
    FV_FAILS(decode("P7\nWIDTH 1000000000\nHEIGHT 1000000000\nDEPTH 1000000000\nMAXVAL 255\nENDHDR\n.",
                    &(fv_decode_options){ .max_pixels = INT64_MAX }, &image),
             FV_UNSUPPORTED, "more samples than");
}
