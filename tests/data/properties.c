/* What pictures look like, in numbers that are known beforehand. */
#include "data/properties.h"

#include <math.h>

#include "data/image.h"
#include "tests/test.h"

static fv_image_properties measure(int64_t height, int64_t width, int64_t channels,
                                   uint8_t (*level)(int64_t, int64_t, int64_t)) {
    FV_IMAGE(image);
    fv_image_properties p;
    FV_OK(fv_image_resize(&image, height, width, channels, FV_PIXEL_U8));
    uint8_t *at = image.pixels;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < channels; c++) *at++ = level(y, x, c);
    fv_image_properties_measure(&image, &p);
    return p;
}

static void is(float value, double wanted) { assert_true(fabs((double)value - wanted) <= 1e-5 * fmax(1, fabs(wanted))); }

static uint8_t orange(int64_t y, int64_t x, int64_t c) { return (void)y, (void)x, c == 0 ? 200 : c == 1 ? 100 : 0; }
static uint8_t black(int64_t y, int64_t x, int64_t c) { return (void)y, (void)x, (void)c, 0; }
static uint8_t halves(int64_t y, int64_t x, int64_t c) { return (void)y, (void)c, x % 2 ? 255 : 0; }
static uint8_t ramp(int64_t y, int64_t x, int64_t c) { return (void)c, (uint8_t)(x + y); }

FV_TEST(data_properties__of_one_colour) {
    fv_image_properties p = measure(10, 20, 3, orange);
    is(p.at[FV_ASPECT_RATIO], 0.5);
    is(p.at[FV_AREA], 200);
    is(p.at[FV_BRIGHTNESS], (0.2125 * 200 + 0.7154 * 100) / 255);
    is(p.at[FV_CONTRAST], 0);
    is(p.at[FV_RED], 2.0 / 3);
    is(p.at[FV_GREEN], 1.0 / 3);
    is(p.at[FV_BLUE], 0);
    is(p.at[FV_SATURATION], 1);
    is(p.at[FV_SHARPNESS], 0);
    is(p.at[FV_NOISE], 0);
    is(p.at[FV_ENTROPY], 0);
}

FV_TEST(data_properties__of_black_and_of_stripes) {
    fv_image_properties p = measure(4, 4, 3, black);
    is(p.at[FV_RED], 1.0 / 3);
    is(p.at[FV_SATURATION], 0);
    p = measure(6, 8, 1, halves);
    is(p.at[FV_BRIGHTNESS], 0.5);
    is(p.at[FV_CONTRAST], 0.5);
    is(p.at[FV_ENTROPY], 1);
    is(p.at[FV_SHARPNESS], 510.0 * 510.0); /* ±510 in turn */
}

/* Neither derivative sees a ramp; a picture too small for them says so; wide and tall ones are the same as small ones. */
FV_TEST(data_properties__edges_are_measured_where_there_are_any) {
    fv_image_properties p = measure(100, 100, 1, ramp);
    is(p.at[FV_SHARPNESS], 0);
    is(p.at[FV_NOISE], 0);
    p = measure(2, 100, 1, halves);
    assert_true(isnan(p.at[FV_SHARPNESS]) && isnan(p.at[FV_NOISE]));
    p = measure(700, 2500, 1, halves);
    is(p.at[FV_CONTRAST], 0.5);
    is(p.at[FV_SHARPNESS], 510.0 * 510.0);
}
