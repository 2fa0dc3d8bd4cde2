/* shared: two models on the same samples, of which only those that tell them apart count.
 *
 * McNemar: under the hypothesis that both are equally good, each sample that only one of them has right is a fair coin
 * (Q. McNemar, Psychometrika 1947), so the smaller count is binomial. The mid-p value (Fagerland, Lydersen and Laake, BMC
 * Medical Research Methodology 2013) takes half of the probability of the very split seen, and is the better choice unless the
 * level must be guaranteed. Of many such samples the corrected statistic (|b − c| − 1)² / (b + c) is χ² with one degree of
 * freedom (A. L. Edwards, Psychometrika 1948).
 *
 * The interval of a difference of two shares is Tango's (T. Tango, "Equivalence test and confidence interval for the difference
 * in proportions for the paired-sample design", Statistics in Medicine 1998): the differences that the score test would not
 * reject. It holds where few samples or none tell the models apart, and leaves out 0 just when the uncorrected test of McNemar
 * does. The interval of any other difference is the percentile bootstrap's, both models drawn alike.
 *
 * The permutation test (E. S. Edgington; M. Ojala and G. C. Garriga, JMLR 2010) swaps what the two say of a sample, for every
 * subset of the samples where that is tried exactly, else for subsets drawn at random; the latter's p counts the split seen
 * as one of them (B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", 2010). */
#include <math.h>
#include <string.h>

#include "core/base/random.h"
#include "core/base/size.h"
#include "metrics/normal.h"
#include "metrics/redraw.h"

#define PERMUTATIONS 10000
#define PERMUTATIONS_MAX 10000000
#define ROUNDING 1e-12 /* of the figures: differences nearer than that are alike */

/* ---- McNemar ---- */

/* The chance of at most `few` heads in `tosses`, and of exactly `few`, each as a share of all: terms C(tosses, i) relative to
 * the largest, by the ratio of neighbours from the middle down; the upper half mirrors the lower one. */
static double chance_of_at_most(int64_t few, int64_t tosses, double *exactly) {
    double term = 1, all = 0, tail = 0;
    *exactly = 0;
    for (int64_t i = tosses / 2; i >= 0; i--) {
        all += 2 * i == tosses ? term : 2 * term;
        if (i <= few) tail += term;
        if (i == few) *exactly = term;
        term *= (double)i / (double)(tosses - i + 1);
    }
    *exactly /= all;
    return tail / all;
}

fv_mcnemar fv_mcnemar_of(int64_t only_first, int64_t only_second) {
    fv_mcnemar out = { only_first, only_second, .exact = 1, .mid_p = 1, .corrected = 1, .p = 1 };
    int64_t few = fv_min(only_first, only_second), tosses = only_first + only_second;
    out.by_chi_squared = tosses >= FV_MCNEMAR_FEW;
    if (!tosses) return out;
    double exactly, tail = chance_of_at_most(few, tosses, &exactly);
    out.exact = fmin(2 * tail, 1);
    out.mid_p = 2 * tail - exactly;
    double apart = fmax((double)(tosses - 2 * few) - 1, 0);
    out.chi_squared = apart * apart / (double)tosses;
    out.corrected = erfc(sqrt(out.chi_squared / 2));
    out.p = out.by_chi_squared ? out.corrected : out.exact;
    return out;
}

fv_mcnemar fv_mcnemar_test(const uint8_t *first, const uint8_t *second, int64_t count) {
    int64_t only_first = 0, only_second = 0;
    for (int64_t i = 0; i < count; i++) {
        only_first += first[i] && !second[i];
        only_second += !first[i] && second[i];
    }
    return fv_mcnemar_of(only_first, only_second);
}

/* ---- the interval of a difference of shares ---- */

/* Tango's statistic for the hypothesis that the share gained minus the share lost is `delta`: a standard normal number, falling
 * in delta. The share lost is the likeliest one under that hypothesis, a root of a quadratic. */
