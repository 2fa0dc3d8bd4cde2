/* gc.c - what nobody needs any more goes: what was deleted long ago, objects that nothing names, files without a row.
 *
 * Rows go first, a batch a transaction, each told to the audit log in it; then objects that are unused by then; files last, and
 * only those that have no row while the database is locked: so a put of the same digest, which gives its file the name and
 * writes the row under that lock, is before it, and found, or after it, and puts the file anew. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "registry/audit.h"
#include "registry/care_work.h"
#include "registry/room.h"
#include "registry/store.h"

#define DAY_MS 86400000
#define BATCH 64 /* deletions a transaction: others write in between */
#define SOME " LIMIT 64"
#define BATCH_OBJECTS 256

/* ?1: deleted before; ?2: now, by which a running run's lease holds or not. A version goes with its model; a run goes with its
 * experiment, and stays while a version names it. */
#define OLD(table) "(" table ".stage = 'deleted' AND " table ".deleted_ms <= ?1)"
#define VERSIONS                                                                                                               \
    "SELECT v.id AS id, m.name || '/' || v.number AS ref FROM version AS v JOIN model AS m ON m.id = v.model_id"               \
    " WHERE " OLD("m") " OR (" OLD("v") " AND NOT EXISTS (SELECT 1 FROM alias WHERE version_id = v.id))"
#define RUNS                                                                                                                   \
    "SELECT r.id AS id, r.uuid AS ref FROM run AS r JOIN experiment AS e ON e.id = r.experiment_id"                            \
    " WHERE (" OLD("r") " OR " OLD(                                                                                            \
        "e") ") AND NOT (r.status = 'running' AND coalesce(r.lease_ms, 0) > ?2)"                                               \
             " AND NOT EXISTS (SELECT 1 FROM version WHERE run_id = r.id AND id NOT IN (SELECT id FROM (" VERSIONS ")))"
#define MODELS "SELECT m.id AS id, m.name AS ref FROM model AS m WHERE " OLD("m")
#define EXPERIMENTS                                                                                                            \
    "SELECT e.id AS id, e.name AS ref FROM experiment AS e WHERE e.id <> 0 AND " OLD(                                          \
        "e") " AND NOT EXISTS (SELECT 1 FROM run WHERE experiment_id = e.id AND id NOT IN (SELECT id FROM (" RUNS ")))"

static const struct {
    const char *kind, *folder; /* the audit log's name of one: models/cells/3, runs/…, experiments/cells/first */
    const char *all, *some, *remove;
} kinds[] = {
    { "version", "models", VERSIONS, VERSIONS SOME, "DELETE FROM version WHERE id = ?" },
    { "model", "models", MODELS, MODELS SOME, "DELETE FROM model WHERE id = ?" },
    { "run", "runs", RUNS, RUNS SOME, "DELETE FROM run WHERE id = ?" },
    { "experiment", "experiments", EXPERIMENTS, EXPERIMENTS SOME, "DELETE FROM experiment WHERE id = ?" },
};

static const char aliases_sql[] = "DELETE FROM alias WHERE version_id = ?"; /* those of a model that is going too */
static const char notes_sql[] = "DELETE FROM note WHERE subject_kind = ? AND subject_ref = ?";
/* What would be unused once those are gone. */
static const char would_go_sql[] =
    "WITH freed (digest, names) AS (SELECT digest, count(*) FROM ("
    "SELECT digest FROM artifact WHERE run_id IN (SELECT id FROM (" RUNS "))"
    " UNION ALL SELECT digest FROM version WHERE id IN (SELECT id FROM (" VERSIONS "))"
    " UNION ALL SELECT digest FROM version_file WHERE version_id IN (SELECT id FROM (" VERSIONS "))) GROUP BY digest)"
    " SELECT count(*), coalesce(sum(size), 0) FROM object LEFT JOIN freed USING (digest)"
    " WHERE uses = coalesce(names, 0) AND created_ms <= ?3";
static const char remove_rows_sql[] =
    "DELETE FROM object WHERE digest IN (SELECT digest FROM object WHERE uses = 0 AND created_ms <= ? LIMIT 256)"
    " RETURNING digest, size";

