/* register.c - see register.h. The file goes into the store first and is checked there, so that what was checked is what the
 * version has, whatever happens to the file meanwhile. */
#include "experiments/register.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "experiments/drift_reference.h"
#include "experiments/register_profile.h"
#include "registry/reference.h"

#define BEST "best.fovea"
#define TEXTS_BYTES_MAX (INT64_C(1) << 28)

/* Where the model and what belongs to it are. */
typedef struct origin {
    const char *file;   /* of the model; NULL: `digest` is in the store */
    const char *folder; /* of the run; NULL: none */
    char run[FV_RUN_ID_LETTERS];
    char digest[FV_DIGEST_LETTERS];
    const char *source; /* for people */
    fv_version_file files[3];
    char digests[3][FV_DIGEST_LETTERS];
    int64_t file_count;
} origin;

/* ---- finding ---- */

static void add_file(origin *o, const char *path, const char *digest) {
    memcpy(o->digests[o->file_count], digest, FV_DIGEST_LETTERS);
    o->files[o->file_count] = (fv_version_file){ .path = path, .digest = o->digests[o->file_count] };
    o->file_count++;
}

/* Of what the registry has of the run itself. */
static fv_error *take_artifacts(fv_registry *registry, origin *o) {
    static const char *const kept[] = { FV_PREDICTIONS_FILE, FV_RECIPE_FILE };
    fv_run_files files;
    FV_TRY(fv_run_list_files(registry, o->run, &files));
    for (int64_t i = 0; i < files.count; i++) {
        if (!strcmp(files.at[i].path, BEST)) memcpy(o->digest, files.at[i].digest, FV_DIGEST_LETTERS);
        for (int k = 0; k < 2; k++)
            if (!strcmp(files.at[i].path, kept[k])) add_file(o, kept[k], files.at[i].digest);
    }
    fv_run_files_release(&files);
    return NULL;
}

static fv_error *put_file(fv_registry *registry, const char *name, fv_arena *arena, origin *o) {
    const char *path;
    char digest[FV_DIGEST_LETTERS];
    FV_TRY(fv_file_join(arena, o->folder, name, &path));
    if (fv_file_kind_of(path) != FV_FILE_PLAIN) return NULL;
    FV_TRY(fv_object_put_file(registry, path, digest));
    add_file(o, name, digest);
    return NULL;
}

/* The absolute path, which runs know their folder by. */
static fv_error *resolve(const char *path, fv_arena *arena, const char **out) {
    char real[PATH_MAX];
    return fv_arena_text(arena, realpath(path, real) ? real : path, out);
}

static fv_error *find_model(const char *folder, const char *said, fv_arena *arena, const char **out) {
    FV_TRY(fv_file_join(arena, folder, BEST, out));
    if (fv_file_kind_of(*out) == FV_FILE_PLAIN) return NULL;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no %s in %s", BEST, said),
                         "name a model file, a folder that `fovea train --out` made, or a run");
}

static fv_error *find_in_folder(fv_registry *registry, const char *folder, fv_arena *arena, origin *o) {
    FV_TRY(resolve(folder, arena, &o->folder));
    FV_TRY(find_model(o->folder, folder, arena, &o->file));
    o->source = o->file;
    FV_TRY(put_file(registry, FV_PREDICTIONS_FILE, arena, o));
    return put_file(registry, FV_RECIPE_FILE, arena, o);
}

/* A folder's run is the newest that was trained there. */
static fv_error *find_folder(fv_registry *registry, const char *folder, fv_arena *arena, origin *o) {
    bool found;
    FV_TRY(find_in_folder(registry, folder, arena, o));
    FV_TRY(fv_run_find_folder(registry, o->folder, o->run, &found));
    if (!found) o->run[0] = 0;
    return NULL;
}

static fv_error *ask_for_run(fv_registry *registry, const char *name, fv_arena *arena, const char **folder, origin *o) {
    fv_run_list runs;
    FV_TRY(fv_run_find(registry, name, &runs));
    snprintf(o->run, sizeof o->run, "%s", runs.rows[0].id);
    fv_error *error = fv_arena_text(arena, runs.rows[0].folder, folder);
    fv_run_list_release(&runs);
    FV_TRY(error);
    return fv_arena_format(arena, &o->source, "run %s", o->run);
}

