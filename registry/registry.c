/* registry.c - the handle: one connection that writes, a few that read, and writes that share a transaction.
 *
 * A thread that wants to write puts its work into the queue. When no thread is at the database, it becomes the one that is: it
 * takes the queue as it stands, runs every work in a savepoint of its own and commits once; the others wait for it. */
#include "fovea/registry.h"

#include <pthread.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "registry/clock.h"
#include "registry/database.h"
#include "registry/group.h"
#include "registry/migrate.h"
#include "registry/storage.h"
#include "registry/store.h"
#include "registry/unlocked.h"

#define WAIT_SECONDS 10
#define READERS_MAX 16 /* connections that are kept for the next read */

typedef struct waiting {
    fv_registry_work work;
    void *context;
    fv_error *error;
    bool done;
    struct waiting *next;
} waiting;

struct fv_registry {
    char *folder, *actor, *database;
    fv_connection_options how;
    bool exclusive; /* one connection, for reads too */
    int lock;       /* of the folder, when exclusive; else -1 */

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t done;
    waiting *first, **last; /* the queue */
    bool writing;           /* a thread is at the writer */
    fv_connection *writer;  /* NULL: read-only */
    fv_connection *idle[READERS_MAX];
    int idle_count;
};

/* ---- writing ---- */

/* Where a text could not be read, whatever came of the work came of that. */
static fv_error *do_work(fv_connection *c, fv_registry_work work, void *context) {
    fv_error *error = work(c, context);
    fv_error *lacking = fv_connection_check(c);
    if (!lacking) return error;
    fv_error_free(error);
    return lacking;
}

static fv_error *run_in_savepoint(fv_connection *c, waiting *w) {
    FV_TRY(fv_connection_execute(c, "SAVEPOINT work"));
    fv_error *error = do_work(c, w->work, w->context);
    if (!error) error = fv_connection_execute(c, "RELEASE work");
    if (!error || !fv_connection_in_transaction(c)) return error; /* not in one: SQLite gave all of it up, as of a full disk */
    fv_error *undone = fv_connection_execute(c, "ROLLBACK TO work; RELEASE work");
    if (undone) fv_connection_roll_back(c);
    fv_error_free(undone);
    return error;
}

/* All that had gone well is gone. */
static void fail_all(waiting *works, const fv_error *error) {
    char text[1024];
    const char *hint = fv_error_hint_get(error);
    for (waiting *w = works; w; w = w->next) {
        if (w->error) continue;
        w->error = fv_fail(fv_error_code(error), "%s", fv_error_format(error, text, sizeof text));
        if (hint) w->error = fv_error_hint(w->error, "%s", hint);
    }
}

static void run_all(fv_connection *c, waiting *works) {
    fv_error *error = fv_connection_begin(c, true);
    for (waiting *w = works; w && !error; w = w->next) {
        w->error = run_in_savepoint(c, w);
        if (!fv_connection_in_transaction(c)) error = fv_fail(FV_IO, "a write that shared the transaction failed");
    }
    if (!error) error = fv_connection_commit(c);
    if (!error) return;
    fv_connection_roll_back(c);
    fail_all(works, error);
    fv_error_free(error);
}

/* Called with the mutex held, which is let go meanwhile. */
static void write_queue(fv_registry *r) {
    waiting *works = r->first;
    r->first = NULL;
    r->last = &r->first;
    r->writing = true;
    pthread_mutex_unlock(&r->mutex);
    run_all(r->writer, works);
    pthread_mutex_lock(&r->mutex);
    r->writing = false;
    for (waiting *w = works, *next; w; w = next) {
        next = w->next; /* once done, it is its owner's, who may be gone */
        w->done = true;
    }
    pthread_cond_broadcast(&r->done);
}

fv_error *fv_registry_write(fv_registry *r, fv_registry_work work, void *context) {
    waiting mine = { .work = work, .context = context };
    if (!r->writer)
        return fv_error_hint(fv_fail(FV_DENIED, "%s is open for reading only", r->folder), "is the folder yours to write?");
    pthread_mutex_lock(&r->mutex);
    *r->last = &mine;
    r->last = &mine.next;
    while (!mine.done) {
        if (r->writing)
            pthread_cond_wait(&r->done, &r->mutex);
        else
            write_queue(r);
    }
    pthread_mutex_unlock(&r->mutex);
    return mine.error;
}

/* ---- reading ---- */

static fv_error *open_reader(fv_registry *r, bool immutable, fv_connection **out) {
    fv_connection_options how = r->how;
    how.read_only = true;
    how.immutable = immutable;
    FV_TRY(fv_connection_open(r->database, &how, out));
    fv_connection_set_owner(*out, r);
    return NULL;
}

/* One for a read without locks is new, since it would not see what is written after it was opened. */
static fv_error *take_reader(fv_registry *r, bool immutable, fv_connection **out) {
    *out = NULL;
    pthread_mutex_lock(&r->mutex);
    if (r->idle_count && !immutable) *out = r->idle[--r->idle_count];
    pthread_mutex_unlock(&r->mutex);
    return *out ? NULL : open_reader(r, immutable, out);
}