typedef struct gc {
    fv_registry *registry;
    const fv_gc_options *options;
    fv_gc_result *out;
    fv_arena *arena;
    fv_gc_item *items;
    int64_t deleted_before, unused_before, now;
    fv_care_work work;
    int kind;  /* that is being removed */
    bool more; /* there may be more of them */
    char batch[BATCH_OBJECTS][FV_DIGEST_LETTERS];
    int batch_count;
    int64_t batch_bytes;
} gc;

/* ---- what was deleted ---- */

static fv_error *keep_item(gc *g, const char *ref) {
    FV_TRY(fv_room_for(g->arena, &g->items, g->out->count));
    g->out->items = g->items;
    g->items[g->out->count].kind = kinds[g->kind].kind;
    return fv_arena_text(g->arena, ref, &g->items[g->out->count++].name);
}

static fv_error *begin(fv_connection *c, const gc *g, const char *sql, fv_query **query) {
    FV_TRY(fv_query_begin(c, sql, query));
    fv_bind_int(*query, g->deleted_before);
    if (strstr(sql, "?2")) fv_bind_int(*query, g->now);
    return NULL;
}

static fv_error *run_on(fv_connection *c, const char *sql, int64_t id) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_int(query, id);
    return fv_query_run(query);
}

static fv_error *tell(fv_connection *c, const gc *g, const char *ref) {
    FV_TEXT(action, 100);
    FV_TEXT(subject, 1 << 12);
    fv_text_addf(&action, "%s.remove", kinds[g->kind].kind);
    fv_text_addf(&subject, "%s/%s", kinds[g->kind].folder, ref);
    FV_TRY(fv_text_error(&action));
    FV_TRY(fv_text_error(&subject));
    return fv_audit_add(c, action.at, subject.at, NULL);
}

static fv_error *remove_one(fv_connection *c, gc *g, int64_t id, const char *ref) {
    FV_OWNED(fv_query) notes = NULL;
    if (!strcmp(kinds[g->kind].kind, "version")) FV_TRY(run_on(c, aliases_sql, id));
    FV_TRY(run_on(c, kinds[g->kind].remove, id));
    FV_TRY(fv_query_begin(c, notes_sql, &notes));
    fv_bind_text(notes, kinds[g->kind].kind);
    fv_bind_text(notes, ref);
    FV_TRY(fv_query_run(notes));
    return tell(c, g, ref);
}

/* The ids are read before the first of them goes. */
static fv_error *remove_batch(fv_connection *c, void *context) {
    gc *g = context;
    int64_t ids[BATCH], first = g->out->count;
    int count = 0;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(begin(c, g, kinds[g->kind].some, &query));
    for (bool row; count < BATCH; count++) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) break;
        ids[count] = fv_column_int(query);
        FV_TRY(keep_item(g, fv_column_text(query)));
    }
    for (int i = 0; i < count; i++) FV_TRY(remove_one(c, g, ids[i], g->items[first + i].name));
    g->more = count == BATCH;
    return NULL;
}

static fv_error *remove_deleted(gc *g) {
    for (g->kind = 0; g->kind < FV_COUNT(kinds); g->kind++) {
        do {
            FV_TRY(fv_registry_write(g->registry, remove_batch, g));
            FV_TRY(fv_care_step(&g->work, 0));
        } while (g->more);
    }
    return NULL;
}

/* ---- files ---- */

typedef struct candidate {
    const char *path, *digest;
    bool there;
} candidate;

static fv_error *ask_row(fv_connection *c, void *context) {
    candidate *k = context;
    return fv_store_has(c, k->digest, &k->there);
}

/* With the database locked: no put can be between its file and its row. */
static fv_error *remove_file(fv_connection *c, void *context) {
    candidate *k = context;
    FV_TRY(ask_row(c, k));
    if (k->there) return NULL;
    return unlink(k->path) < 0 && errno != ENOENT ? fv_file_refused(errno, "remove", k->path) : NULL;
}

static fv_error *look_at_file(void *context, const char *path, const char *digest, int64_t size) {
    gc *g = context;
    candidate k = { .path = path, .digest = digest };
    FV_TRY(fv_care_step(&g->work, 0));
    if (!digest) return NULL; /* no name of ours: fsck tells of it */
    FV_TRY(fv_registry_read(g->registry, ask_row, &k));
    if (k.there) return NULL;
    if (!g->options->dry_run) FV_TRY(fv_registry_write(g->registry, remove_file, &k));
    if (k.there) return NULL;
    g->out->orphans++;
    g->out->orphan_bytes += size;
    return NULL;
}

