/* The audit log: one chain of all processes; every edit by SQL is found, and the first bad row named. */
#include "registry/audit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "registry/audit_chain.h"
#include "tests/test.h"

static fv_registry *open_in(const char *folder) {
    fv_registry *registry;
    fv_registry_options options = { .actor = "eve@home" };
    FV_OK(fv_registry_open(folder, &options, &registry));
    return registry;
}

static const char *in(const char *folder, const char *name) {
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static fv_error *add(fv_connection *c, void *context) { return fv_audit_add(c, "alias.set", context, "{\"to\": 3}"); }

static fv_error *add_and_fail(fv_connection *c, void *context) {
    FV_TRY(add(c, context));
    return fv_fail(FV_USAGE, "changed my mind");
}

/* A workspace with so many rows, closed again. */
static const char *workspace(int rows) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    for (int i = 0; i < rows; i++) FV_OK(fv_registry_write(registry, add, "models/cells@champion"));
    fv_registry_free(registry);
    return folder;
}

/* As who has the database file and knows SQL. */
static void tamper(const char *folder, const char *sql) {
    fv_connection *c;
    fv_connection_options options = { .wait_seconds = 5 };
    FV_OK(fv_connection_open(in(folder, "fovea.db"), &options, &c));
    FV_OK(fv_connection_execute(c, "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_cut"));
    FV_OK(fv_connection_execute(c, sql));
    fv_connection_free(c);
}

static fv_audit_verdict verify(const char *folder) {
    fv_audit_verdict verdict;
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_verify(registry, &verdict));
    fv_registry_free(registry);
    return verdict;
}

static void expect_bad(const char *folder, int64_t row, const char *problem) {
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, row);
    if (!strstr(verdict.problem, problem)) assert_string_equal(verdict.problem, problem);
}

FV_TEST(registry_audit__as_it_was_written_is_found_whole) {
    const char *folder = workspace(5);
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 5);
    assert_int_equal(strlen(verdict.head), 64);
    struct stat about;
    assert_int_equal(stat(in(folder, "audit.key"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

FV_TEST(registry_audit__without_rows_is_whole_and_has_no_key) {
    const char *folder = workspace(0);
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 0);
    assert_int_equal(fv_file_kind_of(in(folder, "audit.key")), FV_FILE_NONE);
}

FV_TEST(registry_audit__in_which_a_column_was_edited_names_the_row) {
    static const char *const edits[] = { "UPDATE audit SET details = '{}' WHERE id = 3",
                                         "UPDATE audit SET details = details || char(0) || 'x' WHERE id = 3",
                                         "UPDATE audit SET actor = 'me' WHERE id = 3",
                                         "UPDATE audit SET action = 'alias.se', subject = 't' || subject WHERE id = 3",
                                         "UPDATE audit SET time_ms = time_ms - 1 WHERE id = 3",
                                         "UPDATE audit SET mac = (SELECT mac FROM audit WHERE id = 4) WHERE id = 3" };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const char *folder = workspace(5);
        tamper(folder, edits[i]);
        expect_bad(folder, 3, "");
    }
}

FV_TEST(registry_audit__from_which_a_row_was_removed_names_it) {
    const char *folder = workspace(5);
    tamper(folder, "DELETE FROM audit WHERE id = 2");
    expect_bad(folder, 2, "it is missing");
    tamper(folder = workspace(5), "DELETE FROM audit WHERE id = 2; UPDATE audit SET id = id - 1 WHERE id > 2");
    expect_bad(folder, 2, "it was changed");
}

FV_TEST(registry_audit__into_which_a_row_was_put_names_it) {
    const char *folder = workspace(5);
    tamper(folder, "UPDATE audit SET id = 6 WHERE id = 5; INSERT INTO audit SELECT 5, time_ms, actor, action, subject, details,"
                   " mac FROM audit WHERE id = 4");
    expect_bad(folder, 5, "it was changed, put in or moved");
}

FV_TEST(registry_audit__whose_rows_changed_places_names_the_first) {
    const char *folder = workspace(5);
    tamper(folder, "UPDATE audit SET id = 9 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 4;"
                   " UPDATE audit SET id = 4 WHERE id = 9");
    expect_bad(folder, 2, "it was changed, put in or moved");
}

FV_TEST(registry_audit__whose_end_was_cut_off_is_found_by_its_head) {
    const char *folder = workspace(5);
    tamper(folder, "DELETE FROM audit WHERE id >= 4");
    expect_bad(folder, 4, "the log was cut off before it");
    fv_registry *registry = open_in(folder); /* and what is added later does not hide it */
    for (int i = 0; i < 4; i++) FV_OK(fv_registry_write(registry, add, "models/cells@champion"));
    fv_registry_free(registry);
    expect_bad(folder, 5, "it is not the row that audit.head tells of");
}

FV_TEST(registry_audit__that_was_emptied_is_found_by_its_head) {
    const char *folder = workspace(3);
    tamper(folder, "DELETE FROM audit");
    expect_bad(folder, 1, "the log was cut off before it");
}

FV_TEST(registry_audit__whose_head_was_edited_or_removed_is_not_whole) {
    const char *folder = workspace(3);
    assert_int_equal(unlink(in(folder, "audit.head")), 0);
    expect_bad(folder, 4, "audit.head is gone");
    FV_OK(fv_file_write(in(folder, "audit.head"), "1 ab cd\n", 8, NULL));
    expect_bad(folder, 4, "audit.head is not as it was written");
}

FV_TEST(registry_audit__whose_key_is_lost_says_the_way_out) {
    const char *folder = workspace(3);
    fv_audit_verdict verdict;
    assert_int_equal(unlink(in(folder, "audit.key")), 0);
    fv_registry *registry = open_in(folder);
    FV_FAILS(fv_registry_write(registry, add, "x"), FV_NOT_FOUND, "audit.key is gone");
    fv_error *error = fv_registry_verify(registry, &verdict);
    assert_int_equal(fv_error_code(error), FV_NOT_FOUND);
    assert_non_null(strstr(fv_error_hint_get(error), "verify --restart"));
    fv_error_free(error);
    FV_OK(fv_registry_restart_log(registry));
    FV_OK(fv_registry_write(registry, add, "x"));
    fv_registry_free(registry);
    verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 5);
    assert_int_equal(verdict.sealed, 3);
}

