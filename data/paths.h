/* paths.h - the pictures that a user names: files, all pictures below folders, and names read line by line; one at a time, so
 * that a million of them take no more memory than the names in one folder. */
#ifndef FV_DATA_PATHS_H
#define FV_DATA_PATHS_H

#include <stdbool.h>
#include <stdio.h>

#include "fovea/error.h"

typedef struct fv_paths fv_paths;

/* `names` (which must outlive it) in their order. A folder stands for the pictures below it, told by name, in the byte order of
 * names; hidden and system files are left out, links followed, loops cut. With `lines`, the name "-" stands for the names that
 * it holds, one a line (a folder among them likewise). What does not exist or cannot be read is given like a file: opening it
 * tells why. */
FV_MUST_USE fv_error *fv_paths_new(const char *const *names, int64_t count, FILE *lines, fv_paths **out);
void fv_paths_free(fv_paths *paths);
FV_CLEANUP(fv_paths);

/* The next one, borrowed until the next call; NULL when there are no more. */
FV_MUST_USE fv_error *fv_paths_next(fv_paths *paths, const char **path);

#endif
