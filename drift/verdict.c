/* shared: verdict.c - see verdict.h. */
#include "drift/verdict.h"

#include <string.h>

#include "core/base/size.h"

const fv_field fv_drift_policy_fields[] = {
    FV_FIELD(fv_drift_policy, alpha, .by_default = "0.01", .min = 1e-9, .max = 0.5,
             .help = "largest p, after its adjustment, that counts as drift"),
    FV_FIELD(fv_drift_policy, adjustment, .by_default = "holm", .names = FV_ADJUSTMENT_NAMES,
             .help = "of the p-values of all statistics together"),
    FV_FIELD(fv_drift_policy, least, .by_default = "100", .min = 2, .max = INFINITY,
             .help = "observations that a window has at least, or nothing is drift"),
    FV_FIELD(fv_drift_policy, slice_least, .by_default = "50", .min = 2, .max = INFINITY,
             .help = "the same of one class or key, where those are looked at"),
    FV_FIELD(fv_drift_policy, move, .by_default = "0.2", .min = 0, .max = INFINITY,
             .help = "threshold of a property: how far its distribution moved, in standard deviations"),
    FV_FIELD(fv_drift_policy, mix, .by_default = "0.1", .min = 0, .max = 1,
             .help = "threshold of the class mix: Jensen-Shannon distance"),
    FV_FIELD(fv_drift_policy, features, .by_default = "0.6", .min = 0.5, .max = 1,
             .help = "threshold of the features: area under ROC of a classifier between then and now"),
    FV_FIELD(fv_drift_policy, windows, .by_default = "1", .min = 1, .max = 1000,
             .help = "drifting windows in a row that are an alarm"),
    FV_FIELD(fv_drift_policy, cool_down, .by_default = "0", .min = 0, .max = 100000,
             .help = "windows after an alarm that raise none"),
    FV_FIELD(fv_drift_policy, calm, .by_default = "0.8", .min = 0, .max = 1,
             .help = "an alarm ends when every effect is below this share of its threshold"),
    FV_FIELDS_END
};

/* What the parts of a verdict work with. */
typedef struct desk {
    const fv_drift_profile *profile;
    const fv_drift_window *window;
    const fv_drift_policy *policy;
    fv_arena *arena;
    fv_drift_report *report;
} desk;

static fv_drift_finding *add(const desk *d, const char *name, const char *on, double threshold, int64_t n) {
    fv_drift_finding *f = &d->report->findings[d->report->count++];
    *f = (fv_drift_finding){ .name = name,
                             .on = on,
                             .threshold = threshold,
                             .n = n,
                             .value = NAN,
                             .p = NAN,
                             .raw_p = NAN,
                             .mean = NAN,
                             .reference_mean = NAN };
    return f;
}

static fv_error *judge_series(const desk *d, int64_t s) {
    const fv_drift_profile *p = d->profile;
    int64_t column = fv_drift_window_find(d->window, p->series.at[s]);
    double *sorted;
    fv_drift_value test;
    if (column < 0 || p->seen.at[s] < 1) return NULL;
    FV_TRY(fv_arena_take(d->arena, d->window->n, &sorted));
    int64_t n = fv_drift_window_sorted(d->window, column, sorted);
    if (!n) return NULL;
    for (int64_t i = 0; i < n; i++) sorted[i] = fv_drift_round(sorted[i]);
    fv_drift_sample reference = { .n = p->seen.at[s],
                                  .points = FV_DRIFT_POINTS,
                                  .values = p->quantiles.at + s * FV_DRIFT_POINTS };
    fv_drift_sample current = { .points = n, .values = sorted };
    fv_drift_value moved;
    FV_TRY(fv_drift_measure("wasserstein", &reference, &current, &moved));
    FV_TRY(fv_drift_measure("kolmogorov_smirnov", &reference, &current, &test));
    fv_drift_finding *f = add(d, "wasserstein", p->series.at[s], d->policy->move, n);
    f->value = moved.value, f->raw_p = test.p, f->mean = 0, f->reference_mean = p->means.at[s];
    for (int64_t i = 0; i < n; i++) f->mean += sorted[i] / (double)n;
    return NULL;
}

static int64_t find_class(const fv_drift_profile *p, const char *name) {
    for (int64_t c = 0; c < p->classes.count; c++)
        if (!strcmp(p->classes.at[c], name)) return c;
    return -1;
}

static fv_error *judge_classes(const desk *d) {
    const fv_drift_window *w = d->window;
    int64_t known = d->profile->classes.count, bins = known + w->class_count, *places;
    double *then, *now, n = 0;
    fv_drift_value apart, test;
    if (!known || !w->class_count) return NULL;
    FV_TRY(fv_arena_take(d->arena, bins, &then));
    FV_TRY(fv_arena_take(d->arena, bins, &now));
    FV_TRY(fv_arena_take(d->arena, w->class_count, &places));
    for (int64_t c = 0; c < known; c++) then[c] = d->profile->class_counts.at[c];
    for (int64_t c = 0; c < w->class_count; c++) {
        int64_t place = find_class(d->profile, w->class_names[c]);
        places[c] = place >= 0 ? place : known + c; /* a class that the reference never saw */
    }
    for (int64_t i = 0; i < w->n; i++)
        if (w->classes[i] >= 0) now[places[w->classes[i]]]++, n++;
    for (int64_t c = known; c < bins; c++) d->report->unseen += (int64_t)now[c];
    if (n < 1) return NULL;
    fv_drift_sample reference = { .bins = bins, .counts = then }, current = { .bins = bins, .counts = now };
    FV_TRY(fv_drift_measure("jensen_shannon", &reference, &current, &apart));
    FV_TRY(fv_drift_measure("chi_square", &reference, &current, &test));
    fv_drift_finding *f = add(d, "jensen_shannon", FV_DRIFT_ON_CLASSES, d->policy->mix, (int64_t)n);
    f->value = apart.value, f->raw_p = test.p;
    return NULL;
}

