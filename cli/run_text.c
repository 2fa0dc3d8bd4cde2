/* run_text.c - runs as JSON and for people. */
#include "cli/run_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const fv_metric_summary *fv_run_metric(const fv_run_row *run, const char *key) {
    for (int64_t i = 0; i < run->metric_count; i++)
        if (!strcmp(run->metrics[i].key, key)) return &run->metrics[i];
    return NULL;
}

const char *fv_run_param(const fv_run_row *run, const char *key) {
    for (int64_t i = 0; i < run->param_count; i++)
        if (!strcmp(run->params[i].key, key)) return run->params[i].value;
    return NULL;
}

const char *fv_duration(int64_t milliseconds, char out[FV_DURATION_LETTERS]) {
    long long seconds = milliseconds / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (!minutes)
        snprintf(out, FV_DURATION_LETTERS, "%.1fs", (double)milliseconds / 1e3);
    else if (!hours)
        snprintf(out, FV_DURATION_LETTERS, "%lld:%02lld", minutes, seconds % 60);
    else if (days < 2)
        snprintf(out, FV_DURATION_LETTERS, "%lld:%02lld:%02lld", hours, minutes % 60, seconds % 60);
    else
        snprintf(out, FV_DURATION_LETTERS, "%lldd %lldh", days, hours % 24);
    return out;
}

const char *fv_ago(int64_t milliseconds, char out[FV_DURATION_LETTERS]) {
    long long seconds = milliseconds > 0 ? milliseconds / 1000 : 0, minutes = seconds / 60, hours = minutes / 60;
    long long number = hours >= 48 ? hours / 24 : hours ? hours : minutes ? minutes : seconds;
    snprintf(out, FV_DURATION_LETTERS, "%lld %s ago", number, hours >= 48 ? "d" : hours ? "h" : minutes ? "min" : "s");
    return out;
}

/* ---- JSON ---- */

void fv_number_json(double value, fv_text *out) {
    if (isfinite(value))
        fv_text_add_number(out, value);
    else
        fv_text_add(out, "null");
}

void fv_pairs_json(const fv_key_value *pairs, int64_t count, fv_text *out) {
    fv_text_add(out, "{");
    for (int64_t i = 0; i < count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, pairs[i].key);
        fv_text_add(out, ":");
        fv_text_add_json(out, pairs[i].value);
    }
    fv_text_add(out, "}");
}

static void add_text(const char *key, const char *value, fv_text *out) {
    fv_text_addf(out, ",\"%s\":", key);
    if (*value)
        fv_text_add_json(out, value);
    else
        fv_text_add(out, "null");
}

/* "2026-11-29T14:08:12.345Z"; 0 is null. */
static void add_time(const char *key, int64_t milliseconds, fv_text *out) {
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm moment;
    char text[64] = "";
    gmtime_r(&seconds, &moment);
    if (milliseconds) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &moment);
    if (milliseconds)
        fv_text_addf(out, ",\"%s\":\"%s.%03dZ\"", key, text, (int)(milliseconds % 1000));
    else
        fv_text_addf(out, ",\"%s\":null", key);
}

static void add_metrics(const fv_run_row *run, bool best, fv_text *out) {
    int64_t added = 0;
    fv_text_addf(out, ",\"%s\":{", best ? "best" : "metrics");
    for (int64_t i = 0; i < run->metric_count; i++) {
        const fv_metric_summary *m = &run->metrics[i];
        if (best && !m->direction) continue;
        if (added++) fv_text_add(out, ",");
        fv_text_add_json(out, m->key);
        fv_text_add(out, ":");
        fv_number_json(best ? m->best : m->last, out);
    }
    fv_text_add(out, "}");
}

static void add_extreme(const char *key, double value, int64_t step, fv_text *out) {
    fv_text_addf(out, ",\"%s\":", key);
    fv_number_json(value, out);
    fv_text_addf(out, ",\"%s_step\":", key);
    if (isnan(value))
        fv_text_add(out, "null");
    else
        fv_text_addf(out, "%lld", (long long)step);
}

static void add_summaries(const fv_run_row *run, fv_text *out) {
    fv_text_add(out, ",\"summaries\":{");
    for (int64_t i = 0; i < run->metric_count; i++) {
        const fv_metric_summary *m = &run->metrics[i];
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, m->key);
        fv_text_addf(out, ":{\"count\":%lld,\"direction\":%d,\"last\":", (long long)m->count, m->direction);
        fv_number_json(m->last, out);
        fv_text_addf(out, ",\"last_step\":%lld", (long long)m->last_step);
        add_extreme("best", m->best, m->best_step, out);
        add_extreme("min", m->min, m->min_step, out);
        add_extreme("max", m->max, m->max_step, out);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "}");
}

void fv_run_json(const fv_run_row *run, fv_text *out) {
    fv_text_addf(out, "{\"id\":\"%s\",\"name\":", run->id);
    fv_text_add_json(out, run->name);
    fv_text_addf(out, ",\"status\":\"%s\",\"kind\":\"%s\"", fv_run_status_name(run->status), fv_run_kind_name(run->kind));
    add_text("experiment", run->experiment, out);
    add_text("parent", run->parent, out);
    fv_text_add(out, ",\"params\":");
    fv_pairs_json(run->params, run->param_count, out);
    add_metrics(run, false, out);
    add_metrics(run, true, out);
    fv_text_add(out, ",\"tags\":");
    fv_pairs_json(run->tags, run->tag_count, out);
    add_time("started", run->started_ms, out);
    add_time("ended", run->ended_ms, out);
    fv_text_addf(out, ",\"deleted\":%s", run->deleted ? "true" : "false");
}

void fv_run_json_more(const fv_run_row *run, fv_text *out) {
    add_text("user", run->user, out);
    add_text("host", run->host, out);
    add_text("folder", run->folder, out);
    add_text("seed_group", run->seed_group, out);
    add_text("error", run->error, out);
    add_text("holder", run->holder, out);
    fv_text_addf(out, ",\"stop_asked\":%s", run->stop_asked ? "true" : "false");
    add_summaries(run, out);
}
