/* random_resized_crop.c - a window of random area and shape, resized: the usual augmentation for photographs.
 *
 * torchvision's rule: area uniform in scale × the picture's, aspect exp(uniform in log ratio), up to ten tries until the window
 * fits; then the largest central window whose aspect lies within the ratio. (Szegedy et al., "Going deeper with convolutions".)
 */
#include <math.h>

#include "core/base/size.h"
#include "data/transform.h"

typedef struct fv_random_resized_crop_options {
    int when;
    int64_t size[2];
    double scale[2], ratio[2];
    int filter;
    bool antialias;
} fv_random_resized_crop_options;

static const fv_field fields[] = {
    FV_WHEN(fv_random_resized_crop_options, "training"),
    FV_FIELD(fv_random_resized_crop_options, size, .required = true, .min = 1, .max = 65536, .help = "height and width"),
    FV_FIELD(fv_random_resized_crop_options, scale, .by_default = "0.08,1", .min = 1e-6, .max = 1,
             .help = "smallest and largest part of the picture's area"),
    FV_FIELD(fv_random_resized_crop_options, ratio, .by_default = "0.75,1.3333333333333333", .min = 1e-3, .max = 1e3,
             .help = "smallest and largest width by height"),
    FV_FIELD(fv_random_resized_crop_options, filter, .by_default = "bilinear", .names = FV_FILTER_NAMES,
             .help = "how pixels are weighed"),
    FV_FIELD(fv_random_resized_crop_options, antialias, .by_default = "true",
             .help = "shrinking looks at all pixels; else at those next to each point"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_random_resized_crop_options *o = options;
    FV_TRY(fv_filter_check(o->filter, o->antialias));
    FV_TRY(fv_range_check("scale", o->scale));
    return fv_range_check("ratio", o->ratio);
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_random_resized_crop_options *o = options;
    size->height = o->size[0];
    size->width = o->size[1];
    return NULL;
}

static fv_box_of_pixels central(const fv_random_resized_crop_options *o, int64_t height, int64_t width) {
    double aspect = (double)width / (double)height;
    fv_box_of_pixels box = { .height = height, .width = width };
    if (aspect < o->ratio[0]) box.height = (int64_t)rint((double)width / o->ratio[0]);
    if (aspect > o->ratio[1]) box.width = (int64_t)rint((double)height * o->ratio[1]);
    box.height = fv_min(fv_max(box.height, 1), height);
    box.width = fv_min(fv_max(box.width, 1), width);
    box.top = (height - box.height) / 2;
    box.left = (width - box.width) / 2;
    return box;
}

static fv_box_of_pixels draw(const fv_random_resized_crop_options *o, fv_random *random, int64_t height, int64_t width) {
    double low = log(o->ratio[0]), high = log(o->ratio[1]);
    for (int i = 0; i < 10; i++) {
        double area = (double)height * (double)width * fv_random_between(random, o->scale[0], o->scale[1]);
        double aspect = exp(fv_random_between(random, low, high));
        fv_box_of_pixels box = { .height = (int64_t)rint(sqrt(area / aspect)), .width = (int64_t)rint(sqrt(area * aspect)) };
        if (box.height < 1 || box.height > height || box.width < 1 || box.width > width) continue;
        box.top = fv_random_below(random, height - box.height + 1);
        box.left = fv_random_below(random, width - box.width + 1);
        return box;
    }
    return central(o, height, width);
}

static fv_resize resize(const fv_random_resized_crop_options *o, fv_random *random, int64_t height, int64_t width) {
    return (fv_resize){ draw(o, random, height, width), o->size[0], o->size[1], fv_filter_of(o->filter, o->antialias) };
}

static fv_box_of_pixels region(const void *options, fv_random *random, fv_size before, fv_box_of_pixels wanted) {
    fv_resize r = resize(options, random, before.height, before.width);
    return fv_resample_reads(&r, wanted);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_random_resized_crop_options *o = call->options;
    fv_view held = fv_transform_held(call);
    fv_resize r = resize(o, call->random, held.height, held.width);
    r.box.top -= held.box.top;
    r.box.left -= held.box.left;
    fv_box_of_pixels wanted = fv_transform_wanted(call, (fv_size){ r.height, r.width, 0 });
    FV_TRY(fv_resample_part(call->image, &r, wanted, &call->work->resample, &call->work->spare));
    fv_image_swap(call->image, &call->work->spare);
    return NULL;
}

const fv_transform fv_transform_random_resized_crop = {
    .name = "random_resized_crop",
    .summary = "cuts out a window of random area and shape and resizes it",
    .fields = fields,
    .example = "size=64",
    .check = check,
    .size = size,
    .apply = apply,
    .region = region,
    .rescales = true,
};
