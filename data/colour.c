/* colour.c - saturation, hue and grey of RGB pixels; contrast.
 *
 * Hue: RGB → HSV → RGB in f32 with the hue moved, without the six cases of the way back: the channel n is
 * V − V S max(0, min(k, 4 − k, 1)) with k = (n + 6 H) mod 6 and n = 5, 3, 1 for red, green, blue (Smith, "Color gamut transform
 * pairs", 1978, in the form of a formula). */
#include "data/colour.h"

#include <math.h>
#include <stddef.h>

#include "data/tone.h"

fv_error *fv_colour_size(const void *options, fv_size *size) {
    (void)options;
    if (!size->channels || size->channels == 3) return NULL;
    return fv_error_hint(
        fv_fail(FV_SHAPE, "it needs three channels (RGB), and the pictures have %lld", (long long)size->channels),
        "leave the step out, or read the pictures with three channels");
}

fv_error *fv_colour_needed(const fv_image *image) {
    fv_size size = fv_image_size(image);
    return fv_colour_size(NULL, &size);
}

void fv_colour_grey(fv_image *image) {
    int64_t pixels = image->height * image->width;
    if (image->pixel == FV_PIXEL_U8) {
        uint8_t *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) at[0] = at[1] = at[2] = (uint8_t)fv_grey(at[0], at[1], at[2]);
    } else {
        float *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) at[0] = at[1] = at[2] = fv_colour_grey_of(at);
    }
}

/* The difference from grey is scaled, not the two parts of the sum: so a grey pixel stays what it is to the bit. */
void fv_colour_saturation(fv_image *image, double factor) {
    int64_t pixels = image->height * image->width;
    float f = (float)factor;
    if (f == 1) return;
    if (image->pixel == FV_PIXEL_U8) {
        uint8_t *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) {
            float grey = (float)fv_grey(at[0], at[1], at[2]);
            for (int c = 0; c < 3; c++) at[c] = fv_tone_u8(grey + ((float)at[c] - grey) * f);
        }
    } else {
        float *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) {
            float grey = fv_colour_grey_of(at);
            for (int c = 0; c < 3; c++) at[c] = fv_tone_cut(grey + (at[c] - grey) * f);
        }
    }
}

/* ---- hue ---- */

static inline float hue_channel(float high, float range, float k) {
    k -= k >= 6 ? 6 : 0;
    return high - range * fmaxf(0, fminf(fminf(k, 4 - k), 1));
}

/* One pixel; `turn` in sixths of the circle, 0 ≤ turn < 6. A grey pixel has no hue and stays. */
static inline void turn_pixel(const float *in, float turn, float *out) {
    float r = in[0], g = in[1], b = in[2];
    float high = fmaxf(fmaxf(r, g), b), range = high - fminf(fminf(r, g), b);
    float inverse = range > 0 ? 1 / range : 0;
    float hue = high == r ? (g - b) * inverse : high == g ? 2 + (b - r) * inverse : 4 + (r - g) * inverse;
    hue += turn + (hue < 0 ? 6 : 0);
    hue -= hue >= 6 ? 6 : 0;
    out[0] = hue_channel(high, range, hue + 5);
    out[1] = hue_channel(high, range, hue + 3);
    out[2] = hue_channel(high, range, hue + 1);
}

void fv_colour_hue(fv_image *image, double turn) {
    int64_t pixels = image->height * image->width;
    float sixths = (float)(6 * (turn - floor(turn)));
    if (sixths == 0 || sixths >= 6) return;
    if (image->pixel == FV_PIXEL_U8) {
        uint8_t *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) {
            float in[3] = { at[0], at[1], at[2] }, out[3];
            turn_pixel(in, sixths, out);
            for (int c = 0; c < 3; c++) at[c] = fv_tone_u8(out[c]);
        }
    } else {
        float *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) {
            float out[3];
            turn_pixel(at, sixths, out);
            for (int c = 0; c < 3; c++) at[c] = fv_tone_cut(out[c]);
        }
    }
}

/* ---- contrast ---- */

/* Sums of a row at a time in one order, in f64: u8 exactly. */
static double mean_of(const fv_image *image) {
    bool colour = image->channels == 3;
    int64_t count = image->height * image->width * (colour ? 1 : image->channels), step = colour ? 3 : 1;
    if (image->pixel == FV_PIXEL_U8) {
        const uint8_t *at = image->pixels;
        int64_t sum = 0;
        for (int64_t i = 0; i < count; i++, at += step) sum += colour ? fv_grey(at[0], at[1], at[2]) : at[0];
        return (double)sum / (double)count;
    }
    const float *at = image->pixels;
    double sum = 0;
    for (int64_t i = 0; i < count; i++, at += step) sum += (double)(colour ? fv_colour_grey_of(at) : at[0]);
    return sum / (double)count;
}

void fv_colour_contrast(fv_image *image, double factor) {
    if (factor != 1) fv_tone_line(image, factor, (1 - factor) * mean_of(image));
}
