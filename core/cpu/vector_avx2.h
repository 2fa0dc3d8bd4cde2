/* vector_avx2.h - what every AVX2 kernel needs around the 8-float vector: tails, rounding to bf16, the 8×8 transposition,
 * horizontal sums. */
#ifndef FV_CPU_VECTOR_AVX2_H
#define FV_CPU_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define FV_LANES 8

/* All ones in the first `count` (0 … 8) lanes. */
static inline __m256i fv_lanes_avx2(int64_t count) {
    static const int32_t window[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };
    return _mm256_loadu_si256((const __m256i *)(window + FV_LANES - count));
}

/* The first `count` floats, zeros behind; reads nothing else. */
static inline __m256 fv_load_tail_avx2(const float *from, int64_t count) {
    return _mm256_maskload_ps(from, fv_lanes_avx2(count));
}

/* Stores the first `count` (0 … 8) lanes; writes nothing else. Halves by plain stores: a masked store is slow on AMD. */
static inline void fv_store_tail_avx2(float *to, __m256 value, int64_t count) {
    __m128 part = _mm256_castps256_ps128(value);
    if (count & 8) {
        _mm256_storeu_ps(to, value);
        return;
    }
    if (count & 4) {
        _mm_storeu_ps(to, part);
        part = _mm256_extractf128_ps(value, 1);
        to += 4;
    }
    if (count & 2) {
        _mm_storel_pi((__m64 *)to, part);
        part = _mm_movehl_ps(part, part);
        to += 2;
    }
    if (count & 1) _mm_store_ss(to, part);
}

/* Copies floats [0, count), forward. May write up to 7 floats beyond the end of `to`, never reads beyond `from`. */
static inline void fv_copy_over_avx2(float *to, const float *from, int64_t count) {
    int64_t i = 0;
    for (; i + FV_LANES <= count; i += FV_LANES) _mm256_storeu_ps(to + i, _mm256_loadu_ps(from + i));
    if (i < count) _mm256_storeu_ps(to + i, fv_load_tail_avx2(from + i, count - i));
}

static inline void fv_zero_over_avx2(float *to, int64_t count) {
    for (int64_t i = 0; i < count; i += FV_LANES) _mm256_storeu_ps(to + i, _mm256_setzero_ps());
}

/* The upper half of a float, rounded to the nearest, ties to even; a NaN keeps its upper half and becomes a quiet one; what is
 * below 2⁻¹²⁶ becomes zero. As vcvtne2ps2bf16 does. */
static inline __m256 fv_rounded_avx2(__m256 x) {
    __m256i bits = _mm256_castps_si256(x), even = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), even);
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    up = _mm256_blendv_epi8(up, _mm256_or_si256(bits, _mm256_set1_epi32(0x400000)), nan);
    __m256i exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f800000));
    __m256i tiny = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
    up = _mm256_blendv_epi8(up, _mm256_and_si256(bits, _mm256_set1_epi32((int32_t)0x80000000)), tiny);
    return _mm256_castsi256_ps(_mm256_and_si256(up, _mm256_set1_epi32((int32_t)0xffff0000)));
}

/* Rows become columns. */
static inline __attribute__((always_inline)) void fv_transpose8_avx2(__m256 r[8]) {
    __m256 t[8], s[8];
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        s[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
        s[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
        s[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
        s[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(s[i], s[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(s[i], s[i + 4], 0x31);
    }
}

#endif
