/* file.c - files read whole and written so that there is never half of one.
 *
 * A write goes to "PATH.PID-N.tmp" in the same folder (a rename does not cross file systems), which is synced before it takes
 * the name: after a crash at any instant PATH holds the old bytes or the new ones. The folder is synced last, so that the name
 * itself survives. A temporary file of a killed process stays behind and is in nobody's way until it is removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/base/text.h"

fv_error *fv_file_refused(int reason, const char *act, const char *path) {
    fv_code code = FV_IO;
    if (reason == ENOENT || reason == ENOTDIR) code = FV_NOT_FOUND;
    if (reason == EACCES || reason == EPERM || reason == EROFS) code = FV_DENIED;
    if (reason == ENOMEM) code = FV_MEMORY;
    return fv_fail(code, "cannot %s %s: %s", act, path, strerror(reason));
}

static fv_error *too_large(const char *path, int64_t cap) {
    return fv_fail(FV_MEMORY, "cannot read %s: it is larger than the %lld bytes allowed here", path, (long long)cap);
}

/* Reads to the end into `*bytes`, which has room for `*room` bytes and the NUL and grows up to `cap`. */
static fv_error *read_to_end(int file, const char *path, int64_t cap, int64_t room, uint8_t **bytes, int64_t *length) {
    for (;;) {
        ssize_t got = read(file, *bytes + *length, (size_t)(room - *length + 1)); /* over the NUL's place: there may be more */
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fv_file_refused(errno, "read", path);
        *length += got;
        if (got == 0) break;
        if (*length > cap) return too_large(path, cap);
        if (*length <= room) continue;
        int64_t larger = room < cap / 2 ? fv_min(fv_max(2 * room, 4096), cap) : cap;
        FV_TRY(fv_memory_grow((void **)bytes, room + 1, larger + 1, 1));
        room = larger;
    }
    (*bytes)[*length] = 0;
    return NULL;
}

static fv_error *read_open(int file, const char *path, int64_t cap, uint8_t **bytes, int64_t *length) {
    struct stat info;
    if (fstat(file, &info) < 0) return fv_file_refused(errno, "read", path);
    if (S_ISDIR(info.st_mode)) return fv_file_refused(EISDIR, "read", path);
    if (S_ISREG(info.st_mode) && info.st_size > cap) return too_large(path, cap);
    int64_t room = S_ISREG(info.st_mode) ? (int64_t)info.st_size : fv_min(cap, 4096);
    FV_TRY(fv_memory_alloc(room + 1, 1, (void **)bytes));
    return read_to_end(file, path, cap, room, bytes, length);
}

static fv_error *open_to_read(const char *path, int *file) {
    do *file = open(path, O_RDONLY | O_CLOEXEC);
    while (*file < 0 && errno == EINTR);
    return *file < 0 ? fv_file_refused(errno, "read", path) : NULL;
}

fv_error *fv_file_open(const char *path, int64_t cap, int *file, int64_t *size) {
    struct stat info;
    FV_TRY(open_to_read(path, file));
    bool plain = fstat(*file, &info) == 0 && S_ISREG(info.st_mode);
    *size = plain ? (int64_t)info.st_size : -1;
    if (*size <= cap) return NULL;
    close(*file);
    *file = -1;
    return too_large(path, cap);
}

fv_error *fv_file_read_open(int file, const char *path, int64_t cap, uint8_t **bytes, int64_t *length) {
    *bytes = NULL;
    *length = 0;
    fv_error *error = read_open(file, path, fv_min(fv_max(cap, 0), INT64_MAX / 2), bytes, length);
    if (error) {
        fv_memory_free(fv_take(bytes));
        *length = 0;
    }
    return error;
}

fv_error *fv_file_read(const char *path, int64_t cap, uint8_t **bytes, int64_t *length) {
    int file;
    *bytes = NULL;
    *length = 0;
    FV_TRY(open_to_read(path, &file));
    fv_error *error = fv_file_read_open(file, path, cap, bytes, length);
    close(file);
    return error;
}

/* False with errno set when the system refuses. */
static bool write_bytes(int file, const char *bytes, int64_t length) {
    for (int64_t done = 0; done < length;) {
        ssize_t put = write(file, bytes + done, (size_t)fv_min(length - done, (int64_t)1 << 30));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        done += put;
    }
    return true;
}

