/* report_classes.c - the middle of a report of one class a picture: each class, which are taken for which, curves, calibration.
 */
#include <math.h>

#include "plot/chart.h"
#include "plot/page.h"
#include "train/report.h"

#define FOLD_CLASSES 30 /* a longer table is folded away */

/* ---- each class ---- */

static fv_error *show_table(const fv_report *r, fv_text *html) {
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

/* ---- the confusion matrix ---- */

static fv_error *add_matrix(const fv_report *r, const char *title, const double *cells, bool shares, fv_text *html) {
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
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

static fv_error *show_confusion(const fv_report *r, fv_text *html) {
    bool any;
    fv_page_section(html, "What is taken for what");
    FV_TRY(show_matrices(r, html));
    FV_TRY(fv_report_show_pairs(r, "Most confused pairs", "true", "taken for", &any, html));
    if (!any) fv_page_text(html, "No picture was taken for another class.");
    return NULL;
}

/* ---- calibration ---- */

static fv_error *add_reliability(const fv_report *r, const char *title, const fv_reliability_bin *bins, double error,
                                 fv_text *html) {
    const char *note;
    FV_TRY(fv_arena_format(r->arena, &note, "calibration error %.3f", error));
    return fv_report_show_reliability(r, title, bins, note, html);
}

static fv_error *show_calibration(const fv_report *r, fv_text *html) {
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

fv_error *fv_report_show_classes(const fv_report *r, fv_text *html) {
    double *f1;
    const int64_t *order;
    FV_TRY(fv_arena_take(r->arena, r->classes, &f1));
    for (int64_t c = 0; c < r->classes; c++) f1[c] = r->per_class[c].f1;
    FV_TRY(fv_report_rank(r, f1, &order));
    fv_page_section(html, "Each class");
    FV_TRY(show_table(r, html));
    FV_TRY(fv_report_show_bars(r, "F1", f1, order, html));
    FV_TRY(show_confusion(r, html));
    FV_TRY(fv_report_show_curves(r, order, html));
    return show_calibration(r, html);
}
