/* drift_profile.c - fovea drift profile: what a model's pictures look like and what it says of them, kept for later comparison.
 */
#include "cli/command.h"
#include "cli/terminal.h"
#include "experiments/drift_observe.h"
#include "experiments/drift_reference.h"

typedef struct profile_options {
    const char *model, *data, *part, *source, *source_options, *out, *workspace, *device;
} profile_options;

static const fv_field fields[] = {
    FV_FIELD(profile_options, model, .positional = true, .required = true, .value = "MODEL",
             .help = "a .fovea file, or a version: NAME@ALIAS, NAME/N"),
    FV_FIELD(profile_options, data, .required = true, .value = "DIR", .help = "pictures that it was not trained on"),
    FV_FIELD(profile_options, part, .help = "train, val, test or all; without it test, val or all, the first that there is"),
    FV_FIELD(profile_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(profile_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(profile_options, out, .flag = "o", .value = "FILE",
             .help = "where it is written; without it FILE.profile.json beside FILE.fovea, or with the version"),
    FV_FIELD(profile_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(profile_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELDS_END
};

static fv_error *make(fv_command_call *call, const profile_options *o, const fv_drift_subject *subject) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_drift_window) window = NULL;
    FV_OWNED(fv_error) unlabelled = NULL;
    fv_observed_data data = { o->data, o->part, o->source, o->source_options };
    fv_drift_profile profile;
    int64_t unreadable = 0;
    const char *where;
    FV_TRY(fv_drift_open_data(&data, fv_predictor_input(subject->predictor).channels, &set, &subset, &unlabelled));
    FV_TRY(fv_drift_window_of_predictions(&window));
    FV_TRY(fv_drift_observe_data(subject->predictor, subset, window, &unreadable));
    if (!window->n) return fv_fail(FV_FORMAT, "no picture of %s can be read", o->data);
    FV_TRY(fv_drift_profile_make(window, call->arena, &profile));
    FV_TRY(fv_drift_profile_keep(&profile, subject, o->out, call->arena, &where));
    if (unlabelled) fv_terminal_line("without labels: %s", fv_error_message(unlabelled));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "profile", where);
    fv_print_int(call->printer, "n", profile.n);
    fv_print_int(call->printer, "unreadable", unreadable);
    fv_print_texts(call->printer, "series", profile.series.at, profile.series.count);
    fv_print_texts(call->printer, "classes", profile.classes.at, profile.classes.count);
    fv_print_int(call->printer, "sketched", profile.sketched);
    fv_print_record_end(call->printer);
    if (profile.n < 500) fv_terminal_line("%lld pictures are few: 500 and more tell smaller changes", (long long)profile.n);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const profile_options *o = raw;
    fv_drift_subject subject;
    FV_TRY(fv_drift_subject_open(o->model, o->workspace, o->device, call->arena, &subject));
    fv_error *error = make(call, o, &subject);
    fv_drift_subject_release(&subject);
    return error;
}

const fv_command fv_command_drift_profile = {
    .name = "drift profile",
    .summary = "keep what a model's pictures look like, for later comparison",
    .arguments = "MODEL --data DIR [options]",
    .description =
        "Properties of the pictures, class mix, confidence and a sketch of the features, in some tens of kilobytes of JSON\n"
        "(docs/drift.md). Take pictures like those it will see that it was not trained on: of its own training\n"
        "pictures a network is surer than of any others. A file's profile is registered with it.",
    .fields = fields,
    .size = sizeof(profile_options),
    .run = run,
};
