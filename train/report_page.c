/* report_page.c - the report's first and last parts: what matters most, what was trained and how it went, and what the data had
 * to say. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "plot/chart.h"
#include "plot/page.h"
#include "train/report.h"

#define REJECTED_MAX 200 /* lines; the rest is counted */
#define BARS_MAX 60      /* classes that are drawn */
#define SVG_BYTES_MAX (INT64_C(1) << 28)

fv_error *fv_report_percent(const fv_report *r, double share, const char **out) {
    if (isnan(share)) return fv_arena_text(r->arena, "undefined", out);
    return fv_arena_format(r->arena, out, "%.*f %%", r->outcomes->count < 1000 ? 1 : 2, 100 * share);
}

/* ---- figures ---- */

static fv_error *say(const fv_report *r, double value, bool share, const char **out) {
    if (share || isnan(value)) return fv_report_percent(r, value, out);
    return fv_arena_format(r->arena, out, "%.4f", value);
}

/* "91.0 % to 95.2 %", NULL where there is none. */
static fv_error *say_interval(const fv_report *r, fv_interval interval, bool share, const char **out) {
    const char *low, *high;
    *out = NULL;
    if (isnan(interval.low)) return NULL;
    FV_TRY(say(r, interval.low, share, &low));
    FV_TRY(say(r, interval.high, share, &high));
    return fv_arena_format(r->arena, out, "%s to %s", low, high);
}

