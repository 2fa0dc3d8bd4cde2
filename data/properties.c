/* properties.c - see properties.h. Levels are 0…255 (u16: by 257; floats as they are), grey is 0.2125 R + 0.7154 G + 0.0721 B;
 * of one channel and of two red, green and blue are all the first. Over the rows that are looked at:
 *
 *   aspect_ratio  height / width                       area       height · width, pixels
 *   brightness    mean of grey / 255                   contrast   its standard deviation (RMS contrast)
 *   red … blue    mean of R / (R + G + B), 1/3 where all are 0; likewise the others
 *   saturation    mean of (max − min) / max of R, G, B, 0 where all are 0
 *   sharpness     variance of the Laplacian (0 1 0, 1 −4 1, 0 1 0) of grey: Pech-Pacheco et al., ICPR 2000
 *   noise         √(π/2) / 6 · mean |(1 −2 1, −2 4 −2, 1 −2 1) * grey|: Immerkær, "Fast noise variance estimation", 1996
 *   entropy       of the histogram of grey in 256 levels, bits
 *
 * The first seven are those of deepchecks' vision suite. Sharpness and noise need three rows and columns, else they are NaN. */
#include "data/properties.h"

#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "data/image.h"

#define WHOLE_ROWS 256  /* so many rows are all looked at; */
#define PICKED_ROWS 128 /* of more, so many, each with its neighbours */
#define CHUNK 1024      /* columns at once */

static const char *const names[FV_IMAGE_PROPERTY_COUNT] = { "aspect_ratio", "area",  "brightness", "contrast",
                                                            "red",          "green", "blue",       "saturation",
                                                            "sharpness",    "noise", "entropy" };

const char *fv_image_property_name(int property) {
    FV_ASSERT(property >= 0 && property < FV_IMAGE_PROPERTY_COUNT);
    return names[property];
}

/* A stretch of a row, as colours and as grey. */
typedef struct stretch {
    float red[CHUNK + 2], green[CHUNK + 2], blue[CHUNK + 2], grey[CHUNK + 2];
} stretch;

typedef struct sums {
    double pixels, grey, squares, red, green, blue, saturation;
    double inner, laplacian, laplacian_squares, noise;
    int64_t histogram[256];
} sums;

static float level(const fv_image *image, const uint8_t *pixel, int64_t channel) {
    switch (image->pixel) {
    case FV_PIXEL_U8: return pixel[channel];
    case FV_PIXEL_U16: return (float)((const uint16_t *)(const void *)pixel)[channel] / 257;
    case FV_PIXEL_F32: return ((const float *)(const void *)pixel)[channel];
    }
    return 0;
}

static void read_bytes(const uint8_t *from, int64_t count, stretch *to) {
    for (int64_t i = 0; i < count; i++) {
        to->red[i] = from[3 * i];
        to->green[i] = from[3 * i + 1];
        to->blue[i] = from[3 * i + 2];
    }
}

static void read_stretch(const fv_image *image, int64_t row, int64_t first, int64_t count, stretch *to) {
    int64_t step = fv_image_pixel_bytes(image);
    const uint8_t *from = fv_image_at(image, row, first);
    bool coloured = image->channels >= 3;
    if (image->pixel == FV_PIXEL_U8 && image->channels == 3)
        read_bytes(from, count, to);
    else
        for (int64_t i = 0; i < count; i++, from += step) {
            to->red[i] = level(image, from, 0);
            to->green[i] = coloured ? level(image, from, 1) : to->red[i];
            to->blue[i] = coloured ? level(image, from, 2) : to->red[i];
        }
    for (int64_t i = 0; i < count; i++) to->grey[i] = 0.2125f * to->red[i] + 0.7154f * to->green[i] + 0.0721f * to->blue[i];
}

