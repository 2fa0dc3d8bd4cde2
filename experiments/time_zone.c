/* time_zone.c - the calendar, and which offset holds when. */
#include "experiments/time_zone.h"

#define DAY 86400

/* ---- the calendar: Hinnant, "chrono-compatible low-level date algorithms" (2013): years begin in March ---- */

static int64_t divide_down(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t fv_days_of(int64_t year, int month, int day) {
    int64_t y = year - (month <= 2), era = divide_down(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void fv_date_of(int64_t days, int64_t *year, int *month, int *day) {
    int64_t shifted = days + 719468, era = divide_down(shifted, 146097), of_era = shifted - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100), months = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * months + 2) / 5 + 1);
    *month = (int)(months < 10 ? months + 3 : months - 9);
    *year = years + era * 400 + (*month <= 2);
}

int fv_weekday_of(int64_t days) {
    int64_t weekday = (days + 4) % 7;
    return (int)(weekday < 0 ? weekday + 7 : weekday);
}

bool fv_is_leap_year(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

/* ---- rules ---- */

static int64_t day_of_change(const fv_zone_change *c, int64_t year) {
    int64_t first = fv_days_of(year, 1, 1);
    if (c->kind == FV_ZONE_DAY) return first + c->day;
    if (c->kind == FV_ZONE_JULIAN) return first + c->day - 1 + (c->day >= 60 && fv_is_leap_year(year));
    int64_t day = fv_days_of(year, c->month, 1);
    day += (c->weekday - fv_weekday_of(day) + 7) % 7 + 7 * (c->week - 1);
    int64_t next = c->month == 12 ? fv_days_of(year + 1, 1, 1) : fv_days_of(year, c->month + 1, 1);
    return day >= next ? day - 7 : day;
}

/* The changes of three years about `seconds`, in order; at[i] begins `to[i]`. */
static void list_changes(const fv_zone_rule *r, int64_t seconds, int64_t at[6], int64_t to[6]) {
    int64_t year;
    int month, day;
    fv_date_of(divide_down(seconds, DAY), &year, &month, &day);
    for (int i = 0; i < 3; i++) {
        int64_t begin = day_of_change(&r->begin, year - 1 + i) * DAY + r->begin.seconds - r->standard;
        int64_t end = day_of_change(&r->end, year - 1 + i) * DAY + r->end.seconds - r->summer;
        bool north = begin < end;
        at[2 * i] = north ? begin : end, to[2 * i] = north ? r->summer : r->standard;
        at[2 * i + 1] = north ? end : begin, to[2 * i + 1] = north ? r->standard : r->summer;
    }
}

static void look_by_rule(const fv_zone_rule *r, int64_t seconds, fv_zone_stretch *out) {
    int64_t at[6], to[6];
    *out = (fv_zone_stretch){ INT64_MIN, INT64_MAX, r->standard, r->standard };
    if (!r->changes) return;
    list_changes(r, seconds, at, to);
    int last = 0;
    while (last < 4 && at[last + 1] <= seconds) last++;
    *out = (fv_zone_stretch){ at[last], at[last + 1], to[last], last ? to[last - 1] : to[1] };
}

/* ---- the zone ---- */

void fv_time_zone_look(const fv_time_zone *z, int64_t seconds, fv_zone_stretch *out) {
    int64_t low = 0, high = z->count; /* how many changes are past */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (z->at[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    int64_t held = low ? z->to[low - 1] : z->first;
    *out = (fv_zone_stretch){ INT64_MIN, low < z->count ? z->at[low] : INT64_MAX, held, held };
    if (low) out->begin = z->at[low - 1], out->before = low > 1 ? z->to[low - 2] : z->first;
    if (low < z->count || !z->rule.known) return;
    fv_zone_stretch table = *out;
    look_by_rule(&z->rule, seconds, out);
    if (low && table.begin >= out->begin) out->begin = table.begin, out->before = table.before;
}
