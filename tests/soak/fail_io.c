/* fail_io.c - to be preloaded: makes one call that changes a file fail. By environment:
 *
 *   FAIL_IO=N            the N-th such call fails, counted from 1 over all threads
 *   FAIL_IO_ERROR=E      with this errno: ENOSPC (of a write, after half of its bytes), EDQUOT or EIO; EIO when it is not given
 *   FAIL_IO_ERROR=KILL   the process is killed (SIGKILL) before it
 *   FAIL_IO_COUNT=FILE   how many such calls there were is written there at the end
 *   FAIL_IO_NOTE=FILE    the call and the file's name are written there; no file: it was never reached
 *
 * Counted are open to write, write, pwrite, fsync, fdatasync, ftruncate, link, rename, mkdir and close of what was opened to
 * write or is a folder. What is no plain file or folder (terminals, pipes, sockets) is let through. A stdio stream writes past
 * all shims, so for one that was opened to write, fwrite, fputs, fflush and fclose are counted, and one is made to fail by
 * /dev/full in the place of its file: whatever errno is wanted, it is ENOSPC then. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 1024 /* file numbers that are watched */

static atomic_llong count;
static char names[FILES][256]; /* of files opened to write, and of folders; empty: not watched */
static bool full[FILES];       /* its next write fails */

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static int wanted_error(void) {
    const char *name = getenv("FAIL_IO_ERROR");
    return name && !strcmp(name, "ENOSPC") ? ENOSPC : name && !strcmp(name, "EDQUOT") ? EDQUOT : EIO;
}

__attribute__((destructor)) static void write_count(void) {
    const char *path = getenv("FAIL_IO_COUNT");
    int file = path ? NEXT(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (file < 0) return;
    dprintf(file, "%lld\n", (long long)atomic_load(&count));
    NEXT(close)(file);
}

static bool kills(void) {
    const char *name = getenv("FAIL_IO_ERROR");
    return name && !strcmp(name, "KILL");
}

static void write_note(const char *call, const char *path) {
    const char *note = getenv("FAIL_IO_NOTE");
    int file = note ? NEXT(open)(note, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (file < 0) return;
    dprintf(file, "%s %s\n", call, path);
    NEXT(close)(file);
}

/* Whether this call is the one. */
static bool fails(const char *call, const char *path) {
    const char *number = getenv("FAIL_IO");
    if (!number || !path || !*path || atomic_fetch_add(&count, 1) + 1 != strtoll(number, NULL, 10)) return false;
    write_note(call, path);
    if (kills()) kill(getpid(), SIGKILL);
    errno = wanted_error();
    return true;
}

static const char *name_of(int file) { return file >= 0 && file < FILES ? names[file] : ""; }

static void watch(int file, const char *path) {
    struct stat about;
    if (file < 0 || file >= FILES || fstat(file, &about) < 0) return;
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return;
    snprintf(names[file], sizeof names[file], "%s", path);
}

/* Memory that is mounted as a disk is none. */
static bool is_device(const char *path) { return !strncmp(path, "/dev/", 5) && strncmp(path, "/dev/shm/", 9) != 0; }

static bool opens_to_change(int flags) { return (flags & O_ACCMODE) != O_RDONLY || flags & O_DIRECTORY; }

#pragma GCC visibility push(default)

/* Who was compiled for large files calls the second of each pair. */
#define OPEN(name)                                                                                                             \
    int name(const char *path, int flags, ...) {                                                                               \
        va_list more;                                                                                                          \
        va_start(more, flags);                                                                                                 \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                                              \
        va_end(more);                                                                                                          \
        bool counted = opens_to_change(flags) && !is_device(path);                                                             \
        if (counted && fails("open", path)) return -1;                                                                         \
        int file = NEXT(open)(path, flags, mode);                                                                              \
        if (counted) watch(file, path);                                                                                        \
        return file;                                                                                                           \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void *bytes, size_t length) {
    if (file >= 0 && file < FILES && full[file]) return errno = ENOSPC, -1;
    if (!fails("write", name_of(file))) return NEXT(write)(file, bytes, length);
    if (errno != ENOSPC || length < 2) return -1;
    full[file] = true;
    return NEXT(write)(file, bytes, length / 2);
}

#define PWRITE(name)                                                                                                           \
    ssize_t name(int file, const void *bytes, size_t length, off_t at) {                                                       \
        if (file >= 0 && file < FILES && full[file]) return errno = ENOSPC, -1;                                                \
        if (!fails("pwrite", name_of(file))) return NEXT(pwrite)(file, bytes, length, at);                                     \
        if (errno != ENOSPC || length < 2) return -1;                                                                          \
        full[file] = true;                                                                                                     \
        return NEXT(pwrite)(file, bytes, length / 2, at);                                                                      \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

int fsync(int file) { return fails("fsync", name_of(file)) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { return fails("fdatasync", name_of(file)) ? -1 : NEXT(fdatasync)(file); }
#define FTRUNCATE(name)                                                                                                        \
    int name(int file, off_t length) { return fails("ftruncate", name_of(file)) ? -1 : NEXT(ftruncate)(file, length); }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)
int link(const char *from, const char *to) { return fails("link", to) ? -1 : NEXT(link)(from, to); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : NEXT(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode); }

/* The file is closed all the same, as Linux does it. */
int close(int file) {
    bool failed = fails("close", name_of(file));
    int wrong = errno;
    if (file >= 0 && file < FILES) names[file][0] = 0, full[file] = false;
    int code = NEXT(close)(file);
    return failed ? errno = wrong, -1 : code;
}

/* ---- stdio ---- */

FILE *fopen(const char *path, const char *mode) {
    bool counted = strpbrk(mode, "wa+") && !is_device(path);
    if (counted && fails("fopen", path)) return NULL;
    FILE *stream = NEXT(fopen)(path, mode);
    if (counted && stream) watch(fileno(stream), path);
    return stream;
}

/* From here on the kernel itself refuses what the stream writes. */
static void fill(const char *call, FILE *stream) {
    if (!stream || !fails(call, name_of(fileno(stream)))) return;
    int device = NEXT(open)("/dev/full", O_WRONLY | O_CLOEXEC);
    if (device >= 0) dup2(device, fileno(stream)), NEXT(close)(device);
}

size_t fwrite(const void *bytes, size_t size, size_t number, FILE *stream) {
    fill("fwrite", stream);
    return NEXT(fwrite)(bytes, size, number, stream);
}

int fputs(const char *text, FILE *stream) {
    fill("fputs", stream);
    return NEXT(fputs)(text, stream);
}

int fflush(FILE *stream) {
    fill("fflush", stream);
    return NEXT(fflush)(stream);
}

int fclose(FILE *stream) {
    fill("fclose", stream);
    int file = fileno(stream);
    if (file >= 0 && file < FILES) names[file][0] = 0;
    return NEXT(fclose)(stream);
}

#pragma GCC visibility pop
