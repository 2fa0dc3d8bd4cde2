/* compare.c - what differs, which runs are one recipe, and the order of a comparison. */
#include "experiments/compare.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/base/size.h"

#define CONFIDENCE 0.95

/* ---- settings ---- */

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

/* Keys of every run, the first one's order first, each once. */
static fv_error *collect_keys(const fv_run_facts *runs, int64_t count, fv_arena *arena, const char ***keys,
                              int64_t *key_count) {
    int64_t most = 0;
    *key_count = 0;
    for (int64_t r = 0; r < count; r++) most += runs[r].param_count;
    FV_TRY(fv_arena_take(arena, most, keys));
    for (int64_t r = 0; r < count; r++)
        for (int64_t i = 0; i < runs[r].param_count; i++) {
            int64_t k = 0;
            while (k < *key_count && strcmp((*keys)[k], runs[r].params[i].key) != 0) k++;
            if (k == *key_count) (*keys)[(*key_count)++] = runs[r].params[i].key;
        }
    return NULL;
}

fv_error *fv_runs_differences(const fv_run_facts *runs, int64_t count, fv_arena *arena, const fv_run_difference **out,
                              int64_t *out_count) {
    const char **keys;
    int64_t key_count;
    fv_run_difference *differences;
    FV_TRY(collect_keys(runs, count, arena, &keys, &key_count));
    FV_TRY(fv_arena_take(arena, key_count, &differences));
    *out = differences;
    *out_count = 0;
    for (int64_t k = 0; k < key_count; k++) {
        const char **values;
        bool differs = false;
        FV_TRY(fv_arena_take(arena, count, &values));
        for (int64_t r = 0; r < count; r++) values[r] = fv_run_param_get(&runs[r], keys[k]);
        for (int64_t r = 1; r < count; r++) differs |= !same_text(values[0], values[r]);
        if (differs) differences[(*out_count)++] = (fv_run_difference){ keys[k], values };
    }
    return NULL;
}

/* ---- groups ---- */

static bool covers(const fv_run_facts *a, const fv_run_facts *b) {
    for (int64_t i = 0; i < a->param_count; i++)
        if (strcmp(a->params[i].key, "seed") != 0 && !same_text(a->params[i].value, fv_run_param_get(b, a->params[i].key)))
            return false;
    return true;
}

/* The letters with which all names of a group begin, without a number that is cut in two and without what divides. */
static size_t shared_letters(const fv_run_facts *runs, const fv_run_group *group) {
    const char *first = runs[group->runs[0]].name;
    size_t length = strlen(first);
    for (int64_t i = 1; i < group->count; i++) {
        const char *other = runs[group->runs[i]].name;
        size_t same = 0;
        while (same < length && first[same] == other[same]) same++;
        length = same;
    }
    bool cut = false;
    for (int64_t i = 0; i < group->count; i++) cut |= isdigit((unsigned char)runs[group->runs[i]].name[length]);
    while (cut && length && isdigit((unsigned char)first[length - 1])) length--;
    while (length && strchr("-_. ", first[length - 1])) length--;
    return length;
}

static fv_error *name_group(const fv_run_facts *runs, const fv_run_group *groups, int64_t number, fv_arena *arena,
                            const char **out) {
    const fv_run_group *group = &groups[number];
    const char *first = runs[group->runs[0]].name;
    if (group->count == 1) return fv_arena_text(arena, first, out);
    size_t length = shared_letters(runs, group);
    FV_TRY(fv_arena_format(arena, out, "%.*s", (int)length, first));
    bool taken = !length;
    for (int64_t g = 0; g < number; g++) taken |= !strcmp(groups[g].name, *out);
    if (!taken) return NULL;
    return fv_arena_format(arena, out, "%s and %lld more", first, (long long)(group->count - 1));
}

