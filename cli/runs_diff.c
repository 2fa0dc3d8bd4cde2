/* runs_diff.c - fovea runs diff: in which parameters and metrics two runs differ. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/run_text.h"
#include "cli/table.h"

#define OUTPUT_BYTES_MAX (1 << 28)

typedef struct diff_options {
    const char *first, *second, *workspace;
} diff_options;

static const fv_field fields[] = {
    FV_FIELD(diff_options, first, .positional = true, .required = true, .value = "RUN",
             .help = "id, first letters of that, or name"),
    FV_FIELD(diff_options, second, .positional = true, .required = true, .value = "RUN", .help = "the other one, likewise"),
    FV_FIELD(diff_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

/* Two lists sorted by key, walked together: the next key, and where each list has it, or -1. */
typedef struct pair {
    const char *key;
    int64_t a, b;
} pair;

static bool next_pair(const char *a_key, const char *b_key, int64_t *a, int64_t *b, pair *out) {
    if (!a_key && !b_key) return false;
    int order = !a_key ? 1 : !b_key ? -1 : strcmp(a_key, b_key);
    *out = (pair){ order <= 0 ? a_key : b_key, order <= 0 ? *a : -1, order >= 0 ? *b : -1 };
    *a += order <= 0;
    *b += order >= 0;
    return true;
}

static const char *param_key(const fv_run_row *run, int64_t i) { return i < run->param_count ? run->params[i].key : NULL; }
static const char *metric_key(const fv_run_row *run, int64_t i) { return i < run->metric_count ? run->metrics[i].key : NULL; }

typedef struct sides {
    const fv_run_row *a, *b;
} sides;

static bool next_param(const sides *s, int64_t *a, int64_t *b, pair *out) {
    while (next_pair(param_key(s->a, *a), param_key(s->b, *b), a, b, out))
        if (out->a < 0 || out->b < 0 || strcmp(s->a->params[out->a].value, s->b->params[out->b].value) != 0) return true;
    return false;
}

static bool next_metric(const sides *s, int64_t *a, int64_t *b, pair *out) {
    while (next_pair(metric_key(s->a, *a), metric_key(s->b, *b), a, b, out)) {
        if (out->a < 0 || out->b < 0) return true;
        double x = s->a->metrics[out->a].last, y = s->b->metrics[out->b].last;
        if (x != y && !(isnan(x) && isnan(y))) return true;
    }
    return false;
}

/* ---- for people ---- */

static fv_error *add_params(const sides *s, fv_table *t, int64_t *count) {
    int64_t a = 0, b = 0;
    for (pair p; next_param(s, &a, &b, &p); ++*count) {
        FV_TRY(fv_table_add(t, p.key));
        FV_TRY(fv_table_add(t, p.a < 0 ? "-" : s->a->params[p.a].value));
        FV_TRY(fv_table_add(t, p.b < 0 ? "-" : s->b->params[p.b].value));
    }
    return NULL;
}

static fv_error *add_metrics(const sides *s, fv_table *t, int64_t *count) {
    int64_t a = 0, b = 0;
    for (pair p; next_metric(s, &a, &b, &p); ++*count) {
        double x = p.a < 0 ? NAN : s->a->metrics[p.a].last, y = p.b < 0 ? NAN : s->b->metrics[p.b].last;
        FV_TRY(fv_table_add(t, p.key));
        FV_TRY(p.a < 0 ? fv_table_add(t, "-") : fv_table_addf(t, "%.5g", x));
        FV_TRY(p.b < 0 ? fv_table_add(t, "-") : fv_table_addf(t, "%.5g", y));
        FV_TRY(isfinite(y - x) ? fv_table_addf(t, "%+.3g", y - x) : fv_table_add(t, NULL));
    }
    return NULL;
}

