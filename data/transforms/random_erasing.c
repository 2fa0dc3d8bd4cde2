/* random_erasing.c - a random rectangle is painted over, so that a network does not rely on one part of an object.
 *
 * torchvision's rule (Zhong et al., "Random erasing data augmentation", 2017): area uniform in scale × the picture's, ratio
 * exp(uniform in log ratio), height √(area · ratio) and width √(area / ratio), rounded; up to ten tries until both are smaller
 * than the picture, then a place uniformly; without a fit nothing is erased. torchvision's value "random" is normal, since it
 * erases normalised tensors; here pixels are erased, and noise is uniform in 0…255, as in the paper. */
#include <math.h>

#include "data/erase.h"

typedef struct fv_random_erasing_options {
    int when;
    double probability, scale[2], ratio[2];
    int value;
    fv_floats fill;
} fv_random_erasing_options;

static const fv_field fields[] = {
    FV_WHEN(fv_random_erasing_options, "training"),
    FV_PROBABILITY(fv_random_erasing_options, "0.5"),
    FV_FIELD(fv_random_erasing_options, scale, .by_default = "0.02,0.33", .min = 1e-6, .max = 1,
             .help = "smallest and largest part of the picture's area"),
    FV_FIELD(fv_random_erasing_options, ratio, .by_default = "0.3,3.3", .min = 1e-3, .max = 1e3,
             .help = "smallest and largest height by width"),
    FV_FIELD(fv_random_erasing_options, value, .by_default = "constant", .names = FV_PAINT_NAMES,
             .help = "painted: fill, random values, or the picture's mean"),
    FV_FIELD(fv_random_erasing_options, fill, .by_default = "0", .max = 255,
             .help = "a constant's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_random_erasing_options *o = options;
    FV_TRY(fv_range_check("scale", o->scale));
    return fv_range_check("ratio", o->ratio);
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_random_erasing_options *o = options;
    return fv_erase_check(o->fill, size->channels);
}

/* Empty where no try fits. */
static fv_box_of_pixels choose(const fv_random_erasing_options *o, fv_random *random, const fv_image *image) {
    double low = log(o->ratio[0]), high = log(o->ratio[1]), all = (double)image->height * (double)image->width;
    for (int i = 0; i < 10; i++) {
        double area = all * fv_random_between(random, o->scale[0], o->scale[1]);
        double ratio = exp(fv_random_between(random, low, high));
        fv_box_of_pixels box = { .height = (int64_t)rint(sqrt(area * ratio)), .width = (int64_t)rint(sqrt(area / ratio)) };
        if (box.height >= image->height || box.width >= image->width) continue;
        box.top = fv_random_below(random, image->height - box.height + 1);
        box.left = fv_random_below(random, image->width - box.width + 1);
        return box;
    }
    return (fv_box_of_pixels){ 0 };
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_random_erasing_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_box_of_pixels box = choose(o, call->random, call->image);
    return fv_erase(call->image, box, o->value, o->fill, call->random);
}

const fv_transform fv_transform_random_erasing = {
    .name = "random_erasing",
    .summary = "paints a random rectangle over",
    .fields = fields,
    .example = "p=1 value=noise",
    .check = check,
    .size = size,
    .apply = apply,
};