fv_error *fv_runs_group(const fv_run_facts *runs, int64_t count, fv_arena *arena, const fv_run_group **out, int64_t *out_count,
                        const int64_t **group_of) {
    fv_run_group *groups;
    int64_t *of, *members, g;
    FV_TRY(fv_arena_take(arena, count, &groups));
    FV_TRY(fv_arena_take(arena, count, &of));
    *out = groups;
    *group_of = of;
    *out_count = 0;
    for (int64_t r = 0; r < count; r++) {
        for (g = 0; g < *out_count; g++) {
            const fv_run_facts *first = &runs[groups[g].runs[0]];
            if (covers(first, &runs[r]) && covers(&runs[r], first)) break;
        }
        if (g == *out_count) {
            FV_TRY(fv_arena_take(arena, count, &members));
            groups[(*out_count)++].runs = members;
        }
        ((int64_t *)groups[g].runs)[groups[g].count++] = r;
        of[r] = g;
    }
    for (g = 0; g < *out_count; g++) FV_TRY(name_group(runs, groups, g, arena, &groups[g].name));
    return NULL;
}

/* ---- the metric ---- */

static bool all_have_outcomes(const fv_comparison *c) {
    for (int64_t r = 0; r < c->run_count; r++)
        if (!c->runs[r].outcomes || c->runs[r].outcomes->kind != c->runs[0].outcomes->kind) return false;
    return true;
}

/* A score in validation that the first run has: "val_top1". */
static const char *any_score(const fv_run_facts *run) {
    for (int64_t i = 0; i < run->metric_count; i++)
        if (!strncmp(run->metrics[i].key, "val_", 4) && !run->metrics[i].lower_is_better) return run->metrics[i].key;
    return NULL;
}

static bool is_curve(const fv_comparison *c, const char *key) {
    for (int64_t r = 0; r < c->run_count; r++)
        if (fv_run_metric_get(&c->runs[r], key)) return true;
    return false;
}

const char *fv_picture_metric(fv_outcome_kind kind) {
    static const char *const metrics[] = { "top1", "f1 average=micro", "mae" };
    return metrics[kind];
}

bool fv_metric_is_share(const char *metric) {
    static const char *const shares[] = { "top1",   "top_k", "balanced_accuracy", "precision",
                                          "recall", "f1",    "subset_accuracy",   "hamming_loss" };
    size_t length = strcspn(metric, " ");
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        if (strlen(shares[i]) == length && !strncmp(shares[i], metric, length)) return true;
    return false;
}

/* Of a curve's key what follows "val_". */
static const char *base_of(const char *key) {
    const char *bar = strchr(key, '_');
    return bar && (!strncmp(key, "val_", 4) || !strncmp(key, "train_", 6)) ? bar + 1 : key;
}

static fv_error *take_curve(const fv_comparison *c, const char *key, fv_comparison *out) {
    const fv_run_metric *metric = NULL;
    for (int64_t r = 0; r < c->run_count && !metric; r++) metric = fv_run_metric_get(&c->runs[r], key);
    out->metric = key;
    out->of_pictures = false;
    out->lower_is_better = metric->lower_is_better;
    out->share = fv_metric_is_share(base_of(key));
    return NULL;
}

static fv_error *take_metric(const char *metric, fv_comparison *out) {
    out->metric = metric;
    out->of_pictures = true;
    out->lower_is_better = fv_metric_is_better_lower(metric);
    out->share = fv_metric_is_share(metric);
    for (int64_t r = 0; r < out->run_count; r++) {
        const fv_run_outcomes *o = out->runs[r].outcomes;
        if (!o) continue;
        FV_TRY(fv_metric_check(metric, o->kind, o->kind == FV_NUMBERS ? 0 : fv_max(o->class_count, 2)));
    }
    return NULL;
}

fv_error *fv_runs_choose_metric(const char *wanted, fv_arena *arena, fv_comparison *c) {
    const char *metric;
    FV_TRY(fv_arena_text(arena, wanted, &metric));
    if (metric && is_curve(c, metric)) return take_curve(c, metric, c);
    if (metric) return take_metric(metric, c);
    if (all_have_outcomes(c)) return take_metric(fv_picture_metric(c->runs[0].outcomes->kind), c);
    const char *score = any_score(&c->runs[0]);
    return score ? take_curve(c, score, c) : NULL;
}

/* ---- each run's value ---- */

/* Of labels that were not written down with their probabilities, metrics that are of what was answered. */
static bool of_labels_answered(const char *metric) {
    static const char *const names[] = { "subset_accuracy", "hamming_loss", "precision", "recall", "f1" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(names[i], metric, strlen(names[i])) && !strstr(metric, "threshold")) return true;
    return false;
}

