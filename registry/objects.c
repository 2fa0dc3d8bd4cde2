/* objects.c - files by what they hold. */
#include "fovea/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "registry/group.h"
#include "registry/store.h"

static const char put_sql[] = "INSERT INTO object (digest, size, created_ms) VALUES (?, ?, ?)"
                              " ON CONFLICT (digest) DO UPDATE SET created_ms = excluded.created_ms"; /* young for gc again */

#define HASH_BYTES ((FV_DIGEST_LETTERS - 1) / 2)
#define CHUNK ((int64_t)1 << 18)

typedef crypto_generichash_state hash_state;

static void hash_begin(hash_state *hash) { crypto_generichash_init(hash, NULL, 0, HASH_BYTES); }

static void hash_end(hash_state *hash, char digest[FV_DIGEST_LETTERS]) {
    uint8_t bytes[HASH_BYTES];
    crypto_generichash_final(hash, bytes, sizeof bytes);
    sodium_bin2hex(digest, FV_DIGEST_LETTERS, bytes, sizeof bytes);
}

bool fv_store_is_digest(const char *text) {
    return strlen(text) == FV_DIGEST_LETTERS - 1 && strspn(text, "0123456789abcdef") == FV_DIGEST_LETTERS - 1;
}

fv_error *fv_store_check_digest(const char *digest) {
    if (fv_store_is_digest(digest)) return NULL;
    return fv_fail(FV_USAGE, "\"%.80s\" is no digest: that is 64 hexadecimal letters, small ones", digest);
}

static fv_error *damaged(const char *path) {
    return fv_error_hint(fv_fail(FV_FORMAT, "%s is damaged: its bytes are not those that were put there", path),
                         "put the same file again, or bring it back with `fovea registry restore`");
}

/* ---- streams ---- */

static fv_error *stream_open(int from, const char *path, fv_new_file *to, fv_store_step step, void *context, hash_state *hash,
                             int64_t *size) {
    FV_OWNED(fv_memory) chunk = NULL;
    FV_TRY(fv_memory_alloc(CHUNK, 1, &chunk));
    for (*size = 0;;) {
        ssize_t got = read(from, chunk, (size_t)CHUNK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fv_file_refused(errno, "read", path);
        if (got == 0) return NULL;
        crypto_generichash_update(hash, chunk, (unsigned long long)got);
        if (to) FV_TRY(fv_new_file_add(to, chunk, got));
        if (step) FV_TRY(step(context, got));
        *size += got;
    }
}

fv_error *fv_store_stream(const char *path, fv_new_file *to, fv_store_step step, void *context, char digest[FV_DIGEST_LETTERS],
                          int64_t *size) {
    hash_state hash;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) return fv_file_refused(errno, "read", path);
    hash_begin(&hash);
    fv_error *error = stream_open(from, path, to, step, context, &hash, size);
    close(from);
    if (!error) hash_end(&hash, digest);
    return error;
}

static fv_error *stream_checked(const char *from, const char *digest, fv_new_file *to, fv_store_step step, void *context) {
    char found[FV_DIGEST_LETTERS];
    int64_t size;
    FV_TRY(fv_store_stream(from, to, step, context, found, &size));
    return strcmp(found, digest) != 0 ? damaged(from) : NULL;
}

fv_error *fv_store_copy(const char *from, const char *digest, const char *to, fv_store_step step, void *context) {
    fv_new_file file;
    if (!to) return stream_checked(from, digest, NULL, step, context);
    FV_TRY(fv_new_file_open(to, &file));
    fv_error *error = stream_checked(from, digest, &file, step, context);
    if (!error) error = fv_new_file_sync(&file);
    if (!error) error = fv_new_file_rename(&file, to);
    fv_new_file_release(&file);
    return error;
}

