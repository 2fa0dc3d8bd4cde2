/* report_curves.c - what a report shows of classes and of labels alike: the worst of them as bars, curves over thresholds, how
 * well probabilities are meant, and pairs that are confused. */
#include <math.h>

#include "core/base/size.h"
#include "plot/chart.h"
#include "plot/page.h"
#include "train/report.h"

#define BARS_MAX 60    /* classes that are drawn as bars: the worst */
#define NAMED_CURVES 7 /* as many as there are colours */
#define CURVES_MAX 100 /* with those in grey */
#define PAIRS 10

/* ---- the worst ---- */

static double known(double value) { return isnan(value) ? -INFINITY : value; }

fv_error *fv_report_rank(const fv_report *r, const double *values, const int64_t **out) {
    int64_t *order;
    FV_TRY(fv_arena_take(r->arena, r->classes, &order));
    for (int64_t c = 0; c < r->classes; c++) { /* insertion: a strict comparison keeps the order of the classes */
        int64_t at = c;
        for (; at > 0 && known(values[c]) < known(values[order[at - 1]]); at--) order[at] = order[at - 1];
        order[at] = c;
    }
    *out = order;
    return NULL;
}

fv_error *fv_report_show_bars(const fv_report *r, const char *figure, const double *values, const int64_t *order,
                              fv_text *html) {
    int64_t count = fv_min(r->classes, BARS_MAX);
    const char **names, *title;
    double *ranked;
    FV_TRY(fv_arena_take(r->arena, count, &names));
    FV_TRY(fv_arena_take(r->arena, count, &ranked));
    for (int64_t i = 0; i < count; i++) names[i] = r->names[order[i]], ranked[i] = values[order[i]];
    FV_TRY(fv_arena_format(r->arena, &title, count < r->classes ? "%s of the worst" : "%s, the worst first", figure));
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    fv_bar_chart chart = { .title = title, .count = count, .names = names, .series = 1, .values = { ranked }, .highest = 1 };
    FV_TRY(fv_plot_bars(&chart, FV_PLOT_SVG, &svg));
    fv_page_row(html);
    fv_page_chart(html, &svg, false);
    fv_page_row_end(html);
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

static fv_error *show_curve(const fv_report *r, const int64_t *order, int64_t count, bool roc, fv_text *html) {
    int64_t points_count;
    fv_series *series;
    fv_curve_point *points;
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
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_lines(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

/* Of two classes the second is drawn, for the first is its mirror image. */
fv_error *fv_report_show_curves(const fv_report *r, const int64_t *order, fv_text *html) {
    static const int64_t second[] = { 1 };
    bool one_of_two = r->kind == FV_ONE_CLASS && r->classes == 2;
    int64_t count = one_of_two ? 1 : fv_min(r->classes, CURVES_MAX);
    fv_page_section(html, "At every threshold");
    fv_page_row(html);
    FV_TRY(show_curve(r, one_of_two ? second : order, count, true, html));
    FV_TRY(show_curve(r, one_of_two ? second : order, count, false, html));
    fv_page_row_end(html);
    if (one_of_two)
        fv_page_text(html, "Of class %s against %s.", r->names[1], r->names[0]);
    else
        fv_page_text(html, "Each %s%s.", r->kind == FV_ONE_CLASS ? "class against the rest" : "label against its absence",
                     r->classes > NAMED_CURVES ? "; named are the worst" : "");
    return NULL;
}

/* ---- probabilities ---- */

fv_error *fv_report_show_reliability(const fv_report *r, const char *title, const fv_reliability_bin *bins, const char *note,
                                     fv_text *html) {
    double confidence[FV_REPORT_BINS], correct[FV_REPORT_BINS];
    int64_t counts[FV_REPORT_BINS];
    for (int i = 0; i < FV_REPORT_BINS; i++) {
        confidence[i] = bins[i].confidence;
        correct[i] = bins[i].accuracy;
        counts[i] = bins[i].count;
    }
    fv_reliability_chart chart = { title, FV_REPORT_BINS, confidence, correct, counts, note, r->kind == FV_MULTI_LABEL };
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_reliability(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

/* ---- pairs ---- */

fv_error *fv_report_show_pairs(const fv_report *r, const char *heading, const char *row, const char *column, bool *any,
                               fv_text *html) {
    const char *share = r->kind == FV_ONE_CLASS ? "of the true class" : "of its pictures";
    const fv_column columns[] = { { row, false }, { column, false }, { "pictures", true }, { share, true } };
    fv_confused_pair pairs[PAIRS];
    const char *cells[4 * PAIRS];
    int64_t count = fv_most_confused(r->confusion, r->classes, PAIRS, pairs);
    *any = count > 0;
    if (!count) return NULL;
    for (int64_t i = 0; i < count; i++) {
        double of_true = (double)pairs[i].count / (double)r->per_class[pairs[i].truth].support;
        cells[4 * i] = r->names[pairs[i].truth];
        cells[4 * i + 1] = r->names[pairs[i].answer];
        FV_TRY(fv_arena_format(r->arena, &cells[4 * i + 2], "%lld", (long long)pairs[i].count));
        FV_TRY(fv_report_percent(r, of_true, &cells[4 * i + 3]));
    }
    fv_page_part(html, heading);
    fv_page_table(html, columns, 4, cells, count);
    return NULL;
}
