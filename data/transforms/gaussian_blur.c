/* gaussian_blur.c - the picture out of focus: weights exp(−d² / 2σ²) for whole distances d, normalised, down and across, as
 * torchvision's gaussian_blur with the border reflected.
 *
 * torchvision asks for the size of the kernel; here it follows from σ: radius ⌈3σ⌉, which leaves less than 0.3 % of the bell
 * out. `kernel_size` fixes it for who compares. Pillow's GaussianBlur is another thing: three box blurs. */
#include <math.h>

#include "data/blur.h"

typedef struct fv_gaussian_blur_options {
    int when;
    double probability, sigma[2];
    int64_t kernel_size;
} fv_gaussian_blur_options;

static const fv_field fields[] = {
    FV_WHEN(fv_gaussian_blur_options, "training"),
    FV_PROBABILITY(fv_gaussian_blur_options, "0.5"),
    FV_FIELD(fv_gaussian_blur_options, sigma, .by_default = "0.1,2", .max = 100,
             .help = "standard deviation in pixels, drawn between the two; 0 changes nothing"),
    FV_FIELD(fv_gaussian_blur_options, kernel_size, .by_default = "0", .max = 601,
             .help = "an odd number of pixels across; 0: three standard deviations to each side"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_gaussian_blur_options *o = options;
    if (o->kernel_size && o->kernel_size % 2 == 0)
        return fv_fail(FV_USAGE, "kernel_size must be odd, or 0; it is %lld", (long long)o->kernel_size);
    return fv_range_check("sigma", o->sigma);
}

static void bell(double sigma, int64_t radius, fv_stencil *stencil) {
    double sum = 0;
    for (int64_t d = -radius; d <= radius; d++) sum += exp(-(double)(d * d) / (2 * sigma * sigma));
    for (int64_t d = -radius; d <= radius; d++)
        stencil->taps[d + radius] = (fv_tap){ d, 0, (float)(exp(-(double)(d * d) / (2 * sigma * sigma)) / sum), NULL };
    stencil->radius = radius;
    stencil->count = 2 * radius + 1;
    stencil->separable = true;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_gaussian_blur_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    double sigma = fv_random_between(call->random, o->sigma[0], o->sigma[1]);
    if (sigma < 1e-3) return NULL;
    fv_stencil stencil = { 0 };
    bell(sigma, o->kernel_size ? o->kernel_size / 2 : (int64_t)ceil(3 * sigma), &stencil);
    return fv_blur(call->image, &stencil, call->work);
}

const fv_transform fv_transform_gaussian_blur = {
    .name = "gaussian_blur",
    .summary = "puts the picture out of focus by a random amount",
    .fields = fields,
    .example = "p=1 sigma=0,4",
    .check = check,
    .apply = apply,
};
