/* runs_plot.c - fovea runs plot: how figures went, of one run or several over one another. */
#include <string.h>

#include "cli/command.h"
#include "cli/runs_named.h"
#include "core/base/file.h"
#include "plot/chart.h"

#define ARENA_CAP (INT64_C(1) << 34)
#define OUTPUT_BYTES_MAX (INT64_C(1) << 28)
#define WIDTH 720 /* pixels */

typedef struct plot_options {
    fv_strings runs, metric;
    const char *out, *workspace;
    bool log;
} plot_options;

static const fv_field fields[] = {
    FV_FIELD(plot_options, runs, .positional = true, .required = true, .value = "RUN…",
             .help = "in the registry, by id or name, or folders that `fovea train --out` made"),
    FV_FIELD(plot_options, metric, .flag = "m", .value = "KEY",
             .help = "what to draw, as `fovea runs show` lists it; may be repeated; without it val_loss and train_loss"),
    FV_FIELD(plot_options, out, .flag = "o", .required = true, .value = "FILE", .help = "the picture: .svg or .png"),
    FV_FIELD(plot_options, log, .by_default = "false", .help = "a logarithmic axis"),
    FV_FIELD(plot_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

static fv_error *choose_format(const char *path, fv_plot_format *out) {
    const char *dot = strrchr(path, '.');
    *out = dot && !strcmp(dot, ".png") ? FV_PLOT_PNG : FV_PLOT_SVG;
    if (*out == FV_PLOT_PNG || (dot && !strcmp(dot, ".svg"))) return NULL;
    return fv_fail(FV_USAGE, "%s: a picture is written to a file named .svg or .png", path);
}

/* What runs have beside steps and values is said by what there is more than one of. */
static fv_error *name_series(const fv_run_facts *run, int64_t runs, const char *key, int64_t keys, fv_arena *arena,
                             const char **out) {
    *out = keys == 1 ? run->name : key;
    return runs > 1 && keys > 1 ? fv_arena_format(arena, out, "%s, %s", run->name, key) : NULL;
}

/* The keys that are known: a mistyped one is answered by them. */
static fv_error *no_curve(const fv_run_facts *run, const char *key) {
    FV_TEXT(known, 1 << 16);
    for (int64_t i = 0; i < run->curve_count; i++) fv_text_addf(&known, "%s%s", i ? ", " : "", run->curves[i].key);
    FV_TRY(fv_text_error(&known));
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "no run has a metric %s", key), "%s has %s", run->name, known.at);
}

static fv_error *collect(const fv_run_facts *runs, int64_t run_count, const fv_strings *keys, fv_arena *arena,
                         fv_series **series, int64_t *count) {
    FV_TRY(fv_arena_alloc(arena, run_count * keys->count, sizeof **series, (void **)series));
    for (int64_t k = 0; k < keys->count; k++) {
        int64_t before = *count;
        for (int64_t r = 0; r < run_count; r++) {
            const fv_run_curve *curve = fv_run_curve_get(&runs[r], keys->at[k]);
            if (!curve) continue;
            fv_series *s = &(*series)[(*count)++];
            *s = (fv_series){ .count = curve->count, .x = curve->steps, .y = curve->values, .dashed = k > 0, .colour = 1 + r };
            FV_TRY(name_series(&runs[r], run_count, keys->at[k], keys->count, arena, &s->name));
        }
        if (*count == before) return no_curve(&runs[0], keys->at[k]);
    }
    return NULL;
}

static fv_error *draw(const plot_options *o, const fv_series *series, int64_t count, const fv_strings *keys) {
    FV_TEXT(bytes, OUTPUT_BYTES_MAX);
    FV_TEXT(title, 1 << 16);
    fv_plot_format format;
    for (int64_t k = 0; k < keys->count; k++) fv_text_addf(&title, "%s%s", k ? ", dashed " : "", keys->at[k]);
    FV_TRY(fv_text_error(&title));
    fv_line_chart chart = {
        .title = title.at, .x_label = "step", .count = count, .series = series, .whole_x = true, .log_y = o->log, .width = WIDTH
    };
    FV_TRY(choose_format(o->out, &format));
    FV_TRY(fv_plot_lines(&chart, format, &bytes));
    FV_TRY(fv_text_error(&bytes));
    return fv_file_write(o->out, bytes.at, bytes.length, NULL);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const plot_options *o = raw;
    static const char *const usual[] = { "val_loss", "train_loss" };
    fv_strings keys = o->metric.count ? o->metric : (fv_strings){ .count = 2, .at = usual };
    FV_OWNED(fv_arena) arena = NULL;
    fv_run_facts *runs;
    fv_series *series;
    fv_plot_format format;
    int64_t count = 0;
    FV_TRY(choose_format(o->out, &format));
    FV_TRY(fv_arena_new("curves", ARENA_CAP, &arena));
    FV_TRY(fv_runs_named(&o->runs, o->workspace, arena, &runs));
    FV_TRY(collect(runs, o->runs.count, &keys, arena, &series, &count));
    FV_TRY(draw(o, series, count, &keys));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "plot", o->out);
    fv_print_int(call->printer, "curves", count);
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_runs_plot = {
    .name = "runs plot",
    .summary = "draw how a run's figures went, or several runs' over one another",
    .arguments = "RUN… --out FILE [options]",
    .fields = fields,
    .size = sizeof(plot_options),
    .run = run,
};
