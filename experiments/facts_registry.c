/* facts_registry.c - the facts of a run from the registry: its rows, and its predictions.jsonl among its files. */
#include <string.h>

#include "experiments/run_facts.h"
#include "fovea/objects.h"

/* How many numbers the network learns is kept beside the settings, and follows from them: a run's folder does not have it, and
 * is of the same recipe. */
static bool is_setting(const char *key) { return strcmp(key, "parameters") != 0; }

static fv_error *copy_params(const fv_run_row *row, fv_arena *arena, fv_run_facts *out) {
    fv_run_param *params;
    FV_TRY(fv_arena_take(arena, row->param_count, &params));
    for (int64_t i = 0; i < row->param_count; i++) {
        if (!is_setting(row->params[i].key)) continue;
        FV_TRY(fv_arena_text(arena, row->params[i].key, &params[out->param_count].key));
        FV_TRY(fv_arena_text(arena, row->params[i].value, &params[out->param_count++].value));
    }
    out->params = params;
    return NULL;
}

static fv_error *copy_metrics(const fv_run_row *row, fv_arena *arena, fv_run_facts *out) {
    fv_run_metric *metrics;
    FV_TRY(fv_arena_take(arena, row->metric_count, &metrics));
    for (int64_t i = 0; i < row->metric_count; i++) {
        const fv_metric_summary *s = &row->metrics[i];
        metrics[i] = (fv_run_metric){ .lower_is_better = s->direction < 0,
                                      .last = s->last,
                                      .best = s->best,
                                      .min = s->min,
                                      .max = s->max,
                                      .last_step = s->last_step,
                                      .best_step = s->best_step,
                                      .min_step = s->min_step,
                                      .max_step = s->max_step };
        FV_TRY(fv_arena_text(arena, s->key, &metrics[i].key));
    }
    out->metrics = metrics;
    out->metric_count = row->metric_count;
    return NULL;
}

/* Of several values at one step the last counts, as in the summary. */
static fv_error *copy_history(const fv_metric_history *h, fv_arena *arena, fv_run_curve *curve) {
    double *steps, *values;
    FV_TRY(fv_arena_take(arena, h->count, &steps));
    FV_TRY(fv_arena_take(arena, h->count, &values));
    for (int64_t i = 0; i < h->count; i++) {
        if (curve->count && steps[curve->count - 1] == (double)h->steps[i]) curve->count--;
        steps[curve->count] = (double)h->steps[i];
        values[curve->count++] = h->values[i];
    }
    curve->steps = steps;
    curve->values = values;
    return NULL;
}

static fv_error *read_curves(fv_registry *registry, const fv_run_row *row, fv_arena *arena, fv_run_facts *out) {
    fv_run_curve *curves;
    FV_TRY(fv_arena_take(arena, out->metric_count, &curves));
    for (int64_t i = 0; i < out->metric_count; i++) {
        fv_metric_history history;
        curves[i].key = out->metrics[i].key;
        FV_TRY(fv_run_history(registry, row->id, curves[i].key, 0, &history));
        fv_error *error = copy_history(&history, arena, &curves[i]);
        fv_metric_history_release(&history);
        FV_TRY(error);
    }
    out->curves = curves;
    out->curve_count = out->metric_count;
    return NULL;
}

/* Where the file of that path lies in the store; NULL: the run has none. */
static fv_error *find_file(fv_registry *registry, const fv_run_files *files, const char *path, fv_arena *arena,
                           const char **out) {
    *out = NULL;
    for (int64_t i = 0; i < files->count; i++) {
        if (strcmp(files->at[i].path, path) != 0) continue;
        char *place;
        FV_TRY(fv_object_check(registry, files->at[i].digest));
        FV_TRY(fv_object_path(registry, files->at[i].digest, &place));
        fv_error *error = fv_arena_text(arena, place, out);
        fv_string_free(place);
        return error;
    }
    return NULL;
}

static fv_error *read_files(fv_registry *registry, const fv_run_files *files, fv_arena *arena, fv_run_facts *out) {
    const char *predictions, *best;
    FV_TRY(find_file(registry, files, "predictions.jsonl", arena, &predictions));
    FV_TRY(find_file(registry, files, "best.fovea", arena, &best));
    return predictions ? fv_run_facts_outcomes(predictions, best, arena, out) : NULL;
}

static fv_error *read_run(fv_registry *registry, const fv_run_row *row, fv_arena *arena, fv_run_facts *out) {
    fv_run_files files;
    FV_TRY(fv_arena_text(arena, row->id, &out->id));
    FV_TRY(fv_arena_text(arena, row->name, &out->name));
    FV_TRY(copy_params(row, arena, out));
    FV_TRY(copy_metrics(row, arena, out));
    FV_TRY(read_curves(registry, row, arena, out));
    FV_TRY(fv_run_list_files(registry, row->id, &files));
    fv_error *error = read_files(registry, &files, arena, out);
    fv_run_files_release(&files);
    return fv_error_wrap(error, "run %s", out->id);
}

fv_error *fv_run_facts_from_registry(fv_registry *registry, const char *id, fv_arena *arena, fv_run_facts *out) {
    fv_run_list list;
    *out = (fv_run_facts){ .id = NULL };
    FV_TRY(fv_run_find(registry, id, &list));
    fv_error *error = read_run(registry, &list.rows[0], arena, out);
    fv_run_list_release(&list);
    return error;
}
