/* warp_line.h - the inner loops of warp.c: one row of the result at a time. Points are computed in double in one order of
 * operations and rounded to 2⁻¹⁴, u8 is mixed in integers: every version of a loop gives the same bits. */
#ifndef FV_DATA_WARP_LINE_H
#define FV_DATA_WARP_LINE_H

#include "data/warp.h"

#define FV_WARP_BITS 14 /* after the point, of a place in the picture */
#define FV_WARP_ONE (1 << FV_WARP_BITS)

/* The picture, and the way to it. `rows` are those of fv_warp.back, the first two times 2¹⁴ and moved: bilinear's by half a
 * pixel, so that they give the tap above and to the left and how far it is to the next; nearest's by half of 2⁻¹⁴. */
typedef struct fv_warp_plane {
    const uint8_t *pixels, *fill;            /* fill: one pixel */
    int64_t height, width, channels, stride; /* stride: bytes of a row */
    fv_pixel pixel;
    fv_border border;
    bool nearest, perspective;
    double rows[9];
} fv_warp_plane;

/* Where column x of row y comes from. What is out of all reach, or nowhere, stays within ±2³⁰. */
static inline void fv_warp_point(const fv_warp_plane *plane, int64_t x, int64_t y, int32_t *px, int32_t *py) {
    const double *m = plane->rows, limit = 1 << 30, at = (double)x + 0.5, down = (double)y + 0.5;
    double a = m[0] * at + (m[1] * down + m[2]), b = m[3] * at + (m[4] * down + m[5]);
    if (plane->perspective) {
        double w = 1 / (m[6] * at + (m[7] * down + m[8]));
        a *= w;
        b *= w;
    }
    a = a < limit ? a : limit;
    b = b < limit ? b : limit;
    a = a > -limit ? a : -limit;
    b = b > -limit ? b : -limit;
    *px = (int32_t)lrint(a);
    *py = (int32_t)lrint(b);
}

/* Bilinear u8: weights have 14 bits after the point, a row of taps is rounded to 7, their mix to 0. */
static inline uint8_t fv_warp_mix(const uint8_t taps[4], int32_t fx, int32_t fy) {
    int32_t above = (taps[0] * (FV_WARP_ONE - fx) + taps[1] * fx + 64) >> 7;
    int32_t below = (taps[2] * (FV_WARP_ONE - fx) + taps[3] * fx + 64) >> 7;
    return (uint8_t)((above * (FV_WARP_ONE - fy) + below * fy + (1 << 20)) >> 21);
}

/* One pixel of the result, by the definition. */
void fv_warp_pixel(const fv_warp_plane *plane, int32_t px, int32_t py, uint8_t *to);
/* Row y of the result, `width` pixels. */
void fv_warp_row(const fv_warp_plane *plane, int64_t y, int64_t width, uint8_t *to);

/* The same for AVX2 (x86 only): u8, one channel to four. */
void fv_warp_row_u8_avx2(const fv_warp_plane *plane, int64_t y, int64_t width, uint8_t *to);

#endif
