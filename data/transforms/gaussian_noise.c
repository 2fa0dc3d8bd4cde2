/* gaussian_noise.c - a sensor's noise: to every value is added σ · z, with z normal and independent; one z for all channels of
 * a pixel with grey=true. Results are cut to 0…255 and in u8 rounded.
 *
 * z is one of 2¹⁶ quantiles, those of (i + 1/2) / 2¹⁶, each as likely: farthest 4.3, apart 4·10⁻⁵ in the middle, a standard
 * deviation of 0.99999. They are computed once a thread, by Wichura, "Algorithm AS 241: the percentage points of the normal
 * distribution", 1988, PPND7. Two 16-bit halves of a random number make two of them. */
#include <math.h>

#include "data/tone.h"
#include "data/transform.h"

#define QUANTILES 65536

typedef struct fv_gaussian_noise_options {
    int when;
    double probability, sigma[2];
    bool grey;
} fv_gaussian_noise_options;

static const fv_field fields[] = {
    FV_WHEN(fv_gaussian_noise_options, "training"),
    FV_PROBABILITY(fv_gaussian_noise_options, "0.5"),
    FV_FIELD(fv_gaussian_noise_options, sigma, .by_default = "2,15", .max = 255,
             .help = "standard deviation in levels of 255, drawn between the two; 0 changes nothing"),
    FV_FIELD(fv_gaussian_noise_options, grey, .by_default = "false", .help = "the same noise in all channels of a pixel"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_gaussian_noise_options *o = options;
    return fv_range_check("sigma", o->sigma);
}

/* c[0] + c[1] t + c[2] t² + c[3] t³ */
static double cubic(double t, const double c[4]) { return ((c[3] * t + c[2]) * t + c[1]) * t + c[0]; }

static double quantile(double p) {
    static const double a[] = { 3.3871327179, 50.434271938, 159.29113202, 59.109374720 };
    static const double b[] = { 1, 17.895169469, 78.757757664, 67.187563600 };
    static const double c[] = { 1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103 };
    static const double d[] = { 1, 0.73700164250, 0.12021132975, 0 };
    double q = p - 0.5;
    if (fabs(q) <= 0.425) return q * cubic(0.180625 - q * q, a) / cubic(0.180625 - q * q, b);
    double r = sqrt(-log(q < 0 ? p : 1 - p)) - 1.6, tail = cubic(r, c) / cubic(r, d); /* right to p = e⁻²⁵ */
    return q < 0 ? -tail : tail;
}

static fv_error *quantiles(fv_workspace *work, const float **out) {
    if (!work->normal.pixels) {
        FV_TRY(fv_image_resize(&work->normal, 1, QUANTILES, 1, FV_PIXEL_F32));
        for (int64_t i = 0; i < QUANTILES; i++)
            ((float *)work->normal.pixels)[i] = (float)quantile(((double)i + 0.5) / QUANTILES);
    }
    *out = work->normal.pixels;
    return NULL;
}

static void add(fv_image *image, int64_t first, int64_t count, float noise) {
    for (int64_t i = first; i < first + count; i++)
        if (image->pixel == FV_PIXEL_U8) {
            uint8_t *at = (uint8_t *)image->pixels + i;
            *at = fv_tone_u8((float)*at + noise);
        } else {
            float *at = (float *)image->pixels + i;
            *at = fv_tone_cut(*at + noise);
        }
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_gaussian_noise_options *o = call->options;
    fv_image *image = call->image;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    float sigma = (float)fv_random_between(call->random, o->sigma[0], o->sigma[1]);
    if (sigma == 0) return NULL;
    const float *normal;
    FV_TRY(quantiles(call->work, &normal));
    int64_t alike = o->grey ? image->channels : 1, numbers = image->height * image->width * image->channels / alike;
    uint32_t halves = 0;
    for (int64_t i = 0; i < numbers; i++) {
        halves = i % 2 ? halves >> 16 : fv_random_u32(call->random);
        add(image, i * alike, alike, sigma * normal[halves & (QUANTILES - 1)]);
    }
    return NULL;
}

const fv_transform fv_transform_gaussian_noise = {
    .name = "gaussian_noise",
    .summary = "adds a sensor's noise",
    .fields = fields,
    .example = "p=1 sigma=0,40",
    .check = check,
    .apply = apply,
};
