/* models_alias.c - fovea models alias: an alias is set by hand, or removed. */
#include "cli/command.h"
#include "fovea/versions.h"

typedef struct alias_options {
    const char *model, *alias, *reason, *workspace;
    int64_t version;
    bool remove;
} alias_options;

static const fv_field fields[] = { FV_FIELD(alias_options, model, .positional = true, .required = true, .value = "NAME",
                                            .help = "the model"),
                                   FV_FIELD(alias_options, alias, .positional = true, .required = true, .value = "ALIAS",
                                            .help = "letters, digits, '_' and '-'"),
                                   FV_FIELD(alias_options, version, .positional = true, .min = 1, .max = 0, .value = "VERSION",
                                            .help = "the number of the version that it is to point to"),
                                   FV_FIELD(alias_options, remove, .by_default = "false", .help = "take the alias away"),
                                   FV_FIELD(alias_options, reason, .value = "TEXT", .help = "why; kept with the decision"),
                                   FV_FIELD(alias_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                   FV_FIELDS_END };

static fv_error *say_reason(const alias_options *o, fv_text *out) {
    fv_text_add(out, "[{\"name\":\"by_hand\",\"passed\":true,\"text\":");
    fv_text_add_json(out, o->reason ? o->reason : "set by hand, without the gate");
    fv_text_add(out, ",\"numbers\":{}}]");
    return fv_text_error(out);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const alias_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    FV_TEXT(reasons, 1 << 20);
    if (!o->version && !o->remove)
        return fv_error_hint(fv_fail(FV_USAGE, "VERSION is missing"), "`fovea models alias %s %s 3`, or --remove", o->model,
                             o->alias);
    if (o->version && o->remove) return fv_fail(FV_USAGE, "--remove takes the alias away: it points to no version");
    fv_alias_decision decision = { .model = o->model, .alias = o->alias, .version = o->version, .taken = true };
    decision.verb = o->remove ? FV_ALIAS_REMOVE : FV_ALIAS_SET;
    FV_TRY(say_reason(o, &reasons));
    decision.reasons = reasons.at;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    FV_TRY(fv_alias_get(registry, o->model, o->alias, &decision.incumbent));
    if (o->remove && !decision.incumbent) return fv_fail(FV_NOT_FOUND, "model %s has no alias %s", o->model, o->alias);
    FV_TRY(fv_alias_decide(registry, &decision));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", o->model);
    fv_print_text(call->printer, "alias", o->alias);
    if (o->version)
        fv_print_int(call->printer, "version", o->version);
    else
        fv_print_text(call->printer, "version", NULL);
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_models_alias = {
    .name = "models alias",
    .summary = "set an alias by hand, or remove it",
    .arguments = "NAME ALIAS VERSION | NAME ALIAS --remove",
    .description = "Asks no gate, and is kept as a decision by hand. `latest`, and `v` with digits, are reserved.",
    .fields = fields,
    .size = sizeof(alias_options),
    .run = run,
};
