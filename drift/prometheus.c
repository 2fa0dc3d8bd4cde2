/* shared: prometheus.c - what a check found as gauges: one table of them, filled from the whole window and from its slices. */
#include <math.h>

#include "drift/say.h"

/* Where a sample is taken from. */
typedef struct place {
    const fv_drift_told *told;
    const fv_drift_report *report;
    const fv_drift_finding *finding; /* NULL: of the whole report */
    const char *slice;               /* NULL: of the whole window */
    bool alarmed;
} place;

typedef struct gauge {
    const char *name, *help;
    bool of_finding; /* a sample a finding, else one a report */
    bool of_slices;
    double (*value)(const place *at); /* NaN: no sample */
} gauge;

static double value(const place *at) { return at->finding->value; }
static double threshold(const place *at) { return at->finding->threshold; }
static double p(const place *at) { return at->finding->p; }
static double detected(const place *at) { return at->finding->drift; }
static double alarm(const place *at) { return at->alarmed; }
static double predictions(const place *at) { return (double)at->report->n; }
static double estimated(const place *at) { return at->report->estimated_accuracy; }
static double estimated_error(const place *at) { return at->report->estimated_error; }
static double accuracy(const place *at) { return at->report->accuracy; }
static double labelled(const place *at) { return (double)at->report->labelled; }
static double unseen(const place *at) { return (double)at->report->unseen; }
static double outliers(const place *at) {
    return at->report->scored ? (double)at->report->outliers / (double)at->report->scored : NAN;
}
static double windows(const place *at) { return (double)at->told->totals.windows; }
static double drifting(const place *at) { return (double)at->told->totals.drifting; }
static double alarms(const place *at) { return (double)at->told->totals.alarms; }
static double checked(const place *at) { return at->told->checked_us ? (double)at->told->checked_us / 1e6 : NAN; }

static const gauge gauges[] = {
    { "fovea_drift_value", "Effect of a statistic in the last window.", true, true, value },
    { "fovea_drift_threshold", "Effect from which on it counts.", true, true, threshold },
    { "fovea_drift_p_value", "Its p, adjusted for all that were tested together.", true, true, p },
    { "fovea_drift_detected", "1: effect, p and sample say drift.", true, true, detected },
    { "fovea_drift_alarm", "1: an alarm stands.", false, true, alarm },
    { "fovea_drift_window_predictions", "Predictions in the last window.", false, true, predictions },
    { "fovea_drift_estimated_accuracy", "Accuracy, estimated from calibrated confidences.", false, true, estimated },
    { "fovea_drift_estimated_accuracy_error", "Its standard error.", false, true, estimated_error },
    { "fovea_drift_accuracy", "Accuracy of those whose label is known.", false, true, accuracy },
    { "fovea_drift_labelled", "Predictions of the last window whose label is known.", false, true, labelled },
    { "fovea_drift_unseen", "Predictions of classes that the reference never saw.", false, false, unseen },
    { "fovea_drift_outlier_share", "Share of predictions beyond the model's outlier threshold.", false, true, outliers },
    { "fovea_drift_windows", "Windows that were looked at.", false, false, windows },
    { "fovea_drift_drifting_windows", "Windows of those that drift.", false, false, drifting },
    { "fovea_drift_alarms", "Alarms that those raised.", false, false, alarms },
    { "fovea_drift_checked_timestamp_seconds", "When it was looked, in seconds since 1970.", false, false, checked },
};

static void add_label(const char *key, const char *text, fv_text *out) {
    fv_text_addf(out, "%s=\"", key);
    for (; *text; text++) {
        if (*text == '\\' || *text == '"') fv_text_add(out, "\\");
        if (*text == '\n')
            fv_text_add(out, "\\n");
        else
            fv_text_add_bytes(out, text, 1);
    }
    fv_text_add(out, "\"");
}

static void add_sample(const gauge *g, const place *at, fv_text *out) {
    double number = g->value(at);
    if (isnan(number)) return;
    fv_text_addf(out, "%s{", g->name);
    add_label("model", at->told->model, out);
    if (at->told->version) fv_text_addf(out, ",version=\"%lld\"", (long long)at->told->version);
    if (at->finding) {
        fv_text_add(out, ",");
        add_label("on", at->finding->on, out);
        fv_text_add(out, ",");
        add_label("statistic", at->finding->name, out);
    }
    if (at->slice) fv_text_add(out, ",");
    if (at->slice) add_label(at->told->by == FV_DRIFT_BY_CLASS ? "class" : "key", at->slice, out);
    fv_text_add(out, "} ");
    if (isinf(number))
        fv_text_add(out, number > 0 ? "+Inf" : "-Inf");
    else
        fv_text_add_number(out, number);
    fv_text_add(out, "\n");
}

static void add_report(const gauge *g, place at, fv_text *out) {
    if (!g->of_finding) return add_sample(g, &at, out);
    for (int64_t i = 0; i < at.report->count; i++) {
        at.finding = &at.report->findings[i];
        add_sample(g, &at, out);
    }
}

void fv_drift_prometheus(const fv_drift_told *models, int64_t count, fv_text *out) {
    for (size_t k = 0; k < sizeof gauges / sizeof *gauges; k++) {
        const gauge *g = &gauges[k];
        fv_text_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", g->name, g->help, g->name);
        for (int64_t m = 0; m < count; m++) {
            const fv_drift_told *told = &models[m];
            const fv_drift_step *step = told->step;
            add_report(g, (place){ told, &step->report, NULL, NULL, step->state.alarmed }, out);
            for (int64_t s = 0; g->of_slices && s < step->slice_count; s++) {
                const fv_drift_step_slice *slice = &step->slices[s];
                add_report(g, (place){ told, &slice->slice->report, NULL, slice->slice->name, slice->state.alarmed }, out);
            }
        }
    }
}