enum { CHUNK = 1 << 18 }; /* copied at once: stays in the cache between read and write */

/* A plain file's copy by the team, into the mapped copy: writing to a file lets in one thread at a time. */
typedef struct copying {
    int from;
    int64_t length; /* that it had when it was looked at */
    char *to;
    _Atomic bool failed;
} copying;

/* Pages come as they are read to: no memory, even for a page, is an error of the reading. */
static void copy_chunk(void *context, int64_t unit, int thread) {
    (void)thread;
    copying *c = context;
    int64_t begin = unit * CHUNK, count = fv_min(CHUNK, c->length - begin);
    for (int64_t done = 0; done < count && !c->failed;) {
        ssize_t got = pread(c->from, c->to + begin + done, (size_t)(count - done), begin + done);
        if (got > 0) done += got;
        if (got == 0 || (got < 0 && errno != EINTR)) c->failed = true;
    }
}

/* *length: `size`; or 0 where it did not come through, as when the file was shortened meanwhile or memory went out: then
 * nothing was written, and copying it in order says what is wrong. */
static fv_error *copy_by_team(int from, int64_t size, int to, int64_t *length) {
    void *mapped = MAP_FAILED;
    if (ftruncate(to, size) == 0) mapped = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
    copying c = { .from = from, .length = size, .to = mapped, .failed = mapped == MAP_FAILED };
    if (!c.failed) fv_parallel_for(fv_ceil_div(size, CHUNK), copy_chunk, &c);
    if (mapped != MAP_FAILED) munmap(mapped, (size_t)size);
    if (c.failed && ftruncate(to, 0) < 0) return fv_fail(FV_IO, "cannot empty a copy: %s", strerror(errno));
    *length = c.failed ? 0 : size;
    return NULL;
}

