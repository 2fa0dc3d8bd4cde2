/* compare_charts.c - curves over one another, parallel coordinates, and the difference of two confusion matrices. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "experiments/compare_show.h"

#define ARENA_CAP (INT64_C(1) << 34)
#define FIGURES_MAX 6   /* axes of figures */
#define LOG_FROM 20.0   /* a setting whose largest value is so many times the smallest has a logarithmic axis */
#define CURVES_WIDE 480 /* pixels */
#define WORD_LETTERS 22 /* of a setting beside its axis */
#define NOT_SET "not set"

/* ---- curves ---- */

/* By group, or where there is but one by run. */
static fv_series series_of(const fv_comparison *c, int64_t r, const fv_run_curve *curve, const char *const *names) {
    bool by_group = c->group_count > 1;
    int64_t g = c->group_of[r];
    return (fv_series){ .name = !by_group                   ? c->runs[r].name
                                : c->groups[g].runs[0] == r ? names[g]
                                                            : NULL,
                        .count = curve->count,
                        .x = curve->steps,
                        .y = curve->values,
                        .colour = 1 + (by_group ? g : r) };
}

static fv_error *name_groups(const fv_comparison *c, fv_arena *arena, const char ***names) {
    FV_TRY(fv_arena_take(arena, c->group_count, names));
    for (int64_t g = 0; g < c->group_count; g++) {
        const fv_run_group *group = &c->groups[g];
        if (group->count > 1)
            FV_TRY(fv_arena_format(arena, &(*names)[g], "%s (%lld runs)", group->name, (long long)group->count));
        else
            (*names)[g] = group->name;
    }
    return NULL;
}

fv_error *fv_comparison_curves(const fv_comparison *c, const char *key, bool log_y, fv_plot_format format, fv_text *out) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    fv_series *series;
    int64_t count = 0;
    FV_TRY(fv_arena_new("curves", ARENA_CAP, &arena));
    FV_TRY(name_groups(c, arena, &names));
    FV_TRY(fv_arena_take(arena, c->run_count, &series));
    for (int64_t r = 0; r < c->run_count; r++) {
        const fv_run_curve *curve = fv_run_curve_get(&c->runs[r], key);
        if (curve) series[count++] = series_of(c, r, curve, names);
    }
    if (!count) return fv_fail(FV_NOT_FOUND, "no run has a curve %s", key);
    return fv_plot_lines(&(fv_line_chart){ .title = key,
                                           .x_label = "epoch",
                                           .count = count,
                                           .series = series,
                                           .whole_x = true,
                                           .log_y = log_y,
                                           .width = CURVES_WIDE },
                         format, out);
}

/* ---- parallel coordinates ---- */

/* All values that are set are numbers. */
static bool read_numbers(const fv_comparison *c, const fv_run_difference *d, double *values) {
    for (int64_t r = 0; r < c->run_count; r++) {
        values[r] = NAN;
        if (!d->values[r] || !fv_text_to_number(d->values[r], &values[r]) || !isfinite(values[r])) return false;
    }
    return true;
}

static bool is_wide(const double *values, int64_t count) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < count; i++) low = fmin(low, values[i]), high = fmax(high, values[i]);
    return low > 0 && high >= LOG_FROM * low;
}

/* Long words that begin alike lose that beginning, up to a blank: "…width=4". */
static fv_error *shorten(const char **words, int64_t count, fv_arena *arena) {
    size_t same = strlen(words[0]), longest = 0;
    for (int64_t k = 0; k < count; k++) {
        size_t alike = 0;
        while (alike < same && words[0][alike] == words[k][alike]) alike++;
        same = alike;
        longest = strlen(words[k]) > longest ? strlen(words[k]) : longest;
    }
    while (same && !strchr(" \n", words[0][same - 1])) same--;
    for (int64_t k = 0; same && longest > WORD_LETTERS && k < count; k++)
        FV_TRY(fv_arena_format(arena, &words[k], "…%s", words[k] + same));
    return NULL;
}

static fv_error *axis_of_words(const fv_comparison *c, const fv_run_difference *d, fv_arena *arena, double *values,
                               fv_parallel_axis *axis) {
    const char **words;
    FV_TRY(fv_arena_take(arena, c->run_count, &words));
    for (int64_t r = 0; r < c->run_count; r++) {
        const char *word = d->values[r] ? d->values[r] : NOT_SET;
        int64_t k = 0;
        while (k < axis->category_count && strcmp(words[k], word) != 0) k++;
        if (k == axis->category_count) words[axis->category_count++] = word;
        values[r] = (double)k;
    }
    axis->categories = words;
    return shorten(words, axis->category_count, arena);
}

