/* runs_change.c - fovea runs delete, restore, stop: one thing done to each of some runs. */
#include "cli/command.h"
#include "cli/run_text.h"

typedef struct change_options {
    fv_strings runs;
    const char *workspace;
} change_options;

static const fv_field fields[] = { FV_FIELD(change_options, runs, .positional = true, .required = true, .value = "RUN…",
                                            .help = "id, first letters of that, or name"),
                                   FV_FIELD(change_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                   FV_FIELDS_END };

typedef struct change {
    fv_error *(*apply)(fv_registry *registry, const char *id);
    const char *done;
} change;

static fv_error *apply(fv_registry *registry, const char *called, const change *change, fv_printer *p) {
    fv_run_list list;
    FV_TRY(fv_run_find(registry, called, &list));
    const fv_run_row *run = &list.rows[0];
    fv_error *error = change->apply(registry, run->id);
    bool lost = run->status == FV_RUN_LOST && change->apply == fv_run_ask_to_stop;
    if (!error && !p->json)
        fv_print_line(p, "%.*s %s: %s%s", FV_RUN_SHORT_LETTERS, run->id, run->name, change->done,
                      lost ? "; it is lost, and hears this only if its process comes back" : "");
    if (!error && p->json) {
        fv_print_item(p);
        fv_print_text(p, "id", run->id);
        fv_print_text(p, "name", run->name);
    }
    fv_run_list_release(&list);
    return error;
}

static fv_error *change_all(const change_options *o, const change *change, fv_printer *p) {
    FV_OWNED(fv_registry) registry = NULL;
    fv_error *error = NULL;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    if (p->json) {
        fv_print_record(p);
        fv_print_list(p, change->done);
    }
    for (int64_t i = 0; i < o->runs.count && !error; i++) error = apply(registry, o->runs.at[i], change, p);
    if (!p->json || error) return error;
    fv_print_list_end(p);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run_delete(fv_command_call *call, void *raw) {
    return change_all(raw, &(change){ fv_run_delete, "deleted" }, call->printer);
}

static fv_error *run_restore(fv_command_call *call, void *raw) {
    return change_all(raw, &(change){ fv_run_restore, "restored" }, call->printer);
}

static fv_error *run_stop(fv_command_call *call, void *raw) {
    return change_all(raw, &(change){ fv_run_ask_to_stop, "asked to stop" }, call->printer);
}

const fv_command fv_command_runs_delete = {
    .name = "runs delete",
    .summary = "delete runs; they can be restored",
    .arguments = "RUN… [options]",
    .description = "A deleted run is kept, and `runs list --which deleted` shows it. One that is running is not deleted.\n"
                   "JSON: {deleted: [{id, name}]}.",
    .fields = fields,
    .size = sizeof(change_options),
    .run = run_delete,
};

const fv_command fv_command_runs_restore = {
    .name = "runs restore",
    .summary = "bring deleted runs back",
    .arguments = "RUN… [options]",
    .description = "JSON: {restored: [{id, name}]}.",
    .fields = fields,
    .size = sizeof(change_options),
    .run = run_restore,
};

const fv_command fv_command_runs_stop = {
    .name = "runs stop",
    .summary = "ask running runs to stop",
    .arguments = "RUN… [options]",
    .description =
        "A training asked to stop writes a checkpoint at its next step and ends as stopped: it can be gone on with.\n"
        "JSON: {\"asked to stop\": [{id, name}]}.",
    .fields = fields,
    .size = sizeof(change_options),
    .run = run_stop,
};