static void add_levels(const stretch *s, int64_t begin, int64_t end, sums *t) {
    for (int64_t i = begin; i < end; i++) {
        float r = s->red[i], g = s->green[i], b = s->blue[i], all = r + g + b;
        float high = fmaxf(r, fmaxf(g, b)), low = fminf(r, fminf(g, b)), grey = s->grey[i];
        float share = all > 0 ? 1 / all : 0;
        t->grey += grey;
        t->squares += (double)grey * (double)grey;
        t->red += all > 0 ? r * share : 1.0f / 3;
        t->green += all > 0 ? g * share : 1.0f / 3;
        t->blue += all > 0 ? b * share : 1.0f / 3;
        t->saturation += high > 0 ? (high - low) / high : 0;
        t->histogram[(int)fminf(fmaxf(grey + 0.5f, 0), 255)]++;
    }
    t->pixels += (double)(end - begin);
}

/* Of the columns begin…end−1 of the middle one of three rows. */
static void add_edges(const float *above, const float *row, const float *below, int64_t begin, int64_t end, sums *t) {
    for (int64_t i = begin; i < end; i++) {
        float beside = row[i - 1] + row[i + 1], over = above[i] + below[i];
        float corners = above[i - 1] + above[i + 1] + below[i - 1] + below[i + 1];
        float laplacian = beside + over - 4 * row[i];
        t->laplacian += laplacian;
        t->laplacian_squares += laplacian * laplacian;
        t->noise += fabsf(corners - 2 * (beside + over) + 4 * row[i]);
    }
    t->inner += (double)(end - begin);
}

/* Row number `row` in columns first…last−1; `s` are it and its neighbours, by row modulo 3. Rows lie in `s` once they have been
 * read: `held` says which. */
static void add_row(const fv_image *image, int64_t row, int64_t first, int64_t last, stretch s[3], int64_t held[3], sums *t) {
    int64_t left = fv_max(first - 1, 0), right = fv_min(last + 1, image->width);
    for (int64_t y = fv_max(row - 1, 0); y <= fv_min(row + 1, image->height - 1); y++) {
        if (held[y % 3] == y) continue;
        read_stretch(image, y, left, right - left, &s[y % 3]);
        held[y % 3] = y;
    }
    add_levels(&s[row % 3], first - left, last - left, t);
    if (row == 0 || row == image->height - 1 || image->width < 3) return;
    add_edges(s[(row + 2) % 3].grey, s[row % 3].grey, s[(row + 1) % 3].grey, fv_max(first, 1) - left,
              fv_min(last, image->width - 1) - left, t);
}

static double entropy(const sums *t) {
    double sum = 0;
    for (int i = 0; i < 256; i++)
        if (t->histogram[i]) sum -= (double)t->histogram[i] / t->pixels * log2((double)t->histogram[i] / t->pixels);
    return sum;
}

static void conclude(const fv_image *image, const sums *t, float *out) {
    double n = t->pixels, mean = t->grey / n, focus = t->laplacian / t->inner;
    out[FV_ASPECT_RATIO] = (float)((double)image->height / (double)image->width);
    out[FV_AREA] = (float)(image->height * image->width);
    out[FV_BRIGHTNESS] = (float)(mean / 255);
    out[FV_CONTRAST] = (float)(sqrt(fmax(t->squares / n - mean * mean, 0)) / 255);
    out[FV_RED] = (float)(t->red / n);
    out[FV_GREEN] = (float)(t->green / n);
    out[FV_BLUE] = (float)(t->blue / n);
    out[FV_SATURATION] = (float)(t->saturation / n);
    out[FV_SHARPNESS] = t->inner > 0 ? (float)(t->laplacian_squares / t->inner - focus * focus) : NAN;
    out[FV_NOISE] = t->inner > 0 ? (float)(sqrt(M_PI / 2) / 6 * t->noise / t->inner) : NAN;
    out[FV_ENTROPY] = (float)entropy(t);
}

void fv_image_properties_measure(const fv_image *image, fv_image_properties *out) {
    stretch rows[3];
    sums totals = { 0 };
    int64_t looked = image->height <= WHOLE_ROWS ? image->height : PICKED_ROWS;
    for (int64_t first = 0; first < image->width; first += CHUNK) {
        int64_t held[3] = { -1, -1, -1 }, last = fv_min(first + CHUNK, image->width);
        for (int64_t k = 0; k < looked; k++)
            add_row(image, (2 * k + 1) * image->height / (2 * looked), first, last, rows, held, &totals);
    }
    conclude(image, &totals, out->at);
}
