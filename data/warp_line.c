/* warp_line.c - the inner loops of warping in plain C, and the choice between them and AVX2. */
#include "data/warp_line.h"

#include <string.h>

/* Pixel (x, y), each within its side or −1. */
static inline const uint8_t *tap(const fv_warp_plane *plane, int64_t x, int64_t y, int64_t size) {
    return x < 0 || y < 0 ? plane->fill : plane->pixels + y * plane->stride + x * size;
}

static void mix_u8(const fv_warp_plane *plane, const uint8_t *const taps[4], int32_t fx, int32_t fy, uint8_t *to) {
    for (int64_t c = 0; c < plane->channels; c++)
        to[c] = fv_warp_mix((const uint8_t[]){ taps[0][c], taps[1][c], taps[2][c], taps[3][c] }, fx, fy);
}

static void mix_f32(const fv_warp_plane *plane, const uint8_t *const taps[4], int32_t fx, int32_t fy, float *to) {
    const float *a = (const float *)taps[0], *b = (const float *)taps[1], *c = (const float *)taps[2];
    const float *d = (const float *)taps[3], right = (float)fx / FV_WARP_ONE, low = (float)fy / FV_WARP_ONE;
    for (int64_t i = 0; i < plane->channels; i++) {
        float above = a[i] * (1 - right) + b[i] * right, below = c[i] * (1 - right) + d[i] * right;
        to[i] = above * (1 - low) + below * low;
    }
}

void fv_warp_pixel(const fv_warp_plane *plane, int32_t px, int32_t py, uint8_t *to) {
    int64_t x = px >> FV_WARP_BITS, y = py >> FV_WARP_BITS, size = plane->channels * fv_pixel_size(plane->pixel);
    int64_t left = fv_border_shows(x, plane->width, plane->border), top = fv_border_shows(y, plane->height, plane->border);
    if (plane->nearest) {
        memcpy(to, tap(plane, left, top, size), (size_t)size);
        return;
    }
    int64_t right = fv_border_shows(x + 1, plane->width, plane->border);
    int64_t bottom = fv_border_shows(y + 1, plane->height, plane->border);
    if ((left < 0 && right < 0) || (top < 0 && bottom < 0)) { /* nothing but the fill */
        memcpy(to, plane->fill, (size_t)size);
        return;
    }
    int32_t fx = px & (FV_WARP_ONE - 1), fy = py & (FV_WARP_ONE - 1);
    const uint8_t *taps[4] = { tap(plane, left, top, size), tap(plane, right, top, size), tap(plane, left, bottom, size),
                               tap(plane, right, bottom, size) };
    if (plane->pixel == FV_PIXEL_U8)
        mix_u8(plane, taps, fx, fy, to);
    else
        mix_f32(plane, taps, fx, fy, (float *)to);
}

static bool have_avx2(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

void fv_warp_row(const fv_warp_plane *plane, int64_t y, int64_t width, uint8_t *to) {
#if defined(__x86_64__)
    bool in_reach = plane->height * plane->stride < INT32_MAX && plane->width > 1 && plane->height > 1;
    if (plane->pixel == FV_PIXEL_U8 && plane->channels <= 4 && in_reach && have_avx2()) {
        fv_warp_row_u8_avx2(plane, y, width, to);
        return;
    }
#endif
    int64_t size = plane->channels * fv_pixel_size(plane->pixel);
    for (int64_t x = 0; x < width; x++, to += size) {
        int32_t px, py;
        fv_warp_point(plane, x, y, &px, &py);
        fv_warp_pixel(plane, px, py, to);
    }
}
