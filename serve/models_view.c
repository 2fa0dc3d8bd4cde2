/* models_view.c - the table at one moment, for all other threads. It holds its versions, so that whoever reads it may look at
 * them; the last one to let go of it frees it. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "serve/models_books.h"

#define VIEW_MAX (INT64_C(1) << 28)

typedef struct view {
    fv_models_view shown; /* first: what others hold is its address */
    _Atomic int64_t references;
    fv_arena *arena;
} view;

static int by_model(const void *left, const void *right) {
    const fv_model_status *a = left, *b = right;
    int order = strcmp(a->model, b->model);
    return order ? order : (a->version > b->version) - (a->version < b->version);
}

/* The names that point to it, or (`awaited`) will. */
static fv_error *names_of(const fv_books *b, const fv_book_version *v, bool awaited, fv_arena *arena, const char *const **names,
                          int64_t *count) {
    const char **list;
    FV_TRY(fv_arena_take(arena, b->pointer_count, &list));
    *count = 0;
    for (int64_t i = 0; i < b->pointer_count; i++) {
        const fv_book_pointer *p = &b->pointers[i];
        int64_t points = awaited ? (p->live == p->wanted ? 0 : p->wanted) : p->live;
        if (points != v->number || strcmp(p->model, v->model) != 0) continue;
        FV_TRY(fv_arena_text(arena, p->alias, &list[(*count)++]));
    }
    *names = list;
    return NULL;
}

static fv_error *show(const fv_books *b, const fv_book_version *v, fv_arena *arena, fv_model_status *row) {
    *row = (fv_model_status){ .version = v->number, .state = v->state, .reason = "" };
    FV_TRY(fv_arena_text(arena, v->model, &row->model));
    if (v->state == FV_MODEL_REFUSED) FV_TRY(fv_arena_text(arena, v->reason ? v->reason : "out of memory", &row->reason));
    FV_TRY(names_of(b, v, false, arena, &row->aliases, &row->alias_count));
    return names_of(b, v, true, arena, &row->awaited, &row->awaited_count);
}

static fv_error *fill(const fv_books *b, int64_t bytes, view *v) {
    fv_model_status *rows;
    FV_TRY(fv_arena_take(v->arena, b->version_count, &rows));
    for (int64_t i = 0; i < b->version_count; i++) FV_TRY(show(b, &b->versions[i], v->arena, &rows[i]));
    for (int64_t i = 0; i < b->version_count; i++)
        if (b->versions[i].served) rows[i].served = fv_served_ref(b->versions[i].served);
    if (b->version_count) qsort(rows, (size_t)b->version_count, sizeof *rows, by_model);
    v->shown = (fv_models_view){ .rows = rows,
                                 .count = b->version_count,
                                 .bytes = bytes,
                                 .swaps = b->swaps,
                                 .refusals = b->refusals,
                                 .loads = b->loads,
                                 .evictions = b->evictions,
                                 .load_seconds = b->load_seconds };
    return NULL;
}

fv_error *fv_books_view(const fv_books *b, int64_t bytes, const fv_models_view **out) {
    view *v;
    FV_TRY(fv_memory_new(1, &v));
    atomic_init(&v->references, 1);
    fv_error *error = fv_arena_new("a view of what is served", VIEW_MAX, &v->arena);
    if (!error) error = fill(b, bytes, v);
    if (error) return fv_models_view_unref(&v->shown), error;
    *out = &v->shown;
    return NULL;
}

const fv_models_view *fv_models_view_ref(const fv_models_view *shown) {
    int64_t before = atomic_fetch_add_explicit(&((view *)shown)->references, 1, memory_order_relaxed);
    FV_ASSERT(before > 0);
    return shown;
}

void fv_models_view_unref(const fv_models_view *shown) {
    view *v = (view *)shown;
    if (!v || atomic_fetch_sub_explicit(&v->references, 1, memory_order_acq_rel) > 1) return;
    for (int64_t i = 0; i < v->shown.count; i++) fv_served_unref(v->shown.rows[i].served);
    fv_arena_free(v->arena);
    fv_memory_free(v);
}
