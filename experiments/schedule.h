/* schedule.h - when something is due, by a cron expression in a time zone: pure functions of the time, which is given. Times
 * are seconds since 1970 UTC.
 *
 * Expressions are those of Vixie cron: minute, hour, day of month, month, day of week; lists, ranges, steps, names of months
 * and days, 7 as Sunday, @hourly … @yearly. Where both day fields are given (neither begins with *), either is enough.
 *
 * Where clocks change, it is as Debian's cron has it. An expression with * in front of its minute or hour goes by the clock:
 * every 10 minutes is every 10 minutes, in a doubled hour too. Any other is once for each of its local times: those that are
 * skipped are due at the instant of the change, together, and those that come twice are due the first time. */
#ifndef FV_EXPERIMENTS_SCHEDULE_H
#define FV_EXPERIMENTS_SCHEDULE_H

#include "experiments/time_zone.h"

typedef struct fv_cron {
    uint64_t minutes; /* bit i: i is allowed */
    uint32_t hours, days, months, weekdays;
    bool any_day, any_weekday; /* begins with * */
    bool by_clock;             /* its minute or hour does */
} fv_cron;

/* FV_USAGE, naming the field; also of what never happens (30 February). */
FV_MUST_USE fv_error *fv_cron_parse(const char *expression, fv_cron *out);

/* The first local time (seconds as if local were UTC) in [from, end) that it allows. */
bool fv_cron_next(const fv_cron *cron, int64_t from, int64_t end, int64_t *out);

typedef struct fv_schedule {
    fv_cron cron;
    fv_time_zone zone; /* lists lie in an arena */
} fv_schedule;

/* The first time after `after`; INT64_MAX: there is none, since every year the clocks skip it. */
int64_t fv_schedule_next(const fv_schedule *schedule, int64_t after);

/* The newest time in (since, now] that is not older than `late`; false: nothing is due. So times that were missed are owed no
 * longer than `late`, all of them together once, and those before `since` (a pause) never. */
bool fv_schedule_due(const fv_schedule *schedule, int64_t since, int64_t now, int64_t late, int64_t *due);

#endif
