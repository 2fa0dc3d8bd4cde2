/* resample.h - resizing that equals Pillow's Image.resize bit for bit: antialiased, because the filter grows with the step; and
 * the plain filters that PyTorch calls antialias=False, which take the pixels next to each point and skip the others. */
#ifndef FV_DATA_RESAMPLE_H
#define FV_DATA_RESAMPLE_H

#include "data/image.h"

typedef enum fv_filter {
    FV_BILINEAR,
    FV_BICUBIC,
    FV_NEAREST, /* the pixel in which the point lies; never antialiased */
    FV_LANCZOS,
    FV_PLAIN_BILINEAR, /* not antialiased */
    FV_PLAIN_BICUBIC
} fv_filter;
#define FV_FILTER_NAMES "bilinear,bicubic,nearest,lanczos"

/* The filter without antialiasing; FV_USAGE for lanczos, which has none. */
FV_MUST_USE fv_error *fv_filter_plain(fv_filter filter, fv_filter *plain);

/* A part of a picture, in whole pixels, inside it. */
typedef struct fv_box_of_pixels {
    int64_t top, left, height, width;
} fv_box_of_pixels;

/* Memory that is used again from one call to the next; { 0 }, then fv_resample_release. */
typedef struct fv_resample_work {
    void *memory;
    int64_t capacity;
    fv_image middle; /* after the horizontal pass */
} fv_resample_work;
void fv_resample_release(fv_resample_work *work);

/* The part `box` of `in`, as if cut out first, at height × width. u8 or f32, any channel count; `out` is not `in`. Sizes ≥ 1.
 */
FV_MUST_USE fv_error *fv_resample(const fv_image *in, fv_box_of_pixels box, int64_t height, int64_t width, fv_filter filter,
                                  fv_resample_work *work, fv_image *out);

#endif
