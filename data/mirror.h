/* mirror.h - left and right, or top and bottom, of a picture exchanged in place: any pixel type, any number of channels. */
#ifndef FV_DATA_MIRROR_H
#define FV_DATA_MIRROR_H

#include "data/image.h"

void fv_image_mirror(fv_image *image);      /* left and right */
void fv_image_upside_down(fv_image *image); /* top and bottom */

/* The inner loop of fv_image_mirror for pixels of three bytes and AVX2 (x86 only): exchanges pixels from both ends of a row of
 * `width` and gives how many it did from each; the rest, width − 2 · that, stands in the middle. */
int64_t fv_mirror_row_rgb_avx2(uint8_t *row, int64_t width);

#endif
