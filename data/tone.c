/* tone.c - point operations by table. What each is, and whose, is said where it is a transform: transforms/NAME.c. */
#include "data/tone.h"

#include <math.h>
#include <string.h>

/* ---- one rule for a picture or a channel: `stride` values from one to the next ---- */

/* Eight values are read and written at once, and looked up between. */
static void look_up(uint8_t *at, int64_t count, const uint8_t table[256]) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint8_t values[8];
        memcpy(values, at + i, 8);
        for (int k = 0; k < 8; k++) values[k] = table[values[k]];
        memcpy(at + i, values, 8);
    }
    for (; i < count; i++) at[i] = table[at[i]];
}

static void apply_strided(fv_image *image, int64_t first, int64_t stride, fv_tone_rule rule, const void *context) {
    int64_t count = image->height * image->width * image->channels;
    if (image->pixel == FV_PIXEL_U8) {
        uint8_t table[256], *at = image->pixels;
        for (int v = 0; v < 256; v++) table[v] = fv_tone_u8(rule((float)v, context));
        if (stride == 1) look_up(at, count, table);
        for (int64_t i = first; stride > 1 && i < count; i += stride) at[i] = table[at[i]];
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

/* Neighbours are often alike, and counting one waits for the other: so they are counted in turns. */
void fv_tone_histogram(const fv_image *image, int64_t channel, int64_t counts[256]) {
    int64_t count = image->height * image->width, stride = image->channels, odd[256] = { 0 };
    memset(counts, 0, 256 * sizeof *counts);
    if (image->pixel == FV_PIXEL_U8) {
        const uint8_t *at = (const uint8_t *)image->pixels + channel;
        for (int64_t i = 0; i + 1 < count; i += 2) {
            counts[at[i * stride]]++;
            odd[at[(i + 1) * stride]]++;
        }
        if (count % 2) counts[at[(count - 1) * stride]]++;
    } else {
        const float *at = (const float *)image->pixels + channel;
        for (int64_t i = 0; i < count; i++) counts[(int)fv_tone_cut(at[i * stride])]++;
    }
    for (int v = 0; v < 256; v++) counts[v] += odd[v];
}

/* (x & kept) ^ flipped for u8, eight at a time: what needs no table. */
static void change_bits(fv_image *image, uint8_t kept, uint8_t flipped) {
    uint8_t *at = image->pixels;
    int64_t count = image->height * image->width * image->channels, i = 0;
    uint64_t all = UINT64_C(0x0101010101010101), word;
    for (; i + 8 <= count; i += 8) {
        memcpy(&word, at + i, 8);
        word = (word & all * kept) ^ all * flipped;
        memcpy(at + i, &word, 8);
    }
    for (; i < count; i++) at[i] = (uint8_t)((at[i] & kept) ^ flipped);
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

void fv_tone_invert(fv_image *image) {
    if (image->pixel == FV_PIXEL_U8)
        change_bits(image, 255, 255);
    else
        fv_tone_line(image, -1, 255);
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
    if (bits >= 8) return;
    if (image->pixel == FV_PIXEL_U8)
        change_bits(image, (uint8_t)(256 - (1 << (8 - bits))), 0);
    else
        fv_tone_apply(image, posterized, &step);
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

static void ends(const fv_image *image, int64_t channel, float *low, float *high) {
    int64_t count = image->height * image->width, stride = image->channels;
    if (image->pixel == FV_PIXEL_U8) {
        const uint8_t *at = (const uint8_t *)image->pixels + channel;
        uint8_t least = at[0], most = at[0];
        for (int64_t i = 1; i < count; i++) {
            least = at[i * stride] < least ? at[i * stride] : least;
            most = at[i * stride] > most ? at[i * stride] : most;
        }
        *low = least;
        *high = most;
    } else {
        const float *at = (const float *)image->pixels + channel;
        *low = *high = at[0];
        for (int64_t i = 1; i < count; i++) {
            *low = at[i * stride] < *low ? at[i * stride] : *low;
            *high = at[i * stride] > *high ? at[i * stride] : *high;
        }
    }
}

static void ends_without(const fv_image *image, int64_t channel, int64_t left_out, float *low, float *high) {
    int64_t counts[256];
    fv_tone_histogram(image, channel, counts);
    *low = (float)level_after(counts, left_out, false);
    *high = (float)level_after(counts, left_out, true);
}

void fv_tone_autocontrast(fv_image *image, double cutoff) {
    int64_t left_out = (int64_t)((double)(image->height * image->width) * cutoff / 100);
    for (int64_t c = 0; c < image->channels; c++) {
        float low, high;
        if (left_out)
            ends_without(image, c, left_out, &low, &high);
        else
            ends(image, c, &low, &high);
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
