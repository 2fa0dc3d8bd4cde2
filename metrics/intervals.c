/* shared: how sure a figure is. Wilson's interval for a share (E. B. Wilson, "Probable inference, the law of succession, and
 * statistical inference", JASA 1927), the percentile bootstrap for the rest (B. Efron, "Bootstrap methods: another look at the
 * jackknife", Annals of Statistics 1979), drawn within classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/base/size.h"
#include "metrics/metric.h"

/* ---- Wilson ---- */

/* The z above which a standard normal is with probability `tail` (up to one half), by halving: 200 steps go down to the last
 * bit of a number below 64. */
static double normal_above(double tail) {
    double low = 0, high = 64;
    for (int step = 0; step < 200; step++) {
        double middle = low + (high - low) / 2;
        *(erfc(middle / M_SQRT2) / 2 > tail ? &low : &high) = middle;
    }
    return low;
}

fv_interval fv_wilson_interval(int64_t successes, int64_t count, double confidence) {
    if (count < 1) return (fv_interval){ NAN, NAN };
    double n = (double)count, p = (double)successes / n, z = normal_above((1 - confidence) / 2), z2 = z * z;
    double centre = (2 * n * p + z2) / (2 * (n + z2)), half = z / (2 * (n + z2)) * sqrt(4 * n * p * (1 - p) + z2);
    return (fv_interval){ successes ? fmax(centre - half, 0) : 0, successes < count ? fmin(centre + half, 1) : 1 };
}

/* ---- bootstrap ---- */

/* The samples in groups that are drawn from separately, and the answers to what is asked of each draw. */
typedef struct bootstrap {
    const fv_outcomes *outcomes;
    const fv_metric *metric;
    const void *options;
    fv_arena *scratch; /* of one draw */
    uint64_t seed;
    uint32_t stream;
    int64_t *members; /* samples, group after group */
    int64_t *starts;  /* groups + 1: where each begins in `members` */
    int64_t *drawn;   /* a sample for each place in `members` */
    int64_t groups;
    int64_t *answers; /* of each sample; used by a metric of the confusion matrix */
    void *prepared;   /* used by a metric that has .prepare, with how often each sample is drawn */
    int64_t *times;
    fv_outcomes copy; /* of the samples drawn; used by all others */
} bootstrap;

/* A counting sort by class: within a group samples keep their order. */
static fv_error *group(bootstrap *b, fv_arena *arena) {
    const fv_outcomes *o = b->outcomes;
    b->groups = o->kind == FV_ONE_CLASS ? o->classes : 1;
    FV_TRY(fv_arena_take(arena, o->count, &b->members));
    FV_TRY(fv_arena_take(arena, o->count, &b->drawn));
    FV_TRY(fv_arena_take(arena, b->groups + 1, &b->starts));
    int64_t *next = NULL;
    FV_TRY(fv_arena_take(arena, b->groups, &next));
    for (int64_t i = 0; i < o->count; i++) b->starts[1 + (o->kind == FV_ONE_CLASS ? o->labels[i] : 0)]++;
    for (int64_t g = 0; g < b->groups; g++) next[g] = b->starts[g + 1] += b->starts[g];
    for (int64_t i = o->count - 1; i >= 0; i--) b->members[--next[o->kind == FV_ONE_CLASS ? o->labels[i] : 0]] = i;
    return NULL;
}

/* What a draw needs of the samples: their answers, their ranks, or room for rows of whichever arrays there are. */
static fv_error *prepare(bootstrap *b, fv_arena *arena) {
    const fv_outcomes *o = b->outcomes;
    if (o->kind == FV_ONE_CLASS && b->metric->of_confusion) {
        FV_TRY(fv_arena_take(arena, o->count, &b->answers));
        for (int64_t i = 0; i < o->count; i++) b->answers[i] = fv_answer(o->probabilities + i * o->classes, o->classes);
        return NULL;
    }
    if (b->metric->prepare) FV_TRY(b->metric->prepare(o, b->options, arena, &b->prepared));
    if (b->prepared) return fv_arena_take(arena, o->count, &b->times);
    b->copy = (fv_outcomes){ .count = o->count, .classes = o->classes, .kind = o->kind };
    if (o->probabilities) FV_TRY(fv_arena_take(arena, o->count * o->classes, (double **)&b->copy.probabilities));
    if (o->labels) FV_TRY(fv_arena_take(arena, o->count, (int64_t **)&b->copy.labels));
    if (o->truths) FV_TRY(fv_arena_take(arena, o->count * o->classes, (uint8_t **)&b->copy.truths));
    if (o->predicted) FV_TRY(fv_arena_take(arena, o->count, (double **)&b->copy.predicted));
    if (o->targets) FV_TRY(fv_arena_take(arena, o->count, (double **)&b->copy.targets));
    return NULL;
}

