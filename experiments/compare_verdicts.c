/* compare_verdicts.c - which recipe is better, by runs with several seeds; which model is better, by pictures that both were
 * tested on. */
#include <math.h>
#include <string.h>

#include "experiments/compare.h"

static void decide(const fv_comparison *c, fv_verdict *v) {
    if (v->kind != FV_VERDICT_ALIKE || isnan(v->p) || v->p >= 1 - c->confidence) return;
    v->kind = v->gain > 0 ? FV_VERDICT_BETTER : FV_VERDICT_WORSE;
}

static fv_verdict unknown(const char *reason) {
    return (fv_verdict){ .kind = FV_VERDICT_UNKNOWN,
                         .first = NAN,
                         .second = NAN,
                         .gain = NAN,
                         .interval = { NAN, NAN },
                         .p = NAN,
                         .reason = reason };
}

static fv_verdict refused(const char *reason) {
    fv_verdict v = unknown(reason);
    v.kind = FV_VERDICT_REFUSED;
    return v;
}

/* Each p becomes Holm's, by which it is decided, and the verdicts are put into words. */
static fv_error *finish(const fv_comparison *c, fv_verdict *const *verdicts, int64_t count, bool of_seeds, fv_arena *arena) {
    double *p;
    int64_t tests = 0;
    FV_TRY(fv_arena_take(arena, count, &p));
    for (int64_t i = 0; i < count; i++) tests += !isnan(p[i] = verdicts[i]->p);
    FV_TRY(fv_holm_adjust(p, count));
    for (int64_t i = 0; i < count; i++) {
        verdicts[i]->p = p[i];
        decide(c, verdicts[i]);
        FV_TRY(fv_verdict_say(c, tests, of_seeds, arena, verdicts[i]));
    }
    return NULL;
}

/* ---- groups ---- */

/* Settings that decide what is validated on; which of those pictures is the seed's choice. */
static const char *other_validation(const fv_run_facts *a, const fv_run_facts *b) {
    static const char *const keys[] = { "data", "val", "val_fraction", "group_by", "folds", "source", "source_options" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *of_a = fv_run_param_get(a, keys[i]), *of_b = fv_run_param_get(b, keys[i]);
        if (of_a != of_b && (!of_a || !of_b || strcmp(of_a, of_b) != 0)) return keys[i];
    }
    return NULL;
}

/* Why values of two groups are not of one thing; NULL: they are. */
static fv_error *unlike(const fv_comparison *c, const fv_run_group *a, const fv_run_group *b, fv_arena *arena,
                        const char **reason) {
    const fv_run_facts *first = &c->runs[a->runs[0]];
    *reason = NULL;
    if (!c->of_pictures) {
        const char *key = other_validation(first, &c->runs[b->runs[0]]);
        return key ? fv_arena_format(arena, reason, "validated on other pictures: their settings differ in %s", key) : NULL;
    }
    for (int64_t i = 0; i < a->count + b->count; i++) {
        const fv_run_facts *run = &c->runs[i < a->count ? a->runs[i] : b->runs[i - a->count]];
        const char *why;
        FV_TRY(fv_run_outcomes_differ(first->outcomes, run->outcomes, arena, &why));
        if (why) return fv_arena_format(arena, reason, "%s beside %s: %s", run->name, first->name, why);
    }
    return NULL;
}

static fv_error *judge_group(const fv_comparison *c, const fv_run_group *a, const fv_run_group *b, fv_arena *arena,
                             fv_verdict *out) {
    const char *reason;
    *out = unknown("there is no figure that both have");
    if (!c->metric) return NULL;
    FV_TRY(unlike(c, a, b, arena, &reason));
    if (reason) return *out = refused(reason), NULL;
    if (!a->mean.count || !b->mean.count) return NULL;
    fv_means_test test = fv_means_compare(&a->mean, &b->mean, c->confidence);
    double sign = c->lower_is_better ? -1 : 1;
    out->first = a->mean.mean, out->second = b->mean.mean;
    out->gain = sign * test.difference;
    if (a->mean.count + b->mean.count < 3) {
        out->reason = "one run each: how far a seed moves it is not known";
        return NULL;
    }
    if (isnan(test.p) && test.difference != 0) {
        out->reason = "the seeds do not move it at all, so nothing says how far chance goes";
        return NULL;
    }
    out->kind = FV_VERDICT_ALIKE;
    out->reason = NULL;
    out->p = isnan(test.p) ? 1 : test.p;
    out->interval = sign > 0 ? test.interval : (fv_interval){ -test.interval.high, -test.interval.low };
    return fv_arena_format(arena, &out->test, "%s t over %lld and %lld seeds", test.pooled ? "Student's" : "Welch's",
                           (long long)a->mean.count, (long long)b->mean.count);
}

