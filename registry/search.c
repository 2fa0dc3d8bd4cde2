/* search.c - runs by a filter, in an order, page by page.
 *
 * The statement is put together from constants of this file; whatever comes from outside is bound. A page ends with a key: the
 * values that its last row is ordered by, its start and its number. The next page has what lies behind that key, so that rows
 * which come or go meanwhile move no others. */
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "fovea/runs.h"
#include "registry/clock.h"
#include "registry/database.h"
#include "registry/experiments.h"
#include "registry/filter.h"
#include "registry/page_key.h"
#include "registry/room.h"
#include "registry/run_rows.h"

static const char key_sql[] = "SELECT id FROM metric_key WHERE name = ?";
static const char experiment_sql[] =
    "SELECT count(*) FROM experiment WHERE name = ?1 OR (name >= ?1 || '/' AND name < ?1 || '0')";

#define NOW_SQL "WITH now (ms, latest) AS (VALUES (?, ?)) "
#define LOST_SQL "r.lease_ms IS NULL OR r.lease_ms <= (SELECT ms FROM now) OR r.lease_ms > (SELECT latest FROM now)"
#define BELOW_EXPERIMENT_SQL                                                                                                   \
    " AND r.experiment_id IN (SELECT id FROM experiment WHERE name = ? OR (name >= ? || '/' AND name < ? || '0'))"
#define EXPERIMENT_NAME_SQL "(SELECT name FROM experiment WHERE id = r.experiment_id)"
#define PARENT_SQL "(SELECT p.uuid FROM run AS p WHERE p.id = r.parent_id)"
#define STATUS_SQL "CASE WHEN r.status = 'running' AND (" LOST_SQL ") THEN 'lost' ELSE r.status END"

#define LIMIT 100
#define LIST_BYTES_MAX (INT64_C(1) << 30)
#define SQL_BYTES_MAX (1 << 20)

static const char status_name[] = "status";
static const fv_attribute attributes[] = {
    { "run_id", FV_ATTRIBUTE_TEXT, "r.uuid" },
    { "id", FV_ATTRIBUTE_TEXT, "r.uuid" },
    { "run_name", FV_ATTRIBUTE_TEXT, "r.name" },
    { "name", FV_ATTRIBUTE_TEXT, "r.name" },
    { status_name, FV_ATTRIBUTE_TEXT, STATUS_SQL },
    { "start_time", FV_ATTRIBUTE_TIME, "r.started_ms" },
    { "created", FV_ATTRIBUTE_TIME, "r.started_ms" },
    { "end_time", FV_ATTRIBUTE_TIME, "r.ended_ms" },
    { "user_id", FV_ATTRIBUTE_TEXT, "r.user" },
    { "user", FV_ATTRIBUTE_TEXT, "r.user" },
    { "experiment_name", FV_ATTRIBUTE_TEXT, EXPERIMENT_NAME_SQL },
    { "experiment", FV_ATTRIBUTE_TEXT, EXPERIMENT_NAME_SQL },
    { "kind", FV_ATTRIBUTE_TEXT, "r.kind" },
    { "host", FV_ATTRIBUTE_TEXT, "nullif(r.host, '')" },
    { "folder", FV_ATTRIBUTE_TEXT, "nullif(r.folder, '')" },
    { "seed_group", FV_ATTRIBUTE_TEXT, "nullif(r.seed_group, '')" },
    { "parent", FV_ATTRIBUTE_TEXT, PARENT_SQL },
    { NULL, FV_ATTRIBUTE_TEXT, NULL },
};

/* ---- a statement with what is bound to it ---- */

typedef struct value {
    enum { INTEGER, REAL, TEXT } kind;
    int64_t integer;
    double real;
    const char *text;
} value;

typedef struct search {
    fv_connection *connection;
    const fv_runs_query *query;
    fv_filter filter;
    fv_order order;
    fv_page_key after;
    fv_arena *arena;
    fv_text sql;
    value *values;
    int64_t value_count;
    /* found */
    int64_t *rows, count;
    fv_run_row *runs;
    const char *next;
} search;

static fv_error *add_value(search *s, value v) {
    FV_TRY(fv_room_for(s->arena, &s->values, s->value_count));
    s->values[s->value_count++] = v;
    return NULL;
}
static fv_error *add_int(search *s, int64_t integer) { return add_value(s, (value){ .kind = INTEGER, .integer = integer }); }
static fv_error *add_real(search *s, double real) { return add_value(s, (value){ .kind = REAL, .real = real }); }
static fv_error *add_text(search *s, const char *text) { return add_value(s, (value){ .kind = TEXT, .text = text }); }

