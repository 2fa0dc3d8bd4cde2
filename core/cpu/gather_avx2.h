/* gather_avx2.h - gathering floats with AVX2; the kernels' common instance of gather.h. */
#ifndef FV_CPU_GATHER_AVX2_H
#define FV_CPU_GATHER_AVX2_H

#include <string.h>

#include "core/cpu/gather.h"
#include "core/cpu/vector_avx2.h"

static inline void fv_gather_copy_avx2(void *to, const void *from, int64_t count) { fv_copy_over_avx2(to, from, count); }
static inline void fv_gather_zero_avx2(void *to, int64_t count) { fv_zero_over_avx2(to, count); }

/* Floats [begin, end) of rows [first, first + count) into `to`, `stride` floats apart; up to 7 floats behind the last are
 * written. */
static inline void fv_gather_avx2(const fv_gather *g, int64_t first, int64_t count, int64_t begin, int64_t end, int64_t stride,
                                  float *to) {
    fv_gather_rows(g, sizeof(float), fv_gather_copy_avx2, fv_gather_zero_avx2, first, count, begin, end, stride, (char *)to);
}

static inline void fv_gather_copy_halves(void *to, const void *from, int64_t count) {
    memcpy(to, from, (size_t)count * sizeof(uint16_t));
}
static inline void fv_gather_zero_halves(void *to, int64_t count) { memset(to, 0, (size_t)count * sizeof(uint16_t)); }

/* The same of bf16, which count for floats; nothing is written behind the last. */
static inline void fv_gather_halves(const fv_gather *g, int64_t first, int64_t count, int64_t begin, int64_t end,
                                    int64_t stride, void *to) {
    fv_gather_rows(g, sizeof(uint16_t), fv_gather_copy_halves, fv_gather_zero_halves, first, count, begin, end, stride, to);
}

/* Floats [begin, begin + 16) of the same rows, side by side, where channels and begin are multiples of 16: all of one tap, so
 * that the pixels of a grid row lie at equal distances. */
static inline void fv_gather_panel_avx2(const fv_gather *g, int64_t first, int64_t count, int64_t begin, float *to) {
    int64_t tap = begin / g->channels, t = tap / g->taps[1], u = tap % g->taps[1];
    int64_t j = first % g->grid[1], i = first / g->grid[1] % g->grid[0], n = first / g->grid[1] / g->grid[0];
    int64_t left = g->offset[1] + u * g->tap_step[1]; /* picture column of grid column 0 */
    int64_t inside_begin = left < 0 ? fv_ceil_div(-left, g->step[1]) : 0;
    int64_t inside_end = left < g->width ? fv_ceil_div(g->width - left, g->step[1]) : 0; /* grid columns that see the picture */
    const float *channel = (const float *)g->from + begin % g->channels;
    while (count > 0) {
        int64_t run = fv_min(count, g->grid[1] - j), h = i * g->step[0] + g->offset[0] + t * g->tap_step[0];
        bool outside = h < 0 || h >= g->height;
        int64_t low = outside ? run : fv_min(fv_max(inside_begin - j, 0), run),
                high = outside ? run : fv_max(fv_min(inside_end - j, run), low);
        fv_zero_over_avx2(to, low * 16);
        const float *from = channel + ((n * g->height + h) * g->width + left + (j + low) * g->step[1]) * g->pixel;
        for (int64_t p = low; p < high; p++, from += g->step[1] * g->pixel) {
            _mm256_storeu_ps(to + p * 16, _mm256_loadu_ps(from));
            _mm256_storeu_ps(to + p * 16 + 8, _mm256_loadu_ps(from + 8));
        }
        fv_zero_over_avx2(to + high * 16, (run - high) * 16);
        to += run * 16, count -= run, j = 0;
        if (++i == g->grid[0]) i = 0, n++;
    }
}

#endif
