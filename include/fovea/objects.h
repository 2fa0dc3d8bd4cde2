/* fovea/objects.h - files in a registry by what they hold: objects/ab/cdef… of the workspace, named by their BLAKE2b-256.
 *
 * An object is written once, synced, and never changed; what is read is hashed while it is, so a flipped bit is an error and
 * not an answer. One that nothing names any more stays until `fovea registry gc`. Threads, durability and further errors: as in
 * registry.h. */
#ifndef FOVEA_OBJECTS_H
#define FOVEA_OBJECTS_H

#include "fovea/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FV_DIGEST_LETTERS 65 /* 64 hexadecimal letters and a NUL */

/* Puts a copy of a file, or bytes, into the store; there already is fine. What names it is written next (fv_run_keep_file, a
 * version); until then it is unused, and gc leaves what is younger than a day alone. */
FV_API FV_MUST_USE fv_error *fv_object_put_file(fv_registry *registry, const char *path, char digest[FV_DIGEST_LETTERS]);
FV_API FV_MUST_USE fv_error *fv_object_put(fv_registry *registry, const void *bytes, int64_t length,
                                           char digest[FV_DIGEST_LETTERS]);

/* All of it, and a NUL behind it that `*length` does not count; free `*bytes` with fv_string_free. FV_NOT_FOUND; FV_FORMAT: its
 * bytes are not those that its name says, with the path; FV_MEMORY: more than `cap`; FV_USAGE: no digest. */
FV_API FV_MUST_USE fv_error *fv_object_get(fv_registry *registry, const char *digest, int64_t cap, char **bytes,
                                           int64_t *length);
/* A copy at `path`, which is replaced once the copy is whole and was hashed; after an error it is as it was. */
FV_API FV_MUST_USE fv_error *fv_object_copy(fv_registry *registry, const char *digest, const char *path);
/* Reads all of it, and gives nothing but the errors of fv_object_get. */
FV_API FV_MUST_USE fv_error *fv_object_check(fv_registry *registry, const char *digest);
/* Where it lies, unchecked: a new string (fv_string_free). For readers that check themselves, as of model files. */
FV_API FV_MUST_USE fv_error *fv_object_path(fv_registry *registry, const char *digest, char **out);

#ifdef __cplusplus
}
#endif
#endif
