/* colour.h - what needs a pixel's three channels together: grey, saturation, hue, and the contrast that is measured on grey. */
#ifndef FV_DATA_COLOUR_H
#define FV_DATA_COLOUR_H

#include "data/image.h"

/* A transform's .size, for one that takes RGB only: FV_SHAPE for another number of channels that is known. */
FV_MUST_USE fv_error *fv_colour_size(const void *options, fv_size *size);
FV_MUST_USE fv_error *fv_colour_needed(const fv_image *image); /* the same of a picture */

/* fv_grey of f32, without its rounding. */
static inline float fv_colour_grey_of(const float *rgb) {
    return (19595.0f * rgb[0] + 38470.0f * rgb[1] + 7471.0f * rgb[2]) * (1.0f / 65536.0f);
}

typedef enum fv_colour_kind { FV_COLOUR_BRIGHTNESS, FV_COLOUR_CONTRAST, FV_COLOUR_SATURATION, FV_COLOUR_HUE } fv_colour_kind;
typedef struct fv_colour_step {
    fv_colour_kind kind;
    double amount; /* brightness, contrast, saturation: the factor; hue: the turn */
} fv_colour_step;
#define FV_COLOUR_STEPS 4 /* as many are done at once */

/* Steps in their order, in place, with the bits of each by itself: RGB in one pass over its pixels and one more in front of
 * each contrast. Brightness is x · factor; contrast x · factor + mean · (1 − factor), where mean is that of the grey of RGB, of
 * all values with other numbers of channels; saturation and hue, of RGB only, are those below. */
void fv_colour_steps(fv_image *image, const fv_colour_step *steps, int64_t count);

/* On RGB, in place. Grey is Pillow's. */
void fv_colour_grey(fv_image *image);                      /* each channel becomes the grey */
void fv_colour_saturation(fv_image *image, double factor); /* x · factor + grey · (1 − factor) */
void fv_colour_hue(fv_image *image, double turn);          /* in HSV, by `turn` of the whole circle */
void fv_colour_contrast(fv_image *image, double factor);   /* of any number of channels */

#endif
