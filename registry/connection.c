/* connection.c - one connection to SQLite and its prepared statements. */
#include "registry/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "registry/clock.h"
#include "registry/group.h"

#define PREPARED_MAX 128
#define SHARING_TRIES 500 /* half a second */

struct fv_query {
    fv_connection *connection;
    sqlite3_stmt *statement;
    const char *sql; /* NULL: not kept */
    int bound, column;
    int problem; /* of binding */
    bool busy;
};

struct fv_connection {
    sqlite3 *database;
    int turn; /* file whose lock says whose turn it is to wait for the writer; -1: everybody waits at once */
    char *path;
    int64_t (*clock)(void);
    int64_t wait_ms, deadline_ms, now_ms; /* deadline by the steady clock */
    void *owner;
    void (*after_commit)(fv_connection *, void *); /* NULL: nothing */
    void *after_commit_context;
    bool group;         /* the folder is a group's */
    bool lacked_memory; /* for a text that was read */
    fv_query prepared[PREPARED_MAX];
    int prepared_count;
};

/* ---- errors ---- */

static fv_code code_of(int result) {
    if (result == SQLITE_IOERR_NOMEM) return FV_MEMORY;
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return FV_BUSY;
    case SQLITE_CONSTRAINT: return FV_CONFLICT;
    case SQLITE_NOMEM: return FV_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return FV_FORMAT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return FV_DENIED;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return FV_IO;
    default: return FV_BUG;
    }
}

/* What the system said, where SQLite still knows: 0 else. Of an opening it tells what it asked afterwards. */
static int reason_of(const fv_connection *c, int result) {
    return (result & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(c->database) : 0;
}

/* A full disk is told in several ways, by where it is met. */
static bool is_full(const fv_connection *c, int result) {
    return (result & 0xff) == SQLITE_FULL || reason_of(c, result) == ENOSPC;
}

static const char may_not_write[] =
    "changing a workspace takes the right to write its folder and the files in it; several users"
    " share one whose folder is setgid and its group's to write (docs/registry-care.md)";

static fv_error *fail(const fv_connection *c, int result) {
    if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE) return NULL;
    fv_code code = code_of(result);
    if (is_full(c, result))
        return fv_error_hint(fv_fail(FV_IO, "%s: the disk is full", c->path),
                             "nothing of this was kept; make room and try again");
    if (code == FV_BUSY)
        return fv_error_hint(
            fv_fail(FV_BUSY, "%s: another process has been writing for %.3g s", c->path, (double)c->wait_ms / 1e3),
            "try again; `fuser` on the file names the process");
    if (code == FV_FORMAT)
        return fv_error_hint(fv_fail(FV_FORMAT, "%s: %s", c->path, sqlite3_errmsg(c->database)),
                             "`fovea registry fsck` says what is damaged, `fovea registry restore` brings back a backup");
    if (code == FV_DENIED)
        return fv_error_hint(fv_fail(FV_DENIED, "%s: %s", c->path, sqlite3_errmsg(c->database)), "%s", may_not_write);
    if (code == FV_MEMORY) return fv_fail(FV_MEMORY, "%s: out of memory", c->path);
    int reason = reason_of(c, result);
    return fv_fail(code, "%s: %s%s%s", c->path, sqlite3_errmsg(c->database), reason ? ": " : "",
                   reason ? strerror(reason) : "");
}

/* ---- connections ---- */

static bool sleep_a_little(const fv_connection *c, int64_t microseconds) {
    int64_t left = (c->deadline_ms - fv_steady_ms()) * 1000;
    if (left <= 0) return false;
    nanosleep(&(struct timespec){ .tv_nsec = (microseconds < left ? microseconds : left) * 1000 }, NULL);
    return true;
}

/* Called by SQLite while another holds the lock. */
static int wait_for_others(void *context, int tries) { return sleep_a_little(context, tries < 40 ? 250 : 1000); }

/* Before the lock of the database comes the turn: who has it is the only one that waits for that lock. Without it a process
 * that has just written would write again while the others sleep, and they would wait for ever. At the deadline it is left to
 * SQLite to say that somebody else is writing. */
static void take_turn(const fv_connection *c) {
    for (int tries = 0; c->turn >= 0 && flock(c->turn, LOCK_EX | LOCK_NB); tries++)
        if (errno != EWOULDBLOCK || !sleep_a_little(c, 1000 + 500 * (tries % 5))) return;
}

static void give_turn(const fv_connection *c) {
    if (c->turn >= 0) flock(c->turn, LOCK_UN);
}