static fv_error *copy_to_end(int from, const char *path, int64_t cap, int to, int64_t *length) {
    FV_OWNED(fv_memory) chunk = NULL;
    FV_TRY(fv_memory_alloc(CHUNK, 1, &chunk));
    for (*length = 0;;) {
        ssize_t got = read(from, chunk, CHUNK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fv_file_refused(errno, "read", path);
        if (got == 0) return NULL;
        *length += got;
        if (*length > cap) return too_large(path, cap);
        if (write_bytes(to, chunk, got)) continue;
        return fv_file_refused(errno == ENOSPC ? ENOMEM : errno, "keep a copy of", path);
    }
}

fv_error *fv_file_copy(const char *path, int64_t cap, int to, int64_t *length) {
    int file;
    struct stat info;
    *length = 0;
    FV_TRY(open_to_read(path, &file));
    fv_error *error = NULL;
    bool plain = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
    if (plain && info.st_size > cap) error = too_large(path, cap);
    if (!error && plain && info.st_size > CHUNK) error = copy_by_team(file, info.st_size, to, length);
    if (!error && !*length) error = copy_to_end(file, path, cap, to, length);
    close(file);
    return error;
}

/* A name that is taken (by another machine, by a process killed here) is passed. */
static fv_error *open_new(const char *path, fv_text *name, int *file) {
    static _Atomic unsigned made;
    do {
        fv_text_clear(name);
        fv_text_addf(name, "%s.%ld-%u.tmp", path, (long)getpid(), atomic_fetch_add(&made, 1));
        FV_TRY(fv_text_error(name));
        *file = open(name->at, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (*file < 0 && (errno == EEXIST || errno == EINTR));
    return *file < 0 ? fv_file_refused(errno, "write", path) : NULL;
}

fv_error *fv_new_file_open(const char *path, fv_new_file *out) {
    FV_TEXT(name, 1 << 16);
    FV_TEXT(whole, 1 << 16);
    *out = (fv_new_file){ .file = -1 };
    fv_text_add(&whole, path);
    FV_TRY(open_new(path, &name, &out->file));
    fv_error *error = fv_text_string(&name, &out->temporary);
    if (!error) error = fv_text_string(&whole, &out->path);
    if (!error) return NULL;
    unlink(name.at);
    fv_new_file_release(out);
    return error;
}

fv_error *fv_new_file_add(fv_new_file *f, const void *bytes, int64_t length) {
    return write_bytes(f->file, bytes, length) ? NULL : fv_file_refused(errno, "write", f->path);
}

fv_error *fv_new_file_sync(fv_new_file *f) { return fsync(f->file) < 0 ? fv_file_refused(errno, "write", f->path) : NULL; }

void fv_new_file_release(fv_new_file *f) {
    if (f->file >= 0) {
        if (f->temporary) unlink(f->temporary);
        close(f->file);
    }
    fv_string_free(f->path);
    fv_string_free(f->temporary);
    *f = (fv_new_file){ .file = -1 };
}

/* Gives what `path` names, if anything, the second name `previous`, at once: a link to a name of its own, renamed over it. */
static fv_error *keep(const char *path, const char *previous, const char *temporary) {
    FV_TEXT(name, 1 << 16);
    fv_text_addf(&name, "%s.keep", temporary);
    FV_TRY(fv_text_error(&name));
    unlink(name.at); /* of a process that was killed: `temporary` is ours, so this is too */
    if (link(path, name.at) < 0) {
        if (errno == ENOENT) return NULL;
        fv_error *error = fv_file_refused(errno, "keep", path);
        return fv_error_hint(error, "the file system of %s must have hard links, for %s", path, previous);
    }
    fv_error *error = rename(name.at, previous) < 0 ? fv_file_refused(errno, "write", previous) : NULL;
    unlink(name.at); /* there still when `previous` was the same file already: then the rename does nothing */
    return error;
}

static fv_error *sync_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    FV_TEXT(folder, 1 << 16);
    fv_text_add_bytes(&folder, slash ? path : ".", slash && slash > path ? slash - path : 1);
    FV_TRY(fv_text_error(&folder));
    int file = open(folder.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return fv_file_refused(errno, "open", folder.at);
    bool failed = fsync(file) < 0 && errno != EINVAL && errno != ENOTSUP; /* those: a file system without it */
    fv_error *error = failed ? fv_file_refused(errno, "sync", folder.at) : NULL;
    close(file);
    return error;
}

fv_error *fv_file_rename(const char *from, const char *to) {
    if (rename(from, to) < 0) return fv_file_refused(errno, "write", to);
    return sync_folder_of(to);
}

fv_error *fv_new_file_rename(fv_new_file *f, const char *path) {
    if (rename(f->temporary, path) < 0) return fv_file_refused(errno, "write", path);
    close(f->file); /* synced: it has nothing left to say */
    f->file = -1;   /* the temporary name is nobody's now */
    fv_new_file_release(f);
    return sync_folder_of(path);
}

fv_error *fv_file_write(const char *path, const void *bytes, int64_t length, const char *keep_previous) {
    fv_new_file file;
    FV_TRY(fv_new_file_open(path, &file));
    fv_error *error = fv_new_file_add(&file, bytes, length);
    if (!error) error = fv_new_file_sync(&file);
    if (!error && keep_previous) error = keep(path, keep_previous, file.temporary);
    if (!error) error = fv_new_file_rename(&file, path);
    fv_new_file_release(&file);
    return error;
}

/* The name of a new folder is made safe like that of a file, or what is written below would be lost with it. A folder that may
 * be written to and not read cannot be synced. */
static fv_error *sync_name_of(const char *path) {
    fv_error *error = sync_folder_of(path);
    if (!error || fv_error_code(error) != FV_DENIED) return error;
    fv_error_free(error);
    return NULL;
}

static fv_error *make_one_folder(const char *path) {
    if (mkdir(path, 0777) == 0) return sync_name_of(path);
    int reason = errno;
    fv_file_kind kind = fv_file_kind_of(path);
    if (kind == FV_FILE_FOLDER) return NULL;
    if (kind != FV_FILE_NONE) return fv_fail(FV_CONFLICT, "cannot make the folder %s: there is a file of that name", path);
    return fv_file_refused(reason, "make the folder", path);
}

fv_error *fv_file_make_folder(const char *path) {
    if (fv_file_kind_of(path) == FV_FILE_FOLDER) return NULL;
    FV_TEXT(part, 1 << 16);
    fv_text_add(&part, path);
    FV_TRY(fv_text_error(&part));
    for (char *slash = part.at + 1; part.length && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        FV_TRY(make_one_folder(part.at));
        *slash = '/';
    }
    return make_one_folder(path);
}

/* The holder has left its number in the file; it may not have come to that yet. */
static fv_error *held(int file, const char *path) {
    char text[32] = "";
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    long number = length > 0 ? strtol(text, NULL, 10) : 0;
    if (number > 0) return fv_fail(FV_BUSY, "%s is held by process %ld", path, number);
    return fv_fail(FV_BUSY, "%s is held by another process", path);
}

static fv_error *lock_open(int file, const char *path) {
    if (flock(file, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) return held(file, path);
        return fv_fail(FV_UNSUPPORTED, "%s cannot be locked: %s", path, strerror(errno));
    }
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(file, 0) < 0 || pwrite(file, text, (size_t)length, 0) != length) return fv_file_refused(errno, "write", path);
    return NULL;
}

fv_error *fv_file_lock(const char *path, int *lock) {
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666); /* for writing: over NFS no other can be locked */
    if (*lock < 0) return fv_file_refused(errno, "lock", path);
    fv_error *error = lock_open(*lock, path);
    if (!error) return NULL;
    close(*lock);
    *lock = -1;
    return error;
}

void fv_file_unlock(int lock) {
    if (lock >= 0) close(lock);
}

fv_file_kind fv_file_kind_of(const char *path) {
    struct stat info;
    if (stat(path, &info) < 0) return FV_FILE_NONE;
    return S_ISREG(info.st_mode) ? FV_FILE_PLAIN : S_ISDIR(info.st_mode) ? FV_FILE_FOLDER : FV_FILE_OTHER;
}

typedef struct name_list {
    const char **at;
    int64_t count, capacity;
} name_list;

static fv_error *read_names(DIR *folder, const char *path, fv_arena *arena, name_list *list) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (!entry) return errno ? fv_file_refused(errno, "read", path) : NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (list->count == list->capacity) {
            int64_t capacity = fv_max(64, 2 * list->capacity);
            FV_TRY(fv_memory_grow((void **)&list->at, list->capacity, capacity, sizeof *list->at));
            list->capacity = capacity;
        }
        FV_TRY(fv_arena_text(arena, entry->d_name, &list->at[list->count]));
        list->count++;
    }
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

