/* What a picture looks like, against numpy, scipy and Pillow (tests/golden/looks.py). */
#include "data/look.h"

#include <math.h>

#include "data/resample.h"
#include "tests/data/pictures.h"

typedef struct expected {
    int levels[5];
    double sharpness;
    uint64_t hash;
    int thumb; /* sum */
} expected;

static void check(fv_image *image, const expected *e) {
    fv_look look = { 0 };
    int thumb = 0;
    FV_OK(fv_look_at(image, &look));
    const int levels[5] = { look.lowest, look.percent1, look.percent5, look.percent99, look.highest };
    for (int i = 0; i < 5; i++) assert_int_equal(levels[i], e->levels[i]);
    assert_true(fabs(look.sharpness - e->sharpness) < 1e-3);
    assert_int_equal(look.hash, e->hash);
    for (size_t i = 0; i < sizeof look.thumb; i++) thumb += look.thumb[i];
    assert_int_equal(thumb, e->thumb);
}

static void read(fv_image *image, const char *name) {
    FV_OK(fv_image_decode_file(fv_test_path(NULL, name), &(fv_decode_options){ .channels = 3 }, image));
}

FV_TEST(data_look__levels_sharpness_and_hash_are_those_of_numpy_and_scipy) {
    FV_IMAGE(image);
    read(&image, "in_61x37.png");
    check(&image, &(expected){ { 22, 40, 55, 222, 234 }, 4810.8467, 0x837c0dbc7409b67c, 7905 });
}

FV_TEST(data_look__a_large_picture_is_reduced_first) {
    FV_IMAGE(image);
    FV_IMAGE(large);
    fv_resample_work work = { 0 };
    read(&image, "in_61x37.png");
    FV_OK(fv_resample(&image, (fv_box_of_pixels){ 0, 0, 37, 61 }, 370, 610, FV_BILINEAR, &work, &large));
    fv_resample_release(&work);
    check(&large, &(expected){ { 26, 46, 58, 217, 231 }, 18.2269, 0x837c0dbc7409b67c, 7908 });
}

FV_TEST(data_look__content_tells_pictures_and_sizes_apart) {
    FV_IMAGE(image);
    fv_look looks[4] = { 0 };
    const int64_t sizes[4][2] = { { 4, 6 }, { 4, 6 }, { 6, 4 }, { 4, 6 } };
    for (int i = 0; i < 4; i++) {
        FV_OK(fv_image_resize(&image, sizes[i][0], sizes[i][1], 1, FV_PIXEL_U8));
        memset(image.pixels, 7, 24);
        ((uint8_t *)image.pixels)[23] += i == 3;
        FV_OK(fv_look_at(&image, &looks[i]));
    }
    assert_memory_equal(looks[0].content, looks[1].content, 16);
    assert_memory_not_equal(looks[0].content, looks[2].content, 16);
    assert_memory_not_equal(looks[0].content, looks[3].content, 16);
}

FV_TEST(data_look__one_pixel_and_16_bits_are_looked_at_too) {
    FV_IMAGE(image);
    fv_look look = { 0 };
    FV_OK(fv_image_resize(&image, 1, 1, 3, FV_PIXEL_U16));
    for (int c = 0; c < 3; c++) ((uint16_t *)image.pixels)[c] = 0x80FF;
    FV_OK(fv_look_at(&image, &look));
    assert_int_equal(look.bits, 16);
    assert_int_equal(look.lowest, 0x80);
    assert_int_equal(look.highest, 0x80);
    assert_true(isnan(look.sharpness));
}

/* Of many channels the first three count, and floats from the smallest to the largest: the same picture in three guises. */
FV_TEST(data_look__bands_and_floats_are_looked_at_by_their_levels) {
    FV_IMAGE(image);
    fv_look looks[3] = { 0 };
    for (int guise = 0; guise < 3; guise++) {
        int64_t channels = guise == 1 ? 7 : 3;
        FV_OK(fv_image_resize(&image, 16, 16, channels, guise == 2 ? FV_PIXEL_F32 : FV_PIXEL_U8));
        for (int64_t i = 0; i < 256 * channels; i++) {
            uint8_t level = i % channels < 3 ? (uint8_t)(i / channels) : 99; /* grey: 0 … 255 */
            if (guise == 2)
                ((float *)image.pixels)[i] = (float)level / 1000 - 3;
            else
                ((uint8_t *)image.pixels)[i] = level;
        }
        FV_OK(fv_look_at(&image, &looks[guise]));
    }
    assert_int_equal(looks[2].bits, 32);
    for (int guise = 0; guise < 3; guise++) {
        assert_int_equal(looks[guise].lowest, 0);
        assert_int_equal(looks[guise].percent5, 12);
        assert_int_equal(looks[guise].highest, 255);
        assert_int_equal(looks[guise].hash, looks[0].hash);
    }
}