static fv_error *show_figures(const fv_report *r, fv_text *html) {
    fv_page_figures(html);
    for (int i = 0; i < 4; i++) {
        const fv_report_figure *f = &r->figures[i];
        const char *value, *interval, *note = NULL;
        FV_TRY(say(r, f->value, f->share, &value));
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
        FV_TRY(fv_arena_format(r->arena, &cells[4 * i + 2], "%.4g", g->reached));
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

static fv_error *baseline_row(const fv_report *r, const char *name, int64_t right, int64_t count, const char **row) {
    row[0] = name;
    FV_TRY(fv_report_percent(r, count ? (double)right / (double)count : NAN, &row[1]));
    FV_TRY(say_interval(r, fv_wilson_interval(right, count, 0.95), true, &row[2]));
    return fv_arena_format(r->arena, &row[3], "%lld", (long long)count);
}

static fv_error *show_baselines(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = {
        { "answers of", false }, { "top-1", true }, { "95 % interval", true }, { "pictures", true }
    };
    const fv_baselines *b = &r->baselines;
    const char *cells[12], *majority, *nearest;
    int64_t right = 0;
    for (int64_t c = 0; c < r->classes; c++) right += r->per_class[c].right;
    FV_TRY(fv_arena_format(r->arena, &majority, "always the most frequent class, %s", r->names[b->majority_class]));
    FV_TRY(fv_arena_format(r->arena, &nearest, "the nearest of %lld training pictures, both %d×%d and grey",
                           (long long)b->nearest_known, FV_BASELINE_SIDE, FV_BASELINE_SIDE));
    FV_TRY(baseline_row(r, "this model", right, r->outcomes->count, cells));
    FV_TRY(baseline_row(r, nearest, b->nearest_right, b->nearest_count, cells + 4));
    FV_TRY(baseline_row(r, majority, b->majority_right, b->majority_count, cells + 8));
    fv_page_section(html, "Beside answers that take no training");
    fv_page_table(html, columns, 4, cells, 3);
    double model = (double)right / (double)r->outcomes->count;
    double best = fmax((double)b->majority_right / (double)fv_max(b->majority_count, 1),
                       (double)b->nearest_right / (double)fv_max(b->nearest_count, 1));
    if (model <= best)
        fv_page_note(html, "The model is not better than the best of them: it has learnt nothing that is worth its training.");
    return NULL;
}

fv_error *fv_report_show_head(const fv_report *r, fv_text *html) {
    show_source(r, html);
    FV_TRY(show_figures(r, html));
    FV_TRY(show_goals(r, html));
    return show_baselines(r, html);
}

/* ---- what was trained ---- */

static fv_error *add_row(const char **cells, int64_t *rows, const char *name, const char *value) {
    cells[2 * *rows] = name;
    cells[2 * (*rows)++ + 1] = value;
    return NULL;
}

static fv_error *describe(const fv_report *r, const char **cells, int64_t *rows) {
    const fv_recipe_keys *k = r->t->keys;
    fv_size in = fv_predictor_input(r->predictor);
    const double *best = NULL;
    const char *network, *size, *data, *counts, *epochs, *rate;
    FV_TRY(fv_results_column(&r->results, "val_top1", r->arena, &best));
    FV_TRY(fv_arena_format(r->arena, &network, "%s, %lld parameters, %.3g MB as a file", k->arch, (long long)r->parameters,
                           (double)r->model_bytes / 1e6));
    FV_TRY(fv_arena_format(r->arena, &size, "%lld × %lld × %lld", (long long)in.height, (long long)in.width,
                           (long long)in.channels));
    FV_TRY(fv_arena_format(r->arena, &data, "%s (%s)", fv_dataset_path(r->t->set), fv_dataset_source(r->t->set)));
    FV_TRY(fv_arena_format(r->arena, &counts, "%lld to train on, %lld to validate on (%s)%s",
                           (long long)fv_subset_count(r->t->train), (long long)fv_subset_count(r->t->val), r->t->val_from,
                           r->t->test ? "" : ", none to test on"));
    if (r->t->test)
        FV_TRY(fv_arena_format(r->arena, &counts, "%s, %lld to test on (%s)", counts, (long long)fv_subset_count(r->t->test),
                               r->t->test_from));
    FV_TRY(fv_arena_format(r->arena, &epochs, "%lld of %lld, in batches of %lld", (long long)r->results.rows,
                           (long long)k->epochs, (long long)k->batch));
    FV_TRY(fv_arena_format(r->arena, &rate, "%s, schedule %s", k->optimizer, k->schedule));
    add_row(cells, rows, "network", network);
    add_row(cells, rows, "input", size);
    add_row(cells, rows, "data", data);
    add_row(cells, rows, "pictures", counts);
    add_row(cells, rows, "epochs", epochs);
    add_row(cells, rows, "optimizer", rate);
    return add_row(cells, rows, "loss", k->loss);
}

static fv_error *show_recipe(const fv_report *r, fv_text *html) {
    char *yaml;
    FV_TRY(fv_recipe_to_yaml(r->t->recipe, &yaml));
    fv_page_fold(html, "The whole recipe");
    fv_page_code(html, yaml);
    fv_page_fold_end(html);
    fv_string_free(yaml);
    fv_page_fold(html, "What is done to pictures");
    fv_page_code(html, r->steps);
    fv_page_fold_end(html);
    return NULL;
}

/* ---- how it went ---- */

/* Where the best epoch is, as the loop chooses it: highest top-1, of equal ones the lowest loss. */
static int64_t best_row(const fv_results *results, const double *top1, const double *loss) {
    int64_t best = 0;
    for (int64_t i = 1; i < results->rows; i++)
        if (top1[i] > top1[best] || (top1[i] == top1[best] && loss[i] < loss[best])) best = i;
    return best;
}

static fv_error *add_chart(const fv_line_chart *chart, fv_text *html) {
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_plot_lines(chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

/* Two columns of results.csv over the epochs, with the best epoch marked. */
static fv_error *show_curve(const fv_report *r, const char *title, const char *y_label, const char *name, fv_text *html) {
    const double *epoch, *train, *val, *top1, *loss;
    const char *train_name, *val_name;
    FV_TRY(fv_arena_format(r->arena, &train_name, "train_%s", name));
    FV_TRY(fv_arena_format(r->arena, &val_name, "val_%s", name));
    FV_TRY(fv_results_column(&r->results, "epoch", r->arena, &epoch));
    FV_TRY(fv_results_column(&r->results, train_name, r->arena, &train));
    FV_TRY(fv_results_column(&r->results, val_name, r->arena, &val));
    FV_TRY(fv_results_column(&r->results, "val_top1", r->arena, &top1));
    FV_TRY(fv_results_column(&r->results, "val_loss", r->arena, &loss));
    if (!epoch || !train || !val || !top1 || !loss || !r->results.rows) return NULL;
    int64_t best = best_row(&r->results, top1, loss), rows = r->results.rows;
    const fv_series series[] = { { .name = "training", .count = rows, .x = epoch, .y = train },
                                 { .name = "validation", .count = rows, .x = epoch, .y = val } };
    fv_line_chart chart = { .title = title, .x_label = "epoch", .y_label = y_label, .count = 2, .series = series };
    chart.whole_x = true;
    FV_TRY(fv_arena_format(r->arena, &chart.mark, "best: %lld", (long long)epoch[best]));
    chart.mark_x = epoch[best], chart.mark_y = val[best];
    return add_chart(&chart, html);
}

static fv_error *show_rate(const fv_report *r, fv_text *html) {
    const double *epoch, *rate;
    FV_TRY(fv_results_column(&r->results, "epoch", r->arena, &epoch));
    FV_TRY(fv_results_column(&r->results, "learning_rate", r->arena, &rate));
    if (!epoch || !rate || !r->results.rows) return NULL;
    const fv_series series = { .name = "learning rate", .count = r->results.rows, .x = epoch, .y = rate };
    return add_chart(&(fv_line_chart){ .title = "Learning rate at each epoch's first step",
                                       .x_label = "epoch",
                                       .count = 1,
                                       .series = &series,
                                       .whole_x = true },
                     html);
}

static fv_error *show_history(const fv_report *r, fv_text *html) {
    fv_page_section(html, "How it went");
    fv_page_row(html);
    FV_TRY(show_curve(r, "Loss", "cross-entropy, nats", "loss", html));
    FV_TRY(show_curve(r, "Top-1 accuracy", "share right", "top1", html));
    FV_TRY(show_rate(r, html));
    fv_page_row_end(html);
    fv_page_text(html,
                 "Training figures are means over the epoch, of changing weights on augmented pictures; validation figures "
                 "are taken after it, on pictures as they are. So training may look worse than it is.");
    return NULL;
}

fv_error *fv_report_show_training(const fv_report *r, fv_text *html) {
    static const fv_column columns[] = { { "", false }, { "", false } };
    const char *cells[2 * 8];
    int64_t rows = 0;
    FV_TRY(describe(r, cells, &rows));
    fv_page_section(html, "What was trained");
    fv_page_table(html, columns, 2, cells, rows);
    FV_TRY(show_recipe(r, html));
    return show_history(r, html);
}

/* ---- data ---- */

static void show_notes(const fv_dataset *set, fv_text *html) {
    if (!fv_dataset_note(set, 0)) return;
    fv_page_part(html, "Remarks");
    const char *note;
    for (int64_t i = 0; (note = fv_dataset_note(set, i)) && i < REJECTED_MAX; i++) fv_page_text(html, "%s", note);
}

static fv_error *show_rejected(const fv_report *r, const fv_dataset *set, fv_text *html) {
    static const fv_column columns[] = { { "file", false }, { "reason", false } };
    int64_t count = fv_dataset_count_all(set).rejected, shown = fv_min(count, REJECTED_MAX);
    const char **cells;
    FV_TRY(fv_arena_take(r->arena, 2 * shown, &cells));
    for (int64_t i = 0; i < shown; i++) fv_dataset_rejected(set, i, &cells[2 * i], &cells[2 * i + 1]);
    if (!count) return NULL;
    fv_page_part(html, "What could not be used");
    fv_page_table(html, columns, 2, cells, shown);
    if (count > shown) fv_page_text(html, "And %lld more.", (long long)(count - shown));
    return NULL;
}

static fv_error *show_set(const fv_report *r, const fv_dataset *set, fv_text *html) {
    if (!set) return NULL;
    fv_dataset_counts counts = fv_dataset_count_all(set);
    fv_page_text(html, "%s: %lld found, %lld usable, %lld rejected, %lld ignored (hidden files and what is no picture).",
                 fv_dataset_path(set), (long long)counts.found, (long long)counts.usable, (long long)counts.rejected,
                 (long long)counts.ignored);
    show_notes(set, html);
    return show_rejected(r, set, html);
}

/* The classes with the fewest pictures first, of equal ones in their order; insertion into a list of at most `most`. */
static int64_t find_fewest(const int64_t *counts, int64_t classes, int64_t most, int64_t *found) {
    int64_t held = 0;
    for (int64_t c = 0; c < classes; c++) {
        int64_t at = held;
        while (at > 0 && counts[c] < counts[found[at - 1]]) at--;
        if (at >= most) continue;
        held += held < most;
        for (int64_t j = held - 1; j > at; j--) found[j] = found[j - 1];
        found[at] = c;
    }
    return held;
}

/* Pictures of each class to train on and of the report; of many classes those with the fewest. */
static fv_error *show_counts(const fv_report *r, fv_text *html) {
    int64_t *train, found[BARS_MAX];
    double values[2][BARS_MAX];
    const char *names[BARS_MAX];
    FV_TRY(fv_arena_take(r->arena, r->classes, &train));
    fv_subset_class_counts(r->t->train, train);
    int64_t count = find_fewest(train, r->classes, BARS_MAX, found);
    for (int64_t i = 0; i < count; i++) {
        names[i] = r->names[found[i]];
        values[0][i] = (double)train[found[i]];
        values[1][i] = (double)r->per_class[found[i]].support;
    }
    fv_bar_chart chart = { .title = count < r->classes ? "Classes with the fewest pictures"
                                                       : "Pictures of each class, the fewest first",
                           .count = count,
                           .names = names,
                           .series = 2,
                           .series_names = { "to train on", "in this report" },
                           .values = { values[0], values[1] } };
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_plot_bars(&chart, FV_PLOT_SVG, &svg));
    fv_page_row(html);
    fv_page_chart(html, &svg, false);
    fv_page_row_end(html);
    if (count < r->classes) fv_page_text(html, "%lld of %lld classes.", (long long)count, (long long)r->classes);
    return NULL;
}

fv_error *fv_report_show_data(const fv_report *r, fv_text *html) {
    fv_page_section(html, "The data");
    FV_TRY(show_counts(r, html));
    FV_TRY(show_set(r, r->t->set, html));
    FV_TRY(show_set(r, r->t->val_set, html));
    return show_set(r, r->t->test_set, html);
}
