/* drift_text.c - see drift_text.h. */
#include "cli/drift_text.h"

#include <math.h>

#include "cli/table.h"

static fv_error *print_findings(const fv_drift_report *r, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, false, true, true, true, true, true, false };
    static const char *const heading[] = { "on", "statistic", "value", "threshold", "p", "mean", "was", "" };
    fv_table table;
    fv_table_init(&table, arena, 8, right);
    for (int i = 0; i < 8; i++) FV_TRY(fv_table_add(&table, heading[i]));
    for (int64_t i = 0; i < r->count; i++) {
        const fv_drift_finding *f = &r->findings[i];
        FV_TRY(fv_table_add(&table, f->on));
        FV_TRY(fv_table_add(&table, f->name));
        FV_TRY(fv_table_addf(&table, "%.4f", f->value));
        FV_TRY(fv_table_addf(&table, "%.2f", f->threshold));
        FV_TRY(fv_table_addf(&table, "%.2g", f->p));
        FV_TRY(isnan(f->mean) ? fv_table_add(&table, NULL) : fv_table_addf(&table, "%.4g", f->mean));
        FV_TRY(isnan(f->mean) ? fv_table_add(&table, NULL) : fv_table_addf(&table, "%.4g", f->reference_mean));
        FV_TRY(fv_table_add(&table, f->drift ? "drift" : ""));
    }
    return fv_table_print(&table, p);
}

static const char *verdict_of(const fv_drift_step_slice *s) {
    if (!s->slice->known) return "not in the reference";
    if (!s->slice->tested) return "too few";
    return s->state.alarmed ? "alarm" : s->slice->report.drift ? "drift" : "";
}

static fv_error *add_slice(fv_table *table, const fv_drift_step_slice *s) {
    const fv_drift_report *r = &s->slice->report;
    const fv_drift_finding *f = fv_drift_strongest(r);
    FV_TRY(fv_table_add(table, s->slice->name));
    FV_TRY(fv_table_addf(table, "%lld", (long long)r->n));
    FV_TRY(fv_table_add(table, f ? f->on : NULL));
    FV_TRY(f ? fv_table_addf(table, "%.4f", f->value) : fv_table_add(table, NULL));
    FV_TRY(f ? fv_table_addf(table, "%.2g", f->p) : fv_table_add(table, NULL));
    FV_TRY(isnan(r->estimated_accuracy) ? fv_table_add(table, NULL) : fv_table_addf(table, "%.4f", r->estimated_accuracy));
    FV_TRY(isnan(r->accuracy) ? fv_table_add(table, NULL) : fv_table_addf(table, "%.4f", r->accuracy));
    return fv_table_add(table, verdict_of(s));
}

static fv_error *print_slices(const fv_drift_told *t, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, true, false, true, true, true, true, false };
    const char *const heading[] = {
        t->by == FV_DRIFT_BY_CLASS ? "class" : "key", "n", "strongest on", "value", "p", "estimated", "accuracy", ""
    };
    fv_table table;
    if (!t->by) return NULL;
    fv_table_init(&table, arena, 8, right);
    for (int i = 0; i < 8; i++) FV_TRY(fv_table_add(&table, heading[i]));
    for (int64_t i = 0; i < t->step->slice_count; i++) FV_TRY(add_slice(&table, &t->step->slices[i]));
    FV_TRY(fv_table_print(&table, p));
    if (t->step->left_out) fv_print_line(p, "%lld smaller ones are left out", (long long)t->step->left_out);
    return NULL;
}

static fv_error *print_reasons(const fv_drift_report *r, const char *slice, fv_printer *p) {
    for (int64_t i = 0; i < r->count; i++) {
        if (!r->findings[i].drift) continue;
        FV_TEXT(why, 4096);
        fv_drift_say(&r->findings[i], &why);
        FV_TRY(fv_text_error(&why));
        fv_print_line(p, "%s%s%s", slice ? slice : "", slice ? ": " : "", why.at);
    }
    return NULL;
}

fv_error *fv_drift_print(const fv_drift_told *t, const fv_drift_policy *policy, fv_arena *arena, fv_printer *p) {
    const fv_drift_report *r = &t->step->report;
    FV_TRY(print_findings(r, arena, p));
    FV_TRY(print_slices(t, arena, p));
    FV_TRY(print_reasons(r, NULL, p));
    for (int64_t i = 0; i < t->step->slice_count; i++)
        FV_TRY(print_reasons(&t->step->slices[i].slice->report, t->step->slices[i].slice->name, p));
    if (!isnan(r->estimated_accuracy))
        fv_print_line(p, "estimated accuracy %.4f (standard error %.4f)", r->estimated_accuracy, r->estimated_error);
    if (r->labelled) fv_print_line(p, "accuracy %.4f of %lld whose label is known", r->accuracy, (long long)r->labelled);
    if (r->unseen) fv_print_line(p, "%lld predictions are of classes that the reference never saw", (long long)r->unseen);
    if (r->scored)
        fv_print_line(p, "%.1f %% are outliers to the model, %lld of %lld", 100 * (double)r->outliers / (double)r->scored,
                      (long long)r->outliers, (long long)r->scored);
    if (r->n < policy->least)
        fv_print_line(p, "%lld predictions are fewer than --least %lld: nothing of them is drift", (long long)r->n,
                      (long long)policy->least);
    if (t->totals.windows > 1)
        fv_print_line(p, "%lld of %lld windows drift; %lld alarms", (long long)t->totals.drifting, (long long)t->totals.windows,
                      (long long)t->totals.alarms);
    fv_print_line(p, "%s: %lld predictions against %lld", t->totals.alarmed ? "drift" : "no drift", (long long)r->n,
                  (long long)t->reference_n);
    return NULL;
}
