/* The workspace: opened, made, upgraded, refused; writes that share a transaction; waits that end. */
#include "fovea/registry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "registry/database.h"
#include "registry/migrate.h"
#include "tests/allocations.h"

static fv_registry *open_in(const char *folder) {
    fv_registry *registry;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    return registry;
}

static fv_error *add_experiment(fv_connection *c, void *context) {
    static const char sql[] = "INSERT INTO experiment (name, created_ms, updated_ms) VALUES (?, ?, ?)";
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_text(query, context);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, fv_connection_now(c));
    return fv_query_run(query);
}

static fv_error *count_experiments(fv_connection *c, void *context) {
    return fv_connection_ask(c, "SELECT count(*) FROM experiment", -1, context);
}

static int64_t experiments_in(fv_registry *registry) {
    int64_t count;
    FV_OK(fv_registry_read(registry, count_experiments, &count));
    return count;
}

FV_TEST(registry__is_made_where_there_is_none_and_found_again) {
    char folder[600];
    snprintf(folder, sizeof folder, "%s/deep/work", fv_test_folder());
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_write(registry, add_experiment, "a"));
    fv_registry_free(registry);
    registry = open_in(folder);
    assert_int_equal(experiments_in(registry), 2); /* and Default */
    assert_string_equal(fv_registry_folder(registry), folder);
    fv_registry_free(registry);
}

FV_TEST(registry__of_no_folder_is_not_found_by_a_reader) {
    fv_registry *registry;
    fv_registry_options options = { .read_only = true };
    char folder[600];
    snprintf(folder, sizeof folder, "%s/none", fv_test_folder());
    FV_FAILS(fv_registry_open(folder, &options, &registry), FV_NOT_FOUND, "there is no workspace");
    assert_int_equal(fv_file_kind_of(folder), FV_FILE_NONE);
    FV_FAILS(fv_registry_open(fv_test_folder(), &options, &registry), FV_NOT_FOUND, "there is no registry in");
}

FV_TEST(registry__named_by_the_environment_unless_by_the_caller) {
    char *folder;
    unsetenv("FOVEA_HOME");
    FV_OK(fv_workspace_folder(NULL, &folder));
    assert_string_equal(folder, ".fovea");
    fv_string_free(folder);
    setenv("FOVEA_HOME", "/somewhere", 1);
    FV_OK(fv_workspace_folder(NULL, &folder));
    assert_string_equal(folder, "/somewhere");
    fv_string_free(folder);
    FV_OK(fv_workspace_folder("here", &folder));
    assert_string_equal(folder, "here");
    fv_string_free(folder);
}

static fv_error *add_and_fail(fv_connection *c, void *context) {
    FV_TRY(add_experiment(c, context));
    return fv_fail(FV_USAGE, "changed my mind");
}

FV_TEST(registry__a_write_that_fails_leaves_nothing) {
    fv_registry *registry = open_in(fv_test_folder());
    FV_FAILS(fv_registry_write(registry, add_and_fail, "a"), FV_USAGE, "changed my mind");
    assert_int_equal(experiments_in(registry), 1);
    FV_OK(fv_registry_write(registry, add_experiment, "a"));
    FV_FAILS(fv_registry_write(registry, add_experiment, "a"), FV_CONFLICT, "UNIQUE");
    assert_int_equal(experiments_in(registry), 2);
    fv_registry_free(registry);
}

/* What it has done is not to stay, though it gave up the savepoint that it is run in. */
static fv_error *add_and_release(fv_connection *c, void *context) {
    FV_TRY(add_experiment(c, context));
    return fv_connection_execute(c, "RELEASE work");
}

FV_TEST(registry__a_write_whose_savepoint_cannot_be_released_leaves_nothing) {
    fv_registry *registry = open_in(fv_test_folder());
    FV_FAILS(fv_registry_write(registry, add_and_release, "a"), FV_BUG, "no such savepoint");
    assert_int_equal(experiments_in(registry), 1);
    FV_OK(fv_registry_write(registry, add_experiment, "a"));
    fv_registry_free(registry);
}

