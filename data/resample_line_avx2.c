/* resample_line_avx2.c - the inner loops of resampling for AVX2, exact to the last bit.
 *
 * With a weight as 2048 · high + low, both of 16 bits, one multiply-add of 16-bit pairs does two taps, and
 * 2048 · Σ high·p + Σ low·p is the sum that the plain loop has. */
#include <immintrin.h>

#include "data/resample_line.h"

#define HALF (1 << (FV_WEIGHT_BITS - 1))

/* Four taps of one RGB pixel: taps 0, 1 in the low lane, 2, 3 in the high one, as (r r' g g' b b' – –) in 16 bits. */
static inline __m256i spread_rgb(const uint8_t *taps) {
    const __m256i order = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7, -1, 10,
                                           -1, 8, -1, 11, -1, -1, -1, -1, -1);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)taps)), order);
}

static inline void rgb_pixel(const uint8_t *taps, const int32_t *packed, int32_t count, uint8_t *to) {
    const __m256i highs = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), lows = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
    __m256i high = _mm256_setzero_si256(), low = high;
    for (int32_t i = 0; i < count; i += 4) {
        __m256i pixels = spread_rgb(taps + 3 * i);
        __m256i weights = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(packed + i)));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(pixels, _mm256_permutevar8x32_epi32(weights, highs)));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(pixels, _mm256_permutevar8x32_epi32(weights, lows)));
    }
    __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, FV_LOW_BITS), low);
    __m128i rgb = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    rgb = _mm_srai_epi32(_mm_add_epi32(rgb, _mm_set1_epi32(HALF)), FV_WEIGHT_BITS);
    rgb = _mm_packus_epi16(_mm_packs_epi32(rgb, rgb), rgb);
    uint32_t bytes = (uint32_t)_mm_cvtsi128_si32(rgb);
    to[0] = (uint8_t)bytes;
    to[1] = (uint8_t)(bytes >> 8);
    to[2] = (uint8_t)(bytes >> 16);
}

static void rgb_pixel_plain(const uint8_t *taps, const int32_t *weights, int32_t count, uint8_t *to) {
    for (int c = 0; c < 3; c++) {
        int32_t sum = HALF;
        for (int32_t i = 0; i < count; i++) sum += taps[3 * i + c] * weights[i];
        to[c] = fv_resample_cut(sum);
    }
}

void fv_resample_across_rgb_avx2(const uint8_t *from, int64_t readable, const fv_axis *axis, uint8_t *to) {
    for (int64_t x = 0; x < axis->out; x++, to += 3) {
        int64_t at = 3 * (int64_t)axis->first[x];
        int32_t count = axis->count[x], groups = (count + 3) / 4;
        if (at + 12 * groups + 4 <= readable) /* a load takes 16 bytes and uses 12 */
            rgb_pixel(from + at, axis->packed + x * axis->stride, count, to);
        else
            rgb_pixel_plain(from + at, axis->fixed + x * axis->stride, count, to);
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
