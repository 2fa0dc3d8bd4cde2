/* models_rollback.c - fovea models rollback: an alias goes back to where it pointed before. */
#include "cli/command.h"
#include "fovea/versions.h"

typedef struct rollback_options {
    const char *model, *alias, *reason, *workspace;
} rollback_options;

static const fv_field fields[] = {
    FV_FIELD(rollback_options, model, .positional = true, .required = true, .value = "NAME", .help = "the model"),
    FV_FIELD(rollback_options, alias, .by_default = "champion", .value = "ALIAS", .help = "that goes back"),
    FV_FIELD(rollback_options, reason, .value = "TEXT", .help = "why; kept with the decision"),
    FV_FIELD(rollback_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static fv_error *run(fv_command_call *call, void *raw) {
    const rollback_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    int64_t previous, number;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    FV_TRY(fv_alias_get(registry, o->model, o->alias, &previous));
    FV_TRY(fv_alias_roll_back(registry, o->model, o->alias, o->reason, &number));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", o->model);
    fv_print_text(call->printer, "alias", o->alias);
    fv_print_int(call->printer, "version", number);
    if (previous)
        fv_print_int(call->printer, "previous", previous);
    else
        fv_print_text(call->printer, "previous", NULL);
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_models_rollback = {
    .name = "models rollback",
    .summary = "give an alias back to the version that had it before",
    .arguments = "NAME [--alias ALIAS] [--reason TEXT]",
    .description = "Asks no gate. Called again it goes back one version more; versions that are deleted are passed over.",
    .fields = fields,
    .size = sizeof(rollback_options),
    .run = run,
};