/* The text of a blob is made when it is asked for. */
static fv_error *read_text(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_compose(c, "SELECT x'616263', NULL", &query));
    FV_TRY(fv_query_next(query, &row));
    snprintf(context, 8, "%s", fv_column_text(query));
    assert_string_equal(fv_column_text(query), "");
    return NULL;
}

FV_TEST(registry__a_text_that_is_not_read_for_want_of_memory_fails_its_work) {
    fv_registry *registry = open_in(fv_test_folder());
    char text[8];
    FV_OK(fv_registry_read(registry, read_text, text));
    FV_TEST_EACH_ALLOCATION_FAILS(fv_registry_read(registry, read_text, text), assert_string_equal(text, "abc"));
    FV_TEST_EACH_ALLOCATION_FAILS(fv_registry_write(registry, read_text, text), assert_string_equal(text, "abc"));
    fv_registry_free(registry);
}

typedef struct writer {
    fv_registry *registry;
    int number;
    int64_t written, failed;
} writer;

/* Every fourth fails, and takes none of those with it that shared its transaction. */
static void *write_many(void *context) {
    writer *w = context;
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d/%d", w->number, i);
        fv_error *error = fv_registry_write(w->registry, i % 4 == 3 ? add_and_fail : add_experiment, name);
        *(error ? &w->failed : &w->written) += 1;
        fv_error_free(error);
    }
    return NULL;
}

FV_TEST(registry__writes_of_many_threads_stand_and_fall_alone) {
    fv_registry *registry = open_in(fv_test_folder());
    writer writers[8];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        writers[i] = (writer){ .registry = registry, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writers[i].written, 30);
        assert_int_equal(writers[i].failed, 10);
    }
    assert_int_equal(experiments_in(registry), 1 + 8 * 30);
    fv_registry_free(registry);
}

static fv_error *hold(fv_connection *c, void *context) {
    (void)c;
    const int *pipes = context;
    char letter;
    if (write(pipes[1], "x", 1) != 1 || read(pipes[2], &letter, 1) < 0) return fv_fail(FV_IO, "the test's pipe broke");
    return NULL;
}

FV_TEST(registry__nobody_waits_longer_than_said_for_another_process) {
    const char *folder = fv_test_folder();
    int up[2], down[2];
    assert_int_equal(pipe(up) | pipe(down), 0);
    fv_registry_free(open_in(folder));
    pid_t child = fork();
    if (!child) {
        int pipes[] = { 0, up[1], down[0] };
        fv_registry *registry = open_in(folder);
        FV_OK(fv_registry_write(registry, hold, pipes));
        _exit(0);
    }
    char letter;
    fv_registry *registry;
    fv_registry_options options = { .wait_seconds = 0.05 };
    assert_int_equal(read(up[0], &letter, 1), 1);
    FV_OK(fv_registry_open(folder, &options, &registry));
    FV_FAILS(fv_registry_write(registry, add_experiment, "a"), FV_BUSY, "another process has been writing for 0.05 s");
    assert_int_equal(experiments_in(registry), 1); /* readers do not wait */
    assert_int_equal(write(down[1], "x", 1), 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    FV_OK(fv_registry_write(registry, add_experiment, "a"));
    fv_registry_free(registry);
}

FV_TEST(registry__on_a_network_file_system_is_for_one_process_and_without_wal) {
    const char *folder = fv_test_folder();
    char log[600];
    fv_registry *first, *second;
    fv_registry_options options = { .storage = FV_STORAGE_NETWORK, .wait_seconds = 0.05 };
    fv_registry_free(open_in(folder)); /* made on a local disk, with WAL, and carried there */
    FV_OK(fv_registry_open(folder, &options, &first));
    FV_OK(fv_registry_write(first, add_experiment, "a"));
    assert_int_equal(experiments_in(first), 2);
    snprintf(log, sizeof log, "%s/fovea.db-wal", folder);
    assert_int_equal(fv_file_kind_of(log), FV_FILE_NONE);
    FV_FAILS(fv_registry_open(folder, &options, &second), FV_BUSY, "one process at a time");
    fv_registry_free(first);
    FV_OK(fv_registry_open(folder, &options, &second));
    fv_registry_free(second);
}

FV_TEST(registry__in_a_folder_that_may_not_be_written_is_read_and_not_written) {
    if (!geteuid()) skip(); /* root may write everything */
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_write(registry, add_experiment, "a"));
    fv_registry_free(registry);
    assert_int_equal(chmod(folder, 0555), 0);
    fv_registry_options options = { .read_only = true };
    FV_OK(fv_registry_open(folder, &options, &registry));
    assert_int_equal(experiments_in(registry), 2);
    FV_FAILS(fv_registry_write(registry, add_experiment, "b"), FV_DENIED, "reading only");
    fv_registry_free(registry);
    assert_int_equal(chmod(folder, 0755), 0);
}

