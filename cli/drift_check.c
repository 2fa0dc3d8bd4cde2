/* drift_check.c - fovea drift check: whether what a model sees now is what it was made from. */
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/drift_sheet.h"
#include "cli/drift_text.h"
#include "cli/terminal.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "experiments/alarm.h"
#include "experiments/drift_observe.h"
#include "experiments/drift_reference.h"

typedef struct check_options {
    const char *model, *log, *data, *profile, *part, *source, *source_options, *key, *sheet, *page, *prometheus, *workspace,
        *device;
    const char *webhook, *webhook_secret, *on_alarm, *told;
    int64_t window, last, webhook_attempts;
    double hours, window_hours, webhook_wait;
    int by; /* fv_drift_by */
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
    FV_FIELD(check_options, window_hours, .by_default = "0", .min = 0, .max = 1e6,
             .help = "of a log: windows by time instead, from whole multiples of so many hours since 1970 UTC on; 0: none"),
    FV_FIELD(check_options, by, .by_default = "none", .names = FV_DRIFT_BY_NAMES,
             .help = "a verdict on each class that is said, or on each key of the log, too"),
    FV_FIELD(check_options, last, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "of a log: its last so many alone; 0: all"),
    FV_FIELD(check_options, hours, .by_default = "0", .min = 0, .max = INFINITY, .help = "of a log: those not older; 0: all"),
    FV_FIELD(check_options, key, .value = "KEY", .help = "of a log: those with this key alone"),
    FV_FIELD(check_options, sheet, .value = "FILE.png", .help = "draw the pictures that drive the strongest finding"),
    FV_FIELD(check_options, page, .value = "FILE.html",
             .help = "write all that was found, with charts and pictures, as one page"),
    FV_FIELD(check_options, prometheus, .value = "FILE",
             .help = "write gauges in Prometheus' text format, for the textfile collector of node_exporter"),
    FV_FIELD(check_options, webhook, .value = "URL",
             .help = "where an alarm is told: a POST of JSON, tried again when it fails"),
    FV_FIELD(check_options, webhook_secret, .value = "FILE",
             .help = "whose content signs it (HMAC-SHA256, as Standard Webhooks)"),
    FV_FIELD(check_options, webhook_attempts, .by_default = "5", .min = 1, .max = 100, .help = "at most"),
    FV_FIELD(check_options, webhook_wait, .by_default = "1", .min = 0.001, .max = 60,
             .help = "seconds before the second attempt, doubled each time"),
    FV_FIELD(check_options, on_alarm, .value = "COMMAND", .help = "run by /bin/sh on an alarm, the JSON on its standard input"),
    FV_FIELD(check_options, told, .value = "FILE",
             .help = "remembers which alarms stood at the last check, so that each is told once; without it each check tells"),
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
    fv_drift_monitor *monitor;
    fv_drift_step step; /* of the last window */
    fv_drift_past *past;
    int64_t windows, room;
    fv_arena *look; /* of the last window's drivers */
    fv_drift_driver *drivers;
    int64_t driver_count;
} job;

/* ---- windows ---- */

static fv_error *keep(job *j) {
    if (j->windows == j->room) {
        int64_t room = fv_max(2 * j->room, 16);
        FV_TRY(fv_memory_grow((void **)&j->past, j->room, room, sizeof *j->past));
        j->room = room;
    }
    j->past[j->windows++] = (fv_drift_past){ j->step.report, j->step.state.alarmed, j->step.raised };
    return NULL;
}

/* The pictures of a window are known only as long as it is. */
static fv_error *look_at(job *j, const fv_drift_window *window) {
    const fv_drift_finding *strongest = fv_drift_strongest(&j->step.report);
    fv_arena_free(fv_take(&j->look));
    j->driver_count = 0;
    FV_TRY(fv_arena_new("pictures that drive a finding", INT64_C(1) << 32, &j->look));
    if (!strongest) return NULL;
    return fv_drift_drivers(&j->profile, window, strongest, FV_DRIFT_PICTURES, j->look, &j->drivers, &j->driver_count);
}

static fv_error *judge(void *context, const fv_drift_window *window) {
    job *j = context;
    FV_TRY(fv_drift_monitor_step(j->monitor, window, &j->step));
    FV_TRY(keep(j));
    return look_at(j, window);
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
    int64_t now_us = (int64_t)time(NULL) * 1000000;
    fv_log_choice choice = { .digest = subject->digest, .key = o->key, .last = o->last };
    fv_log_cut cut = { .size = o->window, .span_us = (int64_t)(o->window_hours * 3600e6), .now_us = now_us };
    if (o->hours > 0) choice.since_us = now_us - (int64_t)(o->hours * 3600e6);
    return fv_drift_observe_log(o->log, &choice, &cut, judge, j);
}

