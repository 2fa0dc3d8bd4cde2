/* snapshot.c - see snapshot.h. The memory is a memfd; seals keep its bytes and its length as they are. */
#include "core/formats/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

/* Descriptors below this may be where another process is to find one of ours. */
#define LEAST_FILE 16

static fv_error *refused(const char *what) {
    return fv_fail(errno == ENOMEM || errno == ENOSPC ? FV_MEMORY : FV_IO, "no memory to share for %s: %s", what,
                   strerror(errno));
}

static fv_error *new_memory(const char *what, int *file) {
    int made = memfd_create("fovea", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (made < 0 && errno == EINVAL) made = memfd_create("fovea", MFD_CLOEXEC | MFD_ALLOW_SEALING); /* before Linux 6.3 */
    if (made < 0) return refused(what);
    *file = fcntl(made, F_DUPFD_CLOEXEC, LEAST_FILE);
    fv_error *error = *file < 0 ? refused(what) : NULL;
    close(made);
    return error;
}

fv_error *fv_shared_memory(const char *what, int64_t length, int *file) {
    FV_TRY(new_memory(what, file));
    if (ftruncate(*file, length) == 0 && fcntl(*file, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0) return NULL;
    fv_error *error = refused(what);
    close(*file);
    *file = -1;
    return error;
}

static fv_error *seal(const char *what, fv_snapshot *s) {
    if (fcntl(s->file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) return refused(what);
    if (!s->length) return NULL;
    void *bytes = mmap(NULL, (size_t)s->length, PROT_READ, MAP_PRIVATE, s->file, 0);
    if (bytes == MAP_FAILED) return refused(what);
    s->bytes = bytes;
    return NULL;
}

fv_error *fv_snapshot_read(const char *path, int64_t cap, fv_snapshot *out) {
    FV_SNAPSHOT(made);
    FV_TRY(new_memory(path, &made.file));
    FV_TRY(fv_file_copy(path, cap, made.file, &made.length));
    FV_TRY(seal(path, &made));
    *out = made;
    made = (fv_snapshot){ .file = -1 };
    return NULL;
}

fv_error *fv_snapshot_copy(const void *bytes, int64_t length, fv_snapshot *out) {
    FV_SNAPSHOT(made);
    FV_TRY(new_memory("a copy", &made.file));
    while (made.length < length) {
        ssize_t put = write(made.file, (const char *)bytes + made.length, (size_t)(length - made.length));
        if (put < 0 && errno != EINTR) return refused("a copy");
        if (put > 0) made.length += put;
    }
    FV_TRY(seal("a copy", &made));
    *out = made;
    made = (fv_snapshot){ .file = -1 };
    return NULL;
}

void fv_snapshot_release(fv_snapshot *s) {
    if (s->bytes) munmap((void *)(uintptr_t)s->bytes, (size_t)s->length);
    if (s->file >= 0) close(s->file);
    *s = (fv_snapshot){ .file = -1 };
}
