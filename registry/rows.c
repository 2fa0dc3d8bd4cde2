/* rows.c - see rows.h. */
#include "registry/rows.h"

fv_error *fv_column_keep(fv_query *query, fv_arena *arena, const char **out) {
    bool null = fv_column_is_null(query);
    const char *text = fv_column_text(query);
    return fv_arena_text(arena, null ? NULL : text, out);
}

fv_error *fv_rows_read_all(fv_query *query, fv_arena *arena, fv_row_read read, int64_t size, void **rows, int64_t *count) {
    *rows = NULL;
    for (*count = 0;; ++*count) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        FV_TRY(fv_room_make(arena, rows, *count, size));
        FV_TRY(read(query, arena, (char *)*rows + *count * size));
    }
}

static fv_error *read_pair(fv_query *query, fv_arena *arena, void *row) {
    fv_key_value *pair = row;
    FV_TRY(fv_column_keep(query, arena, &pair->key));
    return fv_column_keep(query, arena, &pair->value);
}

fv_error *fv_rows_key_values(fv_query *query, fv_arena *arena, const fv_key_value **out, int64_t *count) {
    return fv_rows_read(query, arena, read_pair, (fv_key_value **)out, count);
}

/* ---- a read of its own ---- */

typedef struct asking {
    const fv_rows_question *question;
    fv_rows *out;
} asking;

static fv_error *ask(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    const asking *a = context;
    const fv_rows_question *q = a->question;
    FV_TRY(q->begin(c, q->context, &query));
    return fv_rows_read_all(query, a->out->memory, q->read, q->size, &a->out->at, &a->out->count);
}

fv_error *fv_rows_ask(fv_registry *registry, const fv_rows_question *question, fv_rows *out) {
    *out = (fv_rows){ 0 };
    FV_TRY(fv_arena_new(question->what, FV_ROWS_BYTES_MAX, &out->memory));
    fv_error *error = fv_registry_read(registry, ask, &(asking){ question, out });
    if (!error) return NULL;
    fv_arena_free(out->memory);
    *out = (fv_rows){ 0 };
    return error;
}
