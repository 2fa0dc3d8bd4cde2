/* notes.c - what people wrote about experiments, runs, models, versions and data sets. */
#include <string.h>

#include "fovea/versions.h"
#include "registry/rows.h"

static const char add[] = "INSERT INTO note (subject_kind, subject_ref, text, author, created_ms) VALUES (?, ?, ?, ?, ?)";
static const char list[] = "SELECT text, author, created_ms FROM note WHERE subject_kind = ? AND subject_ref = ? ORDER BY id";

static const struct {
    const char *kind, *there; /* a query that gives a row where there is such a subject */
} kinds[] = {
    { "experiment", "SELECT 1 FROM experiment WHERE name = ?" },
    { "run", "SELECT 1 FROM run WHERE uuid = ?" },
    { "model", "SELECT 1 FROM model WHERE name = ?" },
    { "version", "SELECT 1 FROM version JOIN model ON model.id = model_id WHERE model.name || '/' || number = ?" },
    { "dataset", "SELECT 1 FROM dataset WHERE digest = ?" },
};
#define KINDS (int)(sizeof kinds / sizeof *kinds)
#define TEXT_BYTES_MAX 100000

typedef struct noting {
    const char *kind, *ref, *text, *author;
} noting;

static fv_error *check_subject(fv_connection *c, const noting *n) {
    FV_OWNED(fv_query) query = NULL;
    int k = 0;
    bool there;
    while (k < KINDS && strcmp(kinds[k].kind, n->kind) != 0) k++;
    if (k == KINDS) return fv_fail(FV_USAGE, "there are no notes about a \"%s\"", n->kind);
    FV_TRY(fv_query_begin(c, kinds[k].there, &query));
    fv_bind_text(query, n->ref);
    FV_TRY(fv_query_next(query, &there));
    return there ? NULL : fv_fail(FV_NOT_FOUND, "there is no %s %s", n->kind, n->ref);
}

static fv_error *do_add(fv_connection *c, void *context) {
    const noting *n = context;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(check_subject(c, n));
    FV_TRY(fv_query_begin(c, add, &query));
    fv_bind_text(query, n->kind);
    fv_bind_text(query, n->ref);
    fv_bind_text(query, n->text);
    fv_bind_text(query, n->author);
    fv_bind_int(query, fv_connection_now(c));
    return fv_query_run(query);
}

fv_error *fv_note_add(fv_registry *registry, const char *kind, const char *ref, const char *text) {
    if (!*text || strlen(text) > TEXT_BYTES_MAX) return fv_fail(FV_USAGE, "a note has 1 to %d bytes", TEXT_BYTES_MAX);
    noting noting = { .kind = kind, .ref = ref, .text = text, .author = fv_registry_actor(registry) };
    return fv_registry_write(registry, do_add, &noting);
}

static fv_error *begin_list(fv_connection *c, const void *context, fv_query **query) {
    const noting *n = context;
    FV_TRY(check_subject(c, n));
    FV_TRY(fv_query_begin(c, list, query));
    fv_bind_text(*query, n->kind);
    fv_bind_text(*query, n->ref);
    return NULL;
}

static fv_error *read_note(fv_query *query, fv_arena *arena, void *row) {
    struct fv_note *note = row;
    FV_TRY(fv_column_keep(query, arena, &note->text));
    FV_TRY(fv_column_keep(query, arena, &note->author));
    note->created_ms = fv_column_int(query);
    return NULL;
}

fv_error *fv_notes_list(fv_registry *registry, const char *kind, const char *ref, fv_note_list *out) {
    noting noting = { .kind = kind, .ref = ref };
    fv_rows rows;
    *out = (fv_note_list){ 0 };
    FV_TRY(fv_rows_ask(registry, &(fv_rows_question){ "notes", begin_list, &noting, read_note, sizeof *out->at }, &rows));
    *out = (fv_note_list){ rows.at, rows.count, rows.memory };
    return NULL;
}

void fv_note_list_release(fv_note_list *notes) {
    fv_arena_free(notes->memory);
    *notes = (fv_note_list){ 0 };
}