static void bind_values(const search *s, fv_query *query) {
    for (int64_t i = 0; i < s->value_count; i++) {
        const value *v = &s->values[i];
        if (v->kind == INTEGER) fv_bind_int(query, v->integer);
        if (v->kind == REAL) fv_bind_number(query, v->real);
        if (v->kind == TEXT) fv_bind_text(query, v->text);
    }
}

/* ---- names ---- */

static const char *column_of(fv_filter_on on) {
    switch (on) {
    case FV_ON_METRIC: return "last";
    case FV_ON_METRIC_BEST: return "best";
    case FV_ON_METRIC_MIN: return "min";
    case FV_ON_METRIC_MAX: return "max";
    default: return "value";
    }
}

/* What a name stands for: an attribute's expression, or a column of the table that join_name has joined. */
static void add_expression(search *s, const fv_filter_name *name, char letter, int64_t number) {
    if (name->attribute)
        fv_text_add(&s->sql, name->attribute->sql);
    else
        fv_text_addf(&s->sql, "%c%lld.%s", letter, (long long)number, column_of(name->on));
}

/* -1, which no metric has, when nobody has logged it. */
static fv_error *find_key(search *s, const char *key, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    FV_TRY(fv_query_begin(s->connection, key_sql, &query));
    fv_bind_text(query, key);
    FV_TRY(fv_query_next(query, &found));
    *id = found ? fv_column_int(query) : -1;
    return NULL;
}

static fv_error *join_name(search *s, const fv_filter_name *name, char letter, int64_t number, bool optional) {
    const char *join = optional ? " LEFT JOIN" : " JOIN", *table = name->on == FV_ON_TAG ? "run_tag" : "param";
    long long n = number;
    int64_t key;
    if (name->attribute) return NULL;
    if (!fv_filter_is_metric(name->on)) {
        fv_text_addf(&s->sql, "%s %s AS %c%lld ON %c%lld.run_id = r.id AND %c%lld.key = ?", join, table, letter, n, letter, n,
                     letter, n);
        return add_text(s, name->key);
    }
    fv_text_addf(&s->sql, "%s metric_summary AS %c%lld ON %c%lld.run_id = r.id AND %c%lld.key_id = ?", join, letter, n, letter,
                 n, letter, n);
    FV_TRY(find_key(s, name->key, &key));
    return add_int(s, key);
}

/* ---- conditions ---- */

/* SQLite's LIKE is that of ILIKE; its GLOB minds the case, with * and ? for % and _, and [ to be kept from its meaning. */
static fv_error *glob_of(fv_arena *arena, const char *like, const char **out) {
    FV_TEXT(glob, SQL_BYTES_MAX);
    for (; *like; like++) switch (*like) {
        case '%': fv_text_add(&glob, "*"); break;
        case '_': fv_text_add(&glob, "?"); break;
        case '*':
        case '?':
        case '[': fv_text_addf(&glob, "[%c]", *like); break;
        default: fv_text_add_bytes(&glob, like, 1);
        }
    FV_TRY(fv_text_error(&glob));
    return fv_arena_text(arena, glob.at, out);
}

/* MLflow writes the names of statuses in capitals. */
static fv_error *small_letters(fv_arena *arena, const char *text, const char **out) {
    char *copy;
    FV_TRY(fv_arena_copy(arena, text, (int64_t)strlen(text) + 1, (void **)&copy));
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    *out = copy;
    return NULL;
}

static fv_error *add_term_text(search *s, const fv_filter_term *term, int64_t i) {
    const char *text = term->texts[i];
    if (term->name.attribute && term->name.attribute->name == status_name) FV_TRY(small_letters(s->arena, text, &text));
    if (term->op == FV_OP_LIKE) FV_TRY(glob_of(s->arena, text, &text));
    return add_text(s, text);
}

static fv_error *add_condition(search *s, const fv_filter_term *term, int64_t number) {
    static const char *const operators[] = { " = ?",    " IS NOT ?", " < ?",  " <= ?",     " > ?",     " >= ?",
                                             " GLOB ?", " LIKE ?",   " IN (", " NOT IN (", " IS NULL", " IS NOT NULL" };
    FV_ASSERT((int)term->op < FV_COUNT(operators));
    fv_text_add(&s->sql, " AND ");
    add_expression(s, &term->name, 'f', number);
    fv_text_add(&s->sql, operators[term->op]);
    bool list = term->op == FV_OP_IN || term->op == FV_OP_NOT_IN;
    for (int64_t i = 0; list && i < term->text_count; i++) fv_text_add(&s->sql, i ? ", ?" : "?");
    if (list) fv_text_add(&s->sql, ")");
    if (term->op == FV_OP_NULL || term->op == FV_OP_NOT_NULL) return NULL;
    if (!fv_filter_is_text(&term->name)) return add_real(s, term->number);
    for (int64_t i = 0; i < term->text_count; i++) FV_TRY(add_term_text(s, term, i));
    return NULL;
}