static fv_error *axis_of_setting(const fv_comparison *c, const fv_run_difference *d, fv_arena *arena, fv_parallel_axis *axis) {
    double *values;
    FV_TRY(fv_arena_take(arena, c->run_count, &values));
    *axis = (fv_parallel_axis){ .name = d->key, .values = values };
    if (!read_numbers(c, d, values)) return axis_of_words(c, d, arena, values, axis);
    axis->logarithmic = is_wide(values, c->run_count);
    return NULL;
}

static fv_error *axis_of_figure(const fv_comparison *c, const char *key, fv_arena *arena, fv_parallel_axis *axis) {
    double *values;
    FV_TRY(fv_arena_take(arena, c->run_count, &values));
    for (int64_t r = 0; r < c->run_count; r++) {
        const fv_run_metric *m = fv_run_metric_get(&c->runs[r], key);
        values[r] = m ? m->best : NAN;
    }
    *axis = (fv_parallel_axis){ .name = key, .values = values };
    return NULL;
}

/* Seeds differ always; they have an axis where nothing else differs. */
static bool has_axis(const fv_comparison *c, const fv_run_difference *d) {
    return c->difference_count == 1 || strcmp(d->key, "seed") != 0;
}

static fv_error *make_axes(const fv_comparison *c, fv_arena *arena, fv_parallel_axis *axes, int64_t *count) {
    for (int64_t i = 0; i < c->difference_count && *count < FV_PARALLEL_AXES_MAX - FIGURES_MAX - 1; i++)
        if (has_axis(c, &c->differences[i])) FV_TRY(axis_of_setting(c, &c->differences[i], arena, &axes[(*count)++]));
    int64_t settings = *count;
    for (int64_t i = 0; i < c->runs[0].metric_count && *count < settings + FIGURES_MAX; i++) {
        const char *key = c->runs[0].metrics[i].key;
        bool last = c->metric && !strcmp(key, c->metric);
        if (!last && !strncmp(key, "val_", 4)) FV_TRY(axis_of_figure(c, key, arena, &axes[(*count)++]));
    }
    if (c->metric) axes[(*count)++] = (fv_parallel_axis){ .name = c->metric, .values = c->values };
    return NULL;
}

fv_error *fv_comparison_parallel(const fv_comparison *c, fv_plot_format format, fv_text *out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_parallel_axis axes[FV_PARALLEL_AXES_MAX] = { { .name = NULL } };
    fv_parallel_chart chart = { .title = "Settings and figures", .count = c->run_count, .axes = axes };
    FV_TRY(fv_arena_new("axes", ARENA_CAP, &arena));
    FV_TRY(make_axes(c, arena, axes, &chart.axis_count));
    if (c->metric) chart.colours = c->values, chart.colours_name = c->metric;
    return fv_plot_parallel(&chart, format, out);
}

/* ---- confusion ---- */

fv_error *fv_comparison_confusion(const fv_comparison *c, int64_t pair, fv_plot_format format, fv_text *out) {
    FV_OWNED(fv_arena) arena = NULL;
    const fv_pair_verdict *p = &c->pairs[pair];
    const char *first = c->runs[p->first].name, *second = c->runs[p->second].name, *title;
    int64_t n = p->pair.class_count, *counts[2];
    double *cells;
    if (p->pair.of[0].kind != FV_ONE_CLASS || !p->pair.of[0].count)
        return fv_fail(FV_USAGE, "%s and %s have no confusion of classes on the same pictures", first, second);
    if (n > FV_MATRIX_CLASSES_MAX)
        return fv_fail(FV_USAGE, "%lld classes cannot be drawn so that they can be read; at most %d can", (long long)n,
                       FV_MATRIX_CLASSES_MAX);
    FV_TRY(fv_arena_new("a difference of confusion", ARENA_CAP, &arena));
    FV_TRY(fv_arena_take(arena, n * n, &cells));
    for (int i = 0; i < 2; i++) FV_TRY(fv_arena_take(arena, n * n, &counts[i]));
    for (int i = 0; i < 2; i++) FV_TRY(fv_confusion_matrix(&p->pair.of[i], counts[i]));
    for (int64_t i = 0; i < n * n; i++) cells[i] = (double)(counts[1][i] - counts[0][i]);
    FV_TRY(fv_arena_format(arena, &title, "%s less %s", second, first));
    return fv_plot_matrix(
        &(fv_matrix_chart){ .title = title, .classes = n, .names = p->pair.classes, .cells = cells, .difference = true },
        format, out);
}
