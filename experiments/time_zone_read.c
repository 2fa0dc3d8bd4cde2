/* time_zone_read.c - zones from compiled files of the tz database, and from rules as POSIX writes them.
 *
 * A file: header, block of 32-bit times, header, block of 64-bit times, "\n", rule, "\n". A header: "TZif", version, 15 bytes,
 * six counts of four bytes. A block: times, the type of each (a byte), types (offset in 4 bytes, summer, name), names, leap
 * seconds, two lists of flags. All big-endian. */
#include <string.h>

#include "core/base/file.h"
#include "experiments/time_zone.h"

#define FOLDER "/usr/share/zoneinfo"
#define FILE_BYTES_MAX (1 << 20)
#define HEADER 44
#define TIME_MAX (INT64_C(1) << 60) /* seconds: a change further off is none, and times may be added to */

/* ---- rules ---- */

typedef struct rule_reader {
    const char *at;
    bool wrong;
} rule_reader;

static int64_t read_number(rule_reader *r, int64_t most) {
    int64_t value = 0;
    int digits = 0;
    for (; *r->at >= '0' && *r->at <= '9' && digits < 4; r->at++, digits++) value = 10 * value + (*r->at - '0');
    r->wrong |= !digits || value > most;
    return value;
}

static bool skip(rule_reader *r, char letter) {
    if (*r->at != letter) return false;
    r->at++;
    return true;
}

static void expect(rule_reader *r, char letter) { r->wrong |= !skip(r, letter); }

static void skip_name(rule_reader *r) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool quoted = skip(r, '<');
    size_t length = quoted ? strcspn(r->at, ">") : strspn(r->at, letters);
    r->wrong |= length < 3;
    r->at += length;
    if (quoted) expect(r, '>');
}

/* [+-]hh[:mm[:ss]], as seconds. */
static int64_t read_time(rule_reader *r, int64_t hours_most) {
    int64_t sign = skip(r, '-') ? -1 : 1;
    if (sign > 0) skip(r, '+');
    int64_t seconds = read_number(r, hours_most) * 3600;
    if (skip(r, ':')) seconds += read_number(r, 59) * 60;
    if (skip(r, ':')) seconds += read_number(r, 59);
    return sign * seconds;
}

static int read_within(rule_reader *r, int64_t least, int64_t most) {
    int64_t value = read_number(r, most);
    r->wrong |= value < least;
    return (int)value;
}

static void read_change(rule_reader *r, fv_zone_change *c) {
    *c = (fv_zone_change){ .kind = FV_ZONE_DAY, .seconds = 7200 };
    expect(r, ',');
    if (skip(r, 'M')) {
        c->kind = FV_ZONE_WEEKDAY;
        c->month = read_within(r, 1, 12);
        expect(r, '.');
        c->week = read_within(r, 1, 5);
        expect(r, '.');
        c->weekday = read_within(r, 0, 6);
    } else if (skip(r, 'J')) {
        c->kind = FV_ZONE_JULIAN;
        c->day = read_within(r, 1, 365);
    } else {
        c->day = read_within(r, 0, 365);
    }
    if (skip(r, '/')) c->seconds = read_time(r, 167);
}

/* False: `text` is no rule. POSIX counts offsets to the west. */
static bool read_rule(const char *text, fv_zone_rule *out) {
    rule_reader r = { .at = text };
    *out = (fv_zone_rule){ .known = true };
    skip_name(&r);
    out->standard = -read_time(&r, 24);
    out->changes = *r.at != 0;
    if (out->changes) {
        skip_name(&r);
        out->summer = *r.at == ',' ? out->standard + 3600 : -read_time(&r, 24);
        read_change(&r, &out->begin);
        read_change(&r, &out->end);
    }
    return !r.wrong && !*r.at;
}

/* ---- files ---- */

typedef struct counts {
    int64_t flags, standards, leaps, times, types, letters;
} counts;

