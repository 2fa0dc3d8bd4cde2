/* metric.h - what a metric is: one file metrics/NAME.c, its definition and source in the file comment, its descriptor last. */
#ifndef FV_METRICS_METRIC_H
#define FV_METRICS_METRIC_H

#include "core/base/part.h"
#include "fovea/metrics.h"

/* A classifier's answers, counted: what a metric that looks at no probability needs. */
typedef struct fv_confusion {
    int64_t classes, count;
    const int64_t *cells;             /* classes × classes, rows: truth */
    const int64_t *support, *answers; /* sums of the rows, of the columns */
} fv_confusion;

#define FV_KIND(kind) (1u << (kind))

typedef struct fv_metric {
    FV_PART;
    unsigned kinds; /* FV_KIND of each kind of outcomes that it is defined for */
    bool lower_is_better;
    const char *undefined; /* of which outcomes there is no such figure, "there is only one sample"; NULL: of the empty alone */
    /* One of the two, or both: of_confusion where there is one class of several, measure for all else. There is at least one
     * sample, and fv_outcomes_check has passed; `options` of `fields`, defaults filled in. `*out` is NaN where it is undefined.
     * What a metric takes for its work comes from `scratch`. */
    fv_error *(*of_confusion)(const fv_confusion *confusion, const void *options, double *out);
    fv_error *(*measure)(const fv_outcomes *outcomes, const void *options, fv_arena *scratch, double *out);
    /* Both or none, for a bootstrap that would otherwise sort again for every draw: prepare does what is the same for all of
     * them, once (`*prepared` left NULL: it cannot, for these options), and of_draw says what measure would say of samples
     * that are there times[i] times. */
    fv_error *(*prepare)(const fv_outcomes *outcomes, const void *options, fv_arena *arena, void **prepared);
    double (*of_draw)(const void *prepared, const int64_t *times);
} fv_metric;

extern const fv_metric *const fv_metric_table[]; /* generated, sorted by name */
extern const int fv_metric_table_count;

/* The metric that `text` asks for, and its options in `arena`; refuses a kind that it is not defined for. */
FV_MUST_USE fv_error *fv_metric_find(const char *text, fv_outcome_kind kind, fv_arena *arena, const fv_metric **metric,
                                     const void **options);
/* Labels and answers are classes, probabilities in 0…1 (to rounding), numbers finite. */
FV_MUST_USE fv_error *fv_outcomes_check(const fv_outcomes *outcomes);
/* And there are probabilities, not answers alone: for `what`, which needs them. */
FV_MUST_USE fv_error *fv_outcomes_check_scored(const fv_outcomes *outcomes, const char *what);
/* And what the metric looks at is there. */
FV_MUST_USE fv_error *fv_metric_accepts(const fv_metric *metric, const fv_outcomes *outcomes);
/* Of outcomes that were checked. */
FV_MUST_USE fv_error *fv_metric_run(const fv_metric *metric, const void *options, const fv_outcomes *outcomes,
                                    fv_arena *scratch, double *out);
/* An arena for the work of metrics on such outcomes. */
FV_MUST_USE fv_error *fv_metric_scratch(const fv_outcomes *outcomes, fv_arena **out);

/* The most probable class, of equal ones the lowest. */
int64_t fv_answer(const double *probabilities, int64_t classes);
int64_t fv_outcomes_answer(const fv_outcomes *outcomes, int64_t sample); /* of one class a sample */
/* An empty confusion matrix in `arena`, its cells for the caller to fill; and its sums once they are. */
FV_MUST_USE fv_error *fv_confusion_new(int64_t classes, fv_arena *arena, fv_confusion *out, int64_t **cells);
void fv_confusion_sum(fv_confusion *confusion);

#endif
