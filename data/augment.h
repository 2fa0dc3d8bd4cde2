/* augment.h - the fourteen operations that RandAugment and TrivialAugment choose from, with torchvision's ranges. */
#ifndef FV_DATA_AUGMENT_H
#define FV_DATA_AUGMENT_H

#include "data/warp.h"

typedef enum fv_augment_op {
    FV_AUGMENT_IDENTITY,
    FV_AUGMENT_SHEAR_X, /* amount: columns to the left (or, negative, right) for each row below the top; 0.3 */
    FV_AUGMENT_SHEAR_Y,
    FV_AUGMENT_TRANSLATE_X, /* pixels to the right (Y: down), the fraction cut off */
    FV_AUGMENT_TRANSLATE_Y,
    FV_AUGMENT_ROTATE,     /* degrees, counter-clockwise */
    FV_AUGMENT_BRIGHTNESS, /* these four: the factor less 1 */
    FV_AUGMENT_COLOR,      /* saturation; pictures that are not RGB stay */
    FV_AUGMENT_CONTRAST,
    FV_AUGMENT_SHARPNESS,
    FV_AUGMENT_POSTERIZE, /* bits kept, rounded */
    FV_AUGMENT_SOLARIZE,  /* the threshold */
    FV_AUGMENT_AUTOCONTRAST,
    FV_AUGMENT_EQUALIZE,
    FV_AUGMENT_OPS
} fv_augment_op;

#define FV_AUGMENT_STEPS 30 /* strengths are 0 … 30 thirtieths */

/* What an operation's amount is at strength 0 and 1. */
typedef struct fv_augment_range {
    double none, full;
    bool either_sign; /* negative half of the time */
    bool of_side;     /* in widths (x) or heights (y) of the picture */
} fv_augment_range;
extern const fv_augment_range fv_augment_rand[FV_AUGMENT_OPS];    /* RandAugment */
extern const fv_augment_range fv_augment_trivial[FV_AUGMENT_OPS]; /* TrivialAugment's "wide" */

/* How the geometric ones fill in: pixels between pixels, and what lies outside. */
typedef struct fv_augment_style {
    fv_warp_filter filter;
    fv_floats fill;
} fv_augment_style;

FV_MUST_USE fv_error *fv_augment_apply(fv_image *image, fv_augment_op op, double amount, const fv_augment_style *style,
                                       fv_workspace *work);

/* One operation of the space, each as likely, at `strength` thirtieths of its range. */
FV_MUST_USE fv_error *fv_augment_one(const fv_transform_call *call, const fv_augment_range space[FV_AUGMENT_OPS],
                                     int64_t strength, const fv_augment_style *style);

#endif