fv_error *fv_runs_judge_groups(fv_arena *arena, fv_comparison *c) {
    fv_group_verdict *verdicts;
    fv_verdict **all;
    FV_TRY(fv_arena_take(arena, c->group_count, &verdicts));
    FV_TRY(fv_arena_take(arena, c->group_count, &all));
    for (int64_t g = 1; g < c->group_count; g++) {
        fv_group_verdict *v = &verdicts[g - 1];
        v->second = g;
        all[g - 1] = &v->verdict;
        FV_TRY(judge_group(c, &c->groups[0], &c->groups[g], arena, &v->verdict));
        v->verdict.metric = c->metric;
        v->verdict.share = c->share;
    }
    c->group_verdicts = verdicts;
    c->group_verdict_count = c->group_count - 1;
    return finish(c, all, c->group_verdict_count, true, arena);
}

/* ---- pairs ---- */

static fv_mcnemar count_right(const fv_run_outcomes *a, const fv_run_outcomes *b) {
    int64_t only_first = 0, only_second = 0;
    for (int64_t i = 0; i < a->count; i++) {
        bool first = a->answers[i] == a->labels[i], second = b->answers[i] == b->labels[i];
        only_first += first && !second;
        only_second += second && !first;
    }
    return fv_mcnemar_of(only_first, only_second);
}

static fv_error *test_pair(const fv_compare_options *options, const char *metric, fv_pair_verdict *p, fv_arena *arena) {
    fv_permutation test;
    fv_verdict *v = &p->verdict;
    if (!strcmp(metric, "top1")) {
        const fv_mcnemar *m = &p->mcnemar;
        v->p = m->p;
        return fv_arena_format(arena, &v->test, "McNemar's test, %s, %lld against %lld pictures",
                               m->by_chi_squared ? "χ² corrected" : "exact", (long long)m->only_first,
                               (long long)m->only_second);
    }
    FV_TRY(fv_permutation_test(metric, &p->pair.of[0], &p->pair.of[1], options->permutations, options->seed, &test));
    v->p = test.p;
    return fv_arena_format(arena, &v->test, "permutation test, %s, %lld pictures differ", test.exact ? "exact" : "sampled",
                           (long long)test.differing);
}

static fv_error *judge_pair(const fv_compare_options *options, const fv_comparison *c, fv_arena *arena, fv_pair_verdict *p) {
    const fv_run_outcomes *a = c->runs[p->first].outcomes, *b = c->runs[p->second].outcomes;
    const char *reason;
    FV_TRY(fv_run_outcomes_differ(a, b, arena, &reason));
    p->verdict = refused(reason);
    if (reason) return NULL;
    const char *metric = c->of_pictures ? c->metric : fv_picture_metric(a->kind);
    fv_bootstrap_options with = { .confidence = c->confidence, .resamples = options->resamples, .seed = options->seed };
    fv_paired_interval gain;
    FV_TRY(fv_run_outcomes_pair(a, b, !fv_metric_of_answers(metric), arena, &p->pair));
    if (a->kind == FV_ONE_CLASS) p->mcnemar = count_right(a, b);
    FV_TRY(fv_paired_interval_of(metric, &p->pair.of[0], &p->pair.of[1], &with, &gain));
    p->verdict = unknown("the figure is not defined for one of them");
    if (isnan(gain.of.gain)) return NULL;
    p->verdict = (fv_verdict){ .kind = FV_VERDICT_ALIKE,
                               .metric = metric,
                               .share = fv_metric_is_share(metric),
                               .first = gain.of.first,
                               .second = gain.of.second,
                               .gain = gain.of.gain,
                               .interval = gain.interval };
    return test_pair(options, metric, p, arena);
}

fv_error *fv_runs_judge_pairs(const fv_compare_options *options, fv_arena *arena, fv_comparison *c) {
    fv_pair_verdict *pairs;
    fv_verdict **all;
    FV_TRY(fv_arena_take(arena, c->run_count, &pairs));
    FV_TRY(fv_arena_take(arena, c->run_count, &all));
    for (int64_t r = 1; r < c->run_count; r++) {
        fv_pair_verdict *p = &pairs[r - 1];
        p->second = r;
        all[r - 1] = &p->verdict;
        FV_TRY(fv_error_wrap(judge_pair(options, c, arena, p), "%s beside %s", c->runs[r].name, c->runs[0].name));
    }
    c->pairs = pairs;
    c->pair_count = c->run_count - 1;
    return finish(c, all, c->pair_count, false, arena);
}
