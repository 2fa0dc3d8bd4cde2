/* job_rows.c - jobs as they are read. */
#include <string.h>

#include "registry/job_state.h"
#include "registry/rows.h"

/* The first letters of an id are a range of ids. */
static const char list_sql[] =
    "SELECT j.uuid, j.key, j.kind, j.subject, j.spec, j.progress, j.result, j.reason, j.holder, r.uuid, j.lease_ms, j.state,"
    " j.stop_asked, j.attempts, j.fence, j.not_before_ms, j.created_ms, j.started_ms, j.ended_ms"
    " FROM job AS j LEFT JOIN run AS r ON r.id = j.run_id"
    " WHERE (?1 IS NULL OR j.kind = ?1) AND (?2 IS NULL OR j.subject = ?2)"
    " AND (?3 IS NULL OR (j.uuid >= ?3 AND j.uuid < ?3 || 'g'))"
    " AND (?4 IS NULL OR j.id < (SELECT id FROM job WHERE uuid = ?4)) ORDER BY j.id DESC LIMIT ?5";

#define LIMIT 100

static fv_error *read_texts(fv_query *query, fv_arena *arena, fv_job_row *row) {
    const char **const texts[] = { &row->id,       &row->key,    &row->kind,   &row->subject, &row->spec,
                                   &row->progress, &row->result, &row->reason, &row->holder,  &row->run };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) FV_TRY(fv_column_keep(query, arena, texts[i]));
    return NULL;
}

static fv_error *read_row(fv_query *query, fv_arena *arena, void *out) {
    fv_job_row *row = out;
    FV_TRY(read_texts(query, arena, row));
    int64_t lease_ms = fv_column_int(query);
    row->state = fv_job_state_of(fv_column_text(query), lease_ms, fv_connection_now(fv_query_connection(query)));
    row->stop_asked = fv_column_int(query);
    row->attempts = fv_column_int(query);
    row->fence = fv_column_int(query);
    row->not_before_ms = fv_column_int(query);
    row->created_ms = fv_column_int(query);
    row->started_ms = fv_column_int(query);
    row->ended_ms = fv_column_int(query);
    return NULL;
}

static fv_error *begin_list(fv_connection *c, const void *context, fv_query **query) {
    const fv_jobs_query *wanted = context;
    FV_TRY(fv_query_begin(c, list_sql, query));
    fv_bind_text(*query, wanted->kind);
    fv_bind_text(*query, wanted->subject);
    fv_bind_text(*query, wanted->id);
    fv_bind_text(*query, wanted->before);
    fv_bind_int(*query, wanted->limit ? wanted->limit : LIMIT);
    return NULL;
}

fv_error *fv_jobs_list(fv_registry *r, const fv_jobs_query *query, fv_job_list *out) {
    fv_rows rows;
    *out = (fv_job_list){ 0 };
    FV_TRY(fv_rows_ask(r, &(fv_rows_question){ "jobs", begin_list, query, read_row, sizeof *out->at }, &rows));
    *out = (fv_job_list){ .at = rows.at, .count = rows.count, .memory = rows.memory };
    return NULL;
}

void fv_job_list_release(fv_job_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_job_list){ 0 };
}
