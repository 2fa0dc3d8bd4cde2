/* window.h - the one operation behind crop and pad: another rectangle of a picture's plane, inside it, across its edge, or
 * beyond. */
#ifndef FV_DATA_WINDOW_H
#define FV_DATA_WINDOW_H

#include "data/transform.h"

/* What lies outside. Reflect leaves the edge out (…2 1 0 1 2…), symmetric repeats it (…1 0 0 1…); both again and again where
 * the border is wider than the picture. */
typedef enum fv_border { FV_BORDER_CONSTANT, FV_BORDER_REFLECT, FV_BORDER_EDGE, FV_BORDER_SYMMETRIC } fv_border;
#define FV_BORDER_NAMES "constant,reflect,edge,symmetric"

/* `work->fill` becomes one pixel of the picture's type: no value (0), one, or one a channel (else FV_SHAPE), on the scale of
 * the pixels; u8 is rounded and cut to 0…255. */
FV_MUST_USE fv_error *fv_border_fill(const fv_image *image, fv_floats fill, fv_workspace *work);

/* Which of 0…n−1 position `at` shows; −1: the fill. */
int64_t fv_border_shows(int64_t at, int64_t n, fv_border border);

/* `image` becomes the rectangle of height × width ≥ 1 whose top left corner is pixel (top, left) of it, negative numbers
 * allowed. `fill` is what a constant border holds on the scale of the pixels: none (0), one value, or one a channel (else
 * FV_SHAPE). */
FV_MUST_USE fv_error *fv_image_window(fv_image *image, fv_box_of_pixels window, fv_border border, fv_floats fill,
                                      fv_workspace *work);

/* A step that makes a picture its rectangle `window`: its `region` and its `apply`. */
fv_box_of_pixels fv_crop_reads(fv_size before, fv_box_of_pixels window, fv_box_of_pixels wanted);
FV_MUST_USE fv_error *fv_crop(const fv_transform_call *call, fv_box_of_pixels window, fv_border border, fv_floats fill);

#endif
