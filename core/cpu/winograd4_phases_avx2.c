/* shared: winograd4_phases_avx2.c - a first layer's loops (winograd4_phases.h) by vectors of 8; what kernels share. */
#include "core/cpu/cost.h"
#include "core/cpu/winograd4_phases_loops.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define TRANSFORM 24 /* FLOPs of a number transformed */

const fv_phases_vectors fv_phases_by_8 = { from_x, from_dy, to_y, multiply, multiply_dy, from_taps, to_taps };

const fv_phases_vectors *fv_phases_vectors_get(void) {
    return fv_isa_best() >= FV_ISA_AVX512 ? &fv_phases_by_16 : &fv_phases_by_8;
}

static int64_t blocks_across(const fv_phases *w) { return fv_ceil_div(fv_ceil_div(w->y_size[1], TILE), FV_PHASES_BLOCK); }

int64_t fv_phases_blocks(const fv_phases *w) { return fv_ceil_div(w->y_size[0], TILE) * blocks_across(w); }

/* Blocks of a row are of equal size, but for the last. */
fv_phases_place fv_phases_place_of(const fv_phases *w, int64_t block) {
    int64_t tiles = fv_ceil_div(w->y_size[1], TILE), across = blocks_across(w), size = fv_ceil_div(tiles, across);
    int64_t first = block % across * size, row = block / across % fv_ceil_div(w->y_size[0], TILE);
    return (fv_phases_place){ .picture = block / fv_phases_blocks(w),
                              .row = row * TILE,
                              .column = first * TILE,
                              .count = fv_max(fv_min(size, tiles - first), 0) };
}

const char *fv_phases_refuse(const fv_call *call, const fv_type *w) {
    const fv_conv2d_options *o = call->options;
    if (call->inputs[0].type.dtype != FV_F32) return FV_REFUSE_DTYPE;
    if (o->groups != 1) return FV_REFUSE_GROUPS;
    if (o->dilation[0] != 1 || o->dilation[1] != 1) return FV_REFUSE_DILATION;
    if (w->dims[1] != SIDE || w->dims[2] != SIDE || w->dims[3] > FV_PHASES_CHANNELS) return FV_REFUSE_SHAPE;
    return o->stride[0] == 2 && o->stride[1] == 2 ? NULL : FV_REFUSE_OPTIONS;
}

double fv_phases_cost(const fv_type *y, int64_t channels) {
    double depth = (double)(4 * channels), columns = (double)fv_round_up(y->dims[3], GROUP);
    double tiles = (double)(y->dims[0] * fv_ceil_div(y->dims[1], TILE) * fv_ceil_div(y->dims[2], TILE));
    double points = tiles * (2 * columns * depth + TRANSFORM * (columns + DEPTH));
    return FV_COST_CALL + PLANES * (points + TRANSFORM * depth * columns) / FV_COST_AVX2_FLOPS;
}
