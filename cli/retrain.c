/* retrain.c - fovea retrain check and run: whether a model is to be retrained, and the job that does it. */
#include "experiments/retrain.h"

#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"

typedef struct retrain_options {
    const char *workspace, *policy, *key, *device;
    bool now, dry_run;
    int64_t workers, at;
} retrain_options;

#define POLICY_HELP "YAML (docs/retrain.md); without it retrain.yaml in the workspace"

static const fv_field check_fields[] = {
    FV_FIELD(retrain_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(retrain_options, policy, .value = "FILE", .help = POLICY_HELP),
    FV_FIELD(retrain_options, now, .by_default = "false", .help = "as if it were asked for by hand"),
    FV_FIELD(retrain_options, at, .by_default = "0", .min = 0, .max = 1e11, .value = "SECONDS",
             .help = "as if it were that time, in seconds since 1970 UTC; 0: now"),
    FV_FIELDS_END
};
static const fv_field run_fields[] = {
    FV_FIELD(retrain_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(retrain_options, policy, .value = "FILE", .help = POLICY_HELP),
    FV_FIELD(retrain_options, now, .by_default = "false",
             .help = "retrain though nothing is due, paused, off or over the budget; not without new labels"),
    FV_FIELD(retrain_options, key, .value = "KEY",
             .help = "of the job: a second call with the same one does nothing and tells what became of the first"),
    FV_FIELD(retrain_options, dry_run, .by_default = "false", .help = "say what would be done, and do nothing"),
    FV_FIELD(retrain_options, workers, .by_default = "2", .min = 0, .max = 256, .help = "threads that decode pictures"),
    FV_FIELD(retrain_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELDS_END
};

static void say(void *context, const char *line) {
    (void)context;
    fv_terminal_line("%s", line);
}

static fv_error *open_retrain(fv_command_call *call, const retrain_options *o, fv_retrain **out) {
    fv_retrain_options options = { .workspace = o->workspace,
                                   .policy = o->policy,
                                   .by_hand = o->now || o->key,
                                   .key = o->key,
                                   .now = o->at,
                                   .workers = o->workers,
                                   .device = o->device ? o->device : "cpu",
                                   .cancel = call->cancel,
                                   .message = say,
                                   .progress = fv_terminal_bar };
    return fv_retrain_open(&options, out);
}

/* ---- check ---- */

static fv_error *print_check(fv_command_call *call, fv_retrain *retrain) {
    static const char *const verdicts[] = { "idle", "blocked", "skip", "run" };
    fv_printer *p = call->printer;
    fv_retrain_facts f;
    fv_retrain_decision d;
    FV_TRY(fv_retrain_look(retrain, &f, &d));
    fv_print_record(p);
    fv_print_bool(p, "due", d.verdict == FV_RETRAIN_RUN || d.verdict == FV_RETRAIN_SKIP);
    fv_print_text(p, "would", verdicts[d.verdict]);
    fv_print_text(p, "trigger", d.trigger);
    fv_print_text(p, "reason", d.reason);
    fv_print_bool(p, "drift", f.drift);
    fv_print_text(p, "drift_on", f.drift_on);
    fv_print_text(p, "drift_unknown", f.drift_unknown);
    fv_print_number(p, "estimated_accuracy", f.estimated_accuracy);
    fv_print_number(p, "accuracy", f.accuracy);
    fv_print_int(p, "n", f.n);
    fv_print_int(p, "labelled", f.labelled);
    fv_print_int(p, "labels", f.labels);
    fv_print_int(p, "new_labels", f.new_labels);
    fv_print_text(p, "scheduled", f.due);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run_check(fv_command_call *call, void *options) {
    FV_OWNED(fv_retrain) retrain = NULL;
    FV_TRY(open_retrain(call, options, &retrain));
    return print_check(call, retrain);
}

/* ---- run ---- */

static void print_number_of(fv_printer *p, const char *key, int64_t number) {
    if (number)
        fv_print_int(p, key, number);
    else
        fv_print_text(p, key, NULL);
}

static void print_run(fv_printer *p, const fv_retrained *done) {
    fv_print_record(p);
    fv_print_text(p, "job", done->job);
    fv_print_text(p, "state", done->state);
    fv_print_text(p, "reason", done->reason);
    fv_print_text(p, "trigger", done->result.trigger);
    fv_print_text(p, "verdict", done->result.verdict);
    print_number_of(p, "challenger", done->result.challenger);
    print_number_of(p, "champion", done->result.champion);
    fv_print_bool(p, "promoted", done->result.promoted);
    fv_print_record_end(p);
}

static fv_error *run_run(fv_command_call *call, void *raw) {
    const retrain_options *o = raw;
    FV_OWNED(fv_retrain) retrain = NULL;
    fv_retrained done;
    FV_TRY(open_retrain(call, o, &retrain));
    if (o->dry_run) return print_check(call, retrain);
    fv_error *error = fv_retrain_run(retrain, &done);
    fv_terminal_finish();
    FV_TRY(fv_error_hint(error, "`fovea retrain run` again goes on with it"));
    print_run(call->printer, &done);
    call->failed = done.job && !strcmp(done.state, "failed");
    return NULL;
}

const fv_command fv_command_retrain_check = {
    .name = "retrain check",
    .summary = "say whether a model is to be retrained now, and why",
    .arguments = "[--workspace DIR] [--policy FILE]",
    .description =
        "Looks at the labels that came back, at drift and accuracy in the prediction log, and at the schedule; changes\n"
        "nothing. The exit status is 0 either way.",
    .fields = check_fields,
    .size = sizeof(retrain_options),
    .run = run_check,
};
const fv_command fv_command_retrain_run = {
    .name = "retrain run",
    .summary = "retrain a model if it is due: train, compare, promote, hold or reject",
    .arguments = "[--workspace DIR] [--policy FILE] [options]",
    .description =
        "For cron, a timer or a CronJob: does what `fovea retrain check` says, or nothing. A job that was left, by a kill\n"
        "or a reboot, is gone on with at its checkpoint; one runs at a time. JSON: {job, state, reason, trigger, verdict,\n"
        "challenger, champion, promoted}; states done, failed, skipped, cancelled, and idle, blocked, busy where there is no\n"
        "job. Exit status 1: the job failed. 75: stopped with a checkpoint.",
    .fields = run_fields,
    .size = sizeof(retrain_options),
    .stoppable = true,
    .run = run_run,
};
