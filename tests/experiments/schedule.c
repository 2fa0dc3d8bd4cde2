/* Cron expressions, and a year of them by a clock that is the test's. */
#include "experiments/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "tests/test.h"

#define MINUTE 60
#define HOUR 3600
#define DAY INT64_C(86400)
#define YEAR (365 * DAY)

static int64_t at(int year, int month, int day, int hour, int minute) {
    return fv_days_of(year, month, day) * DAY + hour * HOUR + minute * MINUTE;
}

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a schedule's test", 1 << 20, &arena));
    return arena;
}

static fv_schedule schedule_of(const char *expression, const char *zone, fv_arena *arena) {
    fv_schedule schedule;
    FV_OK(fv_cron_parse(expression, &schedule.cron));
    FV_OK(fv_time_zone_find(zone, arena, &schedule.zone));
    return schedule;
}

/* ---- in UTC ---- */

static void check_next(const char *expression, int64_t after, const int64_t *want, int count) {
    fv_arena *arena = arena_new();
    fv_schedule schedule = schedule_of(expression, "UTC", arena);
    for (int i = 0; i < count; i++) {
        after = fv_schedule_next(&schedule, after);
        if (after != want[i]) fail_msg("%s: %lld is after %lld", expression, (long long)after, (long long)want[i]);
    }
    fv_arena_free(arena);
}

#define NEXT(expression, ...)                                                                                                  \
    check_next(expression, at(2026, 2, 26, 23, 50), (const int64_t[]){ __VA_ARGS__ },                                          \
               (int)FV_COUNT(((const int64_t[]){ __VA_ARGS__ })))

FV_TEST(experiments_schedule__knows_the_next_times_of_an_expression) {
    NEXT("0 3 * * *", at(2026, 2, 27, 3, 0), at(2026, 2, 28, 3, 0), at(2026, 3, 1, 3, 0));
    NEXT("*/15 * * * *", at(2026, 2, 27, 0, 0), at(2026, 2, 27, 0, 15), at(2026, 2, 27, 0, 30));
    NEXT("30 2 29 2 *", at(2028, 2, 29, 2, 30), at(2032, 2, 29, 2, 30));
    NEXT("0 0 31 * *", at(2026, 3, 31, 0, 0), at(2026, 5, 31, 0, 0), at(2026, 7, 31, 0, 0));
    NEXT("0 9 * * 1-5", at(2026, 2, 27, 9, 0), at(2026, 3, 2, 9, 0), at(2026, 3, 3, 9, 0));
    NEXT("0 9 * * mon-Fri", at(2026, 2, 27, 9, 0), at(2026, 3, 2, 9, 0), at(2026, 3, 3, 9, 0));
    NEXT("0 0 * * 7", at(2026, 3, 1, 0, 0), at(2026, 3, 8, 0, 0), at(2026, 3, 15, 0, 0));
    NEXT("5-20/5 8 1,15 * *", at(2026, 3, 1, 8, 5), at(2026, 3, 1, 8, 10), at(2026, 3, 1, 8, 15), at(2026, 3, 1, 8, 20),
         at(2026, 3, 15, 8, 5));
    NEXT("59 23 31 12 *", at(2026, 12, 31, 23, 59), at(2027, 12, 31, 23, 59));
    NEXT("0 */6 * jan,jun *", at(2026, 6, 1, 0, 0), at(2026, 6, 1, 6, 0), at(2026, 6, 1, 12, 0));
    NEXT("0 0 1 */3 *", at(2026, 4, 1, 0, 0), at(2026, 7, 1, 0, 0), at(2026, 10, 1, 0, 0));
    NEXT("7 4 * * sat-sun", at(2026, 2, 28, 4, 7), at(2026, 3, 1, 4, 7), at(2026, 3, 7, 4, 7));
    NEXT("@hourly", at(2026, 2, 27, 0, 0), at(2026, 2, 27, 1, 0));
    NEXT("@Weekly", at(2026, 3, 1, 0, 0), at(2026, 3, 8, 0, 0));
}

FV_TEST(experiments_schedule__takes_either_day_field_where_both_are_given) {
    NEXT("0 0 13 * 5", at(2026, 2, 27, 0, 0), at(2026, 3, 6, 0, 0), at(2026, 3, 13, 0, 0), at(2026, 3, 20, 0, 0));
    NEXT("0 0 14 * 5", at(2026, 2, 27, 0, 0), at(2026, 3, 6, 0, 0), at(2026, 3, 13, 0, 0), at(2026, 3, 14, 0, 0));
    NEXT("0 0 */2 * 5", at(2026, 2, 27, 0, 0), at(2026, 3, 13, 0, 0)); /* one begins with a star: both must hold */
    NEXT("0 0 30 2 mon", at(2027, 2, 1, 0, 0));
}

