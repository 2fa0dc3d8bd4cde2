/* unlocked.h - a database read without locks and without the memory that processes share: by who may not write its folder, in
 * which SQLite could make neither, while nobody has it open.
 *
 * Somebody may open it while it is read, and write; so what was read counts only when the file is the same behind the reading
 * as before. Any thread. */
#ifndef FV_REGISTRY_UNLOCKED_H
#define FV_REGISTRY_UNLOCKED_H

#include <stdbool.h>
#include <sys/stat.h>

#include "fovea/error.h"

typedef struct fv_unlocked {
    bool needed; /* false: the database can be read with locks */
    struct stat file;
} fv_unlocked;

/* Of fovea.db in `folder`. Waits while the file is so new that a further change would not show. FV_BUSY: for longer than
 * `wait_seconds`. */
FV_MUST_USE fv_error *fv_unlocked_begin(const char *folder, double wait_seconds, fv_unlocked *out);
/* Behind the reading, with what came of it, which is returned unless the file has changed: then it is FV_BUSY. */
FV_MUST_USE fv_error *fv_unlocked_end(const char *folder, const fv_unlocked *before, fv_error *outcome);

#endif
