/* depthwise_rows.h - two rows of a depthwise convolution, or of one of its gradients, whose input rows lie anywhere: for
 * kernels that have just made them. The bits are those of the kernels conv2d_depthwise_tiles. f32, filters of 3×3 and 5×5,
 * stride 1 and 2. */
#ifndef FV_CPU_DEPTHWISE_ROWS_H
#define FV_CPU_DEPTHWISE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#define FV_DEPTHWISE_ROWS 2       /* of results */
#define FV_DEPTHWISE_INPUTS_MAX 7 /* rows that they read */

/* Pixels that are read soon: asked for while others are computed, a share with each tile, into the second-level cache. */
typedef struct fv_depthwise_ahead {
    const float *from;
    int64_t pixels, pixel, channels; /* of each so many channels, so many floats apart; no pixels: nothing */
} fv_depthwise_ahead;

typedef struct fv_depthwise_rows {
    int side, stride;
    bool backward;          /* with respect to the input: in are rows of dy, out of dx */
    int64_t channels, left; /* left: columns of zeros in front of the convolution's input */
    int64_t in_width, out_width;
    int64_t in_pixel, out_pixel, tap;         /* floats from pixel to pixel, and of w from tap to tap; 0: as many as channels */
    const float *in[FV_DEPTHWISE_INPUTS_MAX]; /* rows of pixels, from the first that the filter touches; NULL: zeros */
    float *out[FV_DEPTHWISE_ROWS];            /* NULL: not wanted */
    bool streamed;                            /* written past the caches: whole lines only */
    const float *w, *bias;                    /* w: tap by tap, the channels of one side by side */
    const float *zeros;                       /* a pixel of zeros */
    bool limited;                             /* results are kept between low and high */
    float low, high;
    fv_depthwise_ahead ahead;
} fv_depthwise_rows;

/* How many input rows two rows of results read. */
static inline int fv_depthwise_inputs(int side, int stride) { return (FV_DEPTHWISE_ROWS - 1) * stride + side; }

/* Of the gradient with respect to the input: the first row of results that a pair begins with, how many rows of dy two rows
 * read, and which is the first of them. */
static inline int64_t fv_depthwise_backward_begin(int stride, int64_t padding) { return stride == 2 ? -(padding % 2) : 0; }
static inline int fv_depthwise_backward_inputs(int side, int stride) {
    return stride == 1 ? FV_DEPTHWISE_ROWS - 1 + side : 1 + (side - 1) / 2;
}
static inline int64_t fv_depthwise_backward_first(int side, int stride, int64_t padding, int64_t row) {
    return stride == 1 ? row + padding - (side - 1) : (row + padding) / 2 - (side - 1) / 2;
}

/* Of the gradient with respect to the weights: what two rows of dy add to it. */
typedef struct fv_depthwise_products {
    int side, stride;
    int64_t channels, left; /* channels: FV_DEPTHWISE_CHANNELS at most */
    int64_t in_width, out_width;
    const float *in[FV_DEPTHWISE_INPUTS_MAX];
    const float *dy[FV_DEPTHWISE_ROWS]; /* NULL: zeros */
    const float *zeros;
    float *sum;                  /* tap by tap, channels side by side */
    fv_depthwise_ahead ahead[2]; /* of two pictures */
} fv_depthwise_products;
#define FV_DEPTHWISE_CHANNELS 192

/* By the widest vectors that CPU and FOVEA_ISA allow. */
void fv_depthwise_two_rows(const fv_depthwise_rows *r);
void fv_depthwise_two_rows_avx2(const fv_depthwise_rows *r);
void fv_depthwise_two_rows_avx512(const fv_depthwise_rows *r);
void fv_depthwise_add_products(const fv_depthwise_products *r);
void fv_depthwise_add_products_avx2(const fv_depthwise_products *r);
void fv_depthwise_add_products_avx512(const fv_depthwise_products *r);

#endif
