/* transfer.c - see transfer.h. */
#include "registry/transfer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "registry/group.h"

#define NAMES_BYTES_MAX (INT64_C(1) << 32)

static fv_error *check_apart(const char *from, const char *to) {
    char source[PATH_MAX], target[PATH_MAX];
    if (!realpath(from, source) || !realpath(to, target)) return NULL; /* told by who opens it */
    if (strcmp(source, target) != 0) return NULL;
    return fv_fail(FV_USAGE, "%s is the workspace itself", to);
}

static fv_error *name_database(const char *folder, const char *end, char **out) {
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s/fovea.db%s", folder, end);
    return fv_text_string(&path, out);
}

fv_error *fv_transfer_begin(fv_transfer *t, const char *from, const char *to) {
    t->from = from;
    t->to = to;
    *t->out = (fv_backup_result){ 0 };
    FV_TRY(fv_group_make_folder(to));
    FV_TRY(check_apart(from, to));
    FV_TRY(name_database(to, ".part", &t->part));
    FV_TRY(name_database(to, "", &t->database));
    FV_TRY(fv_arena_new("names of objects", NAMES_BYTES_MAX, &t->arena));
    int64_t cleared;
    unlink(t->part); /* of one that was cut off */
    return fv_store_clear(to, false, &cleared);
}

void fv_transfer_end(fv_transfer *t) {
    if (t->part) unlink(t->part);
    fv_arena_free(t->arena);
    fv_string_free(t->part);
    fv_string_free(t->database);
    sodium_memzero(&t->proof, sizeof t->proof);
}

fv_error *fv_transfer_hold(const char *database, fv_connection **out) {
    fv_connection_options options = { .exclusive = true, .wait_seconds = 1 };
    *out = NULL;
    if (fv_file_kind_of(database) == FV_FILE_NONE) return NULL;
    FV_OWNED(fv_connection) held = NULL;
    FV_TRY(fv_connection_open(database, &options, &held));
    FV_TRY(fv_connection_begin(held, true));
    fv_connection_roll_back(held); /* the lock stays, as long as the connection does */
    *out = fv_take(&held);
    return NULL;
}

/* ---- objects ---- */

static fv_error *path_of(const char *folder, const char *digest, fv_text *out) {
    fv_text_clear(out);
    fv_text_addf(out, "%s/objects/%.2s/%s", folder, digest, digest + 2);
    return fv_text_error(out);
}

static bool is_there(const fv_transfer *t, const fv_stored *object, const char *path) {
    struct stat about;
    if (stat(path, &about) < 0 || !S_ISREG(about.st_mode) || about.st_size != object->size) return false;
    if (!t->check) return true;
    FV_OWNED(fv_error) damage = fv_store_copy(path, object->digest, NULL, NULL, NULL);
    return !damage;
}

static fv_error *copy_new(fv_transfer *t, const fv_stored *object, const char *from, char *to) {
    char *slash = strrchr(to, '/');
    *slash = 0;
    fv_error *error = fv_group_make_folder(to);
    *slash = '/';
    FV_TRY(error);
    fv_new_file file;
    FV_TRY(fv_store_open_new(t->to, &file));
    error = fv_store_copy_to(from, object->digest, &file, to, fv_care_step, &t->work);
    fv_new_file_release(&file);
    FV_TRY(error);
    t->out->copied++;
    t->out->bytes += object->size;
    return NULL;
}

/* The rest is worth having without it. */
static void note_lost(fv_transfer *t, const fv_stored *object) {
    if (!t->out->lost++) memcpy(t->out->first_lost, object->digest, FV_DIGEST_LETTERS);
}

static fv_error *copy_object(fv_transfer *t, const fv_stored *object) {
    FV_TEXT(from, 1 << 16);
    FV_TEXT(to, 1 << 16);
    if (!fv_store_is_digest(object->digest)) { /* it would be joined to a folder */
        note_lost(t, object);
        return fv_care_step(&t->work, object->size);
    }
    FV_TRY(path_of(t->from, object->digest, &from));
    FV_TRY(path_of(t->to, object->digest, &to));
    if (is_there(t, object, to.at)) {
        t->out->present++;
        return fv_care_step(&t->work, object->size);
    }
    int64_t done = t->work.done;
    fv_error *error = copy_new(t, object, from.at, to.at);
    if (!error || (fv_error_code(error) != FV_NOT_FOUND && fv_error_code(error) != FV_FORMAT)) return error;
    fv_error_free(error);
    note_lost(t, object);
    return fv_care_step(&t->work, object->size - (t->work.done - done));
}

/* The copied database's objects, where its audit log ends, and by which key. */
static fv_error *ask_copy(fv_transfer *t, fv_stored_list *objects) {
    FV_OWNED(fv_connection) copy = NULL;
    FV_TRY(fv_transfer_hold(t->part, &copy));
    FV_TRY(fv_store_list(copy, t->arena, objects));
    FV_TRY(fv_audit_last(copy, &t->last));
    FV_TRY(fv_audit_find_key(copy, t->from, &t->proof));
    return fv_connection_check(copy);
}

fv_error *fv_transfer_objects(fv_transfer *t) {
    fv_stored_list objects;
    FV_TRY(ask_copy(t, &objects));
    t->work.count = objects.bytes;
    for (int64_t i = 0; i < objects.count; i++) FV_TRY(copy_object(t, &objects.at[i]));
    return NULL;
}

fv_error *fv_transfer_finish(const fv_transfer *t) {
    if (t->proof.found) FV_TRY(fv_audit_write_next(t->to, &t->last, &t->proof.key));
    FV_TRY(fv_file_rename(t->part, t->database));
    return t->proof.found ? fv_audit_put_next(t->to, &t->last, &t->proof.key) : NULL;
}
