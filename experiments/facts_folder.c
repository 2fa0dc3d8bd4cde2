/* facts_folder.c - the facts of a run from the folder that `fovea train --out` made. */
#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "experiments/run_facts.h"
#include "predict/sections.h"
#include "train/recipe.h"
#include "train/results.h"

#define VALUE_BYTES_MAX (1 << 20)
#define ROUNDING 1e-9 /* of a figure that is the same */

/* ---- settings ---- */

/* A text as it is, all else as a recipe says it. */
static fv_error *read_param(const fv_field *field, const fv_recipe_keys *keys, fv_arena *arena, fv_run_param *out) {
    FV_TEXT(value, VALUE_BYTES_MAX);
    out->key = field->name;
    if (field->type == FV_FIELD_TEXT)
        return fv_arena_text(arena, *(const char *const *)((const char *)keys + field->offset), &out->value);
    fv_field_print_value(field, keys, &value);
    FV_TRY(fv_text_error(&value));
    return value.length ? fv_arena_text(arena, value.at, &out->value) : NULL;
}

static fv_error *read_params(const char *path, fv_arena *arena, fv_run_facts *run) {
    FV_OWNED(fv_recipe) recipe = NULL;
    fv_run_param *params;
    int64_t count = 0;
    while (fv_recipe_fields[count].name) count++;
    FV_TRY(fv_recipe_new(&recipe));
    FV_TRY(fv_recipe_read(recipe, path));
    FV_TRY(fv_arena_take(arena, count, &params));
    for (int64_t i = 0; i < count; i++) FV_TRY(read_param(&fv_recipe_fields[i], &recipe->keys, arena, &params[i]));
    run->params = params;
    run->param_count = count;
    return NULL;
}

/* ---- curves ---- */

static fv_error *read_curves(const char *path, fv_arena *arena, fv_run_facts *run) {
    fv_results results;
    const double *epochs;
    fv_run_curve *curves;
    FV_TRY(fv_results_read(path, arena, &results));
    FV_TRY(fv_results_column(&results, "epoch", arena, &epochs));
    if (!epochs) return fv_fail(FV_FORMAT, "%s has no column epoch", path);
    FV_TRY(fv_arena_take(arena, results.columns, &curves));
    for (int64_t c = 0; c < results.columns; c++) {
        if (!strcmp(results.names[c], "epoch")) continue;
        fv_run_curve *curve = &curves[run->curve_count++];
        *curve = (fv_run_curve){ .key = results.names[c], .count = results.rows, .steps = epochs };
        FV_TRY(fv_results_column(&results, curve->key, arena, &curve->values));
    }
    run->curves = curves;
    return NULL;
}

static bool ends_in(const char *text, const char *end) {
    size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && !strcmp(text + length - of_end, end);
}

/* "val_top1" is of the metric top1; losses and seconds are better low. */
static bool lower_is_better(const char *key) {
    const char *bar = strchr(key, '_');
    return ends_in(key, "loss") || !strcmp(key, "seconds") || (bar && fv_metric_is_better_lower(bar + 1));
}

static void follow(fv_run_metric *m, double value, int64_t step) {
    if (isnan(value)) return;
    m->last = value, m->last_step = step;
    if (isnan(m->min) || value < m->min) m->min = value, m->min_step = step;
    if (isnan(m->max) || value > m->max) m->max = value, m->max_step = step;
}

fv_error *fv_run_facts_metrics(fv_run_facts *run, fv_arena *arena) {
    fv_run_metric *metrics;
    FV_TRY(fv_arena_take(arena, run->curve_count, &metrics));
    run->metric_count = 0;
    for (int64_t c = 0; c < run->curve_count; c++) {
        const fv_run_curve *curve = &run->curves[c];
        if (!strcmp(curve->key, "learning_rate")) continue; /* a setting over time: none is best */
        fv_run_metric *m = &metrics[run->metric_count++];
        *m = (fv_run_metric){ .key = curve->key, .last = NAN, .best = NAN, .min = NAN, .max = NAN };
        for (int64_t i = 0; i < curve->count; i++) follow(m, curve->values[i], (int64_t)curve->steps[i]);
        m->lower_is_better = lower_is_better(curve->key);
        m->best = m->lower_is_better ? m->min : m->max;
        m->best_step = m->lower_is_better ? m->min_step : m->max_step;
    }
    run->metrics = metrics;
    return NULL;
}

