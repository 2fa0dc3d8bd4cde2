/* models_register.c - fovea models register: a model file becomes a version. */
#include "cli/command.h"
#include "cli/runs_named.h"
#include "cli/terminal.h"
#include "experiments/register.h"

typedef struct register_options {
    const char *model, *what, *parent, *description, *data, *device, *workspace;
    bool without_profile;
} register_options;

static const fv_field fields[] = {
    FV_FIELD(register_options, model, .positional = true, .required = true, .value = "NAME",
             .help = "of the model; made if need be"),
    FV_FIELD(register_options, what, .positional = true, .required = true, .value = "RUN|FILE",
             .help = "a run's id or name, a folder that `fovea train --out` made, or a .fovea file"),
    FV_FIELD(register_options, parent, .value = "VERSION",
             .help = "that it was retrained or fine-tuned from: NAME/3, NAME@ALIAS; its licences are carried over"),
    FV_FIELD(register_options, description, .value = "TEXT", .help = "of the version"),
    FV_FIELD(register_options, data, .value = "DIR",
             .help = "pictures that it was not trained on, for its reference profile; without it those that the run held out"),
    FV_FIELD(register_options, without_profile, .by_default = "false", .help = "make no reference profile"),
    FV_FIELD(register_options, device, .by_default = "cpu", .help = "where the self-test and the profile compute"),
    FV_FIELD(register_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

/* A workspace that is not there is made, but only for a model that is. */
static fv_error *open_registry(const register_options *o, const fv_register_options *options, fv_registry **out) {
    const char *needs;
    fv_error *error = fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, out);
    if (!error || fv_error_code(error) != FV_NOT_FOUND) return error;
    fv_error *wrong = fv_register_check(options, &needs);
    if (!wrong && needs)
        return fv_error_wrap(error, needs == o->what ? "%s is no file or folder, and no run" : "there is no version %s", needs);
    fv_error_free(error);
    return wrong ? wrong : fv_registry_open(o->workspace, NULL, out);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const register_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_register_options options = {
        .model = o->model,
        .what = o->what,
        .parent = o->parent,
        .description = o->description,
        .device = o->device,
        .data = o->data,
        .no_profile = o->without_profile,
    };
    fv_registered made;
    fv_printer *p = call->printer;
    FV_TRY(open_registry(o, &options, &registry));
    fv_runs_named_say_both(o->what, o->workspace);
    FV_TRY(fv_register_model(registry, &options, &made));
    fv_print_record(p);
    fv_print_text(p, "name", o->model);
    fv_print_int(p, "version", made.version.number);
    fv_print_text(p, "digest", made.digest);
    fv_print_int(p, "profile_pictures", made.profile_pictures);
    fv_print_record_end(p);
    if (made.version.existed)
        fv_terminal_line("this very file was version %lld of %s already", (long long)made.version.number, o->model);
    if (made.version.files_kept)
        fv_terminal_line("it keeps the files that it had: %lld of those beside the model file are others now",
                         (long long)made.version.files_kept);
    if (made.unprofiled[0])
        fv_terminal_line("no reference profile: %s; `fovea drift profile %s/%lld --data DIR` makes one", made.unprofiled,
                         o->model, (long long)made.version.number);
    if (!made.selftest_pictures) fv_terminal_line("the file has no pictures to test itself by: only its hash was checked");
    return NULL;
}

const fv_command fv_command_models_register = {
    .name = "models register",
    .summary = "make a model file a version of a model",
    .arguments = "NAME RUN|FILE [options]",
    .description =
        "The file is copied into the registry, its hash checked and its self-test run; then it is the model's next version,\n"
        "with what it says of itself, its run, its licences, the run's predictions and recipe, and the reference profile\n"
        "that `fovea drift check` compares with: the one beside the file, else one that is made of --data or of the pictures\n"
        "that the run's recipe held out. A file that the model has already is the version that it was. Nothing is promoted:\n"
        "`fovea models promote`.",
    .fields = fields,
    .size = sizeof(register_options),
    .run = run,
};
