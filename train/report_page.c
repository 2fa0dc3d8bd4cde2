/* report_page.c - what was trained and how it went, and what the data had to say. */
#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "plot/chart.h"
#include "plot/page.h"
#include "train/report.h"

#define CHANGES_BYTES_MAX (1 << 26)
#define REJECTED_MAX 200 /* lines; the rest is counted */
#define BARS_MAX 60      /* classes that are drawn */
#define NUMBER_BINS 30   /* of a histogram of true numbers */

/* ---- what was trained ---- */

static fv_error *add_row(const char **cells, int64_t *rows, const char *name, const char *value) {
    cells[2 * *rows] = name;
    cells[2 * (*rows)++ + 1] = value;
    return NULL;
}

static fv_error *describe(const fv_report *r, const char **cells, int64_t *rows) {
    const fv_recipe_keys *k = r->t->keys;
    fv_size in = fv_predictor_input(r->predictor);
    const fv_selection *s = &r->t->selection;
    const char *network, *size, *data, *counts, *epochs, *rate, *best;
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
    FV_TRY(fv_arena_format(r->arena, &best, "that with the %s %s in validation", s->lower_is_better ? "lowest" : "highest",
                           s->text));
    add_row(cells, rows, "network", network);
    add_row(cells, rows, "input", size);
    add_row(cells, rows, "data", data);
    add_row(cells, rows, "pictures", counts);
    add_row(cells, rows, "epochs", epochs);
    add_row(cells, rows, "optimizer", rate);
    add_row(cells, rows, "loss", k->loss);
    return add_row(cells, rows, "best epoch", best);
}

/* Of a training that was gone on with by other keys. */
static fv_error *show_changes(const fv_report *r, fv_text *html) {
    uint8_t *lines;
    int64_t length;
    if (fv_file_kind_of(r->t->changes_path) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_file_read(r->t->changes_path, CHANGES_BYTES_MAX, &lines, &length));
    fv_page_fold(html, "What was changed on the way");
    fv_page_code(html, (const char *)lines);
    fv_page_fold_end(html);
    fv_memory_free(lines);
    return NULL;
}

static fv_error *show_recipe(const fv_report *r, fv_text *html) {
    char *yaml;
    FV_TRY(fv_recipe_to_yaml(r->t->recipe, &yaml));
    fv_page_fold(html, "The whole recipe");
    fv_page_code(html, yaml);
    fv_page_fold_end(html);
    fv_string_free(yaml);
    FV_TRY(show_changes(r, html));
    fv_page_fold(html, "What is done to pictures");
    fv_page_code(html, r->steps);
    fv_page_fold_end(html);
    return NULL;
}

/* ---- how it went ---- */

/* What curves say of each kind of targets. */
static const struct {
    const char *loss, *score, *score_is;
} words[] = {
    { "cross-entropy, nats", "Top-1 accuracy", "share right" },
    { "cross-entropy of a label, nats", "Mean average precision", "mean over labels" },
    { "mean squared error, scaled", "R²", "share of the variance explained" },
};

/* Where the best epoch is, as the loop chooses it. */
static int64_t best_row(const fv_report *r, const double *figure, const double *loss) {
    int64_t best = 0;
    for (int64_t i = 1; i < r->results.rows; i++)
        if (fv_selection_prefers(&r->t->selection, figure[i], loss[i], figure[best], loss[best])) best = i;
    return best;
}

