/* track.c - a training between its callbacks and the registry: a run is started or taken back before the first step, epochs
 * become points, and at the end come the files and what became of it. */
#include "fovea/track.h"

#include <limits.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/cpu/blas.h"
#include "core/plan/kernel.h"
#include "experiments/recorder.h"
#include "metrics/metric.h"
#include "predict/sections.h"
#include "train/machine.h"
#include "train/recipe.h"

#define WORKSPACE_FILE "workspace"
#define WAY_OUT "--no-track trains without a registry; --workspace or FOVEA_HOME names another"
#define PARAMS_MAX 200
#define PARAM_BYTES_MAX 6000 /* that fv_run_log takes */
#define TAGS_MAX 12

typedef struct tracker {
    const fv_train_options *inner; /* the caller's */
    fv_track *track;
    fv_arena *arena;
    char *folder;          /* of the run, absolute */
    const char *workspace; /* of the registry, where it is not open yet; as fv_registry_open takes it */
    fv_registry *registry; /* NULL: it is made when it comes to the first step */
    fv_run run;
    fv_recorder *recorder;
    int stop;
    const char *train_score, *val_score, *val_select; /* the keys of an epoch's scores; of what selects, where it is another */
} tracker;

/* ---- before the first step ---- */

/* What decides the bits beside the seed. Two runs with the same group differ by chance. */
static bool names_a_place(const fv_field *field) {
    static const char *const places[] = { "data", "val", "test", "seed", "targets", "licence" };
    for (int i = 0; i < FV_COUNT(places); i++)
        if (!strcmp(field->name, places[i])) return true;
    return false;
}

static fv_error *name_seed_group(const fv_train_start *start, char out[FV_RUN_ID_LETTERS]) {
    uint8_t hash[16];
    FV_TEXT(text, 1 << 22);
    for (const fv_field *f = fv_recipe_fields; f->name; f++) {
        if (names_a_place(f)) continue;
        fv_text_addf(&text, "%s=", f->name);
        fv_field_print_value(f, &start->recipe->keys, &text);
        fv_text_add(&text, "\n");
    }
    fv_text_add(&text, start->data_hash);
    FV_TRY(fv_text_error(&text));
    crypto_generichash(hash, sizeof hash, (const uint8_t *)text.at, (uint64_t)text.length, NULL, 0);
    sodium_bin2hex(out, FV_RUN_ID_LETTERS, hash, sizeof hash);
    return NULL;
}

/* A text as it is, without the quotes that would make it one value of a list of options. */
static void print_param(const fv_field *field, const fv_recipe_keys *keys, fv_text *out) {
    if (field->type != FV_FIELD_TEXT) return fv_field_print_value(field, keys, out);
    const char *text = *(const char *const *)((const char *)keys + field->offset);
    if (text) fv_text_add(out, text);
}

/* The bytes of a text, without half a character where it is cut. */
static int bytes_of(const char *text, int most) {
    bool printable;
    int bytes = 0;
    for (int next = 0; text[bytes] && next <= most; next = bytes + fv_text_character(text + bytes, &printable)) bytes = next;
    return bytes;
}

/* Every key of the recipe that has a value, as it was decided. Longer ones than a parameter may be are in the run's
 * recipe.yaml, and are cut here. */
static fv_error *list_params(tracker *k, const fv_train_start *start, fv_key_value *params, int64_t *count) {
    for (const fv_field *f = fv_recipe_fields; f->name; f++) {
        FV_TEXT(text, 1 << 22);
        print_param(f, &start->recipe->keys, &text);
        FV_TRY(fv_text_error(&text));
        if (!text.length) continue;
        FV_ASSERT(*count < PARAMS_MAX - 1);
        params[*count].key = f->name;
        FV_TRY(fv_arena_format(k->arena, &params[*count].value, "%.*s", bytes_of(text.at, PARAM_BYTES_MAX), text.at));
        ++*count;
    }
    params[*count].key = "parameters";
    return fv_arena_format(k->arena, &params[(*count)++].value, "%lld", (long long)start->parameters);
}

static void add_tag(fv_key_value *tags, int64_t *count, const char *key, const char *value) {
    if (value && *value) tags[(*count)++] = (fv_key_value){ key, value };
}

