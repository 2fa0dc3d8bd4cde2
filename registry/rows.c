/* rows.c - see rows.h. */
#include "registry/rows.h"

fv_error *fv_column_keep(fv_query *query, fv_arena *arena, const char **out) {
    return fv_arena_text(arena, fv_column_text(query), out);
}

fv_error *fv_rows_key_values(fv_query *query, fv_arena *arena, const fv_key_value **out, int64_t *count) {
    fv_key_value *rows = NULL;
    for (*count = 0;; ++*count) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) break;
        FV_TRY(fv_room_for(arena, &rows, *count));
        FV_TRY(fv_column_keep(query, arena, &rows[*count].key));
        FV_TRY(fv_column_keep(query, arena, &rows[*count].value));
    }
    *out = rows;
    return NULL;
}
