/* report_measure.c - a report's numbers: the best model on the pictures of the report, figures with intervals, calibration,
 * baselines, and what the recipe's targets ask for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "train/report.h"

#define CONFIDENCE 0.95
#define BOOTSTRAP_CELLS_MAX (INT64_C(1) << 22) /* probabilities that are drawn from; larger sets go without these intervals */
#define LATENCY_PICTURES 21

static fv_error *evaluate(const fv_report *r, const fv_subset *subset, fv_evaluation *out) {
    const fv_train_options *o = r->t->options;
    fv_evaluate_options options = { .batch = r->t->keys->batch,
                                    .workers = r->t->workers,
                                    .progress = o->progress,
                                    .context = o->context,
                                    .cancel = o->cancel };
    return fv_evaluate(r->predictor, subset, &options, out);
}

/* ---- figures ---- */

/* What is measured of each kind of targets, what matters most first. Shares of pictures that are right have an interval by
 * Wilson's formula, all else by drawing again, which is cheap where only answers count. */
typedef struct wanted {
    const char *name, *metric;
    bool share;          /* said in per cent */
    bool of_pictures;    /* a share of pictures */
    bool answers_alone;  /* no probability is looked at */
    int64_t classes_min; /* with fewer it says nothing */
} wanted;

static const wanted of_class[] = {
    { .name = "top-1 accuracy", .metric = "top1", .share = true, .of_pictures = true },
    { .name = "balanced accuracy", .metric = "balanced_accuracy", .share = true, .answers_alone = true },
    { .name = "macro F1", .metric = "f1 average=macro", .share = true, .answers_alone = true },
    { .name = "log loss", .metric = "log_loss" },
    { .name = "top-5 accuracy", .metric = "top_k k=5", .share = true, .of_pictures = true, .classes_min = 6 },
    { .name = "weighted F1", .metric = "f1 average=weighted", .share = true, .answers_alone = true },
    { .name = "Cohen's kappa", .metric = "cohen_kappa", .answers_alone = true },
    { .name = "Matthews correlation", .metric = "matthews", .answers_alone = true },
    { .name = "ROC-AUC", .metric = "roc_auc" },
    { .name = "average precision", .metric = "average_precision" },
    { .name = "Brier score", .metric = "brier" },
    { .name = "calibration error", .metric = "expected_calibration_error" },
    { .name = NULL }
};
static const wanted of_labels[] = {
    { .name = "mean average precision (mAP)", .metric = "average_precision average=macro skip_absent=true", .share = true },
    { .name = "micro F1", .metric = "f1 average=micro", .share = true },
    { .name = "macro F1", .metric = "f1 average=macro", .share = true },
    { .name = "every label right", .metric = "subset_accuracy", .share = true, .of_pictures = true },
    { .name = "Hamming loss", .metric = "hamming_loss" },
    { .name = "log loss", .metric = "log_loss" },
    { .name = "ROC-AUC", .metric = "roc_auc average=macro skip_absent=true" },
    { .name = "label ranking", .metric = "label_ranking_average_precision" },
    { .name = "Brier score", .metric = "brier" },
    { .name = NULL }
};
static const wanted of_numbers[] = { { .name = "mean absolute error (MAE)", .metric = "mae" },
                                     { .name = "root mean squared error (RMSE)", .metric = "rmse" },
                                     { .name = "R²", .metric = "r2" },
                                     { .name = "median absolute error", .metric = "median_absolute_error" },
                                     { .name = NULL } };
static const wanted *const wanted_of[] = { of_class, of_labels, of_numbers };

static fv_error *find_interval(const fv_report *r, const wanted *w, fv_report_figure *figure) {
    const fv_outcomes *o = r->outcomes;
    figure->interval = (fv_interval){ NAN, NAN };
    if (w->of_pictures) {
        figure->interval = fv_wilson_interval((int64_t)llround(figure->value * (double)o->count), o->count, CONFIDENCE);
        return NULL;
    }
    if (!w->answers_alone && o->count * o->classes > BOOTSTRAP_CELLS_MAX) return NULL;
    return fv_bootstrap_interval(figure->metric, o, &(fv_bootstrap_options){ .confidence = CONFIDENCE }, &figure->interval);
}

