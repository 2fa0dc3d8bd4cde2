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
