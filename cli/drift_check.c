/* drift_check.c - fovea drift check: whether what a model sees now is what it was made from. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/drift_sheet.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "drift/verdict.h"
#include "experiments/drift_observe.h"
#include "experiments/drift_reference.h"

typedef struct check_options {
    const char *model, *log, *data, *profile, *part, *source, *source_options, *key, *sheet, *workspace, *device;
    int64_t window, last;
    double hours;
    fv_drift_policy policy;
} check_options;

static const fv_field fields[] = {
    FV_FIELD(check_options, model, .required = true, .flag = "m", .value = "MODEL",
             .help = "a .fovea file, or a version: NAME@ALIAS, NAME/N"),
    FV_FIELD(check_options, log, .value = "DIR", .help = "a prediction log: what this model said is looked at"),
    FV_FIELD(check_options, data, .value = "DIR", .help = "pictures, which the model is run on"),
    FV_FIELD(check_options, profile, .value = "FILE", .help = "the reference profile; without it the model's own"),
    FV_FIELD(check_options, window, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "of a log: predictions a window, one after another; 0: all are one"),
    FV_FIELD(check_options, last, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "of a log: its last so many alone; 0: all"),
    FV_FIELD(check_options, hours, .by_default = "0", .min = 0, .max = INFINITY, .help = "of a log: those not older; 0: all"),
    FV_FIELD(check_options, key, .value = "KEY", .help = "of a log: those with this key alone"),
    FV_FIELD(check_options, sheet, .value = "FILE.png", .help = "draw the pictures that drive the strongest finding"),
    FV_FIELD(check_options, part, .help = "of data: train, val, test or all; without it test, val or all"),
    FV_FIELD(check_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(check_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(check_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(check_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELDS_END
};

/* One call of the command. */
typedef struct job {
    fv_command_call *call;
    const check_options *options;
    fv_drift_profile profile;
    fv_drift_state state;
    fv_drift_report report; /* of the last window */
    int64_t windows, drifting, alarms;
} job;

/* ---- windows ---- */

static fv_error *judge(void *context, const fv_drift_window *window) {
    job *j = context;
    const fv_drift_policy *policy = &j->options->policy;
    FV_TRY(fv_drift_judge(&j->profile, window, policy, &j->report));
    j->windows++;
    j->drifting += j->report.drift;
    j->alarms += fv_drift_step_on(policy, &j->report, &j->state);
    return j->options->sheet && window->n ? fv_drift_sheet(&j->profile, window, &j->report, j->options->sheet) : NULL;
}

static fv_error *judge_data(job *j, const fv_drift_subject *subject) {
    const check_options *o = j->options;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_drift_window) window = NULL;
    FV_OWNED(fv_error) unlabelled = NULL;
    fv_observed_data data = { o->data, o->part, o->source, o->source_options };
    int64_t unreadable = 0;
    FV_TRY(fv_drift_open_data(&data, fv_predictor_input(subject->predictor).channels, &set, &subset, &unlabelled));
    if (unlabelled) fv_terminal_line("without labels: %s", fv_error_message(unlabelled));
    FV_TRY(fv_drift_window_of_predictions(&window));
    FV_TRY(fv_drift_observe_data(subject->predictor, subset, window, &unreadable));
    if (unreadable) fv_terminal_line("%lld pictures cannot be read", (long long)unreadable);
    return judge(j, window);
}

static fv_error *judge_log(job *j, const fv_drift_subject *subject) {
    const check_options *o = j->options;
    fv_log_choice choice = { .digest = subject->digest, .key = o->key, .last = o->last };
    if (o->hours > 0) choice.since_us = ((int64_t)time(NULL) - (int64_t)(o->hours * 3600)) * 1000000;
    return fv_drift_observe_log(o->log, &choice, o->window, judge, j);
}

/* ---- printing ---- */

static bool alarmed(const job *j) { return j->state.alarmed; }

static void print_finding(fv_printer *p, const fv_drift_finding *f) {
    fv_print_item(p);
    fv_print_text(p, "name", f->name);
    fv_print_text(p, "on", f->on);
    fv_print_number(p, "value", f->value);
    fv_print_number(p, "p", f->p);
    fv_print_number(p, "threshold", f->threshold);
    fv_print_bool(p, "drift", f->drift);
    fv_print_int(p, "n", f->n);
    fv_print_number(p, "mean", f->mean);
    fv_print_number(p, "reference_mean", f->reference_mean);
}