/* ---- outcomes ---- */

/* Whether the model's figures are of these outcomes: `fovea report` may have been asked for others since. */
static fv_error *is_about(const fv_metrics_section *section, const fv_run_outcomes *o, fv_arena *arena, bool *out) {
    const char *metric = o->kind == FV_ONE_CLASS ? "top1" : o->kind == FV_MULTI_LABEL ? "subset_accuracy" : "mae";
    fv_run_pair pair;
    double value;
    *out = section->n == o->count;
    if (!*out) return NULL;
    FV_TRY(fv_run_outcomes_pair(o, o, false, arena, &pair));
    FV_TRY(fv_metric_measure(metric, &pair.of[0], &value));
    for (int64_t i = 0; i < section->metrics.count && i < section->values.count; i++)
        if (!strcmp(section->metrics.at[i], metric)) *out = fabs(section->values.at[i] - value) <= ROUNDING * fmax(1, value);
    return NULL;
}

/* Which pictures they are, as far as the best model tells. */
static fv_error *read_whereabouts(const char *path, fv_arena *arena, fv_run_outcomes *outcomes) {
    FV_OWNED(fv_model) model = NULL;
    fv_metrics_section section;
    bool about;
    if (fv_file_kind_of(path) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_model_load(path, &model));
    if (!fv_model_section(model, fv_section_metrics.name, NULL)) return NULL;
    FV_TRY(fv_section_read(model, &fv_section_metrics, &section, arena));
    FV_TRY(is_about(&section, outcomes, arena, &about));
    if (!about) return NULL;
    outcomes->on = section.on;
    outcomes->selected_on = section.selected_on;
    return NULL;
}

fv_error *fv_run_facts_outcomes(const char *predictions, const char *best, fv_arena *arena, fv_run_facts *run) {
    fv_run_outcomes *outcomes;
    if (fv_file_kind_of(predictions) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_run_outcomes_read(predictions, arena, &outcomes));
    if (best) FV_TRY(read_whereabouts(best, arena, outcomes));
    if (outcomes->count) run->outcomes = outcomes;
    return NULL;
}

/* The folder's own name, without where it lies. */
static fv_error *name_folder(const char *path, fv_arena *arena, const char **out) {
    size_t length = strlen(path), start;
    while (length > 1 && path[length - 1] == '/') length--;
    for (start = length; start > 0 && path[start - 1] != '/';) start--;
    return fv_arena_format(arena, out, "%.*s", (int)(length - start), path + start);
}

fv_error *fv_run_facts_from_folder(const char *path, fv_arena *arena, fv_run_facts *out) {
    const char *recipe, *results, *predictions, *best;
    *out = (fv_run_facts){ .id = NULL };
    FV_TRY(fv_arena_text(arena, path, &out->id));
    FV_TRY(name_folder(path, arena, &out->name));
    FV_TRY(fv_file_join(arena, path, "recipe.yaml", &recipe));
    FV_TRY(fv_file_join(arena, path, "results.csv", &results));
    FV_TRY(fv_file_join(arena, path, "predictions.jsonl", &predictions));
    FV_TRY(fv_file_join(arena, path, "best.fovea", &best));
    if (fv_file_kind_of(recipe) == FV_FILE_NONE)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "%s is no run's folder: there is no %s", path, recipe),
                             "name folders that `fovea train --out` was given");
    FV_TRY(read_params(recipe, arena, out));
    if (fv_file_kind_of(results) != FV_FILE_NONE) FV_TRY(read_curves(results, arena, out));
    FV_TRY(fv_run_facts_metrics(out, arena));
    return fv_run_facts_outcomes(predictions, best, arena, out);
}
