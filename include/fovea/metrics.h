/* fovea/metrics.h - figures that say how good predictions are: arrays in, numbers out.
 *
 *   double top1;
 *   FV_TRY(fv_metric_measure("top1", &outcomes, &top1));
 *
 * Definitions and conventions are scikit-learn's unless a metric says otherwise (docs/metrics.md); of equal probabilities the
 * lowest class is the answer. All sums are in f64 in the order of the samples, so a figure does not depend on threads. Pure
 * functions; any thread. An undefined figure is NaN, in JSON null. Arrays for answers are the caller's. */
#ifndef FOVEA_METRICS_H
#define FOVEA_METRICS_H

#include <stdbool.h>

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What kind of truth samples have. */
typedef enum fv_outcome_kind {
    FV_ONE_CLASS,   /* each is of one of the classes */
    FV_MULTI_LABEL, /* each is of any number of the classes, or of none */
    FV_NUMBERS      /* each has a number (regression) */
} fv_outcome_kind;

/* What a model said of `count` samples, and what is true. `kind` decides which arrays there are; the others are NULL. */
typedef struct fv_outcomes {
    fv_outcome_kind kind;
    int64_t count, classes;      /* classes: 0 for numbers */
    const double *probabilities; /* of classes: count × classes, each in 0…1; where one class is true rows sum to 1 */
    const int64_t *labels;       /* FV_ONE_CLASS: count, 0 … classes − 1 */
    const uint8_t *truths;       /* FV_MULTI_LABEL: count × classes, 1 where the sample is of the class, else 0 */
    const double *predicted;     /* FV_NUMBERS: count */
    const double *targets;       /* FV_NUMBERS: count */
    const int64_t *answers;      /* FV_ONE_CLASS, where `probabilities` is NULL because they are not known: the class answered.
                                    That will do for whatever looks at answers alone; the rest gives FV_USAGE */
} fv_outcomes;

/* `metric` is a name with options, "top_k k=5" (`fovea help metric` lists them). `*out` is NaN where the metric is undefined
 * for such outcomes, as for no samples at all. FV_USAGE: unknown metric or option, the nearest one as hint; a metric that is
 * not defined for this kind; a label that is no class, a probability outside 0…1, a number that is not finite. */
FV_API FV_MUST_USE fv_error *fv_metric_measure(const char *metric, const fv_outcomes *outcomes, double *out);

/* Of which outcomes (beside none at all) the metric is undefined, in words: "there is only one sample". Static; NULL: of no
 * others, or there is no such metric. */
FV_API const char *fv_metric_undefined(const char *metric);

/* Whether less of it is better, as of an error; of no such metric false. */
FV_API bool fv_metric_is_better_lower(const char *metric);
/* Whether it looks at answers alone where each sample is of one class; of no such metric false. */
FV_API bool fv_metric_of_answers(const char *metric);

/* The errors that fv_metric_measure would give for any outcomes of this kind and these classes: to be known before the
 * predictions are made. */
FV_API FV_MUST_USE fv_error *fv_metric_check(const char *metric, fv_outcome_kind kind, int64_t classes);

/* Probabilities of a row of logits, in f64: exp(x − max) / Σ exp(x − max). Keeps the order of the classes. The second one
 * divides logits by a temperature > 0 first. */
FV_API void fv_softmax_row(const float *logits, int64_t classes, double *probabilities);
FV_API void fv_softmax_row_at(const float *logits, int64_t classes, double temperature, double *probabilities);

/* Of labels that exclude nothing: 1 / (1 + exp(−x)) each, in f64. */
FV_API void fv_sigmoid_row(const float *logits, int64_t labels, double *probabilities);

/* Writes the `k` most probable classes of a row, the best first, equal ones by number; k ≤ classes. */
FV_API void fv_top_classes(const double *probabilities, int64_t classes, int64_t k, int64_t *top);

/* ---- one class of several: counts ---- */

/* The confusion matrix: counts[t × classes + a] samples are of class t and were taken for class a. `counts`: classes ×
 * classes. Errors as of fv_metric_measure. */
FV_API FV_MUST_USE fv_error *fv_confusion_matrix(const fv_outcomes *outcomes, int64_t *counts);

/* One class against the rest. Precision is NaN for a class that is never the answer, recall for one without samples, F1 where
 * both hold: scikit-learn's with zero_division=nan. */
typedef struct fv_class_figures {
    double precision, recall, f1;
    int64_t support, answered, right; /* samples of the class; samples taken for it; both */
} fv_class_figures;

/* `figures`: `classes` of them. */
FV_API void fv_per_class(const int64_t *counts, int64_t classes, fv_class_figures *figures);

/* The same of several labels: a label is answered where its probability is `threshold` or more. Errors as of
 * fv_metric_measure. */
FV_API FV_MUST_USE fv_error *fv_per_label(const fv_outcomes *outcomes, double threshold, fv_class_figures *figures);

