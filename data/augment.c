/* augment.c - the operations of RandAugment (Cubuk et al., 2019) and TrivialAugment (Müller and Hutter, 2021): torchvision's
 * lists, ranges and meaning. Shears turn about the top left corner, rotation about the middle; brightness and its like are the
 * transforms of these names. */
#include "data/augment.h"

#include <math.h>

#include "data/blur.h"
#include "data/colour.h"
#include "data/tone.h"

const fv_augment_range fv_augment_rand[FV_AUGMENT_OPS] = {
    [FV_AUGMENT_SHEAR_X] = { 0, 0.3, .either_sign = true },
    [FV_AUGMENT_SHEAR_Y] = { 0, 0.3, .either_sign = true },
    [FV_AUGMENT_TRANSLATE_X] = { 0, 150.0 / 331, .either_sign = true, .of_side = true },
    [FV_AUGMENT_TRANSLATE_Y] = { 0, 150.0 / 331, .either_sign = true, .of_side = true },
    [FV_AUGMENT_ROTATE] = { 0, 30, .either_sign = true },
    [FV_AUGMENT_BRIGHTNESS] = { 0, 0.9, .either_sign = true },
    [FV_AUGMENT_COLOR] = { 0, 0.9, .either_sign = true },
    [FV_AUGMENT_CONTRAST] = { 0, 0.9, .either_sign = true },
    [FV_AUGMENT_SHARPNESS] = { 0, 0.9, .either_sign = true },
    [FV_AUGMENT_POSTERIZE] = { .none = 8, .full = 4 },
    [FV_AUGMENT_SOLARIZE] = { .none = 255, .full = 0 },
};

const fv_augment_range fv_augment_trivial[FV_AUGMENT_OPS] = {
    [FV_AUGMENT_SHEAR_X] = { 0, 0.99, .either_sign = true },   [FV_AUGMENT_SHEAR_Y] = { 0, 0.99, .either_sign = true },
    [FV_AUGMENT_TRANSLATE_X] = { 0, 32, .either_sign = true }, [FV_AUGMENT_TRANSLATE_Y] = { 0, 32, .either_sign = true },
    [FV_AUGMENT_ROTATE] = { 0, 135, .either_sign = true },     [FV_AUGMENT_BRIGHTNESS] = { 0, 0.99, .either_sign = true },
    [FV_AUGMENT_COLOR] = { 0, 0.99, .either_sign = true },     [FV_AUGMENT_CONTRAST] = { 0, 0.99, .either_sign = true },
    [FV_AUGMENT_SHARPNESS] = { 0, 0.99, .either_sign = true }, [FV_AUGMENT_POSTERIZE] = { .none = 8, .full = 2 },
    [FV_AUGMENT_SOLARIZE] = { .none = 255, .full = 0 },
};

static fv_error *warp(fv_image *image, fv_augment_op op, double amount, const fv_augment_style *style, fv_workspace *work) {
    fv_warp w = { .back = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
                  .height = image->height,
                  .width = image->width,
                  .filter = style->filter,
                  .border = FV_BORDER_CONSTANT,
                  .fill = style->fill };
    if (op == FV_AUGMENT_SHEAR_X) w.back[1] = amount;
    if (op == FV_AUGMENT_SHEAR_Y) w.back[3] = amount;
    if (op == FV_AUGMENT_TRANSLATE_X) w.back[2] = -trunc(amount);
    if (op == FV_AUGMENT_TRANSLATE_Y) w.back[5] = -trunc(amount);
    if (op == FV_AUGMENT_ROTATE) {
        fv_warp_turn turn = { .angle = -amount, .zoom = 1 };
        fv_warp_of_turn(&turn, w.height, w.width, w.height, w.width, w.back);
    }
    return fv_image_warp(image, &w, work);
}

fv_error *fv_augment_apply(fv_image *image, fv_augment_op op, double amount, const fv_augment_style *style,
                           fv_workspace *work) {
    switch (op) {
    case FV_AUGMENT_SHEAR_X:
    case FV_AUGMENT_SHEAR_Y:
    case FV_AUGMENT_TRANSLATE_X:
    case FV_AUGMENT_TRANSLATE_Y:
    case FV_AUGMENT_ROTATE: return amount == 0 ? NULL : warp(image, op, amount, style, work);
    case FV_AUGMENT_BRIGHTNESS: fv_tone_line(image, 1 + amount, 0); break;
    case FV_AUGMENT_COLOR:
        if (image->channels == 3) fv_colour_saturation(image, 1 + amount);
        break;
    case FV_AUGMENT_CONTRAST: fv_colour_contrast(image, 1 + amount); break;
    case FV_AUGMENT_SHARPNESS: return fv_blur_sharpness(image, 1 + amount, work);
    case FV_AUGMENT_POSTERIZE: fv_tone_posterize(image, (int64_t)rint(amount)); break;
    case FV_AUGMENT_SOLARIZE: fv_tone_solarize(image, amount); break;
    case FV_AUGMENT_AUTOCONTRAST: fv_tone_autocontrast(image, 0); break;
    case FV_AUGMENT_EQUALIZE: fv_tone_equalize(image); break;
    case FV_AUGMENT_IDENTITY:
    case FV_AUGMENT_OPS: break;
    }
    return NULL;
}

fv_error *fv_augment_one(const fv_transform_call *call, const fv_augment_range space[FV_AUGMENT_OPS], int64_t strength,
                         const fv_augment_style *style) {
    fv_augment_op op = (fv_augment_op)fv_random_below(call->random, FV_AUGMENT_OPS);
    bool negative = fv_random_unit(call->random) < 0.5;
    const fv_augment_range *range = &space[op];
    double amount = range->none + (range->full - range->none) * (double)strength / FV_AUGMENT_STEPS;
    if (range->of_side) amount *= (double)(op == FV_AUGMENT_TRANSLATE_X ? call->image->width : call->image->height);
    if (range->either_sign && negative) amount = -amount;
    return fv_augment_apply(call->image, op, amount, style, call->work);
}