static double score_statistic(double gained, double lost, double n, double delta) {
    double a = 2 * n, b = (2 * n - gained + lost) * delta - gained - lost, c = -lost * delta * (1 - delta);
    double share_lost = (sqrt(fmax(b * b - 4 * a * c, 0)) - b) / (2 * a);
    double variance = n * (2 * share_lost + delta * (1 - delta)), apart = gained - lost - n * delta;
    return variance > 0 ? apart / sqrt(variance) : apart > 0 ? INFINITY : apart < 0 ? -INFINITY : 0;
}

/* Where the statistic crosses `z`, by halving −1 … 1. */
static double delta_at(double gained, double lost, double n, double z) {
    double low = -1, high = 1;
    for (int step = 0; step < 100; step++) {
        double middle = low + (high - low) / 2;
        *(score_statistic(gained, lost, n, middle) > z ? &low : &high) = middle;
    }
    return low + (high - low) / 2;
}

fv_interval fv_paired_shares_interval(int64_t only_first, int64_t only_second, int64_t count, double confidence) {
    if (count < 1) return (fv_interval){ NAN, NAN };
    double gained = (double)only_second, lost = (double)only_first, n = (double)count;
    double z = fv_normal_above((1 - confidence) / 2);
    return (fv_interval){ delta_at(gained, lost, n, z), delta_at(gained, lost, n, -z) };
}

/* ---- the same samples ---- */

static fv_error *match_truths(const fv_outcomes *a, const fv_outcomes *b) {
    for (int64_t i = 0; i < a->count; i++) {
        bool same = a->kind == FV_ONE_CLASS     ? a->labels[i] == b->labels[i]
                    : a->kind == FV_MULTI_LABEL ? !memcmp(a->truths + i * a->classes, b->truths + i * a->classes, a->classes)
                                                : a->targets[i] == b->targets[i];
        if (!same)
            return fv_fail(FV_CONFLICT, "sample %lld has another truth in the one set of outcomes than in the other",
                           (long long)i);
    }
    return NULL;
}

fv_error *fv_outcomes_match(const fv_outcomes *a, const fv_outcomes *b) {
    if (!a->answers != !b->answers)
        return fv_fail(FV_CONFLICT, "of the one model only answers are known, of the other probabilities too");
    if (a->kind != b->kind || a->classes != b->classes || a->count != b->count)
        return fv_fail(FV_CONFLICT, "outcomes of %lld samples and %lld classes beside outcomes of %lld and %lld: not the same",
                       (long long)a->count, (long long)a->classes, (long long)b->count, (long long)b->classes);
    return match_truths(a, b);
}

static fv_error *append(const void *first, const void *second, int64_t bytes, fv_arena *arena, const void **out) {
    char *both;
    *out = NULL;
    if (!first) return NULL;
    FV_TRY(fv_arena_take(arena, 2 * bytes, &both));
    memcpy(both, first, (size_t)bytes);
    memcpy(both + bytes, second, (size_t)bytes);
    *out = both;
    return NULL;
}

/* Both models: the second's answer to sample i is that of sample count + i. */
typedef struct pair {
    int64_t count;
    fv_outcomes both;
    fv_redraw redraw;
    fv_arena *arena, *scratch;
    int64_t *drawn;
    double sign; /* of a gain: 1, or −1 where lower is better */
} pair;

static void release_pair(pair *p) {
    fv_arena_free(p->arena);
    fv_arena_free(p->scratch);
}

static fv_error *join(const fv_outcomes *a, const fv_outcomes *b, fv_arena *arena, fv_outcomes *both) {
    int64_t n = a->count, cells = n * a->classes;
    *both = (fv_outcomes){ .kind = a->kind, .count = 2 * n, .classes = a->classes };
    FV_TRY(append(a->probabilities, b->probabilities, 8 * cells, arena, (const void **)&both->probabilities));
    FV_TRY(append(a->labels, b->labels, 8 * n, arena, (const void **)&both->labels));
    FV_TRY(append(a->truths, b->truths, cells, arena, (const void **)&both->truths));
    FV_TRY(append(a->predicted, b->predicted, 8 * n, arena, (const void **)&both->predicted));
    FV_TRY(append(a->answers, b->answers, 8 * n, arena, (const void **)&both->answers));
    return append(a->targets, b->targets, 8 * n, arena, (const void **)&both->targets);
}

