/* models_diff.c - fovea models diff: in what two versions differ. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/diff.h"
#include "cli/table.h"
#include "core/base/size.h"
#include "experiments/model_differences.h"
#include "experiments/register.h"

#define TEXT_BYTES_MAX (1 << 26)
#define LINES_SHOWN 10 /* of a list, for people; JSON has all */
#define DIGEST_SHOWN 12

typedef struct diff_options {
    const char *first, *second, *workspace;
    bool graph;
} diff_options;

static const fv_field fields[] = {
    FV_FIELD(diff_options, first, .positional = true, .required = true, .value = "VERSION",
             .help = "NAME/3, NAME@ALIAS, or NAME for the newest"),
    FV_FIELD(diff_options, second, .positional = true, .required = true, .value = "VERSION", .help = "the other one, likewise"),
    FV_FIELD(diff_options, graph, .by_default = "false", .help = "print each line in which the graphs differ, too"),
    FV_FIELD(diff_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

typedef struct side {
    fv_version_list list;
    const fv_version_row *row;
    fv_model_facts facts;
    fv_predictor *predictor;
    const char *name; /* "cells/1" */
} side;

typedef struct setting {
    const char *key;
    const char *values[2]; /* NULL: it has none */
} setting;

typedef struct differences {
    fv_model_differences model;
    setting *settings;
    int64_t setting_count;
    const char *classes, *transforms, *licences, *graph; /* lines that differ; "" where none do, NULL: not asked for */
} differences;

/* ---- comparing ---- */

static fv_error *find(fv_registry *registry, const char *reference, fv_arena *arena, side *s) {
    FV_TRY(fv_version_find(registry, reference, &s->list));
    s->row = &s->list.rows[0];
    FV_TRY(fv_arena_format(arena, &s->name, "%s/%lld", s->row->model, (long long)s->row->number));
    FV_TRY(fv_fields_from_json(fv_model_facts_fields, &s->facts, s->row->facts, "the version's facts", arena));
    return fv_version_open(registry, s->row, &(fv_predictor_options){ .no_selftest = true }, &s->predictor);
}

static void release(side *s) {
    fv_predictor_free(s->predictor);
    fv_version_list_release(&s->list);
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

static fv_error *diff_licences(const side sides[2], fv_arena *arena, const char **out) {
    FV_TEXT(first, TEXT_BYTES_MAX);
    FV_TEXT(second, TEXT_BYTES_MAX);
    fv_text *both[] = { &first, &second };
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < sides[i].row->licence_count; k++) {
            const fv_licence_of *l = &sides[i].row->licences[k];
            fv_text_addf(both[i], "%s: %s%s%s\n", l->of, l->licence, *l->from ? ", by way of " : "", l->from);
        }
    fv_text_fail(&first, fv_text_error(&second));
    FV_TRY(fv_text_error(&first));
    return diff_texts(first.at, second.at, arena, out);
}

/* ---- settings ---- */

static setting *find_setting(const differences *d, const char *key, size_t length) {
    for (int64_t i = 0; i < d->setting_count; i++)
        if (strlen(d->settings[i].key) == length && !strncmp(d->settings[i].key, key, length)) return &d->settings[i];
    return NULL;
}

/* "size=48,48 loss=\"cross_entropy label_smoothing=0.05\"": a blank between quotes belongs to the value. */
static size_t value_length(const char *value) {
    bool quoted = false;
    size_t length = 0;
    for (; value[length] && (quoted || value[length] != ' '); length++)
        if (value[length] == '"' && (!length || value[length - 1] != '\\')) quoted = !quoted;
    return length;
}

static fv_error *add_settings(const char *recipe, int side, fv_arena *arena, differences *d) {
    for (const char *at = recipe + strspn(recipe, " "); *at; at += strspn(at, " ")) {
        size_t key = strcspn(at, "= "), length = at[key] == '=' ? value_length(at + key + 1) : 0;
        setting *s = find_setting(d, at, key);
        if (!s) s = &d->settings[d->setting_count++];
        FV_TRY(fv_arena_format(arena, &s->key, "%.*s", (int)key, at));
        FV_TRY(fv_arena_format(arena, &s->values[side], "%.*s", (int)length, at + key + (at[key] == '=')));
        at += key + (at[key] == '=') + length;
    }
    return NULL;
}

static int64_t count_settings(const char *recipe) {
    int64_t most = 1;
    for (; *recipe; recipe++) most += *recipe == ' ';
    return most;
}

static bool is_same(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }

/* Those that differ, the network first. */
static fv_error *diff_settings(const side sides[2], fv_arena *arena, differences *d) {
    int64_t kept = 0, room = 1;
    for (int i = 0; i < 2; i++) room += sides[i].facts.recipe ? count_settings(sides[i].facts.recipe) : 0;
    FV_TRY(fv_arena_take(arena, room, &d->settings));
    d->settings[d->setting_count++] = (setting){ "arch", { sides[0].facts.arch, sides[1].facts.arch } };
    for (int i = 0; i < 2; i++)
        if (sides[i].facts.recipe) FV_TRY(add_settings(sides[i].facts.recipe, i, arena, d));
    for (int64_t i = 0; i < d->setting_count; i++)
        if (!is_same(d->settings[i].values[0], d->settings[i].values[1])) d->settings[kept++] = d->settings[i];
    d->setting_count = kept;
    return NULL;
}

static fv_error *compare(const diff_options *o, const side sides[2], fv_arena *arena, differences *out) {
    const fv_model_facts *a = &sides[0].facts, *b = &sides[1].facts;
    FV_TRY(
        fv_models_differ(fv_predictor_model(sides[0].predictor), fv_predictor_model(sides[1].predictor), arena, &out->model));
    FV_TRY(diff_settings(sides, arena, out));
    FV_TRY(diff_lists(&a->classes, &b->classes, arena, &out->classes));
    FV_TRY(diff_lists(&a->transforms, &b->transforms, arena, &out->transforms));
    FV_TRY(diff_licences(sides, arena, &out->licences));
    if (o->graph) FV_TRY(diff_texts(out->model.texts[0], out->model.texts[1], arena, &out->graph));
    return NULL;
}

/* ---- for programs ---- */

static double figure(const fv_model_facts *f, const char *metric) {
    int64_t place = fv_model_facts_figure(f, metric);
    return place < 0 ? NAN : f->values.at[place];
}

static void print_figure(const char *metric, double a, double b, fv_printer *p) {
    fv_print_item(p);
    fv_print_text(p, "metric", metric);
    fv_print_number(p, "first", a);
    fv_print_number(p, "second", b);
    fv_print_number(p, "difference", b - a);
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

static void print_pair(const char *key, const char *name, const char *const values[2], fv_printer *p) {
    fv_print_item(p);
    fv_print_text(p, key, name);
    fv_print_text(p, "first", values[0]);
    fv_print_text(p, "second", values[1]);
}

static void print_lists(const differences *d, fv_printer *p) {
    const fv_model_differences *m = &d->model;
    fv_print_list(p, "settings");
    for (int64_t i = 0; i < d->setting_count; i++) print_pair("key", d->settings[i].key, d->settings[i].values, p);
    fv_print_list_end(p);
    fv_print_list(p, "shapes");
    for (int64_t i = 0; i < m->shape_count; i++) print_pair("weight", m->shapes[i].name, m->shapes[i].type, p);
    fv_print_list_end(p);
    fv_print_list(p, "ops");
    for (int64_t i = 0; i < m->op_count; i++) {
        fv_print_item(p);
        fv_print_text(p, "op", m->ops[i].op);
        fv_print_int(p, "first", m->ops[i].nodes[0]);
        fv_print_int(p, "second", m->ops[i].nodes[1]);
    }
    fv_print_list_end(p);
}

static void print_counts(const fv_model_differences *m, fv_printer *p) {
    fv_print_texts(p, "sections", m->sections.at, m->sections.count);
    fv_print_int(p, "first_nodes", m->nodes[0]);
    fv_print_int(p, "second_nodes", m->nodes[1]);
    fv_print_int(p, "first_only_nodes", m->nodes_only[0]);
    fv_print_int(p, "second_only_nodes", m->nodes_only[1]);
    fv_print_int(p, "changed_nodes", m->nodes_changed);
    fv_print_int(p, "first_weights", m->weights[0]);
    fv_print_int(p, "second_weights", m->weights[1]);
    fv_print_int(p, "changed_weights", m->values);
}

/* Those of the first, and those that only the second has. */
static void print_figures(const fv_model_facts *a, const fv_model_facts *b, fv_printer *p) {
    fv_print_list(p, "figures");
    for (int64_t i = 0; i < a->metrics.count; i++)
        print_figure(a->metrics.at[i], a->values.at[i], figure(b, a->metrics.at[i]), p);
    for (int64_t i = 0; i < b->metrics.count; i++)
        if (fv_model_facts_figure(a, b->metrics.at[i]) < 0) print_figure(b->metrics.at[i], NAN, b->values.at[i], p);
    fv_print_list_end(p);
}

static void print_json(const side sides[2], const differences *d, fv_printer *p) {
    fv_print_record(p);
    print_side("first", &sides[0], p);
    print_side("second", &sides[1], p);
    fv_print_bool(p, "same_file", !strcmp(sides[0].row->digest, sides[1].row->digest));
    print_figures(&sides[0].facts, &sides[1].facts, p);
    print_lists(d, p);
    print_counts(&d->model, p);
    fv_print_text(p, "classes", d->classes);
    fv_print_text(p, "transforms", d->transforms);
    fv_print_text(p, "licences", d->licences);
    fv_print_text(p, "graph", d->graph);
    fv_print_record_end(p);
}

/* ---- for people ---- */

static fv_error *begin_table(const char *head, const side sides[2], int columns, fv_arena *arena, fv_table *t) {
    static const bool left[3], right[] = { false, true, true, true };
    fv_table_init(t, arena, columns, columns == 4 ? right : left);
    FV_TRY(fv_table_add(t, head));
    for (int i = 0; i < 2; i++) FV_TRY(fv_table_add(t, sides[i].name));
    return columns == 4 ? fv_table_add(t, "difference") : NULL;
}

static fv_error *add_row(fv_table *t, const char *key, const char *const values[2]) {
    FV_TRY(fv_table_add(t, key));
    for (int i = 0; i < 2; i++) FV_TRY(fv_table_add(t, values[i] ? values[i] : "–"));
    return NULL;
}

static fv_error *say_sides(const side sides[2], fv_arena *arena, fv_printer *p) {
    fv_table t;
    FV_TRY(begin_table("version", sides, 3, arena, &t));
    FV_TRY(fv_table_add(&t, "digest"));
    for (int i = 0; i < 2; i++) FV_TRY(fv_table_addf(&t, "%.*s", DIGEST_SHOWN, sides[i].row->digest));
    FV_TRY(fv_table_add(&t, "bytes"));
    for (int i = 0; i < 2; i++) FV_TRY(fv_table_addf(&t, "%lld", (long long)sides[i].row->size));
    FV_TRY(fv_table_add(&t, "parameters"));
    for (int i = 0; i < 2; i++) FV_TRY(fv_table_addf(&t, "%lld", (long long)sides[i].facts.parameters));
    FV_TRY(fv_table_add(&t, "measured on"));
    for (int i = 0; i < 2; i++) {
        const fv_model_facts *f = &sides[i].facts;
        FV_TRY(f->on ? fv_table_addf(&t, "%s, %lld pictures", f->on, (long long)f->n) : fv_table_add(&t, "–"));
    }
    return fv_table_print(&t, p);
}

static fv_error *add_figure(fv_table *t, const char *metric, double a, double b) {
    FV_TRY(fv_table_add(t, metric));
    FV_TRY(isnan(a) ? fv_table_add(t, "–") : fv_table_addf(t, "%.4g", a));
    FV_TRY(isnan(b) ? fv_table_add(t, "–") : fv_table_addf(t, "%.4g", b));
    return isnan(b - a) ? fv_table_add(t, "–") : fv_table_addf(t, "%+.4g", b - a);
}

static fv_error *say_figures(const side sides[2], fv_arena *arena, fv_printer *p) {
    const fv_model_facts *a = &sides[0].facts, *b = &sides[1].facts;
    fv_table t;
    if (!a->metrics.count && !b->metrics.count) return NULL;
    FV_TRY(begin_table("figure", sides, 4, arena, &t));
    for (int64_t i = 0; i < a->metrics.count; i++)
        FV_TRY(add_figure(&t, a->metrics.at[i], a->values.at[i], figure(b, a->metrics.at[i])));
    for (int64_t i = 0; i < b->metrics.count; i++)
        if (fv_model_facts_figure(a, b->metrics.at[i]) < 0) FV_TRY(add_figure(&t, b->metrics.at[i], NAN, b->values.at[i]));
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

static fv_error *say_settings(const side sides[2], const differences *d, fv_arena *arena, fv_printer *p) {
    fv_table t;
    if (!d->setting_count) return NULL;
    FV_TRY(begin_table("setting", sides, 3, arena, &t));
    for (int64_t i = 0; i < d->setting_count; i++) FV_TRY(add_row(&t, d->settings[i].key, d->settings[i].values));
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

static fv_error *say_shapes(const side sides[2], const fv_model_differences *m, fv_arena *arena, fv_printer *p) {
    fv_table t;
    if (!m->shape_count) return NULL;
    FV_TRY(begin_table("weights", sides, 3, arena, &t));
    for (int64_t i = 0; i < fv_min(m->shape_count, LINES_SHOWN); i++) FV_TRY(add_row(&t, m->shapes[i].name, m->shapes[i].type));
    if (m->shape_count > LINES_SHOWN) FV_TRY(fv_table_notef(&t, "and %lld more", (long long)(m->shape_count - LINES_SHOWN)));
    fv_print_line(p, "%s", "");
    return fv_table_print(&t, p);
}

/* The first of them: JSON has all. */
static fv_error *say_lines(const char *what, const char *lines, bool all, fv_printer *p) {
    FV_TEXT(shown, TEXT_BYTES_MAX);
    int64_t count = 0;
    if (!lines || !*lines) return NULL;
    fv_print_line(p, "\n%s", what);
    for (const char *at = lines; *at; count++) {
        size_t length = strcspn(at, "\n") + 1;
        if (all || count < LINES_SHOWN) fv_text_add_bytes(&shown, at, (int64_t)length);
        at += length;
    }
    if (!all && count > LINES_SHOWN) fv_text_addf(&shown, "and %lld lines more\n", (long long)(count - LINES_SHOWN));
    FV_TRY(fv_text_error(&shown));
    fv_print_page(p, shown.at);
    return NULL;
}

static fv_error *say_graph(const side sides[2], const differences *d, fv_printer *p) {
    const fv_model_differences *m = &d->model;
    FV_TEXT(line, TEXT_BYTES_MAX);
    fv_text_addf(&line, "\ngraph: %lld and %lld nodes, %lld of them changed", (long long)m->nodes[0], (long long)m->nodes[1],
                 (long long)m->nodes_changed);
    for (int i = 0; i < 2; i++)
        if (m->nodes_only[i]) fv_text_addf(&line, ", %lld only in %s", (long long)m->nodes_only[i], sides[i].name);
    for (int64_t i = 0; i < m->op_count; i++)
        fv_text_addf(&line, "%s%s %lld and %lld", i ? ", " : "; ", m->ops[i].op, (long long)m->ops[i].nodes[0],
                     (long long)m->ops[i].nodes[1]);
    bool differ = m->nodes_changed || m->nodes_only[0] || m->nodes_only[1];
    if (differ && !d->graph) fv_text_add(&line, " (each line: --graph)");
    fv_text_addf(&line, "\nweights: %lld and %lld, %lld of another shape or in one only, %lld with other numbers",
                 (long long)m->weights[0], (long long)m->weights[1], (long long)m->shape_count, (long long)m->values);
    fv_text_add(&line, "\nsections that differ: ");
    for (int64_t i = 0; i < m->sections.count; i++) fv_text_addf(&line, "%s%s", i ? ", " : "", m->sections.at[i]);
    if (!m->sections.count) fv_text_add(&line, "none");
    FV_TRY(fv_text_error(&line));
    fv_print_line(p, "%s", line.at);
    return NULL;
}

static fv_error *say(const side sides[2], const differences *d, fv_arena *arena, fv_printer *p) {
    FV_TRY(say_sides(sides, arena, p));
    if (!strcmp(sides[0].row->digest, sides[1].row->digest)) return fv_print_line(p, "\nthe very same file"), NULL;
    FV_TRY(say_figures(sides, arena, p));
    FV_TRY(say_settings(sides, d, arena, p));
    FV_TRY(say_lines("classes", d->classes, false, p));
    FV_TRY(say_lines("transforms", d->transforms, false, p));
    FV_TRY(say_lines("licences", d->licences, false, p));
    FV_TRY(say_graph(sides, d, p));
    FV_TRY(say_shapes(sides, &d->model, arena, p));
    return say_lines("graph", d->graph, true, p);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const diff_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    side sides[2] = { 0 };
    differences d = { 0 };
    FV_TRY(fv_arena_new("the differences of two versions", INT64_C(1) << 30, &arena));
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    fv_error *error = find(registry, o->first, arena, &sides[0]);
    if (!error) error = find(registry, o->second, arena, &sides[1]);
    if (!error) error = compare(o, sides, arena, &d);
    if (!error && call->printer->json) print_json(sides, &d, call->printer);
    if (!error && !call->printer->json) error = say(sides, &d, arena, call->printer);
    release(&sides[0]);
    release(&sides[1]);
    return error;
}

const fv_command fv_command_models_diff = {
    .name = "models diff",
    .summary = "print in what two versions differ",
    .arguments = "VERSION VERSION [options]",
    .description =
        "Figures side by side, as each file has them (which pictures they are of is said: they need not be the same), the\n"
        "settings that differ, lines of classes, transforms and licences (- only the first has, + only the second), and how\n"
        "many nodes, weights and sections of the files differ. With --graph the graphs line by line, at a batch of 1.\n"
        "Whether one is better on the same pictures `fovea models promote --dry-run` tells.",
    .fields = fields,
    .size = sizeof(diff_options),
    .run = run,
};
