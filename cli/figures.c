/* figures.c - see figures.h. */
#include "cli/figures.h"

#include <math.h>
#include <string.h>

#include "cli/columns.h"
#include "core/base/size.h"

#define TABLE_MAX 20 /* classes that a table holds */
#define WORST 10     /* of more, the ones that are shown */
#define PAIRS 10
#define NAME_COLUMNS_MAX 40

/* ---- measuring ---- */

/* By kind. */
static const fv_figure wanted[][FV_FIGURES_MAX] = {
    { { .key = "top1", .metric = "top1" },
      { .key = "balanced_accuracy", .metric = "balanced_accuracy" },
      { .key = "macro_f1", .metric = "f1 average=macro" } },
    { { .key = "average_precision", .metric = "average_precision average=macro skip_absent=true" },
      { .key = "micro_f1", .metric = "f1 average=micro" },
      { .key = "macro_f1", .metric = "f1 average=macro" },
      { .key = "subset_accuracy", .metric = "subset_accuracy" },
      { .key = "hamming_loss", .metric = "hamming_loss" } },
    { { .key = "r2", .metric = "r2" },
      { .key = "mae", .metric = "mae" },
      { .key = "rmse", .metric = "rmse" },
      { .key = "median_absolute_error", .metric = "median_absolute_error" } },
};

static fv_error *measure_one(const fv_outcomes *o, fv_figure *f) {
    FV_TRY(fv_metric_measure(f->metric, o, &f->value));
    if (strcmp(f->metric, "top1") != 0) return fv_bootstrap_interval(f->metric, o, NULL, &f->interval);
    f->interval = fv_wilson_interval(llround(f->value * (double)o->count), o->count, 0.95);
    return NULL;
}

static fv_error *count_classes(const fv_outcomes *o, fv_arena *arena, fv_figures *out) {
    int64_t *counts = NULL;
    fv_class_figures *per_class = NULL;
    FV_TRY(fv_arena_take(arena, o->classes * o->classes, &counts));
    FV_TRY(fv_arena_take(arena, o->classes, &per_class));
    FV_TRY(fv_confusion_matrix(o, counts));
    fv_per_class(counts, o->classes, per_class);
    out->confusion = counts;
    out->per_class = per_class;
    return NULL;
}

/* One label as if it were the only one. */
static fv_error *measure_label(const fv_outcomes *o, int64_t label, double *scores, uint8_t *truths, fv_class_figures *figures,
                               double *average_precision) {
    fv_outcomes alone = { .kind = FV_MULTI_LABEL, .count = o->count, .classes = 1, .probabilities = scores, .truths = truths };
    *figures = (fv_class_figures){ 0 };
    for (int64_t i = 0; i < o->count; i++) {
        scores[i] = o->probabilities[i * o->classes + label];
        truths[i] = o->truths[i * o->classes + label];
        figures->support += truths[i];
        figures->answered += scores[i] >= 0.5;
        figures->right += truths[i] && scores[i] >= 0.5;
    }
    figures->precision = (double)figures->right / (double)figures->answered;
    figures->recall = (double)figures->right / (double)figures->support;
    figures->f1 = 2 * (double)figures->right / (double)(figures->answered + figures->support);
    *average_precision = NAN;
    return figures->support ? fv_metric_measure("average_precision", &alone, average_precision) : NULL;
}

static fv_error *measure_labels(const fv_outcomes *o, fv_arena *arena, fv_figures *out) {
    double *average_precision = NULL, *scores = NULL;
    uint8_t *truths = NULL;
    fv_class_figures *per_class = NULL;
    FV_TRY(fv_arena_take(arena, o->classes, &average_precision));
    FV_TRY(fv_arena_take(arena, o->classes, &per_class));
    FV_TRY(fv_arena_take(arena, o->count, &scores));
    FV_TRY(fv_arena_take(arena, o->count, &truths));
    for (int64_t c = 0; c < o->classes; c++) FV_TRY(measure_label(o, c, scores, truths, &per_class[c], &average_precision[c]));
    out->per_class = per_class;
    out->average_precision = average_precision;
    return NULL;
}

fv_error *fv_figures_measure(const fv_outcomes *outcomes, const char *const *names, fv_arena *arena, fv_figures *out) {
    *out = (fv_figures){ .kind = outcomes->kind, .classes = outcomes->classes, .names = names };
    for (; out->count < FV_FIGURES_MAX && wanted[out->kind][out->count].key; out->count++) {
        out->at[out->count] = wanted[out->kind][out->count];
        FV_TRY(measure_one(outcomes, &out->at[out->count]));
    }
    if (out->kind == FV_NUMBERS) return NULL;
    return out->kind == FV_ONE_CLASS ? count_classes(outcomes, arena, out) : measure_labels(outcomes, arena, out);
}

/* ---- the record ---- */

void fv_figures_print_one(fv_printer *p, const char *key, double value, fv_interval interval) {
    FV_TEXT(text, 256);
    if (isnan(value))
        fv_text_add(&text, "undefined");
    else
        fv_text_addf(&text, "%.6g", value);
    if (!isnan(interval.low)) fv_text_addf(&text, " (95 %%: %.4g to %.4g)", interval.low, interval.high);
    if (p->json)
        fv_print_number(p, key, value);
    else
        fv_print_text(p, key, text.at);
    fv_text_fail(&p->record, fv_text_error(&text));
}

