/* shared: statistic.c - statistics by name, and what several of them do. */
#include "drift/statistic.h"

#include "core/base/size.h"

#define SCRATCH_BYTES_MAX (INT64_C(1) << 31)

static const fv_part *part_at(int index) { return &fv_statistic_table[index]->part; }

fv_error *fv_statistic_find(const char *text, fv_arena *arena, const fv_statistic **statistic, const void **options) {
    fv_parts parts = { .kind = "statistic", .count = fv_statistic_table_count, .at = part_at };
    int index;
    void *parsed;
    FV_TRY(fv_part_parse(&parts, text, arena, &index, &parsed));
    *statistic = fv_statistic_table[index];
    *options = parsed;
    return NULL;
}

static fv_error *check_numbers(const char *name, const fv_drift_sample *s) {
    for (int64_t i = 0; i < s->points; i++)
        if (!isfinite(s->values[i]) || (i && s->values[i] < s->values[i - 1]))
            return fv_fail(FV_USAGE, "%s is of finite numbers in ascending order", name);
    return NULL;
}

static fv_error *check_counts(const char *name, const fv_drift_sample *s) {
    for (int64_t i = 0; i < s->bins; i++)
        if (!(s->counts[i] >= 0) || isinf(s->counts[i]))
            return fv_fail(FV_USAGE, "%s is of counts, which are not negative", name);
    return fv_drift_total(s) > 0 ? NULL : fv_fail(FV_USAGE, "%s is of samples with something in them", name);
}

static fv_error *check_vectors(const char *name, const fv_drift_sample *s) {
    for (int64_t i = 0; i < s->rows * s->columns; i++)
        if (!isfinite(s->vectors[i])) return fv_fail(FV_USAGE, "%s is of finite vectors", name);
    return NULL;
}

static fv_error *check(const fv_statistic *t, const fv_drift_sample *a, const fv_drift_sample *b) {
    if ((t->on & FV_ON_COUNTS) && a->bins && a->bins == b->bins) {
        FV_TRY(check_counts(t->name, a));
        return check_counts(t->name, b);
    }
    if ((t->on & FV_ON_NUMBERS) && a->points && b->points) {
        FV_TRY(check_numbers(t->name, a));
        return check_numbers(t->name, b);
    }
    if ((t->on & FV_ON_VECTORS) && a->rows > 1 && b->rows > 1 && a->columns > 0 && a->columns == b->columns) {
        FV_TRY(check_vectors(t->name, a));
        return check_vectors(t->name, b);
    }
    return fv_fail(FV_USAGE, "%s is not defined for such samples", t->name);
}

fv_error *fv_drift_measure(const char *text, const fv_drift_sample *reference, const fv_drift_sample *current,
                           fv_drift_value *out) {
    FV_OWNED(fv_arena) scratch = NULL;
    const fv_statistic *statistic;
    const void *options;
    *out = (fv_drift_value){ NAN, NAN };
    FV_TRY(fv_arena_new("a statistic of drift", SCRATCH_BYTES_MAX, &scratch));
    FV_TRY(fv_statistic_find(text, scratch, &statistic, &options));
    FV_TRY(check(statistic, reference, current));
    return statistic->measure(reference, current, options, scratch, out);
}

double fv_drift_total(const fv_drift_sample *s) {
    double total = 0;
    for (int64_t i = 0; i < s->bins; i++) total += s->counts[i];
    return total;
}

double fv_drift_n(const fv_drift_sample *s) { return s->n > 0 ? s->n : (double)s->points; }

bool fv_drift_walk(const fv_drift_sample *r, const fv_drift_sample *c, fv_drift_step *step) {
    int64_t i = step->reference_done, j = step->current_done;
    if (i == r->points && j == c->points) return false;
    double at = i < r->points ? r->values[i] : INFINITY;
    if (j < c->points) at = fmin(at, c->values[j]);
    while (i < r->points && r->values[i] <= at) i++;
    while (j < c->points && c->values[j] <= at) j++;
    step->reference_done = i, step->current_done = j;
    step->at = step->next = at;
    if (i < r->points) step->next = r->values[i];
    if (j < c->points) step->next = i < r->points ? fmin(step->next, c->values[j]) : c->values[j];
    step->reference = (double)i / (double)r->points;
    step->current = (double)j / (double)c->points;
    return true;
}
