/* TIFF against Pillow and by formula (tests/data/files/tiff, made by
 * tests/golden/picture_formats.py). */
#include "tests/data/pictures.h"

#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"

FV_TEST(data_decode_tiff__sees_what_pillow_sees) { fv_test_decoded("tiff/decoded.txt", 0, 45); }
FV_TEST(data_decode_tiff__sees_alpha_as_pillow_does) { fv_test_decoded("tiff/alpha.txt", 4, 2); }

/* What the script stores as bands. */
static double band(const fv_image *image, int64_t y, int64_t x, int64_t c) {
    if (image->pixel == FV_PIXEL_F32) return 0.5 * (double)y - 0.25 * (double)x + (double)c;
    return (double)((7919 * y + 10473 * x + 12997 * c) % (image->pixel == FV_PIXEL_U8 ? 256 : 65536));
}

static double sample(const fv_image *image, int64_t y, int64_t x, int64_t c) {
    int64_t i = (y * image->width + x) * image->channels + c;
    return image->pixel == FV_PIXEL_U8    ? ((const uint8_t *)image->pixels)[i]
           : image->pixel == FV_PIXEL_U16 ? ((const uint16_t *)image->pixels)[i]
                                          : ((const float *)image->pixels)[i];
}

/* 19 × 11 pixels as stored; `turned`: by 90° clockwise. */
static void check_bands(const char *name, int64_t channels, fv_pixel pixel, bool turned) {
    FV_IMAGE(image);
    FV_OK(fv_image_decode_file(fv_test_path(NULL, name), &(fv_decode_options){ .keep_u16 = true }, &image));
    assert_int_equal(image.channels, channels);
    assert_int_equal(image.pixel, pixel);
    assert_int_equal(turned ? image.width : image.height, 11);
    for (int64_t y = 0; y < 11; y++)
        for (int64_t x = 0; x < 19; x++)
            for (int64_t c = 0; c < channels; c++)
                assert_true((turned ? sample(&image, x, 10 - y, c) : sample(&image, y, x, c)) == band(&image, y, x, c));
}

FV_TEST(data_decode_tiff__keeps_any_number_of_bands_in_their_type) {
    check_bands("tiff/bands5_u16.tif", 5, FV_PIXEL_U16, false);
    check_bands("tiff/bands7_f32.tif", 7, FV_PIXEL_F32, false);
    check_bands("tiff/bands12_u8.tif", 12, FV_PIXEL_U8, true);
    check_bands("tiff/bands2_u8.tif", 2, FV_PIXEL_U8, false);
    check_bands("tiff/grey_f32.tif", 1, FV_PIXEL_F32, false);
    check_bands("tiff/rgb_f32.tif", 3, FV_PIXEL_F32, false);
    check_bands("tiff/rgbx.tif", 4, FV_PIXEL_U8, false);
}

FV_TEST(data_decode_tiff__does_not_convert_bands) {
    FV_IMAGE(image);
    const char *five = FV_FILE("tiff/bands5_u16.tif");
    FV_FAILS(fv_image_decode_file(five, &(fv_decode_options){ .channels = 3 }, &image), FV_UNSUPPORTED,
             "5 channels, where 3 are wanted");
    FV_FAILS(fv_image_decode_file(FV_FILE("tiff/bands2_u8.tif"), &(fv_decode_options){ .channels = 1 }, &image), FV_UNSUPPORTED,
             "2 channels, where 1 are wanted");
    FV_OK(fv_image_decode_file(five, &(fv_decode_options){ .channels = 5 }, &image));
    assert_int_equal(image.pixel, FV_PIXEL_U8);
    assert_int_equal(((const uint8_t *)image.pixels)[6], (10473 + 12997) % 65536 >> 8);
    FV_OK(fv_image_decode_file(FV_FILE("tiff/rgbx.tif"), &(fv_decode_options){ .channels = 3 }, &image));
    assert_int_equal(image.channels, 3);
    FV_OK(fv_image_decode_file(FV_FILE("tiff/rgb_f32.tif"), &(fv_decode_options){ .channels = 1 }, &image));
    assert_true(((const float *)image.pixels)[0] == (38470 + 2 * 7471) / 65536.0f);
}

/* A thing that libtiff says would come out there. */
FV_TEST(data_decode_tiff__refuses_what_it_cannot_use_without_a_word_on_standard_error) {
    static const struct {
        const char *name;
        fv_code code;
        const char *says;
    } cases[] = {
        { "tiff/cut.tif", FV_FORMAT, "cut short" },
        { "tiff/damaged_jpeg.tif", FV_FORMAT, "damaged TIFF" },
        { "tiff/not_finite.tif", FV_UNSUPPORTED, "no numbers" },
        { "tiff/f64.tif", FV_UNSUPPORTED, "64-bit floating-point" },
        { "tiff/signed.tif", FV_UNSUPPORTED, "16-bit signed integers" },
        { "tiff/lab.tif", FV_UNSUPPORTED, "L*a*b*" },
        { "tiff/preview.tif", FV_UNSUPPORTED, "only a preview" },
    };
    FV_IMAGE(image);
    int out[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(out), 0);
    dup2(out[1], STDERR_FILENO);
    fv_error *errors[7];
    for (int i = 0; i < 7; i++) errors[i] = fv_image_decode_file(fv_test_path(NULL, cases[i].name), NULL, &image);
    dup2(before, STDERR_FILENO);
    close(before), close(out[1]);
    char said[256];
    assert_int_equal(read(out[0], said, sizeof said), 0);
    close(out[0]);
    for (int i = 0; i < 7; i++) FV_FAILS(errors[i], cases[i].code, cases[i].says);
}

FV_TEST(data_decode_tiff__refuses_every_length_but_the_whole) {
    FV_IMAGE(image);
    const char *const names[] = { "tiff/big.tif", "tiff/tiles_apart.tif", "tiff/rgb_packbits.tif", "tiff/ycbcr.tif" };
    for (int n = 0; n < 4; n++) {
        uint8_t *bytes = NULL;
        int64_t length;
        FV_OK(fv_file_read(fv_test_path(NULL, names[n]), 1 << 20, &bytes, &length));
        for (int64_t cut = 8; cut < length - 60; cut += 7)
            FV_FAILS(fv_image_decode(bytes, cut, "cut", NULL, &image), FV_FORMAT, "cut");
        fv_memory_free(bytes);
    }
}

/* A row of pixels is claimed to be 60,000 wide: libtiff would take strips of
 * that size. */
FV_TEST(data_decode_tiff__takes_no_memory_for_what_a_file_cannot_hold) {
    uint8_t *bytes = NULL;
    int64_t length, live = fv_memory_live();
    FV_OK(fv_file_read(FV_FILE("tiff/white_is_zero8.tif"), 1 << 20, &bytes, &length));
    for (int64_t at = 8; at < length - 12; at++) /* width and height: tags 256 and 257, of 16 bits */
        if (bytes[at + 1] == 1 && bytes[at] <= 1 && bytes[at + 2] == 3 && bytes[at + 4] == 1)
            bytes[at + 8] = 0x60, bytes[at + 9] = 0xEA;
    FV_IMAGE(image);
    const fv_decode_options any = { .max_pixels = INT64_MAX };
    FV_FAILS(fv_image_decode(bytes, length, "claims", &any, &image), FV_FORMAT, "cannot hold");
    fv_memory_free(bytes);
    assert_int_equal(fv_memory_live(), live);
}
