/* time_zone.h - local time by the IANA tz database. libc's own answer depends on TZ, which belongs to the process and may not
 * be changed while threads run; so the compiled files (RFC 9636, "TZif") are read here: any number of zones at once, any
 * thread, and a test can make its own. */
#ifndef FV_EXPERIMENTS_TIME_ZONE_H
#define FV_EXPERIMENTS_TIME_ZONE_H

#include <stdbool.h>

#include "core/base/arena.h"

/* The day of a year on which a rule's clocks are changed, and the seconds after midnight, local time, at which they are. */
typedef struct fv_zone_change {
    enum { FV_ZONE_JULIAN, FV_ZONE_DAY, FV_ZONE_WEEKDAY } kind; /* 1…365 without 29 February; 0…365; by the three below */
    int day, month, week, weekday;                              /* week 5 is the last */
    int64_t seconds;
} fv_zone_change;

/* What holds after the table's end, for ever. Offsets are seconds east of UTC. */
typedef struct fv_zone_rule {
    bool known, changes; /* without changes `standard` holds always */
    int64_t standard, summer;
    fv_zone_change begin, end; /* of summer time */
} fv_zone_rule;

typedef struct fv_time_zone {
    const char *name;
    int64_t count;     /* of the table: */
    const int64_t *at; /* seconds since 1970 UTC, ascending */
    const int64_t *to; /* the offset from then on */
    int64_t first;     /* and before the first of them */
    fv_zone_rule rule;
} fv_time_zone;

/* The zone "UTC"; "local", that of this machine (/etc/localtime); a name of the tz database ("Europe/Berlin", in
 * /usr/share/zoneinfo); or a rule as POSIX has it for TZ ("CET-1CEST,M3.5.0,M10.5.0/3"). Lists lie in the arena. FV_USAGE:
 * there is no such zone. FV_FORMAT: the file is damaged. FV_UNSUPPORTED: it counts leap seconds, or is older than 2007's form.
 */
FV_MUST_USE fv_error *fv_time_zone_find(const char *name, fv_arena *arena, fv_time_zone *out);
/* The same from a file's bytes. */
FV_MUST_USE fv_error *fv_time_zone_read(const char *name, const uint8_t *bytes, int64_t length, fv_arena *arena,
                                        fv_time_zone *out);

/* A stretch of time with one offset: [begin, end), INT64_MIN and INT64_MAX where it has no end. */
typedef struct fv_zone_stretch {
    int64_t begin, end;
    int64_t offset, before; /* `before`: the offset until `begin`; where there is no begin, `offset` */
} fv_zone_stretch;
void fv_time_zone_look(const fv_time_zone *zone, int64_t seconds, fv_zone_stretch *out);

/* Days since 1970-01-01 of a day of the Gregorian calendar, and back; 0 is a Sunday. */
int64_t fv_days_of(int64_t year, int month, int day);
void fv_date_of(int64_t days, int64_t *year, int *month, int *day);
int fv_weekday_of(int64_t days);
bool fv_is_leap_year(int64_t year);

#endif
