/* snapshot.h - a file's bytes in memory that another process can be shown: nobody can change them any more, neither the other
 * process nor whoever writes to the file meanwhile. */
#ifndef FV_FORMATS_SNAPSHOT_H
#define FV_FORMATS_SNAPSHOT_H

#include <stdint.h>

#include "fovea/error.h"

/* Open value: FV_SNAPSHOT(file); fv_snapshot_read(path, cap, &file). `file` is of the memory, sealed, close-on-exec. */
typedef struct fv_snapshot {
    int file;
    const uint8_t *bytes; /* mapped for reading; NULL when length is 0 */
    int64_t length;
} fv_snapshot;

/* What `path` holds (a pipe: to its end), at most `cap` bytes: FV_NOT_FOUND, FV_DENIED, FV_IO, FV_MEMORY. */
FV_MUST_USE fv_error *fv_snapshot_read(const char *path, int64_t cap, fv_snapshot *out);
/* A copy of bytes in memory. */
FV_MUST_USE fv_error *fv_snapshot_copy(const void *bytes, int64_t length, fv_snapshot *out);
void fv_snapshot_release(fv_snapshot *snapshot);
#define FV_SNAPSHOT(name) __attribute__((cleanup(fv_snapshot_release))) fv_snapshot name = { .file = -1 }

/* Memory of `length` zeroed bytes that other processes may write to but not shorten or lengthen; the caller closes the file. */
FV_MUST_USE fv_error *fv_shared_memory(const char *what, int64_t length, int *file);

#endif
