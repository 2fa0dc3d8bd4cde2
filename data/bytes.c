/* bytes.c - files read into a buffer that is used again. */
#include "data/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/size.h"

fv_error *fv_bytes_reserve(fv_bytes *bytes, int64_t capacity) {
    if (capacity > bytes->capacity || !bytes->at) {
        capacity = fv_max(capacity, bytes->capacity + bytes->capacity / 2);
        fv_bytes_release(bytes);
        FV_TRY(fv_memory_new(capacity, &bytes->at));
        bytes->capacity = capacity;
    }
    bytes->length = 0;
    return NULL;
}

void fv_bytes_release(fv_bytes *bytes) {
    fv_memory_free(bytes->at);
    *bytes = (fv_bytes){ 0 };
}

static fv_error *refused(void) {
    fv_code code = errno == ENOENT || errno == ENOTDIR ? FV_NOT_FOUND : errno == EACCES || errno == EPERM ? FV_DENIED : FV_IO;
    return fv_fail(code, "%s", strerror(errno));
}

/* Up to what is reserved; a file that has grown since is read as far as it was. */
static fv_error *read_all(int file, int64_t size, fv_bytes *bytes) {
    while (bytes->length < size) {
        ssize_t got = read(file, bytes->at + bytes->length, (size_t)(size - bytes->length));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused();
        if (got == 0) break;
        bytes->length += got;
    }
    return NULL;
}

fv_error *fv_bytes_read_file(fv_bytes *bytes, const char *path, int64_t cap) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (file < 0) return refused();
    struct stat about;
    fv_error *error = NULL;
    if (fstat(file, &about) < 0)
        error = refused();
    else if (!S_ISREG(about.st_mode))
        error = fv_fail(FV_IO, "not a plain file");
    else if (about.st_size > cap)
        error = fv_fail(FV_UNSUPPORTED, "%lld bytes, more than the %lld allowed", (long long)about.st_size, (long long)cap);
    else
        error = fv_bytes_reserve(bytes, about.st_size);
    if (!error) error = read_all(file, about.st_size, bytes);
    close(file);
    return error;
}
