/* models_diff.c - fovea models diff: in what two versions differ. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/diff.h"
#include "experiments/register.h"

#define TEXT_BYTES_MAX (1 << 26)

typedef struct diff_options {
    const char *first, *second, *workspace;
    bool graph;
} diff_options;

static const fv_field fields[] = {
    FV_FIELD(diff_options, first, .positional = true, .required = true, .value = "VERSION",
             .help = "NAME/3, NAME@ALIAS, or NAME for the newest"),
    FV_FIELD(diff_options, second, .positional = true, .required = true, .value = "VERSION", .help = "likewise"),
    FV_FIELD(diff_options, graph, .by_default = "true", .help = "compare the graphs too, which takes opening both files"),
    FV_FIELD(diff_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

typedef struct side {
    fv_version_list list;
    const fv_version_row *row;
    fv_model_facts facts;
} side;

typedef struct texts { /* lines that differ; "" where none do */
    const char *recipe, *classes, *transforms, *licences, *graph;
} texts;

/* ---- comparing ---- */

static fv_error *find(fv_registry *registry, const char *reference, fv_arena *arena, side *s) {
    FV_TRY(fv_version_find(registry, reference, &s->list));
    s->row = &s->list.rows[0];
    return fv_fields_from_json(fv_model_facts_fields, &s->facts, s->row->facts, "the version's facts", arena);
}

static fv_error *diff_texts(const char *a, const char *b, fv_arena *arena, const char **out) {
    FV_TEXT(lines, TEXT_BYTES_MAX);
    FV_TRY(fv_diff_lines(a, b, &lines));
    FV_TRY(fv_text_error(&lines));
    return fv_arena_text(arena, lines.at, out);
}

static fv_error *diff_lists(const fv_strings *a, const fv_strings *b, fv_arena *arena, const char **out) {
    FV_TEXT(first, TEXT_BYTES_MAX);
    FV_TEXT(second, TEXT_BYTES_MAX);
    for (int64_t i = 0; i < a->count; i++) fv_text_addf(&first, "%s\n", a->at[i]);
    for (int64_t i = 0; i < b->count; i++) fv_text_addf(&second, "%s\n", b->at[i]);
    fv_text_fail(&first, fv_text_error(&second));
    FV_TRY(fv_text_error(&first));
    return diff_texts(first.at, second.at, arena, out);
}

/* A setting a line; the network is the first of them. */
static fv_error *diff_recipes(const side *a, const side *b, fv_arena *arena, const char **out) {
    const char *pieces[2];
    const side *sides[] = { a, b };
    for (int i = 0; i < 2; i++) {
        const fv_model_facts *f = &sides[i]->facts;
        char *text;
        bool quoted = false;
        FV_TRY(fv_arena_format(arena, &pieces[i], "arch=%s %s", f->arch ? f->arch : "", f->recipe ? f->recipe : ""));
        for (text = (char *)pieces[i]; *text; text++) {
            if (*text == '"' && (text == pieces[i] || text[-1] != '\\')) quoted = !quoted;
            if (*text == ' ' && !quoted) *text = '\n';
        }
    }
    return diff_texts(pieces[0], pieces[1], arena, out);
}

static fv_error *diff_licences(const side *a, const side *b, fv_arena *arena, const char **out) {
    FV_TEXT(first, TEXT_BYTES_MAX);
    FV_TEXT(second, TEXT_BYTES_MAX);
    fv_text *both[] = { &first, &second };
    const side *sides[] = { a, b };
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < sides[i]->row->licence_count; k++) {
            const fv_licence_of *l = &sides[i]->row->licences[k];
            fv_text_addf(both[i], "%s: %s%s%s\n", l->of, l->licence, *l->from ? ", by way of " : "", l->from);
        }
    fv_text_fail(&first, fv_text_error(&second));
    FV_TRY(fv_text_error(&first));
    return diff_texts(first.at, second.at, arena, out);
}

static fv_error *graph_of(fv_registry *registry, const side *s, char **out) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_TRY(fv_version_open(registry, s->row, &(fv_predictor_options){ .no_selftest = true }, &predictor));
    return fv_graph_to_text(fv_model_graph(fv_predictor_model(predictor)), out);
}

static fv_error *diff_graphs(fv_registry *registry, const side *a, const side *b, fv_arena *arena, const char **out) {
    char *first = NULL, *second = NULL;
    fv_error *error = graph_of(registry, a, &first);
    if (!error) error = graph_of(registry, b, &second);
    if (!error) error = diff_texts(first, second, arena, out);
    fv_string_free(first);
    fv_string_free(second);
    return error;
}

