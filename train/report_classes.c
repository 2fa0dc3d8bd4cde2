/* report_classes.c - the report's middle: all figures, each class, which are taken for which, curves, calibration. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "plot/chart.h"
#include "plot/page.h"
#include "train/report.h"

#define FOLD_CLASSES 30 /* a longer table is folded away */
#define BARS_MAX 60     /* classes that are drawn as bars: the worst */
#define NAMED_CURVES 7  /* as many as there are colours */
#define CURVES_MAX 100  /* with those in grey */
#define PAIRS 10
#define SVG_BYTES_MAX (INT64_C(1) << 28)

/* ---- tables ---- */

static fv_error *show_figures(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = {
        { "figure", false }, { "value", true }, { "95 % interval", true }, { "as a metric", false }
    };
    const char *cells[4 * FV_REPORT_FIGURES_MAX];
    for (int i = 0; i < r->figure_count; i++) {
        const fv_report_figure *f = &r->figures[i];
        const char **row = &cells[4 * i];
        row[0] = f->name, row[2] = NULL, row[3] = f->metric;
        if (isnan(f->value))
            row[1] = "undefined";
        else
            FV_TRY(fv_arena_format(r->arena, &row[1], "%.4f", f->value));
        if (!isnan(f->interval.low))
            FV_TRY(fv_arena_format(r->arena, &row[2], "%.4f to %.4f", f->interval.low, f->interval.high));
    }
    fv_page_section(html, "All figures");
    fv_page_table(html, columns, 4, cells, r->figure_count);
    fv_page_text(
        html,
        "Intervals say how far chance in the choice of these pictures goes: of top-1 and top-5 by Wilson's formula, of others "
        "by a bootstrap within classes. Definitions are in fovea's docs/metrics.md.");
    return NULL;
}

static fv_error *show_class_table(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = { { "class", false }, { "precision", true }, { "recall", true },
                                         { "F1", true },     { "pictures", true },  { "answered", true } };
    const char **cells;
    FV_TRY(fv_arena_take(r->arena, r->classes * 6, &cells));
    for (int64_t c = 0; c < r->classes; c++) {
        const fv_class_figures *f = &r->per_class[c];
        const char **row = &cells[6 * c];
        row[0] = r->names[c];
        FV_TRY(fv_report_percent(r, f->precision, &row[1]));
        FV_TRY(fv_report_percent(r, f->recall, &row[2]));
        FV_TRY(fv_report_percent(r, f->f1, &row[3]));
        FV_TRY(fv_arena_format(r->arena, &row[4], "%lld", (long long)f->support));
        FV_TRY(fv_arena_format(r->arena, &row[5], "%lld", (long long)f->answered));
    }
    if (r->classes > FOLD_CLASSES) fv_page_fold(html, "Every class");
    fv_page_table(html, columns, 6, cells, r->classes);
    if (r->classes > FOLD_CLASSES) fv_page_fold_end(html);
    return NULL;
}

/* Classes with the lowest F1 first; an undefined one is lower than any. */
static fv_error *rank_classes(const fv_report *r, int64_t **out) {
    int64_t *order;
    FV_TRY(fv_arena_take(r->arena, r->classes, &order));
    for (int64_t c = 0; c < r->classes; c++) { /* insertion: a strict comparison keeps the order of the classes */
        int64_t at = c;
        double f1 = isnan(r->per_class[c].f1) ? -1 : r->per_class[c].f1;
        for (; at > 0; at--) {
            double before = r->per_class[order[at - 1]].f1;
            if (!(f1 < (isnan(before) ? -1 : before))) break;
            order[at] = order[at - 1];
        }
        order[at] = c;
    }
    *out = order;
    return NULL;
}

static fv_error *show_f1(const fv_report *r, fv_text *html) {
    int64_t *order, count = fv_min(r->classes, BARS_MAX);
    const char **names;
    double *values;
    FV_TRY(rank_classes(r, &order));
    FV_TRY(fv_arena_take(r->arena, count, &names));
    FV_TRY(fv_arena_take(r->arena, count, &values));
    for (int64_t i = 0; i < count; i++) {
        names[i] = r->names[order[i]];
        values[i] = r->per_class[order[i]].f1;
    }
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_plot_bars(
        &(fv_bar_chart){ .title = count < r->classes ? "F1 of the worst classes" : "F1 of each class, the worst first",
                         .count = count,
                         .names = names,
                         .series = 1,
                         .values = { values },
                         .highest = 1 },
        FV_PLOT_SVG, &svg));
    fv_page_row(html);
    fv_page_chart(html, &svg, false);
    fv_page_row_end(html);
    return NULL;
}

