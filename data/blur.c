/* blur.c - weighted sums over a neighbourhood, in place.
 *
 * Rows become f32 once, widened by the reflected border, and are kept in a ring of 2 · radius + 1: row y of the picture is in
 * slot y mod (rows of the ring) until the last row that needs it is done. So the result of row y can be written over it, and
 * little memory is touched:
 *
 *     numbers   | ring: rows × wide |  column: wide |  out: narrow |       wide = (width + 2 radius) · channels, f32
 *
 * A separable stencil sums down into `column`, border included, then along it. */
#include "data/blur.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "data/tone.h"
#include "data/window.h"

#define BLOCK 16 /* sums made together, in registers */

static int64_t reflected(int64_t at, int64_t n) { return fv_border_shows(at, n, FV_BORDER_REFLECT); }

static inline void sum_block(const fv_tap *taps, int64_t count, int64_t i, float *to) {
    float sums[BLOCK] = { 0 };
    for (int64_t t = 0; t < count; t++) {
        const float *from = taps[t].from + i;
        float weight = taps[t].weight;
        for (int k = 0; k < BLOCK; k++) sums[k] += weight * from[k];
    }
    memcpy(to + i, sums, sizeof sums);
}

/* to[i] = Σ weight · from[i] for i in 0…n−1. The last block overlaps the one before; a short row is summed one by one. */
static void sum_taps(const fv_tap *taps, int64_t count, int64_t n, float *to) {
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) sum_block(taps, count, i, to);
    if (i < n && n >= BLOCK) sum_block(taps, count, n - BLOCK, to);
    if (n >= BLOCK) return;
    for (i = 0; i < n; i++) {
        to[i] = 0;
        for (int64_t t = 0; t < count; t++) to[i] += taps[t].weight * taps[t].from[i];
    }
}

typedef struct ring {
    const fv_image *image;
    int64_t radius, rows, wide, filled; /* rows 0 … filled − 1 of the picture have been put in */
    float *at;
} ring;

static float *slot(const ring *r, int64_t y) { return r->at + y % r->rows * r->wide; }

static void put_row(ring *r, int64_t y) {
    const fv_image *image = r->image;
    int64_t channels = image->channels, width = image->width, border = r->radius * channels;
    float *to = slot(r, y);
    const uint8_t *row = (const uint8_t *)image->pixels + y * fv_image_row_bytes(image);
    if (image->pixel == FV_PIXEL_U8)
        for (int64_t i = 0; i < width * channels; i++) to[border + i] = row[i];
    else
        memcpy(to + border, row, (size_t)fv_image_row_bytes(image));
    for (int64_t x = -r->radius; x < 0; x++) {
        int64_t left = reflected(x, width), right = reflected(width - 1 - x, width);
        for (int64_t c = 0; c < channels; c++) {
            to[border + x * channels + c] = to[border + left * channels + c];
            to[border + (width - 1 - x) * channels + c] = to[border + right * channels + c];
        }
    }
}

static void finish_row(const float *sums, int64_t first, int64_t last, fv_image *image, int64_t y) {
    int64_t begin = first * image->channels, end = last * image->channels;
    uint8_t *row = (uint8_t *)image->pixels + y * fv_image_row_bytes(image);
    if (image->pixel == FV_PIXEL_U8)
        for (int64_t i = begin; i < end; i++) row[i] = fv_tone_u8(sums[i]);
    else
        for (int64_t i = begin; i < end; i++) ((float *)row)[i] = fv_tone_cut(sums[i]);
}

static void make_row(const ring *r, fv_stencil *s, int64_t y, float *column, float *out) {
    int64_t channels = r->image->channels, height = r->image->height, narrow = r->image->width * channels;
    for (int64_t t = 0; t < s->count; t++) {
        fv_tap *tap = &s->taps[t];
        int64_t shift = s->separable ? 0 : (r->radius + tap->across) * channels;
        tap->from = slot(r, reflected(y + tap->down, height)) + shift;
    }
    if (!s->separable) {
        sum_taps(s->taps, s->count, narrow, out);
        return;
    }
    sum_taps(s->taps, s->count, r->wide, column);
    for (int64_t t = 0; t < s->count; t++) s->taps[t].from = column + (r->radius + s->taps[t].down) * channels;
    sum_taps(s->taps, s->count, narrow, out);
}

fv_error *fv_blur(fv_image *image, fv_stencil *stencil, fv_workspace *work) {
    FV_ASSERT(stencil->count <= FV_TAPS_MAX && image->pixel != FV_PIXEL_U16);
    int64_t radius = stencil->radius, edge = stencil->keep_edge ? 1 : 0;
    ring r = { .image = image, .radius = radius };
    r.rows = fv_min(2 * radius + 1, image->height);
    r.wide = (image->width + 2 * radius) * image->channels;
    FV_TRY(fv_image_resize(&work->numbers, r.rows + 2, r.wide, 1, FV_PIXEL_F32));
    r.at = work->numbers.pixels;
    float *column = r.at + r.rows * r.wide, *out = column + r.wide;
    for (int64_t y = 0; y < image->height; y++) {
        for (; r.filled < fv_min(y + radius + 1, image->height); r.filled++) put_row(&r, r.filled);
        if (y < edge || y >= image->height - edge) continue;
        make_row(&r, stencil, y, column, out);
        finish_row(out, edge, image->width - edge, image, y);
    }
    return NULL;
}

fv_error *fv_blur_sharpness(fv_image *image, double factor, fv_workspace *work) {
    if (factor == 1 || image->height < 3 || image->width < 3) return NULL;
    fv_stencil s = { .radius = 1, .count = 9, .keep_edge = true };
    for (int t = 0; t < 9; t++) {
        double smooth = (t == 4 ? 5 : 1) / 13.0;
        s.taps[t] = (fv_tap){ t / 3 - 1, t % 3 - 1, (float)(smooth * (1 - factor) + (t == 4 ? factor : 0)), NULL };
    }
    return fv_blur(image, &s, work);
}
