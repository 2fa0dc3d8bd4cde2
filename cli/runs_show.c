/* runs_show.c - fovea runs show: all that is known of a run. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/run_text.h"
#include "cli/table.h"
#include "cli/when.h"
#include "registry/clock.h"

#define OUTPUT_BYTES_MAX (1 << 28)

typedef struct show_options {
    const char *run, *workspace;
} show_options;

static const fv_field fields[] = { FV_FIELD(show_options, run, .positional = true, .required = true, .value = "RUN",
                                            .help = "its id, the first letters of that, or its name"),
                                   FV_FIELD(show_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                   FV_FIELDS_END };

/* A run and what belongs to it. */
typedef struct known {
    const fv_run_row *run;
    fv_run_list list;
    fv_run_files files;
    fv_run_data_list data;
} known;

static void release(known *k) {
    fv_run_list_release(&k->list);
    fv_run_files_release(&k->files);
    fv_run_data_list_release(&k->data);
}

static fv_error *find(fv_registry *registry, const char *called, known *k) {
    FV_TRY(fv_run_find(registry, called, &k->list));
    k->run = &k->list.rows[0];
    FV_TRY(fv_run_list_files(registry, k->run->id, &k->files));
    return fv_run_list_data(registry, k->run->id, &k->data);
}

/* ---- for people ---- */

static const char *text_or_none(const char *text) { return *text ? text : NULL; }

static void print_times(const fv_run_row *run, fv_printer *p) {
    char when[FV_WHEN_LETTERS], duration[FV_DURATION_LETTERS];
    fv_print_text(p, "started", fv_when(run->started_ms, when));
    if (run->ended_ms) fv_print_text(p, "ended", fv_when(run->ended_ms, when));
    int64_t end = run->ended_ms ? run->ended_ms : fv_wall_ms();
    if (run->ended_ms || run->status == FV_RUN_RUNNING) fv_print_text(p, "time", fv_duration(end - run->started_ms, duration));
}

static fv_error *print_head(const fv_run_row *run, fv_printer *p) {
    fv_print_record(p);
    fv_print_text(p, "id", run->id);
    fv_print_text(p, "name", run->name);
    fv_print_text(p, "experiment", run->experiment);
    fv_print_text(p, "kind", fv_run_kind_name(run->kind));
    fv_print_text(p, "status", fv_run_status_name(run->status));
    if (run->deleted) fv_print_text(p, "deleted", "yes; `fovea runs restore` brings it back");
    if (run->stop_asked) fv_print_text(p, "stop", "asked for");
    fv_print_text(p, "error", text_or_none(run->error));
    fv_print_text(p, "held by", text_or_none(run->holder));
    print_times(run, p);
    fv_print_text(p, "user", text_or_none(run->user));
    fv_print_text(p, "host", text_or_none(run->host));
    fv_print_text(p, "folder", text_or_none(run->folder));
    fv_print_text(p, "parent", text_or_none(run->parent));
    fv_print_text(p, "seed group", text_or_none(run->seed_group));
    fv_print_record_end(p);
    return NULL;
}

