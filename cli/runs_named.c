/* runs_named.c - a word of the command line as a run. */
#include "cli/runs_named.h"

#include <string.h>

#include "cli/terminal.h"
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

/* Of another folder than the one of that name. */
static bool is_of_elsewhere(const fv_run_row *run, const char *folder) {
    char *real;
    fv_error *error = fv_file_resolve(folder, &real);
    bool elsewhere = error || !run->folder || strcmp(run->folder, real) != 0;
    if (!error) fv_string_free(real);
    fv_error_free(error);
    return elsewhere;
}

static void say_both(fv_registry *registry, const char *name) {
    fv_run_list list;
    fv_error *error = fv_run_find(registry, name, &list);
    if (error && fv_error_code(error) == FV_CONFLICT)
        fv_terminal_line("%s is the folder; runs in %s are called that too: name one by its id", name,
                         fv_registry_folder(registry));
    if (!error && is_of_elsewhere(&list.rows[0], name))
        fv_terminal_line("%s is the folder; the run %s in %s is another one: name it by its id, %.8s", name, name,
                         fv_registry_folder(registry), list.rows[0].id);
    if (!error) fv_run_list_release(&list);
    fv_error_free(error);
}

void fv_runs_named_say_both(const char *name, const char *workspace) {
    FV_OWNED(fv_registry) registry = NULL;
    if (strchr(name, '/') || fv_file_kind_of(name) != FV_FILE_FOLDER) return;
    fv_error *error = fv_registry_open(workspace, &(fv_registry_options){ .read_only = true }, &registry);
    if (!error) say_both(registry, name);
    fv_error_free(error); /* where no registry can be read, no run can be mistaken */
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
    for (int64_t i = 0; i < names->count; i++) fv_runs_named_say_both(names->at[i], workspace);
    for (int64_t i = 0; i < names->count; i++) FV_TRY(read_run(names->at[i], workspace, &registry, arena, &(*out)[i]));
    return tell_apart(*out, names->count, arena);
}
