/* norm_lanes.h - what the loops of batch norm do to a vector of channels (batch_norm_rows.h, norm_rows_loops.h).
 *
 * Sums of NORM_RUN rows are made in f32, vector of channels by vector, in registers; those of such runs in f64. `activation`
 * and `whole` are constants wherever these are inlined: not whole is a vector's first `count` lanes. */
#ifndef FV_CPU_NORM_LANES_H
#define FV_CPU_NORM_LANES_H

#include <stdbool.h>

#include "core/base/size.h"
#include "core/cpu/lanes.h"
#include "core/ops/batch_norm.h"

#define INLINE static inline __attribute__((always_inline))
#define NORM_RUN 16
#define NORM_CHANNELS 1024 /* at once: in fewer, rows of more would not be read as they lie in memory */
/* Asked for so many floats before it is read: the hardware alone keeps too little on its way. */
#define NORM_AHEAD 768

INLINE lanes load_some(bool whole, const float *from, int64_t count) { return whole ? load(from) : load_tail(from, count); }
INLINE void store_some(bool whole, float *to, lanes value, int64_t count) {
    if (whole)
        store(to, value);
    else
        store_tail(to, value, count);
}

INLINE lanes activate_lanes(int activation, lanes y) {
    if (activation == FV_NORM_PLAIN) return y;
    y = at_least(y, 0);
    return activation == FV_NORM_RELU6 ? at_most(y, 6) : y;
}

/* dy where y has a slope, else 0. */
INLINE lanes slope_lanes(int activation, lanes dy, lanes y) {
    if (activation == FV_NORM_PLAIN) return dy;
    dy = above(dy, y, 0);
    return activation == FV_NORM_RELU6 ? below(dy, y, 6) : dy;
}

/* Two sums a channel. */
typedef struct norm_sums {
    _Alignas(64) float total[NORM_CHANNELS], products[NORM_CHANNELS];
} norm_sums;

INLINE void clear_sums(norm_sums *s, int64_t channels) {
    for (int64_t c = 0; c < channels; c += LANES) store(s->total + c, all(0)), store(s->products + c, all(0));
}

INLINE void add_lanes(norm_sums *s, int64_t c, lanes d, lanes product) {
    store(s->total + c, load(s->total + c) + d);
    store(s->products + c, load(s->products + c) + product);
}

/* A run's sums go to what is there in f64. */
INLINE void add_sums(const norm_sums *s, int64_t channels, double *sum, double *product) {
    for (int64_t c = 0; c < channels; c++) sum[c] += (double)s->total[c];
    for (int64_t c = 0; c < channels; c++) product[c] += (double)s->products[c];
}

#endif