static fv_error *print_pairs(const char *what, const fv_key_value *pairs, int64_t count, fv_arena *arena, fv_printer *p) {
    static const bool right[2];
    fv_table t;
    if (!count) return NULL;
    fv_table_init(&t, arena, 2, right);
    FV_TRY(fv_table_add(&t, what));
    FV_TRY(fv_table_add(&t, NULL));
    for (int64_t i = 0; i < count; i++) {
        FV_TRY(fv_table_add(&t, pairs[i].key));
        FV_TRY(fv_table_add(&t, pairs[i].value));
    }
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

static fv_error *add_extreme(double value, int64_t step, fv_table *t) {
    return isnan(value) ? fv_table_add(t, NULL) : fv_table_addf(t, "%.5g at %lld", value, (long long)step);
}

static fv_error *print_metrics(const fv_run_row *run, fv_arena *arena, fv_printer *p) {
    static const char *const heads[] = { "metric", "last", "best", "least", "largest", "points" };
    static const bool right[] = { false, true, true, true, true, true };
    fv_table t;
    if (!run->metric_count) return NULL;
    fv_table_init(&t, arena, 6, right);
    for (int i = 0; i < 6; i++) FV_TRY(fv_table_add(&t, heads[i]));
    for (int64_t i = 0; i < run->metric_count; i++) {
        const fv_metric_summary *m = &run->metrics[i];
        FV_TRY(fv_table_add(&t, m->key));
        FV_TRY(fv_table_addf(&t, "%.5g at %lld", m->last, (long long)m->last_step));
        FV_TRY(add_extreme(m->best, m->best_step, &t));
        FV_TRY(add_extreme(m->min, m->min_step, &t));
        FV_TRY(add_extreme(m->max, m->max_step, &t));
        FV_TRY(fv_table_addf(&t, "%lld", (long long)m->count));
    }
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

static fv_error *print_data(const known *k, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, false, true, false, false };
    fv_table t;
    if (!k->data.count) return NULL;
    fv_table_init(&t, arena, 5, right);
    static const char *const heads[] = { "data", "for", "samples", "digest", "licence" };
    for (int i = 0; i < 5; i++) FV_TRY(fv_table_add(&t, heads[i]));
    for (int64_t i = 0; i < k->data.count; i++) {
        const fv_run_data *d = &k->data.at[i];
        FV_TRY(fv_table_add(&t, d->name));
        FV_TRY(fv_table_add(&t, d->role));
        FV_TRY(fv_table_addf(&t, "%lld", (long long)d->samples));
        FV_TRY(fv_table_addf(&t, "%.12s", d->digest));
        FV_TRY(fv_table_add(&t, d->licence));
    }
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

static fv_error *print_files(const known *k, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, true, false };
    fv_table t;
    if (!k->files.count) return NULL;
    fv_table_init(&t, arena, 3, right);
    FV_TRY(fv_table_add(&t, "file"));
    FV_TRY(fv_table_add(&t, "bytes"));
    FV_TRY(fv_table_add(&t, "digest"));
    for (int64_t i = 0; i < k->files.count; i++) {
        FV_TRY(fv_table_add(&t, k->files.at[i].path));
        FV_TRY(fv_table_addf(&t, "%lld", (long long)k->files.at[i].size));
        FV_TRY(fv_table_addf(&t, "%.12s", k->files.at[i].digest));
    }
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

static fv_error *print_text(const known *k, fv_arena *arena, fv_printer *p) {
    FV_TRY(print_head(k->run, p));
    FV_TRY(print_pairs("parameter", k->run->params, k->run->param_count, arena, p));
    FV_TRY(print_metrics(k->run, arena, p));
    FV_TRY(print_pairs("tag", k->run->tags, k->run->tag_count, arena, p));
    FV_TRY(print_data(k, arena, p));
    return print_files(k, arena, p);
}

/* ---- for programs ---- */

static void add_data(const fv_run_data_list *data, fv_text *out) {
    fv_text_add(out, ",\"data\":[");
    for (int64_t i = 0; i < data->count; i++) {
        const fv_run_data *d = &data->at[i];
        fv_text_addf(out, "%s{\"role\":\"%s\",\"digest\":\"%s\",\"samples\":%lld,\"name\":", i ? "," : "", d->role, d->digest,
                     (long long)d->samples);
        fv_text_add_json(out, d->name);
        fv_text_add(out, ",\"source\":");
        fv_text_add_json(out, d->source);
        fv_text_add(out, ",\"licence\":");
        fv_text_add_json(out, d->licence);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static void add_files(const fv_run_files *files, fv_text *out) {
    fv_text_add(out, ",\"files\":[");
    for (int64_t i = 0; i < files->count; i++) {
        fv_text_add(out, i ? ",{\"path\":" : "{\"path\":");
        fv_text_add_json(out, files->at[i].path);
        fv_text_addf(out, ",\"size\":%lld,\"digest\":\"%s\",\"media_type\":", (long long)files->at[i].size,
                     files->at[i].digest);
        fv_text_add_json(out, files->at[i].media_type);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static fv_error *print_json(const known *k, fv_printer *p) {
    FV_TEXT(text, OUTPUT_BYTES_MAX);
    fv_run_json(k->run, &text);
    fv_run_json_more(k->run, &text);
    add_data(&k->data, &text);
    add_files(&k->files, &text);
    fv_text_add(&text, "}");
    FV_TRY(fv_text_error(&text));
    fv_print_object(p, text.at);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const show_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    known k = { 0 };
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    fv_error *error = find(registry, o->run, &k);
    if (!error) error = call->printer->json ? print_json(&k, call->printer) : print_text(&k, call->arena, call->printer);
    release(&k);
    return error;
}

const fv_command fv_command_runs_show = {
    .name = "runs show",
    .summary = "print all that is known of a run",
    .arguments = "RUN [options]",
    .description =
        "Parameters, metrics with their last, best, least and largest value and the steps of these, tags, the sets of\n"
        "samples that it saw, and the files that are kept with it.\n"
        "JSON: what `runs list` has of a run, and user, host, folder, parent, seed_group, error, holder, stop_asked,\n"
        "summaries, data, files.",
    .fields = fields,
    .size = sizeof(show_options),
    .run = run,
};
