/* shared: winograd_avx2.c - by which vectors a Winograd convolution is transformed (winograd.h). */
#include "core/cpu/winograd.h"
#include "core/plan/kernel.h"

const fv_winograd_vectors *fv_winograd_vectors_get(const fv_winograd *w) {
    static const fv_winograd_vectors *const by_8[] = { &fv_winograd2_by_8, &fv_winograd4_by_8, &fv_winograd2_phases_by_8,
                                                       &fv_winograd2_spread_by_8 };
    static const fv_winograd_vectors *const by_16[] = { &fv_winograd2_by_16, &fv_winograd4_by_16, &fv_winograd2_phases_by_16,
                                                        &fv_winograd2_spread_by_16 };
    return (fv_isa_best() >= FV_ISA_AVX512 ? by_16 : by_8)[w->spread ? 3 : w->phases ? 2 : w->tile == FV_WINOGRAD_TILE];
}

/* Of bf16 there are tiles of 4×4 alone. */
static const fv_winograd_pictures *pictures(const fv_winograd *w, bool narrow) {
    if (!narrow) return &fv_winograd_vectors_get(w)->pictures;
    return fv_isa_bf16() ? &fv_winograd4_stored_bf16 : &fv_winograd4_stored_avx2;
}

void fv_winograd_from_x(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to) {
    pictures(w, w->x_narrow)->from_x(w, first, count, to);
}

void fv_winograd_from_dy(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to) {
    pictures(w, w->dy_narrow)->from_dy(w, first, count, to);
}

void fv_winograd_to_y(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *from) {
    pictures(w, w->y_narrow)->to_y(w, first, count, from);
}
