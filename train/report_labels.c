/* report_labels.c - the middle of a report of several labels a picture: each label, what is given where another is missed,
 * curves, and how well probabilities are meant. */
#include "plot/page.h"
#include "train/report.h"

#define FOLD_LABELS 30 /* a longer table is folded away */
#define COLUMNS 9

static fv_error *add_count(const fv_report *r, int64_t count, const char **cell) {
    return fv_arena_format(r->arena, cell, "%lld", (long long)count);
}

/* Its figures, and the four counts of its own yes and no. */
static fv_error *add_label(const fv_report *r, int64_t label, const char **row) {
    const fv_class_figures *f = &r->per_class[label];
    int64_t missed = f->support - f->right, wrongly = f->answered - f->right;
    row[0] = r->names[label];
    FV_TRY(fv_report_percent(r, r->average_precision[label], &row[1]));
    FV_TRY(fv_report_percent(r, f->precision, &row[2]));
    FV_TRY(fv_report_percent(r, f->recall, &row[3]));
    FV_TRY(fv_report_percent(r, f->f1, &row[4]));
    FV_TRY(add_count(r, f->right, &row[5]));
    FV_TRY(add_count(r, missed, &row[6]));
    FV_TRY(add_count(r, wrongly, &row[7]));
    return add_count(r, r->outcomes->count - f->right - missed - wrongly, &row[8]);
}

static fv_error *show_table(const fv_report *r, fv_text *html) {
    static const fv_column columns[COLUMNS] = { { "label", false },     { "average precision", true },
                                                { "precision", true },  { "recall", true },
                                                { "F1", true },         { "found", true },
                                                { "missed", true },     { "wrongly given", true },
                                                { "rightly not", true } };
    const char **cells;
    FV_TRY(fv_arena_take(r->arena, r->classes * COLUMNS, &cells));
    for (int64_t c = 0; c < r->classes; c++) FV_TRY(add_label(r, c, &cells[COLUMNS * c]));
    if (r->classes > FOLD_LABELS) fv_page_fold(html, "Every label");
    fv_page_table(html, columns, COLUMNS, cells, r->classes);
    if (r->classes > FOLD_LABELS) fv_page_fold_end(html);
    fv_page_text(html,
                 "A label counts as given from a probability of %g on; average precision looks at the order of the pictures "
                 "alone. The four counts are pictures.",
                 FV_REPORT_YES);
    return NULL;
}

static fv_error *show_beside(const fv_report *r, fv_text *html) {
    bool any;
    FV_TRY(fv_report_show_pairs(r, "Given where another is missed", "missed", "given instead", &any, html));
    if (any) fv_page_text(html, "Pictures in which the one label was missed and the other wrongly given.");
    return NULL;
}

static fv_error *show_calibration(const fv_report *r, fv_text *html) {
    fv_page_section(html, "Is it as sure as it is right?");
    fv_page_row(html);
    FV_TRY(fv_report_show_reliability(r, "Probabilities of labels", r->calibration.before, NULL, html));
    fv_page_row_end(html);
    fv_page_text(html,
                 "Every label of every picture, by its probability: how often it is true. Scores of labels are not scaled "
                 "by a temperature.");
    return NULL;
}

fv_error *fv_report_show_labels(const fv_report *r, fv_text *html) {
    const int64_t *order;
    FV_TRY(fv_report_rank(r, r->average_precision, &order));
    fv_page_section(html, "Each label");
    FV_TRY(show_table(r, html));
    FV_TRY(fv_report_show_bars(r, "Average precision", r->average_precision, order, html));
    FV_TRY(show_beside(r, html));
    FV_TRY(fv_report_show_curves(r, order, html));
    return show_calibration(r, html);
}
