/* models_delete.c - fovea models delete and restore: a model, or one version of it, is put away and got back. */
#include <string.h>

#include "cli/command.h"
#include "core/base/text.h"
#include "fovea/versions.h"

typedef struct delete_options {
    const char *what, *workspace;
} delete_options;

static const fv_field fields[] = { FV_FIELD(delete_options, what, .positional = true, .required = true, .value = "NAME[/N]",
                                            .help = "a model with all its versions, or one version"),
                                   FV_FIELD(delete_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                   FV_FIELDS_END };

/* NAME, or NAME/N: an alias would say too little of what is deleted. */
static fv_error *split(const char *what, fv_arena *arena, const char **model, int64_t *number) {
    const char *slash = strchr(what, '/');
    *number = 0;
    FV_TRY(fv_arena_format(arena, model, "%.*s", slash ? (int)(slash - what) : (int)strlen(what), what));
    if (!slash || (fv_text_to_int(slash + 1, number) && *number > 0)) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "\"%s\" is neither a model nor a version", what), "write NAME or NAME/3");
}

static fv_error *put_away(fv_command_call *call, const delete_options *o, bool back) {
    FV_OWNED(fv_registry) registry = NULL;
    const char *model;
    int64_t number;
    FV_TRY(split(o->what, call->arena, &model, &number));
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    if (number)
        FV_TRY(back ? fv_version_restore(registry, model, number) : fv_version_delete(registry, model, number));
    else
        FV_TRY(back ? fv_models_restore(registry, model) : fv_models_delete(registry, model));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", model);
    if (number) fv_print_int(call->printer, "version", number);
    fv_print_bool(call->printer, "deleted", !back);
    fv_print_record_end(call->printer);
    return NULL;
}

static fv_error *run_delete(fv_command_call *call, void *options) { return put_away(call, options, false); }
static fv_error *run_restore(fv_command_call *call, void *options) { return put_away(call, options, true); }

const fv_command fv_command_models_delete = {
    .name = "models delete",
    .summary = "put a model or a version away",
    .arguments = "NAME[/N]",
    .description =
        "It is not found any more, but stays until `fovea registry gc`, and `fovea models restore` brings it back. A\n"
        "version that an alias points to is not deleted. Its number is never used again.",
    .fields = fields,
    .size = sizeof(delete_options),
    .run = run_delete,
};

const fv_command fv_command_models_restore = {
    .name = "models restore",
    .summary = "bring back a model or a version that was deleted",
    .arguments = "NAME[/N]",
    .fields = fields,
    .size = sizeof(delete_options),
    .run = run_restore,
};
