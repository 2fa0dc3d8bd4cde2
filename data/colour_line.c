/* colour_line.c - changes of RGB pixels by the block, a channel after another, so that the compiler works on several at a time.
 *
 * Hue: RGB → HSV → RGB in f32 with the hue moved, without the six cases of the way back: the channel n is
 * V − V S max(0, min(k, 4 − k, 1)) with k = (n + 6 H) mod 6 and n = 5, 3, 1 for red, green, blue (Smith, "Color gamut transform
 * pairs", 1978, in the form of a formula). */
#include "data/colour_line.h"

#include <stdbool.h>

#include "core/base/size.h"
#include "data/colour.h"
#include "data/tone.h"

#define BLOCK 16

typedef struct block {
    float red[BLOCK], green[BLOCK], blue[BLOCK];
    bool levels; /* of u8: whole numbers after each change */
} block;

static inline float smaller(float a, float b) { return a < b ? a : b; }
static inline float larger(float a, float b) { return a > b ? a : b; }

static inline float settled(const block *b, float value) { return b->levels ? (float)fv_tone_u8(value) : fv_tone_cut(value); }

static inline float grey_of(const block *b, int i) {
    if (!b->levels) return fv_colour_grey_of((const float[]){ b->red[i], b->green[i], b->blue[i] });
    return (float)fv_grey((uint32_t)b->red[i], (uint32_t)b->green[i], (uint32_t)b->blue[i]);
}

static void by_line(block *b, float scale, float offset) {
    for (int i = 0; i < BLOCK; i++) b->red[i] = settled(b, b->red[i] * scale + offset);
    for (int i = 0; i < BLOCK; i++) b->green[i] = settled(b, b->green[i] * scale + offset);
    for (int i = 0; i < BLOCK; i++) b->blue[i] = settled(b, b->blue[i] * scale + offset);
}

static void by_saturation(block *b, float factor) {
    for (int i = 0; i < BLOCK; i++) {
        float grey = grey_of(b, i);
        b->red[i] = settled(b, grey + (b->red[i] - grey) * factor);
        b->green[i] = settled(b, grey + (b->green[i] - grey) * factor);
        b->blue[i] = settled(b, grey + (b->blue[i] - grey) * factor);
    }
}

static inline float hue_channel(float high, float range, float k) {
    k = k >= 6 ? k - 6 : k;
    return high - range * larger(0, smaller(smaller(k, 4 - k), 1));
}

/* A grey pixel has no hue and stays. */
static void by_hue(block *b, float turn) {
    for (int i = 0; i < BLOCK; i++) {
        float red = b->red[i], green = b->green[i], blue = b->blue[i];
        float high = larger(larger(red, green), blue), range = high - smaller(smaller(red, green), blue);
        float inverse = 1 / (range > 0 ? range : 1);
        float from_red = (green - blue) * inverse, from_green = 2 + (blue - red) * inverse,
              from_blue = 4 + (red - green) * inverse;
        float hue = high == red ? from_red : high == green ? from_green : from_blue;
        hue = (hue < 0 ? hue + 6 : hue) + turn;
        hue = hue >= 6 ? hue - 6 : hue;
        b->red[i] = settled(b, hue_channel(high, range, hue + 5));
        b->green[i] = settled(b, hue_channel(high, range, hue + 3));
        b->blue[i] = settled(b, hue_channel(high, range, hue + 1));
    }
}

static void change_block(block *b, const fv_colour_change *changes, int64_t count) {
    for (const fv_colour_change *c = changes; c < changes + count; c++) switch (c->rule) {
        case FV_COLOUR_BY_LINE: by_line(b, c->amount, c->offset); break;
        case FV_COLOUR_BY_SATURATION: by_saturation(b, c->amount); break;
        case FV_COLOUR_BY_HUE: by_hue(b, c->amount); break;
        }
}

static int64_t line_u8(uint8_t *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count) {
    int64_t sum = 0;
    for (int64_t done = 0; done < count; done += BLOCK, rgb += 3 * BLOCK) {
        int64_t pixels = fv_min(count - done, BLOCK);
        block b = { .levels = true };
        for (int64_t i = 0; i < pixels; i++) {
            b.red[i] = rgb[3 * i];
            b.green[i] = rgb[3 * i + 1];
            b.blue[i] = rgb[3 * i + 2];
        }
        change_block(&b, changes, change_count);
        for (int64_t i = 0; i < pixels; i++) {
            rgb[3 * i] = (uint8_t)b.red[i];
            rgb[3 * i + 1] = (uint8_t)b.green[i];
            rgb[3 * i + 2] = (uint8_t)b.blue[i];
            sum += fv_grey(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
        }
    }
    return sum;
}

int64_t fv_colour_line_u8(uint8_t *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count) {
    int64_t done = 0, sum = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) done = fv_colour_line_u8_avx2(rgb, count, changes, change_count, &sum);
#endif
    return sum + line_u8(rgb + 3 * done, count - done, changes, change_count);
}

void fv_colour_line_f32(float *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count) {
    for (int64_t done = 0; done < count; done += BLOCK, rgb += 3 * BLOCK) {
        int64_t pixels = fv_min(count - done, BLOCK);
        block b = { .levels = false };
        for (int64_t i = 0; i < pixels; i++) {
            b.red[i] = rgb[3 * i];
            b.green[i] = rgb[3 * i + 1];
            b.blue[i] = rgb[3 * i + 2];
        }
        change_block(&b, changes, change_count);
        for (int64_t i = 0; i < pixels; i++) {
            rgb[3 * i] = b.red[i];
            rgb[3 * i + 1] = b.green[i];
            rgb[3 * i + 2] = b.blue[i];
        }
    }
}