FV_TEST(experiments_schedule__refuses_an_expression_by_its_field) {
    static const char *const wrong[][2] = {
        { "60 * * * *", "minute \"60\"" },
        { "* 24 * * *", "hour \"24\"" },
        { "* * 0 * *", "day of month \"0\"" },
        { "* * 32 * *", "day of month \"32\"" },
        { "* * * 13 *", "month \"13\"" },
        { "* * * jam *", "month \"jam\"" },
        { "* * * * 8", "day of week \"8\"" },
        { "* * * *", "day of week is missing" },
        { "* * * * * * *", "a sixth field \"*\" behind day of week" },
        { "*/0 * * * *", "minute \"*/0\"" },
        { "*/90 * * * *", "minute \"*/90\": a step is 1 to 59" },
        { "5/15 * * * *", "minute \"5/15\": a step needs a range" },
        { "5-1 * * * *", "minute \"5-1\"" },
        { "a * * * *", "minute \"a\"" },
        { "", "minute is missing" },
        { "1,,2 * * * *", "minute \"1,,2\"" },
        { "1, * * * *", "minute \"1,\"" },
        { "-5 * * * *", "minute \"-5\"" },
        { "99999999999 * * * *", "minute \"99999999999\"" },
        { "@reboot", "@reboot is no time" },
        { "0 0 30 2 *", "never happens" },
        { "0 0 31 2,4,6,9,11 *", "never happens" },
    };
    fv_cron cron;
    for (int i = 0; i < FV_COUNT(wrong); i++) FV_FAILS(fv_cron_parse(wrong[i][0], &cron), FV_USAGE, wrong[i][1]);
}

/* ---- where clocks change ---- */

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

static int64_t next_in(const char *expression, const char *zone, int64_t after) {
    fv_arena *arena = arena_new();
    fv_schedule schedule = schedule_of(expression, zone, arena);
    int64_t next = fv_schedule_next(&schedule, after);
    fv_arena_free(arena);
    return next;
}

FV_TEST(experiments_schedule__runs_a_skipped_time_at_the_change_and_a_doubled_one_once) {
    int64_t spring = at(2026, 3, 29, 1, 0), autumn = at(2026, 10, 25, 1, 0); /* the changes in Berlin */
    assert_int_equal(next_in("30 2 * * *", BERLIN, spring - DAY), spring - DAY + 30 * MINUTE);
    assert_int_equal(next_in("30 2 * * *", BERLIN, spring - HOUR), spring);
    assert_int_equal(next_in("0,30 2 * * *", BERLIN, spring), spring + 23 * HOUR);
    assert_int_equal(next_in("30 2 * * *", BERLIN, autumn - 2 * HOUR), autumn - 30 * MINUTE);
    assert_int_equal(next_in("30 2 * * *", BERLIN, autumn - 30 * MINUTE), autumn + DAY + 30 * MINUTE);
    assert_int_equal(next_in("0 3 * * *", BERLIN, spring - HOUR), spring);
    assert_int_equal(next_in("0 3 * * *", BERLIN, autumn - HOUR), autumn + HOUR);
}

FV_TEST(experiments_schedule__goes_by_the_clock_where_the_expression_does) {
    int64_t spring = at(2026, 3, 29, 1, 0), autumn = at(2026, 10, 25, 1, 0);
    assert_int_equal(next_in("*/30 * * * *", BERLIN, spring - 1), spring);
    assert_int_equal(next_in("*/30 * * * *", BERLIN, autumn), autumn + 30 * MINUTE);
    assert_int_equal(next_in("@hourly", BERLIN, autumn - HOUR), autumn);
    assert_int_equal(next_in("*/30 2 * * *", BERLIN, spring - HOUR), spring + 23 * HOUR);
    assert_int_equal(next_in("*/30 2 29 3 *", "AAA0BBB,J88/2,J300/2", 0), INT64_MAX); /* is skipped every year */
}

/* ---- a year ---- */

/* What is due, found by a walk in steps of a quarter of an hour: a local time counts when it is allowed and, unless the clock
 * is gone by, was not before. */
