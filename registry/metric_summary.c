/* metric_summary.c - one point more. NaN is below every number where values are ordered, and no extreme. */
#include "registry/metric_summary.h"

#include <math.h>

static bool is_later(const fv_metric_summary *s, int64_t last_ms, const fv_metric_point *p) {
    if (p->step != s->last_step) return p->step > s->last_step;
    if (p->time_ms != last_ms) return p->time_ms > last_ms;
    return isnan(s->last) ? !isnan(p->value) : p->value > s->last;
}

/* `sign` 1 keeps the largest, -1 the smallest; of equal ones the step that comes first. */
static void keep_extreme(double *value, int64_t *step, const fv_metric_point *p, int sign) {
    if (isnan(p->value)) return;
    bool more = isnan(*value) || (sign > 0 ? p->value > *value : p->value < *value);
    bool earlier = p->value == *value && p->step < *step;
    if (more || earlier) *value = p->value, *step = p->step;
}

void fv_metric_summary_add(fv_metric_summary *s, int64_t *last_ms, const fv_metric_point *p) {
    if (!s->count) s->last = s->min = s->max = NAN;
    if (!s->count || is_later(s, *last_ms, p)) {
        s->last = p->value;
        s->last_step = p->step;
        *last_ms = p->time_ms;
    }
    keep_extreme(&s->min, &s->min_step, p, -1);
    keep_extreme(&s->max, &s->max_step, p, 1);
    s->count++;
    if (!s->direction) s->direction = p->direction;
    s->best = s->direction > 0 ? s->max : s->direction < 0 ? s->min : NAN;
    s->best_step = s->direction > 0 ? s->max_step : s->direction < 0 ? s->min_step : 0;
}