static fv_error *add_chart(const fv_line_chart *chart, fv_text *html) {
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_lines(chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

/* A column of results.csv, "val" and "top1 …" without its options; NULL: there is none. */
static fv_error *find_column(const fv_report *r, const char *of, const char *metric, const double **out) {
    const char *column;
    FV_TRY(fv_arena_format(r->arena, &column, "%s_%.*s", of, (int)strcspn(metric, " "), metric));
    return fv_results_column(&r->results, column, r->arena, out);
}

/* What chose the best epoch has a column of its own, unless it is the score. */
static const char *deciding(const fv_report *r) { return r->t->selection.is_score ? "val" : "select"; }

/* A figure over the epochs, in validation (`of`: "val" or "select") and, where it is counted there, in training, with the best
 * epoch marked. */
static fv_error *show_curve(const fv_report *r, const char *title, const char *y_label, const char *of, const char *metric,
                            fv_text *html) {
    const double *epoch, *train, *val, *figure, *loss;
    FV_TRY(fv_results_column(&r->results, "epoch", r->arena, &epoch));
    FV_TRY(find_column(r, "train", metric, &train));
    FV_TRY(find_column(r, of, metric, &val));
    FV_TRY(find_column(r, deciding(r), r->t->selection.text, &figure));
    FV_TRY(find_column(r, "val", "loss", &loss));
    if (!epoch || !val || !figure || !loss || !r->results.rows) return NULL;
    int64_t best = best_row(r, figure, loss), rows = r->results.rows;
    const fv_series series[] = { { .name = "validation", .count = rows, .x = epoch, .y = val },
                                 { .name = "training", .count = rows, .x = epoch, .y = train } };
    fv_line_chart chart = { .title = title, .x_label = "epoch", .y_label = y_label, .series = series };
    if (!train) FV_TRY(fv_arena_format(r->arena, &chart.title, "%s, validation", title));
    chart.count = train ? 2 : 1;
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
    const fv_selection *s = &r->t->selection;
    fv_page_section(html, "How it went");
    fv_page_row(html);
    FV_TRY(show_curve(r, "Loss", words[r->kind].loss, "val", "loss", html));
    FV_TRY(show_curve(r, words[r->kind].score, words[r->kind].score_is, "val", fv_score_metric(r->kind), html));
    if (!s->is_score && s->metric)
        FV_TRY(show_curve(r, s->text, s->lower_is_better ? "lower is better" : "higher is better", "select", s->text, html));
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

static void count_target(const fv_target *target, int64_t *counts) {
    if (target->kind == FV_TARGET_CLASS) counts[target->class_index]++;
    for (int64_t k = 0; target->kind == FV_TARGET_CLASSES && k < target->classes.count; k++) counts[target->classes.at[k]]++;
}

/* Pictures of each class, or with each label, to train on and of the report; of many those with the fewest. */
static fv_error *show_counts(const fv_report *r, fv_text *html) {
    int64_t *train, found[BARS_MAX];
    double values[2][BARS_MAX];
    const char *names[BARS_MAX], *what = r->kind == FV_ONE_CLASS ? "class" : "label", *title;
    FV_TRY(fv_arena_take(r->arena, r->classes, &train));
    for (int64_t i = 0; i < fv_subset_count(r->t->train); i++)
        count_target(fv_dataset_target(r->t->set, fv_subset_at(r->t->train, i)), train);
    int64_t count = find_fewest(train, r->classes, BARS_MAX, found);
    for (int64_t i = 0; i < count; i++) {
        names[i] = r->names[found[i]];
        values[0][i] = (double)train[found[i]];
        values[1][i] = (double)r->per_class[found[i]].support;
    }
    FV_TRY(fv_arena_format(r->arena, &title, "Pictures of each %s, the fewest first", what));
    fv_bar_chart chart = { .title = title,
                           .count = count,
                           .names = names,
                           .series = 2,
                           .series_names = { "to train on", "in this report" },
                           .values = { values[0], values[1] } };
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_bars(&chart, FV_PLOT_SVG, &svg));
    fv_page_row(html);
    fv_page_chart(html, &svg, false);
    fv_page_row_end(html);
    if (count < r->classes) fv_page_text(html, "The fewest %lld of %lld.", (long long)count, (long long)r->classes);
    return NULL;
}

/* Numbers of a subset that lie in each of NUMBER_BINS bins. */
static fv_error *add_numbers(const fv_subset *subset, const char *title, const double range[2], fv_text *html) {
    int64_t counts[NUMBER_BINS] = { 0 };
    for (int64_t i = 0; i < fv_subset_count(subset); i++) {
        double number = fv_dataset_target(fv_subset_dataset(subset), fv_subset_at(subset, i))->number;
        counts[fv_min((int64_t)((number - range[0]) / (range[1] - range[0]) * NUMBER_BINS), NUMBER_BINS - 1)]++;
    }
    fv_histogram_chart chart = { .title = title, .x_label = "true number", .y_label = "pictures" };
    chart.low = range[0], chart.high = range[1], chart.bins = NUMBER_BINS, chart.counts = counts;
    FV_TEXT(svg, FV_REPORT_SVG_BYTES_MAX);
    FV_TRY(fv_plot_histogram(&chart, FV_PLOT_SVG, &svg));
    fv_page_chart(html, &svg, false);
    return NULL;
}

static void widen_range(const fv_subset *subset, double range[2]) {
    for (int64_t i = 0; i < fv_subset_count(subset); i++) {
        double number = fv_dataset_target(fv_subset_dataset(subset), fv_subset_at(subset, i))->number;
        range[0] = fmin(range[0], number);
        range[1] = fmax(range[1], number);
    }
}

/* True numbers to train on and of the report, over one range. */
static fv_error *show_numbers(const fv_report *r, fv_text *html) {
    double range[2] = { INFINITY, -INFINITY };
    widen_range(r->t->train, range);
    widen_range(r->subset, range);
    if (!(range[0] < range[1])) return fv_page_text(html, "Every picture has the same number, %g.", range[0]), NULL;
    fv_page_row(html);
    FV_TRY(add_numbers(r->t->train, "Numbers to train on", range, html));
    FV_TRY(add_numbers(r->subset, "Numbers in this report", range, html));
    fv_page_row_end(html);
    return NULL;
}

fv_error *fv_report_show_data(const fv_report *r, fv_text *html) {
    fv_page_section(html, "The data");
    FV_TRY(r->kind == FV_NUMBERS ? show_numbers(r, html) : show_counts(r, html));
    FV_TRY(show_set(r, r->t->set, html));
    FV_TRY(show_set(r, r->t->val_set, html));
    return show_set(r, r->t->test_set, html);
}
