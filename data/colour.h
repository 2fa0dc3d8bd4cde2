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

/* On RGB, in place. Grey is Pillow's. */
void fv_colour_grey(fv_image *image);                      /* each channel becomes the grey */
void fv_colour_saturation(fv_image *image, double factor); /* x · factor + grey · (1 − factor) */
void fv_colour_hue(fv_image *image, double turn);          /* in HSV, by `turn` of the whole circle */

/* x · factor + mean · (1 − factor), where mean is that of the grey of RGB, of all values with other numbers of channels. */
void fv_colour_contrast(fv_image *image, double factor);

#endif
