/* histogram.h - counts by size, for monitoring: any thread adds and any thread reads, without a lock. Each number is right by
 * itself; those read while others add may be some additions apart. */
#ifndef FV_SERVE_HISTOGRAM_H
#define FV_SERVE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define FV_HISTOGRAM_BOUNDS 16

/* What is counted: a value belongs to the first bound that it does not exceed, or (the last count) to none. */
typedef struct fv_histogram_scale {
    const char *unit;                   /* "seconds", "pictures" */
    double bounds[FV_HISTOGRAM_BOUNDS]; /* rising */
    double resolution;                  /* of the sum */
} fv_histogram_scale;
extern const fv_histogram_scale fv_scale_seconds; /* 0.1 ms … 10 s, in steps of 1, 2.5, 5 */
extern const fv_histogram_scale fv_scale_rows;    /* pictures of a batch: 1, 2, 3, 4, 6, 8, 12, … 256 */

typedef struct fv_histogram { /* { 0 } is empty */
    _Atomic int64_t counts[FV_HISTOGRAM_BOUNDS + 1];
    _Atomic int64_t sum; /* in resolutions */
} fv_histogram;
void fv_histogram_add(fv_histogram *histogram, const fv_histogram_scale *scale, double value);

/* What a histogram said at one moment. */
typedef struct fv_histogram_reading {
    int64_t counts[FV_HISTOGRAM_BOUNDS + 1]; /* of each bound alone, not summed up */
    int64_t count;                           /* of all */
    double sum;
} fv_histogram_reading;
fv_histogram_reading fv_histogram_read(const fv_histogram *histogram, const fv_histogram_scale *scale);

#endif
