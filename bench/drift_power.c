/* drift_power.c - how often a verdict on drift is an alarm, for bench/drift_power to drive:
 *
 *   bench_drift_power MODEL REPLAYS WINDOW USUAL [NAME=DIR …]
 *
 * Every picture below USUAL and below each DIR goes through the model once. A replay deals the usual pictures anew: one half
 * makes the reference profile, a window of WINDOW pictures is drawn from the other (NAME "usual"), from the same pictures as
 * they are in DIR, or, where NAME begins with "unseen", by that share of percent from DIR. A DIR that begins with '*' is a
 * class that is drawn so many times as often as the others ("mix3=*platelet": three times). Prints a line a NAME: the share of
 * replays with an alarm by the default policy; by any column, and by half of the columns, below 0.05 in the tests that
 * evidently takes for up to 1,000 rows; the mean of the estimated accuracy and of the true one, and the mean distance of the
 * two; and the delay: of the replays the median of how many predictions came, in windows of WINDOW drawn with replacement,
 * until one raised an alarm (inf: in most none of DELAY_WINDOWS did). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/base/size.h"
#include "drift/verdict.h"
#include "experiments/drift_observe.h"

#define DELAY_WINDOWS 8
#define REPLAYS_MAX 1000

typedef struct stream {
    const char *name, *class; /* of a mix */
    double strength;
    fv_drift_window *all;
} stream;

typedef struct tally {
    double alarms, any, half, estimated, accuracy, gap;
    double delays[REPLAYS_MAX];
} tally;

static fv_error *observe(fv_predictor *predictor, const char *path, fv_drift_window **out) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_error) unlabelled = NULL;
    fv_observed_data data = { .path = path, .part = "all" };
    FV_TRY(fv_drift_open_data(&data, fv_predictor_input(predictor).channels, &set, &subset, &unlabelled));
    FV_TRY(fv_drift_window_of_predictions(out));
    return fv_drift_observe_data(predictor, subset, *out, NULL);
}

/* Rows of `s` for a window: by `order` from `first` on, which are the usual pictures that the reference has not. */
static fv_error *draw(const stream *usual, const stream *s, const int64_t *order, int64_t first, int64_t last, int64_t size,
                      fv_random *random, fv_drift_window *out) {
    bool unseen = !strncmp(s->name, "unseen", 6);
    for (int64_t k = first; k < last && out->n < size; k++) {
        const fv_drift_window *from = s->class || unseen ? usual->all : s->all;
        int64_t row = order[k];
        if (s->class && !strstr(usual->all->sources[row], s->class) && fv_random_unit(random) > 1 / s->strength) continue;
        if (unseen && fv_random_unit(random) < s->strength / 100) from = s->all, row = fv_random_below(random, s->all->n);
        FV_TRY(fv_drift_window_copy(from, row, out));
    }
    return NULL;
}

/* As evidently 0.7 does by default for at most 1,000 rows: Kolmogorov–Smirnov of numbers, χ² of classes against the reference
 * as it is, each below 0.05; the data drift when half of the columns do. */
static fv_error *judge_as_evidently(const fv_drift_window *then, const fv_drift_window *now, bool *any, bool *half) {
    int64_t columns = 0, drifted = 0;
    double *a = malloc((size_t)then->n * sizeof *a), *b = malloc((size_t)now->n * sizeof *b), counts[2][64] = { { 0 } };
    fv_drift_value got;
    for (int64_t s = 0; s < then->series_count; s++) {
        fv_drift_sample r = { .points = fv_drift_window_sorted(then, s, a), .values = a };
        fv_drift_sample c = { .points = fv_drift_window_sorted(now, s, b), .values = b };
        if (!r.points || !c.points || (a[0] == a[r.points - 1] && b[0] == a[0] && b[c.points - 1] == a[0])) continue;
        FV_TRY(fv_drift_measure("kolmogorov_smirnov", &r, &c, &got));
        columns++, drifted += got.p <= 0.05;
    }
    for (int64_t i = 0; i < then->n; i++) counts[0][then->classes[i]]++;
    for (int64_t i = 0; i < now->n; i++)
        for (int64_t c = 0; c < then->class_count; c++)
            counts[1][c] += !strcmp(now->class_names[now->classes[i]], then->class_names[c]);
    fv_drift_sample r = { .bins = then->class_count, .counts = counts[0] },
                    c = { .bins = then->class_count, .counts = counts[1] };
    FV_TRY(fv_drift_measure("chi_square table=expected", &r, &c, &got));
    columns++, drifted += got.p < 0.05;
    *any = drifted > 0, *half = 2 * drifted >= columns;
    free(a);
    free(b);
    return NULL;
}

