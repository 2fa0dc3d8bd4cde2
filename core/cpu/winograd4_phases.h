/* winograd4_phases.h - 7×7 convolution of stride 2 of at most three channels, the first layer of many networks, by Winograd's
 * F(4×4, 4×4) (Lavin, Gray: arXiv 1509.09308), f32 NHWC, one group.
 *
 * Pixels in rows of one parity and columns of one parity are a phase; each of the four meets taps of one parity alone. So the
 * convolution is one of stride 1 over the phases' channels, four times as many, with 4×4 taps, of which one row and one column
 * are zero where there are but three. A tile of 4×4 results takes 4 · 49 products a pair of channels where the definition
 * takes 16 · 49. With the matrices of winograd4_phases_loops.h, ⊙ element by element, a sum over phases and channels:
 *
 *   y  = Aᵀ [ Σ (G w Gᵀ) ⊙ (Bᵀ x B) ] A              x: the 7×7 pixels of a phase under a tile, w: its 4×4 taps
 *   dw = Gᵀ [ Σ_tiles (A dy Aᵀ) ⊙ (Bᵀ x B) ] G       the exact adjoint with respect to w
 *
 * Tiles at a picture's end that reach beyond it are computed whole, and what lies beyond is left out.
 *
 * It is as exact as F(4×4, 3×3) of 64 channels (docs/performance.md): FOVEA_KERNEL=conv2d:gemm,conv2d_grad_weights:gemm
 * computes without. Vectors of 8 and of 16 give the same bits. */
#ifndef FV_CPU_WINOGRAD4_PHASES_H
#define FV_CPU_WINOGRAD4_PHASES_H

#include <stdbool.h>

#include "core/graph/op.h"

#define FV_PHASES_TAPS 49    /* of a filter */
#define FV_PHASES_TILE 4     /* results of a tile, along each axis */
#define FV_PHASES_PLANES 49  /* products of a tile */
#define FV_PHASES_CHANNELS 3 /* of x, at most */
#define FV_PHASES_DEPTH 16   /* floats of a tile of x in a plane: of row phase p from 8p on, by column phase and channel */
#define FV_PHASES_GROUP 16   /* channels of the result: a cache line */
#define FV_PHASES_BLOCK 28   /* tiles at a time, side by side: planes of 64 channels take 0.35 MB, in the second-level cache */
#define FV_PHASES_RESULTS 64 /* channels of the result, or of its gradient, at a time */
#define FV_PHASES_PLANE (FV_PHASES_BLOCK * FV_PHASES_RESULTS + 80) /* floats from plane to plane of y: they do not alias */
#define FV_PHASES_LINES 14 /* lines of transformed pixels, for 7 points of each row phase: */
#define FV_PHASES_LINE 720 /* floats, for the 8 · BLOCK + 5 pixels under a block; an odd number of cache lines */

typedef struct fv_phases {
    int64_t pictures;
    const float *x;
    int64_t x_size[2], channels; /* 1 … FV_PHASES_CHANNELS */
    int64_t origin[2]; /* result (i, j) is made of x from pixel (2i + origin[0], 2j + origin[1]) on, which may lie outside */
    const float *dy;   /* of the gradient with respect to the weights */
    float *y;          /* of the convolution */
    int64_t y_size[2], y_channels;
    const float *bias; /* added to y, or NULL */
    bool streamed;     /* y is written past the caches, where that is done by whole lines */
    bool limited;      /* and kept between low and high */
    float low, high;
} fv_phases;

/* Tiles side by side: their picture, the first one's first result, how many. */
typedef struct fv_phases_place {
    int64_t picture, row, column, count;
} fv_phases_place;

/* Blocks of tiles of a picture, row by row. */
int64_t fv_phases_blocks(const fv_phases *w);
fv_phases_place fv_phases_place_of(const fv_phases *w, int64_t block); /* of the picture block / blocks of one */

/* What is done to numbers, by vectors. Where a tile's floats in a plane lie is as who writes them does best: those of x at
 * (tile · PLANES + plane) · DEPTH; of channels of dy, `groups` of 16, at (tile · PLANES + plane) · groups · 16; of y at
 * plane · PLANE + tile · groups · 16. */
typedef struct fv_phases_vectors {
    /* By way of LINES lines. */
    void (*from_x)(const fv_phases *w, const fv_phases_place *place, float *lines, float *to);
    /* Channels [first, first + groups · 16). */
    void (*from_dy)(const fv_phases *w, const fv_phases_place *place, int64_t first, int64_t groups, float *to);
    void (*to_y)(const fv_phases *w, const fv_phases_place *place, int64_t first, int64_t groups, const float *from);
    /* The products of `count` tiles with weights of groups · 16 channels: for each plane, `plane` floats apart, and each group
     * 4 · channels rows of 16. */
    void (*multiply)(int64_t channels, int64_t count, const float *x, const float *weights, int64_t plane, int64_t groups,
                     float *to);
    /* The same of x and dy, summed over tiles: for each plane 4 · channels rows of groups · 16; added to what is there. */
    void (*multiply_dy)(int64_t channels, int64_t count, const float *x, const float *dy, int64_t groups, bool add, float *to);
    /* One group's taps, rows of 16 as they lie in a filter, become weights as `multiply` reads them. */
    void (*from_taps)(int64_t channels, const float *taps, float *to, int64_t plane);
    /* What multiply_dy sums becomes taps: rows of groups · 16, as they lie in a filter. */
    void (*to_taps)(int64_t channels, const float *from, int64_t groups, float *taps);
} fv_phases_vectors;

extern const fv_phases_vectors fv_phases_by_8, fv_phases_by_16;
const fv_phases_vectors *fv_phases_vectors_get(void); /* the widest that CPU and FOVEA_ISA allow */

/* 7×7, stride 2, no dilation, one group, at most three channels, f32: NULL, otherwise why not. */
const char *fv_phases_refuse(const fv_call *call, const fv_type *w);
/* A cost as in kernel.h, of a convolution of `channels` whose result is y, NHWC. */
double fv_phases_cost(const fv_type *y, int64_t channels);

#endif
