/* drift_reference.c - see drift_reference.h. */
#include "experiments/drift_reference.h"

#include <string.h>

#include "core/base/file.h"
#include "experiments/model_file.h"
#include "experiments/register.h"

fv_error *fv_drift_profile_path(const char *model, fv_arena *arena, const char **out) {
    size_t length = strlen(model), ending = strlen(".fovea");
    if (length > ending && !strcmp(model + length - ending, ".fovea")) length -= ending;
    return fv_arena_format(arena, out, "%.*s.profile.json", (int)length, model);
}

/* ---- the model ---- */

static fv_error *open_version(const fv_model_file *file, const char *workspace, fv_drift_subject *out) {
    FV_TRY(fv_registry_open(workspace, &(fv_registry_options){ .must_exist = true }, &out->registry));
    FV_TRY(fv_version_find(out->registry, file->version, &out->version));
    out->digest = out->version.rows->digest;
    out->name = out->version.rows->model;
    return NULL;
}

static fv_error *open_subject(const char *model, const char *workspace, const char *device, fv_arena *arena,
                              fv_drift_subject *out) {
    fv_model_file file;
    FV_TRY(fv_model_file_find(model, workspace, arena, &file));
    if (file.version) FV_TRY(open_version(&file, workspace, out));
    if (!file.version) out->file = file.path;
    fv_predictor_options options = { .device = device, .features = true };
    return fv_error_wrap(fv_predictor_open(file.path, &options, &out->predictor), "%s", file.name);
}

fv_error *fv_drift_subject_open(const char *model, const char *workspace, const char *device, fv_arena *arena,
                                fv_drift_subject *out) {
    *out = (fv_drift_subject){ 0 };
    fv_error *error = open_subject(model, workspace, device, arena, out);
    if (error) fv_drift_subject_release(out);
    return error;
}

void fv_drift_subject_release(fv_drift_subject *s) {
    fv_predictor_free(s->predictor);
    fv_version_list_release(&s->version);
    fv_registry_free(s->registry);
    *s = (fv_drift_subject){ 0 };
}

/* ---- keeping ---- */

static fv_error *keep_with_version(const fv_drift_subject *s, const fv_text *text, fv_arena *arena, const char **where) {
    const fv_version_row *v = s->version.rows;
    char digest[FV_DIGEST_LETTERS];
    FV_TRY(fv_object_put(s->registry, text->at, text->length, digest));
    fv_version_file file = { .path = FV_DRIFT_PROFILE_FILE, .digest = digest };
    fv_version_options options = { .model = v->model, .digest = v->digest, .files = &file, .file_count = 1 };
    fv_version_added added;
    FV_TRY(fv_version_add(s->registry, &options, &added));
    if (!added.files_kept) return fv_arena_format(arena, where, "%s/%lld", v->model, (long long)v->number);
    return fv_error_hint(
        fv_fail(FV_CONFLICT, "%s/%lld has a reference profile, and a version is not changed", v->model, (long long)v->number),
        "--out writes this one into a file, for `fovea drift check --profile`");
}

fv_error *fv_drift_profile_keep(const fv_drift_profile *profile, const fv_drift_subject *s, const char *file, fv_arena *arena,
                                const char **where) {
    FV_TEXT(text, FV_DRIFT_PROFILE_BYTES_MAX);
    fv_drift_profile_print(profile, &text);
    FV_TRY(fv_text_error(&text));
    if (!file && !s->file) return keep_with_version(s, &text, arena, where);
    *where = file;
    if (!file) FV_TRY(fv_drift_profile_path(s->file, arena, where));
    return fv_file_write(*where, text.at, text.length, NULL);
}

/* ---- finding ---- */

static fv_error *missing(const char *what) {
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "%s has no reference profile", what),
                         "`fovea drift profile %s --data DIR` makes one of pictures that it was not trained on", what);
}

static fv_error *load_of_version(const fv_drift_subject *s, fv_arena *arena, fv_drift_profile *out) {
    const fv_version_row *v = s->version.rows;
    const fv_version_file *file = fv_version_file_find(v, FV_DRIFT_PROFILE_FILE);
    const char *name;
    char *bytes;
    int64_t length;
    FV_TRY(fv_arena_format(arena, &name, "%s/%lld", v->model, (long long)v->number));
    if (!file) return missing(name);
    FV_TRY(fv_object_get(s->registry, file->digest, FV_DRIFT_PROFILE_BYTES_MAX, &bytes, &length));
    fv_error *error = fv_drift_profile_parse(bytes, name, arena, out);
    fv_string_free(bytes);
    return error;
}

fv_error *fv_drift_profile_load(const fv_drift_subject *s, const char *file, fv_arena *arena, fv_drift_profile *out) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    if (!file && !s->file) return load_of_version(s, arena, out);
    const char *path = file;
    if (!path) FV_TRY(fv_drift_profile_path(s->file, arena, &path));
    if (!file && fv_file_kind_of(path) != FV_FILE_PLAIN) return missing(s->file);
    FV_TRY(fv_file_read(path, FV_DRIFT_PROFILE_BYTES_MAX, (uint8_t **)&bytes, &length));
    return fv_drift_profile_parse(bytes, path, arena, out);
}
