/* depthwise_rows.h - two rows of a depthwise convolution whose input rows lie anywhere: for kernels that have just made them.
 * The bits are those of the kernel conv2d_depthwise_tiles. f32, filters of 3×3 and 5×5, stride 1 and 2. */
#ifndef FV_CPU_DEPTHWISE_ROWS_H
#define FV_CPU_DEPTHWISE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#define FV_DEPTHWISE_ROWS 2       /* of results */
#define FV_DEPTHWISE_INPUTS_MAX 7 /* rows that they read */

typedef struct fv_depthwise_rows {
    int side, stride;
    int64_t channels, left; /* left: columns of zeros in front */
    int64_t in_width, out_width;
    const float *in[FV_DEPTHWISE_INPUTS_MAX]; /* rows of pixels, from the first that the filter touches; NULL: zeros */
    float *out[FV_DEPTHWISE_ROWS];            /* NULL: not wanted */
    const float *w, *bias;                    /* w: tap by tap, all channels of one side by side */
    const float *zeros;                       /* a pixel of zeros */
    bool limited;                             /* results are kept between low and high */
    float low, high;
} fv_depthwise_rows;

/* How many input rows two rows of results read. */
static inline int fv_depthwise_inputs(int side, int stride) { return (FV_DEPTHWISE_ROWS - 1) * stride + side; }

/* By the widest vectors that CPU and FOVEA_ISA allow. */
void fv_depthwise_two_rows(const fv_depthwise_rows *r);
void fv_depthwise_two_rows_avx2(const fv_depthwise_rows *r);
void fv_depthwise_two_rows_avx512(const fv_depthwise_rows *r);

#endif