/* Its model as the registry has it, else as it lies in the run's folder. */
static fv_error *find_run(fv_registry *registry, const char *name, fv_arena *arena, origin *o) {
    const char *folder;
    fv_error *error = ask_for_run(registry, name, arena, &folder, o);
    if (error && fv_error_code(error) == FV_NOT_FOUND) {
        fv_error_free(error);
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no file, folder or run %s", name),
                             "`fovea runs list` lists the runs");
    }
    FV_TRY(error);
    FV_TRY(take_artifacts(registry, o));
    if (o->digest[0]) return NULL;
    o->file_count = 0;
    if (!*folder) return fv_fail(FV_NOT_FOUND, "run %s has no %s", name, BEST);
    return find_in_folder(registry, folder, arena, o);
}

/* The reference profile that lies beside the model's file. */
static fv_error *put_profile(fv_registry *registry, fv_arena *arena, origin *o) {
    const char *path;
    char digest[FV_DIGEST_LETTERS];
    FV_TRY(fv_drift_profile_path(o->file, arena, &path));
    if (fv_file_kind_of(path) != FV_FILE_PLAIN) return NULL;
    FV_TRY(fv_object_put_file(registry, path, digest));
    add_file(o, FV_DRIFT_PROFILE_FILE, digest);
    return NULL;
}

static fv_error *find_origin(fv_registry *registry, const char *what, fv_arena *arena, origin *o) {
    fv_file_kind kind = fv_file_kind_of(what);
    const char *slash = strrchr(what, '/'), *name = slash ? slash + 1 : what, *folder = ".";
    if (kind == FV_FILE_FOLDER) return find_folder(registry, what, arena, o);
    if (kind != FV_FILE_PLAIN) return find_run(registry, what, arena, o);
    if (slash) FV_TRY(fv_arena_format(arena, &folder, "%.*s/", (int)(slash - what), what));
    if (!strcmp(name, BEST)) return find_folder(registry, folder, arena, o);
    FV_TRY(resolve(what, arena, &o->source));
    o->file = o->source;
    return NULL;
}

/* ---- checking ---- */

static fv_error *refuse_checkpoint(void) {
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it is a checkpoint, from which a training goes on"), "register the run's %s",
                         BEST);
}

static fv_error *open_object(fv_registry *registry, const char *digest, const fv_predictor_options *options,
                             fv_predictor **out) {
    char *path;
    FV_TRY(fv_object_check(registry, digest));
    FV_TRY(fv_object_path(registry, digest, &path));
    fv_error *error = fv_predictor_open(path, options, out);
    fv_string_free(path);
    return error;
}

fv_error *fv_version_open(fv_registry *registry, const fv_version_row *v, const fv_predictor_options *options,
                          fv_predictor **out) {
    return fv_error_wrap(open_object(registry, v->digest, options, out), "%s/%lld", v->model, (long long)v->number);
}

const fv_version_file *fv_version_file_find(const fv_version_row *v, const char *path) {
    for (int64_t i = 0; i < v->file_count; i++)
        if (!strcmp(v->files[i].path, path)) return &v->files[i];
    return NULL;
}

fv_error *fv_object_check_model(fv_registry *registry, const char *digest, const char *device, fv_arena *arena,
                                fv_model_facts *facts) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_TRY(open_object(registry, digest, &(fv_predictor_options){ .device = device }, &predictor));
    FV_TRY(fv_model_facts_read(fv_predictor_model(predictor), arena, facts));
    return facts->checkpoint ? refuse_checkpoint() : NULL;
}

/* ---- adding ---- */

fv_error *fv_version_options_of_facts(const fv_model_facts *facts, fv_arena *arena, fv_version_options *options) {
    fv_licence_of *licences;
    FV_TEXT(json, TEXTS_BYTES_MAX);
    fv_fields_to_json(fv_model_facts_fields, facts, &json);
    FV_TRY(fv_text_error(&json));
    FV_TRY(fv_arena_text(arena, json.at, &options->facts));
    FV_TRY(fv_arena_take(arena, facts->licences.count + 1, &licences));
    for (int64_t i = 0; i < facts->licences.count; i++)
        licences[i] = (fv_licence_of){ .of = facts->licences_of.at[i], .licence = facts->licences.at[i] };
    options->licences = licences;
    options->licence_count = facts->licences.count;
    return NULL;
}

