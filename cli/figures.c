/* figures.c - see figures.h. */
#include "cli/figures.h"

#include <math.h>

#include "core/base/size.h"

#define TABLE_MAX 20 /* classes that a table holds */
#define WORST 10     /* of more, the ones that are shown */
#define PAIRS 10
#define NAME_COLUMNS_MAX 40

/* ---- measuring ---- */

fv_error *fv_figures_measure(const fv_outcomes *outcomes, const char *const *names, fv_arena *arena, fv_figures *out) {
    int64_t classes = outcomes->classes, *counts = NULL, right = 0;
    fv_class_figures *per_class = NULL;
    *out = (fv_figures){ .classes = classes, .names = names };
    FV_TRY(fv_arena_take(arena, classes * classes, &counts));
    FV_TRY(fv_arena_take(arena, classes, &per_class));
    FV_TRY(fv_confusion_matrix(outcomes, counts));
    fv_per_class(counts, classes, per_class);
    out->counts = counts;
    out->per_class = per_class;
    for (int64_t c = 0; c < classes; c++) right += per_class[c].right;
    out->top1_interval = fv_wilson_interval(right, outcomes->count, 0.95);
    FV_TRY(fv_metric_measure("balanced_accuracy", outcomes, &out->balanced_accuracy));
    FV_TRY(fv_metric_measure("f1 average=macro", outcomes, &out->macro_f1));
    FV_TRY(fv_bootstrap_interval("balanced_accuracy", outcomes, NULL, &out->balanced_accuracy_interval));
    return fv_bootstrap_interval("f1 average=macro", outcomes, NULL, &out->macro_f1_interval);
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
}

static void print_interval(fv_printer *p, const char *key, fv_interval interval) {
    if (!p->json) return;
    FV_TEXT(name, 256);
    fv_text_addf(&name, "%s_low", key);
    fv_print_number(p, name.at, interval.low);
    fv_text_clear(&name);
    fv_text_addf(&name, "%s_high", key);
    fv_print_number(p, name.at, interval.high);
}

static void print_classes(fv_printer *p, const fv_figures *f) {
    fv_print_list(p, "per_class");
    for (int64_t c = 0; c < f->classes; c++) {
        fv_print_item(p);
        fv_print_text(p, "class", f->names[c]);
        fv_print_number(p, "precision", f->per_class[c].precision);
        fv_print_number(p, "recall", f->per_class[c].recall);
        fv_print_number(p, "f1", f->per_class[c].f1);
        fv_print_int(p, "support", f->per_class[c].support);
    }
    fv_print_list_end(p);
}

void fv_figures_print(fv_printer *p, const fv_figures *f) {
    print_interval(p, "top1", f->top1_interval);
    fv_figures_print_one(p, "balanced_accuracy", f->balanced_accuracy, f->balanced_accuracy_interval);
    print_interval(p, "balanced_accuracy", f->balanced_accuracy_interval);
    fv_figures_print_one(p, "macro_f1", f->macro_f1, f->macro_f1_interval);
    print_interval(p, "macro_f1", f->macro_f1_interval);
    print_classes(p, f);
    fv_print_int_rows(p, "confusion", f->counts, f->classes, f->classes);
}

/* ---- tables ---- */

/* Columns of a name on a terminal: a code point each. */
static int columns(const char *name) {
    int count = 0;
    for (; *name; name++) count += ((unsigned char)*name & 0xC0) != 0x80;
    return count;
}

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
    int widest = columns("class");
    for (int64_t r = 0; r < count; r++) widest = (int)fv_max(widest, fv_min(columns(f->names[rows[r]]), NAME_COLUMNS_MAX));
    fv_text_addf(text, "%-*s precision    recall        f1   support\n", widest, "class");
    for (int64_t r = 0; r < count; r++) {
        const fv_class_figures *figures = &f->per_class[rows[r]];
        const char *name = f->names[rows[r]];
        fv_text_addf(text, "%s%*s", name, (int)fv_max(widest - columns(name), 0), "");
        add_share(text, 9, figures->precision);
        add_share(text, 9, figures->recall);
        add_share(text, 9, figures->f1);
        fv_text_addf(text, " %9lld\n", (long long)figures->support);
    }
}

static void add_pairs(fv_text *text, const fv_figures *f) {
    fv_confused_pair pairs[PAIRS];
    int64_t count = fv_most_confused(f->counts, f->classes, PAIRS, pairs);
    if (count) fv_text_add(text, "\nmost often confused:\n");
    for (int64_t i = 0; i < count; i++)
        fv_text_addf(text, "%s taken for %s: %lld of %lld (%.1f %%)\n", f->names[pairs[i].truth], f->names[pairs[i].answer],
                     (long long)pairs[i].count, (long long)f->per_class[pairs[i].truth].support, 100 * pairs[i].share);
}

fv_error *fv_figures_tables(fv_printer *p, const fv_figures *f) {
    FV_TEXT(text, 1 << 20);
    fv_text_add(&text, "\n");
    add_class_table(&text, f);
    add_pairs(&text, f);
    FV_TRY(fv_text_error(&text));
    fv_print_page(p, text.at);
    return NULL;
}