typedef struct fv_confused_pair {
    int64_t truth, answer, count;
    double share; /* of the samples of class `truth` */
} fv_confused_pair;

/* The cells off the diagonal with the largest counts, at most `most`; the largest first, equal ones by truth and answer.
 * Returns how many there are; cells with 0 are none. */
FV_API int64_t fv_most_confused(const int64_t *counts, int64_t classes, int64_t most, fv_confused_pair *pairs);

/* ---- curves ---- */

/* What it takes to answer "yes" for a score of at least `threshold`. */
typedef struct fv_curve_point {
    double threshold;           /* infinite in the first point: no answer is yes */
    double true_positive_rate;  /* recall; NaN when the class has no samples */
    double false_positive_rate; /* NaN when there are no others */
    double precision;           /* 1 in the first point */
} fv_curve_point;

/* The ROC curve (false against true positive rate) and the precision-recall curve of one class against the rest: a point for
 * each distinct score, from the highest down. `points` has room for count + 1; `*points_count` of them are written. For one
 * class of several and for several labels. FV_USAGE: there is no such class. */
FV_API FV_MUST_USE fv_error *fv_score_curve(const fv_outcomes *outcomes, int64_t class_number, fv_curve_point *points,
                                            int64_t *points_count);

/* ---- calibration ---- */

/* The samples whose most probable class has a probability in (low, high]; in the first bin 0 too. Of several labels every
 * label of every sample whose probability lies there. */
typedef struct fv_reliability_bin {
    double low, high;
    int64_t count;
    double confidence; /* mean probability of the answers, of labels; NaN when empty */
    double accuracy;   /* share of right answers, of labels that are true; NaN when empty */
} fv_reliability_bin;

/* Fills `bins` bins of equal width over 0…1 (Guo et al. 2017, arXiv 1706.04599). Errors as of fv_metric_measure. */
FV_API FV_MUST_USE fv_error *fv_reliability(const fv_outcomes *outcomes, int64_t bins, fv_reliability_bin *out);

typedef struct fv_temperature {
    double temperature;                                       /* 1 when not fitted */
    const char *reason;                                       /* why it could not be fitted; NULL: it is */
    double loss_before, loss_after;                           /* log_loss without and with it */
    double calibration_error_before, calibration_error_after; /* expected_calibration_error of 15 bins */
} fv_temperature;

/* Temperature scaling (Guo et al.): the temperature between 0.05 and 100 by which logits are divided so that the mean
 * cross-entropy over held-out samples is lowest. It changes no answer. Where there is no such temperature (all answers right,
 * no better than chance, equal logits, no samples) it stays 1 and `reason` says why. `logits`: count × classes. FV_USAGE: a
 * label that is no class, a logit that is not finite. */
FV_API FV_MUST_USE fv_error *fv_temperature_fit(const float *logits, const int64_t *labels, int64_t count, int64_t classes,
                                                fv_temperature *out);

/* ---- how sure a figure is ---- */

typedef struct fv_interval {
    double low, high; /* both NaN: undefined */
} fv_interval;

/* Wilson's score interval for a share, `successes` of `count` (Wilson 1927, without continuity correction). `confidence` as
 * 0.95. Undefined for count 0. */
FV_API fv_interval fv_wilson_interval(int64_t successes, int64_t count, double confidence);

/* Zero in every member is the default. */
typedef struct fv_bootstrap_options {
    double confidence; /* 0: 0.95 */
    int64_t resamples; /* 0: 1000; at most 1,000,000 */
    uint64_t seed;
} fv_bootstrap_options;

/* The percentile bootstrap (Efron 1979) of any metric: samples are drawn with replacement, of one class of several within each
 * class (stratified: class sizes are kept), and the interval is between quantiles of the metric over the resamples. The same
 * seed gives the same bits. Undefined where the metric is, or is in a resample, and where all resamples agree, as when every
 * answer is right: then there is nothing to tell from. Takes once or twice
 * the memory of `outcomes` again, unless the metric needs answers alone. Errors as of fv_metric_measure. */
FV_API FV_MUST_USE fv_error *fv_bootstrap_interval(const char *metric, const fv_outcomes *outcomes,
                                                   const fv_bootstrap_options *options, fv_interval *out);

/* ---- two models on the same samples ---- */

/* FV_CONFLICT: the samples are not the same, as far as outcomes tell: another kind, count, number of classes, or truth of a
 * sample. Functions below that take two outcomes give it too. */
FV_API FV_MUST_USE fv_error *fv_outcomes_match(const fv_outcomes *first, const fv_outcomes *second);

/* McNemar's test (1947): of the samples that only one has right, is the split further from even than chance gives? */
#define FV_MCNEMAR_FEW 25 /* samples that only one has right; from so many on χ² is near enough */
typedef struct fv_mcnemar {
    int64_t only_first, only_second; /* samples that only this one has right */
    double exact;                    /* two-sided p of the binomial test; 1 when they never differ */
    double mid_p;                    /* the same less half the chance of this very split: less conservative */
    double chi_squared, corrected;   /* (|b − c| − 1)² / (b + c), and its p (Edwards 1948) */
    double p;                        /* the one to print: `exact` below FV_MCNEMAR_FEW such samples, else `corrected` */
    bool by_chi_squared;             /* which of them it is */
} fv_mcnemar;