static fv_error *compare(fv_registry *registry, const diff_options *o, const side *a, const side *b, fv_arena *arena,
                         texts *out) {
    FV_TRY(diff_recipes(a, b, arena, &out->recipe));
    FV_TRY(diff_lists(&a->facts.classes, &b->facts.classes, arena, &out->classes));
    FV_TRY(diff_lists(&a->facts.transforms, &b->facts.transforms, arena, &out->transforms));
    FV_TRY(diff_licences(a, b, arena, &out->licences));
    if (o->graph) FV_TRY(diff_graphs(registry, a, b, arena, &out->graph));
    return NULL;
}

/* ---- printing ---- */

static double figure(const fv_model_facts *f, const char *metric) {
    int64_t place = fv_model_facts_figure(f, metric);
    return place < 0 ? NAN : f->values.at[place];
}

static const char *say(double value, const char *format, char out[32]) {
    if (isnan(value))
        snprintf(out, 32, "-");
    else
        snprintf(out, 32, format, value);
    return out;
}

static void print_figure(const char *metric, double a, double b, fv_printer *p) {
    char first[32], second[32], apart[32];
    if (!p->json)
        return fv_print_line(p, "%-32s %10s %10s %10s", metric, say(a, "%.4g", first), say(b, "%.4g", second),
                             say(b - a, "%+.4g", apart));
    fv_print_item(p);
    fv_print_text(p, "metric", metric);
    fv_print_number(p, "first", a);
    fv_print_number(p, "second", b);
    fv_print_number(p, "difference", b - a);
}

/* Those of the first, and those that only the second has. */
static void print_figures(const side *a, const side *b, fv_printer *p) {
    for (int64_t i = 0; i < a->facts.metrics.count; i++)
        print_figure(a->facts.metrics.at[i], a->facts.values.at[i], figure(&b->facts, a->facts.metrics.at[i]), p);
    for (int64_t i = 0; i < b->facts.metrics.count; i++)
        if (fv_model_facts_figure(&a->facts, b->facts.metrics.at[i]) < 0)
            print_figure(b->facts.metrics.at[i], NAN, b->facts.values.at[i], p);
}

static void print_side(const char *prefix, const side *s, fv_printer *p) {
    const char *const keys[] = { "name", "version", "digest", "size", "parameters", "measured_on", "pictures" };
    char key[32];
    for (int i = 0; i < 7; i++) {
        snprintf(key, sizeof key, "%s_%s", prefix, keys[i]);
        if (i == 0) fv_print_text(p, key, s->row->model);
        if (i == 1) fv_print_int(p, key, s->row->number);
        if (i == 2) fv_print_text(p, key, s->row->digest);
        if (i == 3) fv_print_int(p, key, s->row->size);
        if (i == 4) fv_print_int(p, key, s->facts.parameters);
        if (i == 5) fv_print_text(p, key, s->facts.on);
        if (i == 6) fv_print_int(p, key, s->facts.n);
    }
}

static void print_lines(const char *what, const char *lines, fv_printer *p) {
    if (!lines || !*lines) return;
    fv_print_line(p, "\n%s", what);
    fv_print_page(p, lines);
}

static void print(const side *a, const side *b, const texts *t, fv_printer *p) {
    fv_print_record(p);
    print_side("first", a, p);
    print_side("second", b, p);
    fv_print_bool(p, "same_file", !strcmp(a->row->digest, b->row->digest));
    if (p->json) {
        fv_print_list(p, "figures");
        print_figures(a, b, p);
        fv_print_list_end(p);
        fv_print_text(p, "recipe", t->recipe);
        fv_print_text(p, "classes", t->classes);
        fv_print_text(p, "transforms", t->transforms);
        fv_print_text(p, "licences", t->licences);
        fv_print_text(p, "graph", t->graph);
    }
    fv_print_record_end(p);
    if (p->json) return;
    fv_print_line(p, "\n%-32s %10s %10s %10s", "figure", "first", "second", "second − first");
    print_figures(a, b, p);
    print_lines("recipe", t->recipe, p);
    print_lines("classes", t->classes, p);
    print_lines("transforms", t->transforms, p);
    print_lines("licences", t->licences, p);
    print_lines("graph", t->graph, p);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const diff_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    side a = { 0 }, b = { 0 };
    texts t = { 0 };
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    fv_error *error = find(registry, o->first, call->arena, &a);
    if (!error) error = find(registry, o->second, call->arena, &b);
    if (!error) error = compare(registry, o, &a, &b, call->arena, &t);
    if (!error) print(&a, &b, &t, call->printer);
    fv_version_list_release(&a.list);
    fv_version_list_release(&b.list);
    return error;
}

const fv_command fv_command_models_diff = {
    .name = "models diff",
    .summary = "print in what two versions differ",
    .arguments = "VERSION VERSION [options]",
    .description =
        "Figures side by side, as each file has them (which pictures they are of is said: they need not be the same), then\n"
        "the lines in which recipes, classes, transforms, licences and graphs differ: - only the first has, + only the\n"
        "second. Whether one is better on the same pictures `fovea models promote --dry-run` tells.",
    .fields = fields,
    .size = sizeof(diff_options),
    .run = run,
};