static void print_interval(fv_printer *p, const char *key, fv_interval interval) {
    if (!p->json) return;
    FV_TEXT(name, 256);
    fv_text_addf(&name, "%s_low", key);
    fv_print_number(p, name.at, interval.low);
    fv_text_clear(&name);
    fv_text_addf(&name, "%s_high", key);
    fv_print_number(p, name.at, interval.high);
    fv_text_fail(&p->record, fv_text_error(&name));
}

static void print_classes(fv_printer *p, const fv_figures *f) {
    fv_print_list(p, "per_class");
    for (int64_t c = 0; c < f->classes; c++) {
        fv_print_item(p);
        fv_print_text(p, "class", f->names[c]);
        fv_print_number(p, "precision", f->per_class[c].precision);
        fv_print_number(p, "recall", f->per_class[c].recall);
        fv_print_number(p, "f1", f->per_class[c].f1);
        if (f->average_precision) fv_print_number(p, "average_precision", f->average_precision[c]);
        fv_print_int(p, "support", f->per_class[c].support);
    }
    fv_print_list_end(p);
}

void fv_figures_print(fv_printer *p, const fv_figures *f) {
    for (int64_t i = 0; i < f->count; i++) {
        if (i > 0) fv_figures_print_one(p, f->at[i].key, f->at[i].value, f->at[i].interval);
        print_interval(p, f->at[i].key, f->at[i].interval);
    }
    if (f->per_class) print_classes(p, f);
    if (f->confusion) fv_print_int_rows(p, "confusion", f->confusion, f->classes, f->classes);
}

/* ---- tables ---- */

/* Undefined figures come last. */
static double rank(const fv_class_figures *f) { return isnan(f->f1) ? INFINITY : f->f1; }

/* The `count` classes with the lowest F1, from the lowest up. */
static void pick_worst(const fv_figures *f, int64_t *rows, int64_t count) {
    int64_t held = 0;
    for (int64_t c = 0; c < f->classes; c++) {
        int64_t at = held;
        while (at > 0 && rank(&f->per_class[c]) < rank(&f->per_class[rows[at - 1]])) at--;
        if (at >= count) continue;
        held += held < count;
        for (int64_t j = held - 1; j > at; j--) rows[j] = rows[j - 1];
        rows[at] = c;
    }
}

static void add_share(fv_text *text, int width, double share) {
    if (isnan(share))
        fv_text_addf(text, " %*s", width, "-");
    else
        fv_text_addf(text, " %*.4f", width, share);
}

static void add_class_table(fv_text *text, const fv_figures *f) {
    int64_t rows[TABLE_MAX], count = f->classes <= TABLE_MAX ? f->classes : WORST;
    for (int64_t c = 0; c < count; c++) rows[c] = c;
    if (f->classes > TABLE_MAX) {
        pick_worst(f, rows, count);
        fv_text_addf(text, "the %lld of %lld classes with the lowest F1:\n", (long long)count, (long long)f->classes);
    }
    int64_t widest = fv_columns("class");
    for (int64_t r = 0; r < count; r++) widest = fv_max(widest, fv_min(fv_columns(f->names[rows[r]]), NAME_COLUMNS_MAX));
    fv_columns_pad(text, "class", widest);
    fv_text_addf(text, " precision    recall        f1%s   support\n", f->average_precision ? "        AP" : "");
    for (int64_t r = 0; r < count; r++) {
        const fv_class_figures *figures = &f->per_class[rows[r]];
        fv_columns_pad(text, f->names[rows[r]], widest);
        add_share(text, 9, figures->precision);
        add_share(text, 9, figures->recall);
        add_share(text, 9, figures->f1);
        if (f->average_precision) add_share(text, 9, f->average_precision[rows[r]]);
        fv_text_addf(text, " %9lld\n", (long long)figures->support);
    }
}

static void add_pairs(fv_text *text, const fv_figures *f) {
    fv_confused_pair pairs[PAIRS];
    int64_t count = fv_most_confused(f->confusion, f->classes, PAIRS, pairs);
    if (count) fv_text_add(text, "\nmost often confused:\n");
    for (int64_t i = 0; i < count; i++)
        fv_text_addf(text, "%s taken for %s: %lld of %lld (%.1f %%)\n", f->names[pairs[i].truth], f->names[pairs[i].answer],
                     (long long)pairs[i].count, (long long)f->per_class[pairs[i].truth].support, 100 * pairs[i].share);
}

fv_error *fv_figures_tables(fv_printer *p, const fv_figures *f) {
    FV_TEXT(text, 1 << 20);
    if (!f->per_class) return NULL;
    fv_text_add(&text, "\n");
    add_class_table(&text, f);
    if (f->confusion) add_pairs(&text, f);
    FV_TRY(fv_text_error(&text));
    fv_print_page(p, text.at);
    return NULL;
}