/* ---- by who may not write, while the owner does ---- */

#define NOBODY 65534

typedef struct line {
    int ask, answer;
} line;

/* The owner does what a letter says: o opens and writes, c closes; and says that it is done. */
static void serve_owner(const char *folder, const line *l) {
    fv_registry *registry = NULL;
    char what, name[16];
    for (int i = 0; read(l->ask, &what, 1) == 1; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (what == 'o' && !registry) registry = open_in(folder);
        if (what == 'o') FV_OK(fv_registry_write(registry, add_experiment, name));
        if (what == 'c') fv_registry_free(fv_take(&registry));
        assert_int_equal(write(l->answer, &what, 1), 1);
    }
    fv_registry_free(registry);
}

static void ask_owner(const line *l, const char *what) {
    char done;
    for (; *what; what++) {
        assert_int_equal(write(l->ask, what, 1), 1);
        assert_int_equal(read(l->answer, &done, 1), 1);
    }
}

static fv_error *count_while_it_is_written(fv_connection *c, void *context) {
    int64_t count;
    FV_TRY(count_experiments(c, &count));
    ask_owner(context, "oc");
    return count_experiments(c, &count);
}

static void read_while_it_is_written(const char *folder, const line *l) {
    fv_registry *registry;
    FV_OK(fv_registry_open(folder, &(fv_registry_options){ .read_only = true }, &registry));
    assert_int_equal(experiments_in(registry), 2);
    FV_FAILS(fv_registry_read(registry, count_while_it_is_written, (void *)l), FV_BUSY, "was changed while it was read");
    assert_int_equal(experiments_in(registry), 3);
    ask_owner(l, "o");
    assert_int_equal(experiments_in(registry), 4); /* which are in the log alone */
    FV_OK(fv_registry_read(registry, count_while_it_is_written, &(line){ l->ask, l->answer }));
    assert_int_equal(experiments_in(registry), 5);
    fv_registry_free(registry);
}

FV_TEST(registry__read_by_who_may_not_write_is_as_the_owner_has_it_or_busy) {
    if (geteuid()) skip(); /* a test for root, who becomes somebody else */
    char above[600];
    const char *folder = fv_test_folder();
    int asks[2], answers[2], status;
    umask(022);
    snprintf(above, sizeof above, "%s/..", folder);
    assert_int_equal(chmod(above, 0755) | chmod(folder, 0755), 0);
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_write(registry, add_experiment, "a"));
    fv_registry_free(registry);
    assert_int_equal(pipe(asks) | pipe(answers), 0);
    pid_t child = fork();
    if (!child) {
        close(asks[0]);
        assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY) | setresuid(NOBODY, NOBODY, NOBODY), 0);
        read_while_it_is_written(folder, &(line){ asks[1], answers[0] });
        _exit(0);
    }
    close(asks[1]);
    serve_owner(folder, &(line){ asks[0], answers[1] });
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void write_file(const char *folder, const char *name, const char *content) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FV_OK(fv_file_write(path, content, (int64_t)strlen(content), NULL));
}

