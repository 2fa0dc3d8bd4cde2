/* retrain_status.c - fovea retrain status, history and pause. */
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"
#include "experiments/retrain.h"

typedef struct status_options {
    const char *workspace, *policy, *reason;
    bool resume;
    int64_t limit;
} status_options;

#define POLICY_HELP "YAML (docs/retrain.md); without it retrain.yaml in the workspace"

static const fv_field status_fields[] = { FV_FIELD(status_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                          FV_FIELD(status_options, policy, .value = "FILE", .help = POLICY_HELP),
                                          FV_FIELDS_END };
static const fv_field history_fields[] = {
    FV_FIELD(status_options, limit, .flag = "n", .by_default = "20", .min = 1, .max = 10000, .help = "jobs, the newest"),
    FV_FIELD(status_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(status_options, policy, .value = "FILE", .help = POLICY_HELP), FV_FIELDS_END
};
static const fv_field pause_fields[] = {
    FV_FIELD(status_options, reason, .by_default = "by hand", .value = "TEXT", .help = "why; said in `fovea retrain status`"),
    FV_FIELD(status_options, resume, .by_default = "false",
             .help = "begin again; failures so far do not count, and nothing is owed for the time between"),
    FV_FIELD(status_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(status_options, policy, .value = "FILE", .help = POLICY_HELP), FV_FIELDS_END
};

static fv_error *open_retrain(const status_options *o, fv_retrain **out) {
    return fv_retrain_open(&(fv_retrain_options){ .workspace = o->workspace, .policy = o->policy, .device = "cpu" }, out);
}

static fv_error *say_when(fv_arena *arena, int64_t seconds, const char **out) {
    char text[FV_WHEN_LETTERS];
    fv_when(seconds * 1000, text);
    return fv_arena_text(arena, text, out);
}

/* ---- status ---- */

static fv_error *print_status(fv_command_call *call, fv_retrain *retrain, const fv_job_list *jobs) {
    const fv_retrain_policy *policy = fv_retrain_policy_get(retrain);
    fv_printer *p = call->printer;
    fv_retrain_facts f;
    fv_retrain_decision d;
    const char *next = NULL;
    const fv_job_row *newest = jobs->count ? &jobs->at[0] : NULL;
    FV_TRY(fv_retrain_look(retrain, &f, &d));
    if (policy->schedule) FV_TRY(say_when(call->arena, fv_schedule_next(&policy->due, (int64_t)time(NULL)), &next));
    bool off = f.failures >= policy->failures;
    fv_print_record(p);
    fv_print_text(p, "model", policy->model);
    fv_print_text(p, "state", f.paused ? "paused" : off ? "off" : "on");
    fv_print_text(p, "paused", f.paused);
    fv_print_int(p, "failures_in_a_row", f.failures);
    fv_print_text(p, "failed_of", f.failed_of);
    fv_print_int(p, "trainings_in_budget", f.begun);
    fv_print_int(p, "labels", f.labels);
    fv_print_int(p, "new_labels", f.new_labels);
    fv_print_text(p, "now", d.reason);
    fv_print_text(p, "next_scheduled", next);
    fv_print_text(p, "newest_job", newest ? newest->id : NULL);
    fv_print_text(p, "newest_state", newest ? fv_job_state_name(newest->state) : NULL);
    fv_print_text(p, "newest_reason", newest ? newest->reason : NULL);
    fv_print_record_end(p);
    if (off)
        fv_print_line(p, "off after %lld failures in a row: `fovea retrain pause --resume` begins again",
                      (long long)f.failures);
    return NULL;
}

static fv_error *list_jobs(fv_retrain *retrain, int64_t limit, fv_job_list *out) {
    fv_jobs_query query = { .kind = FV_RETRAIN_KIND, .subject = fv_retrain_policy_get(retrain)->model, .limit = limit };
    return fv_jobs_list(fv_retrain_registry(retrain), &query, out);
}

static fv_error *run_status(fv_command_call *call, void *options) {
    FV_OWNED(fv_retrain) retrain = NULL;
    fv_job_list jobs;
    FV_TRY(open_retrain(options, &retrain));
    FV_TRY(list_jobs(retrain, 1, &jobs));
    fv_error *error = print_status(call, retrain, &jobs);
    fv_job_list_release(&jobs);
    return error;
}

/* ---- history ---- */

static void print_job(fv_printer *p, const fv_job_row *job, const fv_retrain_result *result) {
    fv_print_item(p);
    fv_print_text(p, "job", job->id);
    fv_print_text(p, "state", fv_job_state_name(job->state));
    fv_print_text(p, "reason", job->reason);
    fv_print_text(p, "trigger", result->trigger);
    fv_print_text(p, "verdict", result->verdict);
    fv_print_int(p, "challenger", result->challenger);
    fv_print_int(p, "champion", result->champion);
    fv_print_bool(p, "promoted", result->promoted);
    fv_print_json(p, "progress", job->progress);
    fv_print_int(p, "attempts", job->attempts);
    fv_print_int(p, "created_ms", job->created_ms);
    fv_print_int(p, "ended_ms", job->ended_ms);
}

static fv_error *add_job(fv_table *table, const fv_job_row *job, const fv_retrain_result *result) {
    char when[FV_WHEN_LETTERS];
    fv_when(job->created_ms, when);
    FV_TRY(fv_table_addf(table, "%.8s", job->id));
    FV_TRY(fv_table_add(table, when));
    FV_TRY(fv_table_add(table, fv_job_state_name(job->state)));
    FV_TRY(fv_table_add(table, result->trigger));
    FV_TRY(result->challenger ? fv_table_addf(table, "%lld", (long long)result->challenger) : fv_table_add(table, NULL));
    FV_TRY(fv_table_add(table, result->verdict));
    return fv_table_add(table, job->reason);
}

static fv_error *print_history(fv_command_call *call, const fv_job_list *jobs) {
    static const bool right[] = { false, false, false, false, true, false, false };
    static const char *const heading[] = { "job", "begun", "state", "trigger", "version", "verdict", "reason" };
    fv_printer *p = call->printer;
    fv_table table;
    fv_table_init(&table, call->arena, 7, right);
    for (int i = 0; i < 7; i++) FV_TRY(fv_table_add(&table, heading[i]));
    fv_print_record(p);
    fv_print_list(p, "jobs");
    for (int64_t i = 0; i < jobs->count; i++) {
        const fv_job_row *job = &jobs->at[i];
        fv_retrain_result result = { 0 };
        FV_TRY(fv_fields_from_json(fv_retrain_result_fields, &result, job->result, "the job's result", call->arena));
        if (p->json)
            print_job(p, job, &result);
        else
            FV_TRY(add_job(&table, job, &result));
    }
    fv_print_list_end(p);
    fv_print_record_end(p);
    return p->json ? NULL : fv_table_print(&table, p);
}

static fv_error *run_history(fv_command_call *call, void *raw) {
    const status_options *o = raw;
    FV_OWNED(fv_retrain) retrain = NULL;
    fv_job_list jobs;
    FV_TRY(open_retrain(o, &retrain));
    FV_TRY(list_jobs(retrain, o->limit, &jobs));
    fv_error *error = print_history(call, &jobs);
    fv_job_list_release(&jobs);
    return error;
}

/* ---- pause ---- */

static fv_error *run_pause(fv_command_call *call, void *raw) {
    const status_options *o = raw;
    FV_OWNED(fv_retrain) retrain = NULL;
    FV_TRY(open_retrain(o, &retrain));
    FV_TRY(o->resume ? fv_retrain_resume(retrain) : fv_retrain_pause(retrain, o->reason));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "model", fv_retrain_policy_get(retrain)->model);
    fv_print_text(call->printer, "state", o->resume ? "on" : "paused");
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_retrain_history = {
    .name = "retrain history",
    .summary = "list the jobs that retrained a model, the newest first",
    .arguments = "[--workspace DIR] [--policy FILE] [-n N]",
    .fields = history_fields,
    .size = sizeof(status_options),
    .run = run_history,
};
const fv_command fv_command_retrain_pause = {
    .name = "retrain pause",
    .summary = "begin no retraining from now on, or begin again",
    .arguments = "[--reason TEXT | --resume]",
    .description = "A job that is running goes on. What is asked for by hand (`fovea retrain run --now`) is done all the same.",
    .fields = pause_fields,
    .size = sizeof(status_options),
    .run = run_pause,
};
const fv_command fv_command_retrain_status = {
    .name = "retrain status",
    .summary = "say whether retraining is on, paused or off, and what it would do now",
    .arguments = "[--workspace DIR] [--policy FILE]",
    .fields = status_fields,
    .size = sizeof(status_options),
    .run = run_status,
};
