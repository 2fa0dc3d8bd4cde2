/* schedule.c - a cron expression in a time zone: stretch by stretch of one offset. */
#include "experiments/schedule.h"

#define NEVER (INT64_C(200) * 366 * 86400) /* after so long it is not due at all: every such day skips that time */

/* Local times that a stretch's begin skipped: all due at that instant. */
static bool is_due_at_begin(const fv_cron *c, const fv_zone_stretch *s) {
    int64_t skipped;
    if (c->by_clock || s->before >= s->offset) return false;
    return fv_cron_next(c, s->begin + s->before, s->begin + s->offset, &skipped);
}

/* Where local times of a stretch begin to count that are not before `from`: those that the one before had already do not. */
static int64_t first_local(const fv_cron *c, const fv_zone_stretch *s, int64_t from) {
    int64_t local = from + s->offset;
    if (c->by_clock || s->before <= s->offset) return local;
    int64_t new_from = s->begin + s->before;
    return local > new_from ? local : new_from;
}

int64_t fv_schedule_next(const fv_schedule *schedule, int64_t after) {
    fv_zone_stretch s;
    const fv_cron *c = &schedule->cron;
    for (int64_t from = after + 1; from - after < NEVER; from = s.end) {
        int64_t local;
        fv_time_zone_look(&schedule->zone, from, &s);
        if (s.begin == from && is_due_at_begin(c, &s)) return from;
        int64_t end = s.end == INT64_MAX ? INT64_MAX : s.end + s.offset;
        if (fv_cron_next(c, first_local(c, &s, from), end, &local)) return local - s.offset;
        if (s.end == INT64_MAX) break;
    }
    return INT64_MAX;
}

bool fv_schedule_due(const fv_schedule *schedule, int64_t since, int64_t now, int64_t late, int64_t *due) {
    int64_t from = since > now - late - 1 ? since : now - late - 1;
    bool found = false;
    for (int64_t next = fv_schedule_next(schedule, from); next <= now; next = fv_schedule_next(schedule, next))
        *due = next, found = true;
    return found;
}
