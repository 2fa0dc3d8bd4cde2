/* card_figures.c - how good a version is: figures, classes, calibration, damaged pictures. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "experiments/card_sections.h"
#include "experiments/compare.h"
#include "plot/chart.h"
#include "plot/say.h"

#define HEAD 3
#define PAIRS 10
#define SVG_BYTES_MAX (INT64_C(1) << 28)

/* ---- numbers in words ---- */

fv_error *fv_card_say_value(fv_arena *arena, const char *metric, double value, int64_t count, const char **out) {
    return fv_metric_is_share(metric) ? fv_say_percent(arena, value, count, out) : fv_say_number(arena, value, out);
}

fv_error *fv_card_say_interval(fv_arena *arena, const char *metric, fv_interval interval, int64_t count, const char **out) {
    const char *low, *high;
    *out = NULL;
    if (isnan(interval.low)) return NULL;
    FV_TRY(fv_card_say_value(arena, metric, interval.low, count, &low));
    FV_TRY(fv_card_say_value(arena, metric, interval.high, count, &high));
    return fv_arena_format(arena, out, "%s to %s", low, high);
}

/* ---- figures ---- */

fv_error *fv_card_head(fv_card_draft *d) {
    const fv_model_facts *m = &d->facts->model;
    int64_t count = fv_min(m->metrics.count, HEAD);
    const char **cells;
    if (!count) return fv_card_say(d, FV_CARD_NOTE, "The model file has no figures: how good it is, is not known from it.");
    FV_TRY(fv_arena_take(d->arena, 3 * count, &cells));
    for (int64_t i = 0; i < count; i++) {
        const char *interval;
        FV_TRY(fv_card_say_value(d->arena, m->metrics.at[i], m->values.at[i], m->n, &cells[3 * i]));
        cells[3 * i + 1] = m->metrics.at[i];
        FV_TRY(fv_card_say_interval(d->arena, m->metrics.at[i], (fv_interval){ m->low.at[i], m->high.at[i] }, m->n, &interval));
        if (interval) FV_TRY(fv_arena_format(d->arena, &cells[3 * i + 2], "95 %%: %s", interval));
    }
    fv_card_block *block = fv_card_add(d, FV_CARD_FIGURES);
    block->cells = cells;
    block->rows = count;
    return fv_card_say(d, FV_CARD_TEXT, "On %lld pictures: %s.", (long long)m->n, m->on ? m->on : "not said which");
}

fv_error *fv_card_figures(fv_card_draft *d) {
    static const fv_column columns[] = { { "figure", false }, { "value", true }, { "95 % interval", true } };
    const fv_model_facts *m = &d->facts->model;
    const char **cells;
    if (!m->metrics.count) return NULL;
    FV_TRY(fv_arena_take(d->arena, 3 * m->metrics.count, &cells));
    for (int64_t i = 0; i < m->metrics.count; i++) {
        fv_interval interval = { m->low.at[i], m->high.at[i] };
        cells[3 * i] = m->metrics.at[i];
        FV_TRY(fv_card_say_value(d->arena, m->metrics.at[i], m->values.at[i], m->n, &cells[3 * i + 1]));
        FV_TRY(fv_card_say_interval(d->arena, m->metrics.at[i], interval, m->n, &cells[3 * i + 2]));
    }
    fv_card_section(d, "Figures");
    fv_card_table(d, columns, 3, cells, m->metrics.count);
    return fv_card_say(d, FV_CARD_TEXT,
                       "As the model file has them; shares of pictures have Wilson's interval, the others a bootstrap's. What "
                       "each means: docs/metrics.md of fovea.");
}

/* ---- classes ---- */

static fv_error *say_share(fv_arena *arena, int64_t part, int64_t all, fv_interval interval, const char **out) {
    const char *share, *low, *high;
    if (!all) return fv_arena_text(arena, "undefined", out);
    FV_TRY(fv_say_percent(arena, (double)part / (double)all, all, &share));
    FV_TRY(fv_say_percent(arena, interval.low, all, &low));
    FV_TRY(fv_say_percent(arena, interval.high, all, &high));
    return fv_arena_format(arena, out, "%s (%s to %s)", share, low, high);
}

static fv_error *add_class_table(fv_card_draft *d) {
    static const fv_column columns[] = {
        { "class", false }, { "recall (95 %)", true }, { "precision (95 %)", true }, { "pictures", true }, { "answered", true }
    };
    const fv_card_facts *f = d->facts;
    int64_t count = f->outcomes->class_count;
    const char **cells;
    FV_TRY(fv_arena_take(d->arena, 5 * count, &cells));
    for (int64_t c = 0; c < count; c++) {
        const fv_card_class *k = &f->classes[c];
        const char **row = &cells[5 * c];
        row[0] = k->name;
        FV_TRY(say_share(d->arena, k->right, k->support, k->recall, &row[1]));
        FV_TRY(say_share(d->arena, k->right, k->answered, k->precision, &row[2]));
        FV_TRY(fv_arena_format(d->arena, &row[3], "%lld", (long long)k->support));
        FV_TRY(fv_arena_format(d->arena, &row[4], "%lld", (long long)k->answered));
    }
    fv_card_table(d, columns, 5, cells, count);
    return NULL;
}

static fv_error *keep_chart(fv_card_draft *d, fv_text *svg) {
    FV_TRY(fv_text_error(svg));
    return fv_arena_text(d->arena, svg->at, &fv_card_add(d, FV_CARD_CHART)->text);
}