static fv_error *measure_run(const fv_compare_options *options, fv_arena *arena, const fv_comparison *c, int64_t r,
                             double *value, fv_interval *interval) {
    const fv_run_outcomes *o = c->runs[r].outcomes;
    fv_run_pair pair;
    if (!o) return NULL;
    FV_TRY(fv_run_outcomes_pair(o, o, !fv_metric_of_answers(c->metric), arena, &pair));
    if (o->kind == FV_MULTI_LABEL && !pair.scored && !of_labels_answered(c->metric))
        return fv_fail(FV_USAGE, "%s needs the probability of every label, and predictions.jsonl has the largest alone",
                       c->metric);
    FV_TRY(fv_metric_measure(c->metric, &pair.of[0], value));
    if (!strcmp(c->metric, "top1")) {
        *interval = fv_wilson_interval((int64_t)llround(*value * (double)o->count), o->count, c->confidence);
        return NULL;
    }
    fv_bootstrap_options with = { .confidence = c->confidence, .resamples = options->resamples, .seed = options->seed };
    return fv_bootstrap_interval(c->metric, &pair.of[0], &with, interval);
}

static fv_error *average_groups(fv_arena *arena, fv_comparison *c) {
    double *values;
    FV_TRY(fv_arena_take(arena, c->run_count, &values));
    for (int64_t g = 0; g < c->group_count; g++) {
        fv_run_group *group = (fv_run_group *)&c->groups[g];
        int64_t held = 0;
        for (int64_t i = 0; i < group->count; i++)
            if (!isnan(c->values[group->runs[i]])) values[held++] = c->values[group->runs[i]];
        group->mean = fv_mean_of(values, held);
    }
    return NULL;
}

fv_error *fv_runs_measure(const fv_compare_options *options, fv_arena *arena, fv_comparison *c) {
    double *values;
    fv_interval *intervals;
    FV_TRY(fv_arena_take(arena, c->run_count, &values));
    FV_TRY(fv_arena_take(arena, c->run_count, &intervals));
    for (int64_t r = 0; r < c->run_count; r++) {
        const fv_run_metric *metric = c->metric && !c->of_pictures ? fv_run_metric_get(&c->runs[r], c->metric) : NULL;
        values[r] = metric ? metric->best : NAN;
        intervals[r] = (fv_interval){ NAN, NAN };
        if (c->metric && c->of_pictures)
            FV_TRY(fv_error_wrap(measure_run(options, arena, c, r, &values[r], &intervals[r]), "run %s", c->runs[r].name));
    }
    c->values = values;
    c->intervals = intervals;
    return average_groups(arena, c);
}

/* ---- all of it ---- */

static fv_error *check_runs(const fv_run_facts *runs, int64_t count) {
    if (count < 2)
        return fv_error_hint(fv_fail(FV_USAGE, "there is one run, and nothing to compare it with"), "name another one");
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < i; j++)
            if (!strcmp(runs[i].name, runs[j].name)) return fv_fail(FV_USAGE, "the run %s is named twice", runs[i].name);
    return NULL;
}

fv_error *fv_runs_compare(const fv_run_facts *runs, int64_t count, const fv_compare_options *options, fv_arena *arena,
                          fv_comparison *out) {
    static const fv_compare_options defaults;
    if (!options) options = &defaults;
    double confidence = options->confidence == 0 ? CONFIDENCE : options->confidence;
    *out = (fv_comparison){ .run_count = count, .runs = runs, .confidence = confidence };
    if (!(confidence > 0 && confidence < 1)) return fv_fail(FV_USAGE, "confidence %g is not between 0 and 1", confidence);
    FV_TRY(check_runs(runs, count));
    FV_TRY(fv_runs_differences(runs, count, arena, &out->differences, &out->difference_count));
    FV_TRY(fv_runs_group(runs, count, arena, &out->groups, &out->group_count, &out->group_of));
    FV_TRY(fv_runs_choose_metric(options->metric, arena, out));
    FV_TRY(fv_runs_measure(options, arena, out));
    FV_TRY(fv_runs_judge_groups(arena, out));
    return fv_runs_judge_pairs(options, arena, out);
}