static fv_error *add_experiment(search *s) {
    if (!s->query->experiment) return NULL;
    fv_text_add(&s->sql, BELOW_EXPERIMENT_SQL);
    for (int i = 0; i < 3; i++) FV_TRY(add_text(s, s->query->experiment));
    return NULL;
}

/* ---- what lies behind a key ---- */

/* What has a value comes before what has one that is no number, and that before what has none. */
static void add_grade(search *s, int64_t i) {
    const fv_filter_name *name = &s->order.at[i].name;
    long long n = i;
    if (fv_filter_is_metric(name->on))
        fv_text_addf(&s->sql, "iif(o%lld.run_id IS NULL, 2, o%lld.%s IS NULL)", n, n, column_of(name->on));
    else
        fv_text_add(&s->sql, "2 * ("), add_expression(s, name, 'o', i), fv_text_add(&s->sql, " IS NULL)");
}

static fv_error *add_last(search *s, int64_t i) {
    const fv_page_value *last = &s->after.at[i];
    return last->is_text ? add_text(s, last->text) : add_real(s, last->number);
}

/* By one of the names: further down it, or the same and further down by the following ones. The caller closes what is open. */
static fv_error *add_behind(search *s, int64_t i, int64_t *open) {
    const fv_page_value *last = &s->after.at[i];
    fv_text_add(&s->sql, "(");
    add_grade(s, i);
    fv_text_add(&s->sql, " > ? OR ");
    add_grade(s, i);
    fv_text_add(&s->sql, " = ? AND ");
    FV_TRY(add_int(s, last->grade));
    FV_TRY(add_int(s, last->grade));
    ++*open;
    if (last->grade) return NULL;
    fv_text_add(&s->sql, "(");
    add_expression(s, &s->order.at[i].name, 'o', i);
    fv_text_add(&s->sql, s->order.at[i].descending ? " < ? OR " : " > ? OR ");
    add_expression(s, &s->order.at[i].name, 'o', i);
    fv_text_add(&s->sql, " = ? AND ");
    FV_TRY(add_last(s, i));
    ++*open;
    return add_last(s, i);
}

static fv_error *add_after(search *s) {
    if (!s->query->after) return NULL;
    int64_t open = 0;
    fv_text_add(&s->sql, " AND ");
    for (int64_t i = 0; i < s->order.count; i++) FV_TRY(add_behind(s, i, &open));
    fv_text_add(&s->sql, "(r.started_ms, r.id) < (?, ?)");
    for (int64_t i = 0; i < open; i++) fv_text_add(&s->sql, ")");
    FV_TRY(add_int(s, s->after.started_ms));
    return add_int(s, s->after.row);
}

/* ---- the statement ---- */

static fv_error *add_joins(search *s) {
    for (int64_t i = 0; i < s->filter.count; i++)
        FV_TRY(join_name(s, &s->filter.at[i].name, 'f', i, s->filter.at[i].op == FV_OP_NULL));
    for (int64_t i = 0; i < s->order.count; i++) FV_TRY(join_name(s, &s->order.at[i].name, 'o', i, true));
    return NULL;
}

static fv_error *add_conditions(search *s) {
    static const char *const stages[] = {
        "r.stage = 'active' AND r.experiment_id NOT IN (SELECT id FROM experiment WHERE stage = 'deleted')", FV_RUN_DELETED_SQL,
        "1"
    };
    fv_text_addf(&s->sql, " WHERE %s", stages[s->query->deleted]);
    FV_TRY(add_experiment(s));
    for (int64_t i = 0; i < s->filter.count; i++) FV_TRY(add_condition(s, &s->filter.at[i], i));
    return add_after(s);
}

static void add_order(search *s) {
    fv_text_add(&s->sql, " ORDER BY ");
    for (int64_t i = 0; i < s->order.count; i++) {
        long long n = i;
        fv_text_addf(&s->sql, "g%lld, x%lld%s, ", n, n, s->order.at[i].descending ? " DESC" : "");
    }
    fv_text_add(&s->sql, "r.started_ms DESC, r.id DESC LIMIT ?");
}

