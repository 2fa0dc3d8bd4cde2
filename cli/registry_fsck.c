/* registry_fsck.c - fovea registry fsck: everything in the workspace looked at. */
#include "cli/care.h"
#include "cli/terminal.h"

typedef struct fsck_options {
    const char *workspace;
    bool repair;
} fsck_options;

static const fv_field fields[] = {
    FV_FIELD(fsck_options, repair, .by_default = "false",
             .help = "count uses again, remove temporary files of killed processes; nothing else is safe to mend"),
    FV_FIELD(fsck_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static void say(fv_printer *p, const fv_fsck *r) {
    char bytes[FV_BYTES_LETTERS];
    for (int64_t i = 0; i < r->count; i++)
        fv_print_line(p, "%-9s  %s: %s%s", fv_finding_name(r->at[i].kind), r->at[i].subject, r->at[i].text,
                      r->at[i].repaired   ? " (repaired)"
                      : r->at[i].harmless ? " (harmless)"
                                          : "");
    fv_print_line(p, "%lld objects (%s) and the database checked: %lld things wrong", (long long)r->objects,
                  fv_bytes_text(r->bytes, bytes), (long long)r->wrong);
}

static void print(fv_printer *p, const fv_fsck *r) {
    fv_print_record(p);
    fv_print_int(p, "wrong", r->wrong);
    fv_print_int(p, "objects", r->objects);
    fv_print_int(p, "bytes", r->bytes);
    fv_print_list(p, "findings");
    for (int64_t i = 0; i < r->count; i++) {
        fv_print_item(p);
        fv_print_text(p, "kind", fv_finding_name(r->at[i].kind));
        fv_print_text(p, "subject", r->at[i].subject);
        fv_print_text(p, "text", r->at[i].text);
        fv_print_bool(p, "harmless", r->at[i].harmless);
        fv_print_bool(p, "repaired", r->at[i].repaired);
    }
    fv_print_list_end(p);
    fv_print_record_end(p);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const fsck_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_fsck result;
    double began;
    fv_care_watch watch = fv_care_bar(call, &began);
    FV_TRY(fv_care_open(o->workspace, o->repair, &registry));
    FV_TRY(fv_registry_fsck(registry, o->repair, &watch, &result));
    fv_terminal_finish();
    (call->printer->json ? print : say)(call->printer, &result);
    call->failed = result.wrong > 0;
    fv_fsck_release(&result);
    return NULL;
}

const fv_command fv_command_registry_fsck = {
    .name = "registry fsck",
    .summary = "check the whole workspace for damage",
    .arguments = "[options]",
    .description = "Looks at the database's pages, references and counts, the audit log, the bytes of every object, and files\n"
                   "that nothing names. Others may go on using the workspace. Exit status 1 when something is wrong.",
    .fields = fields,
    .size = sizeof(fsck_options),
    .stoppable = true,
    .run = run,
};
