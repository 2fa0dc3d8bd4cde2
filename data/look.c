/* look.c - a picture in numbers. All but the content's hash is of the grey picture at a common size, so that a photograph and
 * its reduced copy are held against the same limits. */
#include "data/look.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "data/resample.h"

#define HASH_SIDE 32
#define LOW_SIDE 8 /* of the square of low coefficients */

static void hash_content(const fv_image *image, uint8_t out[16]) {
    crypto_generichash_state hash;
    int64_t about[4] = { image->height, image->width, image->channels, image->pixel };
    crypto_generichash_init(&hash, NULL, 0, 16);
    crypto_generichash_update(&hash, (const unsigned char *)about, sizeof about);
    crypto_generichash_update(&hash, image->pixels, (unsigned long long)fv_image_bytes(image));
    crypto_generichash_final(&hash, out, 16);
}

/* ---- grey, at a common size ---- */

/* Floats from the smallest to the largest as 0…255, in place. */
static void stretch(fv_image *image) {
    int64_t count = image->height * image->width * image->channels;
    float *from = image->pixels, low = from[0], high = from[0];
    for (int64_t i = 1; i < count; i++) low = fminf(low, from[i]), high = fmaxf(high, from[i]);
    uint8_t *to = image->pixels;
    for (int64_t i = 0; i < count; i++) to[i] = high > low ? (uint8_t)lrintf(255 * ((from[i] - low) / (high - low))) : 0;
    image->pixel = FV_PIXEL_U8;
}

/* The first three of many channels, in place. */
static void drop_channels(fv_image *image) {
    int64_t count = image->height * image->width, had = image->channels;
    uint8_t *pixels = image->pixels;
    if (had <= 4) return;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < 3; c++) pixels[3 * i + c] = pixels[had * i + c];
    image->channels = 3;
}

static fv_error *to_grey(fv_image *image) {
    if (image->pixel == FV_PIXEL_F32) stretch(image);
    if (image->pixel == FV_PIXEL_U16) fv_image_to_bytes(image);
    drop_channels(image);
    return fv_image_to_channels(image, 1);
}

static fv_error *resize(const fv_image *in, int64_t height, int64_t width, fv_resample_work *work, fv_image *out) {
    return fv_resample(in, (fv_box_of_pixels){ 0, 0, in->height, in->width }, height, width, FV_BILINEAR, work, out);
}

static fv_error *reduce(fv_image *image, fv_resample_work *work, fv_image *out) {
    int64_t longer = fv_max(image->height, image->width);
    if (longer <= FV_LOOK_SIDE) return fv_image_copy(out, fv_image_size(image), FV_PIXEL_U8, image->pixels);
    return resize(image, fv_max(1, image->height * FV_LOOK_SIDE / longer), fv_max(1, image->width * FV_LOOK_SIDE / longer),
                  work, out);
}

/* ---- levels ---- */

/* The lowest level that `percent` of the pixels do not exceed. */
static uint8_t level_at(const int64_t histogram[256], int64_t count, int percent) {
    int64_t below = 0, wanted = fv_max(1, fv_ceil_div(count * percent, 100));
    for (int level = 0; level < 256; level++)
        if ((below += histogram[level]) >= wanted) return (uint8_t)level;
    return 255;
}

static void measure_levels(const fv_image *grey, fv_look *look) {
    int64_t histogram[256] = { 0 }, count = grey->height * grey->width;
    const uint8_t *pixels = grey->pixels;
    for (int64_t i = 0; i < count; i++) histogram[pixels[i]]++;
    look->lowest = level_at(histogram, count, 0);
    look->percent1 = level_at(histogram, count, 1);
    look->percent5 = level_at(histogram, count, 5);
    look->percent99 = level_at(histogram, count, 99);
    look->highest = level_at(histogram, count, 100);
}

static float measure_sharpness(const fv_image *grey) {
    int64_t wide = grey->width, count = (grey->height - 2) * (wide - 2), sum = 0, squares = 0;
    const uint8_t *pixels = grey->pixels;
    if (grey->height < 3 || wide < 3) return NAN;
    for (int64_t y = 1; y < grey->height - 1; y++)
        for (int64_t x = 1; x < wide - 1; x++) {
            const uint8_t *at = pixels + y * wide + x;
            int64_t laplacian = at[-wide] + at[wide] + at[-1] + at[1] - 4 * at[0];
            sum += laplacian;
            squares += laplacian * laplacian;
        }
    double mean = (double)sum / (double)count;
    return (float)((double)squares / (double)count - mean * mean);
}

/* ---- the perceptual hash ---- */

/* The lowest coefficients of the cosine transform (DCT-II, unscaled) of a square. */
static void transform(const uint8_t *square, double low[LOW_SIDE * LOW_SIDE]) {
    double basis[LOW_SIDE][HASH_SIDE], rows[HASH_SIDE][LOW_SIDE];
    for (int k = 0; k < LOW_SIDE; k++)
        for (int n = 0; n < HASH_SIDE; n++) basis[k][n] = cos(M_PI * (2 * n + 1) * k / (2 * HASH_SIDE));
    for (int y = 0; y < HASH_SIDE; y++)
        for (int k = 0; k < LOW_SIDE; k++) {
            rows[y][k] = 0;
            for (int n = 0; n < HASH_SIDE; n++) rows[y][k] += basis[k][n] * square[y * HASH_SIDE + n];
        }
    for (int j = 0; j < LOW_SIDE; j++)
        for (int k = 0; k < LOW_SIDE; k++) {
            low[j * LOW_SIDE + k] = 0;
            for (int y = 0; y < HASH_SIDE; y++) low[j * LOW_SIDE + k] += basis[j][y] * rows[y][k];
        }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint64_t hash_of(const uint8_t *square) {
    double low[LOW_SIDE * LOW_SIDE], sorted[LOW_SIDE * LOW_SIDE];
    const int half = LOW_SIDE * LOW_SIDE / 2;
    uint64_t hash = 0;
    transform(square, low);
    memcpy(sorted, low, sizeof low);
    qsort(sorted, (size_t)(2 * half), sizeof *sorted, by_value);
    double median = (sorted[half - 1] + sorted[half]) / 2;
    for (int i = 0; i < 2 * half; i++) hash = hash << 1 | (low[i] > median);
    return hash;
}

static fv_error *fingerprint(const fv_image *grey, fv_resample_work *work, fv_image *square, fv_look *look) {
    FV_TRY(resize(grey, HASH_SIDE, HASH_SIDE, work, square));
    look->hash = hash_of(square->pixels);
    FV_TRY(resize(grey, FV_THUMB_SIDE, FV_THUMB_SIDE, work, square));
    memcpy(look->thumb, square->pixels, sizeof look->thumb);
    return NULL;
}

fv_error *fv_look_at(fv_image *image, fv_look *out) {
    FV_IMAGE(grey);
    FV_IMAGE(square);
    __attribute__((cleanup(fv_resample_release))) fv_resample_work work = { 0 };
    out->height = image->height, out->width = image->width;
    out->bits = 8 * (int)fv_pixel_size(image->pixel);
    hash_content(image, out->content);
    FV_TRY(to_grey(image));
    FV_TRY(reduce(image, &work, &grey));
    measure_levels(&grey, out);
    out->sharpness = measure_sharpness(&grey);
    return fingerprint(&grey, &work, &square, out);
}
