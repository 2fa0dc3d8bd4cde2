/* light.c - pixels times factors, a row at a time. */
#include "data/light.h"

#include <math.h>

#include "core/base/size.h"
#include "data/tone.h"

static void shade_u8(uint8_t *at, int64_t width, int64_t channels, const float *factors) {
    for (int64_t x = 0; x < width; x++, at += channels)
        for (int64_t c = 0; c < channels; c++) at[c] = fv_tone_u8((float)at[c] * factors[x]);
}

static void shade_f32(float *at, int64_t width, int64_t channels, const float *factors) {
    for (int64_t x = 0; x < width; x++, at += channels)
        for (int64_t c = 0; c < channels; c++) at[c] = fv_tone_cut(at[c] * factors[x]);
}

fv_error *fv_light_apply(fv_image *image, fv_light light, const void *context, fv_workspace *work) {
    FV_TRY(fv_image_resize(&work->numbers, 1, image->width, 1, FV_PIXEL_F32));
    float *factors = work->numbers.pixels;
    for (int64_t y = 0; y < image->height; y++) {
        uint8_t *row = (uint8_t *)image->pixels + y * fv_image_row_bytes(image);
        light(context, image, y, factors);
        if (image->pixel == FV_PIXEL_U8)
            shade_u8(row, image->width, image->channels, factors);
        else
            shade_f32((float *)row, image->width, image->channels, factors);
    }
    return NULL;
}

static double short_side(const fv_image *image) { return (double)fv_min(image->height, image->width); }

fv_light_line fv_light_line_at(double angle, double distance) { return (fv_light_line){ cos(angle), -sin(angle), distance }; }

double fv_light_line_row(const fv_light_line *line, const fv_image *image, int64_t y) {
    double x0 = 0.5 - (double)image->width / 2, y0 = (double)y + 0.5 - (double)image->height / 2;
    return (line->across * x0 + line->down * y0) / short_side(image) - line->distance;
}

double fv_light_line_step(const fv_light_line *line, const fv_image *image) { return line->across / short_side(image); }
