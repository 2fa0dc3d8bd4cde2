/* registry_verify.c - fovea registry verify: the audit log proven. */
#include "cli/care.h"

typedef struct verify_options {
    const char *workspace;
    bool restart;
} verify_options;

static const fv_field verify_fields[] = {
    FV_FIELD(verify_options, restart, .by_default = "false",
             .help = "for a log that is damaged or whose key is lost: begin a new chain, with a new key, behind what is there"),
    FV_FIELD(verify_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static void print_verdict(fv_printer *p, const fv_audit_verdict *v) {
    fv_print_record(p);
    fv_print_bool(p, "whole", !v->bad);
    fv_print_int(p, "rows", v->rows);
    fv_print_int(p, "sealed", v->sealed);
    if (v->bad) fv_print_int(p, "bad", v->bad);
    if (v->bad) fv_print_text(p, "problem", v->problem);
    fv_print_text(p, "head", *v->head ? v->head : NULL);
    fv_print_record_end(p);
}

static fv_error *run_verify(fv_command_call *call, void *raw) {
    const verify_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_audit_verdict verdict;
    FV_TRY(fv_care_open(o->workspace, o->restart, &registry));
    if (o->restart) FV_TRY(fv_registry_restart_log(registry));
    FV_TRY(fv_registry_verify(registry, &verdict));
    print_verdict(call->printer, &verdict);
    call->failed = verdict.bad > 0;
    return NULL;
}

const fv_command fv_command_registry_verify = {
    .name = "registry verify",
    .summary = "prove that the audit log is the one that was written",
    .arguments = "[options]",
    .description = "Names the first row that was edited, removed, put in or moved, and finds an end that was cut off. Who has\n"
                   "the key (audit.key) beside the database can forge all of it: note the head elsewhere from time to time.\n"
                   "Exit status 1 when the log is not whole.",
    .fields = verify_fields,
    .size = sizeof(verify_options),
    .run = run_verify,
};