FV_TEST(registry_audit__that_was_restarted_still_proves_what_was_before) {
    const char *folder = workspace(3);
    for (int i = 0; i < 2; i++) {
        fv_registry *registry = open_in(folder);
        FV_OK(fv_registry_restart_log(registry));
        fv_registry_free(registry);
    }
    assert_int_equal(verify(folder).bad, 0);
    tamper(folder, "UPDATE audit SET actor = 'me' WHERE id = 2");
    expect_bad(folder, 5, "a row before it was changed since");
}

/* Its commit fails, whatever has been written beside the database until then. */
static fv_error *restart_and_break(fv_connection *c, void *context) {
    (void)context;
    FV_TRY(fv_audit_restart(c));
    return fv_connection_execute(c, "PRAGMA defer_foreign_keys = ON; INSERT INTO run_tag VALUES (999, 'a', 'b')");
}

FV_TEST(registry_audit__whose_restart_was_not_committed_is_as_it_was) {
    const char *folder = workspace(3);
    fv_registry *registry = open_in(folder);
    FV_FAILS(fv_registry_write(registry, restart_and_break, NULL), FV_CONFLICT, "FOREIGN KEY");
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 3);
    FV_OK(fv_registry_write(registry, add, "x"));
    fv_registry_free(registry);
    verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 4);
    assert_int_equal(fv_file_kind_of(in(folder, "audit.next")), FV_FILE_NONE);
}

typedef struct proof {
    const char *folder;
    fv_audit_proof at;
    fv_audit_head last;
} proof;

static fv_error *find_proof(fv_connection *c, void *context) {
    proof *p = context;
    FV_TRY(fv_audit_last(c, &p->last));
    return fv_audit_find_key(c, p->folder, &p->at);
}

