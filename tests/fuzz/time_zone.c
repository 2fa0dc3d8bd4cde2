/* Any bytes as a compiled file of the tz database (TZif): an error, or a zone whose stretches hold the instants they are looked
 * up by, and in which a schedule goes forward. */
#include <stddef.h>

#include "core/base/assert.h"
#include "experiments/schedule.h"

/* Instants at, around and between the changes of the table, and centuries behind it. */
static int64_t instant(const fv_time_zone *zone, int i) {
    if (i < 8) return INT64_C(1800000000) + i * INT64_C(390000000);
    return zone->count ? zone->at[(i * 7) % zone->count] + i % 3 - 1 : -i * INT64_C(100000000);
}

static void look(const fv_time_zone *zone) {
    for (int i = 0; i < 24; i++) {
        fv_zone_stretch s;
        int64_t at = instant(zone, i);
        fv_time_zone_look(zone, at, &s);
        FV_ASSERT(s.begin <= at && at < s.end);
        FV_ASSERT(s.offset >= INT32_MIN && s.offset <= INT32_MAX);
        FV_ASSERT(s.begin != INT64_MIN || s.before == s.offset);
    }
}

static void follow(const fv_time_zone *zone, const char *expression) {
    fv_schedule schedule = { .zone = *zone };
    fv_error *error = fv_cron_parse(expression, &schedule.cron);
    FV_ASSERT(!error);
    int64_t at = INT64_C(1800000000);
    for (int i = 0; i < 6 && at != INT64_MAX; i++) {
        int64_t next = fv_schedule_next(&schedule, at), due;
        FV_ASSERT(next > at);
        if (next != INT64_MAX) FV_ASSERT(fv_schedule_due(&schedule, at, next, 0, &due) && due == next);
        at = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_time_zone zone;
    fv_error *error = fv_arena_new("a time zone", 1 << 24, &arena);
    if (!error) error = fv_time_zone_read("fuzz", data, (int64_t)size, arena, &zone);
    if (!error) look(&zone);
    if (!error) follow(&zone, "30 2 * * *");
    if (!error) follow(&zone, "*/20 * * * *");
    fv_error_free(error);
    return 0;
}
