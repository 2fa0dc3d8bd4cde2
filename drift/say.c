/* shared: say.c - see say.h. */
#include "drift/say.h"

#include <math.h>
#include <string.h>

/* ---- in words ---- */

void fv_drift_say(const fv_drift_finding *f, fv_text *out) {
    if (!strcmp(f->on, FV_DRIFT_ON_CLASSES))
        fv_text_addf(out, "the class mix changed by a Jensen-Shannon distance of %.3g", f->value);
    else if (!strcmp(f->on, FV_DRIFT_ON_FEATURES))
        fv_text_addf(out, "a classifier tells the features from the reference's with an area under ROC of %.3g", f->value);
    else
        fv_text_addf(out, "%s moved by %.3g standard deviations, from %.4g to %.4g", f->on, f->value, f->reference_mean,
                     f->mean);
    fv_text_addf(out, " (threshold %g, p %.2g of %lld predictions)", f->threshold, f->p, (long long)f->n);
}

/* ---- JSON ---- */

static void add_key(const char *key, fv_text *out) { fv_text_addf(out, ",\"%s\":", key); }

static void add_number(const char *key, double value, fv_text *out) {
    add_key(key, out);
    if (isfinite(value))
        fv_text_add_number(out, value);
    else
        fv_text_add(out, "null");
}

static void add_int(const char *key, int64_t value, fv_text *out) { fv_text_addf(out, ",\"%s\":%lld", key, (long long)value); }
static void add_bool(const char *key, bool value, fv_text *out) {
    fv_text_addf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

static void add_findings(const fv_drift_report *r, fv_text *out) {
    fv_text_add(out, "\"statistics\":[");
    for (int64_t i = 0; i < r->count; i++) {
        const fv_drift_finding *f = &r->findings[i];
        fv_text_add(out, i ? ",{\"name\":" : "{\"name\":");
        fv_text_add_json(out, f->name);
        add_key("on", out);
        fv_text_add_json(out, f->on);
        add_number("value", f->value, out);
        add_number("p", f->p, out);
        add_number("threshold", f->threshold, out);
        add_bool("drift", f->drift, out);
        add_int("n", f->n, out);
        add_number("mean", f->mean, out);
        add_number("reference_mean", f->reference_mean, out);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static void add_accuracy(const fv_drift_report *r, fv_text *out) {
    add_number("estimated_accuracy", r->estimated_accuracy, out);
    add_number("estimated_accuracy_error", r->estimated_error, out);
    add_number("accuracy", r->accuracy, out);
    add_int("labelled", r->labelled, out);
    add_int("n", r->n, out);
}

static void add_slice(const fv_drift_step_slice *s, fv_text *out) {
    const fv_drift_report *r = &s->slice->report;
    fv_text_add(out, "{\"slice\":");
    fv_text_add_json(out, s->slice->name);
    add_bool("tested", s->slice->tested, out);
    add_bool("known", s->slice->known, out);
    add_bool("drift", r->drift, out);
    add_bool("alarm", s->state.alarmed, out);
    add_bool("raised", s->raised, out);
    fv_text_add(out, ",");
    add_findings(r, out);
    add_accuracy(r, out);
    fv_text_add(out, "}");
}

/* What is drift, of the whole and of slices, with the reason in words. */
static void add_fired(const fv_drift_report *r, const char *slice, bool *first, fv_text *out) {
    for (int64_t i = 0; i < r->count; i++) {
        if (!r->findings[i].drift) continue;
        FV_TEXT(why, 4096);
        fv_drift_say(&r->findings[i], &why);
        fv_text_add(out, *first ? "{" : ",{");
        *first = false;
        if (slice) fv_text_add(out, "\"slice\":");
        if (slice) fv_text_add_json(out, slice);
        fv_text_add(out, slice ? ",\"on\":" : "\"on\":");
        fv_text_add_json(out, r->findings[i].on);
        add_key("why", out);
        fv_text_add_json(out, why.at);
        fv_text_add(out, "}");
        fv_text_fail(out, fv_text_error(&why));
    }
}

static void add_causes(const fv_drift_told *t, fv_text *out) {
    bool first = true;
    add_key("fired", out);
    fv_text_add(out, "[");
    add_fired(&t->step->report, NULL, &first, out);
    for (int64_t i = 0; i < t->step->slice_count; i++)
        add_fired(&t->step->slices[i].slice->report, t->step->slices[i].slice->name, &first, out);
    fv_text_add(out, "],\"pictures\":[");
    for (int64_t i = 0; i < t->driver_count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, t->drivers[i].source);
    }
    fv_text_add(out, "]");
}

void fv_drift_json(const fv_drift_told *t, fv_text *out) {
    static const char *const by[] = { NULL, "class", "key" };
    const fv_drift_report *r = &t->step->report;
    fv_text_addf(out, "{\"drift\":%s,", t->totals.alarmed ? "true" : "false");
    add_findings(r, out);
    add_accuracy(r, out);
    add_int("reference_n", t->reference_n, out);
    add_int("unseen", r->unseen, out);
    add_int("outliers", r->outliers, out);
    add_int("scored", r->scored, out);
    add_number("outlier_share", r->scored ? (double)r->outliers / (double)r->scored : NAN, out);
    add_int("windows", t->totals.windows, out);
    add_int("drifting_windows", t->totals.drifting, out);
    add_int("alarms", t->totals.alarms, out);
    add_key("model", out);
    fv_text_add_json(out, t->model);
    if (t->version) add_int("version", t->version, out);
    add_causes(t, out);
    if (by[t->by]) {
        fv_text_addf(out, ",\"by\":\"%s\",\"slices\":[", by[t->by]);
        for (int64_t i = 0; i < t->step->slice_count; i++) {
            if (i) fv_text_add(out, ",");
            add_slice(&t->step->slices[i], out);
        }
        fv_text_add(out, "]");
        add_int("slices_left_out", t->step->left_out, out);
    }
    fv_text_add(out, "}");
}
