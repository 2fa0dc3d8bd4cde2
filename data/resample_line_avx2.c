/* resample_line_avx2.c - the inner loops of resampling for AVX2, exact to the last bit.
 *
 * With a weight as 2048 · high + low, both of 16 bits, one multiply-add of 16-bit pairs does two taps, and
 * 2048 · Σ high·p + Σ low·p is the sum that the plain loop has. */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "data/resample_line.h"

#define HALF (1 << (FV_WEIGHT_BITS - 1))

/* Taps 0, 1 (or, from `tap` on, the next two) of the two pixels in both lanes, as (r r' g g' b b' …) in 16 bits. */
static inline __m256i spread_of(int64_t channels, int tap) {
    int8_t order[16];
    for (int i = 0; i < 16; i++) {
        int64_t c = i / 4, t = tap + i % 4 / 2;
        order[i] = (int8_t)(i % 2 || c >= channels ? -1 : t * channels + c);
    }
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)order));
}

/* One output of two rows, a row in each lane: up to four channels in its first four bytes. */
static inline __m256i two_pixels(const uint8_t *a, const uint8_t *b, int64_t channels, const int32_t *packed, int32_t count,
                                 __m256i first, __m256i second) {
    __m256i high = _mm256_setzero_si256(), low = high;
    for (int32_t i = 0; i < count; i += 4, a += 4 * channels, b += 4 * channels, packed += 4) {
        __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)a)),
                                               _mm_loadu_si128((const __m128i *)b), 1);
        __m256i taps = _mm256_shuffle_epi8(both, first), more = _mm256_shuffle_epi8(both, second);
        high = _mm256_add_epi32(high, _mm256_madd_epi16(taps, _mm256_set1_epi32(packed[0])));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(more, _mm256_set1_epi32(packed[1])));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(taps, _mm256_set1_epi32(packed[2])));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(more, _mm256_set1_epi32(packed[3])));
    }
    __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, FV_LOW_BITS), low);
    sum = _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(HALF)), FV_WEIGHT_BITS);
    return _mm256_packus_epi16(_mm256_packs_epi32(sum, sum), sum);
}

static void pixel_plain(const uint8_t *taps, int64_t channels, const int32_t *weights, int32_t count, uint8_t *to) {
    for (int64_t c = 0; c < channels; c++) {
        int32_t sum = HALF;
        for (int32_t i = 0; i < count; i++) sum += taps[channels * i + c] * weights[i];
        to[c] = fv_resample_cut(sum);
    }
}

/* Sizes that are known let a store be one. Where a pixel follows it overwrites the fourth byte. */
static inline void store(uint32_t pixel, int64_t channels, bool another_follows, uint8_t *to) {
    if (channels == 3 && another_follows)
        memcpy(to, &pixel, 4);
    else if (channels == 3)
        memcpy(to, &pixel, 3);
    else
        memcpy(to, &pixel, (size_t)channels);
}

/* Rows `stride` bytes apart become rows `to_stride` apart. `readable` is what may be read from `from` on. */
static inline void two_rows(const uint8_t *from, int64_t stride, int64_t readable, int64_t channels, const fv_axis *axis,
                            uint8_t *to, int64_t to_stride) {
    const fv_axis own = *axis; /* what is written to `to` cannot change it */
    /* As many taps everywhere, some with weight zero: a loop that always turns as often is predicted. */
    const int32_t most = own.most, loaded = (most - 1) / 4 * 4;
    const __m256i first = spread_of(channels, 0), second = spread_of(channels, 2);
    for (int64_t x = 0; x < own.out; x++, to += channels) {
        int64_t at = channels * own.first[x];
        int32_t count = own.count[x];
        int64_t end = at + stride + channels * loaded + 16; /* a load takes 16 bytes */
        if (end > readable) {
            pixel_plain(from + at, channels, own.fixed + x * own.stride, count, to);
            pixel_plain(from + stride + at, channels, own.fixed + x * own.stride, count, to + to_stride);
            continue;
        }
        const int32_t *packed = own.packed + x * own.stride;
        __m256i two = two_pixels(from + at, from + stride + at, channels, packed, most, first, second);
        uint32_t a = (uint32_t)_mm256_extract_epi32(two, 0), b = (uint32_t)_mm256_extract_epi32(two, 4);
        store(a, channels, x + 1 < own.out, to);
        store(b, channels, x + 1 < own.out, to + to_stride);
    }
}

void fv_resample_across_two_u8_avx2(const uint8_t *from, int64_t stride, int64_t readable, int64_t channels,
                                    const fv_axis *axis, uint8_t *to, int64_t to_stride) {
    switch (channels) { /* a constant lets the compiler unroll */
    case 1: two_rows(from, stride, readable, 1, axis, to, to_stride); break;
    case 3: two_rows(from, stride, readable, 3, axis, to, to_stride); break;
    case 4: two_rows(from, stride, readable, 4, axis, to, to_stride); break;
    default: two_rows(from, stride, readable, channels, axis, to, to_stride);
    }
}

/* Sums of 16 columns over pairs of rows; an odd last row is paired with itself at weight zero. */
static inline __m128i down_16(const uint8_t *from, int64_t stride, const int32_t *packed, int32_t count) {
    __m256i high[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() }, low[2] = { high[0], high[0] };
    for (int32_t i = 0; i < count; i += 2) {
        const uint8_t *row = from + i * stride, *next = i + 1 < count ? row + stride : row;
        __m128i a = _mm_loadu_si128((const __m128i *)row), b = _mm_loadu_si128((const __m128i *)next);
        __m256i pairs[2] = { _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)), _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b)) };
        const int32_t *weights = packed + i / 4 * 4 + i % 4 / 2;
        __m256i w_high = _mm256_set1_epi32(weights[0]), w_low = _mm256_set1_epi32(weights[2]);
        for (int k = 0; k < 2; k++) {
            high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(pairs[k], w_high));
            low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(pairs[k], w_low));
        }
    }
    const __m256i half = _mm256_set1_epi32(HALF);
    __m256i sum[2];
    for (int k = 0; k < 2; k++) {
        sum[k] = _mm256_add_epi32(_mm256_add_epi32(_mm256_slli_epi32(high[k], FV_LOW_BITS), low[k]), half);
        sum[k] = _mm256_srai_epi32(sum[k], FV_WEIGHT_BITS);
    }
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(sum[0], sum[1]), 0xD8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

void fv_resample_down_u8_avx2(const uint8_t *from, int64_t stride, int64_t columns, const fv_axis *axis, int64_t y,
                              uint8_t *to) {
    const int32_t *weights = axis->fixed + y * axis->stride, *packed = axis->packed + y * axis->stride;
    int32_t count = axis->count[y];
    int64_t c = 0;
    for (; c + 16 <= columns; c += 16) _mm_storeu_si128((__m128i *)(to + c), down_16(from + c, stride, packed, count));
    for (; c < columns; c++) {
        int32_t sum = HALF;
        for (int32_t i = 0; i < count; i++) sum += from[i * stride + c] * weights[i];
        to[c] = fv_resample_cut(sum);
    }
}
