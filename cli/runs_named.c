/* runs_named.c - a word of the command line as a run. */
#include "cli/runs_named.h"

#include <string.h>

#include "core/base/file.h"

static bool is_folder(const fv_run_facts *run) { return fv_file_kind_of(run->id) == FV_FILE_FOLDER; }

/* Where two have one name, folders are called by their paths, and runs of the registry by the first letters of their ids too.
 */
static fv_error *tell_apart(fv_run_facts *runs, int64_t count, fv_arena *arena) {
    bool alike = false;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < i; j++) alike |= !strcmp(runs[i].name, runs[j].name);
    for (int64_t i = 0; alike && i < count; i++) {
        if (is_folder(&runs[i]))
            runs[i].name = runs[i].id;
        else
            FV_TRY(fv_arena_format(arena, &runs[i].name, "%s %.8s", runs[i].name, runs[i].id));
    }
    return NULL;
}

/* A folder is one; all else is sought in the registry, which is opened when it is first needed. */
static fv_error *read_run(const char *name, const char *workspace, fv_registry **registry, fv_arena *arena, fv_run_facts *out) {
    if (fv_file_kind_of(name) == FV_FILE_FOLDER) return fv_run_facts_from_folder(name, arena, out);
    fv_registry_options how = { .read_only = true };
    if (!*registry)
        FV_TRY(fv_error_wrap(fv_registry_open(workspace, &how, registry), "%s is no folder, and no run of a registry", name));
    return fv_run_facts_from_registry(*registry, name, arena, out);
}

fv_error *fv_runs_named(const fv_strings *names, const char *workspace, fv_arena *arena, fv_run_facts **out) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(fv_arena_take(arena, names->count, out));
    for (int64_t i = 0; i < names->count; i++) FV_TRY(read_run(names->at[i], workspace, &registry, arena, &(*out)[i]));
    return tell_apart(*out, names->count, arena);
}
