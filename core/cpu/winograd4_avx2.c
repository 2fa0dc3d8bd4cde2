/* shared: winograd4_avx2.c - Winograd's transforms and products (winograd4.h) by vectors of 8. */
#include "core/cpu/vector_avx2.h"

#define LANES FV_LANES
typedef __m256 lanes;
static inline lanes load(const float *from) { return _mm256_loadu_ps(from); }
static inline lanes load_tail(const float *from, int64_t count) { return fv_load_tail_avx2(from, count); }
static inline void store(float *to, lanes value) { _mm256_storeu_ps(to, value); }
static inline void store_tail(float *to, lanes value, int64_t count) { fv_store_tail_avx2(to, value, count); }
static inline lanes all(float value) { return _mm256_set1_ps(value); }
static inline lanes multiply_add(lanes a, lanes b, lanes c) { return _mm256_fmadd_ps(a, b, c); }

#include "core/cpu/winograd4_tiles.h"
#include "core/plan/kernel.h"

/* 6×16: 12 sums, 2 vectors of b, one of a. */
static void panel_product(const float *a, const float *b, int64_t tiles, bool add, float *to) {
    chains(0, 6, 1, a, b, 0, tiles, add, to);
    chains(6, 6, 1, a, b, 0, tiles, add, to);
    chains(12, 4, 1, a, b, 0, tiles, add, to);
}

static void product(const float *a, const float *b, int64_t panel, int panels, int64_t tiles, bool add, float *to) {
    for (int p = 0; p < panels; p++) panel_product(a, b + p * panel, tiles, add, to + p * GROUP);
}

const fv_winograd4_vectors fv_winograd4_by_8 = { from_x, from_dy, to_y, from_taps, product, to_taps };

const fv_winograd4_vectors *fv_winograd4_vectors_get(void) {
    return fv_isa_best() >= FV_ISA_AVX512 ? &fv_winograd4_by_16 : &fv_winograd4_by_8;
}
