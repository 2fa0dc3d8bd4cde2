/* light.h - light that falls unevenly: every pixel times a factor of its place. */
#ifndef FV_DATA_LIGHT_H
#define FV_DATA_LIGHT_H

#include "data/transform.h"

/* Writes the factors of row `y`, one a pixel. */
typedef void (*fv_light)(const void *context, const fv_image *image, int64_t y, float *factors);

/* Any number of channels; results are cut and rounded as in data/tone.h. */
FV_MUST_USE fv_error *fv_light_apply(fv_image *image, fv_light light, const void *context, fv_workspace *work);

/* A straight line's side: at pixel (y, x) of `image`, along · x + row, in units of its short side, where `row` is what this
 * returns for y. The line has the normal (cos angle, −sin angle) (counter-clockwise, as seen) and lies `distance` from the
 * picture's middle. */
typedef struct fv_light_line {
    double across, down, distance; /* the normal; in short sides */
} fv_light_line;
fv_light_line fv_light_line_at(double angle, double distance);
double fv_light_line_row(const fv_light_line *line, const fv_image *image, int64_t y);
double fv_light_line_step(const fv_light_line *line, const fv_image *image); /* from one pixel of a row to the next */

#endif