static void give_reader_back(fv_registry *r, fv_connection *reader, bool immutable) {
    pthread_mutex_lock(&r->mutex);
    bool kept = r->idle_count < READERS_MAX && !immutable;
    if (kept) r->idle[r->idle_count++] = reader;
    pthread_mutex_unlock(&r->mutex);
    if (!kept) fv_connection_free(reader);
}

/* What is seen from here on is one state of the database. */
static fv_error *begin_reader(fv_registry *r, bool immutable, fv_connection **out) {
    int64_t version;
    FV_TRY(take_reader(r, immutable, out));
    fv_error *error = fv_connection_begin(*out, false);
    if (!error) error = fv_connection_ask(*out, "PRAGMA user_version", 0, &version);
    if (!error) return NULL;
    fv_connection_free(fv_take(out));
    return error;
}

/* Between the look and the opening the last writer may have ended, and taken the log and the shared memory with it. */
static fv_error *begin_read(fv_registry *r, fv_unlocked *state, fv_connection **out) {
    for (int tries = 0;; tries++) {
        *state = (fv_unlocked){ 0 };
        if (!r->writer) FV_TRY(fv_unlocked_begin(r->folder, r->how.wait_seconds, state));
        fv_error *error = begin_reader(r, state->needed, out);
        if (!error || r->writer || state->needed || fv_error_code(error) != FV_IO || tries == 3) return error;
        fv_error_free(error);
    }
}

fv_error *fv_registry_read(fv_registry *r, fv_registry_work work, void *context) {
    fv_connection *reader;
    fv_unlocked state;
    if (r->exclusive && r->writer) return fv_registry_write(r, work, context);
    FV_TRY(begin_read(r, &state, &reader));
    fv_error *error = do_work(reader, work, context);
    fv_connection_roll_back(reader);
    give_reader_back(r, reader, state.needed);
    return fv_unlocked_end(r->folder, &state, error);
}

/* What is read once a transaction has begun stays as it is to its end, so that writers cannot make the copy begin again. */
static fv_error *copy(fv_connection *c, void *path) {
    int64_t version;
    FV_TRY(fv_connection_ask(c, "PRAGMA user_version", 0, &version));
    return fv_connection_copy(c, path);
}

fv_error *fv_registry_copy(fv_registry *r, const char *path) {
    if (!r->exclusive || !r->writer) return fv_registry_read(r, copy, (char *)path);
    pthread_mutex_lock(&r->mutex); /* the one connection, which copies while it is in no transaction */
    while (r->writing) pthread_cond_wait(&r->done, &r->mutex);
    r->writing = true;
    pthread_mutex_unlock(&r->mutex);
    fv_error *error = fv_connection_copy(r->writer, path);
    pthread_mutex_lock(&r->mutex);
    r->writing = false;
    pthread_cond_broadcast(&r->done);
    pthread_mutex_unlock(&r->mutex);
    return error;
}

/* ---- opening ---- */

const char *fv_registry_folder(const fv_registry *r) { return r->folder; }
fv_registry *fv_registry_of(const fv_connection *c) { return fv_connection_owner(c); }
const char *fv_registry_actor(const fv_registry *r) { return r->actor; }

fv_error *fv_registry_path(const fv_registry *r, const char *name, char **out) {
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s/%s", r->folder, name);
    return fv_text_string(&path, out);
}

fv_error *fv_workspace_folder(const char *given, char **out) {
    const char *home = getenv("FOVEA_HOME");
    FV_TEXT(path, 1 << 16);
    fv_text_add(&path, given && *given ? given : home && *home ? home : ".fovea");
    return fv_text_string(&path, out);
}

/* One thread opens a registry at a time: getpwuid has one answer for all. */
static fv_error *name_actor(const char *given, char **out) {
    char host[256] = "";
    const struct passwd *user = getpwuid(geteuid());
    FV_TEXT(text, 4096);
    gethostname(host, sizeof host - 1);
    if (given && *given)
        fv_text_add(&text, given);
    else if (user)
        fv_text_addf(&text, "%s@%s", user->pw_name, host);
    else
        fv_text_addf(&text, "%lu@%s", (unsigned long)geteuid(), host);
    return fv_text_string(&text, out);
}

static fv_error *find_folder(fv_registry *r, const char *given, bool make) {
    char *folder;
    FV_TRY(fv_workspace_folder(given, &folder));
    fv_error *error = NULL;
    if (fv_file_kind_of(folder) == FV_FILE_NONE && !make)
        error = fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no workspace %s", folder),
                              "it is made by the first training; --workspace or FOVEA_HOME names another");
    if (!error && make) error = fv_group_make_folder(folder);
    if (!error) error = fv_error_wrap(fv_file_resolve(folder, &r->folder), "the workspace");
    fv_string_free(folder);
    if (!error) error = fv_registry_path(r, "fovea.db", &r->database);
    return error;
}