static int trace(unsigned kind, void *context, void *statement, void *sql) {
    (void)kind, (void)context;
    char *expanded = sqlite3_expanded_sql(statement);
    fv_trace(FV_TRACE_SQL, "%s", expanded ? expanded : (const char *)sql);
    sqlite3_free(expanded);
    return 0;
}

static void start_wait(fv_connection *c) { c->deadline_ms = fv_steady_ms() + c->wait_ms; }

/* Of opening: SQLite answers at once that a mode is being changed by somebody else, without asking wait_for_others; and that it
 * cannot open what another user of a group has made, but not yet shared. */
static fv_error *execute_patiently(fv_connection *c, const char *sql) {
    for (int tries = 0;; tries++) {
        int result = sqlite3_exec(c->database, sql, NULL, NULL, NULL);
        bool shares = (result & 0xff) == SQLITE_CANTOPEN && c->group && tries < SHARING_TRIES;
        if (!shares && (result & 0xff) != SQLITE_BUSY) return fail(c, result);
        if (!wait_for_others(c, tries)) return fail(c, result);
    }
}

static fv_error *set_modes(fv_connection *c, const fv_connection_options *o) {
    start_wait(c);
    if (o->exclusive) FV_TRY(execute_patiently(c, "PRAGMA locking_mode = EXCLUSIVE"));
    if (!o->read_only)
        FV_TRY(execute_patiently(c, o->exclusive ? "PRAGMA journal_mode = TRUNCATE" : "PRAGMA journal_mode = WAL"));
    return execute_patiently(c, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"
                                "PRAGMA journal_size_limit = 67108864");
}

