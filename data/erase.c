/* erase.c - painting a rectangle, one channel after the other: so the noise of a channel does not depend on the pixels' type.
 */
#include "data/erase.h"

#include "data/tone.h"

fv_error *fv_erase_check(fv_floats fill, int64_t channels) {
    if (fill.count <= 1 || !channels || fill.count == channels) return NULL;
    return fv_fail(FV_SHAPE, "%lld values to fill with for %lld channel%s", (long long)fill.count, (long long)channels,
                   channels == 1 ? "" : "s");
}

static double mean_of(const fv_image *image, int64_t channel) {
    int64_t count = image->height * image->width, stride = image->channels;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += image->pixel == FV_PIXEL_U8 ? ((const uint8_t *)image->pixels)[i * stride + channel]
                                           : (double)((const float *)image->pixels)[i * stride + channel];
    return sum / (double)count;
}

static void paint_channel(fv_image *image, fv_box_of_pixels box, int64_t channel, float value, fv_random *noise) {
    for (int64_t y = box.top; y < box.top + box.height; y++)
        for (int64_t x = box.left; x < box.left + box.width; x++) {
            int64_t i = (y * image->width + x) * image->channels + channel;
            float painted = noise ? (float)(fv_random_u32(noise) >> 24) : value;
            if (image->pixel == FV_PIXEL_U8)
                ((uint8_t *)image->pixels)[i] = fv_tone_u8(painted);
            else
                ((float *)image->pixels)[i] = fv_tone_cut(painted);
        }
}

fv_error *fv_erase(fv_image *image, fv_box_of_pixels box, fv_paint paint, fv_floats fill, fv_random *random) {
    if (paint == FV_PAINT_CONSTANT) FV_TRY(fv_erase_check(fill, image->channels));
    for (int64_t c = 0; c < image->channels; c++) {
        double value = paint == FV_PAINT_MEAN ? mean_of(image, c) : fill.count ? fill.at[fill.count > 1 ? c : 0] : 0;
        paint_channel(image, box, c, (float)value, paint == FV_PAINT_NOISE ? random : NULL);
    }
    return NULL;
}