FV_TEST(registry__that_is_no_database_is_refused) {
    const char *folder = fv_test_folder();
    fv_registry *registry;
    write_file(folder, "fovea.db",
               "this is a text, and long enough to be looked at as the header of a database would be, for once");
    FV_FAILS(fv_registry_open(folder, NULL, &registry), FV_FORMAT, "fovea.db");
}

/* ---- the schema ---- */

static fv_connection *database_in(const char *folder) {
    char path[600];
    fv_connection *c;
    fv_connection_options options = { .wait_seconds = 5 };
    snprintf(path, sizeof path, "%s/fovea.db", folder);
    FV_OK(fv_connection_open(path, &options, &c));
    return c;
}

FV_TEST(registry_migrate__of_another_program_is_refused) {
    const char *folder = fv_test_folder();
    fv_connection *c = database_in(folder);
    fv_registry *registry;
    FV_OK(fv_connection_execute(c, "CREATE TABLE recipes (cake TEXT)"));
    fv_connection_free(c);
    FV_FAILS(fv_registry_open(folder, NULL, &registry), FV_FORMAT, "of another program");
}

FV_TEST(registry_migrate__a_newer_schema_is_refused_and_left_alone) {
    const char *folder = fv_test_folder();
    fv_registry *registry;
    fv_registry_free(open_in(folder));
    fv_connection *c = database_in(folder);
    FV_OK(fv_connection_execute(c, "PRAGMA user_version = 9000"));
    FV_FAILS(fv_registry_open(folder, NULL, &registry), FV_UNSUPPORTED, "it has schema 9000");
    int64_t version;
    FV_OK(fv_connection_ask(c, "PRAGMA user_version", 0, &version));
    assert_int_equal(version, 9000);
    fv_connection_free(c);
}

FV_TEST(registry_migrate__a_schema_that_was_changed_after_it_was_applied_is_refused) {
    const char *folder = fv_test_folder();
    fv_registry *registry;
    fv_registry_free(open_in(folder));
    fv_connection *c = database_in(folder);
    FV_OK(fv_connection_execute(c, "UPDATE schema_migration SET checksum = 'x' WHERE number = 2"));
    fv_connection_free(c);
    FV_FAILS(fv_registry_open(folder, NULL, &registry), FV_CONFLICT, "schema 2 (0002_models)");
}

/* What PRAGMA user_version says, and all of the schema as text. */
static void describe(fv_connection *c, int64_t *version, char *out, size_t size) {
    FV_OWNED(fv_query) query = NULL;
    size_t length = 0;
    bool row;
    FV_OK(fv_connection_ask(c, "PRAGMA user_version", 0, version));
    FV_OK(fv_query_compose(c, "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name", &query));
    for (;;) {
        FV_OK(fv_query_next(query, &row));
        if (!row) break;
        const char *name = fv_column_text(query), *sql = fv_column_text(query);
        length += (size_t)snprintf(out + length, size - length, "%s: %s\n", name, sql);
        assert_true(length < size);
    }
}

FV_TEST(registry_migrate__every_older_schema_is_upgraded_after_a_backup) {
    static char fresh[1 << 16], upgraded[1 << 16];
    char folder[600], backups[700], backup[800];
    int64_t version;
    const char *root = fv_test_folder();
    fv_registry_free(open_in(root));
    fv_connection *c = database_in(root);
    describe(c, &version, fresh, sizeof fresh);
    fv_connection_free(c);
    for (int older = 1; older < fv_migration_count; older++) {
        snprintf(folder, sizeof folder, "%s/%d", root, older);
        snprintf(backups, sizeof backups, "%s/backups", folder);
        FV_OK(fv_file_make_folder(folder));
        c = database_in(folder);
        FV_OK(fv_migrate(c, fv_migration_table, older, backups));
        FV_OK(fv_connection_execute(c, "INSERT INTO experiment (name, created_ms, updated_ms) VALUES ('old', 1, 1)"));
        fv_connection_free(c);

        fv_registry *registry = open_in(folder);
        assert_int_equal(experiments_in(registry), 2);
        fv_registry_free(registry);
        c = database_in(folder);
        describe(c, &version, upgraded, sizeof upgraded);
        fv_connection_free(c);
        assert_int_equal(version, fv_migration_count);
        assert_string_equal(upgraded, fresh);
        snprintf(backup, sizeof backup, "%s/before-schema-%04d.db", backups, older + 1);
        assert_int_equal(fv_file_kind_of(backup), FV_FILE_PLAIN);
    }
}

