/* shared: what a model must beat to be worth its training: always the same class, and the class of the most similar known
 * picture. */
#include <math.h>
#include <stddef.h>

#include "core/base/parallel.h"
#include "fovea/metrics.h"

int64_t fv_majority_class(const int64_t *counts, int64_t classes) {
    int64_t best = 0;
    for (int64_t c = 1; c < classes; c++)
        if (counts[c] > counts[best]) best = c;
    return best;
}

#define LANES 8
#define PIECE 64 /* of a row, before it is asked whether it can still be nearest */

typedef struct search {
    const float *known, *rows;
    int64_t known_count, width;
    int64_t *nearest;
} search;

/* The squared distance of two rows in f64: eight sums in turn, joined in pairs. What is `limit` or more at the end of a piece
 * ends it: the rest adds nothing negative. */
static double distance(const float *a, const float *b, int64_t width, double limit) {
    double sum = 0;
    for (int64_t start = 0; start < width && sum < limit; start += PIECE) {
        double lanes[LANES] = { 0 };
        int64_t end = start + PIECE < width ? start + PIECE : width, i = start;
        for (; i + LANES <= end; i += LANES)
            for (int lane = 0; lane < LANES; lane++) {
                double difference = (double)a[i + lane] - (double)b[i + lane];
                lanes[lane] += difference * difference;
            }
        for (int lane = 0; i < end; i++, lane++) lanes[lane] += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        sum += ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }
    return sum;
}

/* Only what is nearer displaces: of equal ones the first stays. */
static void find_one(void *context, int64_t row, int thread) {
    (void)thread;
    const search *s = context;
    double least = INFINITY;
    s->nearest[row] = 0;
    for (int64_t k = 0; k < s->known_count; k++) {
        double d = distance(s->rows + row * s->width, s->known + k * s->width, s->width, least);
        if (!(d < least)) continue;
        least = d;
        s->nearest[row] = k;
    }
}

fv_error *fv_nearest_rows(const float *known, int64_t known_count, const float *rows, int64_t count, int64_t width,
                          int64_t *nearest) {
    if (known_count < 1) return fv_fail(FV_USAGE, "there are no known rows to be near to");
    search s = { known, rows, known_count, width, nearest };
    fv_parallel_for(count, find_one, &s);
    return NULL;
}
