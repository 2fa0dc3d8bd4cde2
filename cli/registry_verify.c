/* registry_verify.c - fovea registry verify, fovea registry log: the audit log proven, and read. */
#include <string.h>

#include "cli/care.h"
#include "cli/when.h"

/* ---- verify ---- */

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

/* ---- log ---- */

typedef struct log_options {
    const char *workspace;
    int64_t limit, before;
} log_options;

static const fv_field log_fields[] = {
    FV_FIELD(log_options, limit, .flag = "n", .by_default = "20", .min = 1, .max = 100000, .help = "rows, the newest"),
    FV_FIELD(log_options, before, .by_default = "0", .min = 0, .help = "only rows before this one; 0: to the end"),
    FV_FIELD(log_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static void say_rows(fv_printer *p, const fv_audit_rows *rows) {
    char when[FV_WHEN_LETTERS];
    for (int64_t i = 0; i < rows->count; i++) {
        const fv_audit_row *row = &rows->at[i];
        fv_print_line(p, "%lld  %s  %s  %s  %s%s%s", (long long)row->id, fv_when(row->time_ms, when), row->actor, row->action,
                      row->subject, strcmp(row->details, "{}") ? "  " : "", strcmp(row->details, "{}") ? row->details : "");
    }
}

static void print_rows(fv_printer *p, const fv_audit_rows *rows) {
    fv_print_record(p);
    fv_print_list(p, "rows");
    for (int64_t i = 0; i < rows->count; i++) {
        fv_print_item(p);
        fv_print_int(p, "id", rows->at[i].id);
        fv_print_int(p, "time_ms", rows->at[i].time_ms);
        fv_print_text(p, "actor", rows->at[i].actor);
        fv_print_text(p, "action", rows->at[i].action);
        fv_print_text(p, "subject", rows->at[i].subject);
        fv_print_text(p, "details", rows->at[i].details);
    }
    fv_print_list_end(p);
    fv_print_record_end(p);
}

static fv_error *run_log(fv_command_call *call, void *raw) {
    const log_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_audit_rows rows;
    FV_TRY(fv_care_open(o->workspace, false, &registry));
    FV_TRY(fv_registry_read_log(registry, o->before, o->limit, &rows));
    (call->printer->json ? print_rows : say_rows)(call->printer, &rows);
    fv_audit_rows_release(&rows);
    return NULL;
}

const fv_command fv_command_registry_log = {
    .name = "registry log",
    .summary = "read the audit log",
    .arguments = "[options]",
    .description = "Who changed which model, alias or token, and what was deleted; the newest first. The details are JSON.",
    .fields = log_fields,
    .size = sizeof(log_options),
    .run = run_log,
};