fv_error *fv_file_list(const char *path, fv_arena *arena, const char ***names, int64_t *count) {
    *names = NULL;
    *count = 0;
    DIR *folder = opendir(path);
    if (!folder) return fv_file_refused(errno, "read", path);
    name_list list = { 0 };
    fv_error *error = read_names(folder, path, arena, &list);
    closedir(folder);
    if (!error && list.count) qsort(list.at, (size_t)list.count, sizeof *list.at, by_bytes);
    if (!error) error = fv_arena_copy(arena, list.at, list.count * (int64_t)sizeof *list.at, (void **)names);
    if (!error) *count = list.count;
    fv_memory_free(list.at);
    return error;
}

/* The process that made "PATH.PID-N.tmp" or "PATH.PID-N.tmp.keep"; 0: the name is another. */
static pid_t maker_of(const char *name) {
    for (const char *at = strchr(name, '.'); at; at = strchr(at + 1, '.')) {
        long maker;
        unsigned number;
        int length = 0;
        if (sscanf(at, ".%ld-%u.tmp%n", &maker, &number, &length) != 2 || !length) continue;
        bool ends = !at[length] || !strcmp(at + length, ".keep");
        if (ends && maker > 0 && maker <= INT_MAX) return (pid_t)maker;
    }
    return 0;
}

fv_error *fv_file_remove_leftovers(const char *folder) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names, *path;
    int64_t count;
    FV_TRY(fv_arena_new("names of files", INT64_C(1) << 28, &arena));
    FV_TRY(fv_file_list(folder, arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        pid_t maker = maker_of(names[i]);
        if (!maker || kill(maker, 0) == 0 || errno != ESRCH) continue;
        FV_TRY(fv_file_join(arena, folder, names[i], &path));
        if (unlink(path) < 0 && errno != ENOENT) return fv_file_refused(errno, "remove", path);
    }
    return NULL;
}

fv_error *fv_file_resolve(const char *path, char **out) {
    char real[PATH_MAX];
    *out = NULL;
    if (!realpath(path, real)) return fv_file_refused(errno, "find", path);
    FV_TEXT(text, PATH_MAX);
    fv_text_add(&text, real);
    return fv_text_string(&text, out);
}

fv_error *fv_file_join(fv_arena *arena, const char *folder, const char *name, const char **out) {
    size_t length = strlen(folder);
    bool slash = length && folder[length - 1] != '/';
    return fv_arena_format(arena, out, "%s%s%s", folder, slash ? "/" : "", name);
}
