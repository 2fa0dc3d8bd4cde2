/* fetch.c - a file from the network: attempts until it is whole, its checksum, its name. What one attempt does is in
 * fetch_answer.c. */
#include "data/fetch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/size.h"

#define ATTEMPTS 5
#define WAIT_MAX 60
#define RETRY_AFTER_MAX 600 /* seconds that a server may make us wait */
#define NOTE_BYTES_MAX (1 << 16)
#define READ_BYTES (1 << 16)

static bool is_cancelled(const fv_fetch_options *options) {
    return options->cancel && __atomic_load_n(options->cancel, __ATOMIC_RELAXED);
}

/* ---- names ---- */

static fv_error *check_url(const char *url) {
    if (!strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8)) return NULL;
    return fv_fail(FV_USAGE, "\"%s\" is no http or https URL", url);
}

/* The last name of the URL's path: "https://host/a/photos.zip?x=1" gives "photos.zip". */
static fv_error *name_of(const char *url, fv_arena *arena, const char **out) {
    const char *at = strstr(url, "://") + 3;
    const char *end = at + strcspn(at, "?#"), *name = end;
    while (name > at && name[-1] != '/') name--;
    FV_TRY(fv_arena_format(arena, out, "%.*s", (int)(end - name), name));
    if (name > at && **out && strcmp(*out, ".") && strcmp(*out, "..")) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "%s: the URL ends in no file's name", url), "say one: --out FILE");
}

static fv_error *choose_path(const char *url, const char *to, fv_arena *arena, const char **out) {
    const char *name = NULL;
    *out = to;
    if (to && fv_file_kind_of(to) != FV_FILE_FOLDER && to[strlen(to) - 1] != '/') return NULL;
    if (to) FV_TRY(fv_file_make_folder(to));
    FV_TRY(name_of(url, arena, &name));
    *out = name;
    return to ? fv_file_join(arena, to, name, out) : NULL;
}

/* ---- checksums ---- */

static fv_error *check_digits(const char *sha256) {
    if (!sha256) return NULL;
    bool all = strlen(sha256) == 64;
    for (const char *at = sha256; *at; at++) all &= isxdigit((unsigned char)*at) != 0;
    return all ? NULL : fv_fail(FV_USAGE, "sha256 is \"%s\", not 64 hexadecimal digits", sha256);
}

/* SHA-256 of the file, in digits. */
static fv_error *sum_of(int file, const char *path, char out[65]) {
    crypto_hash_sha256_state hash;
    unsigned char digest[crypto_hash_sha256_BYTES];
    FV_OWNED(fv_memory) buffer = NULL;
    FV_TRY(fv_memory_alloc(READ_BYTES, 1, &buffer));
    crypto_hash_sha256_init(&hash);
    for (int64_t at = 0;;) {
        ssize_t got = pread(file, buffer, READ_BYTES, at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fv_fail(FV_IO, "cannot read %s: %s", path, strerror(errno));
        if (!got) break;
        crypto_hash_sha256_update(&hash, buffer, (unsigned long long)got);
        at += got;
    }
    crypto_hash_sha256_final(&hash, digest);
    sodium_bin2hex(out, 65, digest, sizeof digest);
    return NULL;
}

/* A file that is there already: right, or in the way. */
static fv_error *look_at_present(const char *path, const char *sha256, fv_fetch_result *result) {
    if (fv_file_kind_of(path) == FV_FILE_NONE) return NULL;
    if (!sha256)
        return fv_error_hint(fv_fail(FV_CONFLICT, "%s is there already", path),
                             "remove it, name another by --out, or say the checksum that it should have");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fv_fail(FV_IO, "cannot read %s: %s", path, strerror(errno));
    fv_error *error = sum_of(file, path, result->sha256);
    result->bytes = lseek(file, 0, SEEK_END);
    close(file);
    FV_TRY(error);
    result->present = !strcasecmp(result->sha256, sha256);
    return result->present
               ? NULL
               : fv_error_hint(fv_fail(FV_CONFLICT, "%s is there already, with the SHA-256 %s", path, result->sha256),
                               "remove it, or name another by --out");
}

/* ---- FILE.part ---- */

/* What FILE.part.from says of it: the URL must be ours. */
static fv_error *read_note(fv_fetch_state *s) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length = 0;
    if (fv_file_kind_of(s->from) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_file_read(s->from, NOTE_BYTES_MAX, (uint8_t **)&bytes, &length));
    char *url = bytes, *end = strchr(url, '\n');
    if (!end) return NULL;
    *end = 0;
    end[1 + strcspn(end + 1, "\r\n")] = 0;
    if (!strcmp(url, s->url)) snprintf(s->validator, sizeof s->validator, "%s", end + 1);
    return NULL;
}

static fv_error *open_part(fv_fetch_state *s) {
    s->file = open(s->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->file < 0)
        return fv_fail(errno == EACCES || errno == EROFS ? FV_DENIED
                       : errno == ENOENT                 ? FV_NOT_FOUND
                                                         : FV_IO,
                       "cannot write %s: %s", s->part, strerror(errno));
    if (flock(s->file, LOCK_EX | LOCK_NB) < 0) return fv_fail(FV_BUSY, "%s is being fetched already", s->path);
    s->have = lseek(s->file, 0, SEEK_END);
    if (s->have < 0) return fv_fail(FV_IO, "cannot read %s: %s", s->part, strerror(errno));
    return s->options->restart ? NULL : read_note(s);
}

