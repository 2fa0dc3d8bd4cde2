/* private_copy.h - a file's bytes in memory of this process alone, copied and hashed by the team (core/base/parallel.h): nobody
 * else can change them any more, neither who writes to the file meanwhile nor the reader, which asks for what it needs. */
#ifndef FV_FORMATS_PRIVATE_COPY_H
#define FV_FORMATS_PRIVATE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "fovea/error.h"

/* Open value: FV_PRIVATE_COPY(file); fv_private_copy_read(…, &file). */
typedef struct fv_private_copy {
    uint8_t *bytes; /* at 64 at least, or as malloc gives them */
    int64_t length;
    bool block;      /* of whole pages (fv_block_alloc), else fv_memory_free's */
    uint8_t *leaves; /* hashes of the leaves (tree_hash.h) of all but the last `without` bytes; NULL: it was not hashed */
} fv_private_copy;

/* What `file`, opened by fv_file_open from `path` with that `size`, holds to its end (of a pipe, too), at most `cap` bytes.
 * Where it is plain and of more than a few bytes the team copies it, in huge pages where there are such, and hashes each piece
 * while it lies in the caches. FV_IO, FV_MEMORY. */
FV_MUST_USE fv_error *fv_private_copy_read(int file, int64_t size, const char *path, int64_t cap, int64_t without,
                                           fv_private_copy *out);
void fv_private_copy_release(fv_private_copy *copy);
#define FV_PRIVATE_COPY(name) __attribute__((cleanup(fv_private_copy_release))) fv_private_copy name = { 0 }

#endif
