/* drift_page.c - what a check for drift found, as one HTML page. */
#include <math.h>
#include <string.h>

#include "cli/drift_sheet.h"
#include "cli/drift_text.h"
#include "core/base/assert.h"
#include "core/base/file.h"
#include "plot/chart.h"
#include "plot/page.h"

#define PAGE_BYTES_MAX (INT64_C(1) << 27)
#define PICTURE_BOX 112
#define LINES_MAX 7 /* effects in the chart: the strongest */
#define FINDING_COLUMNS 8

/* What the parts of the page are made from. */
typedef struct sheet_of_facts {
    const fv_drift_told *told;
    const fv_drift_policy *policy;
    const fv_drift_past *past;
    int64_t windows;
    fv_arena *arena;
    fv_text *html;
} sheet_of_facts;

/* ---- the verdict ---- */

static fv_error *number(fv_arena *arena, int digits, double value, const char **out) {
    if (isnan(value)) return *out = NULL, NULL;
    return fv_arena_format(arena, out, "%.*g", digits, value);
}

static fv_error *show_verdict(const sheet_of_facts *s) {
    const fv_drift_totals *t = &s->told->totals;
    const fv_drift_report *r = &s->told->step->report;
    const char *n, *alarms, *estimated, *error, *accuracy, *labelled;
    FV_TRY(fv_arena_format(s->arena, &n, "%lld", (long long)r->n));
    FV_TRY(fv_arena_format(s->arena, &alarms, "%lld alarms in %lld windows", (long long)t->alarms, (long long)t->windows));
    fv_page_figures(s->html);
    fv_page_figure(s->html, t->alarmed ? "drift" : "no drift", "verdict", alarms, t->alarmed ? FV_TONE_WRONG : FV_TONE_RIGHT);
    fv_page_figure(s->html, n, "predictions in the last window", NULL, FV_TONE_PLAIN);
    if (!isnan(r->estimated_accuracy)) {
        FV_TRY(fv_arena_format(s->arena, &estimated, "%.3f", r->estimated_accuracy));
        FV_TRY(fv_arena_format(s->arena, &error, "standard error %.3f", r->estimated_error));
        fv_page_figure(s->html, estimated, "estimated accuracy", error, FV_TONE_PLAIN);
    }
    if (r->labelled) {
        FV_TRY(fv_arena_format(s->arena, &accuracy, "%.3f", r->accuracy));
        FV_TRY(fv_arena_format(s->arena, &labelled, "of %lld whose label is known", (long long)r->labelled));
        fv_page_figure(s->html, accuracy, "accuracy", labelled, FV_TONE_PLAIN);
    }
    fv_page_figures_end(s->html);
    return NULL;
}

static fv_error *show_reasons(const sheet_of_facts *s, const fv_drift_report *r, const char *slice) {
    for (int64_t i = 0; i < r->count; i++) {
        if (!r->findings[i].drift) continue;
        FV_TEXT(why, 4096);
        fv_drift_say(&r->findings[i], &why);
        FV_TRY(fv_text_error(&why));
        fv_page_note(s->html, "%s%s%s.", slice ? slice : "", slice ? ": " : "", why.at);
    }
    return NULL;
}

/* ---- tables ---- */

static fv_error *show_findings(const sheet_of_facts *s) {
    static const fv_column columns[FINDING_COLUMNS] = { { "on", false },       { "statistic", false }, { "value", true },
                                                        { "threshold", true }, { "p", true },          { "mean", true },
                                                        { "was", true },       { "", false } };
    const fv_drift_report *r = &s->told->step->report;
    const char **cells;
    FV_TRY(fv_arena_take(s->arena, r->count * FINDING_COLUMNS, &cells));
    for (int64_t i = 0; i < r->count; i++) {
        const fv_drift_finding *f = &r->findings[i];
        const char **row = cells + i * FINDING_COLUMNS;
        row[0] = f->on, row[1] = f->name, row[7] = f->drift ? "drift" : NULL;
        FV_TRY(number(s->arena, 4, f->value, &row[2]));
        FV_TRY(number(s->arena, 3, f->threshold, &row[3]));
        FV_TRY(number(s->arena, 2, f->p, &row[4]));
        FV_TRY(number(s->arena, 4, f->mean, &row[5]));
        FV_TRY(number(s->arena, 4, isnan(f->mean) ? NAN : f->reference_mean, &row[6]));
    }
    fv_page_section(s->html, "The last window");
    fv_page_table(s->html, columns, FINDING_COLUMNS, cells, r->count);
    return NULL;
}