/* ---- objects ---- */

static fv_error *remove_rows(fv_connection *c, void *context) {
    gc *g = context;
    FV_OWNED(fv_query) query = NULL;
    g->batch_count = g->batch_bytes = 0;
    FV_TRY(fv_query_begin(c, remove_rows_sql, &query));
    fv_bind_int(query, g->unused_before);
    for (;;) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        FV_ASSERT(g->batch_count < FV_COUNT(g->batch));
        snprintf(g->batch[g->batch_count++], FV_DIGEST_LETTERS, "%s", fv_column_text(query));
        g->batch_bytes += fv_column_int(query);
    }
}

static fv_error *remove_files(fv_connection *c, void *context) {
    gc *g = context;
    for (int i = 0; i < g->batch_count; i++) {
        char *path;
        if (!fv_store_is_digest(g->batch[i])) continue; /* no name of a file: somebody put the row there */
        FV_TRY(fv_object_path(g->registry, g->batch[i], &path));
        fv_error *error = remove_file(c, &(candidate){ .path = path, .digest = g->batch[i] });
        fv_string_free(path);
        FV_TRY(error);
    }
    return NULL;
}

static fv_error *remove_unused(gc *g) {
    do {
        FV_TRY(fv_registry_write(g->registry, remove_rows, g));
        FV_TRY(fv_registry_write(g->registry, remove_files, g));
        g->out->objects += g->batch_count;
        g->out->bytes += g->batch_bytes;
        FV_TRY(fv_care_step(&g->work, g->batch_bytes));
    } while (g->batch_count);
    return NULL;
}

/* ---- without doing it ---- */

static fv_error *look(fv_connection *c, void *context) {
    gc *g = context;
    FV_OWNED(fv_query) objects = NULL;
    bool row;
    for (g->kind = 0; g->kind < FV_COUNT(kinds); g->kind++) {
        FV_OWNED(fv_query) query = NULL;
        FV_TRY(begin(c, g, kinds[g->kind].all, &query));
        for (;;) {
            FV_TRY(fv_query_next(query, &row));
            if (!row) break;
            fv_column_int(query);
            FV_TRY(keep_item(g, fv_column_text(query)));
        }
    }
    FV_TRY(begin(c, g, would_go_sql, &objects));
    fv_bind_int(objects, g->unused_before);
    FV_TRY(fv_query_next(objects, &row));
    g->out->objects = fv_column_int(objects);
    g->out->bytes = fv_column_int(objects);
    return NULL;
}

/* ---- all of it ---- */

static fv_error *collect(gc *g) {
    int lock;
    if (g->options->dry_run) {
        FV_TRY(fv_registry_read(g->registry, look, g));
        return fv_store_walk(g->registry, look_at_file, g);
    }
    FV_TRY(fv_care_lock(g->registry, &lock));
    fv_error *error = remove_deleted(g);
    if (!error) error = remove_unused(g);
    if (!error) error = fv_store_walk(g->registry, look_at_file, g);
    fv_file_unlock(lock);
    return error;
}

static fv_error *ask_now(fv_connection *c, void *context) {
    *(int64_t *)context = fv_connection_now(c);
    return NULL;
}

/* So many days ago; never, of a negative number. */
static int64_t ago(int64_t now, double days) { return days < 0 ? -1 : now - (int64_t)(days * DAY_MS); }

fv_error *fv_registry_gc(fv_registry *r, const fv_gc_options *options, fv_gc_result *out) {
    FV_OWNED(fv_memory) memory = NULL;
    *out = (fv_gc_result){ 0 };
    FV_TRY(fv_memory_alloc(1, sizeof(gc), &memory));
    gc *g = memory;
    g->registry = r;
    g->options = options;
    g->out = out;
    FV_TRY(fv_registry_read(r, ask_now, &g->now));
    g->deleted_before = ago(g->now, options->deleted_days);
    g->unused_before = ago(g->now, options->unused_days);
    g->work = (fv_care_work){ .watch = options->watch, .what = "gc" };
    FV_TRY(fv_arena_new("what gc removed", INT64_C(1) << 30, &g->arena));
    out->memory = g->arena;
    fv_error *error = collect(g);
    if (error) fv_gc_result_release(out);
    return error;
}

void fv_gc_result_release(fv_gc_result *out) {
    fv_arena_free(out->memory);
    *out = (fv_gc_result){ 0 };
}