static uint64_t big_endian(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

static fv_error *damaged(const char *name) { return fv_fail(FV_FORMAT, "the time zone %s: its file is damaged", name); }

/* Counts of the header at `at`, and the bytes that its block has with times of `wide` bytes; both must lie in the file. */
static fv_error *read_header(const char *name, const uint8_t *bytes, int64_t length, int64_t at, int64_t wide, counts *out,
                             int64_t *block) {
    if (length - at < HEADER || memcmp(bytes + at, "TZif", 4) != 0) return damaged(name);
    int64_t n[6];
    for (int i = 0; i < 6; i++) n[i] = (int64_t)big_endian(bytes + at + 20 + 4 * i, 4);
    *out = (counts){ n[0], n[1], n[2], n[3], n[4], n[5] };
    *block = n[3] * (wide + 1) + n[4] * 6 + n[5] + n[2] * (wide + 4) + n[1] + n[0];
    return *block > length - at - HEADER ? damaged(name) : NULL;
}

static fv_error *read_table(const uint8_t *block, const counts *c, fv_arena *arena, fv_time_zone *zone) {
    const uint8_t *type = block + 8 * c->times, *types = type + c->times;
    int64_t *at, *to;
    FV_TRY(fv_arena_take(arena, c->times, &at));
    FV_TRY(fv_arena_take(arena, c->times, &to));
    for (int64_t i = 0; i < c->times; i++) {
        at[i] = (int64_t)big_endian(block + 8 * i, 8);
        bool wrong = at[i] < -TIME_MAX || at[i] > TIME_MAX || (i && at[i] <= at[i - 1]);
        if (wrong || type[i] >= c->types) return damaged(zone->name);
        to[i] = (int32_t)big_endian(types + 6 * type[i], 4);
    }
    zone->count = c->times, zone->at = at, zone->to = to;
    zone->first = (int32_t)big_endian(types, 4);
    return NULL;
}

/* Between the last two line ends; empty: nothing is known of what comes. */
static fv_error *read_footer(const uint8_t *bytes, int64_t length, fv_time_zone *zone) {
    char text[100];
    if (length < 2 || length > (int64_t)sizeof text || bytes[0] != '\n' || bytes[length - 1] != '\n')
        return damaged(zone->name);
    memcpy(text, bytes + 1, (size_t)(length - 2));
    text[length - 2] = 0;
    return *text && !read_rule(text, &zone->rule) ? damaged(zone->name) : NULL;
}

fv_error *fv_time_zone_read(const char *name, const uint8_t *bytes, int64_t length, fv_arena *arena, fv_time_zone *out) {
    counts c;
    int64_t block, at;
    *out = (fv_time_zone){ 0 };
    FV_TRY(fv_arena_text(arena, name, &out->name));
    FV_TRY(read_header(name, bytes, length, 0, 4, &c, &block));
    if (bytes[4] < '2') return fv_fail(FV_UNSUPPORTED, "the time zone %s: its file is of the form before 2007", name);
    at = HEADER + block;
    FV_TRY(read_header(name, bytes, length, at, 8, &c, &block));
    if (c.leaps) return fv_fail(FV_UNSUPPORTED, "the time zone %s counts leap seconds, which this clock does not", name);
    if (!c.types) return damaged(name);
    at += HEADER;
    FV_TRY(read_table(bytes + at, &c, arena, out));
    return read_footer(bytes + at + block, length - at - block, out);
}

/* ---- by name ---- */

static fv_error *read_file(const char *name, const char *path, fv_arena *arena, fv_time_zone *out) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    FV_TRY(fv_file_read(path, FILE_BYTES_MAX, (uint8_t **)&bytes, &length));
    return fv_time_zone_read(name, bytes, length, arena, out);
}

/* No name of the database leads out of it. */
static bool is_name(const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    return *name && *name != '/' && !name[strspn(name, letters)];
}

fv_error *fv_time_zone_find(const char *name, fv_arena *arena, fv_time_zone *out) {
    const char *path;
    *out = (fv_time_zone){ 0 };
    FV_TRY(fv_arena_text(arena, name, &out->name));
    if (!strcmp(name, "UTC")) return NULL;
    if (!strcmp(name, "local")) return read_file(name, "/etc/localtime", arena, out);
    FV_TRY(fv_file_join(arena, FOLDER, name, &path));
    if (is_name(name) && fv_file_kind_of(path) == FV_FILE_PLAIN) return read_file(name, path, arena, out);
    if (read_rule(name, &out->rule)) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "there is no time zone \"%s\" in %s", name, FOLDER),
                         "UTC, local, a name like Europe/Berlin (Debian: tzdata), or a rule like CET-1CEST,M3.5.0,M10.5.0/3");
}
