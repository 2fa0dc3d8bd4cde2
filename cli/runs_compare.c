/* runs_compare.c - fovea runs compare: runs put side by side, as text, JSON, CSV, one chart, or a page. */
#include <math.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/command.h"
#include "cli/runs_named.h"
#include "cli/terminal.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "experiments/compare_show.h"

#define OUTPUT_BYTES_MAX (INT64_C(1) << 30)
#define VALUE_LETTERS 40 /* of a setting, on a terminal */
#define NAME_COLUMNS 24
#define NAME_COLUMNS_MAX 60

typedef enum chart { CURVES, PARALLEL, CONFUSION, PICTURES } chart;

typedef struct compare_options {
    fv_strings runs;
    const char *metric, *out, *plot, *curve, *data, *workspace;
    int chart;
    bool csv, log;
    double confidence;
    int64_t resamples, permutations, seed;
} compare_options;

static const fv_field fields[] = {
    FV_FIELD(compare_options, runs, .positional = true, .required = true, .value = "RUN…",
             .help =
                 "in the registry, by id or name, or folders that `fovea train --out` made; the first is what the others are "
                 "put beside"),
    FV_FIELD(compare_options, metric, .value = "METRIC",
             .help = "measured on the test pictures (`fovea help metric`), or the best of a curve, as "
                     "val_loss; without it top1, f1 or mae"),
    FV_FIELD(compare_options, out, .flag = "o", .value = "FILE.html", .help = "write a page with all of it"),
    FV_FIELD(compare_options, csv, .help = "print a table: a run a row, settings that differ, figures"),
    FV_FIELD(compare_options, plot, .value = "FILE", .help = "draw --chart into a .svg or .png"),
    FV_FIELD(compare_options, chart, .by_default = "curves", .names = "curves,parallel,confusion,pictures",
             .help =
                 "what --plot draws: curves over one another, settings and figures as parallel coordinates, the difference in "
                 "confusion of the second run, pictures that only one has right (.png)"),
    FV_FIELD(compare_options, curve, .value = "KEY",
             .help = "which curve: a column of results.csv; without it the validation loss"),
    FV_FIELD(compare_options, log, .help = "a logarithmic axis for it"),
    FV_FIELD(compare_options, data, .value = "DIR",
             .help = "where the test pictures are now; without it where the first run's recipe says"),
    FV_FIELD(compare_options, confidence, .by_default = "0.95", .min = 0.5, .max = 0.9999,
             .help = "of intervals; 1 less it is the level of tests"),
    FV_FIELD(compare_options, resamples, .by_default = "1000", .min = 10, .max = 1000000, .help = "of bootstraps"),
    FV_FIELD(compare_options, permutations, .by_default = "10000", .min = 100, .max = 10000000,
             .help = "of tests that cannot try them all"),
    FV_FIELD(compare_options, seed, .min = 0, .max = INFINITY, .help = "of both"),
    FV_FIELD(compare_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

/* ---- files ---- */

static bool ends_in(const char *path, const char *end) {
    size_t length = strlen(path), of_end = strlen(end);
    return length > of_end && !strcmp(path + length - of_end, end);
}

static fv_error *check_files(const compare_options *o) {
    if (o->plot && !ends_in(o->plot, ".svg") && !ends_in(o->plot, ".png"))
        return fv_fail(FV_USAGE, "%s: a chart is written to a file named .svg or .png", o->plot);
    if (o->plot && o->chart == PICTURES && !ends_in(o->plot, ".png"))
        return fv_fail(FV_USAGE, "%s: pictures are written to a file named .png", o->plot);
    if (o->out && !ends_in(o->out, ".html")) return fv_fail(FV_USAGE, "%s: a page is written to a file named .html", o->out);
    return NULL;
}

static fv_error *draw_pictures(const compare_options *o, const fv_comparison *c, fv_text *out) {
    FV_OWNED(fv_run_pictures) pictures = NULL;
    FV_TRY(fv_run_pictures_open(&c->runs[0], o->data, &pictures));
    return fv_comparison_sheet(c, 0, pictures, out);
}

static fv_error *draw(const compare_options *o, const fv_comparison *c, fv_text *out) {
    fv_plot_format format = ends_in(o->plot, ".png") ? FV_PLOT_PNG : FV_PLOT_SVG;
    switch ((chart)o->chart) {
    case CURVES: return fv_comparison_curves(c, o->curve ? o->curve : "val_loss", o->log, format, out);
    case PARALLEL: return fv_comparison_parallel(c, format, out);
    case CONFUSION: return fv_comparison_confusion(c, 0, format, out);
    default: return draw_pictures(o, c, out);
    }
}

static fv_error *write_plot(const compare_options *o, const fv_comparison *c) {
    FV_TEXT(bytes, OUTPUT_BYTES_MAX);
    if (!o->plot) return NULL;
    FV_TRY(draw(o, c, &bytes));
    FV_TRY(fv_text_error(&bytes));
    return fv_file_write(o->plot, bytes.at, bytes.length, NULL);
}

/* Where pictures were not asked for by name, a page without them says why. */
static fv_error *open_pictures(const compare_options *o, const fv_comparison *c, fv_arena *arena, fv_run_pictures **pictures,
                               const char **reason) {
    char text[1024];
    fv_error *error = fv_run_pictures_open(&c->runs[0], o->data, pictures);
    if (!error || o->data || fv_error_code(error) == FV_MEMORY) return error;
    fv_error *kept = fv_arena_text(arena, fv_error_format(error, text, sizeof text), reason);
    fv_error_free(error);
    if (!kept) fv_terminal_line("the page is without pictures: %s (--data says where they are)", *reason);
    return kept;
}

static fv_error *write_page(const compare_options *o, const fv_comparison *c, fv_arena *arena) {
    FV_TEXT(html, OUTPUT_BYTES_MAX);
    FV_OWNED(fv_run_pictures) pictures = NULL;
    fv_comparison_page_options options = { .pictures = NULL };
    if (!o->out) return NULL;
    FV_TRY(open_pictures(o, c, arena, &pictures, &options.no_pictures));
    options.pictures = pictures;
    FV_TRY(fv_comparison_page(c, &options, &html));
    FV_TRY(fv_text_error(&html));
    return fv_file_write(o->out, html.at, html.length, NULL);
}

/* ---- text ---- */

/* Columns of names: as many as the longest one takes, within reason. */
static int64_t widest_name(const fv_comparison *c) {
    int64_t widest = NAME_COLUMNS;
    for (int64_t r = 0; r < c->run_count; r++) widest = fv_max(widest, fv_columns(c->runs[r].name));
    for (int64_t i = 0; i < c->difference_count; i++) widest = fv_max(widest, fv_columns(c->differences[i].key));
    return fv_min(widest, NAME_COLUMNS_MAX);
}

/* A line that begins with a name; the rest is as long as it is, since half a verdict says something else. */
static FV_PRINTF(4, 5) fv_error *print_named(fv_printer *p, const char *name, int64_t width, const char *format, ...) {
    FV_TEXT(line, 1 << 20);
    va_list arguments;
    fv_columns_pad(&line, name, width);
    fv_text_add(&line, " ");
    va_start(arguments, format);
    fv_text_addv(&line, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&line));
    fv_print_line(p, "%s", line.at);
    return NULL;
}

static fv_error *print_groups(const fv_comparison *c, fv_printer *p, fv_arena *arena) {
    if (!c->metric) return fv_print_line(p, "there is no figure that all runs have"), NULL;
    int64_t width = widest_name(c);
    FV_TRY(print_named(p, "recipe", width, "%5s  %s", "runs", c->metric));
    for (int64_t g = 0; g < c->group_count; g++) {
        const fv_run_group *group = &c->groups[g];
        const char *mean, *sd = "";
        FV_TRY(fv_comparison_say(c, group->mean.mean, c->share, arena, &mean));
        if (!isnan(group->mean.sd)) {
            FV_TRY(fv_comparison_say(c, group->mean.sd, c->share, arena, &sd));
            FV_TRY(fv_arena_format(arena, &sd, " ± %s", sd));
        }
        FV_TRY(print_named(p, group->name, width, "%5lld  %s%s%s%s", (long long)group->count, mean, sd, g ? "  " : "",
                           g ? c->group_verdicts[g - 1].verdict.text : ""));
    }
    return NULL;
}

static fv_error *print_runs(const fv_comparison *c, fv_printer *p, fv_arena *arena) {
    int width = (int)fv_max(8, c->metric ? (int64_t)strlen(c->metric) : 0);
    int64_t name = widest_name(c);
    fv_print_line(p, "%s", "");
    FV_TRY(print_named(p, "run", name, "%*s  on the same test pictures, beside the first", width, c->metric ? c->metric : ""));
    for (int64_t r = 0; r < c->run_count; r++) {
        const char *value;
        FV_TRY(fv_comparison_say(c, c->values[r], c->share, arena, &value));
        FV_TRY(print_named(p, c->runs[r].name, name, "%*s%s%s", width, value, r ? "  " : "",
                           r ? c->pairs[r - 1].verdict.text : ""));
    }
    return NULL;
}

/* One line, cut. */
static fv_error *short_value(const char *value, fv_arena *arena, const char **out) {
    FV_TEXT(text, 1 << 20);
    if (!value) return fv_arena_text(arena, "–", out);
    for (const char *at = value; *at && text.length < VALUE_LETTERS; at++) fv_text_add_bytes(&text, *at == '\n' ? " " : at, 1);
    bool cut = strlen(value) > VALUE_LETTERS;
    while (cut && text.length && ((unsigned char)text.at[text.length] & 0xC0) == 0x80) text.at[--text.length] = 0;
    FV_TRY(fv_text_error(&text));
    return fv_arena_format(arena, out, "%s%s", text.at, cut ? "…" : "");
}

/* A column a recipe. */
static fv_error *print_difference(const fv_comparison *c, const fv_run_difference *d, fv_printer *p, fv_arena *arena) {
    FV_TEXT(line, 1 << 20);
    for (int64_t g = 0; g < c->group_count; g++) {
        const char *value;
        FV_TRY(short_value(d->values[c->groups[g].runs[0]], arena, &value));
        fv_text_addf(&line, "%s%s", g ? " | " : "", value);
    }
    FV_TRY(fv_text_error(&line));
    return print_named(p, d->key, widest_name(c), "%s", line.at);
}

/* Of recipes: their runs differ by the seed alone. */
static fv_error *print_differences(const fv_comparison *c, fv_printer *p, fv_arena *arena) {
    FV_TEXT(names, 1 << 20);
    int64_t printed = 0;
    for (int64_t g = 0; g < c->group_count; g++) fv_text_addf(&names, "%s%s", g ? " | " : "", c->groups[g].name);
    FV_TRY(fv_text_error(&names));
    fv_print_line(p, "%s", "");
    for (int64_t i = 0; i < c->difference_count; i++) {
        if (!strcmp(c->differences[i].key, "seed")) continue;
        if (!printed++) FV_TRY(print_named(p, "setting", widest_name(c), "%s", names.at));
        FV_TRY(print_difference(c, &c->differences[i], p, arena));
    }
    if (!printed) fv_print_line(p, "all settings are the same, but for the seed");
    return NULL;
}

static fv_error *print(const compare_options *o, const fv_comparison *c, fv_printer *p, fv_arena *arena) {
    if (!o->csv && !p->json) {
        FV_TRY(print_groups(c, p, arena));
        FV_TRY(print_runs(c, p, arena));
        return print_differences(c, p, arena);
    }
    FV_TEXT(text, OUTPUT_BYTES_MAX);
    (o->csv ? fv_comparison_to_csv : fv_comparison_to_json)(c, &text);
    FV_TRY(fv_text_error(&text));
    if (o->csv)
        fv_print_page(p, text.at);
    else
        fv_print_object(p, text.at);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const compare_options *o = raw;
    fv_run_facts *runs;
    fv_comparison c;
    FV_TRY(check_files(o));
    if (o->csv && call->printer->json) return fv_fail(FV_USAGE, "--csv and --json exclude each other");
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("runs to compare", INT64_C(1) << 36, &arena));
    FV_TRY(fv_runs_named(&o->runs, o->workspace, arena, &runs));
    const fv_compare_options options = { .metric = o->metric,
                                         .confidence = o->confidence,
                                         .resamples = o->resamples,
                                         .permutations = o->permutations,
                                         .seed = (uint64_t)o->seed };
    FV_TRY(fv_runs_compare(runs, o->runs.count, &options, arena, &c));
    FV_TRY(write_plot(o, &c));
    FV_TRY(write_page(o, &c, arena));
    return print(o, &c, call->printer, arena);
}

const fv_command fv_command_runs_compare = {
    .name = "runs compare",
    .summary = "put runs side by side",
    .arguments = "RUN RUN… [options]",
    .description =
        "Says what differs between runs and whether it matters. Runs that differ by their seed alone are one recipe: recipes\n"
        "are compared by mean and standard deviation over seeds, and a difference that seeds may make is called that. Models\n"
        "are compared on the test pictures that both saw, and refused where those are not the same. The first run, and its\n"
        "recipe, is what the others are put beside.",
    .fields = fields,
    .size = sizeof(compare_options),
    .run = run,
};