/* `first` and `second` say for each of `count` samples whether the model is right: not 0 is yes. */
FV_API fv_mcnemar fv_mcnemar_test(const uint8_t *first, const uint8_t *second, int64_t count);
FV_API fv_mcnemar fv_mcnemar_of(int64_t only_first, int64_t only_second);

/* The share of samples that the second has right less that of the first: Tango's score interval (1998), which holds for few
 * samples and for models that never differ. Undefined for count 0. */
FV_API fv_interval fv_paired_shares_interval(int64_t only_first, int64_t only_second, int64_t count, double confidence);

typedef struct fv_paired {
    double first, second; /* the metric of each */
    double gain; /* by how much the second is better; below 0: worse. Where lower is better that is first − second. NaN:
                    undefined */
} fv_paired;

/* How far chance in the choice of samples moves the gain. */
typedef struct fv_paired_interval {
    fv_paired of;
    fv_interval interval; /* undefined where the gain is, or is in a resample, or all resamples agree */
    bool by_score;        /* Tango's interval of two shares; else the percentile bootstrap, both models drawn alike */
} fv_paired_interval;

/* Of top1 Tango's interval, of any other metric the bootstrap's (as fv_bootstrap_interval, of whose options `options` are). */
FV_API FV_MUST_USE fv_error *fv_paired_interval_of(const char *metric, const fv_outcomes *first, const fv_outcomes *second,
                                                   const fv_bootstrap_options *options, fv_paired_interval *out);

/* Whether the second is not worse than the first by `margin` (≥ 0, in units of the metric) or more: the lower end of the
 * interval is above −margin (S. Wellek, "Testing statistical hypotheses of equivalence and noninferiority", 2010). At the 95 %
 * of a two-sided interval the chance to pass one that is worse by the margin is 2.5 %. An undefined interval says no. */
FV_API bool fv_not_worse(const fv_paired_interval *interval, double margin);

/* Paired permutation test of any metric: were the two models the same, what they say of a sample could be swapped, so how often
 * is the difference at least as large as the one seen? */
typedef struct fv_permutation {
    fv_paired of;
    double p;          /* two-sided; NaN: the metric is undefined, or is for some swap */
    int64_t differing; /* samples of which they say something else, as far as the metric looks: swapping others does nothing */
    int64_t permutations; /* that were tried */
    bool exact;           /* those stand for all; else they are drawn at random, and p is (1 + as large) / (1 + tried) */
} fv_permutation;

/* All 2^differing swaps where half of them (the others only turn the sign) are at most `most`, else `most` of them (0: 10,000)
 * drawn by `seed`: the same seed gives the same bits. Takes 2 × most times the time of the metric. */
FV_API FV_MUST_USE fv_error *fv_permutation_test(const char *metric, const fv_outcomes *first, const fv_outcomes *second,
                                                 int64_t most, uint64_t seed, fv_permutation *out);

/* ---- runs that differ by their seed ---- */

typedef struct fv_mean {
    int64_t count;
    double mean, sd; /* over the values, n − 1; NaN: too few of them */
} fv_mean;
FV_API fv_mean fv_mean_of(const double *values, int64_t count);

/* Two means of independent runs. */
typedef struct fv_means_test {
    double difference;    /* second − first */
    fv_interval interval; /* of it; undefined like all below where neither has two runs, or runs do not vary at all */
    double t, degrees, p; /* two-sided */
    bool pooled;          /* one of them is a single run, taken to vary as the other does: Student's test; else Welch's */
} fv_means_test;
FV_API fv_means_test fv_means_compare(const fv_mean *first, const fv_mean *second, double confidence);

/* Of several tests made at once: each p becomes Holm's (1979), so that the chance of any false alarm is what one test would
 * have. NaN is no test and stays. */
FV_API FV_MUST_USE fv_error *fv_holm_adjust(double *p, int64_t count);

/* ---- what a model must beat ---- */

/* The class with most samples, of equal ones the lowest. */
FV_API int64_t fv_majority_class(const int64_t *counts, int64_t classes);

/* For each of `count` rows the number of the nearest of `known_count` known rows by Euclidean distance, of equal ones the
 * lowest. Rows are `width` long; `nearest`: count. A class follows from the labels of known rows. Runs on the team of
 * threads; takes count × known_count × width steps at worst. FV_USAGE: no known rows. */
FV_API FV_MUST_USE fv_error *fv_nearest_rows(const float *known, int64_t known_count, const float *rows, int64_t count,
                                             int64_t width, int64_t *nearest);

#ifdef __cplusplus
}
#endif
#endif
