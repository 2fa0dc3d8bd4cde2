/* stored_lanes.h - loading and storing vectors of f32 whose memory may be bf16 (stored_rows.h), compiled once for each
 * instruction set, as lanes.h is: AVX-512 with its bf16 (_bf16.c) or without, AVX2. All give the same bits. */
#ifndef FV_CPU_STORED_LANES_H
#define FV_CPU_STORED_LANES_H

#include <stdbool.h>
#include <string.h>

#include "core/cpu/lanes.h"
#include "core/cpu/stored_rows.h"
#if defined(__AVX2__)
#include "core/cpu/vector_avx2.h"
#endif

#if defined(__AVX512F__)

static inline lanes widened(__m256i halves) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
static inline lanes widen(const uint16_t *from) { return widened(_mm256_loadu_si256((const __m256i *)from)); }
/* The first `count` (0 … LANES) numbers, zeros behind; reads nothing else. */
static inline lanes widen_tail(const uint16_t *from, int64_t count) {
    return widened(_mm256_maskz_loadu_epi16(fv_lanes_first(count), from));
}
#if defined(__AVX512BF16__)
static inline __m256i narrowed(lanes value) { return (__m256i)_mm512_cvtneps_pbh(value); }
#else
static inline __m256i narrowed(lanes value) {
    __m256 low = fv_rounded_avx2(_mm512_castps512_ps256(value)), high = fv_rounded_avx2(_mm512_extractf32x8_ps(value, 1));
    __m512i bits = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_castps_si256(low)), _mm256_castps_si256(high), 1);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16));
}
#endif
static inline void narrow(uint16_t *to, lanes value) { _mm256_storeu_si256((__m256i *)to, narrowed(value)); }
static inline void narrow_tail(uint16_t *to, lanes value, int64_t count) {
    _mm256_mask_storeu_epi16(to, fv_lanes_first(count), narrowed(value));
}
/* Past the caches; `to` is a multiple of 32 bytes. */
static inline void narrow_stream(uint16_t *to, lanes value) { _mm256_stream_si256((__m256i *)to, narrowed(value)); }

#elif defined(__AVX2__)

static inline lanes widened(__m128i halves) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}
static inline lanes widen(const uint16_t *from) { return widened(_mm_loadu_si128((const __m128i *)from)); }
static inline lanes widen_tail(const uint16_t *from, int64_t count) {
    uint16_t whole[LANES] = { 0 };
    memcpy(whole, from, (size_t)count * sizeof *from);
    return widen(whole);
}
static inline __m128i narrowed(lanes value) {
    __m256i bits = _mm256_srli_epi32(_mm256_castps_si256(fv_rounded_avx2(value)), 16);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi32(bits, bits), 0x08));
}
static inline void narrow(uint16_t *to, lanes value) { _mm_storeu_si128((__m128i *)to, narrowed(value)); }
static inline void narrow_tail(uint16_t *to, lanes value, int64_t count) {
    uint16_t whole[LANES];
    narrow(whole, value);
    memcpy(to, whole, (size_t)count * sizeof *to);
}
static inline void narrow_stream(uint16_t *to, lanes value) { _mm_stream_si128((__m128i *)to, narrowed(value)); }

#else

static inline lanes widen_tail(const uint16_t *from, int64_t count) {
    lanes value = { 0 };
    for (int64_t i = 0; i < count; i++) value[i] = fv_float_of_bf16(from[i]);
    return value;
}
static inline lanes widen(const uint16_t *from) { return widen_tail(from, LANES); }
static inline void narrow_tail(uint16_t *to, lanes value, int64_t count) {
    for (int64_t i = 0; i < count; i++) to[i] = fv_bf16_of_float(value[i]);
}
static inline void narrow(uint16_t *to, lanes value) { narrow_tail(to, value, LANES); }
static inline void narrow_stream(uint16_t *to, lanes value) { narrow(to, value); }

#endif

/* Numbers from number `at` on: `count` of them, LANES where `whole`. */
static inline __attribute__((always_inline)) lanes take(fv_stored_rows from, bool whole, int64_t at, int64_t count) {
    if (from.narrow) {
        const uint16_t *there = (const uint16_t *)from.data + at;
        return whole ? widen(there) : widen_tail(there, count);
    }
    const float *there = (const float *)from.data + at;
    return whole ? load(there) : load_tail(there, count);
}

static inline __attribute__((always_inline)) void put(fv_stored_rows to, bool whole, int64_t at, lanes value, int64_t count) {
    if (to.narrow) {
        uint16_t *there = (uint16_t *)to.data + at;
        if (whole)
            narrow(there, value);
        else
            narrow_tail(there, value, count);
        return;
    }
    float *there = (float *)to.data + at;
    if (whole)
        store(there, value);
    else
        store_tail(there, value, count);
}

/* See fv_narrow_rows in rounded_product.h. */
static inline void narrow_rows(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at,
                               bool stream_them) {
    for (int64_t n = 0; n < count; n++, from += row) {
        uint16_t *there = to + at[n];
        bool lines = stream_them && (uintptr_t)there % 64 == 0 && width % 32 == 0;
        int64_t i = 0;
        for (; i + LANES <= width; i += LANES)
            if (lines)
                narrow_stream(there + i, load(from + i));
            else
                narrow(there + i, load(from + i));
        if (i < width) narrow_tail(there + i, load_tail(from + i, width - i), width - i);
    }
    if (stream_them) stream_end();
}

/* Asks for what is `bytes` behind number `at`. */
static inline __attribute__((always_inline)) void ask_ahead(fv_stored_rows from, int64_t at, int64_t bytes) {
    __builtin_prefetch((const char *)from.data + at * (from.narrow ? 2 : 4) + bytes);
}

#endif