static void print_json(const job *j) {
    fv_printer *p = j->call->printer;
    const fv_drift_report *r = &j->report;
    fv_print_record(p);
    fv_print_bool(p, "drift", alarmed(j));
    fv_print_list(p, "statistics");
    for (int64_t i = 0; i < r->count; i++) print_finding(p, &r->findings[i]);
    fv_print_list_end(p);
    fv_print_number(p, "estimated_accuracy", r->estimated_accuracy);
    fv_print_number(p, "estimated_accuracy_error", r->estimated_error);
    fv_print_number(p, "accuracy", r->accuracy);
    fv_print_int(p, "labelled", r->labelled);
    fv_print_int(p, "n", r->n);
    fv_print_int(p, "reference_n", j->profile.n);
    fv_print_int(p, "windows", j->windows);
    fv_print_int(p, "drifting_windows", j->drifting);
    fv_print_int(p, "alarms", j->alarms);
    fv_print_record_end(p);
}

static fv_error *print_table(const job *j) {
    static const bool right[] = { false, false, true, true, true, true, true, false };
    static const char *const heading[] = { "on", "statistic", "value", "threshold", "p", "mean", "was", "" };
    const fv_drift_report *r = &j->report;
    fv_table table;
    fv_table_init(&table, j->call->arena, 8, right);
    for (int i = 0; i < 8; i++) FV_TRY(fv_table_add(&table, heading[i]));
    for (int64_t i = 0; i < r->count; i++) {
        const fv_drift_finding *f = &r->findings[i];
        FV_TRY(fv_table_add(&table, f->on));
        FV_TRY(fv_table_add(&table, f->name));
        FV_TRY(fv_table_addf(&table, "%.4f", f->value));
        FV_TRY(fv_table_addf(&table, "%.2f", f->threshold));
        FV_TRY(fv_table_addf(&table, "%.2g", f->p));
        FV_TRY(isnan(f->mean) ? fv_table_add(&table, NULL) : fv_table_addf(&table, "%.4g", f->mean));
        FV_TRY(isnan(f->mean) ? fv_table_add(&table, NULL) : fv_table_addf(&table, "%.4g", f->reference_mean));
        FV_TRY(fv_table_add(&table, f->drift ? "drift" : ""));
    }
    return fv_table_print(&table, j->call->printer);
}

static fv_error *print_text(const job *j) {
    fv_printer *p = j->call->printer;
    const fv_drift_report *r = &j->report;
    const check_options *o = j->options;
    FV_TRY(print_table(j));
    if (!isnan(r->estimated_accuracy))
        fv_print_line(p, "estimated accuracy %.4f (standard error %.4f)", r->estimated_accuracy, r->estimated_error);
    if (r->labelled) fv_print_line(p, "accuracy %.4f of %lld whose label is known", r->accuracy, (long long)r->labelled);
    if (r->n < o->policy.least)
        fv_print_line(p, "%lld predictions are fewer than --least %lld: nothing of them is drift", (long long)r->n,
                      (long long)o->policy.least);
    if (j->windows > 1)
        fv_print_line(p, "%lld of %lld windows drift; %lld alarms", (long long)j->drifting, (long long)j->windows,
                      (long long)j->alarms);
    fv_print_line(p, "%s: %lld predictions against %lld", alarmed(j) ? "drift" : "no drift", (long long)r->n,
                  (long long)j->profile.n);
    return NULL;
}

/* ---- the command ---- */

static fv_error *check(job *j, const fv_drift_subject *subject) {
    const check_options *o = j->options;
    FV_TRY(fv_drift_profile_load(subject, o->profile, j->call->arena, &j->profile));
    FV_TRY(o->log ? judge_log(j, subject) : judge_data(j, subject));
    if (j->call->printer->json) return print_json(j), NULL;
    return print_text(j);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const check_options *o = raw;
    job *j;
    fv_drift_subject subject;
    if (!o->log == !o->data)
        return fv_error_hint(fv_fail(FV_USAGE, "what is looked at is either a log or data"),
                             "name one of --log DIR, --data DIR");
    FV_TRY(fv_arena_take(call->arena, 1, &j));
    j->call = call, j->options = o;
    FV_TRY(fv_drift_subject_open(o->model, o->workspace, o->device, &subject));
    fv_error *error = check(j, &subject);
    fv_drift_subject_release(&subject);
    return error;
}

const fv_command fv_command_drift_check = {
    .name = "drift check",
    .summary = "say whether what a model sees now is what it was made from",
    .arguments = "--model MODEL --log DIR|--data DIR [options]",
    .description =
        "Pictures' properties, class mix, confidence and features are compared with the model's reference profile. A\n"
        "finding is drift when its effect is above its threshold AND its p, adjusted for all, is at most --alpha AND there\n"
        "are --least predictions; an alarm takes --windows such windows in a row. Accuracy is estimated from the calibrated\n"
        "confidences. The exit status is 0 either way.",
    .fields = fields,
    .more = fv_drift_policy_fields,
    .more_offset = offsetof(check_options, policy),
    .size = sizeof(check_options),
    .run = run,
};
