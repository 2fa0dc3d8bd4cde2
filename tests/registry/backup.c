/* Backups: made while others write, whole at every instant, added to; brought back, also over a damaged workspace. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fovea/care.h"
#include "fovea/runs.h"
#include "registry/audit.h"
#include "registry/store.h"
#include "tests/test.h"

static const char *in(const char *folder, const char *name) {
    static char paths[8][700];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* The workspaces of a test, in a folder of its own. */
static const char from[] = "from", to[] = "to", anew[] = "anew", other[] = "other";
static void go_to_folder(void) { assert_int_equal(chdir(fv_test_folder()), 0); }

static fv_registry *open_in(const char *folder) {
    fv_registry *registry;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    return registry;
}

static void use_data(fv_registry *registry, const fv_run *run) {
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    fv_run_data data = { .digest = digest, .name = "cells", .source = "/data/cells", .role = "train", .samples = 42 };
    FV_OK(fv_run_use_data(registry, run, &data));
}

static void add_run(fv_registry *registry, const char *name, const char *content) {
    fv_run run;
    const char *file = in(fv_registry_folder(registry), name);
    FV_OK(fv_file_write(file, content, (int64_t)strlen(content), NULL));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = name }, &run));
    FV_OK(fv_run_keep_file(registry, &run, "content", file, NULL));
    use_data(registry, &run);
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
}

static fv_error *audit(fv_connection *c, void *context) { return fv_audit_add(c, "test", context, NULL); }

static fv_error *count_runs(fv_connection *c, void *context) {
    return fv_connection_ask(c, "SELECT count(*) FROM run", -1, context);
}

static int64_t runs_in(const char *folder) {
    int64_t count;
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_read(registry, count_runs, &count));
    fv_registry_free(registry);
    return count;
}

static void expect_whole(const char *folder) {
    fv_fsck result;
    fv_registry *registry = open_in(folder);
    FV_OK(fv_registry_fsck(registry, false, NULL, &result));
    for (int64_t i = 0; i < result.count; i++) print_error("%s: %s\n", result.at[i].subject, result.at[i].text);
    assert_int_equal(result.wrong, 0);
    fv_fsck_release(&result);
    fv_registry_free(registry);
}

FV_TEST(registry_backup__is_a_workspace_with_all_there_was) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_write(registry, audit, "x"));
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry_free(registry);
    assert_int_equal(result.copied, 1);
    assert_int_equal(result.bytes, 3);
    assert_int_equal(runs_in(to), 1);
    expect_whole(to);
}

FV_TEST(registry_backup__made_again_copies_only_what_is_new) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    add_run(registry, "second", "more");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry_free(registry);
    assert_int_equal(result.present, 1);
    assert_int_equal(result.copied, 1);
    assert_int_equal(result.bytes, 4);
    assert_int_equal(runs_in(to), 2);
    expect_whole(to);
}

FV_TEST(registry_backup__is_not_made_over_another_workspace_or_itself) {
    go_to_folder();
    fv_registry *registry = open_in(from), *another = open_in(other);
    fv_backup_result result;
    fv_registry_free(another);
    FV_FAILS(fv_registry_backup(registry, other, NULL, &result), FV_CONFLICT, "holds another workspace");
    FV_FAILS(fv_registry_backup(registry, from, NULL, &result), FV_USAGE, "is the workspace itself");
    fv_registry_free(registry);
}

FV_TEST(registry_backup__that_is_in_use_is_busy) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry *used = open_in(to);
    add_run(used, "there", "x");
    pid_t child = fork(); /* locks are of processes */
    if (!child) {
        fv_registry *own = open_in(from);
        FV_FAILS(fv_registry_backup(own, to, NULL, &result), FV_BUSY, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fv_registry_free(used);
    fv_registry_free(registry);
}

FV_TEST(registry_backup__says_what_is_damaged_and_keeps_the_rest) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    add_run(registry, "second", "more");
    FV_OK(fv_file_write(in(from, "objects/bd/dd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"), "abd", 3, NULL));
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry_free(registry);
    assert_int_equal(result.copied, 1);
    assert_int_equal(result.lost, 1);
    assert_int_equal(strncmp(result.first_lost, "bddd813c", 8), 0);
    assert_int_equal(runs_in(to), 2);
}

FV_TEST(registry_backup__is_consistent_while_others_write) {
    go_to_folder();
    pid_t writers[2];
    fv_registry *registry = open_in(from);
    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        if (writers[i]) continue;
        fv_registry *own = open_in(from);
        for (int k = 0;; k++) {
            char name[32];
            snprintf(name, sizeof name, "%d-%d", i, k);
            add_run(own, name, name);
            FV_OK(fv_registry_write(own, audit, name));
        }
    }
    usleep(200000);
    for (int i = 0; i < 5; i++) {
        fv_backup_result result;
        FV_OK(fv_registry_backup(registry, to, NULL, &result));
        assert_int_equal(result.lost, 0);
        expect_whole(to);
    }
    for (int i = 0; i < 2; i++) {
        kill(writers[i], SIGKILL);
        assert_int_equal(waitpid(writers[i], NULL, 0), writers[i]);
    }
    assert_true(runs_in(to) > 2);
    fv_registry_free(registry);
}

