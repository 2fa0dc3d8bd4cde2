/* Steps of colour that are done in one pass are those steps one after the other, to the bit, whatever the loop. */
#include "data/colour.h"

#include "core/base/random.h"
#include "data/colour_line.h"
#include "tests/data/pictures.h"

static const fv_colour_step steps[] = {
    { FV_COLOUR_BRIGHTNESS, 1.3 }, { FV_COLOUR_CONTRAST, 0.7 }, { FV_COLOUR_SATURATION, 1.6 },
    { FV_COLOUR_HUE, 0.21 },       { FV_COLOUR_CONTRAST, 1.9 }, { FV_COLOUR_BRIGHTNESS, 0.8 },
    { FV_COLOUR_HUE, -0.4 },       { FV_COLOUR_SATURATION, 0 }, { FV_COLOUR_HUE, 0.999999 },
};
#define STEPS ((int64_t)(sizeof steps / sizeof *steps))

/* Any colours, with runs of grey, black and white among them. */
static void paint(fv_image *image, int64_t height, int64_t width, int64_t channels, fv_pixel pixel) {
    FV_OK(fv_image_resize(image, height, width, channels, pixel));
    fv_random random = fv_random_at(3, 0, 0, 0);
    for (int64_t i = 0, n = height * width; i < n; i++)
        for (int64_t c = 0; c < channels; c++) {
            uint8_t value = i % 7 == 3 ? (uint8_t)(i % 3 * 127) : (uint8_t)fv_random_below(&random, 256);
            if (pixel == FV_PIXEL_U8)
                ((uint8_t *)image->pixels)[i * channels + c] = value;
            else
                ((float *)image->pixels)[i * channels + c] = (float)value * 1.01f - 1;
        }
}

FV_TEST(data_colour__steps_at_once_are_steps_one_by_one) {
    for (int channels = 1; channels <= 3; channels += 2)
        for (int pixel = FV_PIXEL_U8; pixel <= FV_PIXEL_F32; pixel += FV_PIXEL_F32 - FV_PIXEL_U8)
            for (int64_t width = 1; width <= 37; width += 4) {
                int64_t count = channels == 3 ? STEPS : 2;
                FV_IMAGE(together);
                FV_IMAGE(apart);
                paint(&together, 5, width, channels, pixel);
                paint(&apart, 5, width, channels, pixel);
                fv_colour_steps(&together, steps, count);
                for (int64_t i = 0; i < count; i++) fv_colour_steps(&apart, &steps[i], 1);
                assert_memory_equal(together.pixels, apart.pixels, fv_image_row_bytes(&apart) * 5);
            }
}

/* One pixel alone always takes the plain loop. */
FV_TEST(data_colour__eight_pixels_at_a_time_have_the_bits_of_one) {
    static const fv_colour_change changes[][2] = {
        { { FV_COLOUR_BY_LINE, 1.37f, -20.5f } }, { { FV_COLOUR_BY_SATURATION, 2.5f, 0 } },
        { { FV_COLOUR_BY_SATURATION, 0.5f, 0 } }, { { FV_COLOUR_BY_HUE, 2.718f, 0 } },
        { { FV_COLOUR_BY_HUE, 5.999f, 0 } },      { { FV_COLOUR_BY_SATURATION, 1.2f, 0 }, { FV_COLOUR_BY_HUE, 0.4f, 0 } },
    };
    for (int64_t i = 0; i < (int64_t)(sizeof changes / sizeof *changes); i++) {
        int64_t count = i == 5 ? 2 : 1;
        FV_IMAGE(many);
        FV_IMAGE(single);
        paint(&many, 61, 103, 3, FV_PIXEL_U8);
        paint(&single, 61, 103, 3, FV_PIXEL_U8);
        int64_t pixels = 61 * 103, sum = fv_colour_line_u8(many.pixels, pixels, changes[i], count), expected = 0;
        for (int64_t p = 0; p < pixels; p++)
            expected += fv_colour_line_u8((uint8_t *)single.pixels + 3 * p, 1, changes[i], count);
        assert_int_equal(sum, expected);
        assert_memory_equal(many.pixels, single.pixels, 3 * pixels);
    }
}

FV_TEST(data_colour__grey_pixels_keep_their_bits) {
    FV_IMAGE(image);
    FV_OK(fv_image_resize(&image, 1, 256, 3, FV_PIXEL_U8));
    uint8_t *at = image.pixels;
    for (int i = 0; i < 3 * 256; i++) at[i] = (uint8_t)(i / 3);
    fv_colour_saturation(&image, 3);
    fv_colour_hue(&image, 0.3);
    for (int i = 0; i < 3 * 256; i++) assert_int_equal(at[i], i / 3);
}