static int64_t limit_of(const search *s) { return s->query->limit ? s->query->limit : LIMIT; }

/* Values are added in the order in which their question marks stand. */
static fv_error *compose(search *s) {
    int64_t now = fv_connection_now(s->connection);
    FV_TRY(add_int(s, now));
    FV_TRY(add_int(s, now + FV_LEASE_MS_MAX));
    fv_text_add(&s->sql, NOW_SQL "SELECT r.id, r.started_ms");
    for (int64_t i = 0; i < s->order.count; i++) {
        fv_text_add(&s->sql, ", ");
        add_grade(s, i);
        fv_text_addf(&s->sql, " AS g%lld, ", (long long)i);
        add_expression(s, &s->order.at[i].name, 'o', i);
        fv_text_addf(&s->sql, " AS x%lld", (long long)i);
    }
    fv_text_add(&s->sql, " FROM run AS r");
    FV_TRY(add_joins(s));
    FV_TRY(add_conditions(s));
    add_order(s);
    FV_TRY(add_int(s, limit_of(s) + 1)); /* one more says whether there is a next page */
    return fv_text_error(&s->sql);
}

/* ---- running it ---- */

static fv_error *read_key(search *s, fv_query *query, fv_page_key *out) {
    out->row = fv_column_int(query);
    out->started_ms = fv_column_int(query);
    out->count = s->order.count;
    for (int64_t i = 0; i < out->count; i++) {
        fv_page_value *v = &out->at[i];
        *v = (fv_page_value){ .grade = (int)fv_column_int(query), .is_text = fv_filter_is_text(&s->order.at[i].name) };
        if (v->is_text)
            FV_TRY(fv_arena_text(s->arena, fv_column_text(query), &v->text));
        else
            v->number = fv_column_number(query);
    }
    return NULL;
}

static fv_error *find_rows(search *s) {
    FV_OWNED(fv_query) query = NULL;
    fv_page_key key = { 0 };
    FV_TRY(compose(s));
    FV_TRY(fv_query_compose(s->connection, s->sql.at, &query));
    bind_values(s, query);
    for (bool row;;) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        if (s->count == limit_of(s)) return fv_page_key_write(s->query, &key, s->arena, &s->next);
        FV_TRY(fv_room_for(s->arena, &s->rows, s->count));
        FV_TRY(read_key(s, query, &key));
        s->rows[s->count++] = key.row;
    }
}

static fv_error *check_experiment(const search *s) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    if (!s->query->experiment) return NULL;
    FV_TRY(fv_query_begin(s->connection, experiment_sql, &query));
    fv_bind_text(query, s->query->experiment);
    FV_TRY(fv_query_next(query, &row));
    if (fv_column_int(query)) return NULL;
    return fv_fail(FV_NOT_FOUND, "there is no experiment %s, and none below it", s->query->experiment);
}

static fv_error *run_search(fv_connection *c, void *context) {
    search *s = context;
    s->connection = c;
    FV_TRY(check_experiment(s));
    FV_TRY(find_rows(s));
    return fv_run_rows_load(c, s->rows, s->count, s->arena, &s->runs);
}

static fv_error *read_query(search *s) {
    FV_ASSERT(s->query->limit >= 0 && s->query->deleted >= 0 && s->query->deleted <= 2);
    FV_TRY(fv_filter_parse(s->query->filter, attributes, s->arena, &s->filter));
    FV_TRY(fv_order_parse(s->query->order_by, attributes, s->arena, &s->order));
    return s->query->after ? fv_page_key_read(s->query, &s->order, s->arena, &s->after) : NULL;
}

fv_error *fv_runs_search(fv_registry *registry, const fv_runs_query *query, fv_run_list *out) {
    FV_OWNED(fv_arena) arena = NULL;
    search s = { .query = query };
    *out = (fv_run_list){ 0 };
    FV_TRY(fv_arena_new("a list of runs", LIST_BYTES_MAX, &arena));
    s.arena = arena;
    FV_TRY(read_query(&s));
    fv_text_init(&s.sql, SQL_BYTES_MAX);
    fv_error *error = fv_registry_read(registry, run_search, &s);
    fv_text_release(&s.sql);
    FV_TRY(error);
    *out = (fv_run_list){ .rows = s.runs, .count = s.count, .next = s.next, .memory = fv_take(&arena) };
    return NULL;
}
