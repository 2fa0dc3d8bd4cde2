/* resample_line.c - the inner loops of resampling in plain C, and the choice between them and AVX2. */
#include "data/resample_line.h"

#include <stdbool.h>

#define HALF (1 << (FV_WEIGHT_BITS - 1))
#define COLUMNS 64 /* sums kept at a time */

static int32_t pair(int32_t first, int32_t second) {
    return (int32_t)((uint32_t)(uint16_t)first | (uint32_t)(uint16_t)second << 16);
}

void fv_resample_pack(fv_axis *axis) {
    const int32_t mask = (1 << FV_LOW_BITS) - 1, *fixed = axis->fixed;
    for (int64_t i = 0; i < axis->out * axis->stride; i += 2, fixed += 2) {
        int32_t *group = axis->packed + i / 4 * 4 + i % 4 / 2;
        group[0] = pair(fixed[0] >> FV_LOW_BITS, fixed[1] >> FV_LOW_BITS);
        group[2] = pair(fixed[0] & mask, fixed[1] & mask);
    }
    axis->most = 0;
    for (int64_t x = 0; x < axis->out; x++)
        if (axis->count[x] > axis->most) axis->most = axis->count[x];
}

static bool have_avx2(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

#if defined(__x86_64__)
static bool have_avx512(void) { /* what files named so are compiled for */
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

/* Bytes from a row's begin that vectors read: 16 at a time, the last of them at the last output's last four taps. */
static int64_t loaded(const fv_axis *axis, int64_t channels) {
    return channels * (axis->first[axis->out - 1] + (axis->most - 1) / 4 * 4) + 16;
}
#endif

static inline void across_u8(const uint8_t *from, int64_t channels, const fv_axis *axis, uint8_t *to) {
    for (int64_t x = 0; x < axis->out; x++, to += channels) {
        const uint8_t *taps = from + axis->first[x] * channels;
        const int32_t *weights = axis->fixed + x * axis->stride;
        for (int64_t c = 0; c < channels; c++) {
            int32_t sum = HALF;
            for (int32_t i = 0; i < axis->count[x]; i++) sum += taps[i * channels + c] * weights[i];
            to[c] = fv_resample_cut(sum);
        }
    }
}

void fv_resample_across_two_u8(const uint8_t *from, int64_t stride, int64_t readable, int64_t channels, const fv_axis *axis,
                               uint8_t *to, int64_t to_stride) {
#if defined(__x86_64__)
    if (channels <= 4 && have_avx2()) {
        fv_resample_across_two_u8_avx2(from, stride, readable, channels, axis, to, to_stride);
        return;
    }
#endif
    (void)readable;
    for (int row = 0; row < (stride ? 2 : 1); row++, from += stride, to += to_stride)
        switch (channels) { /* a constant lets the compiler unroll */
        case 1: across_u8(from, 1, axis, to); break;
        case 3: across_u8(from, 3, axis, to); break;
        default: across_u8(from, channels, axis, to);
        }
}

void fv_resample_across_u8(const uint8_t *from, int64_t readable, int64_t channels, const fv_axis *axis, uint8_t *to) {
    fv_resample_across_two_u8(from, 0, readable, channels, axis, to, 0);
}

int64_t fv_resample_across_some_u8(const uint8_t *from, int64_t stride, int64_t rows, int64_t readable, int64_t channels,
                                   const fv_axis *axis, uint8_t *to, int64_t to_stride) {
#if defined(__x86_64__)
    if (rows >= 4 && channels <= 4 && have_avx512() && 3 * stride + loaded(axis, channels) <= readable) {
        fv_resample_across_four_u8_avx512(from, stride, channels, axis, to, to_stride);
        return 4;
    }
#endif
    if (rows == 1) {
        fv_resample_across_u8(from, readable, channels, axis, to);
        return 1;
    }
    fv_resample_across_two_u8(from, stride, readable, channels, axis, to, to_stride);
    return 2;
}

void fv_resample_across_f32(const float *from, int64_t channels, const fv_axis *axis, float *to) {
    for (int64_t x = 0; x < axis->out; x++, to += channels) {
        const float *taps = from + axis->first[x] * channels;
        const double *weights = axis->exact + x * axis->stride;
        for (int64_t c = 0; c < channels; c++) {
            double sum = 0;
            for (int32_t i = 0; i < axis->count[x]; i++) sum += (double)taps[i * channels + c] * weights[i];
            to[c] = (float)sum;
        }
    }
}

void fv_resample_down_u8(const uint8_t *from, int64_t stride, int64_t columns, const fv_axis *axis, int64_t y, uint8_t *to) {
#if defined(__x86_64__)
    if (have_avx2()) {
        fv_resample_down_u8_avx2(from, stride, columns, axis, y, to);
        return;
    }
#endif
    const int32_t *weights = axis->fixed + y * axis->stride;
    for (int64_t begin = 0; begin < columns; begin += COLUMNS) {
        int32_t sums[COLUMNS];
        int64_t width = columns - begin < COLUMNS ? columns - begin : COLUMNS;
        for (int64_t c = 0; c < width; c++) sums[c] = HALF;
        for (int32_t i = 0; i < axis->count[y]; i++) {
            const uint8_t *row = from + i * stride + begin;
            for (int64_t c = 0; c < width; c++) sums[c] += row[c] * weights[i];
        }
        for (int64_t c = 0; c < width; c++) to[begin + c] = fv_resample_cut(sums[c]);
    }
}

void fv_resample_down_f32(const float *from, int64_t stride, int64_t columns, const fv_axis *axis, int64_t y, float *to) {
    const double *weights = axis->exact + y * axis->stride;
    for (int64_t c = 0; c < columns; c++) {
        double sum = 0;
        for (int32_t i = 0; i < axis->count[y]; i++) sum += (double)from[i * stride + c] * weights[i];
        to[c] = (float)sum;
    }
}
