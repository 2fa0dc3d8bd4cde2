/* lineage.c - what came of what, walked edge by edge: the nearest first, each once. */
#include "registry/lineage.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "registry/reference.h"
#include "registry/rows.h"
#include "registry/text_set.h"

static const char add[] = "INSERT OR IGNORE INTO lineage (from_kind, from_ref, relation, to_kind, to_ref, created_ms) "
                          "VALUES (?, ?, ?, ?, ?, ?)";
#define COLUMNS "SELECT from_kind, from_ref, from_name, relation, to_kind, to_ref, to_name, created_ms FROM came_of "
static const char back[] = COLUMNS "WHERE to_kind = ? AND to_ref = ? ORDER BY created_ms, from_kind, from_ref";
static const char forward[] = COLUMNS "WHERE from_kind = ? AND from_ref = ? ORDER BY created_ms, to_kind, to_ref";

/* The same of the version ?2, which is number ?4 of the model ?3: that view knows it by a text that no index has. ?1 is its
 * kind. */
#define RETRAINED                                                                                                              \
    "SELECT 'version', elder.name || '/' || parent.number, '', 'retrained', 'version', model.name || '/' || version.number,"   \
    " '', version.created_ms FROM version JOIN model ON model.id = version.model_id"                                           \
    " JOIN version AS parent ON parent.id = version.parent_id JOIN model AS elder ON elder.id = parent.model_id "
#define ADDED " UNION ALL SELECT from_kind, from_ref, '', relation, to_kind, to_ref, '', created_ms FROM lineage "
static const char back_of_version[] =
    "SELECT 'run', run.uuid, run.name, 'made', 'version', model.name || '/' || number, '', version.created_ms FROM version"
    " JOIN run ON run.id = run_id JOIN model ON model.id = model_id WHERE model.name = ?3 AND number = ?4"
    " UNION ALL " RETRAINED "WHERE model.name = ?3 AND version.number = ?4" ADDED "WHERE to_kind = ?1 AND to_ref = ?2"
    " ORDER BY 8, 1, 2";
static const char forward_of_version[] =
    RETRAINED "WHERE elder.name = ?3 AND parent.number = ?4" ADDED "WHERE from_kind = ?1 AND from_ref = ?2 ORDER BY 8, 5, 6";

static const char *const kinds[] = { "dataset", "run", "version", "job", "deployment" };
static const char *const relations[] = { "trained", "evaluated", "made", "retrained", "deployed", "imported", "extended" };

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

fv_error *fv_lineage_check(const fv_lineage_edge *edge) {
    FV_TRY(CHECK("kind", edge->from_kind, kinds));
    FV_TRY(CHECK("kind", edge->to_kind, kinds));
    FV_TRY(CHECK("relation", edge->relation, relations));
    return *edge->from && *edge->to ? NULL : fv_fail(FV_USAGE, "lineage: both ends have a name");
}

fv_error *fv_lineage_insert(fv_connection *c, const fv_lineage_edge *e) {
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

static fv_error *do_add(fv_connection *c, void *context) { return fv_lineage_insert(c, context); }

fv_error *fv_lineage_add(fv_registry *registry, const fv_lineage_edge *edge) {
    fv_lineage_edge copy = *edge;
    FV_TRY(fv_lineage_check(edge));
    return fv_registry_write(registry, do_add, &copy);
}

/* ---- walking ---- */

typedef struct walk {
    const char *kind, *ref;
    bool forward;
    fv_arena *arena;
    fv_text_set edges, ends; /* that were met */
    fv_lineage_edge *at;
    int64_t count;
} walk;

/* Each text behind its length, so that two lists of texts are never one text. */
static void add_part(fv_text *out, const char *part) { fv_text_addf(out, "%zu:%s", strlen(part), part); }

static fv_error *meet_edge(walk *w, const fv_lineage_edge *e, bool *is_new) {
    FV_TEXT(text, 1 << 20);
    add_part(&text, e->from_kind);
    add_part(&text, e->from);
    add_part(&text, e->relation);
    add_part(&text, e->to_kind);
    add_part(&text, e->to);
    FV_TRY(fv_text_error(&text));
    return fv_text_set_add(&w->edges, w->arena, text.at, is_new);
}

static fv_error *meet_end(walk *w, const char *kind, const char *ref, bool *is_new) {
    FV_TEXT(text, 1 << 20);
    add_part(&text, kind);
    add_part(&text, ref);
    FV_TRY(fv_text_error(&text));
    return fv_text_set_add(&w->ends, w->arena, text.at, is_new);
}

/* The end of an edge that lies further along the walk. */
static const char *far_kind(const walk *w, const fv_lineage_edge *e) { return w->forward ? e->to_kind : e->from_kind; }
static const char *far_ref(const walk *w, const fv_lineage_edge *e) { return w->forward ? e->to : e->from; }

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

/* Whether it is a version of this workspace: NAME/3. One of another has that in front, which no model's name may have. */
static bool is_ours(const char *kind, const char *ref, fv_reference *out) {
    if (strcmp(kind, "version") != 0) return false;
    char text[FV_MODEL_NAME_MAX + 32];
    FV_OWNED(fv_error) none = fv_reference_parse(ref, out);
    if (none || !out->number) return false;
    snprintf(text, sizeof text, "%s/%lld", out->model, (long long)out->number);
    return !strcmp(text, ref);
}

static fv_error *begin(fv_connection *c, const walk *w, const char *kind, const char *ref, fv_query **q) {
    fv_reference version;
    bool ours = is_ours(kind, ref, &version);
    if (ours)
        FV_TRY(fv_query_begin(c, w->forward ? forward_of_version : back_of_version, q));
    else
        FV_TRY(fv_query_begin(c, w->forward ? forward : back, q));
    fv_bind_text(*q, kind);
    fv_bind_text(*q, ref);
    if (!ours) return NULL;
    fv_bind_text(*q, version.model);
    fv_bind_int(*q, version.number);
    return NULL;
}

/* All edges of one end. */
static fv_error *expand(fv_connection *c, walk *w, const char *kind, const char *ref, int64_t depth) {
    FV_OWNED(fv_query) q = NULL;
    FV_TRY(begin(c, w, kind, ref, &q));
    for (bool row, is_new;;) {
        fv_lineage_edge edge = { .depth = depth };
        FV_TRY(fv_query_next(q, &row));
        if (!row) return NULL;
        FV_TRY(read_edge(q, w, &edge));
        FV_TRY(meet_edge(w, &edge, &is_new));
        if (!is_new) continue;
        if (w->count == EDGES_MAX) return fv_fail(FV_MEMORY, "the lineage of %s has more than %d edges", w->ref, EDGES_MAX);
        FV_TRY(fv_room_for(w->arena, &w->at, w->count));
        w->at[w->count++] = edge;
    }
}

static fv_error *do_walk(fv_connection *c, void *context) {
    walk *w = context;
    bool is_new;
    FV_TRY(meet_end(w, w->kind, w->ref, &is_new));
    FV_TRY(expand(c, w, w->kind, w->ref, 1));
    for (int64_t i = 0; i < w->count; i++) {
        const char *kind = far_kind(w, &w->at[i]), *ref = far_ref(w, &w->at[i]);
        FV_TRY(meet_end(w, kind, ref, &is_new));
        if (is_new) FV_TRY(expand(c, w, kind, ref, w->at[i].depth + 1));
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
