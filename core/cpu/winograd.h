/* winograd.h - 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3) and F(2×2, 3×3) (Lavin, Gray: arXiv 1509.09308), of
 * stride 2 by F(2×2, 2×2) over phases, f32 NHWC, one group.
 *
 * A tile of 4×4 results takes 36 products a pair of channels where the definition takes 144, one of 2×2 takes 16 for 36. With
 * the matrices of winograd4_axes.h or winograd2_axes.h, ⊙ element by element and a sum over channels:
 *
 *   y  = Aᵀ [ Σ_c (G w Gᵀ) ⊙ (Bᵀ x B) ] A              x: the 6×6 or 4×4 pixels under a tile
 *   dw = Gᵀ [ Σ_tiles (A dy Aᵀ) ⊙ (Bᵀ x B) ] G         the exact adjoint with respect to w
 *
 * dx is the first of these with dy for x and the weights turned round. So there are 36 or 16 planes, and in each of them one
 * matrix product: tiles × channels by channels × channels, or its transpose. Where the result's height or width is no multiple
 * of a tile's, tiles at its end have fewer results along that axis and take that and two more planes along it: pictures of 14²
 * and of 7² take 84 of 100 products by tiles of 4×4.
 *
 * Stride 2: pixels in rows of one parity and columns of one parity are a phase, of which even rows and columns meet two taps,
 * odd ones one. A tile of 2×2 results takes 9 + 6 + 6 + 4 = 25 products where the definition takes 36: there are 9 planes, and
 * in each of them products for up to four phases (slots), summed in one chain of all their channels. Of the gradient with
 * respect to x each phase is a result of its own, of the gradient with respect to w each has its own sum.
 *
 * The transforms cost accuracy: where a sum in order is off by 3e-7 of the result's norm, tiles of 2×2, whose transforms only
 * add and halve, are off by 3e-7 to 6e-7 and those of 4×4 by 2e-6 to 3e-6 (docs/performance.md). FOVEA_KERNEL pins the one or
 * the other: conv2d:winograd2/gemm,conv2d_grad_input:winograd2/gemm,conv2d_grad_weights:winograd2/gemm.
 *
 * What a tile's numbers are depends on that tile alone, so the cut of tiles into blocks is no part of the result, nor is the
 * instruction set: vectors of 8 and of 16 give the same bits. */
#ifndef FV_CPU_WINOGRAD_H
#define FV_CPU_WINOGRAD_H

#include <stdbool.h>

#include "core/graph/op.h"

#define FV_WINOGRAD_TILE 4    /* results of a tile along an axis, at most */
#define FV_WINOGRAD_PLANES 36 /* of such tiles */
#define FV_WINOGRAD_WHOLE (-1)
#define FV_WINOGRAD_GROUP 16 /* channels: a cache line, a panel of the matrix product */

/* The pictures of one convolution. Tiles are numbered so that those of each plane lie side by side: first those that are short
 * downwards alone, then whole ones, those short across alone, those short both ways; each of these picture by picture, row by
 * row. */
typedef struct fv_winograd {
    int tile;    /* results of one along an axis: 4 or 2 */
    bool phases; /* stride 2, by tiles of 2 and the four phases of x */
    bool spread; /* its gradient: y by the four phases, made of x by tiles of 2 × 2 of each */
    int64_t pictures;
    const void *x; /* what tiles are taken from */
    int64_t x_size[2], x_channels,
        x_pixel;       /* x_pixel, dy_pixel: numbers from pixel to pixel, of which the channels may be a part */
    int64_t origin[2]; /* result (i, j) is made of x from pixel (i + origin[0], j + origin[1]) on, or (2i + …), which may lie
                          outside */
    const void *dy;    /* of the gradient with respect to the weights */
    int64_t dy_pixel;
    void *y; /* of the others */
    int64_t y_size[2], y_channels;
    const float *bias; /* added to y, or NULL */
    bool streamed;     /* y is written past the caches, where that is done by whole lines */
    bool limited;      /* and kept between low and high */
    float low, high;
    bool x_narrow, dy_narrow, y_narrow; /* lies in memory as bf16 (stored_rows.h); planes and transforms are f32 */
} fv_winograd;

/* Some tile: its picture, its first result's row and column, its results down and across. */
typedef struct fv_winograd_place {
    int64_t picture, row, column;
    int rows, columns;
} fv_winograd_place;

typedef struct fv_winograd_range {
    int64_t begin, end;
} fv_winograd_range;

/* Points along an axis. */
static inline int fv_winograd_side(const fv_winograd *w) { return w->tile + (w->phases || w->spread ? 1 : 2); }
static inline int fv_winograd_planes_of(const fv_winograd *w) { return fv_winograd_side(w) * fv_winograd_side(w); }
/* By phases a plane has up to four slots, those whose phases have both its points, side by side, and all planes have 25: in x,
 * or in y where that is spread over them. Otherwise a plane is a slot. */