static fv_error *show_slices(const sheet_of_facts *s) {
    static const fv_column columns[] = { { "slice", false },   { "n", true }, { "strongest on", false },
                                         { "value", true },    { "p", true }, { "estimated", true },
                                         { "accuracy", true }, { "", false } };
    const fv_drift_step *step = s->told->step;
    const char **cells;
    if (!s->told->by) return NULL;
    FV_TRY(fv_arena_take(s->arena, step->slice_count * FV_COUNT(columns), &cells));
    for (int64_t i = 0; i < step->slice_count; i++) {
        const fv_drift_step_slice *slice = &step->slices[i];
        const fv_drift_report *r = &slice->slice->report;
        const fv_drift_finding *f = fv_drift_strongest(r);
        const char **row = cells + i * FV_COUNT(columns);
        row[0] = slice->slice->name, row[2] = f ? f->on : NULL;
        row[7] = !slice->slice->tested ? "not tested" : slice->state.alarmed ? "alarm" : r->drift ? "drift" : NULL;
        FV_TRY(number(s->arena, 15, (double)r->n, &row[1]));
        FV_TRY(number(s->arena, 4, f ? f->value : NAN, &row[3]));
        FV_TRY(number(s->arena, 2, f ? f->p : NAN, &row[4]));
        FV_TRY(number(s->arena, 3, r->estimated_accuracy, &row[5]));
        FV_TRY(number(s->arena, 3, r->accuracy, &row[6]));
    }
    fv_page_section(s->html, s->told->by == FV_DRIFT_BY_CLASS ? "Class by class" : "Key by key");
    fv_page_table(s->html, columns, FV_COUNT(columns), cells, step->slice_count);
    if (step->left_out) fv_page_text(s->html, "%lld smaller ones are left out.", (long long)step->left_out);
    return NULL;
}

/* ---- windows ---- */

static double effect_of(const fv_drift_report *r, const char *on) {
    for (int64_t i = 0; i < r->count; i++)
        if (!strcmp(r->findings[i].on, on)) return fv_drift_strength(&r->findings[i]);
    return NAN;
}

/* The effects of the last window by how far each is from its threshold, the furthest first; how many. */
static int choose_lines(const fv_drift_report *r, const char *on[LINES_MAX]) {
    bool taken[FV_DRIFT_FINDINGS_MAX] = { false };
    int count = 0;
    for (; count < LINES_MAX; count++) {
        int64_t best = -1;
        for (int64_t i = 0; i < r->count; i++)
            if (!taken[i] && (best < 0 || fv_drift_strength(&r->findings[i]) > fv_drift_strength(&r->findings[best]))) best = i;
        if (best < 0) return count;
        taken[best] = true;
        on[count] = r->findings[best].on;
    }
    return count;
}

static fv_error *draw(const sheet_of_facts *s, const fv_line_chart *chart) {
    FV_TEXT(svg, PAGE_BYTES_MAX);
    FV_TRY(fv_plot_lines(chart, FV_PLOT_SVG, &svg));
    fv_page_chart(s->html, &svg, false);
    return NULL;
}

static fv_error *draw_effects(const sheet_of_facts *s, const double *x) {
    const char *on[LINES_MAX];
    fv_series lines[LINES_MAX + 1];
    int count = choose_lines(&s->told->step->report, on);
    for (int k = 0; k < count; k++) {
        double *y;
        FV_TRY(fv_arena_take(s->arena, s->windows, &y));
        for (int64_t w = 0; w < s->windows; w++) y[w] = effect_of(&s->past[w].report, on[k]);
        lines[k] = (fv_series){ .name = on[k], .count = s->windows, .x = x, .y = y, .colour = k + 1 };
    }
    const double ends[2] = { 1, (double)s->windows }, threshold[2] = { 1, 1 };
    lines[count] = (fv_series){ .count = 2, .x = ends, .y = threshold };
    return draw(s, &(fv_line_chart){ .title = "Effects, in thresholds",
                                     .x_label = "window",
                                     .y_label = "effect / threshold",
                                     .count = count + 1,
                                     .series = lines,
                                     .whole_x = true });
}