static int64_t count_by_steps(const fv_schedule *s, int64_t begin, int64_t end, int64_t *out) {
    int64_t count = 0, newest = INT64_MIN, local, found;
    for (int64_t t = begin; t < end; t += 15 * MINUTE) {
        fv_zone_stretch stretch;
        fv_time_zone_look(&s->zone, t, &stretch);
        local = t + stretch.offset;
        int64_t from = s->cron.by_clock || newest == INT64_MIN ? local : newest + MINUTE;
        if (from <= local && fv_cron_next(&s->cron, from, local + MINUTE, &found)) out[count++] = t;
        if (local > newest) newest = local;
    }
    return count;
}

FV_TEST(experiments_schedule__is_due_in_a_year_when_a_walk_in_small_steps_finds_it) {
    static const char *const zones[] = { BERLIN, NEW_YORK, LORD_HOWE };
    static const char *const expressions[] = { "30 2 * * *", "*/30 * * * *", "15 1,2,3 * * sun", "0 0 1 * 1" };
    int64_t *want = calloc(30000, sizeof *want), begin = at(2026, 1, 1, 0, 0), end = begin + YEAR;
    fv_arena *arena = arena_new();
    for (int i = 0; i < FV_COUNT(zones) * FV_COUNT(expressions); i++) {
        fv_schedule s = schedule_of(expressions[i / 3], zones[i % 3], arena);
        int64_t count = count_by_steps(&s, begin, end, want), next = begin - 1;
        for (int64_t k = 0; k < count; k++) {
            next = fv_schedule_next(&s, next);
            if (next != want[k]) fail_msg("%s in %s: %lld", expressions[i / 3], zones[i % 3], (long long)(next - want[k]));
        }
        assert_true(fv_schedule_next(&s, next) >= end);
    }
    fv_arena_free(arena);
    free(want);
}

/* Who looks every five minutes, and does each due time once: by its key, as the registry does. */
typedef struct watch {
    fv_schedule schedule;
    int64_t done[2000];
    int count;
} watch;

static void look(watch *w, int64_t since, int64_t now) {
    int64_t due;
    if (!fv_schedule_due(&w->schedule, since, now, HOUR, &due)) return;
    for (int i = 0; i < w->count; i++)
        if (w->done[i] == due) return;
    w->done[w->count++] = due;
}

/* A year in which the machine is off from day 40 to 43 and in the night of day 100, the clock is set back by three hours on day
 * 200, and jobs are paused from day 300 to 310. */
static void live_a_year(watch *w, int64_t begin) {
    int64_t since = begin - 1;
    for (int64_t t = 0; t < YEAR; t += 5 * MINUTE) {
        bool off = (t >= 40 * DAY && t < 43 * DAY) || (t >= 100 * DAY && t < 100 * DAY + 6 * HOUR);
        bool paused = t >= 300 * DAY && t < 310 * DAY, back = t >= 200 * DAY && t < 200 * DAY + 3 * HOUR;
        if (paused) since = begin + t;
        if (off || paused) continue;
        look(w, since, begin + t);
        if (back) look(w, since, begin + t - 3 * HOUR);
    }
}

static void check_year(const char *zone, int64_t want) {
    fv_arena *arena = arena_new();
    watch w = { .schedule = schedule_of("30 2 * * *", zone, arena) };
    int64_t begin = at(2026, 1, 1, 0, 0);
    live_a_year(&w, begin);
    assert_int_equal(w.count, want);
    for (int i = 1; i < w.count; i++) assert_true(w.done[i] > w.done[i - 1]);
    fv_arena_free(arena);
}

FV_TEST(experiments_schedule__owes_nothing_for_times_that_were_missed_or_paused) {
    check_year("UTC", 365 - 3 - 1 - 10);
    check_year(BERLIN, 365 - 3 - 1 - 10);
    check_year(NEW_YORK, 365 - 3 - 10); /* there 2:30 is 7:30 UTC: not in the night of day 100 */
}

FV_TEST(experiments_schedule__owes_a_late_time_as_long_as_it_may_be_late) {
    fv_arena *arena = arena_new();
    fv_schedule s = schedule_of("*/10 3 * * *", "UTC", arena);
    int64_t due, three = at(2026, 5, 1, 3, 0);
    assert_false(fv_schedule_due(&s, 0, three - 1, HOUR, &due));
    assert_true(fv_schedule_due(&s, 0, three + 25 * MINUTE, HOUR, &due) && due == three + 20 * MINUTE);
    assert_true(fv_schedule_due(&s, 0, three + 50 * MINUTE + HOUR, HOUR, &due) && due == three + 50 * MINUTE);
    assert_false(fv_schedule_due(&s, 0, three + 51 * MINUTE + HOUR, HOUR, &due));
    assert_false(fv_schedule_due(&s, three + 20 * MINUTE, three + 29 * MINUTE, HOUR, &due));
    fv_arena_free(arena);
}
