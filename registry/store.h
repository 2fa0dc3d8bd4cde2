/* store.h - the folder objects/ from inside: what is checked, copied and cleared away there. Any thread.
 *
 *   objects/ab/cdef…   an object, named by its digest: read-only, never changed
 *   objects/new/       what is being written; each file locked (flock) by who writes it, so that another knows a leftover
 *
 * The file is there before the row in `object` and goes after it, so that a row always has its file; a file without a row is of
 * a put that was cut off, or of a gc. Both change under the database's write lock: a file gets its name in the transaction that
 * adds its row, and loses it in one that sees no row. */
#ifndef FV_REGISTRY_STORE_H
#define FV_REGISTRY_STORE_H

#include "core/base/file.h"
#include "fovea/objects.h"
#include "registry/database.h"

/* Whether it is 64 small hexadecimal letters; and FV_USAGE unless it is. The schema asks for 64 letters alone. */
bool fv_store_is_digest(const char *text);
FV_MUST_USE fv_error *fv_store_check_digest(const char *digest);

/* Called with the bytes done since it was called last; an error ends the work. */
typedef fv_error *(*fv_store_step)(void *context, int64_t bytes);

/* The bytes of the file at `from` are hashed and, unless `to` is NULL, added to it. `step` may be NULL. */
FV_MUST_USE fv_error *fv_store_stream(const char *from, fv_new_file *to, fv_store_step step, void *context,
                                      char digest[FV_DIGEST_LETTERS], int64_t *size);
/* The same of an object: FV_FORMAT when its bytes are not those of its name. */
FV_MUST_USE fv_error *fv_store_copy(const char *from, const char *digest, const char *to, fv_store_step step, void *context);

/* The same into a file of fv_store_open_new, which then gets its name `to`. */
FV_MUST_USE fv_error *fv_store_copy_to(const char *from, const char *digest, fv_new_file *file, const char *to,
                                       fv_store_step step, void *context);

/* A new file in FOLDER/objects/new, locked. */
FV_MUST_USE fv_error *fv_store_open_new(const char *folder, fv_new_file *out);
/* Removes what those who were killed left in FOLDER/objects/new, and says how many; with `look_only` it only says. */
FV_MUST_USE fv_error *fv_store_clear(const char *folder, bool look_only, int64_t *count);

typedef struct fv_stored {
    char digest[FV_DIGEST_LETTERS];
    int64_t size;
} fv_stored;
typedef struct fv_stored_list {
    fv_stored *at; /* by digest */
    int64_t count, bytes;
} fv_stored_list;
/* The rows in `object`, in `arena`. */
FV_MUST_USE fv_error *fv_store_list(fv_connection *connection, fv_arena *arena, fv_stored_list *out);

/* Whether there is a row of that digest. */
FV_MUST_USE fv_error *fv_store_has(fv_connection *connection, const char *digest, bool *there);

/* Called for every file in objects/ but those in new/; `digest` NULL: its name is none. */
typedef fv_error *(*fv_store_visit)(void *context, const char *path, const char *digest, int64_t size);
FV_MUST_USE fv_error *fv_store_walk(fv_registry *registry, fv_store_visit visit, void *context);

#endif
