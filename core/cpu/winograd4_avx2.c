/* shared: winograd4_avx2.c - Winograd's transforms (winograd4.h) by vectors of 8. */
#include "core/cpu/winograd4_tiles.h"
#include "core/plan/kernel.h"

const fv_winograd4_vectors fv_winograd4_by_8 = { from_x, from_dy, to_y, from_taps, to_taps };

const fv_winograd4_vectors *fv_winograd4_vectors_get(const fv_winograd4 *w) {
    static const fv_winograd4_vectors *const by_8[] = { &fv_winograd2_by_8, &fv_winograd4_by_8, &fv_winograd2_phases_by_8,
                                                        &fv_winograd2_spread_by_8 };
    static const fv_winograd4_vectors *const by_16[] = { &fv_winograd2_by_16, &fv_winograd4_by_16, &fv_winograd2_phases_by_16,
                                                         &fv_winograd2_spread_by_16 };
    return (fv_isa_best() >= FV_ISA_AVX512 ? by_16 : by_8)[w->spread ? 3 : w->phases ? 2 : w->tile == FV_WINOGRAD4_TILE];
}
