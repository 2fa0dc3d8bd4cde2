/* file.h - files read whole and written so that there is never half of one. Paths are UTF-8 and opened as they are. Any thread.
 * Errors: FV_NOT_FOUND, FV_DENIED, FV_IO with the path and the system's reason, FV_MEMORY beyond a cap. */
#ifndef FV_BASE_FILE_H
#define FV_BASE_FILE_H

#include <stdbool.h>

#include "core/base/arena.h"

/* The whole file (a pipe: to its end), at most `cap` bytes, plus a NUL that `*length` does not count. Free `*bytes` with
 * fv_memory_free. */
FV_MUST_USE fv_error *fv_file_read(const char *path, int64_t cap, uint8_t **bytes, int64_t *length);

/* Opens what is to be read; `*size`: of a plain file, which has at most `cap` bytes; else -1. The caller closes `*file`. */
FV_MUST_USE fv_error *fv_file_open(const char *path, int64_t cap, int *file, int64_t *size);
/* fv_file_read of what is open so, from where it stands. */
FV_MUST_USE fv_error *fv_file_read_open(int file, const char *path, int64_t cap, uint8_t **bytes, int64_t *length);

/* As fv_file_read, written to `to`, an open file in memory that is empty: a plain file by the team (parallel.h). */
FV_MUST_USE fv_error *fv_file_copy(const char *path, int64_t cap, int to, int64_t *length);

/* Writes `bytes` to a temporary name beside `path`, fsyncs it, renames it over `path`, fsyncs the folder. On an error `path` is
 * as it was and the temporary file is gone (only when the last fsync fails it has its new content already, whole but not yet
 * safe). With `keep_previous` not NULL, an existing `path` is first hard-linked to that name (replacing it), so at every
 * instant one of the two is whole. */
FV_MUST_USE fv_error *fv_file_write(const char *path, const void *bytes, int64_t length, const char *keep_previous);

/* The same piece by piece: an open value, which a release before the rename makes undone. `file` is open to read and write. */
typedef struct fv_new_file {
    int file;
    char *path, *temporary; /* what it was opened for, and its name until it is renamed, beside that */
} fv_new_file;
FV_MUST_USE fv_error *fv_new_file_open(const char *path, fv_new_file *out);
FV_MUST_USE fv_error *fv_new_file_add(fv_new_file *file, const void *bytes, int64_t length);
FV_MUST_USE fv_error *fv_new_file_sync(fv_new_file *file);
/* To `path`, on the same file system, whose folder is synced. What was added since the last sync may be lost. */
FV_MUST_USE fv_error *fv_new_file_rename(fv_new_file *file, const char *path);
void fv_new_file_release(fv_new_file *file);

/* A file or folder gets another name on the same file system, whose folder is synced; what has that name is replaced. */
FV_MUST_USE fv_error *fv_file_rename(const char *from, const char *to);

/* What the system said no to, by its errno: "cannot read PATH: No such file or directory". */
FV_MUST_USE fv_error *fv_file_refused(int reason, const char *act, const char *path);

/* With its parents, each synced into its own; existing is fine; a file there is FV_CONFLICT. */
FV_MUST_USE fv_error *fv_file_make_folder(const char *path);

/* Removes what processes that were killed in fv_file_write left in a folder: temporary files whose process is no more. */
FV_MUST_USE fv_error *fv_file_remove_leftovers(const char *folder);

/* Takes `path`, a file that is made if need be and stays, for this process alone; `*lock` is for fv_file_unlock, -1 on errors.
 * The lock dies with the process, however that ends. FV_BUSY: somebody else has it, named by the number of the process where
 * that is known. FV_UNSUPPORTED: the file system has no locks. */
FV_MUST_USE fv_error *fv_file_lock(const char *path, int *lock);
void fv_file_unlock(int lock); /* -1 is fine */

typedef enum fv_file_kind { FV_FILE_NONE, FV_FILE_PLAIN, FV_FILE_FOLDER, FV_FILE_OTHER } fv_file_kind;
fv_file_kind fv_file_kind_of(const char *path); /* links followed */

/* The names in a folder, sorted by byte value, without "." and "..", in `arena`. */
FV_MUST_USE fv_error *fv_file_list(const char *path, fv_arena *arena, const char ***names, int64_t *count);

/* The absolute path, without links, of what exists: a new string (fv_string_free). */
FV_MUST_USE fv_error *fv_file_resolve(const char *path, char **out);

FV_MUST_USE fv_error *fv_file_join(fv_arena *arena, const char *folder, const char *name, const char **out);

#endif