/* An object is not written any more, and its group's to read where that has the workspace. */
static fv_error *finish(fv_new_file *file) {
    struct stat about;
    bool shared;
    FV_TRY(fv_group_owns(file->path, &shared));
    if (fstat(file->file, &about) < 0 || fchmod(file->file, (about.st_mode & 0444) | (shared ? S_IRGRP : 0)) < 0)
        return fv_file_refused(errno, "write", file->path);
    return fv_new_file_sync(file);
}

fv_error *fv_store_copy_to(const char *from, const char *digest, fv_new_file *file, const char *to, fv_store_step step,
                           void *context) {
    FV_TRY(stream_checked(from, digest, file, step, context));
    FV_TRY(finish(file));
    return fv_new_file_rename(file, to);
}

/* ---- what is being written ---- */

/* False when somebody who clears leftovers away was there between its opening and its lock. A file system without locks has no
 * such. */
static bool lock_new(int file) {
    struct stat about;
    if (flock(file, LOCK_SH | LOCK_NB) < 0) return errno != EWOULDBLOCK;
    return fstat(file, &about) < 0 || about.st_nlink > 0;
}

fv_error *fv_store_open_new(const char *folder, fv_new_file *out) {
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s/objects/new", folder);
    FV_TRY(fv_text_error(&path));
    FV_TRY(fv_group_make_folder(path.at));
    fv_text_add(&path, "/object");
    FV_TRY(fv_text_error(&path));
    for (;;) {
        FV_TRY(fv_new_file_open(path.at, out));
        if (lock_new(out->file)) return NULL;
        fv_new_file_release(out);
    }
}

/* False of one that was renamed, or removed, since it was opened. */
static bool is_named(int file, const char *path) {
    struct stat opened, named;
    return !fstat(file, &opened) && !stat(path, &named) && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

static fv_error *clear_one(const char *path, bool look_only, int64_t *count) {
    int file = open(path, O_RDWR | O_CLOEXEC);                         /* for writing: over NFS no other can be locked */
    if (file < 0 && (errno == ENOENT || errno == EACCES)) return NULL; /* renamed; another user's */
    if (file < 0) return fv_file_refused(errno, "open", path);
    bool left = flock(file, LOCK_EX | LOCK_NB) == 0 && is_named(file, path);
    fv_error *error = left && !look_only && unlink(path) < 0 ? fv_file_refused(errno, "remove", path) : NULL;
    close(file);
    if (left && !error) ++*count;
    return error;
}

fv_error *fv_store_clear(const char *workspace, bool look_only, int64_t *count) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names, *folder, *path;
    int64_t named;
    *count = 0;
    FV_TRY(fv_arena_new("names of files", INT64_C(1) << 28, &arena));
    FV_TRY(fv_file_join(arena, workspace, "objects/new", &folder));
    if (fv_file_kind_of(folder) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_file_list(folder, arena, &names, &named));
    for (int64_t i = 0; i < named; i++) {
        FV_TRY(fv_file_join(arena, folder, names[i], &path));
        FV_TRY(clear_one(path, look_only, count));
    }
    return NULL;
}

/* ---- putting ---- */

typedef struct put {
    fv_new_file file;
    char digest[FV_DIGEST_LETTERS];
    char *path; /* where it goes */
    int64_t size;
} put;

static fv_error *write_row(fv_connection *c, const put *p) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, put_sql, &query));
    fv_bind_text(query, p->digest);
    fv_bind_int(query, p->size);
    fv_bind_int(query, fv_connection_now(c));
    return fv_query_run(query);
}

/* One that is there already is replaced by the same bytes, or, should it be damaged, by the right ones. */
static fv_error *name_it(fv_connection *c, void *context) {
    put *p = context;
    FV_TRY(fv_new_file_rename(&p->file, p->path));
    return write_row(c, p);
}

static fv_error *make_folder_of(const char *path) {
    FV_TEXT(folder, 1 << 16);
    fv_text_add_bytes(&folder, path, strrchr(path, '/') - path);
    FV_TRY(fv_text_error(&folder));
    return fv_group_make_folder(folder.at);
}

