/* models_export.c - fovea models export and import: a version as a folder, or its model file alone. */
#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "experiments/bundle.h"

typedef struct export_options {
    const char *version, *out, *workspace;
} export_options;

static const fv_field export_fields[] = {
    FV_FIELD(export_options, version, .positional = true, .required = true, .value = "NAME[@ALIAS|/N]",
             .help = "the version; NAME alone is its newest"),
    FV_FIELD(export_options, out, .required = true, .value = "PATH",
             .help = "a folder that is not there yet; or a name that ends in .fovea, for the model file alone"),
    FV_FIELD(export_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static bool wants_file(const char *path) {
    size_t length = strlen(path);
    return length > 6 && !strcmp(path + length - 6, ".fovea");
}

static fv_error *run_export(fv_command_call *call, void *raw) {
    const export_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_version_list list;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_version_find(registry, o->version, &list));
    const fv_version_row *v = &list.rows[0];
    fv_error *error =
        wants_file(o->out) ? fv_object_copy(registry, v->digest, o->out) : fv_bundle_export(registry, o->version, o->out);
    if (!error) {
        fv_print_record(call->printer);
        fv_print_text(call->printer, "name", v->model);
        fv_print_int(call->printer, "version", v->number);
        fv_print_text(call->printer, "digest", v->digest);
        fv_print_text(call->printer, "out", o->out);
        fv_print_record_end(call->printer);
    }
    fv_version_list_release(&list);
    return error;
}

const fv_command fv_command_models_export = {
    .name = "models export",
    .summary = "write a version into a folder, or its model file",
    .arguments = "NAME[@ALIAS|/N] --out PATH",
    .description =
        "The folder has the model file, what is kept with it, and version.json: licences, tags, lineage and the digests of\n"
        "the files. `fovea models import` takes it into another registry. Damaged files are not exported.",
    .fields = export_fields,
    .size = sizeof(export_options),
    .run = run_export,
};

typedef struct import_options {
    const char *folder, *name, *workspace;
} import_options;

static const fv_field import_fields[] = {
    FV_FIELD(import_options, folder, .positional = true, .required = true, .value = "DIR",
             .help = "that `fovea models export` wrote"),
    FV_FIELD(import_options, name, .value = "NAME", .help = "of the model here; without it the name that it had there"),
    FV_FIELD(import_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static fv_error *run_import(fv_command_call *call, void *raw) {
    const import_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_imported made;
    FV_TRY(fv_bundle_check(o->folder, call->arena)); /* for what is no bundle no workspace is made */
    FV_TRY(fv_registry_open(o->workspace, NULL, &registry));
    FV_TRY(fv_bundle_import(registry, o->folder, o->name, call->arena, &made));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", made.model);
    fv_print_int(call->printer, "version", made.version.number);
    fv_print_text(call->printer, "digest", made.digest);
    fv_print_record_end(call->printer);
    if (made.version.existed)
        fv_terminal_line("this very file was version %lld of %s already", (long long)made.version.number, made.model);
    return NULL;
}

const fv_command fv_command_models_import = {
    .name = "models import",
    .summary = "take an exported version into this registry",
    .arguments = "DIR [--name NAME]",
    .description =
        "It becomes the model's next version here, with its licences and lineage; what it came from has its workspace in\n"
        "front, WORKSPACE:NAME/3. Digests and the self-test are checked. Done again it is the same version.",
    .fields = import_fields,
    .size = sizeof(import_options),
    .run = run_import,
};
