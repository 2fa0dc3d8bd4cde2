/* report_head.c - the report's first part: what matters most, what was wanted of the model, what takes no training, and all
 * figures in a table. */
#include <math.h>
#include <string.h>

#include "plot/page.h"
#include "plot/say.h"
#include "train/report.h"

#define HEAD 4         /* figures that are shown large */
#define LABELS_NAMED 6 /* of the most frequent set */
#define TEXT_MAX 65536

fv_error *fv_report_percent(const fv_report *r, double share, const char **out) {
    return fv_say_percent(r->arena, share, r->outcomes->count, out);
}

fv_error *fv_report_number(const fv_report *r, double number, const char **out) { return fv_say_number(r->arena, number, out); }

/* Of what is no share: numbers of the data have any size, all else is near 1. */
fv_error *fv_report_say(const fv_report *r, double value, bool share, const char **out) {
    if (share || isnan(value)) return fv_report_percent(r, value, out);
    if (r->kind == FV_NUMBERS) return fv_report_number(r, value, out);
    return fv_arena_format(r->arena, out, "%.4f", value);
}

/* "91.0 % to 95.2 %", NULL where there is none. */
static fv_error *say_interval(const fv_report *r, fv_interval interval, bool share, const char **out) {
    const char *low, *high;
    *out = NULL;
    if (isnan(interval.low)) return NULL;
    FV_TRY(fv_report_say(r, interval.low, share, &low));
    FV_TRY(fv_report_say(r, interval.high, share, &high));
    return fv_arena_format(r->arena, out, "%s to %s", low, high);
}

static fv_error *show_large(const fv_report *r, fv_text *html) {
    fv_page_figures(html);
    for (int i = 0; i < HEAD; i++) {
        const fv_report_figure *f = &r->figures[i];
        const char *value, *interval, *note = NULL;
        FV_TRY(fv_report_say(r, f->value, f->share, &value));
        FV_TRY(say_interval(r, f->interval, f->share, &interval));
        if (interval) FV_TRY(fv_arena_format(r->arena, &note, "95 %%: %s", interval));
        fv_page_figure(html, value, f->name, note, FV_TONE_PLAIN);
    }
    fv_page_figures_end(html);
    return NULL;
}

static void show_source(const fv_report *r, fv_text *html) {
    fv_page_text(html, "On %lld pictures: %s.", (long long)r->outcomes->count, r->on);
    if (r->selected_on)
        fv_page_note(html, "These are validation pictures, and the best epoch was selected on them, so the figures flatter. "
                           "Honest ones come from pictures that were used for neither: name a folder of them with --test DIR "
                           "or the recipe's key test.");
    if (r->evaluation.unreadable)
        fv_page_note(html, "%lld more pictures could not be read and are in no figure.", (long long)r->evaluation.unreadable);
}

static fv_error *show_goals(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = { { "target", false }, { "wanted", true }, { "reached", true }, { "", false } };
    if (!r->goals.count) return NULL;
    const char **cells;
    FV_TRY(fv_arena_take(r->arena, r->goals.count * 4, &cells));
    for (int64_t i = 0; i < r->goals.count; i++) {
        const fv_goal *g = &r->goals.at[i];
        cells[4 * i] = g->what;
        FV_TRY(fv_arena_format(r->arena, &cells[4 * i + 1], "%s %g", g->at_most ? "≤" : "≥", g->bound));
        cells[4 * i + 2] = "undefined";
        if (!isnan(g->reached)) FV_TRY(fv_arena_format(r->arena, &cells[4 * i + 2], "%.4g", g->reached));
        cells[4 * i + 3] = fv_goal_met(g) ? "✓ met" : "✗ not met";
    }
    fv_page_section(html, "Targets");
    fv_page_table(html, columns, 4, cells, r->goals.count);
    if (!isnan(r->latency_ms))
        fv_page_text(html,
                     "latency_ms is the median time from a file to its answer, one picture at a time, on the machine that "
                     "made this report: %.3g ms.",
                     r->latency_ms);
    return NULL;
}

/* ---- baselines ---- */

/* The figure's place among the report's; every metric of a baseline is there. */
static const fv_report_figure *figure_of(const fv_report *r, const char *metric) {
    for (int i = 0; i < r->figure_count; i++)
        if (!strcmp(r->figures[i].metric, metric)) return &r->figures[i];
    return NULL;
}

static fv_error *say_labels(const fv_report *r, const uint8_t *labels, const char **out) {
    FV_TEXT(text, TEXT_MAX);
    int64_t count = 0;
    for (int64_t c = 0; c < r->classes; c++)
        if (labels[c] && ++count <= LABELS_NAMED) fv_text_addf(&text, "%s%s", count > 1 ? ", " : "", r->names[c]);
    if (count > LABELS_NAMED) fv_text_addf(&text, " and %lld more", (long long)(count - LABELS_NAMED));
    FV_TRY(fv_text_error(&text));
    return fv_arena_format(r->arena, out, "always the most frequent set of labels: %s", count ? text.at : "none");
}