static void draw(bootstrap *b, uint32_t resample) {
    fv_random random = fv_random_at(b->seed, b->stream, resample, 0);
    for (int64_t g = 0; g < b->groups; g++) {
        int64_t size = b->starts[g + 1] - b->starts[g];
        for (int64_t i = 0; i < size; i++)
            b->drawn[b->starts[g] + i] = b->members[b->starts[g] + fv_random_below(&random, size)];
    }
}

static fv_error *measure_answers(bootstrap *b, double *out) {
    const fv_outcomes *o = b->outcomes;
    fv_confusion confusion;
    int64_t *cells = NULL;
    FV_TRY(fv_confusion_new(o->classes, b->scratch, &confusion, &cells));
    for (int64_t i = 0; i < o->count; i++) cells[o->labels[b->drawn[i]] * o->classes + b->answers[b->drawn[i]]]++;
    fv_confusion_sum(&confusion);
    return b->metric->of_confusion(&confusion, b->options, out);
}

static double measure_times(bootstrap *b) {
    memset(b->times, 0, (size_t)b->outcomes->count * sizeof *b->times);
    for (int64_t i = 0; i < b->outcomes->count; i++) b->times[b->drawn[i]]++;
    return b->metric->of_draw(b->prepared, b->times);
}

static void copy_rows(const int64_t *drawn, int64_t count, const void *from, const void *to, int64_t bytes) {
    if (!from) return;
    for (int64_t i = 0; i < count; i++) memcpy((char *)to + i * bytes, (const char *)from + drawn[i] * bytes, (size_t)bytes);
}

static fv_error *measure_rows(bootstrap *b, double *out) {
    const fv_outcomes *o = b->outcomes, *copy = &b->copy;
    copy_rows(b->drawn, o->count, o->probabilities, copy->probabilities, o->classes * 8);
    copy_rows(b->drawn, o->count, o->labels, copy->labels, 8);
    copy_rows(b->drawn, o->count, o->truths, copy->truths, o->classes);
    copy_rows(b->drawn, o->count, o->predicted, copy->predicted, 8);
    copy_rows(b->drawn, o->count, o->targets, copy->targets, 8);
    return fv_metric_run(b->metric, b->options, copy, b->scratch, out);
}

static fv_error *measure_draw(bootstrap *b, double *out) {
    if (b->answers) return measure_answers(b, out);
    if (!b->prepared) return measure_rows(b, out);
    *out = measure_times(b);
    return NULL;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Between the two values around it, in proportion: numpy's default. */
static double quantile(const double *sorted, int64_t count, double share) {
    double place = share * (double)(count - 1), below = floor(place);
    int64_t i = (int64_t)below;
    return i + 1 < count ? sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]) : sorted[count - 1];
}

static fv_error *resample(bootstrap *b, int64_t resamples, double *values, bool *defined) {
    *defined = true;
    for (int64_t r = 0; r < resamples && *defined; r++) {
        fv_arena_reset(b->scratch);
        draw(b, (uint32_t)r);
        FV_TRY(measure_draw(b, &values[r]));
        *defined = !isnan(values[r]);
    }
    return NULL;
}

fv_error *fv_bootstrap_interval(const char *text, const fv_outcomes *outcomes, const fv_bootstrap_options *options,
                                fv_interval *out) {
    static const fv_bootstrap_options defaults;
    fv_bootstrap_options with = options ? *options : defaults;
    if (!with.resamples) with.resamples = 1000;
    if (with.confidence == 0) with.confidence = 0.95;
    if (with.resamples < 1 || with.resamples > 1000000 || !(with.confidence > 0 && with.confidence < 1))
        return fv_fail(FV_USAGE, "a bootstrap of %lld resamples at confidence %g: 1 to 1,000,000, and between 0 and 1",
                       (long long)with.resamples, with.confidence);
    *out = (fv_interval){ NAN, NAN };
    bootstrap b = { .outcomes = outcomes, .seed = with.seed, .stream = fv_random_stream("bootstrap") };
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_arena) scratch = NULL;
    FV_OWNED(fv_memory) values = NULL;
    FV_TRY(fv_metric_scratch(outcomes, &arena));
    FV_TRY(fv_metric_scratch(outcomes, &scratch));
    FV_TRY(fv_metric_find(text, outcomes->kind, arena, &b.metric, &b.options));
    FV_TRY(fv_outcomes_check(outcomes));
    if (!outcomes->count) return NULL;
    b.scratch = scratch;
    FV_TRY(group(&b, arena));
    FV_TRY(prepare(&b, arena));
    FV_TRY(fv_memory_alloc(with.resamples, 8, &values));
    bool defined;
    FV_TRY(fv_error_wrap(resample(&b, with.resamples, values, &defined), "metric %s", b.metric->name));
    if (!defined) return NULL;
    const double *sorted = values;
    qsort(values, (size_t)with.resamples, sizeof(double), by_size);
    if (sorted[0] == sorted[with.resamples - 1]) return NULL; /* nothing to draw from is not certainty */
    out->low = quantile(sorted, with.resamples, (1 - with.confidence) / 2);
    out->high = quantile(sorted, with.resamples, (1 + with.confidence) / 2);
    return NULL;
}