FV_TEST(registry_migrate__one_that_fails_leaves_the_schema_as_it_was) {
    const char *folder = fv_test_folder();
    char backups[600];
    int64_t version, tables;
    snprintf(backups, sizeof backups, "%s/backups", folder);
    fv_connection *c = database_in(folder);
    const fv_migration broken[] = { fv_migration_table[0], { 2, "0002_broken", "CREATE TABLE x (y); CREATE TABLE x (y)" } };
    FV_OK(fv_migrate(c, fv_migration_table, 1, backups));
    FV_FAILS(fv_migrate(c, broken, 2, backups), FV_BUG, "upgrading to schema 0002_broken");
    FV_OK(fv_connection_ask(c, "PRAGMA user_version", 0, &version));
    FV_OK(fv_connection_ask(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'x'", 9, &tables));
    assert_int_equal(version, 1);
    assert_int_equal(tables, 0);
    fv_connection_free(c);
}

/* Sets the schema's number while the lock says that an upgrade is on its way. */
static void pretend_upgrade(const char *folder, int64_t version) {
    char sql[60];
    fv_connection *c = database_in(folder);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", (int)version);
    FV_OK(fv_connection_execute(c, sql));
    fv_connection_free(c);
}

static void *open_to_read(void *folder) {
    fv_registry *registry;
    fv_error *error = fv_registry_open(folder, &(fv_registry_options){ .read_only = true, .wait_seconds = 300 }, &registry);
    if (!error) fv_registry_free(registry);
    return error;
}

FV_TEST(registry_migrate__who_reads_waits_for_an_upgrade_that_is_on_its_way) {
    const char *folder = fv_test_folder();
    char path[600];
    int lock;
    pthread_t reader;
    void *error;
    fv_registry_free(open_in(folder));
    snprintf(path, sizeof path, "%s/backups/upgrade.lock", folder);
    FV_OK(fv_file_lock(path, &lock));
    pretend_upgrade(folder, 3);
    fv_registry *registry;
    fv_registry_options briefly = { .read_only = true, .wait_seconds = 0.02 };
    FV_FAILS(fv_registry_open(folder, &briefly, &registry), FV_UNSUPPORTED, "it has schema 3");
    assert_int_equal(pthread_create(&reader, NULL, open_to_read, (void *)folder), 0);
    usleep(20000); /* it has looked by now, or looks later: right is the same */
    pretend_upgrade(folder, fv_migration_count);
    fv_file_unlock(lock);
    assert_int_equal(pthread_join(reader, &error), 0);
    FV_OK((fv_error *)error);
}

FV_TEST(registry_migrate__who_reads_an_older_schema_that_nobody_upgrades_is_told_at_once) {
    const char *folder = fv_test_folder();
    void *error;
    fv_registry_free(open_in(folder));
    pretend_upgrade(folder, 3);
    error = open_to_read((void *)folder); /* it would wait for minutes */
    FV_FAILS((fv_error *)error, FV_UNSUPPORTED, "it has schema 3");
}

FV_TEST(registry_migrate__processes_that_come_at_once_upgrade_once) {
    const char *folder = fv_test_folder();
    pid_t children[8];
    for (int i = 0; i < 8; i++) {
        children[i] = fork();
        if (children[i]) continue;
        fv_registry *registry;
        fv_error *error = fv_registry_open(folder, NULL, &registry);
        char text[500];
        if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
        _exit(error != NULL);
    }
    for (int i = 0; i < 8; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    fv_registry_free(open_in(folder));
}
