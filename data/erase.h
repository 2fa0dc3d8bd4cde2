/* erase.h - a rectangle of a picture painted over. */
#ifndef FV_DATA_ERASE_H
#define FV_DATA_ERASE_H

#include "data/transform.h"

/* What it is painted with: values that are given; independent ones, uniform in 0…255; the mean of each channel. */
typedef enum fv_paint { FV_PAINT_CONSTANT, FV_PAINT_NOISE, FV_PAINT_MEAN } fv_paint;
#define FV_PAINT_NAMES "constant,noise,mean"

/* The box lies inside the picture and may be empty. `fill`, for FV_PAINT_CONSTANT: none (0), one value, or one a channel, else
 * FV_SHAPE. `random` is drawn from for FV_PAINT_NOISE only. */
FV_MUST_USE fv_error *fv_erase(fv_image *image, fv_box_of_pixels box, fv_paint paint, fv_floats fill, fv_random *random);

/* FV_SHAPE when `fill` does not fit the channels (0: unknown). */
FV_MUST_USE fv_error *fv_erase_check(fv_floats fill, int64_t channels);

#endif
