/* filter.h - conditions and orders as people write them, in MLflow's grammar, read into what a search is made of. Any thread.
 *
 *   filter = [ term { AND term } ]
 *   term   = name op value | name [NOT] IN (text, …) | name [I]LIKE text | name IS [NOT] NULL
 *   op     = '=' | '!=' | '<' | '<=' | '>' | '>='         a metric's value is a number, a parameter's and a tag's a text
 *   name   = metrics.KEY | best_metrics.KEY | min_metrics.KEY | max_metrics.KEY | params.KEY | tags.KEY | [attributes.]KEY
 *   KEY    = letters, digits, _ . : / @ - and all beyond ASCII; or whatever else in `…` or "…"
 *   text   = '…' or "…", where a quote within is written twice
 *   order  = name [ASC | DESC] { , name [ASC | DESC] }
 *
 * Words in capitals may be in small letters. metric, param, parameter(s), tag, attribute, attr and run are other words for the
 * same. FV_USAGE with the place for what is none. */
#ifndef FV_REGISTRY_FILTER_H
#define FV_REGISTRY_FILTER_H

#include <stdbool.h>

#include "core/base/arena.h"

typedef enum fv_filter_on {
    FV_ON_ATTRIBUTE,
    FV_ON_METRIC, /* its last value */
    FV_ON_METRIC_BEST,
    FV_ON_METRIC_MIN,
    FV_ON_METRIC_MAX,
    FV_ON_PARAM,
    FV_ON_TAG
} fv_filter_on;

typedef enum fv_filter_op {
    FV_OP_EQUAL,
    FV_OP_UNEQUAL,
    FV_OP_BELOW,
    FV_OP_AT_MOST,
    FV_OP_ABOVE,
    FV_OP_AT_LEAST,
    FV_OP_LIKE,  /* % any letters, _ one */
    FV_OP_ILIKE, /* the same, small letters and capitals alike */
    FV_OP_IN,
    FV_OP_NOT_IN,
    FV_OP_NULL, /* there is none */
    FV_OP_NOT_NULL
} fv_filter_op;

/* What the rows that are searched have of their own. */
typedef enum fv_attribute_kind { FV_ATTRIBUTE_TEXT, FV_ATTRIBUTE_NUMBER, FV_ATTRIBUTE_TIME } fv_attribute_kind;
typedef struct fv_attribute {
    const char *name; /* '_' stands for ' ' and '-' too */
    fv_attribute_kind kind;
    const char *sql; /* an expression of the searcher's */
} fv_attribute;

typedef struct fv_filter_name {
    fv_filter_on on;
    const fv_attribute *attribute; /* of the table that was given; NULL unless on FV_ON_ATTRIBUTE */
    const char *key;               /* else */
} fv_filter_name;

typedef struct fv_filter_term {
    fv_filter_name name;
    fv_filter_op op;
    double number;            /* of a metric or a number; a time in milliseconds since 1970 */
    const char *const *texts; /* else; one unless IN */
    int64_t text_count;
} fv_filter_term;

#define FV_FILTER_TERMS_MAX 24
typedef struct fv_filter {
    fv_filter_term at[FV_FILTER_TERMS_MAX];
    int64_t count;
} fv_filter;

#define FV_ORDER_TERMS_MAX 8
typedef struct fv_order {
    struct {
        fv_filter_name name;
        bool descending;
    } at[FV_ORDER_TERMS_MAX];
    int64_t count;
} fv_order;

bool fv_filter_is_metric(fv_filter_on on);
bool fv_filter_is_text(const fv_filter_name *name); /* what it is compared with; else a number */

/* NULL and "" are none. `attributes` ends with a row without a name. Texts are in the arena. */
FV_MUST_USE fv_error *fv_filter_parse(const char *text, const fv_attribute *attributes, fv_arena *arena, fv_filter *out);
FV_MUST_USE fv_error *fv_order_parse(const char *text, const fv_attribute *attributes, fv_arena *arena, fv_order *out);

#endif
