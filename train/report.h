/* report.h - a finished run, looked at: what is measured (report_measure.c) and how it is shown: first what matters most
 * (report_head.c), then what was trained (report_page.c), then by the kind of targets each class (report_classes.c), each label
 * (report_labels.c) or the numbers (report_numbers.c), and pictures (report_pictures.c). report.c is the order of it. */
#ifndef FV_TRAIN_REPORT_H
#define FV_TRAIN_REPORT_H

#include "fovea/metrics.h"
#include "train/baselines.h"
#include "train/goals.h"
#include "train/results.h"
#include "train/trainer.h"

#define FV_REPORT_BINS 15 /* of calibration */
#define FV_REPORT_FIGURES_MAX 12
#define FV_REPORT_YES 0.5 /* the probability from which a label counts as given */
#define FV_REPORT_SVG_BYTES_MAX (INT64_C(1) << 28)

typedef struct fv_report_figure {
    const char *name, *metric; /* for people, and as fv_metric_measure takes it */
    bool share;                /* said in per cent */
    double value;
    fv_interval interval; /* NaN: none */
} fv_report_figure;

/* Confidence against what is right, as the network gives it and with the temperature that suits the validation pictures; of
 * labels `before` alone. */
typedef struct fv_report_calibration {
    fv_temperature fit;
    fv_reliability_bin before[FV_REPORT_BINS], after[FV_REPORT_BINS];
    double error_before, error_after, loss_before, loss_after;
} fv_report_calibration;

typedef struct fv_report {
    const fv_trainer *t;
    fv_arena *arena;
    fv_predictor *predictor; /* best.fovea */
    const char *steps;       /* its transforms, one a line */
    fv_outcome_kind kind;
    int64_t classes; /* or labels; of numbers 0 */
    const char *const *names;

    const fv_subset *subset; /* what is evaluated */
    const fv_dataset *set;
    const char *on;   /* in words: "test (folder)" */
    bool selected_on; /* the epoch was chosen by it */

    fv_evaluation evaluation;
    const fv_outcomes *outcomes; /* its */
    int64_t *answers;            /* one class: the most probable one of each picture */
    int64_t
        *confusion; /* classes × classes, pictures. One class: true, and answered; labels: missed, and wrongly given beside */
    fv_class_figures *per_class;
    double *average_precision;                       /* of each label */
    fv_report_figure figures[FV_REPORT_FIGURES_MAX]; /* the first four are shown first */
    int figure_count;
    fv_report_calibration calibration;
    fv_baselines baselines;
    fv_goals goals;
    double latency_ms; /* NaN: nobody asked */
    int64_t model_bytes, parameters;
    fv_results results; /* results.csv */
} fv_report;

/* report_measure.c: everything that is a number. */
FV_MUST_USE fv_error *fv_report_measure(fv_report *report);

/* complete.c: what best.fovea gets from it; only where the report is of a training that was just done. */
FV_MUST_USE fv_error *fv_report_complete_model(fv_report *report);

/* outliers.c: a part of that, the section "outlier"; none where there are too few pictures, which is said. */
FV_MUST_USE fv_error *fv_report_write_outlier(const fv_report *report, fv_model *model);

/* predictions.c: predictions.jsonl, a line a picture. */
FV_MUST_USE fv_error *fv_report_write_predictions(const fv_report *report, const char *path);

/* Parts of the page. */
FV_MUST_USE fv_error *fv_report_show_head(const fv_report *report, fv_text *html);     /* figures, targets, baselines */
FV_MUST_USE fv_error *fv_report_show_training(const fv_report *report, fv_text *html); /* what was trained, and how */
FV_MUST_USE fv_error *fv_report_show_figures(const fv_report *report, fv_text *html);  /* all of them, in a table */
FV_MUST_USE fv_error *fv_report_show_classes(const fv_report *report, fv_text *html);  /* one class: all but pictures */
FV_MUST_USE fv_error *fv_report_show_labels(const fv_report *report, fv_text *html);   /* several labels, likewise */
FV_MUST_USE fv_error *fv_report_show_numbers(const fv_report *report, fv_text *html);  /* numbers, likewise */
FV_MUST_USE fv_error *fv_report_show_mistakes(const fv_report *report, fv_text *html);
FV_MUST_USE fv_error *fv_report_show_batch(const fv_report *report, fv_text *html);
FV_MUST_USE fv_error *fv_report_show_data(const fv_report *report, fv_text *html); /* counts, remarks, rejected files */

/* report_head.c: "97.3 %", a number with four digits, and a figure as it is said; in the arena. NaN is "undefined". */
FV_MUST_USE fv_error *fv_report_percent(const fv_report *report, double share, const char **out);
FV_MUST_USE fv_error *fv_report_number(const fv_report *report, double number, const char **out);
FV_MUST_USE fv_error *fv_report_say(const fv_report *report, double value, bool share, const char **out);

/* report_curves.c: what classes and labels have in common. The classes by `values`, the lowest first and an undefined one
 * before them; bars of those values in that order; ROC and precision-recall curves in that order. */
FV_MUST_USE fv_error *fv_report_rank(const fv_report *report, const double *values, const int64_t **order);
FV_MUST_USE fv_error *fv_report_show_bars(const fv_report *report, const char *figure, const double *values,
                                          const int64_t *order, fv_text *html);
FV_MUST_USE fv_error *fv_report_show_curves(const fv_report *report, const int64_t *order, fv_text *html);
FV_MUST_USE fv_error *fv_report_show_reliability(const fv_report *report, const char *title, const fv_reliability_bin *bins,
                                                 const char *note, fv_text *html);
/* report_curves.c: of the cells off the diagonal of `confusion` the largest ones, as a table; false: there are none. */
FV_MUST_USE fv_error *fv_report_show_pairs(const fv_report *report, const char *heading, const char *row, const char *column,
                                           bool *any, fv_text *html);

#endif