static fv_error *pair_up(const char *metric, const fv_outcomes *a, const fv_outcomes *b, pair *p) {
    fv_outcomes size = *a;
    FV_TRY(fv_outcomes_match(a, b));
    p->count = a->count;
    if (!fv_size_mul(2, a->count, &size.count)) return fv_fail(FV_MEMORY, "too many samples to compare");
    FV_TRY(fv_metric_scratch(&size, &p->arena));
    FV_TRY(fv_metric_scratch(&size, &p->scratch));
    FV_TRY(join(a, b, p->arena, &p->both));
    FV_TRY(fv_redraw_init(metric, &p->both, p->count, p->arena, p->scratch, &p->redraw));
    p->sign = p->redraw.metric->lower_is_better ? -1 : 1;
    return fv_arena_take(p->arena, p->count, &p->drawn);
}

/* The metric of what `drawn` says, samples of both, and of what the other model says of each of them. */
static fv_error *measure_both(pair *p, const int64_t *drawn, double values[2]) {
    FV_TRY(fv_redraw_measure(&p->redraw, drawn, &values[0]));
    for (int64_t i = 0; i < p->count; i++) p->drawn[i] = (drawn[i] + p->count) % (2 * p->count);
    return fv_redraw_measure(&p->redraw, p->drawn, &values[1]);
}

static fv_error *start(const char *metric, const fv_outcomes *a, const fv_outcomes *b, pair *p, fv_paired *out) {
    double values[2] = { NAN, NAN };
    int64_t *all;
    FV_TRY(pair_up(metric, a, b, p));
    FV_TRY(fv_arena_take(p->arena, p->count, &all));
    for (int64_t i = 0; i < p->count; i++) all[i] = i;
    if (p->count) FV_TRY(measure_both(p, all, values));
    *out = (fv_paired){ .first = values[0], .second = values[1], .gain = p->sign * (values[1] - values[0]) };
    return NULL;
}

/* ---- the interval of a gain ---- */

static fv_error *bootstrap(pair *p, const fv_outcomes *outcomes, const fv_bootstrap_options *with, fv_interval *out) {
    FV_OWNED(fv_memory) memory = NULL;
    fv_draws draws;
    FV_TRY(fv_draws_init(outcomes, with->seed, p->arena, &draws));
    FV_TRY(fv_memory_alloc(with->resamples, 8, &memory));
    double *gains = memory;
    for (int64_t r = 0; r < with->resamples; r++) {
        double values[2];
        fv_draws_next(&draws, (uint32_t)r);
        FV_TRY(measure_both(p, draws.drawn, values));
        gains[r] = p->sign * (values[1] - values[0]);
        if (isnan(gains[r])) return NULL;
    }
    *out = fv_percentile_interval(gains, with->resamples, with->confidence);
    return NULL;
}

static fv_interval of_shares(const pair *p, double confidence) {
    int64_t only[2] = { 0, 0 };
    for (int64_t i = 0; i < p->count; i++) {
        bool first = p->redraw.answers[i] == p->both.labels[i], second = p->redraw.answers[p->count + i] == p->both.labels[i];
        if (first != second) only[second]++;
    }
    return fv_paired_shares_interval(only[0], only[1], p->count, confidence);
}

static fv_error *find_interval(pair *p, const fv_outcomes *first, const fv_outcomes *second, const char *metric,
                               const fv_bootstrap_options *with, fv_paired_interval *out) {
    FV_TRY(start(metric, first, second, p, &out->of));
    if (isnan(out->of.gain)) return NULL;
    out->by_score = !strcmp(p->redraw.metric->name, "top1");
    if (out->by_score)
        out->interval = of_shares(p, with->confidence);
    else
        FV_TRY(bootstrap(p, first, with, &out->interval));
    return NULL;
}