/* `p->file` is written and `p->digest` known. */
static fv_error *keep(fv_registry *r, put *p) {
    FV_TRY(finish(&p->file));
    FV_TRY(fv_object_path(r, p->digest, &p->path));
    FV_TRY(make_folder_of(p->path));
    return fv_registry_write(r, name_it, p);
}

static fv_error *put_release(put *p, fv_error *error, char digest[FV_DIGEST_LETTERS]) {
    if (!error) memcpy(digest, p->digest, FV_DIGEST_LETTERS);
    fv_new_file_release(&p->file);
    fv_string_free(p->path);
    return error;
}

fv_error *fv_object_put_file(fv_registry *r, const char *path, char digest[FV_DIGEST_LETTERS]) {
    put p = { 0 };
    FV_TRY(fv_store_open_new(fv_registry_folder(r), &p.file));
    fv_error *error = fv_store_stream(path, &p.file, NULL, NULL, p.digest, &p.size);
    if (!error) error = keep(r, &p);
    return put_release(&p, error, digest);
}

fv_error *fv_object_put(fv_registry *r, const void *bytes, int64_t length, char digest[FV_DIGEST_LETTERS]) {
    hash_state hash;
    put p = { .size = length };
    hash_begin(&hash);
    crypto_generichash_update(&hash, bytes, (unsigned long long)length);
    hash_end(&hash, p.digest);
    FV_TRY(fv_store_open_new(fv_registry_folder(r), &p.file));
    fv_error *error = fv_new_file_add(&p.file, bytes, length);
    if (!error) error = keep(r, &p);
    return put_release(&p, error, digest);
}

/* ---- getting ---- */

fv_error *fv_object_path(fv_registry *r, const char *digest, char **out) {
    FV_TEXT(path, 1 << 16);
    *out = NULL;
    FV_TRY(fv_store_check_digest(digest));
    fv_text_addf(&path, "%s/objects/%.2s/%s", fv_registry_folder(r), digest, digest + 2);
    return fv_text_string(&path, out);
}

static fv_error *find(fv_registry *r, const char *digest, char **path) {
    FV_TRY(fv_object_path(r, digest, path));
    if (fv_file_kind_of(*path) != FV_FILE_NONE) return NULL;
    fv_string_free(fv_take(path));
    return fv_fail(FV_NOT_FOUND, "there is no object %s in %s", digest, fv_registry_folder(r));
}

static fv_error *read_checked(const char *path, const char *digest, int64_t cap, uint8_t **bytes, int64_t *length) {
    hash_state hash;
    char found[FV_DIGEST_LETTERS];
    FV_TRY(fv_file_read(path, cap, bytes, length));
    hash_begin(&hash);
    crypto_generichash_update(&hash, *bytes, (unsigned long long)*length);
    hash_end(&hash, found);
    if (!strcmp(found, digest)) return NULL;
    fv_memory_free(fv_take(bytes));
    return damaged(path);
}

fv_error *fv_object_check(fv_registry *r, const char *digest) {
    char *path;
    FV_TRY(find(r, digest, &path));
    fv_error *error = stream_checked(path, digest, NULL, NULL, NULL);
    fv_string_free(path);
    return error;
}

fv_error *fv_object_get(fv_registry *r, const char *digest, int64_t cap, char **bytes, int64_t *length) {
    char *path;
    uint8_t *content = NULL;
    *bytes = NULL;
    *length = 0;
    FV_TRY(find(r, digest, &path));
    fv_error *error = read_checked(path, digest, cap, &content, length);
    fv_string_free(path);
    *bytes = (char *)content;
    if (error) *length = 0;
    return error;
}

fv_error *fv_object_copy(fv_registry *r, const char *digest, const char *to) {
    char *path;
    FV_TRY(find(r, digest, &path));
    fv_error *error = fv_store_copy(path, digest, to, NULL, NULL);
    fv_string_free(path);
    return error;
}
