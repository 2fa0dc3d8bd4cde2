/* gaussian_noise.c - a sensor's noise: to every value is added σ · z, with z normal and independent; one z for all channels of
 * a pixel with grey=true. Results are cut to 0…255 and in u8 rounded.
 *
 * Normal numbers by Box and Muller, "A note on the generation of random normal deviates", 1958, both of each pair, in f32. */
#include <math.h>

#include "data/tone.h"
#include "data/transform.h"

#define TURN 6.28318530717958647692f

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

/* Two numbers at a time; u is in (0, 1]. */
static void normal_pair(fv_random *random, float pair[2]) {
    float u = ((float)(fv_random_u32(random) >> 8) + 1) * 0x1p-24f,
          turn = (float)(fv_random_u32(random) >> 8) * 0x1p-24f * TURN;
    float length = sqrtf(-2 * logf(u));
    pair[0] = length * cosf(turn);
    pair[1] = length * sinf(turn);
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
    float sigma = (float)fv_random_between(call->random, o->sigma[0], o->sigma[1]), pair[2] = { 0 };
    if (sigma == 0) return NULL;
    int64_t alike = o->grey ? image->channels : 1, numbers = image->height * image->width * image->channels / alike;
    for (int64_t i = 0; i < numbers; i++) {
        if (i % 2 == 0) normal_pair(call->random, pair);
        add(image, i * alike, alike, sigma * pair[i % 2]);
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