/* Where it runs: nothing of it decides what comes out, but for kernels and BLAS core. */
static fv_error *list_environment(tracker *k, fv_key_value *tags, int64_t *count) {
    fv_machine machine;
    const char *threads, *cpu;
    fv_machine_look("", &machine);
    FV_TRY(fv_arena_format(k->arena, &threads, "%d", fv_parallel_threads()));
    FV_TRY(fv_arena_text(k->arena, machine.cpu, &cpu));
    add_tag(tags, count, "fovea.version", FOVEA_VERSION);
    add_tag(tags, count, "fovea.isa", fv_isa_names[fv_isa_best()]);
    add_tag(tags, count, "fovea.blas_core", fv_blas_core());
    add_tag(tags, count, "fovea.threads", threads);
    add_tag(tags, count, "fovea.cpu", cpu);
    return NULL;
}

static FV_PRINTF(2, 3) fv_error *tell(tracker *k, const char *format, ...) {
    FV_TEXT(line, 1 << 17);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&line, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&line));
    if (k->inner->message) k->inner->message(k->inner->context, line.at);
    return NULL;
}

/* The run of this folder, to go on with, or a new one. */
static fv_error *take_run(tracker *k, const fv_train_start *start) {
    char id[FV_RUN_ID_LETTERS], group[FV_RUN_ID_LETTERS];
    bool found = false;
    if (k->inner->resume) FV_TRY(fv_run_find_folder(k->registry, k->folder, id, &found));
    if (found) return fv_run_take_over(k->registry, id, &k->run); /* the folder is locked: it is ours alone */
    if (k->inner->resume)
        FV_TRY(tell(k, "no run of %s is in %s: one begins there now; a deleted one comes back by `fovea runs restore`",
                    k->folder, fv_registry_folder(k->registry)));
    FV_TRY(name_seed_group(start, group));
    fv_run_options options = { .experiment = k->track->experiment,
                               .name = k->track->name ? k->track->name : strrchr(k->folder, '/') + 1,
                               .kind = k->track->kind,
                               .folder = k->folder,
                               .parent = k->track->parent,
                               .seed_group = group };
    return fv_run_start(k->registry, &options, &k->run);
}

/* They were written at once: all are there, or none, of a run that was killed before. */
static fv_error *has_params(tracker *k, bool *out) {
    fv_run_list list;
    FV_TRY(fv_run_find(k->registry, k->run.id, &list));
    *out = list.rows[0].param_count > 0;
    fv_run_list_release(&list);
    return NULL;
}

/* A resumed run may have had other epochs and paths: those parameters keep the value they were begun with, and the tags of the
 * change say so. */
static fv_error *log_params(tracker *k, const fv_train_start *start) {
    fv_key_value params[PARAMS_MAX], tags[TAGS_MAX];
    fv_run_batch batch = { .params = params, .tags = tags };
    bool had;
    FV_TRY(list_params(k, start, params, &batch.param_count));
    FV_TRY(list_environment(k, tags, &batch.tag_count));
    FV_TRY(has_params(k, &had));
    if (had) batch.param_count = 0;
    return fv_run_log(k->registry, &k->run, &batch, NULL);
}

static fv_error *log_data(tracker *k, const fv_train_start *start) {
    const fv_recipe_keys *keys = &start->recipe->keys;
    const char *profile;
    FV_TRY(fv_arena_format(k->arena, &profile, "{\"train\":%lld,\"val\":%lld,\"test\":%lld,\"outputs\":%lld}",
                           (long long)start->train, (long long)start->val, (long long)start->test, (long long)start->outputs));
    const char *slash = keys->data ? strrchr(keys->data, '/') : NULL;
    fv_run_data data = { .digest = start->data_hash,
                         .name = slash && slash[1] ? slash + 1 : keys->data,
                         .source = keys->data,
                         .licence = keys->licence,
                         .role = "train",
                         .profile = profile,
                         .samples = start->train + start->val + start->test };
    return fv_run_use_data(k->registry, &k->run, &data);
}

/* In the run's folder, so that it is gone on with there from wherever that is asked for. */
static fv_error *remember_workspace(tracker *k) {
    const char *path, *folder = fv_registry_folder(k->registry);
    FV_TRY(fv_file_join(k->arena, k->folder, WORKSPACE_FILE, &path));
    return fv_file_write(path, folder, (int64_t)strlen(folder), NULL);
}

static fv_error *on_start(void *context, const fv_train_start *start) {
    tracker *k = context;
    FV_TRY(fv_file_resolve(k->inner->out, &k->folder));
    if (!k->registry) FV_TRY(fv_error_hint(fv_registry_open(k->workspace, NULL, &k->registry), WAY_OUT));
    FV_TRY(take_run(k, start));
    snprintf(k->track->id, sizeof k->track->id, "%s", k->run.id);
    FV_TRY(log_params(k, start));
    FV_TRY(log_data(k, start));
    FV_TRY(fv_recorder_new(k->registry, &k->run, k->inner->cancel, &k->stop, &k->recorder));
    FV_TRY(remember_workspace(k));
    FV_TRY(tell(k, "run %.8s in %s: `fovea runs show %.8s`", k->run.id, fv_registry_folder(k->registry), k->run.id));
    return k->inner->start ? k->inner->start(k->inner->context, start) : NULL;
}