FV_TEST(registry_backup__that_is_killed_leaves_the_one_before_whole) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "run %d", i);
        add_run(registry, name, name);
        FV_OK(fv_registry_write(registry, audit, name));
        pid_t child = fork();
        if (!child) {
            fv_registry *own = open_in(from);
            FV_OK(fv_registry_backup(own, to, NULL, &result));
            _exit(0);
        }
        usleep((useconds_t)(i * 2500));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        expect_whole(to);
        assert_true(runs_in(to) >= 1);
    }
    fv_registry_free(registry);
}

FV_TEST(registry_restore__brings_a_workspace_back_to_what_it_was) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    fv_audit_rows rows;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_write(registry, audit, "x"));
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry_free(registry);
    FV_OK(fv_registry_restore(to, anew, false, NULL, &result));
    assert_int_equal(result.copied, 1);
    assert_int_equal(runs_in(anew), 1);
    expect_whole(anew);
    registry = open_in(anew);
    FV_OK(fv_registry_read_log(registry, 0, 10, &rows));
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.at[0].action, "registry.restore");
    assert_string_equal(strrchr(rows.at[0].subject, '/'), "/to");
    fv_audit_rows_release(&rows);
    fv_registry_free(registry);
}

FV_TEST(registry_restore__over_a_workspace_is_asked_for_and_keeps_its_database) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    int64_t count;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    add_run(registry, "second", "more");
    fv_registry_free(registry);
    FV_FAILS(fv_registry_restore(to, from, false, NULL, &result), FV_CONFLICT, "there is a workspace in");
    FV_OK(fv_file_write(in(from, "objects/bd/dd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"), "abd", 3, NULL));
    FV_OK(fv_registry_restore(to, from, true, NULL, &result));
    assert_int_equal(result.copied, 1); /* the damaged one */
    assert_int_equal(runs_in(from), 1);
    expect_whole(from);
    FV_OK(fv_arena_new("names", 1 << 20, &arena));
    FV_OK(fv_file_list(in(from, "backups"), arena, &names, &count));
    assert_true(count >= 1);
    assert_int_equal(strncmp(names[0], "before-restore-", 15), 0);
}

FV_TEST(registry_restore__replaces_a_database_that_cannot_be_opened) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry_free(registry);
    static const char rubbish[] =
        "this is a text, and long enough to be looked at as the header of a database would be, for once";
    FV_OK(fv_file_write(in(from, "fovea.db"), rubbish, sizeof rubbish, NULL));
    FV_OK(fv_registry_restore(to, from, true, NULL, &result));
    assert_int_equal(runs_in(from), 1);
    expect_whole(from);
}

FV_TEST(registry_restore__of_what_is_no_backup_changes_nothing) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    fv_registry_free(registry);
    FV_FAILS(fv_registry_restore(other, from, true, NULL, &result), FV_NOT_FOUND, "other");
    FV_OK(fv_file_make_folder(other));
    FV_OK(fv_file_write(in(other, "fovea.db"), "", 0, NULL));
    FV_FAILS(fv_registry_restore(other, from, true, NULL, &result), FV_FORMAT, "is no registry");
    assert_int_equal(runs_in(from), 1);
}

FV_TEST(registry_restore__of_a_workspace_in_use_is_busy) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    pid_t child = fork();
    if (!child) {
        FV_FAILS(fv_registry_restore(to, from, true, NULL, &result), FV_BUSY, "is in use");
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fv_registry_free(registry);
    assert_int_equal(runs_in(from), 1);
}

static fv_error *add_stranger(fv_connection *c, void *context) {
    (void)context;
    return fv_connection_execute(c, "INSERT INTO object (digest, size, created_ms) VALUES"
                                    " ('../////////////////////////////////////////////////////////stray', 3, 0)");
}

FV_TEST(registry_restore__of_a_name_that_is_no_digest_touches_no_file_elsewhere) {
    go_to_folder();
    fv_registry *registry = open_in(from);
    fv_backup_result result;
    add_run(registry, "first", "abc");
    FV_OK(fv_registry_backup(registry, to, NULL, &result));
    fv_registry_free(registry);
    registry = open_in(to);
    FV_OK(fv_registry_write(registry, add_stranger, NULL));
    fv_registry_free(registry);
    /* objects/.. and what follows, of the backup: the very bytes that the row's size asks for */
    FV_OK(fv_file_write(in(to, "stray"), "abc", 3, NULL));
    FV_OK(fv_registry_restore(to, anew, false, NULL, &result));
    assert_int_equal(result.lost, 1);
    assert_int_equal(strncmp(result.first_lost, "..//", 4), 0);
    assert_int_equal(fv_file_kind_of(in(anew, "stray")), FV_FILE_NONE);
    assert_int_equal(runs_in(anew), 1);
}