fv_error *fv_paired_interval_of(const char *metric, const fv_outcomes *first, const fv_outcomes *second,
                                const fv_bootstrap_options *options, fv_paired_interval *out) {
    pair p = { 0 };
    fv_bootstrap_options with;
    *out = (fv_paired_interval){ .of = { NAN, NAN, NAN }, .interval = { NAN, NAN } };
    FV_TRY(fv_bootstrap_options_check(options, &with));
    fv_error *error = find_interval(&p, first, second, metric, &with, out);
    release_pair(&p);
    return error;
}

bool fv_not_worse(const fv_paired_interval *interval, double margin) { return interval->interval.low > -margin; }

/* ---- the permutation test ---- */

static bool same_rows(const void *rows, int64_t i, int64_t count, int64_t bytes) {
    return !rows || !memcmp((const char *)rows + i * bytes, (const char *)rows + (count + i) * bytes, (size_t)bytes);
}

/* The samples of which the two say something else, as far as the metric looks; their number. */
static int64_t find_differing(const pair *p, int64_t *differing) {
    int64_t found = 0;
    for (int64_t i = 0; i < p->count; i++) {
        bool same = p->redraw.answers ? p->redraw.answers[i] == p->redraw.answers[p->count + i]
                                      : same_rows(p->both.probabilities, i, p->count, 8 * p->both.classes) &&
                                            same_rows(p->both.predicted, i, p->count, 8);
        if (!same) differing[found++] = i;
    }
    return found;
}

/* Swaps number `number` of all (exact: bit k for the k-th sample that differs), or drawn at random. */
static void swap(const fv_permutation *test, const int64_t *differing, uint64_t seed, int64_t number, int64_t count,
                 int64_t *drawn) {
    fv_random random = fv_random_at(seed, fv_random_stream("permutation"), (uint32_t)number, 0);
    uint32_t bits = 0;
    for (int64_t k = 0; k < test->differing; k++) {
        if (k % 32 == 0) bits = test->exact ? (uint32_t)number : fv_random_u32(&random);
        bool swapped = bits >> (k % 32) & 1;
        drawn[differing[k]] = differing[k] + (swapped ? count : 0);
    }
}

/* All swaps are twice as many as those that leave the last sample that differs as it is, and the others only turn the sign. */
static fv_error *permute(pair *p, int64_t most, uint64_t seed, fv_permutation *out) {
    int64_t *differing, *drawn, extreme = 0;
    FV_TRY(fv_arena_take(p->arena, p->count, &differing));
    FV_TRY(fv_arena_take(p->arena, p->count, &drawn));
    for (int64_t i = 0; i < p->count; i++) drawn[i] = i;
    out->differing = find_differing(p, differing);
    out->exact = out->differing <= 32 && INT64_C(1) << fv_max(out->differing - 1, 0) <= most;
    out->permutations = out->exact ? INT64_C(1) << fv_max(out->differing - 1, 0) : most;
    double bar = fabs(out->of.gain) - ROUNDING * fmax(fabs(out->of.first), fabs(out->of.second));
    for (int64_t number = 0; number < out->permutations; number++) {
        double values[2];
        swap(out, differing, seed, number, p->count, drawn);
        FV_TRY(measure_both(p, drawn, values));
        if (isnan(values[1] - values[0])) return NULL;
        extreme += fabs(values[1] - values[0]) >= bar;
    }
    int64_t seen = out->exact ? 0 : 1;
    out->p = (double)(extreme + seen) / (double)(out->permutations + seen);
    return NULL;
}

fv_error *fv_permutation_test(const char *metric, const fv_outcomes *first, const fv_outcomes *second, int64_t most,
                              uint64_t seed, fv_permutation *out) {
    pair p = { 0 };
    *out = (fv_permutation){ .of = { NAN, NAN, NAN }, .p = NAN };
    if (most < 0 || most > PERMUTATIONS_MAX)
        return fv_fail(FV_USAGE, "a test of %lld permutations: 1 to 10,000,000, or 0 for 10,000", (long long)most);
    fv_error *error = start(metric, first, second, &p, &out->of);
    if (!error && !isnan(out->of.gain)) error = permute(&p, most ? most : PERMUTATIONS, seed, out);
    release_pair(&p);
    return error;
}
