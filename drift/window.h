/* window.h - what a model saw and said over some time, observation by observation: numbers by series (a property of the
 * picture, the confidence), the class, a sketch of the features, and whether it was right where that is known. */
#ifndef FV_DRIFT_WINDOW_H
#define FV_DRIFT_WINDOW_H

#include <stdbool.h>

#include "core/base/arena.h"

#define FV_DRIFT_SERIES_MAX 32
#define FV_DRIFT_COLUMNS_MAX 64
#define FV_DRIFT_CONFIDENCE "confidence" /* the series that accuracy is estimated from: 0…1 */

/* Whether a picture lies beyond the model's outlier threshold. */
typedef enum fv_drift_side { FV_SIDE_UNKNOWN, FV_SIDE_INLIER, FV_SIDE_OUTLIER } fv_drift_side;
fv_drift_side fv_drift_side_of(double score, double threshold); /* a threshold of 0 or NaN: not known */

typedef struct fv_drift_observation {
    const double *values; /* one a series; NaN: not known */
    const char *label;    /* the class said; NULL: none */
    int right;            /* 1, 0; −1: not known */
    int64_t columns;      /* of the sketch; 0: none. All sketches of a window are as long */
    const float *sketch;
    const char *source; /* what the picture is called; NULL: not known */
    const char *key;    /* where it comes from: a camera, a site; NULL: not known */
    fv_drift_side side;
} fv_drift_observation;

/* Members are for reading. Row i of each array is observation i. */
typedef struct fv_drift_window {
    fv_arena *arena; /* of names */
    int64_t series_count;
    const char *const *series;
    int64_t n, room;
    double *values;   /* n × series_count */
    int64_t *classes; /* place in class_names, or −1 */
    int8_t *right;
    uint8_t *sides; /* fv_drift_side */
    const char **sources, **keys;
    int64_t columns,
        sketched;       /* numbers of a sketch; how many observations have one: they come first in no order but their own */
    float *sketches;    /* sketched × columns */
    int64_t *sketch_of; /* whose it is, ascending */
    int64_t class_count, class_room;
    const char **class_names;
} fv_drift_window;

/* `series`: names, borrowed as long as the window lives. */
FV_MUST_USE fv_error *fv_drift_window_new(const char *const *series, int64_t count, fv_drift_window **out);
void fv_drift_window_free(fv_drift_window *window);
FV_CLEANUP(fv_drift_window);
/* Texts are copied. FV_MEMORY beyond ten million; FV_USAGE: a sketch of another length. */
FV_MUST_USE fv_error *fv_drift_window_add(fv_drift_window *window, const fv_drift_observation *observation);

/* Observation i of `from`, once more. */
FV_MUST_USE fv_error *fv_drift_window_copy(const fv_drift_window *from, int64_t i, fv_drift_window *to);

/* The numbers of a series without NaN, ascending, in `sorted` (n of room); how many. */
int64_t fv_drift_window_sorted(const fv_drift_window *window, int64_t series, double *sorted);
/* Of those of one class alone; −1: of all. */
int64_t fv_drift_window_sorted_of(const fv_drift_window *window, int64_t series, int64_t class, double *sorted);
int64_t fv_drift_window_find(const fv_drift_window *window, const char *series); /* −1: no such series */

#endif
