/* model_file.c - see model_file.h. */
#include "experiments/model_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "fovea/versions.h"
#include "registry/reference.h"

#define ENDING ".fovea"
#define BEST "best.fovea"
#define WAY_OUT "name a .fovea file, or a version in the registry: NAME/3, NAME@ALIAS"

static bool is_file_name(const char *given) {
    size_t length = strlen(given), ending = strlen(ENDING);
    return given[0] == '/' || given[0] == '.' || (length > ending && !strcmp(given + length - ending, ENDING));
}

static bool is_reference(const char *given) {
    fv_reference reference;
    fv_error *error = fv_reference_parse(given, &reference);
    fv_error_free(error);
    return !error;
}

bool fv_model_file_is_version(const char *given) { return strpbrk(given, "/@") && !is_file_name(given) && is_reference(given); }

/* The model of a run's folder lies in it; a version of the same name is there too, perhaps. */
static fv_error *refuse_folder(const char *folder, fv_arena *arena) {
    const char *best;
    FV_TRY(fv_file_join(arena, folder, BEST, &best));
    fv_error *error = fv_fail(FV_USAGE, "%s is a folder, and no model file", folder);
    if (fv_file_kind_of(best) == FV_FILE_PLAIN)
        return fv_error_hint(error,
                             "the model in it is %s; a version in the registry is named with its number or alias: %s@latest",
                             best, folder);
    return fv_error_hint(error, WAY_OUT);
}

static fv_error *find_object(fv_registry *registry, const fv_version_row *v, fv_arena *arena, fv_model_file *out) {
    char *path;
    FV_TRY(fv_arena_format(arena, &out->version, "%s/%lld", v->model, (long long)v->number));
    FV_TRY(fv_arena_text(arena, v->model, &out->model));
    out->number = v->number;
    out->name = out->version;
    if (v->run) FV_TRY(fv_arena_text(arena, v->run, &out->run));
    FV_TRY(fv_error_wrap(fv_object_check(registry, v->digest), "%s", out->version));
    FV_TRY(fv_object_path(registry, v->digest, &path));
    fv_error *error = fv_arena_text(arena, path, &out->path);
    fv_string_free(path);
    return error;
}

static fv_error *find_version(const char *given, const char *workspace, fv_arena *arena, fv_model_file *out) {
    FV_OWNED(fv_registry) registry = NULL;
    fv_version_list list;
    FV_TRY(fv_error_wrap(fv_registry_open(workspace, &(fv_registry_options){ .read_only = true }, &registry),
                         "%s is no file, and a version in the registry cannot be sought", given));
    FV_TRY(fv_error_wrap(fv_version_find(registry, given, &list), "%s is no file, and no version in %s", given,
                         fv_registry_folder(registry)));
    fv_error *error = find_object(registry, &list.rows[0], arena, out);
    fv_version_list_release(&list);
    return error;
}

static fv_error *refuse_path(const char *given) {
    int reason = access(given, F_OK) ? errno : EIO;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "cannot read %s: %s", given, strerror(reason)), WAY_OUT);
}

fv_error *fv_model_file_find(const char *given, const char *workspace, fv_arena *arena, fv_model_file *out) {
    fv_file_kind kind = fv_file_kind_of(given);
    *out = (fv_model_file){ .path = given, .name = given };
    if (kind == FV_FILE_FOLDER) return refuse_folder(given, arena);
    if (kind != FV_FILE_NONE) return NULL;
    return is_file_name(given) || !is_reference(given) ? refuse_path(given) : find_version(given, workspace, arena, out);
}
