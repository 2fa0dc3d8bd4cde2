/* record_io.c - to be preloaded: writes down what a process does to its files, for power_loss.py to lose some of it.
 *
 * RECORD_IO=FOLDER: the record is FOLDER/log, a line a call that succeeded, in their order, and what the N-th write wrote is in
 * FOLDER/N. Names are made absolute; calls on what was not opened to write are left out.
 *
 *   open FILE PATH | create FILE PATH | write FILE OFFSET LENGTH N | truncate FILE LENGTH | sync FILE | close FILE
 *   folder FILE PATH | link FROM TO | rename FROM TO | unlink PATH | mkdir PATH
 *
 * separated by tabs. A stdio stream writes past all shims: what it writes is not in the record; nor is what is written to a
 * mapping, as SQLite's -shm. One process, not forked. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 1024

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int record = -1, writes;
static bool watched[FILES];

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    char path[PATH_MAX];
    const char *folder = getenv("RECORD_IO");
    if (!folder) return;
    snprintf(path, sizeof path, "%s/log", folder);
    record = NEXT(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
    char line[3 * PATH_MAX];
    int before = errno;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (NEXT(write)(record, line, (size_t)length) != length) abort(); /* a record with a hole proves nothing */
    errno = before;
}

/* The absolute name; of a static buffer for each of two. */
static const char *whole(const char *path, int which) {
    static char names[2][2 * PATH_MAX];
    char here[PATH_MAX];
    if (*path == '/') return path;
    if (!getcwd(here, sizeof here)) abort();
    snprintf(names[which], sizeof names[which], "%s/%s", here, path);
    return names[which];
}

static bool is_watched(int file) { return record >= 0 && file >= 0 && file < FILES && watched[file]; }

static void keep_bytes(int number, const void *bytes, size_t length) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%d", getenv("RECORD_IO"), number);
    int file = NEXT(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0 || NEXT(write)(file, bytes, length) != (ssize_t)length) abort();
    NEXT(close)(file);
}

/* Memory that is mounted as a disk is none. */
static bool is_device(const char *path) { return !strncmp(path, "/dev/", 5) && strncmp(path, "/dev/shm/", 9) != 0; }

static bool is_folder(int file) {
    struct stat about;
    return fstat(file, &about) == 0 && S_ISDIR(about.st_mode);
}

static int open_recorded(const char *path, int flags, mode_t mode) {
    bool changes = (flags & O_ACCMODE) != O_RDONLY;
    if (record < 0 || is_device(path)) return NEXT(open)(path, flags, mode);
    pthread_mutex_lock(&mutex);
    bool there = access(path, F_OK) == 0;
    int file = NEXT(open)(path, flags, mode);
    bool folder = file >= 0 && !changes && is_folder(file);
    if (file >= 0 && file < FILES && (changes || folder)) {
        watched[file] = true;
        note("%s\t%d\t%s\n", folder ? "folder" : there ? "open" : "create", file, whole(path, 0));
        if (flags & O_TRUNC) note("truncate\t%d\t0\n", file);
    }
    pthread_mutex_unlock(&mutex);
    return file;
}

static void note_write(int file, off_t at, const void *bytes, ssize_t put) {
    if (put <= 0) return;
    keep_bytes(++writes, bytes, (size_t)put);
    note("write\t%d\t%lld\t%lld\t%d\n", file, (long long)at, (long long)put, writes);
}

#pragma GCC visibility push(default)

/* Who was compiled for large files calls the second of each pair. */
#define OPEN(name)                                                                                                             \
    int name(const char *path, int flags, ...) {                                                                               \
        va_list more;                                                                                                          \
        va_start(more, flags);                                                                                                 \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                                              \
        va_end(more);                                                                                                          \
        return open_recorded(path, flags, mode);                                                                               \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void *bytes, size_t length) {
    if (!is_watched(file)) return NEXT(write)(file, bytes, length);
    pthread_mutex_lock(&mutex);
    off_t at = lseek(file, 0, SEEK_CUR);
    ssize_t put = NEXT(write)(file, bytes, length);
    note_write(file, at, bytes, put);
    pthread_mutex_unlock(&mutex);
    return put;
}

#define PWRITE(name)                                                                                                           \
    ssize_t name(int file, const void *bytes, size_t length, off_t at) {                                                       \
        if (!is_watched(file)) return NEXT(pwrite)(file, bytes, length, at);                                                   \
        pthread_mutex_lock(&mutex);                                                                                            \
        ssize_t put = NEXT(pwrite)(file, bytes, length, at);                                                                   \
        note_write(file, at, bytes, put);                                                                                      \
        pthread_mutex_unlock(&mutex);                                                                                          \
        return put;                                                                                                            \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define RECORDED(call, watching, ...)                                                                                          \
    do {                                                                                                                       \
        if (!(watching)) return call;                                                                                          \
        pthread_mutex_lock(&mutex);                                                                                            \
        int code = call;                                                                                                       \
        if (code == 0) note(__VA_ARGS__);                                                                                      \
        pthread_mutex_unlock(&mutex);                                                                                          \
        return code;                                                                                                           \
    } while (0)

int fsync(int file) { RECORDED(NEXT(fsync)(file), is_watched(file), "sync\t%d\n", file); }
int fdatasync(int file) { RECORDED(NEXT(fdatasync)(file), is_watched(file), "sync\t%d\n", file); }

#define FTRUNCATE(name)                                                                                                        \
    int name(int file, off_t length) {                                                                                         \
        RECORDED(NEXT(ftruncate)(file, length), is_watched(file), "truncate\t%d\t%lld\n", file, (long long)length);            \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

int link(const char *from, const char *to) {
    RECORDED(NEXT(link)(from, to), record >= 0, "link\t%s\t%s\n", whole(from, 0), whole(to, 1));
}

int rename(const char *from, const char *to) {
    RECORDED(NEXT(rename)(from, to), record >= 0, "rename\t%s\t%s\n", whole(from, 0), whole(to, 1));
}

int unlink(const char *path) { RECORDED(NEXT(unlink)(path), record >= 0, "unlink\t%s\n", whole(path, 0)); }
int mkdir(const char *path, mode_t mode) { RECORDED(NEXT(mkdir)(path, mode), record >= 0, "mkdir\t%s\n", whole(path, 0)); }

int close(int file) {
    bool was = is_watched(file);
    if (was) watched[file] = false;
    RECORDED(NEXT(close)(file), was, "close\t%d\n", file);
}

#pragma GCC visibility pop