static fv_error *say_constant(const fv_report *r, const char **out) {
    const fv_baselines *b = &r->baselines;
    const char *mean;
    FV_TRY(fv_report_number(r, b->mean, &mean));
    if (r->kind == FV_NUMBERS) return fv_arena_format(r->arena, out, "always the mean of the training pictures, %s", mean);
    if (r->kind == FV_MULTI_LABEL) return say_labels(r, b->majority_labels, out);
    return fv_arena_format(r->arena, out, "always the most frequent class, %s", r->names[b->majority_class]);
}

static fv_error *baseline_row(const fv_report *r, const char *name, const fv_baseline *b, const char **row) {
    const char *const *metrics = fv_baseline_metrics(r->kind);
    *row++ = name;
    for (int i = 0; i < FV_BASELINE_METRICS && metrics[i]; i++)
        FV_TRY(fv_report_say(r, b->figures[i], figure_of(r, metrics[i])->share, row++));
    FV_TRY(say_interval(r, b->interval, figure_of(r, metrics[0])->share, row++));
    return fv_arena_format(r->arena, row, "%lld", (long long)b->count);
}

static fv_baseline of_model(const fv_report *r) {
    const char *const *metrics = fv_baseline_metrics(r->kind);
    fv_baseline b = { .count = r->outcomes->count, .interval = figure_of(r, metrics[0])->interval };
    for (int i = 0; i < FV_BASELINE_METRICS && metrics[i]; i++) b.figures[i] = figure_of(r, metrics[i])->value;
    return b;
}

/* By the first figure; one that is undefined is no better. */
static bool is_better(const fv_report *r, const fv_baseline *model, const fv_baseline *other) {
    if (!other->count) return true;
    return r->kind == FV_NUMBERS ? model->figures[0] < other->figures[0] : model->figures[0] > other->figures[0];
}

static int baseline_columns(const fv_report *r, fv_column columns[FV_BASELINE_METRICS + 3]) {
    static const char *const names[][FV_BASELINE_METRICS] = { { "top-1" },
                                                              { "mAP", "micro F1", "every label right" },
                                                              { "MAE", "RMSE", "R²" } };
    static const char *const intervals[] = { "95 % interval", "95 % of mAP", "95 % of MAE" };
    int count = 0;
    columns[count++] = (fv_column){ "answers of", false };
    for (int i = 0; i < FV_BASELINE_METRICS && names[r->kind][i]; i++)
        columns[count++] = (fv_column){ names[r->kind][i], true };
    columns[count++] = (fv_column){ intervals[r->kind], true };
    columns[count++] = (fv_column){ "pictures", true };
    return count;
}

static fv_error *show_baselines(const fv_report *r, fv_text *html) {
    fv_column columns[FV_BASELINE_METRICS + 3];
    const char *cells[3 * (FV_BASELINE_METRICS + 3)], *constant, *nearest;
    const fv_baselines *b = &r->baselines;
    const fv_baseline model = of_model(r);
    int count = baseline_columns(r, columns);
    FV_TRY(say_constant(r, &constant));
    FV_TRY(fv_arena_format(r->arena, &nearest, "the nearest of %lld training pictures, both %d×%d and grey",
                           (long long)b->nearest_known, FV_BASELINE_SIDE, FV_BASELINE_SIDE));
    FV_TRY(baseline_row(r, "this model", &model, cells));
    FV_TRY(baseline_row(r, nearest, &b->nearest, cells + count));
    FV_TRY(baseline_row(r, constant, &b->constant, cells + 2 * count));
    fv_page_section(html, "Beside answers that take no training");
    fv_page_table(html, columns, count, cells, 3);
    if (!is_better(r, &model, &b->nearest) || !is_better(r, &model, &b->constant))
        fv_page_note(html, "The model is not better than the best of them: it has learnt nothing that is worth its training.");
    return NULL;
}

fv_error *fv_report_show_head(const fv_report *r, fv_text *html) {
    show_source(r, html);
    FV_TRY(show_large(r, html));
    FV_TRY(show_goals(r, html));
    return show_baselines(r, html);
}

/* ---- all figures ---- */

fv_error *fv_report_show_figures(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = {
        { "figure", false }, { "value", true }, { "95 % interval", true }, { "as a metric", false }
    };
    const char *cells[4 * FV_REPORT_FIGURES_MAX];
    for (int i = 0; i < r->figure_count; i++) {
        const fv_report_figure *f = &r->figures[i];
        const char **row = &cells[4 * i];
        row[0] = f->name, row[3] = f->metric;
        FV_TRY(fv_report_say(r, f->value, false, &row[1]));
        FV_TRY(say_interval(r, f->interval, false, &row[2]));
    }
    fv_page_section(html, "All figures");
    fv_page_table(html, columns, 4, cells, r->figure_count);
    fv_page_text(
        html,
        "Intervals say how far chance in the choice of these pictures goes: of shares of pictures by Wilson's formula, "
        "of others by a bootstrap%s. Definitions are in fovea's docs/metrics.md.",
        r->kind == FV_ONE_CLASS ? " within classes" : "");
    return NULL;
}
