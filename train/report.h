/* report.h - a finished run, looked at: what is measured (report_measure.c) and how it is shown (report_page.c,
 * report_classes.c, report_pictures.c). report.c is the order of it. */
#ifndef FV_TRAIN_REPORT_H
#define FV_TRAIN_REPORT_H

#include "fovea/metrics.h"
#include "train/baselines.h"
#include "train/goals.h"
#include "train/results.h"
#include "train/trainer.h"

#define FV_REPORT_BINS 15 /* of calibration */
#define FV_REPORT_FIGURES_MAX 12

typedef struct fv_report_figure {
    const char *name, *metric; /* for people, and as fv_metric_measure takes it */
    bool share;                /* said in per cent */
    double value;
    fv_interval interval; /* NaN: none */
} fv_report_figure;

/* Confidence against what is right, as the network gives it and with the temperature that suits the validation pictures. */
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
    int64_t classes;
    const char *const *names;

    const fv_subset *subset; /* what is evaluated */
    const fv_dataset *set;
    const char *on;   /* in words: "test (folder)" */
    bool selected_on; /* the epoch was chosen by it */

    fv_evaluation evaluation;
    const fv_outcomes *outcomes; /* its */
    int64_t *answers;            /* the most probable class of each picture */
    int64_t *confusion;          /* classes × classes */
    fv_class_figures *per_class;
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

/* predictions.c: predictions.jsonl, a line a picture. */
FV_MUST_USE fv_error *fv_report_write_predictions(const fv_report *report, const char *path);

/* Parts of the page. */
FV_MUST_USE fv_error *fv_report_show_head(const fv_report *report,
                                          fv_text *html); /* report_page.c: figures, targets, baselines */
FV_MUST_USE fv_error *fv_report_show_training(const fv_report *report,
                                              fv_text *html); /* report_page.c: what was trained, and how */
FV_MUST_USE fv_error *fv_report_show_data(const fv_report *report, fv_text *html); /* report_page.c: notes, rejected files */
FV_MUST_USE fv_error *fv_report_show_classes(const fv_report *report,
                                             fv_text *html); /* report_classes.c: tables, matrices, curves */
FV_MUST_USE fv_error *fv_report_show_calibration(const fv_report *report, fv_text *html); /* report_classes.c */
FV_MUST_USE fv_error *fv_report_show_mistakes(const fv_report *report, fv_text *html);    /* report_pictures.c */
FV_MUST_USE fv_error *fv_report_show_batch(const fv_report *report, fv_text *html);       /* report_pictures.c */

/* report_page.c: "97.3 %", in the arena; NaN is "undefined". */
FV_MUST_USE fv_error *fv_report_percent(const fv_report *report, double share, const char **out);

#endif