/* Windows of the held-out pictures, with replacement, until one is drift: the first is the one that is judged already. */
static fv_error *measure_delay(const stream *usual, const stream *s, const int64_t *order, int64_t first, int64_t size,
                               const fv_drift_profile *profile, const fv_drift_policy *policy, fv_random *random, bool at_once,
                               double *out) {
    FV_OWNED(fv_memory) dealt = NULL;
    fv_drift_report report = { .drift = at_once };
    int64_t windows = 1, rest = usual->all->n - first;
    FV_TRY(fv_memory_alloc(8 * size, sizeof(int64_t), &dealt));
    for (; !report.drift && windows < DELAY_WINDOWS; windows++) {
        FV_OWNED(fv_drift_window) now = NULL;
        int64_t *drawn = dealt;
        FV_TRY(fv_drift_window_of_predictions(&now));
        for (int64_t k = 0; k < 8 * size; k++) drawn[k] = order[first + fv_random_below(random, rest)];
        FV_TRY(draw(usual, s, drawn, 0, 8 * size, size, random, now));
        FV_TRY(fv_drift_judge(profile, now, policy, &report));
    }
    *out = report.drift ? (double)(windows * size) : INFINITY;
    return NULL;
}

static fv_error *replay(const stream *usual, const stream *s, int64_t size, const fv_drift_policy *policy, uint32_t number,
                        tally *t) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_drift_window) then = NULL;
    FV_OWNED(fv_drift_window) now = NULL;
    fv_random random = fv_random_at(1, fv_random_stream(s->name), number, 0), deal = fv_random_at(1, 1, number, 0);
    int64_t *order, half = usual->all->n / 2;
    fv_drift_profile profile;
    fv_drift_report report;
    bool any, most;
    FV_TRY(fv_arena_new("a replay", INT64_C(1) << 30, &arena));
    FV_TRY(fv_arena_take(arena, usual->all->n, &order));
    for (int64_t i = 0; i < usual->all->n; i++) order[i] = i;
    fv_random_shuffle(&deal, order, usual->all->n);
    FV_TRY(fv_drift_window_of_predictions(&then));
    FV_TRY(fv_drift_window_of_predictions(&now));
    for (int64_t k = 0; k < half; k++) FV_TRY(fv_drift_window_copy(usual->all, order[k], then));
    FV_TRY(draw(usual, s, order, half, usual->all->n, size, &random, now));
    FV_TRY(fv_drift_profile_make(then, arena, &profile));
    FV_TRY(fv_drift_judge(&profile, now, policy, &report));
    FV_TRY(judge_as_evidently(then, now, &any, &most));
    FV_TRY(measure_delay(usual, s, order, half, size, &profile, policy, &random, report.drift, &t->delays[number]));
    t->alarms += report.drift, t->any += any, t->half += most;
    t->estimated += report.estimated_accuracy, t->accuracy += report.accuracy;
    t->gap += fabs(report.estimated_accuracy - report.accuracy);
    return NULL;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int64_t count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static fv_error *read_stream(fv_predictor *predictor, char *argument, stream *out) {
    char *path = strchr(argument, '=');
    if (!path) return fv_fail(FV_USAGE, "%s is no NAME=DIR", argument);
    *path++ = 0;
    *out = (stream){ .name = argument };
    const char *digits = argument + strcspn(argument, "0123456789");
    if (!fv_text_to_number(digits, &out->strength)) out->strength = 0;
    if (*path == '*') return out->class = path + 1, NULL;
    return observe(predictor, path, &out->all);
}

static fv_error *run(int count, char **arguments) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_drift_policy policy;
    stream usual = { .name = "usual" }, other;
    double replays = strtod(arguments[2], NULL);
    int64_t size = strtoll(arguments[3], NULL, 10);
    FV_TRY(fv_arena_new("a policy", 1 << 16, &arena));
    FV_TRY(fv_fields_defaults(fv_drift_policy_fields, &policy, arena));
    FV_TRY(fv_predictor_open(arguments[1], &(fv_predictor_options){ .features = true }, &predictor));
    FV_TRY(observe(predictor, arguments[4], &usual.all));
    for (int i = 4; i < count; i++) {
        tally t = { 0 };
        other = usual;
        if (i > 4) FV_TRY(read_stream(predictor, arguments[i], &other));
        for (uint32_t number = 0; number < replays; number++) FV_TRY(replay(&usual, &other, size, &policy, number, &t));
        printf("%s %.4f %.4f %.4f %.4f %.4f %.4f %g\n", other.name, t.alarms / replays, t.any / replays, t.half / replays,
               t.estimated / replays, t.accuracy / replays, t.gap / replays, median(t.delays, (int64_t)replays));
        fflush(stdout);
        if (i > 4) fv_drift_window_free(other.all);
    }
    fv_drift_window_free(usual.all);
    return NULL;
}

int main(int count, char **arguments) {
    char text[1000];
    if (count < 5 || !(strtod(arguments[2], NULL) >= 1 && strtod(arguments[2], NULL) <= REPLAYS_MAX))
        return fprintf(stderr, "bench_drift_power MODEL REPLAYS WINDOW USUAL [NAME=DIR ...]\n"), 2;
    fv_error *error = run(count, arguments);
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return error != NULL;
}
