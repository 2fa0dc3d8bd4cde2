/* tone.c - point operations by table. What each is, and whose, is said where it is a transform: transforms/NAME.c. */
#include "data/tone.h"

#include <math.h>
#include <string.h>

/* ---- one rule for a picture or a channel: `stride` values from one to the next ---- */

static void apply_strided(fv_image *image, int64_t first, int64_t stride, fv_tone_rule rule, const void *context) {
    int64_t count = image->height * image->width * image->channels;
    if (image->pixel == FV_PIXEL_U8) {
        uint8_t table[256], *at = image->pixels;
        for (int v = 0; v < 256; v++) table[v] = fv_tone_u8(rule((float)v, context));
        for (int64_t i = first; i < count; i += stride) at[i] = table[at[i]];
    } else {
        float *at = image->pixels;
        for (int64_t i = first; i < count; i += stride) at[i] = fv_tone_cut(rule(at[i], context));
    }
}

void fv_tone_apply(fv_image *image, fv_tone_rule rule, const void *context) { apply_strided(image, 0, 1, rule, context); }

void fv_tone_channel(fv_image *image, int64_t channel, fv_tone_rule rule, const void *context) {
    apply_strided(image, channel, image->channels, rule, context);
}

static float from_table(float value, const void *context) {
    const float *table = context, x = fv_tone_cut(value);
    int below = (int)x, above = below < 255 ? below + 1 : 255;
    return table[below] + (table[above] - table[below]) * (x - (float)below);
}

void fv_tone_table(fv_image *image, int64_t channel, const float table[256]) {
    fv_tone_channel(image, channel, from_table, table);
}

void fv_tone_histogram(const fv_image *image, int64_t channel, int64_t counts[256]) {
    int64_t count = image->height * image->width * image->channels;
    memset(counts, 0, 256 * sizeof *counts);
    if (image->pixel == FV_PIXEL_U8) {
        const uint8_t *at = image->pixels;
        for (int64_t i = channel; i < count; i += image->channels) counts[at[i]]++;
    } else {
        const float *at = image->pixels;
        for (int64_t i = channel; i < count; i += image->channels) counts[(int)fv_tone_cut(at[i])]++;
    }
}

/* ---- rules ---- */

typedef struct line {
    float scale, offset;
} line;

static float on_line(float value, const void *context) {
    const line *l = context;
    return value * l->scale + l->offset;
}

void fv_tone_line(fv_image *image, double scale, double offset) {
    line l = { (float)scale, (float)offset };
    if (l.scale == 1 && l.offset == 0) return;
    if (image->pixel == FV_PIXEL_U8) {
        fv_tone_apply(image, on_line, &l);
        return;
    }
    float *at = image->pixels;
    for (int64_t i = 0, n = image->height * image->width * image->channels; i < n; i++) at[i] = fv_tone_cut(on_line(at[i], &l));
}

static double to_light(double x) { return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4); }
static double from_light(double x) { return x <= 0.0031308 ? x * 12.92 : 1.055 * pow(x, 1 / 2.4) - 0.055; }

static float gained(float value, const void *gain) {
    double light = to_light(value / 255.0) * *(const double *)gain;
    return (float)(255 * from_light(fmin(light, 1)));
}

void fv_tone_gain(fv_image *image, double gain) {
    if (gain != 1) fv_tone_apply(image, gained, &gain);
}

void fv_tone_gain_channel(fv_image *image, int64_t channel, double gain) {
    if (gain != 1) fv_tone_channel(image, channel, gained, &gain);
}

static float to_power(float value, const void *gamma) {
    return (float)(255 * pow(fv_tone_cut(value) / 255.0, *(const double *)gamma));
}

void fv_tone_gamma(fv_image *image, double gamma) {
    if (gamma != 1) fv_tone_apply(image, to_power, &gamma);
}

static float solarized(float value, const void *threshold) {
    return (double)value >= *(const double *)threshold ? 255 - value : value;
}

void fv_tone_solarize(fv_image *image, double threshold) {
    if (threshold <= 255) fv_tone_apply(image, solarized, &threshold);
}

static float posterized(float value, const void *context) {
    float step = *(const float *)context;
    return floorf(fv_tone_cut(value) / step) * step;
}

void fv_tone_posterize(fv_image *image, int64_t bits) {
    float step = (float)(1 << (8 - bits));
    if (bits < 8) fv_tone_apply(image, posterized, &step);
}

/* ---- by histogram, each channel by itself ---- */

/* The level below which, or (from above) over which, `count` values lie. */
static int level_after(const int64_t counts[256], int64_t count, bool from_above) {
    for (int i = 0; i < 256; i++) {
        int level = from_above ? 255 - i : i;
        count -= counts[level];
        if (count < 0) return level;
    }
    return from_above ? 0 : 255;
}

/* The exact ends of a channel of f32, which a histogram rounds. */
static void f32_ends(const fv_image *image, int64_t channel, float *low, float *high) {
    const float *at = image->pixels;
    *low = *high = at[channel];
    for (int64_t i = channel, n = image->height * image->width * image->channels; i < n; i += image->channels) {
        *low = fminf(*low, at[i]);
        *high = fmaxf(*high, at[i]);
    }
}

void fv_tone_autocontrast(fv_image *image, double cutoff) {
    int64_t left_out = (int64_t)((double)(image->height * image->width) * cutoff / 100);
    for (int64_t c = 0; c < image->channels; c++) {
        int64_t counts[256];
        fv_tone_histogram(image, c, counts);
        float low = (float)level_after(counts, left_out, false), high = (float)level_after(counts, left_out, true);
        if (!left_out && image->pixel == FV_PIXEL_F32) f32_ends(image, c, &low, &high);
        if (high <= low || (low == 0 && high == 255)) continue;
        float scale = 255 / (high - low);
        line l = { scale, -low * scale };
        fv_tone_channel(image, c, on_line, &l);
    }
}

void fv_tone_equalize(fv_image *image) {
    for (int64_t c = 0; c < image->channels; c++) {
        int64_t counts[256], last = 255;
        fv_tone_histogram(image, c, counts);
        while (last > 0 && !counts[last]) last--;
        int64_t step = (image->height * image->width - counts[last]) / 255, below = step / 2;
        if (!step) continue;
        float table[256];
        for (int v = 0; v < 256; v++) {
            table[v] = (float)(below / step);
            below += counts[v];
        }
        fv_tone_table(image, c, table);
    }
}