static fv_error *add_heads(const sides *s, const char *what, fv_table *t) {
    bool same_name = !strcmp(s->a->name, s->b->name);
    FV_TRY(fv_table_add(t, what));
    FV_TRY(fv_table_addf(t, "%.*s", same_name ? FV_RUN_SHORT_LETTERS : 250, same_name ? s->a->id : s->a->name));
    return fv_table_addf(t, "%.*s", same_name ? FV_RUN_SHORT_LETTERS : 250, same_name ? s->b->id : s->b->name);
}

static fv_error *print_text(const sides *s, fv_arena *arena, fv_printer *p) {
    static const bool left[3], right[] = { false, true, true, true };
    fv_table params, metrics;
    int64_t param_count = 0, metric_count = 0;
    fv_table_init(&params, arena, 3, left);
    fv_table_init(&metrics, arena, 4, right);
    FV_TRY(add_heads(s, "parameter", &params));
    FV_TRY(add_heads(s, "metric, last value", &metrics));
    FV_TRY(fv_table_add(&metrics, "difference"));
    FV_TRY(add_params(s, &params, &param_count));
    FV_TRY(add_metrics(s, &metrics, &metric_count));
    if (!param_count && !metric_count) fv_print_line(p, "no parameter and no metric differs");
    if (param_count) FV_TRY(fv_table_print(&params, p));
    if (param_count && metric_count) fv_print_line(p, "%s", "");
    return metric_count ? fv_table_print(&metrics, p) : NULL;
}

/* ---- for programs ---- */

static void add_sides(const char *key, int64_t number, fv_text *out) {
    if (number) fv_text_add(out, ",");
    fv_text_add_json(out, key);
    fv_text_add(out, ":[");
}

static void add_param(const fv_run_row *run, int64_t i, fv_text *out) {
    if (i < 0)
        fv_text_add(out, "null");
    else
        fv_text_add_json(out, run->params[i].value);
}

static fv_error *print_json(const sides *s, fv_printer *p) {
    FV_TEXT(text, OUTPUT_BYTES_MAX);
    pair pair;
    int64_t a = 0, b = 0;
    fv_text_addf(&text, "{\"runs\":[\"%s\",\"%s\"],\"params\":{", s->a->id, s->b->id);
    for (int64_t i = 0; next_param(s, &a, &b, &pair); i++) {
        add_sides(pair.key, i, &text);
        add_param(s->a, pair.a, &text);
        fv_text_add(&text, ",");
        add_param(s->b, pair.b, &text);
        fv_text_add(&text, "]");
    }
    fv_text_add(&text, "},\"metrics\":{");
    a = b = 0;
    for (int64_t i = 0; next_metric(s, &a, &b, &pair); i++) {
        add_sides(pair.key, i, &text);
        fv_number_json(pair.a < 0 ? NAN : s->a->metrics[pair.a].last, &text);
        fv_text_add(&text, ",");
        fv_number_json(pair.b < 0 ? NAN : s->b->metrics[pair.b].last, &text);
        fv_text_add(&text, "]");
    }
    fv_text_add(&text, "}}");
    FV_TRY(fv_text_error(&text));
    fv_print_object(p, text.at);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const diff_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_run_list a, b = { 0 };
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_run_find(registry, o->first, &a));
    fv_error *error = fv_run_find(registry, o->second, &b);
    if (!error) {
        sides s = { &a.rows[0], &b.rows[0] };
        error = call->printer->json ? print_json(&s, call->printer) : print_text(&s, call->arena, call->printer);
    }
    fv_run_list_release(&a);
    fv_run_list_release(&b);
    return error;
}

const fv_command fv_command_runs_diff = {
    .name = "runs diff",
    .summary = "print the parameters and metrics in which two runs differ",
    .arguments = "A B [options]",
    .description = "Whether a difference in metrics is more than chance `fovea runs compare` says.\n"
                   "JSON: {runs, params, metrics}: of each key the values of A and B, null where one has none.",
    .fields = fields,
    .size = sizeof(diff_options),
    .run = run,
};
