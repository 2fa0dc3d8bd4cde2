/* picture.h - small pictures as they are shown: scaled so that they can be seen, and encoded. Plain pixels, for plot knows no
 * data sets. */
#ifndef FV_PLOT_PICTURE_H
#define FV_PLOT_PICTURE_H

#include "core/base/text.h"

/* Bytes in row order without padding, borrowed. One or two channels are shown as grey, by the first; three and more as RGB, by
 * the first three. No side and no channel count is 0. */
typedef struct fv_picture {
    const uint8_t *pixels;
    int64_t height, width, channels;
} fv_picture;

/* The size at which it fills a box of `box` × `box`: enlarged by a whole number, so that its pixels stay squares, or reduced;
 * in its own shape, each side at least 1. */
void fv_picture_fit(const fv_picture *picture, int64_t box, int64_t *height, int64_t *width);

/* Scaled to height × width into `rgb` (height · width · 3 bytes): each pixel is the average of the area that it covers, which
 * for a whole number of times the size is the nearest pixel. Exact, so the same bytes everywhere. */
void fv_picture_scale(const fv_picture *picture, int64_t height, int64_t width, uint8_t *rgb);

/* Appends a PNG of it, as large as it is (picture_png.c). */
FV_MUST_USE fv_error *fv_picture_to_png(const fv_picture *picture, fv_text *out);

#endif