static fv_error *add_matrix(fv_card_draft *d) {
    const fv_run_outcomes *o = d->facts->outcomes;
    int64_t n = o->class_count;
    double *cells;
    FV_TEXT(svg, SVG_BYTES_MAX);
    if (!d->facts->confusion || n > FV_MATRIX_CLASSES_MAX) return NULL;
    FV_TRY(fv_arena_take(d->arena, n * n, &cells));
    for (int64_t i = 0; i < n * n; i++) cells[i] = (double)d->facts->confusion[i];
    fv_matrix_chart chart = { .title = "True class and answer", .classes = n, .names = o->classes, .cells = cells };
    FV_TRY(fv_plot_matrix(&chart, FV_PLOT_SVG, &svg));
    return keep_chart(d, &svg);
}

static fv_error *add_pairs(fv_card_draft *d) {
    static const fv_column columns[] = { { "true", false }, { "taken for", false }, { "pictures", true } };
    const fv_run_outcomes *o = d->facts->outcomes;
    fv_confused_pair pairs[PAIRS];
    const char **cells;
    if (!d->facts->confusion) return NULL;
    int64_t count = fv_most_confused(d->facts->confusion, o->class_count, PAIRS, pairs);
    if (!count) return fv_card_say(d, FV_CARD_TEXT, "No picture was taken for another class.");
    FV_TRY(fv_arena_take(d->arena, 3 * count, &cells));
    for (int64_t i = 0; i < count; i++) {
        cells[3 * i] = o->classes[pairs[i].truth];
        cells[3 * i + 1] = o->classes[pairs[i].answer];
        FV_TRY(fv_arena_format(d->arena, &cells[3 * i + 2], "%lld of %lld", (long long)pairs[i].count,
                               (long long)d->facts->classes[pairs[i].truth].support));
    }
    FV_TRY(fv_card_say(d, FV_CARD_TEXT, "Most often confused:"));
    fv_card_table(d, columns, 3, cells, count);
    return NULL;
}

fv_error *fv_card_classes(fv_card_draft *d) {
    const fv_card_facts *f = d->facts;
    if (f->model.task == FV_NUMBERS) return NULL;
    fv_card_section(d, "Each class");
    if (!f->outcomes) return fv_card_say(d, FV_CARD_NOTE, "Not known: %s.", f->missing);
    FV_TRY(fv_card_say(d, FV_CARD_TEXT, "On %lld pictures: %s. Intervals are Wilson's, each class for itself.",
                       (long long)f->outcomes->count, f->outcomes->on ? f->outcomes->on : "not said which"));
    FV_TRY(add_class_table(d));
    FV_TRY(add_matrix(d));
    return add_pairs(d);
}

/* ---- calibration ---- */

static fv_error *add_reliability(fv_card_draft *d) {
    double confidence[FV_CARD_BINS], correct[FV_CARD_BINS];
    int64_t counts[FV_CARD_BINS];
    FV_TEXT(svg, SVG_BYTES_MAX);
    if (!d->facts->bins) return NULL;
    for (int b = 0; b < FV_CARD_BINS; b++) {
        confidence[b] = d->facts->bins[b].confidence;
        correct[b] = d->facts->bins[b].correct;
        counts[b] = d->facts->bins[b].count;
    }
    fv_reliability_chart chart = { .title = "Scores and what is right",
                                   .bins = FV_CARD_BINS,
                                   .confidence = confidence,
                                   .correct = correct,
                                   .counts = counts };
    FV_TRY(fv_plot_reliability(&chart, FV_PLOT_SVG, &svg));
    return keep_chart(d, &svg);
}

fv_error *fv_card_calibration(fv_card_draft *d) {
    const fv_model_facts *m = &d->facts->model;
    if (m->task == FV_NUMBERS) return NULL;
    fv_card_section(d, "Calibration");
    if (!(m->temperature > 0))
        FV_TRY(fv_card_say(d, FV_CARD_TEXT, "The file has no temperature: scores are as the network gives them."));
    else
        FV_TRY(fv_card_say(d, FV_CARD_TEXT,
                           "Logits are divided by %.4g, fitted on %lld validation pictures: expected calibration error %.4f "
                           "before, %.4f after.",
                           m->temperature, (long long)m->calibrated_on, m->calibration_before, m->calibration_after));
    if (m->reject_below > 0)
        FV_TRY(fv_card_say(d, FV_CARD_TEXT, "It abstains where the best score is below %.4g.", m->reject_below));
    return add_reliability(d);
}

/* ---- damaged pictures ---- */

fv_error *fv_card_robustness(fv_card_draft *d) {
    static const fv_column columns[] = {
        { "damage, by strength", false }, { "1", true }, { "2", true }, { "3", true }, { "4", true }, { "5", true }
    };
    const fv_card_facts *f = d->facts;
    const char *metric = fv_score_metric((fv_outcome_kind)f->model.task), **cells;
    int count = fv_corruption_count();
    fv_card_section(d, "Damaged pictures");
    if (!f->robustness)
        return fv_card_say(d, FV_CARD_NOTE,
                           "Not measured: how it bears noise, blur, other light or JPEG's marks is not known. "
                           "fovea models card --data DIR --corruptions measures it.");
    FV_TRY(fv_arena_take(d->arena, 6 * count, &cells));
    for (int i = 0; i < count; i++) {
        cells[6 * i] = f->robustness[i].corruption;
        for (int s = 0; s < FV_STRENGTHS; s++)
            FV_TRY(fv_card_say_value(d->arena, metric, f->robustness[i].score[s], f->outcomes->count, &cells[6 * i + 1 + s]));
    }
    FV_TRY(fv_card_say(d, FV_CARD_TEXT, "%s on the same pictures, damaged on purpose.", metric));
    fv_card_table(d, columns, 6, cells, count);
    return NULL;
}
