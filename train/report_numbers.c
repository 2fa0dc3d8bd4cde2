/* report_numbers.c - the middle of a report of a number a picture: what was predicted against what is true, how large the
 * errors are, and where on the scale they lie. */
#include <math.h>
#include <stdlib.h>

#include "core/base/size.h"
#include "plot/chart.h"
#include "plot/page.h"
#include "train/report.h"

#define BINS 30 /* of the histogram: even, so that 0 is an edge */
#define CHART_HEIGHT 440
#define GROUPS 5 /* of the true numbers, as many pictures in each */

static double error_of(const fv_report *r, int64_t i) { return r->outcomes->predicted[i] - r->outcomes->targets[i]; }

/* ---- charts ---- */

static fv_error *show_scatter(const fv_report *r, fv_text *html) {
    const fv_outcomes *o = r->outcomes;
    fv_scatter_chart chart = { .title = "Predicted against true",
                               .x_label = "true",
                               .y_label = "predicted",
                               .count = o->count,
                               .x = o->targets,
                               .y = o->predicted,
                               .same_scale = true,
                               .height = CHART_HEIGHT };
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_scatter(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

static fv_error *show_errors(const fv_report *r, fv_text *html) {
    int64_t counts[BINS] = { 0 };
    double largest = 0;
    for (int64_t i = 0; i < r->outcomes->count; i++) largest = fmax(largest, fabs(error_of(r, i)));
    if (!(largest > 0)) return NULL;
    for (int64_t i = 0; i < r->outcomes->count; i++) {
        int64_t bin = (int64_t)floor((error_of(r, i) / largest + 1) / 2 * BINS);
        counts[fv_min(bin, BINS - 1)]++;
    }
    fv_histogram_chart chart = { .title = "Errors", .x_label = "predicted − true", .y_label = "pictures" };
    chart.low = -largest, chart.high = largest, chart.bins = BINS, chart.counts = counts;
    chart.height = CHART_HEIGHT;
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_histogram(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

/* ---- tables ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Bounds that shares of the errors keep. */
static fv_error *show_bounds(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = { { "of the pictures", false }, { "have an error of at most", true } };
    static const double shares[] = { 0.5, 0.75, 0.9, 0.95, 0.99, 1 };
    enum { ROWS = sizeof shares / sizeof *shares };
    const char *cells[2 * ROWS];
    int64_t count = r->outcomes->count;
    double *errors;
    FV_TRY(fv_arena_take(r->arena, count, &errors));
    for (int64_t i = 0; i < count; i++) errors[i] = fabs(error_of(r, i));
    qsort(errors, (size_t)count, sizeof *errors, by_value);
    for (int k = 0; k < ROWS; k++) {
        int64_t at = fv_max((int64_t)ceil(shares[k] * (double)count) - 1, 0);
        FV_TRY(fv_arena_format(r->arena, &cells[2 * k], "%g %%", 100 * shares[k]));
        FV_TRY(fv_report_number(r, errors[at], &cells[2 * k + 1]));
    }
    fv_page_part(html, "How large the errors are");
    fv_page_table(html, columns, 2, cells, ROWS);
    return NULL;
}

typedef struct pair {
    double truth, error;
} pair;

static int by_truth(const void *a, const void *b) {
    const pair *x = a, *y = b;
    return x->truth != y->truth ? by_value(&x->truth, &y->truth) : by_value(&x->error, &y->error);
}

static fv_error *add_group(const fv_report *r, const pair *pairs, int64_t count, const char **row) {
    double sum = 0, sizes = 0;
    for (int64_t i = 0; i < count; i++) sum += pairs[i].error, sizes += fabs(pairs[i].error);
    const char *least, *most;
    FV_TRY(fv_report_number(r, pairs[0].truth, &least));
    FV_TRY(fv_report_number(r, pairs[count - 1].truth, &most));
    FV_TRY(fv_arena_format(r->arena, &row[0], "%s to %s", least, most));
    FV_TRY(fv_arena_format(r->arena, &row[1], "%lld", (long long)count));
    FV_TRY(fv_report_number(r, sizes / (double)count, &row[2]));
    return fv_report_number(r, sum / (double)count, &row[3]);
}

/* Pictures by their true number, in groups of as many: where it errs, and to which side. */
static fv_error *show_groups(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = {
        { "true number", false }, { "pictures", true }, { "mean absolute error", true }, { "mean error", true }
    };
    const char *cells[4 * GROUPS];
    int64_t count = r->outcomes->count, groups = fv_min(GROUPS, count);
    pair *pairs;
    FV_TRY(fv_arena_take(r->arena, count, &pairs));
    for (int64_t i = 0; i < count; i++) pairs[i] = (pair){ r->outcomes->targets[i], error_of(r, i) };
    qsort(pairs, (size_t)count, sizeof *pairs, by_truth);
    for (int64_t g = 0; g < groups; g++) {
        int64_t from = g * count / groups, to = (g + 1) * count / groups;
        FV_TRY(add_group(r, pairs + from, to - from, &cells[4 * g]));
    }
    fv_page_part(html, "Where they lie");
    fv_page_table(html, columns, 4, cells, groups);
    fv_page_text(html,
                 "A mean error above 0: what is predicted is too much. Small numbers said too large and large ones too small "
                 "are what a model does that has learnt little more than their mean.");
    return NULL;
}

fv_error *fv_report_show_numbers(const fv_report *r, fv_text *html) {
    fv_page_section(html, "Predicted and true");
    fv_page_row(html);
    FV_TRY(show_scatter(r, html));
    FV_TRY(show_errors(r, html));
    fv_page_row_end(html);
    FV_TRY(show_bounds(r, html));
    return show_groups(r, html);
}