static fv_error *judge_features(const desk *d) {
    const fv_drift_profile *p = d->profile;
    const fv_drift_window *w = d->window;
    float *then;
    fv_drift_value got;
    if (p->hashes.count < 20 || w->sketched < 20 || p->columns != w->columns) return NULL;
    FV_TRY(fv_arena_take(d->arena, p->sketches.count, &then));
    for (int64_t i = 0; i < p->sketches.count; i++) then[i] = (float)p->sketches.at[i];
    fv_drift_sample reference = { .rows = p->hashes.count, .columns = p->columns, .vectors = then };
    fv_drift_sample current = { .rows = w->sketched, .columns = w->columns, .vectors = w->sketches };
    FV_TRY(fv_drift_measure("domain_classifier", &reference, &current, &got));
    fv_drift_finding *f = add(d, "domain_classifier", FV_DRIFT_ON_FEATURES, d->policy->features, w->sketched);
    f->value = got.value, f->raw_p = got.p;
    return NULL;
}

/* ---- accuracy ---- */

static void estimate_accuracy(const fv_drift_window *w, fv_drift_report *r) {
    int64_t column = fv_drift_window_find(w, FV_DRIFT_CONFIDENCE), n = 0, right = 0;
    double sum = 0, variance = 0;
    for (int64_t i = 0; i < w->n; i++) {
        double sure = column < 0 ? NAN : w->values[i * w->series_count + column];
        r->scored += w->sides[i] != FV_SIDE_UNKNOWN, r->outliers += w->sides[i] == FV_SIDE_OUTLIER;
        if (w->right[i] >= 0) right += w->right[i], r->labelled++;
        if (isnan(sure)) continue;
        sum += sure, variance += sure * (1 - sure), n++;
    }
    r->estimated_accuracy = n ? sum / (double)n : NAN;
    r->estimated_error = n ? sqrt(variance) / (double)n : NAN;
    r->accuracy = r->labelled ? (double)right / (double)r->labelled : NAN;
}

/* ---- the verdict ---- */

double fv_drift_strength(const fv_drift_finding *f) {
    double nothing = !strcmp(f->on, FV_DRIFT_ON_FEATURES) ? 0.5 : 0;
    return f->threshold > nothing ? (f->value - nothing) / (f->threshold - nothing) : INFINITY;
}

const fv_drift_finding *fv_drift_strongest(const fv_drift_report *r) {
    const fv_drift_finding *best = NULL;
    for (int64_t i = 0; i < r->count; i++) {
        const fv_drift_finding *f = &r->findings[i];
        bool further =
            best && (f->drift > best->drift || (f->drift == best->drift && fv_drift_strength(f) > fv_drift_strength(best)));
        if (!best || further) best = f;
    }
    return best;
}

static void conclude(const fv_drift_policy *policy, const double *adjusted, fv_drift_report *r) {
    r->calm = true, r->drift = false;
    for (int64_t i = 0; i < r->count; i++) {
        fv_drift_finding *f = &r->findings[i];
        f->p = adjusted[i];
        f->drift = r->n >= policy->least && f->n >= policy->least && f->value > f->threshold && f->p <= policy->alpha;
        r->drift |= f->drift;
        r->calm &= !(fv_drift_strength(f) >= policy->calm);
    }
}

fv_error *fv_drift_conclude(const fv_drift_policy *policy, fv_drift_report *const *reports, int64_t count) {
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(2 * fv_max(count, 1) * FV_DRIFT_FINDINGS_MAX, sizeof(double), &memory));
    double *raw = memory, *adjusted = raw + fv_max(count, 1) * FV_DRIFT_FINDINGS_MAX;
    int64_t tests = 0;
    for (int64_t r = 0; r < count; r++)
        for (int64_t i = 0; i < reports[r]->count; i++) raw[tests++] = reports[r]->findings[i].raw_p;
    FV_TRY(fv_drift_adjust((fv_adjustment)policy->adjustment, raw, tests, adjusted));
    for (int64_t r = 0; r < count; adjusted += reports[r++]->count) conclude(policy, adjusted, reports[r]);
    return NULL;
}

fv_error *fv_drift_judge(const fv_drift_profile *profile, const fv_drift_window *window, const fv_drift_policy *policy,
                         fv_drift_report *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_drift_report){ .n = window->n };
    FV_TRY(fv_arena_new("a verdict on drift", INT64_C(1) << 32, &arena));
    desk d = { profile, window, policy, arena, out };
    for (int64_t s = 0; s < profile->series.count; s++) FV_TRY(judge_series(&d, s));
    FV_TRY(judge_classes(&d));
    FV_TRY(judge_features(&d));
    estimate_accuracy(window, out);
    return fv_drift_conclude(policy, &out, 1);
}

bool fv_drift_step_on(const fv_drift_policy *policy, const fv_drift_report *report, fv_drift_state *state) {
    state->in_a_row = report->drift ? state->in_a_row + 1 : 0;
    if (report->calm) state->alarmed = false;
    if (state->resting > 0) return state->resting--, false;
    if (state->alarmed || state->in_a_row < policy->windows) return false;
    state->alarmed = true;
    state->resting = policy->cool_down;
    return true;
}
