/* cutmix.c - CutMix (Yun et al., arXiv 1905.04899): a rectangle of a picture shows another one of the epoch. With
 * s ~ Beta(alpha, alpha) the rectangle has the picture's proportions, a share of 1 − s of its area, and its centre anywhere;
 * what lies outside is cut off. The targets are mixed by the areas that are seen. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "data/transform.h"

typedef struct fv_cutmix_options {
    int when;
    double alpha, p;
} fv_cutmix_options;

static const fv_field fields[] = {
    FV_WHEN(fv_cutmix_options, "training"),
    FV_FIELD(fv_cutmix_options, alpha, .by_default = "1", .min = 1e-3, .max = 1e3,
             .help = "of the beta distribution: near 0 little or all is cut, 1 is any area alike"),
    FV_FIELD(fv_cutmix_options, p, .by_default = "1", .min = 0, .max = 1, .help = "share of the pictures that are mixed"),
    FV_FIELDS_END
};

static bool pairs(const void *options, fv_random *random) {
    return fv_random_unit(random) < ((const fv_cutmix_options *)options)->p;
}

/* Where a length of `extent · side` around a random centre begins and ends within 0 … extent. */
static void draw_range(fv_random *random, int64_t extent, double side, int64_t *begin, int64_t *end) {
    int64_t length = (int64_t)((double)extent * side), centre = fv_random_below(random, extent);
    *begin = fv_max(centre - length / 2, 0);
    *end = fv_min(centre + length / 2, extent);
}

static fv_error *mix(fv_pair_call *call) {
    const fv_cutmix_options *o = call->options;
    const fv_image *image = call->image;
    double side = sqrt(1 - fv_random_beta(call->random, o->alpha, o->alpha));
    int64_t top, bottom, left, right, row = image->width * image->channels;
    draw_range(call->random, image->height, side, &top, &bottom);
    draw_range(call->random, image->width, side, &left, &right);
    for (int64_t y = top; y < bottom; y++) {
        int64_t at = y * row + left * image->channels;
        memcpy((float *)image->pixels + at, (const float *)call->partner->pixels + at,
               (size_t)((right - left) * image->channels) * sizeof(float));
    }
    call->share = 1 - (double)((bottom - top) * (right - left)) / (double)(image->height * image->width);
    return NULL;
}

const fv_transform fv_transform_cutmix = {
    .name = "cutmix",
    .summary = "shows another picture in a rectangle, and mixes their targets by area",
    .fields = fields,
    .example = "alpha=1",
    .pairs = pairs,
    .mix = mix,
    .parts = true,
};
