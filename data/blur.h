/* blur.h - each pixel becomes a weighted sum of those around it: blurs and sharpening. */
#ifndef FV_DATA_BLUR_H
#define FV_DATA_BLUR_H

#include "data/transform.h"

#define FV_TAPS_MAX 640

/* The pixel `down` rows below and `across` columns to the right (negative: above, left) weighs `weight`. */
typedef struct fv_tap {
    int64_t down, across;
    float weight;
    const float *from; /* where it is read, set while a row is made */
} fv_tap;

typedef struct fv_stencil {
    int64_t radius; /* no tap is farther, up, down, left or right */
    int64_t count;
    fv_tap taps[FV_TAPS_MAX];
    bool separable; /* taps stand in a column (across = 0), and the same weights follow along the row */
    bool keep_edge; /* the outermost pixels stay as they are */
} fv_stencil;

/* Sums in f32 in the order of the taps; u8 is rounded to the nearest level and cut, f32 is cut to 0…255. Outside, the picture
 * is reflected without its edge (… 2 1 0 1 2 …), again and again where the radius is larger than the picture. */
FV_MUST_USE fv_error *fv_blur(fv_image *image, fv_stencil *stencil, fv_workspace *work);

/* torchvision's adjust_sharpness: x · factor + smooth · (1 − factor), where smooth is the 3×3 mean in which the middle counts
 * five times. Pixels of the outer edge stay, and pictures of fewer than 3 rows or columns. */
FV_MUST_USE fv_error *fv_blur_sharpness(fv_image *image, double factor, fv_workspace *work);

#endif
