/* norm_rows.h - batch norm done to rows on their way between two other kernels, f32: the loops of kernels that make a norm's
 * result, or its gradient, row by row where they need it. Numbers and bits are those of the kernel batch_norm_rows. */
#ifndef FV_CPU_NORM_ROWS_H
#define FV_CPU_NORM_ROWS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/ops/batch_norm.h"

/* Of each channel. y = activation(x · a + b), dx = dy · a + ((x − mean) · p + q) where y has a slope, else 0 · a + …. */
typedef struct fv_norm {
    const float *a, *b, *mean, *p, *q; /* the last three of the gradient alone */
    int activation;                    /* fv_norm_activation */
} fv_norm;

/* `rows` rows of `channels`, in each so many floats apart; channel 0 of a row is channel `first` of the norm. */
typedef struct fv_norm_rows {
    const fv_norm *norm;
    int64_t first, channels, rows;
    const float *x, *dy;
    float *y; /* or dx */
    int64_t x_row, dy_row, y_row;
} fv_norm_rows;

/* a and b of y from what both passes have in f32, so that both have the same bits. */
static inline void fv_norm_scale(float scale, float bias, float mean, float inv_std, float *a, float *b) {
    double product = (double)scale * inv_std;
    *a = (float)product;
    *b = (float)(bias - mean * product);
}

/* A channel's part of the gradient from n values: sum = Σ dy, product = Σ dy · (x − mean), dy where the activation has a slope.
 */
static inline void fv_norm_gradient_sums(float scale, float inv_std, double n, double sum, double product, float *dscale,
                                         float *dbias, float *p, float *q) {
    double a = (double)scale * inv_std, normal = product * inv_std;
    *dscale = (float)normal;
    *dbias = (float)sum;
    *p = (float)(-a * inv_std * normal / n);
    *q = (float)(-a * sum / n);
}

/* A channel's statistics from n values: their sum and that of their squares. running[0] and [1] are the mean and the variance
 * to be brought up to date. */
typedef struct fv_norm_statistics {
    float mean, inv_std, running[2];
} fv_norm_statistics;
static inline fv_norm_statistics fv_norm_statistics_of(const fv_batch_norm_options *o, double n, double sum, double squares,
                                                       float running_mean, float running_var) {
    double m = sum / n, off = fmax(squares - sum * m, 0), unbiased = n > 1 ? off / (n - 1) : 0;
    return (fv_norm_statistics){ .mean = (float)m,
                                 .inv_std = (float)(1 / sqrt(off / n + o->epsilon)),
                                 .running = { (float)((1 - o->momentum) * running_mean + o->momentum * m),
                                              (float)((1 - o->momentum) * running_var + o->momentum * unbiased) } };
}

/* Σx and Σx² of n numbers from S = Σ(x − shift) and Q = Σ(x − shift)²: S + n·shift, and Q + 2·shift·S + n·shift². */
typedef struct fv_norm_moments {
    double sum, squares;
} fv_norm_moments;

static inline fv_norm_moments fv_norm_unshift(double shift, double n, double s, double q) {
    return (fv_norm_moments){ s + n * shift, q + shift * (2 * s + n * shift) };
}

/* Those of all channels: `sum` of each and of its squares, channels apart. running: the two tensors; out: mean, inv_std, the
 * running ones. */
static inline void fv_norm_set_statistics(const fv_batch_norm_options *o, double n, const double *sum, int64_t channels,
                                          const fv_tensor *running, const fv_tensor *out) {
    const float *old_mean = running[0].data, *old_var = running[1].data;
    float *mean = out[0].data, *inv_std = out[1].data, *new_mean = out[2].data, *new_var = out[3].data;
    for (int64_t c = 0; c < channels; c++) {
        fv_norm_statistics s = fv_norm_statistics_of(o, n, sum[c], sum[channels + c], old_mean[c], old_var[c]);
        mean[c] = s.mean, inv_std[c] = s.inv_std;
        new_mean[c] = s.running[0], new_var[c] = s.running[1];
    }
}

/* a and b of all channels, into the two halves of `to`. The inputs `scale` … are x's scale, bias, mean and inv_std. */
static inline fv_norm fv_norm_of(const float *scale, const float *bias, const float *mean, const float *inv_std,
                                 int64_t channels, int activation, float *to) {
    for (int64_t c = 0; c < channels; c++) fv_norm_scale(scale[c], bias[c], mean[c], inv_std[c], to + c, to + channels + c);
    return (fv_norm){ .a = to, .b = to + channels, .mean = mean, .activation = activation };
}

/* By the widest vectors that CPU and FOVEA_ISA allow; y = the norm of x. */
void fv_norm_apply(const fv_norm_rows *r);
void fv_norm_apply_avx2(const fv_norm_rows *r);
void fv_norm_apply_avx512(const fv_norm_rows *r);

/* dx from x and dy. */
void fv_norm_gradient(const fv_norm_rows *r);
void fv_norm_gradient_avx2(const fv_norm_rows *r);
void fv_norm_gradient_avx512(const fv_norm_rows *r);

/* Rows of dy go to y as they are, past the caches where `past`, of whole groups of 16 channels then; sum += dy and product +=
 * dy · (x − mean), both where the activation has a slope: runs of 16 rows in f32, those added up in f64. */
void fv_norm_sums(const fv_norm_rows *r, bool past, double *sum, double *product);
void fv_norm_sums_avx2(const fv_norm_rows *r, bool past, double *sum, double *product);
void fv_norm_sums_avx512(const fv_norm_rows *r, bool past, double *sum, double *product);

#endif
