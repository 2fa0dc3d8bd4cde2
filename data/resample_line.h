/* resample_line.h - the inner loops of resample.c: one line of pixels at a time. Integer sums are exact, so every version of a
 * loop gives the same bits. */
#ifndef FV_DATA_RESAMPLE_LINE_H
#define FV_DATA_RESAMPLE_LINE_H

#include <stdint.h>

#define FV_WEIGHT_BITS 22 /* after the point */

/* What each output of an axis is made of: row x of the weights holds `count[x]` of them, for the inputs from `first[x]`, then
 * zeros up to `stride`, which is a multiple of 4.
 *
 * `packed` has the fixed weights again, for multiply-adds of 16-bit pairs: w = 2048 · high + low with 0 ≤ low < 2048, and four
 * weights are the four numbers (high 0 1) (high 2 3) (low 0 1) (low 2 3), the first of a pair in its lower half. */
typedef struct fv_axis {
    int64_t out, stride;
    double *exact;  /* for f32 */
    int32_t *fixed; /* for u8 */
    int32_t *packed;
    int32_t *first, *count;
    int32_t most; /* the largest count */
} fv_axis;
#define FV_LOW_BITS 11
void fv_resample_pack(fv_axis *axis); /* fills `packed` from `fixed`, and `most` */

/* A row `from` of at least axis->first + count pixels, of which `readable` bytes may be read → axis->out pixels. */
void fv_resample_across_u8(const uint8_t *from, int64_t readable, int64_t channels, const fv_axis *axis, uint8_t *to);
/* Two rows at once, `stride` bytes apart (0: one row, done twice); `readable` counts from the first. */
void fv_resample_across_two_u8(const uint8_t *from, int64_t stride, int64_t readable, int64_t channels, const fv_axis *axis,
                               uint8_t *to, int64_t to_stride);
/* As many of `rows` rows at once as this machine has a way for; returns how many that was. */
int64_t fv_resample_across_some_u8(const uint8_t *from, int64_t stride, int64_t rows, int64_t readable, int64_t channels,
                                   const fv_axis *axis, uint8_t *to, int64_t to_stride);
void fv_resample_across_f32(const float *from, int64_t channels, const fv_axis *axis, float *to);

/* Output row y of the axis from input rows `stride` elements apart, the first of them axis->first[y]. */
void fv_resample_down_u8(const uint8_t *from, int64_t stride, int64_t columns, const fv_axis *axis, int64_t y, uint8_t *to);
void fv_resample_down_f32(const float *from, int64_t stride, int64_t columns, const fv_axis *axis, int64_t y, float *to);

/* The same for AVX-512 (x86 only): four rows of one channel to four, all that it loads readable. */
void fv_resample_across_four_u8_avx512(const uint8_t *from, int64_t stride, int64_t channels, const fv_axis *axis, uint8_t *to,
                                       int64_t to_stride);
/* The same for AVX2 (x86 only): one channel to four across; any number of columns down. */
void fv_resample_across_two_u8_avx2(const uint8_t *from, int64_t stride, int64_t readable, int64_t channels,
                                    const fv_axis *axis, uint8_t *to, int64_t to_stride);
void fv_resample_down_u8_avx2(const uint8_t *from, int64_t stride, int64_t columns, const fv_axis *axis, int64_t y,
                              uint8_t *to);

static inline uint8_t fv_resample_cut(int32_t sum) {
    sum >>= FV_WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

#endif
