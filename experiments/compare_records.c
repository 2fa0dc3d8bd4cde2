/* compare_records.c - a comparison for programs: JSON and CSV. */
#include <math.h>
#include <string.h>

#include "experiments/compare.h"

/* ---- JSON ---- */

static char last_letter(const fv_text *text) { return text->length ? text->at[text->length - 1] : 0; }

/* "key": with a comma in front where it is not the first. */
static void add_key(fv_text *out, const char *key) {
    char last = last_letter(out);
    if (last != '{' && last != '[') fv_text_add(out, ",");
    fv_text_add_json(out, key);
    fv_text_add(out, ":");
}

static void add_text(fv_text *out, const char *key, const char *value) {
    add_key(out, key);
    if (value)
        fv_text_add_json(out, value);
    else
        fv_text_add(out, "null");
}

static void add_value(fv_text *out, double value) {
    if (isfinite(value))
        fv_text_add_number(out, value);
    else
        fv_text_add(out, "null");
}

static void add_number(fv_text *out, const char *key, double value) {
    add_key(out, key);
    add_value(out, value);
}

static void add_int(fv_text *out, const char *key, int64_t value) {
    add_key(out, key);
    fv_text_addf(out, "%lld", (long long)value);
}

static void add_bool(fv_text *out, const char *key, bool value) {
    add_key(out, key);
    fv_text_add(out, value ? "true" : "false");
}

static void add_interval(fv_text *out, fv_interval interval) {
    add_key(out, "interval");
    if (isnan(interval.low)) return fv_text_add(out, "null");
    fv_text_add(out, "[");
    add_value(out, interval.low);
    fv_text_add(out, ",");
    add_value(out, interval.high);
    fv_text_add(out, "]");
}

/* Opens an object or list that is an item of a list. */
static void open_item(fv_text *out) { fv_text_add(out, last_letter(out) == '[' ? "{" : ",{"); }

static void add_metrics(const fv_run_facts *run, fv_text *out) {
    add_key(out, "metrics");
    fv_text_add(out, "{");
    for (int64_t i = 0; i < run->metric_count; i++) {
        const fv_run_metric *m = &run->metrics[i];
        add_key(out, m->key);
        fv_text_add(out, "{");
        add_number(out, "best", m->best);
        add_int(out, "best_step", m->best_step);
        add_number(out, "last", m->last);
        add_int(out, "last_step", m->last_step);
        add_number(out, "min", m->min);
        add_int(out, "min_step", m->min_step);
        add_number(out, "max", m->max);
        add_int(out, "max_step", m->max_step);
        add_bool(out, "lower_is_better", m->lower_is_better);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "}");
}

static void add_test_pictures(const fv_run_outcomes *o, fv_text *out) {
    add_key(out, "test");
    if (!o) return fv_text_add(out, "null");
    fv_text_add(out, "{");
    add_text(out, "on", o->on);
    add_bool(out, "selected_on", o->selected_on);
    add_int(out, "pictures", o->count);
    add_text(out, "fingerprint", o->fingerprint);
    fv_text_add(out, "}");
}

static void add_run(const fv_comparison *c, int64_t r, fv_text *out) {
    const fv_run_facts *run = &c->runs[r];
    open_item(out);
    add_text(out, "id", run->id);
    add_text(out, "name", run->name);
    add_text(out, "group", c->groups[c->group_of[r]].name);
    add_text(out, "seed", fv_run_param_get(run, "seed"));
    add_number(out, "value", c->values[r]);
    add_interval(out, c->intervals[r]);
    add_test_pictures(run->outcomes, out);
    add_key(out, "params");
    fv_text_add(out, "{");
    for (int64_t i = 0; i < run->param_count; i++) add_text(out, run->params[i].key, run->params[i].value);
    fv_text_add(out, "}");
    add_metrics(run, out);
    fv_text_add(out, "}");
}

static void add_difference(const fv_comparison *c, const fv_run_difference *d, fv_text *out) {
    open_item(out);
    add_text(out, "key", d->key);
    add_key(out, "values");
    fv_text_add(out, "{");
    for (int64_t r = 0; r < c->run_count; r++) add_text(out, c->runs[r].name, d->values[r]);
    fv_text_add(out, "}}");
}

static void add_group(const fv_comparison *c, const fv_run_group *group, fv_text *out) {
    open_item(out);
    add_text(out, "name", group->name);
    add_key(out, "runs");
    for (int64_t i = 0; i < group->count; i++) {
        fv_text_add(out, i ? "," : "[");
        fv_text_add_json(out, c->runs[group->runs[i]].name);
    }
    fv_text_add(out, "]");
    add_int(out, "n", group->mean.count);
    add_number(out, "mean", group->mean.mean);
    add_number(out, "sd", group->mean.sd);
    fv_text_add(out, "}");
}

static void add_verdict(const fv_verdict *v, const char *first, const char *second, fv_text *out) {
    add_text(out, "first", first);
    add_text(out, "second", second);
    add_text(out, "verdict", fv_verdict_name(v->kind));
    add_text(out, "metric", v->metric);
    add_number(out, "first_value", v->first);
    add_number(out, "second_value", v->second);
    add_number(out, "gain", v->gain);
    add_interval(out, v->interval);
    add_number(out, "p", v->p);
    add_text(out, "test", v->test);
    add_text(out, "reason", v->reason);
    add_text(out, "text", v->text);
}

