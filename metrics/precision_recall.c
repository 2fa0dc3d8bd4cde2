/* precision_recall.c - precision, recall and F1 of classes, and their averages.
 *
 * Of one class against the rest, with r samples right of it, a taken for it and s that are it: precision r/a, recall r/s, F1
 * 2r/(a + s), their harmonic mean. Averages as in scikit-learn: macro is the plain mean over classes, weighted the mean by s,
 * micro the figure of the sums of r, a and s, samples (of several labels only) the mean of the samples' own figures. Of one
 * class of several, classes that are neither true nor an answer are left out of a mean, as scikit-learn does with its own list
 * of labels; of several labels every label counts. 0/0 is what `zero_division` says, by default 0; skipped, it is left out of
 * the mean, and a mean of nothing is undefined. */
#include "metrics/metric.h"

enum { MACRO, MICRO, WEIGHTED, SAMPLES };
enum { ZERO, ONE, SKIP };

typedef struct {
    int average, zero_division;
    int64_t class;
    double threshold;
} fv_precision_options;

static const fv_field fields[] = {
    FV_FIELD(fv_precision_options, average, .by_default = "macro", .names = "macro,micro,weighted,samples",
             .help = "how the classes are joined; samples: of several labels only"),
    FV_FIELD(fv_precision_options, zero_division, .by_default = "0", .names = "0,1,skip", .help = "what 0/0 is"),
    FV_FIELD(fv_precision_options, class, .by_default = "-1", .min = -1, .max = INFINITY,
             .help = "the figure of this class alone; -1: the average"),
    FV_FIELD(fv_precision_options, threshold, .by_default = "0.5", .min = 0, .max = 1,
             .help = "of several labels: the lowest probability that is a yes"),
    FV_FIELDS_END
};

/* ---- one figure ---- */

typedef struct tally {
    int64_t right, answered, support;
} tally;

typedef double (*figure)(const tally *t);

static double precision_of(const tally *t) { return (double)t->right / (double)t->answered; }
static double recall_of(const tally *t) { return (double)t->right / (double)t->support; }
static double f1_of(const tally *t) { return 2 * (double)t->right / (double)(t->answered + t->support); }

/* NaN: skipped. */
static double value_of(figure of, const tally *t, int zero_division) {
    double value = of(t);
    if (!isnan(value)) return value;
    return zero_division == ZERO ? 0 : zero_division == ONE ? 1 : NAN;
}

/* ---- averages ---- */

/* A mean in the making. */
typedef struct mean {
    figure of;
    const fv_precision_options *options;
    double sum, weights, plain_sum, plain_count;
    tally total; /* of micro */
} mean;

static void add(mean *m, const tally *t) {
    m->total.right += t->right;
    m->total.answered += t->answered;
    m->total.support += t->support;
    double value = value_of(m->of, t, m->options->zero_division);
    if (isnan(value)) return;
    double weight = m->options->average == WEIGHTED ? (double)t->support : 1;
    m->sum += weight * value;
    m->weights += weight;
    m->plain_sum += value;
    m->plain_count++;
}

/* Weights that are all 0 are as none. NaN for a mean of nothing. */
static double close_mean(const mean *m) {
    if (m->options->average == MICRO) return value_of(m->of, &m->total, m->options->zero_division);
    return m->weights > 0 ? m->sum / m->weights : m->plain_sum / m->plain_count;
}

/* ---- outcomes ---- */

static fv_error *check_class(const fv_precision_options *o, int64_t classes) {
    if (o->class < classes) return NULL;
    return fv_fail(FV_USAGE, "there is no class %lld: there are %lld, from 0", (long long)o->class, (long long)classes);
}

static fv_error *of_confusion(figure of, const fv_confusion *confusion, const fv_precision_options *o, double *out) {
    FV_TRY(check_class(o, confusion->classes));
    if (o->average == SAMPLES)
        return fv_fail(FV_USAGE, "average=samples is for several labels a sample, not for one class a sample");
    mean m = { .of = of, .options = o };
    for (int64_t c = 0; c < confusion->classes; c++) {
        tally t = { confusion->cells[c * confusion->classes + c], confusion->answers[c], confusion->support[c] };
        if (c == o->class) *out = value_of(of, &t, o->zero_division);
        if (t.answered + t.support) add(&m, &t);
    }
    if (o->class < 0) *out = close_mean(&m);
    return NULL;
}

/* The tally of a label over the samples (step: classes), or of a sample over its labels (step: 1). */
static tally tally_of(const fv_outcomes *o, int64_t first, int64_t count, int64_t step, double threshold) {
    tally t = { 0 };
    for (int64_t i = 0; i < count; i++) {
        int64_t at = first + i * step;
        bool yes = o->probabilities[at] >= threshold;
        t.right += yes && o->truths[at];
        t.answered += yes;
        t.support += o->truths[at];
    }
    return t;
}

static fv_error *of_labels(figure of, const fv_outcomes *outcomes, const fv_precision_options *o, double *out) {
    FV_TRY(check_class(o, outcomes->classes));
    mean m = { .of = of, .options = o };
    bool samples = o->average == SAMPLES && o->class < 0;
    for (int64_t i = 0; i < (samples ? outcomes->count : outcomes->classes); i++) {
        tally t = samples ? tally_of(outcomes, i * outcomes->classes, outcomes->classes, 1, o->threshold)
                          : tally_of(outcomes, i, outcomes->count, outcomes->classes, o->threshold);
        if (!samples && i == o->class) *out = value_of(of, &t, o->zero_division);
        add(&m, &t);
    }
    if (o->class < 0) *out = close_mean(&m);
    return NULL;
}

/* The two entries of each descriptor. */
#define FIGURE(name, of)                                                                                                       \
    static fv_error *name##_of_confusion(const fv_confusion *confusion, const void *options, double *out) {                    \
        return of_confusion(of, confusion, options, out);                                                                      \
    }                                                                                                                          \
    static fv_error *name(const fv_outcomes *outcomes, const void *options, fv_arena *scratch, double *out) {                  \
        (void)scratch;                                                                                                         \
        return of_labels(of, outcomes, options, out);                                                                          \
    }
FIGURE(precision, precision_of)
FIGURE(recall, recall_of)
FIGURE(f1, f1_of)

#define NOTHING_LEFT "all that it would be a mean of is 0/0, and that is skipped"

const fv_metric fv_metric_precision = { .name = "precision",
                                        .summary = "share of the answers for a class that are right, averaged over classes",
                                        .fields = fields,
                                        .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                        .undefined = NOTHING_LEFT,
                                        .of_confusion = precision_of_confusion,
                                        .measure = precision };
const fv_metric fv_metric_recall = { .name = "recall",
                                     .summary = "share of the samples of a class that are found, averaged over classes",
                                     .fields = fields,
                                     .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                     .undefined = NOTHING_LEFT,
                                     .of_confusion = recall_of_confusion,
                                     .measure = recall };
const fv_metric fv_metric_f1 = { .name = "f1",
                                 .summary = "harmonic mean of precision and recall, averaged over classes",
                                 .fields = fields,
                                 .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                 .undefined = NOTHING_LEFT,
                                 .of_confusion = f1_of_confusion,
                                 .measure = f1 };
