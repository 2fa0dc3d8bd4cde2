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

/* The filter of that number in FV_FILTER_NAMES, antialiased or not; FV_USAGE for lanczos, which always is. */
FV_MUST_USE fv_error *fv_filter_check(int filter, bool antialias);
fv_filter fv_filter_of(int filter, bool antialias); /* which was checked */

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

/* What becomes of a picture: its part `box`, as if cut out first, at height × width. */
typedef struct fv_resize {
    fv_box_of_pixels box;
    int64_t height, width;
    fv_filter filter;
} fv_resize;
/* Which pixels the part `wanted` of the result is made of, in the coordinates of `box` and inside it. */
fv_box_of_pixels fv_resample_reads(const fv_resize *resize, fv_box_of_pixels wanted);
/* That part alone, with the bits that it has in the whole. `in` need not hold all of the box, only what is read. */
FV_MUST_USE fv_error *fv_resample_part(const fv_image *in, const fv_resize *resize, fv_box_of_pixels wanted,
                                       fv_resample_work *work, fv_image *out);

#endif
