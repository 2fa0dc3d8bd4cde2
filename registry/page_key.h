/* page_key.h - where a page of runs ended, as a text that its reader hands back for the next one:
 *
 *   check.started.row.value.value…   check: 16 hexadecimal letters of a hash over the query and the rest; a value: "-" none,
 *                                    "x" one that is no number, "n" and the 16 hexadecimal letters of a double, "t" and a
 * text's bytes in hexadecimal
 *
 * Any thread. */
#ifndef FV_REGISTRY_PAGE_KEY_H
#define FV_REGISTRY_PAGE_KEY_H

#include "fovea/runs.h"
#include "registry/filter.h"

typedef struct fv_page_value {
    int grade; /* 0: a value, 1: one that is no number, 2: none */
    bool is_text;
    double number;
    const char *text;
} fv_page_value;

typedef struct fv_page_key {
    int64_t started_ms, row, count;
    fv_page_value at[FV_ORDER_TERMS_MAX]; /* of the names that the query is ordered by */
} fv_page_key;

FV_MUST_USE fv_error *fv_page_key_write(const fv_runs_query *query, const fv_page_key *key, fv_arena *arena, const char **out);
/* Of `query->after`. FV_USAGE: it is of another query, or was changed. */
FV_MUST_USE fv_error *fv_page_key_read(const fv_runs_query *query, const fv_order *order, fv_arena *arena, fv_page_key *out);

#endif