/* ---- the confusion matrix ---- */

static fv_error *add_matrix(const fv_report *r, const char *title, const double *cells, bool shares, fv_text *html) {
    FV_TEXT(svg, SVG_BYTES_MAX);
    fv_matrix_chart chart = { .title = title, .classes = r->classes, .names = r->names, .cells = cells, .shares = shares };
    FV_TRY(fv_plot_matrix(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, true);
    return NULL;
}

static fv_error *show_matrices(const fv_report *r, fv_text *html) {
    int64_t n = r->classes;
    double *counts, *shares;
    if (n > FV_MATRIX_CLASSES_MAX) {
        fv_page_text(html, "A matrix of %lld classes cannot be read; the pairs below are its largest cells.", (long long)n);
        return NULL;
    }
    FV_TRY(fv_arena_take(r->arena, n * n, &counts));
    FV_TRY(fv_arena_take(r->arena, n * n, &shares));
    for (int64_t i = 0; i < n * n; i++) {
        counts[i] = (double)r->confusion[i];
        shares[i] = counts[i] / fmax((double)r->per_class[i / n].support, 1);
    }
    fv_page_row(html);
    FV_TRY(add_matrix(r, "Pictures", counts, false, html));
    FV_TRY(add_matrix(r, "Per cent of the true class", shares, true, html));
    fv_page_row_end(html);
    fv_page_text(html,
                 "Each row is a true class, each column what was answered: blue is right, orange is wrong, the darker the "
                 "more. The two colours have scales of their own, so that few mistakes are seen too.");
    return NULL;
}

static fv_error *show_pairs(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = {
        { "true", false }, { "taken for", false }, { "pictures", true }, { "of the true class", true }
    };
    fv_confused_pair pairs[PAIRS];
    const char *cells[4 * PAIRS];
    int64_t count = fv_most_confused(r->confusion, r->classes, PAIRS, pairs);
    if (!count) return fv_page_text(html, "No picture was taken for another class."), NULL;
    for (int64_t i = 0; i < count; i++) {
        cells[4 * i] = r->names[pairs[i].truth];
        cells[4 * i + 1] = r->names[pairs[i].answer];
        FV_TRY(fv_arena_format(r->arena, &cells[4 * i + 2], "%lld", (long long)pairs[i].count));
        FV_TRY(fv_report_percent(r, pairs[i].share, &cells[4 * i + 3]));
    }
    fv_page_part(html, "Most confused pairs");
    fv_page_table(html, columns, 4, cells, count);
    return NULL;
}

/* ---- curves ---- */

/* A curve's points, thinned to what can be seen. */
typedef struct curve {
    int64_t count;
    double *x, *y;
} curve;

/* Sorts out `points` in place, then takes copies of those that are left. */
static fv_error *thin(const fv_report *r, fv_curve_point *points, int64_t count, bool roc, curve *out) {
    out->count = 0;
    for (int64_t i = 0; i < count; i++) {
        double x = roc ? points[i].false_positive_rate : points[i].true_positive_rate;
        double y = roc ? points[i].true_positive_rate : points[i].precision;
        const fv_curve_point *last = out->count ? &points[out->count - 1] : NULL;
        bool near = last && fabs(x - last->false_positive_rate) < 0.001 && fabs(y - last->precision) < 0.001;
        if (near && i + 1 < count) continue;
        points[out->count++] = (fv_curve_point){ .false_positive_rate = x, .precision = y };
    }
    FV_TRY(fv_arena_take(r->arena, out->count, &out->x));
    FV_TRY(fv_arena_take(r->arena, out->count, &out->y));
    for (int64_t i = 0; i < out->count; i++) {
        out->x[i] = points[i].false_positive_rate;
        out->y[i] = points[i].precision;
    }
    return NULL;
}

/* The classes whose curves are drawn: of two the second, else the worst first. */
static fv_error *choose_curves(const fv_report *r, int64_t **order, int64_t *count) {
    FV_TRY(rank_classes(r, order));
    *count = fv_min(r->classes, CURVES_MAX);
    if (r->classes == 2) (*order)[0] = 1, *count = 1;
    return NULL;
}

static fv_error *show_curves(const fv_report *r, bool roc, fv_text *html) {
    int64_t *order, count, points_count;
    fv_series *series;
    fv_curve_point *points;
    FV_TRY(choose_curves(r, &order, &count));
    FV_TRY(fv_arena_take(r->arena, count, &series));
    FV_TRY(fv_arena_take(r->arena, r->outcomes->count + 1, &points));
    for (int64_t i = 0; i < count; i++) {
        curve c;
        FV_TRY(fv_score_curve(r->outcomes, order[i], points, &points_count));
        FV_TRY(thin(r, points, points_count, roc, &c));
        series[i] = (fv_series){ .name = i < NAMED_CURVES ? r->names[order[i]] : NULL, .count = c.count, .x = c.x, .y = c.y };
    }
    fv_line_chart chart = { .title = roc ? "ROC" : "Precision and recall",
                            .x_label = roc ? "false positive rate" : "recall",
                            .y_label = roc ? "true positive rate" : "precision",
                            .count = count,
                            .series = series,
                            .x_range = { 0, 1 },
                            .y_range = { 0, 1 },
                            .diagonal = roc,
                            .height = 400 };
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_plot_lines(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

fv_error *fv_report_show_classes(const fv_report *r, fv_text *html) {
    FV_TRY(show_figures(r, html));
    fv_page_section(html, "Each class");
    FV_TRY(show_class_table(r, html));
    FV_TRY(show_f1(r, html));
    fv_page_section(html, "What is taken for what");
    FV_TRY(show_matrices(r, html));
    FV_TRY(show_pairs(r, html));
    fv_page_section(html, "At every threshold");
    fv_page_row(html);
    FV_TRY(show_curves(r, true, html));
    FV_TRY(show_curves(r, false, html));
    fv_page_row_end(html);
    if (r->classes == 2)
        fv_page_text(html, "Of class %s against %s.", r->names[1], r->names[0]);
    else
        fv_page_text(html, "Each class against the rest%s.",
                     r->classes > NAMED_CURVES ? "; named are those with the lowest F1" : "");
    return NULL;
}

/* ---- calibration ---- */

static fv_error *add_reliability(const fv_report *r, const char *title, const fv_reliability_bin *bins, double error,
                                 fv_text *html) {
    double confidence[FV_REPORT_BINS], correct[FV_REPORT_BINS];
    int64_t counts[FV_REPORT_BINS];
    for (int i = 0; i < FV_REPORT_BINS; i++) {
        confidence[i] = bins[i].confidence;
        correct[i] = bins[i].accuracy;
        counts[i] = bins[i].count;
    }
    fv_reliability_chart chart = { title, FV_REPORT_BINS, confidence, correct, counts, NULL };
    FV_TRY(fv_arena_format(r->arena, &chart.note, "calibration error %.3f", error));
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_plot_reliability(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

fv_error *fv_report_show_calibration(const fv_report *r, fv_text *html) {
    const fv_report_calibration *c = &r->calibration;
    fv_page_section(html, "Does it know when it is right?");
    fv_page_row(html);
    FV_TRY(add_reliability(r, "As the network says", c->before, c->error_before, html));
    if (!c->fit.reason) FV_TRY(add_reliability(r, "With temperature scaling", c->after, c->error_after, html));
    fv_page_row_end(html);
    if (c->fit.reason) {
        fv_page_text(html, "No temperature could be fitted: %s.", c->fit.reason);
        return NULL;
    }
    fv_page_text(
        html,
        "Logits divided by %.3f, which fits the validation pictures best: calibration error %.4f before, %.4f after; log "
        "loss %.4f before, %.4f after. No answer changes.%s",
        c->fit.temperature, c->error_before, c->error_after, c->loss_before, c->loss_after,
        r->selected_on ? " It was fitted on these very pictures, so \"after\" flatters." : "");
    return NULL;
}