static fv_error *try_database(fv_connection *c, const char *path, const fv_connection_options *o) {
    FV_TEXT(uri, 1 << 16);
    fv_text_add(&uri, "file:");
    for (const char *at = path; *at; at++) fv_text_addf(&uri, strchr("?#%", *at) ? "%%%02X" : "%c", *at);
    if (o->immutable) fv_text_add(&uri, "?immutable=1");
    FV_TRY(fv_text_error(&uri));
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (o->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    FV_TRY(fv_group_owns(path, &c->group));
    if (!o->read_only) FV_TRY(fv_group_await(path));
    int result = sqlite3_open_v2(uri.at, &c->database, flags, NULL);
    if (!c->database) return fv_error_memory();
    FV_TRY(fail(c, result));
    if (!o->read_only) FV_TRY(fv_group_share(path)); /* before the log and the shared memory, which get the same mode */
    sqlite3_busy_handler(c->database, wait_for_others, c);
    sqlite3_db_config(c->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (fv_trace_on(FV_TRACE_SQL)) sqlite3_trace_v2(c->database, SQLITE_TRACE_STMT, trace, NULL);
    return set_modes(c, o);
}

/* Another user of the group has made the log, and not shared it yet: SQLite, which may read it, has opened it for that alone.
 * While the log is recovered by somebody it cannot be said. */
static bool log_is_unshared(const fv_connection *c) {
    if (!c->group || access(c->path, W_OK)) return false;
    sqlite3_busy_timeout(c->database, 0); /* whoever writes may: that is no matter here */
    int result;
    for (int tries = 0; tries < SHARING_TRIES; tries++) {
        result = sqlite3_exec(c->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (result != SQLITE_BUSY_RECOVERY) break;
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    if (result == SQLITE_OK) sqlite3_exec(c->database, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_busy_handler(c->database, wait_for_others, (void *)c);
    return (result & 0xff) == SQLITE_READONLY;
}

/* Opening itself may meet such a log, and is refused then in a folder where this user may write. */
static bool may_have_been_unshared(const fv_connection *c, const fv_error *error) {
    return error && fv_error_code(error) == FV_DENIED && c->group && !access(c->path, W_OK);
}

static fv_error *open_database(fv_connection *c, const char *path, const fv_connection_options *o) {
    for (int tries = 0;; tries++) {
        fv_error *error = try_database(c, path, o);
        bool again = !o->read_only && (error ? may_have_been_unshared(c, error) : log_is_unshared(c));
        if (!again || tries == SHARING_TRIES) return error;
        fv_error_free(error);
        sqlite3_close_v2(fv_take(&c->database));
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
}

static fv_error *open_turn(fv_connection *c) {
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s-turn", c->path);
    FV_TRY(fv_text_error(&path));
    FV_TRY(fv_group_await(path.at));
    c->turn = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (c->turn >= 0) return fv_group_share(path.at);
    bool denied = errno == EACCES || errno == EROFS;
    fv_error *error = fv_file_refused(errno, "open", path.at);
    return denied ? fv_error_hint(error, "%s", may_not_write) : error;
}

fv_error *fv_connection_open(const char *path, const fv_connection_options *options, fv_connection **out) {
    FV_OWNED(fv_connection) c = NULL;
    *out = NULL;
    FV_TRY(fv_memory_new(1, &c));
    c->turn = -1;
    FV_TEXT(copy, 1 << 16);
    fv_text_add(&copy, path);
    FV_TRY(fv_text_string(&copy, &c->path));
    c->clock = options->clock ? options->clock : fv_wall_ms;
    c->wait_ms = (int64_t)(options->wait_seconds * 1e3);
    FV_TRY(open_database(c, path, options));
    if (!options->read_only && !options->exclusive) FV_TRY(open_turn(c));
    *out = fv_take(&c);
    return NULL;
}

void fv_connection_free(fv_connection *c) {
    if (!c) return;
    for (int i = 0; i < c->prepared_count; i++) sqlite3_finalize(c->prepared[i].statement);
    sqlite3_close_v2(c->database);
    if (c->turn >= 0) close(c->turn);
    fv_string_free(c->path);
    fv_memory_free(c);
}

void fv_connection_set_owner(fv_connection *c, void *owner) { c->owner = owner; }
void *fv_connection_owner(const fv_connection *c) { return c->owner; }

int64_t fv_connection_now(const fv_connection *c) { return c->now_ms; }
int64_t fv_connection_wait_ms(const fv_connection *c) { return c->wait_ms; }

fv_error *fv_connection_execute(fv_connection *c, const char *sql) {
    return fail(c, sqlite3_exec(c->database, sql, NULL, NULL, NULL));
}

fv_error *fv_connection_begin(fv_connection *c, bool write) {
    start_wait(c);
    c->lacked_memory = false;
    if (fv_connection_in_transaction(c)) FV_TRY(fv_connection_execute(c, "ROLLBACK")); /* there was no memory for it before */
    if (write) take_turn(c);
    fv_error *error = fv_connection_execute(c, write ? "BEGIN IMMEDIATE" : "BEGIN");
    if (write) give_turn(c);
    FV_TRY(error);
    c->now_ms = c->clock();
    return NULL;
}

fv_error *fv_connection_commit(fv_connection *c) {
    fv_error *error = fv_connection_execute(c, "COMMIT");
    void (*call)(fv_connection *, void *) = c->after_commit;
    if (error) fv_connection_roll_back(c);
    c->after_commit = NULL;
    if (!error && call) call(c, c->after_commit_context);
    return error;
}

void fv_connection_after_commit(fv_connection *c, void (*call)(fv_connection *, void *), void *context) {
    c->after_commit = call;
    c->after_commit_context = context;
}

void fv_connection_roll_back(fv_connection *c) {
    c->after_commit = NULL;
    if (fv_connection_in_transaction(c)) sqlite3_exec(c->database, "ROLLBACK", NULL, NULL, NULL);
}

bool fv_connection_in_transaction(const fv_connection *c) { return !sqlite3_get_autocommit(c->database); }

fv_error *fv_connection_ask(fv_connection *c, const char *sql, int64_t fallback, int64_t *out) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    *out = fallback;
    FV_TRY(fv_query_compose(c, sql, &query));
    FV_TRY(fv_query_next(query, &row));
    if (row && !fv_column_is_null(query)) *out = fv_column_int(query);
    return NULL;
}

fv_error *fv_connection_check(fv_connection *c) {
    bool lacked = c->lacked_memory;
    c->lacked_memory = false;
    return lacked ? fail(c, SQLITE_NOMEM) : NULL;
}

int64_t fv_connection_changes(const fv_connection *c) { return sqlite3_changes64(c->database); }
int64_t fv_connection_last_id(const fv_connection *c) { return sqlite3_last_insert_rowid(c->database); }

/* ---- copies ---- */

#define COPY_PAGES 1000 /* between which other processes get their turn */

static int copy_pages(fv_connection *from, sqlite3 *to) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from->database, "main");
    if (!backup) return sqlite3_errcode(to);
    int result;
    for (int tries = 0;;) {
        result = sqlite3_backup_step(backup, COPY_PAGES);
        bool busy = (result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED;
        if (result != SQLITE_OK && !(busy && wait_for_others(from, tries++))) break;
    }
    int finished = sqlite3_backup_finish(backup);
    return result == SQLITE_DONE ? finished : result;
}

fv_error *fv_connection_copy(fv_connection *c, const char *path) {
    FV_OWNED(fv_connection) copy = NULL;
    if (!access(path, F_OK)) return fv_fail(FV_CONFLICT, "%s is there already", path);
    fv_connection_options options = { .exclusive = true, .wait_seconds = 1 };
    FV_TRY(fv_connection_open(path, &options, &copy));
    start_wait(c);
    int result = copy_pages(c, copy->database);
    if (result == SQLITE_OK) return NULL;
    fv_error *error = fail(copy, result);
    unlink(path);
    return fv_error_wrap(error, "copying %s", c->path);
}

/* ---- queries ---- */

static fv_error *prepare(fv_connection *c, const char *sql, unsigned flags, fv_query *out) {
    const char *rest = NULL;
    FV_TRY(fail(c, sqlite3_prepare_v3(c->database, sql, -1, flags, &out->statement, &rest)));
    if (!out->statement || *rest) return fv_fail(FV_BUG, "not one statement: %s", sql);
    out->connection = c;
    return NULL;
}

fv_error *fv_query_compose(fv_connection *c, const char *sql, fv_query **out) {
    fv_query *query;
    *out = NULL;
    FV_TRY(fv_memory_new(1, &query));
    fv_error *error = prepare(c, sql, 0, query);
    if (error) sqlite3_finalize(query->statement), fv_memory_free(query);
    if (!error) *out = query;
    return error;
}

fv_error *fv_query_begin(fv_connection *c, const char *sql, fv_query **out) {
    *out = NULL;
    for (int i = 0; i < c->prepared_count; i++)
        if (c->prepared[i].sql == sql && !c->prepared[i].busy) {
            *out = &c->prepared[i];
            (*out)->busy = true;
            return NULL;
        }
    if (c->prepared_count == PREPARED_MAX) return fv_query_compose(c, sql, out);
    fv_query *query = &c->prepared[c->prepared_count];
    FV_TRY(prepare(c, sql, SQLITE_PREPARE_PERSISTENT, query));
    query->sql = sql;
    query->busy = true;
    c->prepared_count++;
    *out = query;
    return NULL;
}

static void rewind_query(fv_query *q) {
    sqlite3_reset(q->statement);
    sqlite3_clear_bindings(q->statement);
    q->bound = q->column = q->problem = 0;
}

void fv_query_free(fv_query *q) {
    if (!q) return;
    if (q->sql) {
        rewind_query(q);
        q->busy = false;
        return;
    }
    sqlite3_finalize(q->statement);
    fv_memory_free(q);
}

static void note(fv_query *q, int result) {
    if (!q->problem) q->problem = result;
}

void fv_bind_text(fv_query *q, const char *text) {
    note(q, sqlite3_bind_text64(q->statement, ++q->bound, text, text ? strlen(text) : 0, SQLITE_TRANSIENT, SQLITE_UTF8));
}
void fv_bind_text_or(fv_query *q, const char *text, const char *otherwise) { fv_bind_text(q, text ? text : otherwise); }
void fv_bind_int(fv_query *q, int64_t value) { note(q, sqlite3_bind_int64(q->statement, ++q->bound, value)); }
void fv_bind_number(fv_query *q, double value) { note(q, sqlite3_bind_double(q->statement, ++q->bound, value)); }
void fv_bind_null(fv_query *q) { note(q, sqlite3_bind_null(q->statement, ++q->bound)); }

fv_error *fv_query_next(fv_query *q, bool *row) {
    *row = false;
    if (q->problem) return fail(q->connection, q->problem);
    int result = sqlite3_step(q->statement);
    q->column = 0;
    *row = result == SQLITE_ROW;
    return fail(q->connection, result);
}

fv_error *fv_query_run(fv_query *q) {
    bool row;
    fv_error *error = fv_query_next(q, &row);
    if (!error && row) error = fv_fail(FV_BUG, "rows of a statement that should give none: %s", sqlite3_sql(q->statement));
    rewind_query(q);
    return error;
}

fv_connection *fv_query_connection(const fv_query *q) { return q->connection; }

const char *fv_column_text(fv_query *q) {
    bool null = fv_column_is_null(q);
    const char *text = (const char *)sqlite3_column_text(q->statement, q->column++);
    if (!text && !null) q->connection->lacked_memory = true;
    return text ? text : "";
}
int64_t fv_column_int(fv_query *q) { return sqlite3_column_int64(q->statement, q->column++); }
double fv_column_number(fv_query *q) {
    bool null = fv_column_is_null(q);
    double value = sqlite3_column_double(q->statement, q->column++);
    return null ? NAN : value;
}
bool fv_column_is_null(const fv_query *q) { return sqlite3_column_type(q->statement, q->column) == SQLITE_NULL; }