static fv_error *add_version(fv_registry *registry, const fv_register_options *r, const origin *o, const fv_model_facts *facts,
                             fv_arena *arena, fv_registered *out) {
    fv_version_options options = { .model = r->model,
                                   .digest = o->digest,
                                   .run = o->run[0] ? o->run : NULL,
                                   .parent = r->parent,
                                   .parent_digest = facts->parent,
                                   .source = o->source,
                                   .description = r->description,
                                   .files = o->files,
                                   .file_count = o->file_count };
    FV_TRY(fv_version_options_of_facts(facts, arena, &options));
    return fv_version_add(registry, &options, &out->version);
}

static fv_error *check_file(const char *path, fv_arena *arena) {
    FV_OWNED(fv_model) model = NULL;
    fv_model_facts facts;
    FV_TRY(fv_model_load(path, &model));
    FV_TRY(fv_error_wrap(fv_model_facts_read(model, arena, &facts), "%s", path));
    return facts.checkpoint ? fv_error_wrap(refuse_checkpoint(), "%s", path) : NULL;
}

fv_error *fv_register_check(const fv_register_options *options, const char **needs) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_file_kind kind = fv_file_kind_of(options->what);
    const char *path = options->what;
    bool there = kind == FV_FILE_FOLDER || kind == FV_FILE_PLAIN;
    *needs = there ? options->parent : options->what;
    FV_TRY(fv_model_name_check(options->model));
    if (*needs) return NULL;
    FV_TRY(fv_arena_new("what is to be registered", TEXTS_BYTES_MAX, &arena));
    if (kind == FV_FILE_FOLDER) FV_TRY(find_model(options->what, options->what, arena, &path));
    return check_file(path, arena);
}

static const char *digest_of(const origin *o, const char *path) {
    for (int64_t i = 0; i < o->file_count; i++)
        if (!strcmp(o->files[i].path, path)) return o->files[i].digest;
    return NULL;
}

/* A profile that cannot be made of what the recipe says does not keep a model from being registered. */
static fv_error *make_profile(fv_registry *registry, const fv_register_options *r, origin *o, fv_registered *out) {
    fv_register_profile options = {
        .model = o->digest, .recipe = digest_of(o, FV_RECIPE_FILE), .data = r->data, .device = r->device
    };
    char digest[FV_DIGEST_LETTERS];
    if (r->no_profile || digest_of(o, FV_DRIFT_PROFILE_FILE)) return NULL;
    fv_error *error = fv_register_profile_make(registry, &options, digest, &out->profile_pictures);
    if (!error) return add_file(o, FV_DRIFT_PROFILE_FILE, digest), NULL;
    if (r->data) return fv_error_wrap(error, "the reference profile of %s", r->data);
    snprintf(out->unprofiled, sizeof out->unprofiled, "%s", fv_error_message(error));
    fv_error_free(error);
    return NULL;
}

fv_error *fv_register_model(fv_registry *registry, const fv_register_options *options, fv_registered *out) {
    FV_OWNED(fv_arena) arena = NULL;
    origin o = { 0 };
    fv_model_facts facts;
    *out = (fv_registered){ 0 };
    FV_TRY(fv_arena_new("what is registered", 2 * TEXTS_BYTES_MAX, &arena));
    FV_TRY(find_origin(registry, options->what, arena, &o));
    if (o.file) FV_TRY(fv_object_put_file(registry, o.file, o.digest));
    if (o.file) FV_TRY(put_profile(registry, arena, &o));
    FV_TRY(fv_error_wrap(fv_object_check_model(registry, o.digest, options->device, arena, &facts), "%s", o.source));
    FV_TRY(make_profile(registry, options, &o, out));
    FV_TRY(add_version(registry, options, &o, &facts, arena, out));
    memcpy(out->digest, o.digest, FV_DIGEST_LETTERS);
    out->selftest_pictures = facts.selftest.count;
    return NULL;
}
