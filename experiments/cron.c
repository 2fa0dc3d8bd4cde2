/* cron.c - cron expressions: read, and the next time that one allows. */
#include <string.h>
#include <strings.h>

#include "core/base/assert.h"
#include "experiments/schedule.h"

#define DAY 86400
#define DAYS_MAX (41 * 366) /* 29 February on a given day of the week, across a century without one, is never further off */

typedef struct field {
    const char *name;
    int low, high;
    const char *const *names; /* of low, low + 1, …; NULL: none */
} field;

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
                                           "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };
static const field fields[] = { { "minute", 0, 59, NULL },
                                { "hour", 0, 23, NULL },
                                { "day of month", 1, 31, NULL },
                                { "month", 1, 12, month_names },
                                { "day of week", 0, 7, weekday_names } };
static const char *const nicknames[][2] = { { "@yearly", "0 0 1 1 *" },  { "@annually", "0 0 1 1 *" },
                                            { "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
                                            { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
                                            { "@hourly", "0 * * * *" } };

/* ---- reading ---- */

typedef struct reader {
    const field *field;
    const char *word; /* the whole field, for messages */
    int length;
    const char *at, *end;
} reader;

static fv_error *refuse(const reader *r, const char *why) {
    return fv_fail(FV_USAGE, "%s \"%.*s\": %s", r->field->name, r->length, r->word, why);
}

static fv_error *refuse_value(const reader *r) {
    const field *f = r->field;
    return fv_fail(FV_USAGE, "%s \"%.*s\": it is %s%d to %d", f->name, r->length, r->word,
                   f->names ? "a name of three letters or " : "", f->low, f->high);
}

static bool skip(reader *r, char letter) {
    if (r->at == r->end || *r->at != letter) return false;
    r->at++;
    return true;
}

static bool read_digits(reader *r, int *out) {
    const char *begin = r->at;
    for (*out = 0; r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - begin < 4; r->at++)
        *out = 10 * *out + (*r->at - '0');
    return r->at > begin;
}

static bool read_name(reader *r, int *out) {
    for (int i = 0; r->field->names && r->field->names[i]; i++) {
        if (r->end - r->at < 3 || strncasecmp(r->at, r->field->names[i], 3) != 0) continue;
        r->at += 3;
        *out = r->field->low + i;
        return true;
    }
    return false;
}

static fv_error *read_value(reader *r, int *out) {
    if (!read_digits(r, out) && !read_name(r, out)) return refuse_value(r);
    return *out < r->field->low || *out > r->field->high ? refuse_value(r) : NULL;
}

/* *, a value or a range, and a step behind the first or the last of them. */
static fv_error *read_element(reader *r, uint64_t *bits) {
    int from = r->field->low, to = r->field->high, step = 1;
    bool all = skip(r, '*'), range = all;
    if (!all) {
        FV_TRY(read_value(r, &from));
        to = from;
        range = skip(r, '-');
        if (range) FV_TRY(read_value(r, &to));
        if (range && to == 0 && from > 0 && r->field->high == 7) to = 7; /* sat-sun */
        if (to < from) return refuse(r, "the range ends before it begins");
    }
    if (skip(r, '/')) {
        if (!range) return fv_error_hint(refuse(r, "a step needs a range"), "write %d-%d/n", from, r->field->high);
        if (!read_digits(r, &step) || step < 1 || step > r->field->high)
            return fv_fail(FV_USAGE, "%s \"%.*s\": a step is 1 to %d", r->field->name, r->length, r->word, r->field->high);
    }
    for (int i = from; i <= to; i += step) *bits |= UINT64_C(1) << i;
    return NULL;
}

static fv_error *read_field(reader *r, uint64_t *bits) {
    *bits = 0;
    do FV_TRY(read_element(r, bits));
    while (skip(r, ','));
    return r->at == r->end ? NULL : refuse_value(r);
}

static const char *find_nickname(const char *expression) {
    for (int i = 0; i < FV_COUNT(nicknames); i++)
        if (!strcasecmp(expression, nicknames[i][0])) return nicknames[i][1];
    return NULL;
}

static fv_error *read_fields(const char *at, uint64_t bits[5], bool star[5]) {
    static const char blanks[] = " \t";
    for (int i = 0; i < FV_COUNT(fields); i++) {
        at += strspn(at, blanks);
        reader r = { .field = &fields[i], .word = at, .length = (int)strcspn(at, blanks), .at = at };
        if (!r.length)
            return fv_error_hint(fv_fail(FV_USAGE, "%s is missing", r.field->name),
                                 "five fields: minute, hour, day of month, month, day of week; or @daily and its like");
        r.end = at += r.length;
        star[i] = *r.word == '*';
        FV_TRY(read_field(&r, &bits[i]));
    }
    at += strspn(at, blanks);
    return *at ? fv_fail(FV_USAGE, "there is a sixth field \"%.*s\" behind day of week", (int)strcspn(at, blanks), at) : NULL;
}

fv_error *fv_cron_parse(const char *expression, fv_cron *out) {
    uint64_t bits[5];
    bool star[5];
    int64_t when;
    const char *text = find_nickname(expression);
    if (!text && *expression == '@')
        return fv_error_hint(fv_fail(FV_USAGE, "%s is no time", expression),
                             "@hourly, @daily, @weekly, @monthly, @yearly, or five fields");
    FV_TRY(fv_error_wrap(read_fields(text ? text : expression, bits, star), "the cron expression \"%s\"", expression));
    *out = (fv_cron){ .minutes = bits[0],
                      .hours = (uint32_t)bits[1],
                      .days = (uint32_t)bits[2],
                      .months = (uint32_t)bits[3],
                      .weekdays = (uint32_t)(bits[4] | (bits[4] >> 7 & 1)),
                      .any_day = star[2],
                      .any_weekday = star[4],
                      .by_clock = star[0] || star[1] };
    if (fv_cron_next(out, 0, INT64_MAX, &when)) return NULL;
    return fv_fail(FV_USAGE, "the cron expression \"%s\" never happens: no such month has that day of month", expression);
}

/* ---- the next time ---- */

static bool allows_day(const fv_cron *c, int64_t days) {
    int64_t year;
    int month, day;
    fv_date_of(days, &year, &month, &day);
    bool of_month = c->days >> day & 1, of_week = c->weekdays >> fv_weekday_of(days) & 1;
    if (!(c->months >> month & 1)) return false;
    return c->any_day || c->any_weekday ? of_month && of_week : of_month || of_week;
}

/* The first minute of a day from `from` on, a minute of the day. */
static bool next_minute(const fv_cron *c, int from, int *out) {
    for (int hour = from / 60; hour < 24; hour++) {
        if (!(c->hours >> hour & 1)) continue;
        for (int minute = hour == from / 60 ? from % 60 : 0; minute < 60; minute++)
            if (c->minutes >> minute & 1) return *out = 60 * hour + minute, true;
    }
    return false;
}

bool fv_cron_next(const fv_cron *cron, int64_t from, int64_t end, int64_t *out) {
    int64_t first = from / DAY - (from % DAY < 0);
    for (int64_t day = first; day - first <= DAYS_MAX && day < end / DAY + 1; day++) {
        int minute, begin = day == first ? (int)((from - day * DAY + 59) / 60) : 0;
        if (!allows_day(cron, day) || !next_minute(cron, begin, &minute)) continue;
        *out = day * DAY + 60 * minute;
        return *out < end;
    }
    return false;
}