static void add_pair(const fv_comparison *c, const fv_pair_verdict *p, fv_text *out) {
    const fv_mcnemar *m = &p->mcnemar;
    open_item(out);
    add_verdict(&p->verdict, c->runs[p->first].name, c->runs[p->second].name, out);
    add_key(out, "mcnemar");
    if (p->pair.of[0].kind != FV_ONE_CLASS || !p->pair.of[0].count) {
        fv_text_add(out, "null}");
        return;
    }
    fv_text_add(out, "{");
    add_int(out, "only_first", m->only_first);
    add_int(out, "only_second", m->only_second);
    add_number(out, "exact", m->exact);
    add_number(out, "mid_p", m->mid_p);
    add_number(out, "chi_squared", m->chi_squared);
    add_number(out, "corrected", m->corrected);
    fv_text_add(out, "}}");
}

void fv_comparison_to_json(const fv_comparison *c, fv_text *out) {
    fv_text_add(out, "{");
    add_text(out, "metric", c->metric);
    add_bool(out, "of_pictures", c->of_pictures);
    add_bool(out, "lower_is_better", c->lower_is_better);
    add_number(out, "confidence", c->confidence);
    add_key(out, "runs");
    fv_text_add(out, "[");
    for (int64_t r = 0; r < c->run_count; r++) add_run(c, r, out);
    fv_text_add(out, "]");
    add_key(out, "differences");
    fv_text_add(out, "[");
    for (int64_t i = 0; i < c->difference_count; i++) add_difference(c, &c->differences[i], out);
    fv_text_add(out, "]");
    add_key(out, "groups");
    fv_text_add(out, "[");
    for (int64_t g = 0; g < c->group_count; g++) add_group(c, &c->groups[g], out);
    fv_text_add(out, "]");
    add_key(out, "group_verdicts");
    fv_text_add(out, "[");
    for (int64_t i = 0; i < c->group_verdict_count; i++) {
        const fv_group_verdict *v = &c->group_verdicts[i];
        open_item(out);
        add_verdict(&v->verdict, c->groups[v->first].name, c->groups[v->second].name, out);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
    add_key(out, "pairs");
    fv_text_add(out, "[");
    for (int64_t i = 0; i < c->pair_count; i++) add_pair(c, &c->pairs[i], out);
    fv_text_add(out, "]}");
}

/* ---- CSV ---- */

/* Quoted where it must be; and what a spreadsheet would take for a formula is kept a text by a quote in front. */
static void add_cell(fv_text *out, const char *value) {
    if (out->length && last_letter(out) != '\n') fv_text_add(out, ",");
    if (!value || !*value) return fv_text_add(out, value ? "\"\"" : "");
    bool formula = strchr("=+-@\t", *value) && !fv_text_to_number(value, &(double){ 0 });
    if (!formula && !strpbrk(value, ",\"\r\n")) return fv_text_add(out, value);
    fv_text_add(out, formula ? "\"'" : "\"");
    for (; *value; value++) fv_text_add_bytes(out, value[0] == '"' ? "\"\"" : value, value[0] == '"' ? 2 : 1);
    fv_text_add(out, "\"");
}

static void add_cell_number(fv_text *out, double value) {
    FV_TEXT(text, 64);
    if (isfinite(value)) fv_text_add_number(&text, value);
    add_cell(out, text.length ? text.at : NULL);
    fv_text_fail(out, fv_text_error(&text));
}

/* Keys of figures that any run has, in the order in which they come. */
static bool is_first(const fv_comparison *c, int64_t run, int64_t metric) {
    for (int64_t r = 0; r < run; r++)
        if (fv_run_metric_get(&c->runs[r], c->runs[run].metrics[metric].key)) return false;
    return true;
}

static void add_row(const fv_comparison *c, int64_t row, fv_text *out) {
    const fv_run_facts *run = row < 0 ? NULL : &c->runs[row];
    add_cell(out, run ? run->name : "run");
    add_cell(out, run ? run->id : "id");
    add_cell(out, run ? c->groups[c->group_of[row]].name : "group");
    for (int64_t i = 0; i < c->difference_count; i++)
        add_cell(out, run ? c->differences[i].values[row] : c->differences[i].key);
    if (c->metric && c->of_pictures) {
        if (!run) add_cell(out, c->metric), add_cell(out, "low"), add_cell(out, "high");
        if (run) add_cell_number(out, c->values[row]);
        if (run) add_cell_number(out, c->intervals[row].low), add_cell_number(out, c->intervals[row].high);
    }
    for (int64_t r = 0; r < c->run_count; r++)
        for (int64_t i = 0; i < c->runs[r].metric_count; i++) {
            const char *key = c->runs[r].metrics[i].key;
            const fv_run_metric *m = run ? fv_run_metric_get(run, key) : NULL;
            if (!is_first(c, r, i)) continue;
            if (!run) add_cell(out, key);
            if (run) add_cell_number(out, m ? m->best : NAN);
        }
    fv_text_add(out, "\r\n");
}

void fv_comparison_to_csv(const fv_comparison *c, fv_text *out) {
    for (int64_t row = -1; row < c->run_count; row++) add_row(c, row, out);
}
