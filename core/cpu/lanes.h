/* lanes.h - the widest vector of floats that the including file's flags allow (its suffix sets them), for loops that are
 * compiled once for each instruction set. The type `lanes` has LANES floats; + − * work on it lane by lane. stream() stores
 * past the caches, whole and aligned vectors only; stream_end() comes before another thread reads them. at_least() and
 * at_most() let a NaN pass. above() and below() keep the lanes of a value in which x > low, x < high or x is a NaN, 0 else. */
#ifndef FV_CPU_LANES_H
#define FV_CPU_LANES_H

#include <stdint.h>

#if defined(__AVX512F__)

#include <immintrin.h>
#define LANES 16
typedef __m512 lanes;
static inline __mmask16 fv_lanes_first(int64_t count) { return (__mmask16)((1u << count) - 1); }
static inline lanes load(const float *from) { return _mm512_loadu_ps(from); }
/* The first `count` (0 … LANES) floats, zeros behind; reads nothing else. */
static inline lanes load_tail(const float *from, int64_t count) { return _mm512_maskz_loadu_ps(fv_lanes_first(count), from); }
static inline void store(float *to, lanes value) { _mm512_storeu_ps(to, value); }
static inline void store_tail(float *to, lanes value, int64_t count) {
    _mm512_mask_storeu_ps(to, fv_lanes_first(count), value);
}
static inline void stream(float *to, lanes value) { _mm512_stream_ps(to, value); }
static inline void stream_end(void) { _mm_sfence(); }
static inline lanes all(float value) { return _mm512_set1_ps(value); }
static inline lanes at_least(lanes value, float low) { return _mm512_max_ps(all(low), value); }
static inline lanes at_most(lanes value, float high) { return _mm512_min_ps(all(high), value); }
static inline lanes multiply_add(lanes a, lanes b, lanes c) { return _mm512_fmadd_ps(a, b, c); }
static inline lanes above(lanes value, lanes x, float low) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, all(low), _CMP_NLE_UQ), value);
}
static inline lanes below(lanes value, lanes x, float high) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, all(high), _CMP_NGE_UQ), value);
}

#elif defined(__AVX2__) && defined(__FMA__)

#include "core/cpu/vector_avx2.h"
#define LANES FV_LANES
typedef __m256 lanes;
static inline lanes load(const float *from) { return _mm256_loadu_ps(from); }
static inline lanes load_tail(const float *from, int64_t count) { return fv_load_tail_avx2(from, count); }
static inline void store(float *to, lanes value) { _mm256_storeu_ps(to, value); }
static inline void store_tail(float *to, lanes value, int64_t count) { fv_store_tail_avx2(to, value, count); }
static inline void stream(float *to, lanes value) { _mm256_stream_ps(to, value); }
static inline void stream_end(void) { _mm_sfence(); }
static inline lanes all(float value) { return _mm256_set1_ps(value); }
static inline lanes at_least(lanes value, float low) { return _mm256_max_ps(all(low), value); }
static inline lanes at_most(lanes value, float high) { return _mm256_min_ps(all(high), value); }
static inline lanes multiply_add(lanes a, lanes b, lanes c) { return _mm256_fmadd_ps(a, b, c); }
static inline lanes above(lanes value, lanes x, float low) {
    return _mm256_and_ps(_mm256_cmp_ps(x, all(low), _CMP_NLE_UQ), value);
}
static inline lanes below(lanes value, lanes x, float high) {
    return _mm256_and_ps(_mm256_cmp_ps(x, all(high), _CMP_NGE_UQ), value);
}

#else

#include <math.h>
#include <string.h>
#define LANES 4
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
static inline lanes load_tail(const float *from, int64_t count) {
    lanes value = { 0 };
    memcpy(&value, from, (size_t)count * sizeof(float));
    return value;
}
static inline lanes load(const float *from) { return load_tail(from, LANES); }
static inline void store_tail(float *to, lanes value, int64_t count) { memcpy(to, &value, (size_t)count * sizeof(float)); }
static inline void store(float *to, lanes value) { store_tail(to, value, LANES); }
static inline void stream(float *to, lanes value) { store(to, value); }
static inline void stream_end(void) {}
static inline lanes all(float value) { return (lanes){ value, value, value, value }; }
static inline lanes at_least(lanes value, float low) {
    for (int i = 0; i < LANES; i++) value[i] = value[i] < low ? low : value[i];
    return value;
}
static inline lanes at_most(lanes value, float high) {
    for (int i = 0; i < LANES; i++) value[i] = value[i] > high ? high : value[i];
    return value;
}
static inline lanes multiply_add(lanes a, lanes b, lanes c) {
    lanes value;
    for (int i = 0; i < LANES; i++) value[i] = fmaf(a[i], b[i], c[i]);
    return value;
}
static inline lanes above(lanes value, lanes x, float low) {
    for (int i = 0; i < LANES; i++) value[i] = x[i] <= low ? 0 : value[i];
    return value;
}
static inline lanes below(lanes value, lanes x, float high) {
    for (int i = 0; i < LANES; i++) value[i] = x[i] >= high ? 0 : value[i];
    return value;
}

#endif
#endif
