/* colour.c - saturation, hue and grey of RGB pixels; contrast.
 *
 * Hue: RGB → HSV → RGB in f32 with the hue moved, without the six cases of the way back: the channel n is
 * V − V S max(0, min(k, 4 − k, 1)) with k = (n + 6 H) mod 6 and n = 5, 3, 1 for red, green, blue (Smith, "Color gamut transform
 * pairs", 1978, in the form of a formula). */
#include "data/colour.h"

#include <math.h>
#include <stddef.h>

#include "core/base/size.h"
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

/* ---- hue: pixels by the block, a channel after another, so that the compiler works on several at a time ---- */

#define BLOCK 16

static inline float smaller(float a, float b) { return a < b ? a : b; }
static inline float larger(float a, float b) { return a > b ? a : b; }

static inline float hue_channel(float high, float range, float k) {
    k = k >= 6 ? k - 6 : k;
    return high - range * larger(0, smaller(smaller(k, 4 - k), 1));
}

/* `turn` in sixths of the circle, 0 ≤ turn < 6. A grey pixel has no hue and stays. */
static void turn_block(float red[BLOCK], float green[BLOCK], float blue[BLOCK], float turn) {
    for (int i = 0; i < BLOCK; i++) {
        float r = red[i], g = green[i], b = blue[i];
        float high = larger(larger(r, g), b), range = high - smaller(smaller(r, g), b);
        float inverse = 1 / (range > 0 ? range : 1);
        float by_red = (g - b) * inverse, by_green = 2 + (b - r) * inverse, by_blue = 4 + (r - g) * inverse;
        float hue = high == r ? by_red : high == g ? by_green : by_blue;
        hue = (hue < 0 ? hue + 6 : hue) + turn;
        hue = hue >= 6 ? hue - 6 : hue;
        red[i] = hue_channel(high, range, hue + 5);
        green[i] = hue_channel(high, range, hue + 3);
        blue[i] = hue_channel(high, range, hue + 1);
    }
}

static void hue_u8(uint8_t *at, int64_t count, float turn) {
    float rgb[3][BLOCK] = { { 0 } };
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) rgb[c][i] = at[3 * i + c];
    turn_block(rgb[0], rgb[1], rgb[2], turn);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) at[3 * i + c] = fv_tone_u8(rgb[c][i]);
}

static void hue_f32(float *at, int64_t count, float turn) {
    float rgb[3][BLOCK] = { { 0 } };
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) rgb[c][i] = at[3 * i + c];
    turn_block(rgb[0], rgb[1], rgb[2], turn);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) at[3 * i + c] = fv_tone_cut(rgb[c][i]);
}

void fv_colour_hue(fv_image *image, double turn) {
    int64_t pixels = image->height * image->width;
    float sixths = (float)(6 * (turn - floor(turn)));
    if (sixths == 0 || sixths >= 6) return;
    for (int64_t i = 0; i < pixels; i += BLOCK) {
        int64_t count = fv_min(pixels - i, BLOCK);
        if (image->pixel == FV_PIXEL_U8)
            hue_u8((uint8_t *)image->pixels + 3 * i, count, sixths);
        else
            hue_f32((float *)image->pixels + 3 * i, count, sixths);
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