/* As the power would have left it between the commit and what follows: the old key and head, and the new ones in audit.next. */
static void cut_restart_off(const char *folder, fv_audit_key *key) {
    static const char *const names[] = { "audit.key", "audit.head" };
    fv_registry *registry = open_in(folder);
    uint8_t *bytes[2];
    int64_t lengths[2];
    proof p = { .folder = folder };
    for (int i = 0; i < 2; i++) FV_OK(fv_file_read(in(folder, names[i]), 4096, &bytes[i], &lengths[i]));
    FV_OK(fv_registry_restart_log(registry));
    FV_OK(fv_registry_read(registry, find_proof, &p));
    FV_OK(fv_audit_write_next(folder, &p.last, &p.at.key));
    for (int i = 0; i < 2; i++) {
        FV_OK(fv_file_write(in(folder, names[i]), bytes[i], lengths[i], NULL));
        fv_memory_free(bytes[i]);
    }
    fv_registry_free(registry);
    *key = p.at.key;
}

FV_TEST(registry_audit__whose_restart_was_cut_off_behind_its_commit_is_proven_by_the_new_key) {
    const char *folder = workspace(3);
    fv_audit_key key;
    proof p = { .folder = folder };
    cut_restart_off(folder, &key);
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 4);
    assert_int_equal(verdict.sealed, 3);
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_write(registry, add, "x"));
    FV_OK(fv_registry_read(registry, find_proof, &p));
    assert_false(p.at.is_next);
    assert_memory_equal(&p.at.key, &key, sizeof key);
    fv_registry_free(registry);
    verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 5);
    assert_int_equal(fv_file_kind_of(in(folder, "audit.next")), FV_FILE_NONE);
}

FV_TEST(registry_audit__with_a_damaged_next_key_says_so_until_it_is_restarted) {
    const char *folder = workspace(3);
    FV_OK(fv_file_write(in(folder, "audit.next"), "abc\n", 4, NULL));
    fv_registry *registry = open_in(folder);
    FV_FAILS(fv_registry_write(registry, add, "x"), FV_FORMAT, "audit.next is not as it was written");
    FV_OK(fv_registry_restart_log(registry));
    FV_OK(fv_registry_write(registry, add, "x"));
    fv_registry_free(registry);
    assert_int_equal(verify(folder).bad, 0);
}

FV_TEST(registry_audit__row_of_a_write_that_failed_is_not_there) {
    const char *folder = workspace(2);
    fv_registry *registry = open_in(folder);
    FV_FAILS(fv_registry_write(registry, add_and_fail, "x"), FV_USAGE, NULL);
    FV_OK(fv_registry_write(registry, add, "y"));
    fv_registry_free(registry);
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 3);
}

FV_TEST(registry_audit__of_processes_that_write_at_once_is_one_chain) {
    const char *folder = workspace(0);
    pid_t children[6];
    int status;
    for (int i = 0; i < 6; i++) {
        children[i] = fork();
        if (children[i]) continue;
        fv_registry *registry = open_in(folder);
        for (int k = 0; k < 10; k++) FV_OK(fv_registry_write(registry, add, "x"));
        fv_registry_free(registry);
        _exit(0);
    }
    for (int i = 0; i < 6; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    fv_audit_verdict verdict = verify(folder);
    assert_int_equal(verdict.bad, 0);
    assert_int_equal(verdict.rows, 60);
    uint8_t *head;
    int64_t length;
    FV_OK(fv_file_read(in(folder, "audit.head"), 1000, &head, &length));
    assert_int_equal(strncmp((char *)head, "60 ", 3), 0);
    fv_memory_free(head);
}

FV_TEST(registry_audit__is_read_from_its_end) {
    const char *folder = workspace(5);
    fv_registry *registry = open_in(folder);
    fv_audit_rows rows;
    FV_OK(fv_registry_read_log(registry, 0, 2, &rows));
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.at[0].id, 5);
    assert_string_equal(rows.at[1].actor, "eve@home");
    assert_string_equal(rows.at[1].action, "alias.set");
    assert_string_equal(rows.at[1].subject, "models/cells@champion");
    assert_string_equal(rows.at[1].details, "{\"to\": 3}");
    fv_audit_rows_release(&rows);
    FV_OK(fv_registry_read_log(registry, 4, 100, &rows));
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.at[0].id, 3);
    fv_audit_rows_release(&rows);
    fv_registry_free(registry);
}
