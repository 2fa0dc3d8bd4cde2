/* resize.h - options of resize and resize_grad, and which pixels an output pixel reads, with what weights. */
#ifndef FV_OPS_RESIZE_H
#define FV_OPS_RESIZE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum fv_resize_mode { FV_RESIZE_NEAREST, FV_RESIZE_BILINEAR } fv_resize_mode;

typedef struct fv_resize_options {
    int64_t size[2]; /* of the result: height, width; 0: by scale */
    double scale[2]; /* size = ⌊length · scale⌋; 0: by size */
    int mode;        /* fv_resize_mode */
    bool align_corners;
} fv_resize_options;

/* What output position `at` of `to` reads along an axis of `from`: low with weight 1 − part, high with weight part. */
typedef struct fv_resize_tap {
    int64_t low, high;
    double part;
} fv_resize_tap;

/* nearest: ⌊at·from/to⌋, in whole numbers (PyTorch's `nearest` rounds from/to to a float first, and for a few sizes so takes
 * the pixel before). bilinear: the centre (at + ½)·from/to − ½, not below 0; with align_corners at·(from − 1)/(to − 1). */
static inline fv_resize_tap fv_resize_tap_of(const fv_resize_options *options, int64_t at, int64_t from, int64_t to) {
    if (options->mode == FV_RESIZE_NEAREST) {
        int64_t pixel = at * from / to;
        return (fv_resize_tap){ pixel, pixel, 0 };
    }
    double where = ((double)at + 0.5) * (double)from / (double)to - 0.5;
    if (options->align_corners) where = to > 1 ? (double)at * (double)(from - 1) / (double)(to - 1) : 0;
    if (where < 0) where = 0;
    int64_t low = (int64_t)where < from - 1 ? (int64_t)where : from - 1;
    return (fv_resize_tap){ low, low + 1 < from ? low + 1 : low, where - (double)low };
}

#endif