/* ---- what was found ---- */

static fv_error *write_gauges(const fv_drift_told *told, const char *path) {
    FV_TEXT(text, 1 << 24);
    fv_drift_prometheus(told, 1, &text);
    FV_TRY(fv_text_error(&text));
    return fv_file_write(path, text.at, text.length, NULL);
}

static fv_error *print(const job *j, const fv_drift_told *told) {
    FV_TEXT(json, INT64_C(1) << 28);
    if (!j->call->printer->json) return fv_drift_print(told, &j->options->policy, j->call->arena, j->call->printer);
    fv_drift_json(told, &json);
    fv_print_object(j->call->printer, json.at);
    return fv_text_error(&json);
}

static fv_error *tell_others(const check_options *o, const fv_drift_told *told) {
    fv_alarm_ways ways = { .webhook = { o->webhook, o->webhook_secret, o->webhook_attempts, o->webhook_wait },
                           .command = o->on_alarm,
                           .memory = o->told };
    int64_t count;
    FV_TRY(fv_alarm_tell(&ways, told, &count));
    if (count) fv_terminal_line("%lld alarms were told", (long long)count);
    return NULL;
}

static fv_error *tell(const job *j, const fv_drift_subject *subject) {
    const check_options *o = j->options;
    const fv_drift_finding *strongest = fv_drift_strongest(&j->step.report);
    fv_drift_told told = { .model = subject->name ? subject->name : o->model,
                           .version = subject->version.count ? subject->version.rows->number : 0,
                           .step = &j->step,
                           .totals = fv_drift_monitor_totals(j->monitor),
                           .by = (fv_drift_by)o->by,
                           .reference_n = j->profile.n,
                           .drivers = j->drivers,
                           .driver_count = j->driver_count,
                           .checked_us = (int64_t)time(NULL) * 1000000 };
    if (o->sheet && !strongest) return fv_fail(FV_NOT_FOUND, "there is no finding to draw pictures of");
    if (o->sheet) FV_TRY(fv_drift_sheet(strongest, j->drivers, j->driver_count, o->sheet));
    if (o->page) FV_TRY(fv_drift_page(&told, &o->policy, j->past, j->windows, o->page));
    if (o->prometheus) FV_TRY(write_gauges(&told, o->prometheus));
    FV_TRY(print(j, &told));
    return tell_others(o, &told);
}

/* ---- the command ---- */

static fv_error *refuse(const check_options *o) {
    if (!o->log == !o->data)
        return fv_error_hint(fv_fail(FV_USAGE, "what is looked at is either a log or data"),
                             "name one of --log DIR, --data DIR");
    if (o->window && o->window_hours > 0) return fv_fail(FV_USAGE, "--window cuts by count, --window-hours by time: name one");
    if (o->webhook_secret && !o->webhook) return fv_fail(FV_USAGE, "--webhook-secret signs a webhook: name it by --webhook");
    if (o->told && !o->webhook && !o->on_alarm)
        return fv_fail(FV_USAGE, "--told remembers what was told: name --webhook or --on-alarm");
    if (o->data && o->by == FV_DRIFT_BY_KEY) return fv_fail(FV_USAGE, "--by key: data have no keys, a log has");
    return NULL;
}

static fv_error *check(job *j, const fv_drift_subject *subject) {
    const check_options *o = j->options;
    FV_TRY(fv_drift_profile_load(subject, o->profile, j->call->arena, &j->profile));
    FV_TRY(fv_drift_monitor_new(&j->profile, &o->policy, (fv_drift_by)o->by, &j->monitor));
    FV_TRY(o->log ? judge_log(j, subject) : judge_data(j, subject));
    return tell(j, subject);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const check_options *o = raw;
    job *j;
    fv_drift_subject subject;
    FV_TRY(refuse(o));
    FV_TRY(fv_arena_take(call->arena, 1, &j));
    j->call = call, j->options = o;
    FV_TRY(fv_drift_subject_open(o->model, o->workspace, o->device, call->arena, &subject));
    fv_error *error = check(j, &subject);
    fv_drift_monitor_free(j->monitor);
    fv_memory_free(j->past);
    fv_arena_free(j->look);
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
