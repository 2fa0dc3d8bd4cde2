/* shared: winograd4_avx2.c - Winograd's transforms and products (winograd4.h) by vectors of 8. */
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
