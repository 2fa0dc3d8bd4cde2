/* store_list.c - all objects, as the database knows them and as files. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "registry/room.h"
#include "registry/store.h"

static const char has_sql[] = "SELECT 1 FROM object WHERE digest = ?";
static const char list_sql[] = "SELECT digest, size FROM object ORDER BY digest";

#define NAMES_BYTES_MAX (INT64_C(1) << 30)

fv_error *fv_store_list(fv_connection *c, fv_arena *arena, fv_stored_list *out) {
    FV_OWNED(fv_query) query = NULL;
    *out = (fv_stored_list){ 0 };
    FV_TRY(fv_query_begin(c, list_sql, &query));
    for (;;) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        FV_TRY(fv_room_for(arena, &out->at, out->count));
        fv_stored *stored = &out->at[out->count++];
        snprintf(stored->digest, sizeof stored->digest, "%s", fv_column_text(query));
        stored->size = fv_column_int(query);
        out->bytes += stored->size;
    }
}

fv_error *fv_store_has(fv_connection *c, const char *digest, bool *there) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, has_sql, &query));
    fv_bind_text(query, digest);
    return fv_query_next(query, there);
}

static int64_t size_of(const char *path) {
    struct stat about;
    return stat(path, &about) < 0 ? 0 : (int64_t)about.st_size;
}

/* The digest that a file is named by, or NULL. */
static const char *digest_of(const char *folder, const char *name, char digest[FV_DIGEST_LETTERS]) {
    if (strlen(name) != FV_DIGEST_LETTERS - 3) return NULL;
    snprintf(digest, FV_DIGEST_LETTERS, "%.2s%.62s", folder, name);
    return fv_store_is_digest(digest) ? digest : NULL;
}

typedef struct walk {
    fv_arena *arena;
    const char *objects; /* the folder */
    fv_store_visit visit;
    void *context;
} walk;

static fv_error *walk_folder(const walk *w, const char *folder) {
    const char **names, *within, *path;
    int64_t count;
    char digest[FV_DIGEST_LETTERS];
    FV_TRY(fv_file_join(w->arena, w->objects, folder, &within));
    if (fv_file_kind_of(within) != FV_FILE_FOLDER) return w->visit(w->context, within, NULL, size_of(within));
    FV_TRY(fv_file_list(within, w->arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        FV_TRY(fv_file_join(w->arena, within, names[i], &path));
        FV_TRY(w->visit(w->context, path, digest_of(folder, names[i], digest), size_of(path)));
    }
    return NULL;
}

fv_error *fv_store_walk(fv_registry *r, fv_store_visit visit, void *context) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **folders;
    int64_t count;
    walk w = { .visit = visit, .context = context };
    FV_TRY(fv_arena_new("names of objects", NAMES_BYTES_MAX, &arena));
    w.arena = arena;
    FV_TRY(fv_file_join(arena, fv_registry_folder(r), "objects", &w.objects));
    if (fv_file_kind_of(w.objects) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_file_list(w.objects, arena, &folders, &count));
    for (int64_t i = 0; i < count; i++)
        if (strcmp(folders[i], "new") != 0) FV_TRY(walk_folder(&w, folders[i]));
    return NULL;
}
