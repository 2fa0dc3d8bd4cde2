/* lineage.c - what came of what, walked edge by edge: the nearest first, each once. */
#include <string.h>

#include "core/base/text.h"
#include "fovea/versions.h"
#include "registry/database.h"
#include "registry/rows.h"

static const char add[] = "INSERT OR IGNORE INTO lineage (from_kind, from_ref, relation, to_kind, to_ref, created_ms) "
                          "VALUES (?, ?, ?, ?, ?, ?)";
#define COLUMNS "SELECT from_kind, from_ref, from_name, relation, to_kind, to_ref, to_name, created_ms FROM came_of "
static const char back[] = COLUMNS "WHERE to_kind = ? AND to_ref = ? ORDER BY created_ms, from_kind, from_ref";
static const char forward[] = COLUMNS "WHERE from_kind = ? AND from_ref = ? ORDER BY created_ms, to_kind, to_ref";

static const char *const kinds[] = { "dataset", "run", "version", "job", "deployment" };
static const char *const relations[] = { "trained", "evaluated", "made", "retrained", "deployed", "imported" };

#define EDGES_MAX 100000

static fv_error *check_word(const char *what, const char *word, const char *const *words, int count) {
    FV_TEXT(known, 1024);
    for (int i = 0; i < count; i++) {
        if (!strcmp(words[i], word)) return NULL;
        fv_text_addf(&known, "%s%s", i ? ", " : "", words[i]);
    }
    FV_TRY(fv_text_error(&known));
    return fv_fail(FV_USAGE, "lineage: %s \"%s\" is none of %s", what, word, known.at);
}
#define CHECK(what, word, words) check_word((what), (word), (words), (int)(sizeof(words) / sizeof *(words)))

/* ---- adding ---- */

static fv_error *do_add(fv_connection *c, void *context) {
    const fv_lineage_edge *e = context;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, add, &query));
    fv_bind_text(query, e->from_kind);
    fv_bind_text(query, e->from);
    fv_bind_text(query, e->relation);
    fv_bind_text(query, e->to_kind);
    fv_bind_text(query, e->to);
    fv_bind_int(query, e->created_ms ? e->created_ms : fv_connection_now(c));
    return fv_query_run(query);
}

fv_error *fv_lineage_add(fv_registry *registry, const fv_lineage_edge *edge) {
    fv_lineage_edge copy = *edge;
    FV_TRY(CHECK("kind", edge->from_kind, kinds));
    FV_TRY(CHECK("kind", edge->to_kind, kinds));
    FV_TRY(CHECK("relation", edge->relation, relations));
    if (!*edge->from || !*edge->to) return fv_fail(FV_USAGE, "lineage: both ends have a name");
    return fv_registry_write(registry, do_add, &copy);
}

/* ---- walking ---- */

typedef struct walk {
    const char *kind, *ref;
    bool forward;
    fv_arena *arena;
    fv_lineage_edge *at;
    int64_t count;
} walk;

static bool same_edge(const fv_lineage_edge *a, const fv_lineage_edge *b) {
    return !strcmp(a->from, b->from) && !strcmp(a->to, b->to) && !strcmp(a->from_kind, b->from_kind) &&
           !strcmp(a->to_kind, b->to_kind) && !strcmp(a->relation, b->relation);
}

static bool is_known(const walk *w, const fv_lineage_edge *edge) {
    for (int64_t i = 0; i < w->count; i++)
        if (same_edge(&w->at[i], edge)) return true;
    return false;
}

/* The end of an edge that lies further along the walk. */
static const char *far_kind(const walk *w, const fv_lineage_edge *e) { return w->forward ? e->to_kind : e->from_kind; }
static const char *far_ref(const walk *w, const fv_lineage_edge *e) { return w->forward ? e->to : e->from; }

static bool was_expanded(const walk *w, int64_t before, const char *kind, const char *ref) {
    if (!strcmp(w->kind, kind) && !strcmp(w->ref, ref)) return true;
    for (int64_t i = 0; i < before; i++)
        if (!strcmp(far_kind(w, &w->at[i]), kind) && !strcmp(far_ref(w, &w->at[i]), ref)) return true;
    return false;
}

static fv_error *read_edge(fv_query *q, const walk *w, fv_lineage_edge *e) {
    const char *from_name, *to_name;
    FV_TRY(fv_column_keep(q, w->arena, &e->from_kind));
    FV_TRY(fv_column_keep(q, w->arena, &e->from));
    FV_TRY(fv_column_keep(q, w->arena, &from_name));
    FV_TRY(fv_column_keep(q, w->arena, &e->relation));
    FV_TRY(fv_column_keep(q, w->arena, &e->to_kind));
    FV_TRY(fv_column_keep(q, w->arena, &e->to));
    FV_TRY(fv_column_keep(q, w->arena, &to_name));
    e->created_ms = fv_column_int(q);
    e->name = w->forward ? to_name : from_name;
    return NULL;
}

/* All edges of one end. */
static fv_error *expand(fv_connection *c, walk *w, const char *kind, const char *ref, int64_t depth) {
    FV_OWNED(fv_query) q = NULL;
    FV_TRY(fv_query_begin(c, w->forward ? forward : back, &q));
    fv_bind_text(q, kind);
    fv_bind_text(q, ref);
    for (bool row;;) {
        fv_lineage_edge edge = { .depth = depth };
        FV_TRY(fv_query_next(q, &row));
        if (!row) return NULL;
        FV_TRY(read_edge(q, w, &edge));
        if (is_known(w, &edge)) continue;
        if (w->count == EDGES_MAX) return fv_fail(FV_MEMORY, "the lineage of %s has more than %d edges", w->ref, EDGES_MAX);
        FV_TRY(fv_room_for(w->arena, &w->at, w->count));
        w->at[w->count++] = edge;
    }
}

static fv_error *do_walk(fv_connection *c, void *context) {
    walk *w = context;
    FV_TRY(expand(c, w, w->kind, w->ref, 1));
    for (int64_t i = 0; i < w->count; i++) {
        const char *kind = far_kind(w, &w->at[i]), *ref = far_ref(w, &w->at[i]);
        if (!was_expanded(w, i, kind, ref)) FV_TRY(expand(c, w, kind, ref, w->at[i].depth + 1));
    }
    return NULL;
}

fv_error *fv_lineage_walk(fv_registry *registry, const char *kind, const char *ref, bool forward_, fv_lineage *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_lineage){ 0 };
    FV_TRY(CHECK("kind", kind, kinds));
    FV_TRY(fv_arena_new("a lineage", FV_ROWS_BYTES_MAX, &arena));
    walk walk = { .kind = kind, .ref = ref, .forward = forward_, .arena = arena };
    FV_TRY(fv_registry_read(registry, do_walk, &walk));
    *out = (fv_lineage){ walk.at, walk.count, fv_take(&arena) };
    return NULL;
}

void fv_lineage_release(fv_lineage *lineage) {
    fv_arena_free(lineage->memory);
    *lineage = (fv_lineage){ 0 };
}
