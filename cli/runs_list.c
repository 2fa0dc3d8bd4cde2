/* runs_list.c - fovea runs list: runs by a filter, in an order, as a table, CSV or JSON. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/csv.h"
#include "cli/run_text.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "core/base/assert.h"
#include "registry/clock.h"
#include "registry/room.h"

#define OUTPUT_BYTES_MAX (1 << 30)
#define PAGE 1000 /* runs that are read at once */
#define SHOWN 50  /* for people */
#define METRICS_SHOWN 4

typedef enum which { THOSE_THERE, THOSE_DELETED, ALL } which;

typedef struct list_options {
    const char *experiment, *filter, *order, *after, *workspace;
    fv_strings metrics, params;
    int64_t limit;
    int which;
    bool csv;
} list_options;

static const fv_field fields[] = {
    FV_FIELD(list_options, experiment, .positional = true, .value = "EXPERIMENT",
             .help = "runs of this experiment and those below it; without it all"),
    FV_FIELD(list_options, filter, .flag = "f", .value = "FILTER",
             .help = "conditions joined by AND, as \"metrics.val_top1 > 0.9 and params.arch = 'resnet18'\""),
    FV_FIELD(list_options, order, .flag = "s", .value = "NAMES",
             .help = "what to sort by, as \"metrics.val_top1 desc, start_time\"; without it the newest first"),
    FV_FIELD(list_options, limit, .flag = "n", .min = 0, .max = 1000000000,
             .help = "at most so many; without it 50 for a table and all for JSON and CSV"),
    FV_FIELD(list_options, after, .value = "KEY", .help = "go on behind a list that was cut, by the key that it ended with"),
    FV_FIELD(list_options, metrics, .flag = "m", .value = "KEY,…",
             .help = "columns of the table; without it those that most runs have"),
    FV_FIELD(list_options, params, .flag = "p", .value = "KEY,…", .help = "columns of the table before those"),
    FV_FIELD(list_options, which, .by_default = "active", .names = "active,deleted,all", .help = "which runs"),
    FV_FIELD(list_options, csv, .by_default = "false",
             .help = "print a run a row, with every parameter and the last value of every metric"),
    FV_FIELD(list_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

/* Pages of runs, as one array of rows. */
typedef struct found {
    fv_arena *arena;
    fv_run_list *pages;
    const fv_run_row **runs;
    int64_t page_count, count;
    const char *next;
} found;

static void release(found *f) {
    for (int64_t i = 0; i < f->page_count; i++) fv_run_list_release(&f->pages[i]);
}

static fv_error *add_page(fv_registry *registry, const fv_runs_query *query, found *f) {
    FV_TRY(fv_room_for(f->arena, &f->pages, f->page_count));
    fv_run_list *page = &f->pages[f->page_count];
    FV_TRY(fv_runs_search(registry, query, page));
    f->page_count++;
    for (int64_t i = 0; i < page->count; i++) {
        FV_TRY(fv_room_for(f->arena, &f->runs, f->count));
        f->runs[f->count++] = &page->rows[i];
    }
    f->next = page->next;
    return NULL;
}

static fv_error *find(fv_registry *registry, const list_options *o, int64_t limit, found *f) {
    fv_runs_query query = {
        .experiment = o->experiment, .filter = o->filter, .order_by = o->order, .after = o->after, .deleted = o->which
    };
    do {
        query.limit = limit && limit - f->count < PAGE ? limit - f->count : PAGE;
        FV_TRY(add_page(registry, &query, f));
        query.after = f->next;
    } while (f->next && f->count != limit);
    return NULL;
}

/* ---- which columns ---- */

typedef struct keys {
    const char **at;
    int64_t *uses, count;
} keys;

static fv_error *count_key(fv_arena *arena, const char *key, keys *k) {
    int64_t i = 0;
    while (i < k->count && strcmp(k->at[i], key) != 0) i++;
    if (i < k->count) return k->uses[i]++, NULL;
    FV_TRY(fv_room_for(arena, &k->at, k->count));
    FV_TRY(fv_room_for(arena, &k->uses, k->count));
    k->at[k->count] = key;
    k->uses[k->count++] = 1;
    return NULL;
}

static fv_error *count_keys(const found *f, keys *params, keys *metrics) {
    for (int64_t r = 0; r < f->count; r++) {
        const fv_run_row *run = f->runs[r];
        for (int64_t i = 0; i < run->param_count; i++) FV_TRY(count_key(f->arena, run->params[i].key, params));
        for (int64_t i = 0; i < run->metric_count; i++) FV_TRY(count_key(f->arena, run->metrics[i].key, metrics));
    }
    return NULL;
}

/* What a training is judged by comes first. */
static int64_t rank_of(const char *key) {
    static const char *const first[] = { "test_top1", "best_top1", "val_top1",
                                         "top1",      "test_r2",   "best_r2",
                                         "val_r2",    "r2",        "val_average_precision",
                                         "val_loss",  "loss",      "train_loss" };
    int64_t rank = 0;
    while (rank < FV_COUNT(first) && strcmp(key, first[rank]) != 0) rank++;
    return rank;
}

static bool is_before(const keys *k, int64_t a, int64_t b) {
    int64_t first = rank_of(k->at[a]), second = rank_of(k->at[b]);
    if (first != second) return first < second;
    return k->uses[a] > k->uses[b] || (k->uses[a] == k->uses[b] && strcmp(k->at[a], k->at[b]) < 0);
}

/* Those that are looked for, then the most used, those used alike by name; the first `count`. */
static void keep_most_used(keys *k, int64_t count) {
    for (int64_t i = 0; i < count && i < k->count; i++) {
        int64_t best = i;
        for (int64_t j = i + 1; j < k->count; j++)
            if (is_before(k, j, best)) best = j;
        const char *key = k->at[best];
        int64_t uses = k->uses[best];
        k->at[best] = k->at[i], k->uses[best] = k->uses[i];
        k->at[i] = key, k->uses[i] = uses;
    }
    if (k->count > count) k->count = count;
}

/* ---- for people ---- */

static fv_error *add_row(const fv_run_row *run, const fv_strings *params, const fv_strings *metrics, bool experiments,
                         fv_table *t) {
    char started[FV_DURATION_LETTERS], duration[FV_DURATION_LETTERS];
    int64_t now = fv_wall_ms(), end = run->ended_ms ? run->ended_ms : now;
    FV_TRY(fv_table_addf(t, "%.*s", FV_RUN_SHORT_LETTERS, run->id));
    FV_TRY(fv_table_add(t, run->name));
    if (experiments) FV_TRY(fv_table_add(t, run->experiment));
    FV_TRY(fv_table_add(t, run->deleted ? "deleted" : fv_run_status_name(run->status)));
    FV_TRY(fv_table_add(t, fv_ago(now - run->started_ms, started)));
    bool timed = run->ended_ms || run->status == FV_RUN_RUNNING;
    FV_TRY(fv_table_add(t, timed ? fv_duration(end - run->started_ms, duration) : NULL));
    for (int64_t i = 0; i < params->count; i++) FV_TRY(fv_table_add(t, fv_run_param(run, params->at[i])));
    for (int64_t i = 0; i < metrics->count; i++) {
        const fv_metric_summary *m = fv_run_metric(run, metrics->at[i]);
        FV_TRY(fv_table_add_number(t, m ? m->last : NAN));
    }
    return NULL;
}

static fv_error *add_head(const fv_strings *params, const fv_strings *metrics, bool experiments, fv_table *t) {
    static const char *const first[] = { "id", "name", "experiment", "status", "started", "time" };
    for (int i = 0; i < 6; i++)
        if (i != 2 || experiments) FV_TRY(fv_table_add(t, first[i]));
    for (int64_t i = 0; i < params->count; i++) FV_TRY(fv_table_add(t, params->at[i]));
    for (int64_t i = 0; i < metrics->count; i++) FV_TRY(fv_table_add(t, metrics->at[i]));
    return NULL;
}

static bool have_several_experiments(const found *f) {
    for (int64_t i = 1; i < f->count; i++)
        if (strcmp(f->runs[i]->experiment, f->runs[0]->experiment) != 0) return true;
    return false;
}

static fv_error *print_table(const found *f, const list_options *o, fv_printer *p) {
    bool right[FV_TABLE_COLUMNS_MAX] = { 0 };
    keys params = { 0 }, metrics = { 0 };
    fv_strings shown = o->metrics;
    fv_table table;
    bool experiments = have_several_experiments(f);
    if (!f->count) return fv_print_line(p, "no runs%s", o->filter || o->experiment ? " like this" : " yet"), NULL;
    FV_TRY(count_keys(f, &params, &metrics));
    keep_most_used(&metrics, METRICS_SHOWN);
    if (!shown.count) shown = (fv_strings){ .at = metrics.at, .count = metrics.count };
    int64_t columns = 5 + experiments + o->params.count + shown.count;
    if (columns > FV_TABLE_COLUMNS_MAX) return fv_fail(FV_USAGE, "%lld columns are too many", (long long)columns);
    right[4 + experiments] = true; /* time */
    for (int64_t c = columns - shown.count; c < columns; c++) right[c] = true;
    fv_table_init(&table, f->arena, (int)columns, right);
    FV_TRY(add_head(&o->params, &shown, experiments, &table));
    for (int64_t i = 0; i < f->count; i++) FV_TRY(add_row(f->runs[i], &o->params, &shown, experiments, &table));
    return fv_table_print(&table, p);
}

/* ---- for programs ---- */

static fv_error *print_json(const found *f, fv_printer *p) {
    FV_TEXT(text, OUTPUT_BYTES_MAX);
    fv_text_add(&text, "[");
    for (int64_t i = 0; i < f->count; i++) {
        if (i) fv_text_add(&text, ",");
        fv_run_json(f->runs[i], &text);
        fv_text_add(&text, "}");
    }
    fv_text_add(&text, "]");
    FV_TRY(fv_text_error(&text));
    fv_print_object(p, text.at);
    return NULL;
}

static void add_csv_row(const fv_run_row *run, const keys *params, const keys *metrics, fv_text *out) {
    const char *const texts[] = { run->id, run->name, run->experiment, fv_run_kind_name(run->kind),
                                  fv_run_status_name(run->status) };
    for (int i = 0; i < 5; i++) fv_csv_cell(texts[i], !i, out);
    fv_text_addf(out, ",%lld,", (long long)run->started_ms);
    if (run->ended_ms) fv_text_addf(out, "%lld", (long long)run->ended_ms);
    for (int64_t i = 0; i < params->count; i++) fv_csv_cell(fv_run_param(run, params->at[i]), false, out);
    for (int64_t i = 0; i < metrics->count; i++) {
        const fv_metric_summary *m = fv_run_metric(run, metrics->at[i]);
        fv_text_add(out, ",");
        if (m) fv_text_add_number(out, m->last);
    }
    fv_text_add(out, "\n");
}

static fv_error *print_csv(const found *f, fv_printer *p) {
    keys params = { 0 }, metrics = { 0 };
    FV_TEXT(text, OUTPUT_BYTES_MAX);
    FV_TRY(count_keys(f, &params, &metrics));
    keep_most_used(&params, params.count);
    keep_most_used(&metrics, metrics.count);
    fv_text_add(&text, "id,name,experiment,kind,status,started_ms,ended_ms");
    for (int64_t i = 0; i < params.count; i++) fv_csv_heading("params.", params.at[i], &text);
    for (int64_t i = 0; i < metrics.count; i++) fv_csv_heading("metrics.", metrics.at[i], &text);
    fv_text_add(&text, "\n");
    for (int64_t i = 0; i < f->count; i++) add_csv_row(f->runs[i], &params, &metrics, &text);
    FV_TRY(fv_text_error(&text));
    fv_print_page(p, text.at);
    return NULL;
}

static fv_error *print(const found *f, const list_options *o, fv_printer *p) {
    if (p->json) return print_json(f, p);
    return o->csv ? print_csv(f, p) : print_table(f, o, p);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const list_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    int64_t limit = o->limit ? o->limit : call->printer->json || o->csv ? 0 : SHOWN;
    if (call->printer->json && o->csv) return fv_fail(FV_USAGE, "--csv and --json exclude each other");
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_arena_new("a list of runs", INT64_C(1) << 30, &arena));
    found f = { .arena = arena };
    fv_error *error = find(registry, o, limit, &f);
    if (!error) error = print(&f, o, call->printer);
    if (!error && f.next) fv_terminal_line("there are more: --after %s", f.next);
    release(&f);
    return error;
}

const fv_command fv_command_runs_list = {
    .name = "runs list",
    .summary = "list runs by a filter, in an order",
    .arguments = "[EXPERIMENT] [options]",
    .description =
        "The filter's grammar is MLflow's: metrics.KEY with > >= = != < <=; params.KEY and tags.KEY with = != LIKE ILIKE\n"
        "IN NOT IN; attributes run_id, run_name, status, start_time, end_time, user_id, experiment_name, kind, host,\n"
        "folder, seed_group, parent; IS NULL and IS NOT NULL; joined by AND. A key with other letters stands in\n"
        "backticks. metrics.KEY is the last value; best_metrics.KEY, min_metrics.KEY and max_metrics.KEY are the others.\n"
        "A status is scheduled, running, stopped, finished, failed, killed, or lost: its process is gone.\n"
        "JSON: an array of {id, name, status, kind, experiment, params, metrics, best, tags, started, ended, deleted}.",
    .fields = fields,
    .size = sizeof(list_options),
    .run = run,
};