static fv_error *measure_figures(fv_report *r) {
    for (const wanted *w = wanted_of[r->kind]; w->name; w++) {
        if (r->classes < w->classes_min) continue;
        fv_report_figure *figure = &r->figures[r->figure_count++];
        *figure = (fv_report_figure){ .name = w->name, .metric = w->metric, .share = w->share };
        FV_TRY(fv_metric_measure(w->metric, r->outcomes, &figure->value));
        FV_TRY(find_interval(r, w, figure));
    }
    return NULL;
}

/* ---- classes and labels ---- */

static fv_error *measure_classes(fv_report *r) {
    const fv_outcomes *o = r->outcomes;
    FV_TRY(fv_arena_take(r->arena, o->count, &r->answers));
    for (int64_t i = 0; i < o->count; i++) fv_top_classes(o->probabilities + i * o->classes, o->classes, 1, &r->answers[i]);
    FV_TRY(fv_confusion_matrix(o, r->confusion));
    fv_per_class(r->confusion, r->classes, r->per_class);
    return NULL;
}

/* Which labels are given where others are missed. */
static void count_beside(const fv_report *r) {
    const fv_outcomes *o = r->outcomes;
    for (int64_t i = 0; i < o->count; i++) {
        const double *said = o->probabilities + i * o->classes;
        const uint8_t *truths = o->truths + i * o->classes;
        for (int64_t m = 0; m < o->classes; m++)
            for (int64_t g = 0; truths[m] && said[m] < FV_REPORT_YES && g < o->classes; g++)
                r->confusion[m * o->classes + g] += !truths[g] && said[g] >= FV_REPORT_YES;
    }
}

/* A label's average precision is that of outcomes that have it alone. */
static fv_error *measure_label(const fv_report *r, int64_t label, double *said, uint8_t *truths) {
    const fv_outcomes *o = r->outcomes;
    for (int64_t i = 0; i < o->count; i++) {
        said[i] = o->probabilities[i * o->classes + label];
        truths[i] = o->truths[i * o->classes + label];
    }
    fv_outcomes alone = { .kind = FV_MULTI_LABEL, .count = o->count, .classes = 1, .probabilities = said, .truths = truths };
    return fv_metric_measure("average_precision skip_absent=true", &alone, &r->average_precision[label]);
}

static fv_error *measure_labels(fv_report *r) {
    double *said;
    uint8_t *truths;
    FV_TRY(fv_arena_take(r->arena, r->outcomes->count, &said));
    FV_TRY(fv_arena_take(r->arena, r->outcomes->count, &truths));
    FV_TRY(fv_arena_take(r->arena, r->classes, &r->average_precision));
    for (int64_t c = 0; c < r->classes; c++) FV_TRY(measure_label(r, c, said, truths));
    count_beside(r);
    return fv_per_label(r->outcomes, FV_REPORT_YES, r->per_class);
}

static fv_error *measure_answers(fv_report *r) {
    if (r->kind == FV_NUMBERS) return NULL;
    FV_TRY(fv_arena_alloc(r->arena, r->classes * r->classes, sizeof *r->confusion, (void **)&r->confusion));
    FV_TRY(fv_arena_take(r->arena, r->classes, &r->per_class));
    return r->kind == FV_ONE_CLASS ? measure_classes(r) : measure_labels(r);
}

/* ---- calibration ---- */

/* Logits that give these probabilities: their logarithms, which differ from the network's by a number a row. */
static fv_error *logits_of(const fv_outcomes *o, float **out) {
    FV_TRY(fv_memory_alloc(o->count * o->classes, sizeof **out, (void **)out));
    for (int64_t i = 0; i < o->count * o->classes; i++) (*out)[i] = (float)log(fmax(o->probabilities[i], 0x1p-1022));
    return NULL;
}

static fv_error *fit(const fv_outcomes *on, fv_temperature *out) {
    FV_OWNED(fv_memory) logits = NULL;
    FV_TRY(logits_of(on, (float **)&logits));
    return fv_temperature_fit(logits, on->labels, on->count, on->classes, out);
}

static fv_error *look(const fv_outcomes *o, fv_reliability_bin *bins, double *error, double *loss) {
    FV_TRY(fv_reliability(o, FV_REPORT_BINS, bins));
    FV_TRY(fv_metric_measure("expected_calibration_error", o, error));
    return fv_metric_measure("log_loss", o, loss);
}