static fv_error *draw_accuracy(const sheet_of_facts *s, const double *x) {
    double *estimated, *accuracy;
    bool any = false;
    FV_TRY(fv_arena_take(s->arena, s->windows, &estimated));
    FV_TRY(fv_arena_take(s->arena, s->windows, &accuracy));
    for (int64_t w = 0; w < s->windows; w++) {
        estimated[w] = s->past[w].report.estimated_accuracy, accuracy[w] = s->past[w].report.accuracy;
        any |= !isnan(estimated[w]);
    }
    if (!any) return NULL;
    const fv_series lines[] = { { .name = "estimated", .count = s->windows, .x = x, .y = estimated },
                                { .name = "of those labelled", .count = s->windows, .x = x, .y = accuracy } };
    return draw(
        s, &(fv_line_chart){
               .title = "Accuracy", .x_label = "window", .y_label = "accuracy", .count = 2, .series = lines, .whole_x = true });
}

static fv_error *show_windows(const sheet_of_facts *s) {
    double *x;
    if (s->windows < 2 || !s->told->step->report.count) return NULL;
    FV_TRY(fv_arena_take(s->arena, s->windows, &x));
    for (int64_t w = 0; w < s->windows; w++) x[w] = (double)(w + 1);
    fv_page_section(s->html, "Window by window");
    for (int64_t w = 0; w < s->windows; w++)
        if (s->past[w].raised) fv_page_text(s->html, "Window %lld raised an alarm.", (long long)(w + 1));
    fv_page_row(s->html);
    FV_TRY(draw_effects(s, x));
    FV_TRY(draw_accuracy(s, x));
    fv_page_row_end(s->html);
    return NULL;
}

/* ---- pictures ---- */

static fv_error *show_pictures(const sheet_of_facts *s) {
    const fv_drift_finding *f = fv_drift_strongest(&s->told->step->report);
    fv_contact_sheet sheet = { .arena = s->arena, .cell = 2 * PICTURE_BOX };
    if (!f || !s->told->driver_count) return NULL;
    fv_page_section(s->html, "Pictures that drive it");
    fv_error *error = fv_drift_gather(f, s->told->drivers, s->told->driver_count, &sheet);
    if (error && fv_error_code(error) == FV_NOT_FOUND) {
        fv_page_text(s->html, "%s.", fv_error_message(error));
        return fv_error_free(error), NULL;
    }
    FV_TRY(error);
    fv_page_text(s->html, "By %s, the strongest first.", f->on);
    fv_page_row(s->html);
    for (int64_t i = 0; i < sheet.count; i++)
        FV_TRY(fv_page_picture(s->html, &sheet.cells[i].picture, PICTURE_BOX, sheet.cells[i].caption, FV_TONE_PLAIN));
    fv_page_row_end(s->html);
    return NULL;
}

static void show_policy(const sheet_of_facts *s) {
    FV_TEXT(json, 1 << 16);
    fv_fields_to_json(fv_drift_policy_fields, s->policy, &json);
    fv_page_fold(s->html, "The policy");
    fv_page_code(s->html, json.at);
    fv_page_fold_end(s->html);
    fv_text_fail(s->html, fv_text_error(&json));
}

/* ---- all of it ---- */

static fv_error *fill(const sheet_of_facts *s) {
    const fv_drift_step *step = s->told->step;
    FV_TRY(show_verdict(s));
    FV_TRY(show_reasons(s, &step->report, NULL));
    for (int64_t i = 0; i < step->slice_count; i++)
        FV_TRY(show_reasons(s, &step->slices[i].slice->report, step->slices[i].slice->name));
    FV_TRY(show_windows(s));
    FV_TRY(show_findings(s));
    FV_TRY(show_slices(s));
    FV_TRY(show_pictures(s));
    show_policy(s);
    return NULL;
}

fv_error *fv_drift_page(const fv_drift_told *told, const fv_drift_policy *policy, const fv_drift_past *past, int64_t windows,
                        const char *path) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TEXT(html, PAGE_BYTES_MAX);
    FV_TEXT(title, 4096);
    FV_TRY(fv_arena_new("a page on drift", INT64_C(1) << 31, &arena));
    sheet_of_facts s = { told, policy, past, windows, arena, &html };
    fv_text_addf(&title, "Drift: %s", told->model);
    FV_TRY(fv_text_error(&title));
    fv_page_begin(&html, title.at);
    FV_TRY(fill(&s));
    fv_page_end(&html);
    FV_TRY(fv_text_error(&html));
    return fv_file_write(path, html.at, html.length, NULL);
}
