/* histogram.c - see histogram.h. */
#include "serve/histogram.h"

#include <math.h>

const fv_histogram_scale fv_scale_seconds = {
    "seconds", { 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }, 1e-9
};
const fv_histogram_scale fv_scale_rows = { "pictures", { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256 }, 1 };

void fv_histogram_add(fv_histogram *h, const fv_histogram_scale *scale, double value) {
    int at = 0;
    while (at < FV_HISTOGRAM_BOUNDS && value > scale->bounds[at]) at++;
    atomic_fetch_add_explicit(&h->counts[at], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, llround(value / scale->resolution), memory_order_relaxed);
}

fv_histogram_reading fv_histogram_read(const fv_histogram *h, const fv_histogram_scale *scale) {
    fv_histogram_reading out = { .count = 0 };
    for (int i = 0; i <= FV_HISTOGRAM_BOUNDS; i++) {
        out.counts[i] = atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        out.count += out.counts[i];
    }
    out.sum = (double)atomic_load_explicit(&h->sum, memory_order_relaxed) * scale->resolution;
    return out;
}
