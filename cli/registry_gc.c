/* registry_gc.c - fovea registry gc: what nobody needs any more is removed. */
#include "cli/care.h"
#include "cli/terminal.h"

typedef struct gc_options {
    const char *workspace;
    double deleted_days, unused_days;
    bool dry_run;
} gc_options;

static const fv_field fields[] = {
    FV_FIELD(gc_options, deleted_days, .by_default = "-1", .min = -1, .max = INFINITY, .value = "DAYS",
             .help = "also experiments, runs, models and versions that were deleted so long ago; -1: none"),
    FV_FIELD(gc_options, unused_days, .by_default = "1", .min = 1, .max = INFINITY, .value = "DAYS",
             .help = "objects that nothing names and that were put so long ago"),
    FV_FIELD(gc_options, dry_run, .flag = "n", .by_default = "false", .help = "only say what would be removed"),
    FV_FIELD(gc_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static void say(fv_printer *p, bool dry_run, const fv_gc_result *r) {
    char bytes[FV_BYTES_LETTERS], orphans[FV_BYTES_LETTERS];
    const char *verb = dry_run ? "would remove" : "removed";
    for (int64_t i = 0; i < r->count; i++) fv_print_line(p, "%s %s %s", verb, r->items[i].kind, r->items[i].name);
    fv_print_line(p, "%s %lld unused objects (%s), and %lld files without a row (%s)", verb, (long long)r->objects,
                  fv_bytes_text(r->bytes, bytes), (long long)r->orphans, fv_bytes_text(r->orphan_bytes, orphans));
}

static void print(fv_printer *p, bool dry_run, const fv_gc_result *r) {
    fv_print_record(p);
    fv_print_bool(p, "dry_run", dry_run);
    fv_print_list(p, "removed");
    for (int64_t i = 0; i < r->count; i++) {
        fv_print_item(p);
        fv_print_text(p, "kind", r->items[i].kind);
        fv_print_text(p, "name", r->items[i].name);
    }
    fv_print_list_end(p);
    fv_print_int(p, "objects", r->objects);
    fv_print_int(p, "bytes", r->bytes);
    fv_print_int(p, "orphans", r->orphans);
    fv_print_int(p, "orphan_bytes", r->orphan_bytes);
    fv_print_record_end(p);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const gc_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_gc_result result;
    double began;
    fv_care_watch watch = fv_care_bar(call, &began);
    fv_gc_options options = { o->dry_run, o->deleted_days, o->unused_days, &watch };
    FV_TRY(fv_care_open(o->workspace, !o->dry_run, &registry));
    FV_TRY(fv_registry_gc(registry, &options, &result));
    fv_terminal_finish();
    (call->printer->json ? print : say)(call->printer, o->dry_run, &result);
    fv_gc_result_release(&result);
    return NULL;
}

const fv_command fv_command_registry_gc = {
    .name = "registry gc",
    .summary = "remove objects that nothing names, and what was deleted long ago",
    .arguments = "[options]",
    .description = "Whatever is named stays: a version that an alias points to, a run that a version came from. Others may go\n"
                   "on using the workspace; a backup is waited for by trying again. What goes is in the audit log.",
    .fields = fields,
    .size = sizeof(gc_options),
    .stoppable = true,
    .run = run,
};
