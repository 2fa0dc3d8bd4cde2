/* tone.h - point operations: each value of a picture becomes another by one rule, wherever it stands.
 *
 * Values lie on the scale 0…255 in u8 and in f32. A rule is asked 256 times a picture in u8, whose pixels then go through a
 * table, and once a value in f32. Results are cut to 0…255, and in u8 rounded to the nearest level, halves up: Pillow and
 * torchvision cut the fraction off, so theirs are the same or one below, and a chain of theirs grows darker. A rule that
 * changes nothing returns the same bits. */
#ifndef FV_DATA_TONE_H
#define FV_DATA_TONE_H

#include "data/image.h"

static inline float fv_tone_cut(float value) {
    float positive = value > 0 ? value : 0; /* and not a number is 0 */
    return positive < 255 ? positive : 255;
}
static inline uint8_t fv_tone_u8(float value) { return (uint8_t)(fv_tone_cut(value) + 0.5f); }

typedef float (*fv_tone_rule)(float value, const void *context);
void fv_tone_apply(fv_image *image, fv_tone_rule rule, const void *context);
void fv_tone_channel(fv_image *image, int64_t channel, fv_tone_rule rule, const void *context);

/* A rule by its 256 values for one channel; f32 lies on the straight line between two of them. */
void fv_tone_table(fv_image *image, int64_t channel, const float table[256]);

/* How many values of a channel are at each level; f32 at the level below. */
void fv_tone_histogram(const fv_image *image, int64_t channel, int64_t counts[256]);

void fv_tone_line(fv_image *image, double scale, double offset); /* x · scale + offset */
void fv_tone_invert(fv_image *image);                            /* 255 − x */

/* Light multiplied: the value becomes linear by sRGB's curve (IEC 61966-2-1), is multiplied and coded again. */
void fv_tone_gain(fv_image *image, double gain);
void fv_tone_gain_channel(fv_image *image, int64_t channel, double gain);

void fv_tone_gamma(fv_image *image, double gamma);         /* 255 · (x / 255)^gamma */
void fv_tone_solarize(fv_image *image, double threshold);  /* 255 − x where x ≥ threshold */
void fv_tone_posterize(fv_image *image, int64_t bits);     /* the upper `bits` of 8 are kept, the others zero */
void fv_tone_autocontrast(fv_image *image, double cutoff); /* see transforms/autocontrast.c */
void fv_tone_equalize(fv_image *image);                    /* see transforms/equalize.c */

#endif