static fv_error *choose_storage(fv_registry *r, fv_storage storage) {
    fv_storage_kind kind = { .network = storage == FV_STORAGE_NETWORK };
    if (storage == FV_STORAGE_DETECT) FV_TRY(fv_storage_kind_of(r->folder, &kind));
    if (!kind.network) return NULL;
    char *path;
    r->exclusive = r->how.exclusive = true;
    FV_TRY(fv_registry_path(r, "fovea.lock", &path));
    fv_error *error = fv_group_lock(path, &r->lock);
    fv_string_free(path);
    if (!error || fv_error_code(error) != FV_BUSY) return error;
    error = fv_error_wrap(error, "%s is on a network file system (%s), where one process at a time may use it", r->folder,
                          kind.name);
    return fv_error_hint(error,
                         "wait for that process, or keep the workspace on a disk of one machine and use `fovea serve` there");
}

static fv_error *check_schema(fv_connection *c, void *version) {
    FV_TRY(fv_connection_ask(c, "PRAGMA user_version", 0, version));
    return fv_migrate_check(c, fv_migration_table, fv_migration_count);
}

/* What another process is making or upgrading just now has no schema of ours until that is done, and for a moment no log that
 * SQLite would read without the right to write it. Whether it does is asked first: it may have ended when the answer comes. */
static fv_error *open_when_made(fv_registry *r, const char *backups) {
    for (int64_t version = 0, end = fv_steady_ms() + (int64_t)(r->how.wait_seconds * 1e3);;) {
        bool runs;
        FV_TRY(fv_migrate_runs(backups, version, &runs));
        fv_error *error = fv_registry_read(r, check_schema, &version);
        bool early = error && runs && (fv_error_code(error) == FV_UNSUPPORTED || fv_error_code(error) == FV_DENIED);
        if (!early || fv_steady_ms() > end) return error;
        fv_error_free(error);
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
}

static fv_error *open_to_read(fv_registry *r) {
    char *backups;
    FV_TRY(fv_registry_path(r, "backups", &backups));
    fv_error *error = open_when_made(r, backups);
    fv_string_free(backups);
    return error;
}

static fv_error *open_to_write(fv_registry *r) {
    char *backups;
    int64_t cleared;
    FV_TRY(fv_connection_open(r->database, &r->how, &r->writer));
    fv_connection_set_owner(r->writer, r);
    FV_TRY(fv_registry_path(r, "backups", &backups));
    fv_error *error = fv_migrate(r->writer, fv_migration_table, fv_migration_count, backups);
    fv_string_free(backups);
    return error ? error : fv_store_clear(r->folder, false, &cleared);
}

static fv_error *open_all(fv_registry *r, const char *folder, const fv_registry_options *o) {
    if (sodium_init() < 0) return fv_fail(FV_BUG, "libsodium cannot be used");
    FV_TRY(name_actor(o->actor, &r->actor));
    FV_TRY(find_folder(r, folder, !o->read_only && !o->must_exist));
    if ((o->read_only || o->must_exist) && fv_file_kind_of(r->database) == FV_FILE_NONE)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no registry in %s", r->folder),
                             "--workspace or FOVEA_HOME names a folder that a training made");
    FV_TRY(choose_storage(r, o->storage));
    return o->read_only ? open_to_read(r) : open_to_write(r);
}

fv_error *fv_registry_open(const char *folder, const fv_registry_options *options, fv_registry **out) {
    static const fv_registry_options none;
    const fv_registry_options *o = options ? options : &none;
    FV_OWNED(fv_registry) r = NULL;
    *out = NULL;
    FV_TRY(fv_memory_new(1, &r));
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->done, NULL);
    r->last = &r->first;
    r->lock = -1;
    r->how.wait_seconds = o->wait_seconds > 0 ? o->wait_seconds : WAIT_SECONDS;
    r->how.clock = o->clock;
    FV_TRY(open_all(r, folder, o));
    *out = fv_take(&r);
    return NULL;
}

void fv_registry_free(fv_registry *r) {
    if (!r) return;
    FV_ASSERT(!r->first && !r->writing);
    for (int i = 0; i < r->idle_count; i++) fv_connection_free(r->idle[i]);
    fv_connection_free(r->writer);
    fv_file_unlock(r->lock);
    pthread_cond_destroy(&r->done);
    pthread_mutex_destroy(&r->mutex);
    fv_string_free(r->folder);
    fv_string_free(r->actor);
    fv_string_free(r->database);
    fv_memory_free(r);
}

void fv_registry_holder(const fv_registry *r, char out[FV_HOLDER_LETTERS]) {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    snprintf(out, FV_HOLDER_LETTERS, "%.60s, process %ld on %.100s", r->actor, (long)getpid(), host);
}

void fv_uuid(char out[FV_UUID_LETTERS]) {
    uint8_t bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(out, FV_UUID_LETTERS, bytes, sizeof bytes);
}