/* ---- keys ---- */

/* A metric with its options as a key: letters, digits and what MLflow allows. */
static fv_error *key_of(const char *prefix, const char *metric, fv_arena *arena, const char **out) {
    FV_TEXT(text, 1000);
    fv_text_addf(&text, "%s%s", prefix, metric);
    FV_TRY(fv_text_error(&text));
    for (char *at = text.at; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./", *at)) *at = '_';
    return fv_arena_text(arena, text.at, out);
}

static int direction_of(const char *metric) { return fv_metric_is_better_lower(metric) ? -1 : 1; }

/* ---- while it runs ---- */

/* Before there is a recorder, which does it. */
static void mirror_cancel(tracker *k) {
    int asked = k->inner->cancel ? __atomic_load_n(k->inner->cancel, __ATOMIC_RELAXED) : 0;
    if (asked) __atomic_store_n(&k->stop, asked, __ATOMIC_RELAXED);
}

static void on_message(void *context, const char *line) {
    tracker *k = context;
    mirror_cancel(k);
    if (k->inner->message) k->inner->message(k->inner->context, line);
}

static void on_progress(void *context, const fv_progress *progress) {
    tracker *k = context;
    mirror_cancel(k);
    if (k->recorder) fv_recorder_alive(k->recorder);
    if (k->inner->progress) k->inner->progress(k->inner->context, progress);
}

static fv_error *name_scores(tracker *k, const fv_epoch *e) {
    FV_TRY(key_of("train_", e->metric, k->arena, &k->train_score));
    if (strcmp(e->select, e->metric) != 0) FV_TRY(key_of("val_", e->select, k->arena, &k->val_select));
    return key_of("val_", e->metric, k->arena, &k->val_score);
}

static void add_epoch(tracker *k, const fv_epoch *e) {
    fv_metric_point points[7] = {
        { "train_loss", e->train_loss, e->epoch, 0, -1 }, { "val_loss", e->val_loss, e->epoch, 0, -1 },
        { k->val_score, e->val_score, e->epoch, 0, 1 },   { "learning_rate", e->learning_rate, e->epoch, 0, 0 },
        { "epoch_seconds", e->seconds, e->epoch, 0, -1 },
    };
    int64_t count = 5;
    if (!isnan(e->train_score)) points[count++] = (fv_metric_point){ k->train_score, e->train_score, e->epoch, 0, 1 };
    if (k->val_select)
        points[count++] = (fv_metric_point){ k->val_select, e->val_select, e->epoch, 0, direction_of(e->select) };
    fv_recorder_add(k->recorder, points, count);
}

static void on_epoch(void *context, const fv_epoch *e) {
    tracker *k = context;
    fv_error *error = k->val_score ? NULL : name_scores(k, e);
    if (!error) add_epoch(k, e);
    fv_error_free(error); /* of memory alone; the figures are in results.csv too */
    if (k->inner->epoch) k->inner->epoch(k->inner->context, e);
}

/* ---- at its end ---- */

static fv_error *keep_files(tracker *k) {
    static const struct {
        const char *name, *media_type;
    } files[] = { { "recipe.yaml", "application/yaml" },    { "results.csv", "text/csv" },
                  { "report.html", "text/html" },           { "predictions.jsonl", "application/jsonl" },
                  { "changes.jsonl", "application/jsonl" }, { "best.fovea", "application/x-hdf5" } };
    for (int i = 0; i < FV_COUNT(files); i++) {
        const char *path;
        FV_TRY(fv_file_join(k->arena, k->folder, files[i].name, &path));
        if (fv_file_kind_of(path) != FV_FILE_PLAIN) continue;
        FV_TRY(fv_run_keep_file(k->registry, &k->run, files[i].name, path, files[i].media_type));
    }
    return NULL;
}

/* What the best model says of itself: the report's figures. */
static fv_error *log_figures(tracker *k, const fv_model *model) {
    fv_metrics_section s = { 0 };
    fv_metric_point *points;
    FV_TRY(fv_section_read(model, &fv_section_metrics, &s, k->arena));
    FV_TRY(fv_arena_take(k->arena, s.metrics.count + 1, &points));
    const char *prefix = s.selected_on ? "best_" : "test_";
    for (int64_t i = 0; i < s.metrics.count && i < s.values.count; i++) {
        points[i] = (fv_metric_point){ .value = s.values.at[i], .step = s.epoch, .direction = direction_of(s.metrics.at[i]) };
        FV_TRY(key_of(prefix, s.metrics.at[i], k->arena, &points[i].key));
    }
    fv_run_batch batch = { .metrics = points, .metric_count = s.metrics.count };
    return fv_run_log(k->registry, &k->run, &batch, NULL);
}

static fv_error *log_best(tracker *k) {
    const char *path;
    FV_OWNED(fv_model) model = NULL;
    FV_TRY(fv_file_join(k->arena, k->folder, "best.fovea", &path));
    FV_TRY(fv_model_load(path, &model));
    return fv_model_section(model, fv_section_metrics.name, NULL) ? log_figures(k, model) : NULL;
}

static fv_error *say_end(tracker *k, const fv_error *outcome) {
    char text[4000];
    if (!outcome) return fv_run_end(k->registry, &k->run, FV_RUN_FINISHED, NULL);
    if (fv_error_code(outcome) == FV_CANCELLED) return fv_run_end(k->registry, &k->run, FV_RUN_STOPPED, NULL);
    return fv_run_end(k->registry, &k->run, FV_RUN_FAILED, fv_error_format(outcome, text, sizeof text));
}

static fv_error *first_of(fv_error *first, fv_error *second) {
    if (first) fv_error_free(second);
    return first ? first : second;
}

/* What cannot be recorded keeps nothing else from being, and no run from its end. */
static fv_error *end_run(tracker *k, const fv_error *outcome) {
    fv_error *error = k->recorder ? fv_recorder_close(k->recorder) : NULL;
    if (!outcome) error = first_of(error, log_best(k));
    if (!outcome) error = first_of(error, keep_files(k));
    return first_of(error, say_end(k, outcome));
}

/* ---- all of it ---- */

/* Of a training that is gone on with, unless the caller or FOVEA_HOME says another: where its run is; NULL: not known, or it is
 * there no more. */
static fv_error *recall_workspace(tracker *k, const char **out) {
    const char *home = getenv("FOVEA_HOME"), *path;
    uint8_t *bytes;
    int64_t length;
    *out = k->track->workspace;
    if (*out || (home && *home) || !k->inner->resume) return NULL;
    FV_TRY(fv_file_join(k->arena, k->inner->out, WORKSPACE_FILE, &path));
    if (fv_file_kind_of(path) != FV_FILE_PLAIN) return NULL;
    FV_TRY(fv_file_read(path, PATH_MAX, &bytes, &length));
    fv_error *error = fv_arena_text(k->arena, (const char *)bytes, out);
    fv_memory_free(bytes);
    if (!error && fv_file_kind_of(*out) != FV_FILE_FOLDER) *out = NULL;
    return error;
}

/* The nearest folder above that there is, or the path itself, is one to write to. */
static bool has_room(char *path) {
    while (fv_file_kind_of(path) == FV_FILE_NONE) {
        char *slash = strrchr(path, '/');
        if (!slash) return access(".", W_OK) == 0;
        slash[slash == path] = 0;
    }
    return fv_file_kind_of(path) == FV_FILE_FOLDER && access(path, W_OK) == 0;
}

/* Where a workspace cannot be made, it fails as it is tried. */
static fv_error *check_place(tracker *k) {
    char *folder;
    FV_TRY(fv_workspace_folder(k->workspace, &folder));
    bool fine = has_room(folder);
    fv_string_free(folder);
    return fine ? NULL : fv_registry_open(k->workspace, NULL, &k->registry);
}

/* A workspace that cannot be used is told before the data are looked through; one that is not there is not made for data that
 * are not there either. */
static fv_error *open_tracker(tracker *k) {
    FV_TRY(fv_arena_new("a tracked run", INT64_C(1) << 28, &k->arena));
    FV_TRY(recall_workspace(k, &k->workspace));
    fv_error *error = fv_registry_open(k->workspace, &(fv_registry_options){ .must_exist = true }, &k->registry);
    if (!error || fv_error_code(error) != FV_NOT_FOUND) return error;
    fv_error_free(error);
    return check_place(k);
}

static void release(tracker *k) {
    fv_recorder_free(k->recorder);
    fv_registry_free(k->registry);
    fv_string_free(k->folder);
    fv_arena_free(k->arena);
}

/* A training that was found to be finished may be that of a process which was killed before it could say so of its run. */
static fv_error *take_unended(tracker *k) {
    char id[FV_RUN_ID_LETTERS];
    fv_run_list list;
    bool found;
    if (!k->inner->resume || !k->registry) return NULL;
    FV_TRY(fv_file_resolve(k->inner->out, &k->folder));
    FV_TRY(fv_run_find_folder(k->registry, k->folder, id, &found));
    if (!found) return NULL;
    FV_TRY(fv_run_find(k->registry, id, &list));
    bool ended = list.rows[0].status == FV_RUN_FINISHED;
    fv_run_list_release(&list);
    if (ended) return NULL;
    snprintf(k->track->id, sizeof k->track->id, "%s", id);
    return fv_run_take_over(k->registry, id, &k->run);
}

static fv_error *train(tracker *k, const fv_recipe *recipe, fv_train_result *result) {
    FV_TRY(fv_error_hint(open_tracker(k), WAY_OUT));
    fv_train_options how = *k->inner;
    how.context = k;
    how.message = on_message;
    how.start = on_start;
    how.progress = on_progress;
    how.epoch = on_epoch;
    how.cancel = &k->stop;
    fv_error *error = fv_train(recipe, &how, result);
    fv_error *unrecorded = error || k->run.id[0] ? NULL : take_unended(k);
    if (!k->run.id[0] && !unrecorded) return error; /* it came to no step */
    if (!unrecorded) unrecorded = end_run(k, error);
    if (unrecorded) {
        char text[2000];
        fv_log_warning("run %.8s is recorded in part only: %s", k->track->id, fv_error_format(unrecorded, text, sizeof text));
    }
    fv_error_free(unrecorded);
    return error;
}

fv_error *fv_train_tracked(const fv_recipe *recipe, const fv_train_options *options, fv_track *track, fv_train_result *result) {
    track->id[0] = 0;
    if (options->task != FV_TRAIN || fv_comm_rank(options->comm) > 0) return fv_train(recipe, options, result);
    tracker k = { .inner = options, .track = track };
    fv_error *error = train(&k, recipe, result);
    release(&k);
    return error;
}

/* ---- evaluations ---- */

/* The run in whose folder the model lies; a version in the registry lies in none. */
static fv_error *find_parent(fv_registry *registry, const char *model, char id[FV_RUN_ID_LETTERS], bool *found) {
    char *path;
    *found = false;
    if (fv_file_kind_of(model) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_file_resolve(model, &path));
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
    fv_error *error = fv_run_find_folder(registry, path, id, found);
    fv_string_free(path);
    return error;
}

static fv_error *write_evaluation(fv_registry *registry, const fv_evaluated *e, const fv_run *run, fv_arena *arena) {
    fv_metric_point *points;
    const char *samples;
    FV_TRY(fv_arena_take(arena, e->metric_count + 1, &points));
    FV_TRY(fv_arena_format(arena, &samples, "%lld", (long long)e->samples));
    for (int64_t i = 0; i < e->metric_count; i++) {
        points[i] = (fv_metric_point){ .value = e->values[i], .direction = direction_of(e->metrics[i]) };
        FV_TRY(key_of("", e->metrics[i], arena, &points[i].key));
    }
    points[e->metric_count] = (fv_metric_point){ .key = "loss", .value = e->loss, .direction = -1 };
    fv_key_value params[] = { { "model", e->model },
                              { "data", e->data },
                              { "part", e->part },
                              { "precision", fv_precision_name(e->precision) },
                              { "samples", samples } };
    fv_run_batch batch = {
        .metrics = points, .metric_count = e->metric_count + 1, .params = params, .param_count = FV_COUNT(params)
    };
    return fv_run_log(registry, run, &batch, NULL);
}

static fv_error *track_evaluation(const fv_evaluated *e, fv_track *track, fv_registry *registry, fv_arena *arena) {
    char parent[FV_RUN_ID_LETTERS];
    bool found;
    fv_run run;
    FV_TRY(find_parent(registry, e->model, parent, &found));
    fv_run_options options = {
        .experiment = track->experiment, .name = track->name, .kind = FV_RUN_EVAL, .parent = found ? parent : track->parent
    };
    FV_TRY(fv_run_start(registry, &options, &run));
    snprintf(track->id, sizeof track->id, "%s", run.id);
    FV_TRY(write_evaluation(registry, e, &run, arena));
    return fv_run_end(registry, &run, FV_RUN_FINISHED, NULL);
}

fv_error *fv_track_evaluation(const fv_evaluated *evaluated, fv_track *track) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    track->id[0] = 0;
    FV_TRY(fv_arena_new("an evaluation", INT64_C(1) << 26, &arena));
    FV_TRY(fv_registry_open(track->workspace, NULL, &registry));
    return track_evaluation(evaluated, track, registry, arena);
}
