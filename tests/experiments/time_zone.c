/* Time zones: from rules, and from files that the test writes. */
#include "experiments/time_zone.h"

#include <string.h>

#include "core/base/assert.h"
#include "tests/test.h"

static int64_t offset_at(const fv_time_zone *zone, int64_t year, int month, int day, int hour) {
    fv_zone_stretch s;
    fv_time_zone_look(zone, fv_days_of(year, month, day) * 86400 + hour * 3600, &s);
    assert_true(s.begin <= fv_days_of(year, month, day) * 86400 + hour * 3600);
    return s.offset;
}

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a zone's test", 1 << 20, &arena));
    return arena;
}

FV_TEST(experiments_time_zone__days_and_dates_go_both_ways) {
    for (int64_t days = -800000; days < 800000; days += 97) {
        int64_t year;
        int month, day;
        fv_date_of(days, &year, &month, &day);
        assert_int_equal(fv_days_of(year, month, day), days);
    }
    assert_int_equal(fv_days_of(1970, 1, 1), 0);
    assert_int_equal(fv_days_of(2000, 3, 1), 11017);
    assert_int_equal(fv_weekday_of(fv_days_of(2026, 3, 1)), 0);
    assert_int_equal(fv_weekday_of(-1), 3);
}

FV_TEST(experiments_time_zone__takes_rules_as_posix_has_them) {
    fv_arena *arena = arena_new();
    fv_time_zone zone;
    FV_OK(fv_time_zone_find("CET-1CEST,M3.5.0,M10.5.0/3", arena, &zone));
    assert_int_equal(offset_at(&zone, 2026, 3, 29, 0), 3600);
    assert_int_equal(offset_at(&zone, 2026, 3, 29, 1), 7200);
    assert_int_equal(offset_at(&zone, 2026, 10, 25, 0), 7200);
    assert_int_equal(offset_at(&zone, 2026, 10, 25, 1), 3600);
    FV_OK(fv_time_zone_find("AEST-10AEDT,M10.1.0,M4.1.0/3", arena, &zone)); /* Sydney: summer over the new year */
    assert_int_equal(offset_at(&zone, 2026, 1, 1, 0), 39600);
    assert_int_equal(offset_at(&zone, 2026, 7, 1, 0), 36000);
    FV_OK(fv_time_zone_find("<-03>3", arena, &zone));
    assert_int_equal(offset_at(&zone, 2026, 7, 1, 0), -10800);
    FV_OK(fv_time_zone_find("AAA0BBB,J60,J300", arena, &zone)); /* J60 is 1 March in every year */
    assert_int_equal(offset_at(&zone, 2028, 2, 29, 23), 0);
    assert_int_equal(offset_at(&zone, 2028, 3, 1, 2), 3600);
    fv_arena_free(arena);
}

FV_TEST(experiments_time_zone__refuses_what_is_none) {
    static const char *const wrong[] = { "Mars/Olympus",
                                         "../../etc/passwd",
                                         "/etc/localtime",
                                         "",
                                         "CET-1CEST",
                                         "CET-1CEST,M3.6.0,M10.5.0",
                                         "CET-1CEST,M3.5.0",
                                         "XYZ",
                                         "C-1",
                                         "CET-25",
                                         "CET-1CEST,M3.5.0,M10.5.0/3x" };
    fv_arena *arena = arena_new();
    fv_time_zone zone;
    for (int i = 0; i < FV_COUNT(wrong); i++) FV_FAILS(fv_time_zone_find(wrong[i], arena, &zone), FV_USAGE, "no time zone");
    fv_arena_free(arena);
}

/* ---- files ---- */

typedef struct file {
    uint8_t bytes[400];
    int64_t length;
} file;

static void add(file *f, int64_t value, int count) {
    for (int i = count - 1; i >= 0; i--) f->bytes[f->length++] = (uint8_t)(value >> (8 * i));
}

static void add_text(file *f, const char *text) {
    memcpy(f->bytes + f->length, text, strlen(text));
    f->length += (int64_t)strlen(text);
}

static void add_header(file *f, int64_t leaps, int64_t times, int64_t types, int64_t letters) {
    add_text(f, "TZif2");
    for (int i = 0; i < 15; i++) add(f, 0, 1);
    add(f, 0, 4), add(f, 0, 4), add(f, leaps, 4), add(f, times, 4), add(f, types, 4), add(f, letters, 4);
}

/* One hour east, two from 1000 on, one again from 2000 on, then by the rule. */
static file file_new(int64_t leaps) {
    file f = { .length = 0 };
    add_header(&f, 0, 0, 0, 0);
    add_header(&f, leaps, 2, 2, 4);
    add(&f, 1000, 8), add(&f, 2000, 8), add(&f, 1, 1), add(&f, 0, 1);
    add(&f, 3600, 4), add(&f, 0, 2), add(&f, 7200, 4), add(&f, 0x100, 2);
    add_text(&f, "AAA");
    add(&f, 0, 1);
    for (int64_t i = 0; i < leaps; i++) add(&f, 0, 8), add(&f, 0, 4);
    add_text(&f, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
    return f;
}

FV_TEST(experiments_time_zone__reads_a_compiled_file_and_its_rule) {
    fv_arena *arena = arena_new();
    fv_time_zone zone;
    fv_zone_stretch s;
    file f = file_new(0);
    FV_OK(fv_time_zone_read("test", f.bytes, f.length, arena, &zone));
    fv_time_zone_look(&zone, 999, &s);
    assert_true(s.begin == INT64_MIN && s.end == 1000 && s.offset == 3600);
    fv_time_zone_look(&zone, 1000, &s);
    assert_true(s.begin == 1000 && s.end == 2000 && s.offset == 7200 && s.before == 3600);
    fv_time_zone_look(&zone, 2000, &s);
    assert_true(s.begin == 2000 && s.offset == 3600 && s.before == 7200);
    assert_true(s.end == fv_days_of(1970, 3, 29) * 86400 + 3600);
    assert_int_equal(offset_at(&zone, 2100, 7, 1, 0), 7200);
    fv_arena_free(arena);
}

FV_TEST(experiments_time_zone__survives_every_cut_and_every_changed_byte_of_a_file) {
    fv_arena *arena = arena_new();
    fv_time_zone zone;
    fv_zone_stretch s;
    file f = file_new(0);
    for (int64_t length = 0; length < f.length; length++)
        FV_FAILS(fv_time_zone_read("test", f.bytes, length, arena, &zone), FV_FORMAT, "test");
    for (int64_t i = 0; i < f.length; i++) {
        file changed = f;
        changed.bytes[i] ^= 0xff;
        fv_error *error = fv_time_zone_read("test", changed.bytes, changed.length, arena, &zone);
        if (!error) fv_time_zone_look(&zone, 1500, &s);
        fv_error_free(error);
    }
    f = file_new(1);
    FV_FAILS(fv_time_zone_read("test", f.bytes, f.length, arena, &zone), FV_UNSUPPORTED, "leap seconds");
    fv_arena_free(arena);
}
