/* runs_export.c - fovea runs export: all that runs logged, as JSON lines or CSV. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "cli/csv.h"
#include "cli/run_text.h"
#include "core/base/file.h"

#define OUTPUT_BYTES_MAX (INT64_C(1) << 31)

enum { AUTO, JSONL, CSV };

typedef struct export_options {
    fv_strings runs;
    const char *out, *workspace;
    int format;
} export_options;

static const fv_field fields[] = {
    FV_FIELD(export_options, runs, .positional = true, .required = true, .value = "RUN…",
             .help = "id, first letters of that, or name"),
    FV_FIELD(export_options, out, .flag = "o", .value = "FILE", .help = "into this file; without it to standard output"),
    FV_FIELD(export_options, format, .by_default = "auto", .names = "auto,jsonl,csv",
             .help = "a JSON object or a row a line; auto: csv where FILE ends in .csv, else jsonl"),
    FV_FIELD(export_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

/* ---- JSON lines ---- */

static void add_pairs(const char *kind, const fv_run_row *run, const fv_key_value *pairs, int64_t count, fv_text *out) {
    for (int64_t i = 0; i < count; i++) {
        fv_text_addf(out, "{\"run\":\"%s\",\"kind\":\"%s\",\"key\":", run->id, kind);
        fv_text_add_json(out, pairs[i].key);
        fv_text_add(out, ",\"value\":");
        fv_text_add_json(out, pairs[i].value);
        fv_text_add(out, "}\n");
    }
}

/* JSON has no NaN and no infinities: they are texts. */
static void add_value(double value, fv_text *out) {
    fv_text_add(out, isfinite(value) ? "" : "\"");
    fv_text_add_number(out, value);
    fv_text_add(out, isfinite(value) ? "" : "\"");
}

static void add_points(const fv_run_row *run, const char *key, const fv_metric_history *h, fv_text *out) {
    for (int64_t i = 0; i < h->count; i++) {
        fv_text_addf(out, "{\"run\":\"%s\",\"kind\":\"metric\",\"key\":", run->id);
        fv_text_add_json(out, key);
        fv_text_addf(out, ",\"step\":%lld,\"time_ms\":%lld,\"value\":", (long long)h->steps[i], (long long)h->times_ms[i]);
        add_value(h->values[i], out);
        fv_text_add(out, "}\n");
    }
}

static void add_run(const fv_run_row *run, fv_text *out) {
    fv_text_addf(out, "{\"run\":\"%s\",\"kind\":\"run\",\"name\":", run->id);
    fv_text_add_json(out, run->name);
    fv_text_add(out, ",\"experiment\":");
    fv_text_add_json(out, run->experiment);
    fv_text_addf(out, ",\"status\":\"%s\",\"started_ms\":%lld,\"ended_ms\":", fv_run_status_name(run->status),
                 (long long)run->started_ms);
    if (run->ended_ms)
        fv_text_addf(out, "%lld}\n", (long long)run->ended_ms);
    else
        fv_text_add(out, "null}\n");
    add_pairs("param", run, run->params, run->param_count, out);
    add_pairs("tag", run, run->tags, run->tag_count, out);
}

/* ---- CSV ---- */

static void add_csv_pairs(const char *kind, const fv_run_row *run, const fv_key_value *pairs, int64_t count, fv_text *out) {
    for (int64_t i = 0; i < count; i++) {
        fv_text_addf(out, "%s,%s", run->id, kind);
        fv_csv_cell(pairs[i].key, false, out);
        fv_text_add(out, ",,");
        fv_csv_cell(pairs[i].value, false, out);
        fv_text_add(out, "\n");
    }
}

static void add_csv_points(const fv_run_row *run, const char *key, const fv_metric_history *h, fv_text *out) {
    for (int64_t i = 0; i < h->count; i++) {
        fv_text_addf(out, "%s,metric", run->id);
        fv_csv_cell(key, false, out);
        fv_text_addf(out, ",%lld,%lld,", (long long)h->steps[i], (long long)h->times_ms[i]);
        fv_text_add_number(out, h->values[i]);
        fv_text_add(out, "\n");
    }
}

static void add_csv_run(const fv_run_row *run, fv_text *out) {
    const fv_key_value facts[] = { { "name", run->name },
                                   { "experiment", run->experiment },
                                   { "status", fv_run_status_name(run->status) } };
    add_csv_pairs("run", run, facts, 3, out);
    add_csv_pairs("param", run, run->params, run->param_count, out);
    add_csv_pairs("tag", run, run->tags, run->tag_count, out);
}

/* ---- all of it ---- */

static fv_error *add_metrics(fv_registry *registry, const fv_run_row *run, int format, fv_text *out) {
    for (int64_t i = 0; i < run->metric_count; i++) {
        fv_metric_history history;
        FV_TRY(fv_run_history(registry, run->id, run->metrics[i].key, 0, &history));
        (format == CSV ? add_csv_points : add_points)(run, run->metrics[i].key, &history, out);
        fv_metric_history_release(&history);
    }
    return NULL;
}

static fv_error *export_run(fv_registry *registry, const char *called, int format, fv_text *out) {
    fv_run_list list;
    FV_TRY(fv_run_find(registry, called, &list));
    (format == CSV ? add_csv_run : add_run)(&list.rows[0], out);
    fv_error *error = add_metrics(registry, &list.rows[0], format, out);
    fv_run_list_release(&list);
    return error;
}

static bool ends_in(const char *path, const char *end) {
    size_t length = strlen(path), of_end = strlen(end);
    return length > of_end && !strcasecmp(path + length - of_end, end);
}

/* The form is what the file's name says, where it says one: a file named .csv never holds JSON. */
static fv_error *choose_format(const export_options *o, int *format) {
    int named = !o->out ? AUTO : ends_in(o->out, ".csv") ? CSV : ends_in(o->out, ".jsonl") ? JSONL : AUTO;
    *format = o->format != AUTO ? o->format : named != AUTO ? named : JSONL;
    if (named == AUTO || named == *format) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "%s is no name for %s", o->out, *format == CSV ? "CSV" : "JSON lines"),
                         "leave --format out, or name the file .%s", *format == CSV ? "csv" : "jsonl");
}

static fv_error *run(fv_command_call *call, void *raw) {
    const export_options *o = raw;
    int format;
    FV_OWNED(fv_registry) registry = NULL;
    FV_TEXT(text, OUTPUT_BYTES_MAX);
    FV_TRY(choose_format(o, &format));
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    if (format == CSV) fv_text_add(&text, "run,kind,key,step,time_ms,value\n");
    for (int64_t i = 0; i < o->runs.count; i++) FV_TRY(export_run(registry, o->runs.at[i], format, &text));
    FV_TRY(fv_text_error(&text));
    if (o->out) return fv_file_write(o->out, text.at, text.length, NULL);
    call->printer->json = false; /* what is exported has a form of its own */
    fv_print_page(call->printer, text.at);
    return NULL;
}

const fv_command fv_command_runs_export = {
    .name = "runs export",
    .summary = "write down all that runs logged",
    .arguments = "RUN… [options]",
    .description =
        "A line for a run, each parameter, each tag and each point of each metric, in the order of steps.\n"
        "JSON lines: {run, kind, key, value} with kind run, param, tag or metric; a metric has step and time_ms, and\n"
        "NaN and infinities as \"nan\", \"inf\", \"-inf\". CSV: the columns run, kind, key, step, time_ms, value.",
    .fields = fields,
    .size = sizeof(export_options),
    .run = run,
};
