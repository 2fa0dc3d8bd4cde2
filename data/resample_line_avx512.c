/* resample_line_avx512.c - rows across four at a time: the sums of resample_line_avx2.c, a row in each quarter of a register.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "data/resample_line.h"

#define HALF (1 << (FV_WEIGHT_BITS - 1))

/* Taps `tap` and `tap` + 1 of a pixel in every quarter, as (r r' g g' b b' …) in 16 bits. */
static inline __m512i spread_of(int64_t channels, int tap) {
    int8_t order[16];
    for (int i = 0; i < 16; i++) {
        int64_t c = i / 4, t = tap + i % 4 / 2;
        order[i] = (int8_t)(i % 2 || c >= channels ? -1 : t * channels + c);
    }
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)order));
}

static inline __m512i load_four(const uint8_t *from, int64_t stride) {
    __m512i rows = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)from));
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(from + stride)), 1);
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(from + 2 * stride)), 2);
    return _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(from + 3 * stride)), 3);
}

/* One output of four rows: up to four channels in the first four bytes of each quarter. */
static inline __m512i four_pixels(const uint8_t *from, int64_t stride, int64_t channels, const int32_t *packed, int32_t most,
                                  __m512i first, __m512i second) {
    __m512i high = _mm512_setzero_si512(), low = high;
    for (int32_t i = 0; i < most; i += 4, from += 4 * channels, packed += 4) {
        __m512i rows = load_four(from, stride), taps = _mm512_shuffle_epi8(rows, first);
        __m512i more = _mm512_shuffle_epi8(rows, second);
        high = _mm512_add_epi32(high, _mm512_madd_epi16(taps, _mm512_set1_epi32(packed[0])));
        high = _mm512_add_epi32(high, _mm512_madd_epi16(more, _mm512_set1_epi32(packed[1])));
        low = _mm512_add_epi32(low, _mm512_madd_epi16(taps, _mm512_set1_epi32(packed[2])));
        low = _mm512_add_epi32(low, _mm512_madd_epi16(more, _mm512_set1_epi32(packed[3])));
    }
    __m512i sum = _mm512_add_epi32(_mm512_add_epi32(_mm512_slli_epi32(high, FV_LOW_BITS), low), _mm512_set1_epi32(HALF));
    sum = _mm512_srai_epi32(sum, FV_WEIGHT_BITS);
    sum = _mm512_packs_epi32(sum, sum);
    return _mm512_packus_epi16(sum, sum);
}

/* Where a pixel follows, the fourth byte of three is overwritten by it. */
static inline void store(int32_t pixel, int64_t channels, bool another_follows, uint8_t *to) {
    if (channels == 3 && another_follows)
        memcpy(to, &pixel, 4);
    else
        memcpy(to, &pixel, (size_t)channels);
}

static inline void four_rows(const uint8_t *from, int64_t stride, int64_t channels, const fv_axis *axis, uint8_t *to,
                             int64_t to_stride) {
    const fv_axis own = *axis; /* what is written to `to` cannot change it */
    const __m512i first = spread_of(channels, 0), second = spread_of(channels, 2);
    for (int64_t x = 0; x < own.out; x++, to += channels) {
        const uint8_t *at = from + channels * own.first[x];
        __m512i four = four_pixels(at, stride, channels, own.packed + x * own.stride, own.most, first, second);
        bool another = x + 1 < own.out;
        store(_mm_cvtsi128_si32(_mm512_castsi512_si128(four)), channels, another, to);
        store(_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(four, 1)), channels, another, to + to_stride);
        store(_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(four, 2)), channels, another, to + 2 * to_stride);
        store(_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(four, 3)), channels, another, to + 3 * to_stride);
    }
}

void fv_resample_across_four_u8_avx512(const uint8_t *from, int64_t stride, int64_t channels, const fv_axis *axis, uint8_t *to,
                                       int64_t to_stride) {
    switch (channels) { /* a constant lets the compiler unroll */
    case 1: four_rows(from, stride, 1, axis, to, to_stride); break;
    case 3: four_rows(from, stride, 3, axis, to, to_stride); break;
    case 4: four_rows(from, stride, 4, axis, to, to_stride); break;
    default: four_rows(from, stride, channels, axis, to, to_stride);
    }
}
