/* colour_line.h - the inner loops of colour.c: changes of RGB pixels, done one after the other while the pixels are at hand.
 * Values are f32 on the scale 0…255; after each change they are cut to it, and those of u8 rounded to the nearest level, halves
 * up. So the bits are those of one pass over the picture a change, and the same from every version of a loop. */
#ifndef FV_DATA_COLOUR_LINE_H
#define FV_DATA_COLOUR_LINE_H

#include <stdint.h>

typedef enum fv_colour_rule {
    FV_COLOUR_BY_LINE,       /* x · amount + offset */
    FV_COLOUR_BY_SATURATION, /* grey + (x − grey) · amount: a grey pixel stays what it is to the bit */
    FV_COLOUR_BY_HUE,        /* hue moved by `amount` sixths of the circle, 0 ≤ amount < 6 */
} fv_colour_rule;

typedef struct fv_colour_change {
    fv_colour_rule rule;
    float amount, offset;
} fv_colour_change;

/* `count` pixels of three values in place. Of u8 it gives the sum of what fv_grey says of the results. */
int64_t fv_colour_line_u8(uint8_t *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count);
void fv_colour_line_f32(float *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count);

/* The first for AVX2 (x86 only): does as many pixels as it can eight at a time, gives how many, and adds their greys to *grey.
 */
int64_t fv_colour_line_u8_avx2(uint8_t *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count,
                               int64_t *grey);

#endif
