/* experiments.c - fovea experiments list, describe, delete, restore: the names that runs are kept under. */
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"
#include "fovea/runs.h"

#define TEXT_BYTES_MAX (1 << 28)

typedef struct list_options {
    const char *workspace;
    bool deleted;
} list_options;

static const fv_field list_fields[] = {
    FV_FIELD(list_options, deleted, .by_default = "false", .help = "those that are deleted too"),
    FV_FIELD(list_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

typedef struct change_options {
    const char *name, *workspace;
} change_options;

static const fv_field change_fields[] = {
    FV_FIELD(change_options, name, .positional = true, .required = true, .value = "EXPERIMENT", .help = "its whole name"),
    FV_FIELD(change_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

typedef struct describe_options {
    const char *name, *text, *workspace;
} describe_options;

static const fv_field describe_fields[] = {
    FV_FIELD(describe_options, name, .positional = true, .required = true, .value = "EXPERIMENT", .help = "its whole name"),
    FV_FIELD(describe_options, text, .positional = true, .required = true, .value = "TEXT",
             .help = "what it is about; \"\" takes the description away"),
    FV_FIELD(describe_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

/* ---- list ---- */

static fv_error *print_json(const fv_experiment_list *list, fv_printer *p) {
    FV_TEXT(text, TEXT_BYTES_MAX);
    fv_text_add(&text, "[");
    for (int64_t i = 0; i < list->count; i++) {
        const struct fv_experiment *e = &list->at[i];
        fv_text_add(&text, i ? ",{\"name\":" : "{\"name\":");
        fv_text_add_json(&text, e->name);
        fv_text_add(&text, ",\"description\":");
        fv_text_add_json(&text, e->description);
        fv_text_addf(&text, ",\"runs\":%lld,\"deleted\":%s,\"created_ms\":%lld,\"updated_ms\":%lld}", (long long)e->runs,
                     e->deleted ? "true" : "false", (long long)e->created_ms, (long long)e->updated_ms);
    }
    fv_text_add(&text, "]");
    FV_TRY(fv_text_error(&text));
    fv_print_object(p, text.at);
    return NULL;
}

/* Default is there from the beginning, and changed when its first run is started. */
static fv_error *add_row(const struct fv_experiment *e, fv_table *t) {
    char when[FV_WHEN_LETTERS];
    FV_TRY(fv_table_add(t, e->name));
    FV_TRY(fv_table_addf(t, "%lld", (long long)e->runs));
    FV_TRY(fv_table_add(t, e->updated_ms ? fv_when(e->updated_ms, when) : NULL));
    return fv_table_addf(t, "%s%s%s", e->deleted ? "deleted" : "", e->deleted && *e->description ? "; " : "", e->description);
}

static fv_error *print_table(const fv_experiment_list *list, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, true, false, false };
    static const char *const head[] = { "experiment", "runs", "changed", "description" };
    fv_table table;
    fv_table_init(&table, arena, 4, right);
    for (int i = 0; i < 4; i++) FV_TRY(fv_table_add(&table, head[i]));
    for (int64_t i = 0; i < list->count; i++) FV_TRY(add_row(&list->at[i], &table));
    return fv_table_print(&table, p);
}

static fv_error *run_list(fv_command_call *call, void *raw) {
    const list_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_experiment_list list;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_experiments_list(registry, o->deleted, &list));
    fv_error *error = call->printer->json ? print_json(&list, call->printer) : print_table(&list, call->arena, call->printer);
    fv_experiment_list_release(&list);
    return error;
}

/* ---- changes ---- */

static fv_error *open_to_change(const char *workspace, fv_registry **out) {
    return fv_registry_open(workspace, &(fv_registry_options){ .must_exist = true }, out);
}

static fv_error *run_describe(fv_command_call *call, void *raw) {
    const describe_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(open_to_change(o->workspace, &registry));
    FV_TRY(fv_experiment_describe(registry, o->name, o->text));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", o->name);
    fv_print_text(call->printer, "description", o->text);
    fv_print_record_end(call->printer);
    return NULL;
}

static fv_error *put_away(fv_command_call *call, const change_options *o, bool back) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(open_to_change(o->workspace, &registry));
    FV_TRY(back ? fv_experiment_restore(registry, o->name) : fv_experiment_delete(registry, o->name));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", o->name);
    fv_print_bool(call->printer, "deleted", !back);
    fv_print_record_end(call->printer);
    return NULL;
}

static fv_error *run_delete(fv_command_call *call, void *raw) { return put_away(call, raw, false); }
static fv_error *run_restore(fv_command_call *call, void *raw) { return put_away(call, raw, true); }

const fv_command fv_command_experiments_list = {
    .name = "experiments list",
    .summary = "list the experiments, with how many runs each has",
    .arguments = "[options]",
    .description =
        "A line an experiment, by name: its runs that are not deleted, when it was changed, what it is about. A / in a\n"
        "name is a level of a tree: `fovea runs list cells` lists the runs of cells/first too.\n"
        "JSON: an array of {name, description, runs, deleted, created_ms, updated_ms}.",
    .fields = list_fields,
    .size = sizeof(list_options),
    .run = run_list,
};

const fv_command fv_command_experiments_describe = {
    .name = "experiments describe",
    .summary = "say what an experiment is about",
    .arguments = "EXPERIMENT TEXT",
    .fields = describe_fields,
    .size = sizeof(describe_options),
    .run = run_describe,
};

const fv_command fv_command_experiments_delete = {
    .name = "experiments delete",
    .summary = "put an experiment away, with its runs",
    .arguments = "EXPERIMENT",
    .description =
        "It and its runs are not found any more, but stay until `fovea registry gc`, and `fovea experiments restore` brings\n"
        "them back. Experiments below it stay as they are. One with a run that is running is not deleted.",
    .fields = change_fields,
    .size = sizeof(change_options),
    .run = run_delete,
};

const fv_command fv_command_experiments_restore = {
    .name = "experiments restore",
    .summary = "bring back an experiment that was deleted",
    .arguments = "EXPERIMENT",
    .description = "Its runs are found again, but for those that were deleted by themselves: `fovea runs restore`.",
    .fields = change_fields,
    .size = sizeof(change_options),
    .run = run_restore,
};