static fv_error *calibrate(const fv_report *r, const fv_outcomes *validation, fv_report_calibration *c) {
    const fv_outcomes *o = r->outcomes;
    FV_OWNED(fv_memory) logits = NULL;
    FV_OWNED(fv_memory) probabilities = NULL;
    FV_TRY(fit(validation, &c->fit));
    FV_TRY(logits_of(o, (float **)&logits));
    FV_TRY(fv_memory_alloc(o->count * o->classes, sizeof(double), &probabilities));
    for (int64_t i = 0; i < o->count; i++)
        fv_softmax_row_at((const float *)logits + i * o->classes, o->classes, c->fit.temperature,
                          (double *)probabilities + i * o->classes);
    fv_outcomes after = *o;
    after.probabilities = probabilities;
    FV_TRY(look(o, c->before, &c->error_before, &c->loss_before));
    return look(&after, c->after, &c->error_after, &c->loss_after);
}

/* The temperature is that of the validation pictures, so that those of the report have no say in it unless they are the same.
 * Labels are looked at as they are. */
static fv_error *measure_calibration(fv_report *r) {
    if (r->kind == FV_NUMBERS) return NULL;
    if (r->kind == FV_MULTI_LABEL) return fv_reliability(r->outcomes, FV_REPORT_BINS, r->calibration.before);
    if (r->selected_on) return calibrate(r, r->outcomes, &r->calibration);
    fv_evaluation validation;
    FV_TRY(evaluate(r, r->t->val, &validation));
    fv_error *error = calibrate(r, &validation.outcomes, &r->calibration);
    fv_evaluation_release(&validation);
    return error;
}

/* ---- targets ---- */

static fv_error *answer_one(const fv_report *r, int64_t sample, fv_image *image) {
    const float *logits;
    FV_TRY(fv_dataset_read(r->set, sample, image));
    FV_TRY(fv_transforms_apply(fv_predictor_transforms(r->predictor), FV_EVALUATION, NULL, image));
    return fv_predictor_run(r->predictor, image->pixels, 1, &logits);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The median time from a file to an answer, one picture at a time; the first is not counted, it makes the plan. */
static fv_error *measure_latency(fv_report *r) {
    double times[LATENCY_PICTURES];
    fv_image image = { 0 };
    fv_error *error = NULL;
    int64_t count = r->outcomes->count;
    for (int i = -1; i < LATENCY_PICTURES && !error; i++) {
        double start = fv_clock_seconds();
        error = answer_one(r, r->evaluation.samples[(i + 1) % count], &image);
        if (i >= 0) times[i] = 1000 * (fv_clock_seconds() - start);
    }
    fv_image_release(&image);
    FV_TRY(error);
    qsort(times, LATENCY_PICTURES, sizeof *times, by_value);
    r->latency_ms = times[LATENCY_PICTURES / 2];
    return NULL;
}

static fv_error *measure_goals(fv_report *r) {
    FV_TRY(fv_goals_parse(r->t->keys->targets, r->kind, r->classes, r->arena, &r->goals));
    for (int64_t i = 0; i < r->goals.count; i++) {
        fv_goal *goal = &r->goals.at[i];
        if (fv_goal_is_size(goal)) {
            goal->reached = (double)r->model_bytes / 1e6;
        } else if (fv_goal_is_latency(goal)) {
            if (isnan(r->latency_ms)) FV_TRY(measure_latency(r));
            goal->reached = r->latency_ms;
        } else {
            FV_TRY(fv_metric_measure(goal->what, r->outcomes, &goal->reached));
        }
    }
    return NULL;
}

/* ---- the model ---- */

static void measure_model(fv_report *r) {
    struct stat file;
    if (!stat(r->t->best_path, &file)) r->model_bytes = file.st_size;
    fv_weights *weights = fv_model_weights(fv_predictor_model(r->predictor));
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(weights, i, NULL, &role);
        if (role == FV_PARAMETER) r->parameters += fv_type_count(&tensor->type);
    }
}

fv_error *fv_report_measure(fv_report *r) {
    r->latency_ms = NAN;
    FV_TRY(evaluate(r, r->subset, &r->evaluation));
    r->outcomes = &r->evaluation.outcomes;
    FV_TRY(measure_answers(r));
    FV_TRY(measure_figures(r));
    FV_TRY(measure_calibration(r));
    if (r->t->model) FV_TRY(fv_report_complete_model(r)); /* before its size is taken */
    measure_model(r);
    FV_TRY(
        fv_baselines_measure(r->t->train, r->subset, r->kind, r->t->workers, r->t->options->cancel, r->arena, &r->baselines));
    return measure_goals(r);
}
