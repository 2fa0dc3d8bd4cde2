/* registry_backup.c - fovea registry backup, fovea registry restore: a workspace copied, and brought back. */
#include "cli/care.h"
#include "cli/terminal.h"

typedef struct backup_options {
    const char *folder, *workspace;
    bool replace;
} backup_options;

static const fv_field backup_fields[] = { FV_FIELD(backup_options, folder, .positional = true, .required = true, .value = "DIR",
                                                   .help = "where the backup is, or is to be"),
                                          FV_FIELD(backup_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                          FV_FIELDS_END };

static const fv_field restore_fields[] = {
    FV_FIELD(backup_options, folder, .positional = true, .required = true, .value = "DIR", .help = "the backup"),
    FV_FIELD(backup_options, replace, .by_default = "false",
             .help = "put it in the place of the workspace that is there; the old database is kept in backups/"),
    FV_FIELD(backup_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static void say(const fv_printer *p, const char *verb, const char *folder, const fv_backup_result *r) {
    char bytes[FV_BYTES_LETTERS];
    fv_print_line((fv_printer *)p, "%s %s: %lld objects copied (%s), %lld were there", verb, folder, (long long)r->copied,
                  fv_bytes_text(r->bytes, bytes), (long long)r->present);
}

static void print(fv_command_call *call, const char *verb, const char *folder, const fv_backup_result *r) {
    fv_printer *p = call->printer;
    fv_terminal_finish();
    call->failed = r->lost > 0;
    if (r->lost)
        fv_terminal_line("%lld objects are missing or damaged, the first of them %s; `fovea registry fsck` names all",
                         (long long)r->lost, r->first_lost);
    if (!p->json) return say(p, verb, folder, r);
    fv_print_record(p);
    fv_print_text(p, "folder", folder);
    fv_print_int(p, "copied", r->copied);
    fv_print_int(p, "bytes", r->bytes);
    fv_print_int(p, "present", r->present);
    fv_print_int(p, "lost", r->lost);
    fv_print_record_end(p);
}

static fv_error *run_backup(fv_command_call *call, void *raw) {
    const backup_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_backup_result result;
    double began;
    fv_care_watch watch = fv_care_bar(call, &began);
    FV_TRY(fv_care_open(o->workspace, false, &registry));
    FV_TRY(fv_registry_backup(registry, o->folder, &watch, &result));
    print(call, "backed up to", o->folder, &result);
    return NULL;
}

static fv_error *run_restore(fv_command_call *call, void *raw) {
    const backup_options *o = raw;
    fv_backup_result result;
    double began;
    fv_care_watch watch = fv_care_bar(call, &began);
    FV_TRY(fv_registry_restore(o->folder, o->workspace, o->replace, &watch, &result));
    print(call, "restored from", o->folder, &result);
    return NULL;
}

const fv_command fv_command_registry_backup = {
    .name = "registry backup",
    .summary = "copy the workspace while it is in use",
    .arguments = "DIR [options]",
    .description = "Copies the database as of one instant, and every object that it names, into a folder that is a workspace\n"
                   "itself. Made again into the same folder it copies what is new. Every object is hashed on the way; exit\n"
                   "status 1 when one is missing or damaged: the others are backed up all the same.",
    .fields = backup_fields,
    .size = sizeof(backup_options),
    .stoppable = true,
    .run = run_backup,
};

const fv_command fv_command_registry_restore = {
    .name = "registry restore",
    .summary = "make the workspace what a backup is",
    .arguments = "DIR [options]",
    .description = "Copies everything before it touches what is there; objects that are there and whole are kept. An older\n"
                   "schema is upgraded. Nothing may use the workspace meanwhile.",
    .fields = restore_fields,
    .size = sizeof(backup_options),
    .stoppable = true,
    .run = run_restore,
};