#define FV_WINOGRAD_PHASE_SLOTS 25
static inline int fv_winograd_x_slots(const fv_winograd *w) {
    return w->phases ? FV_WINOGRAD_PHASE_SLOTS : fv_winograd_planes_of(w);
}
static inline int fv_winograd_y_slots(const fv_winograd *w) {
    return w->spread ? FV_WINOGRAD_PHASE_SLOTS : fv_winograd_planes_of(w);
}
static inline int fv_winograd_filter_slots(const fv_winograd *w) {
    return w->phases || w->spread ? FV_WINOGRAD_PHASE_SLOTS : fv_winograd_planes_of(w);
}
/* Odd phases have no point at infinity. */
static inline int fv_winograd_phases_of(int point) { return point < 2 ? 2 : 1; }
static inline int fv_winograd_slot(int i, int j) { return 10 * i + 4 * j - (i == 2 ? 2 * j : 0); }
static inline fv_winograd_range fv_winograd_slots_in(const fv_winograd *w, int64_t plane) {
    if (!w->phases && !w->spread) return (fv_winograd_range){ plane, plane + 1 };
    int i = (int)plane / 3, j = (int)plane % 3, begin = fv_winograd_slot(i, j);
    return (fv_winograd_range){ begin, begin + fv_winograd_phases_of(i) * fv_winograd_phases_of(j) };
}
/* Parts of the planes: two rows of `side` each, part p from plane 2p · side on. */
static inline int fv_winograd_parts(const fv_winograd *w) { return fv_winograd_side(w) / 2; }

int64_t fv_winograd_tiles(const fv_winograd *w);
fv_winograd_place fv_winograd_place_of(const fv_winograd *w, int64_t tile);
fv_winograd_range fv_winograd_tiles_in(const fv_winograd *w, int64_t plane); /* the tiles that take this plane */

/* Transformed tiles: element (plane, tile, channel) is at[plane · planes + tile · tiles + channel / 16 · groups + channel %
 * 16]. Groups are whole: channels that there are not are zeros. */
typedef struct fv_winograd_planes {
    float *at;
    int64_t planes, tiles, groups;
} fv_winograd_planes;

/* What is done to pictures, by vectors. Tiles [first, first + count) of the convolution are tiles 0 … count − 1 of the planes.
 */
typedef struct fv_winograd_pictures {
    void (*from_x)(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to);
    void (*from_dy)(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to);
    void (*to_y)(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *from);
} fv_winograd_pictures;

/* By what a convolution's pictures are, f32 or bf16, and the widest vectors that CPU and FOVEA_ISA allow. */
void fv_winograd_from_x(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to);
void fv_winograd_from_dy(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to);
void fv_winograd_to_y(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *from);

extern const fv_winograd_pictures fv_winograd4_stored_avx2, fv_winograd4_stored_bf16; /* of bf16 */

/* What is done to numbers, by vectors. */
typedef struct fv_winograd_vectors {
    fv_winograd_pictures pictures; /* of f32 */
    /* Weights: `rows` rows of 16 for each of the 9 taps, `tap` floats apart, become planes of such rows, `plane` floats apart:
     * all of them, past the caches where they are `streamed`, or those of a part. */
    void (*from_taps)(const float *taps, int64_t tap, int64_t rows, int part, bool streamed, float *to, int64_t plane);
    /* Planes of rows of 16, `plane` floats apart, become 9 taps of such rows, `tap` floats apart. */
    void (*to_taps)(const float *from, int64_t plane, int64_t rows, float *to, int64_t tap);
} fv_winograd_vectors;

extern const fv_winograd_vectors fv_winograd4_by_8, fv_winograd4_by_16, fv_winograd2_by_8, fv_winograd2_by_16,
    fv_winograd2_phases_by_8, fv_winograd2_phases_by_16, fv_winograd2_spread_by_8, fv_winograd2_spread_by_16;
const fv_winograd_vectors *fv_winograd_vectors_get(const fv_winograd *w); /* the widest that CPU and FOVEA_ISA allow */

/* 3×3, stride 1, no dilation, one group, weights in f32: NULL, otherwise why not. */
const char *fv_winograd_refuse(const fv_call *call, const fv_type *w);
/* Stride 2, and whole groups of channels. */
const char *fv_winograd_phases_refuse(const fv_call *call, const fv_type *w);
/* A cost as in kernel.h, of a convolution whose result is y, NHWC; a number transformed costs as much as `transform` FLOPs. */
double fv_winograd_cost(const fv_type *y, int64_t depth, int64_t columns, int tile, double transform);
/* The same by phases. */
double fv_winograd_phases_cost(const fv_type *y, int64_t depth, int64_t columns, double transform);

/* y, from packed weights; scratch and packed weights in bytes. */
void fv_winograd_run(const fv_call *call, const fv_winograd *w);
int64_t fv_winograd_scratch(const fv_call *call, const fv_winograd *w);
int64_t fv_winograd_packed(const fv_call *call, const fv_winograd *w);

/* Weights to packed ones: columns (channels of the result) in panels of 16, element (depth d, column j) of tap t is
 * from[d · row + j · column + (turned ? 8 − t : t) · tap]. Packed are the planes, or, where tiles are few and they would be
 * read from memory to be used a few times, the 9 taps that they are made of: whoever multiplies by them makes them, in a
 * cache. */
typedef struct fv_winograd_weights {
    const float *from;
    float *to;
    int64_t depth, columns, row, column, tap;
    bool turned;
} fv_winograd_weights;
void fv_winograd_pack(const fv_call *call, const fv_winograd *w, const fv_winograd_weights *weights);

#endif
