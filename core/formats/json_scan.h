/* json_scan.h - JSON read piece by piece without a tree: for headers that may be as large as somebody likes, of which a few
 * values matter. Nothing is allocated but the texts asked for. Open value; one thread at a time. */
#ifndef FV_FORMATS_JSON_SCAN_H
#define FV_FORMATS_JSON_SCAN_H

#include <stdbool.h>

#include "core/base/arena.h"

typedef struct fv_json_scan {
    const char *begin, *at, *end;
} fv_json_scan;

/* The next character that is no blank is `c`: taken. */
bool fv_json_take(fv_json_scan *scan, char c);
/* FV_FORMAT with the place unless it is. */
FV_MUST_USE fv_error *fv_json_expect(fv_json_scan *scan, char c);
/* A text into `arena`: UTF-8, escapes resolved; one with a NUL in it is FV_FORMAT. */
FV_MUST_USE fv_error *fv_json_text(fv_json_scan *scan, fv_arena *arena, const char **out);
/* A whole number, not negative, without exponent or fraction. */
FV_MUST_USE fv_error *fv_json_size(fv_json_scan *scan, int64_t *out);
/* Whatever value is next, at most 64 deep. */
FV_MUST_USE fv_error *fv_json_skip(fv_json_scan *scan);
/* Nothing but blanks is left. */
FV_MUST_USE fv_error *fv_json_end(fv_json_scan *scan);

/* Walks an object: `member` is called behind each key's colon and takes the value. */
typedef fv_error *(*fv_json_member)(void *context, fv_json_scan *scan, const char *key);
FV_MUST_USE fv_error *fv_json_object(fv_json_scan *scan, fv_arena *arena, fv_json_member member, void *context);

#endif