static fv_error *sync_folder_of(const char *path, fv_arena *arena) {
    const char *slash = strrchr(path, '/'), *folder = ".";
    if (slash) FV_TRY(fv_arena_format(arena, &folder, "%.*s", (int)(slash > path ? slash - path : 1), path));
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return fv_fail(FV_IO, "cannot open %s: %s", folder, strerror(errno));
    bool failed = fsync(file) < 0 && errno != EINVAL && errno != ENOTSUP; /* those: a file system without it */
    fv_error *error = failed ? fv_fail(FV_IO, "cannot sync %s: %s", folder, strerror(errno)) : NULL;
    close(file);
    return error;
}

/* Whole: checksum, disk, name. */
static fv_error *finish(fv_fetch_state *s, fv_arena *arena, fv_fetch_result *result) {
    FV_TRY(sum_of(s->file, s->part, result->sha256));
    if (s->options->sha256 && strcasecmp(result->sha256, s->options->sha256) != 0) {
        unlink(s->part);
        unlink(s->from);
        return fv_fail(FV_FORMAT, "%s has the SHA-256 %s, not %s: what was fetched is removed", s->url, result->sha256,
                       s->options->sha256);
    }
    if (fsync(s->file) < 0) return fv_fail(FV_IO, "cannot write %s: %s", s->part, strerror(errno));
    if (rename(s->part, s->path) < 0) return fv_fail(FV_IO, "cannot write %s: %s", s->path, strerror(errno));
    unlink(s->from);
    result->bytes = s->have;
    return sync_folder_of(s->path, arena);
}

/* ---- attempts ---- */

/* Waits, looking at the cancel flag; false: cancelled. */
static bool wait_for(const fv_fetch_options *options, double seconds) {
    double until = fv_fetch_seconds() + seconds;
    while (!is_cancelled(options)) {
        double left = until - fv_fetch_seconds();
        if (left <= 0) return true;
        long nanoseconds = (long)(1e9 * (left < 0.05 ? left : 0.05));
        nanosleep(&(struct timespec){ .tv_nsec = nanoseconds }, NULL);
    }
    return false;
}

static double pause_before(const fv_fetch_state *s, int64_t attempt) {
    double seconds = s->options->wait > 0 ? s->options->wait : 1;
    curl_off_t asked = 0;
    for (int64_t i = 1; i < attempt && seconds < WAIT_MAX; i++) seconds *= 2;
    if (seconds > WAIT_MAX) seconds = WAIT_MAX;
    s->library->easy_getinfo(s->curl, CURLINFO_RETRY_AFTER, &asked);
    return asked > seconds ? (double)fv_min(asked, RETRY_AFTER_MAX) : seconds;
}

static fv_error *try_until_whole(fv_fetch_state *s) {
    int64_t attempts = s->options->attempts ? s->options->attempts : ATTEMPTS;
    for (int64_t attempt = 1;; attempt++) {
        bool passing;
        fv_error *error = fv_fetch_attempt(s, &passing);
        if (!error) return NULL;
        if (!passing) return error;
        if (attempt >= attempts)
            return fv_error_wrap(error, "given up after %lld attempt%s", (long long)attempt, attempt == 1 ? "" : "s");
        char why[1024];
        double seconds = pause_before(s, attempt);
        fv_log_warning("%s; trying again in %g s", fv_error_format(error, why, sizeof why), seconds);
        fv_error_free(error);
        if (!wait_for(s->options, seconds))
            return fv_error_hint(fv_fail(FV_CANCELLED, "stopped while %s was fetched", s->url),
                                 "the same command goes on with it");
    }
}

static fv_error *fetch_part(fv_fetch_state *s, fv_arena *arena, fv_fetch_result *result) {
    FV_TRY(open_part(s));
    s->curl = s->library->easy_init();
    if (!s->curl) return fv_error_memory();
    if (s->validator[0]) result->resumed_at = s->have;
    FV_TRY(try_until_whole(s));
    return finish(s, arena, result);
}

fv_error *fv_fetch(const char *url, const char *to, const fv_fetch_options *options, fv_fetch_result *result) {
    const fv_fetch_options none = { 0 };
    FV_OWNED(fv_arena) arena = NULL;
    fv_fetch_state s = { .url = url, .options = options ? options : &none, .file = -1 };
    *result = (fv_fetch_result){ 0 };
    FV_TRY(check_url(url));
    FV_TRY(check_digits(s.options->sha256));
    FV_TRY(fv_arena_new("names of files", 1 << 20, &arena));
    FV_TRY(choose_path(url, to && *to ? to : NULL, arena, &s.path));
    FV_TRY(fv_arena_format(arena, &s.part, "%s.part", s.path));
    FV_TRY(fv_arena_format(arena, &s.from, "%s.part.from", s.path));
    snprintf(result->path, sizeof result->path, "%s", s.path);
    FV_TRY(look_at_present(s.path, s.options->sha256, result));
    if (result->present) return NULL;
    FV_TRY(fv_curl_load(&s.library));
    fv_error *error = fetch_part(&s, arena, result);
    s.library->easy_cleanup(s.curl);
    if (error && s.file >= 0 && lseek(s.file, 0, SEEK_END) == 0) unlink(s.part); /* nothing to go on with */
    if (s.file >= 0) close(s.file);
    return error;
}
