/* gc: what was deleted long ago and what nothing names goes, no byte more, and never what is being put. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fovea/care.h"
#include "fovea/runs.h"
#include "fovea/versions.h"
#include "registry/store.h"
#include "tests/test.h"

static const char *in(const char *folder, const char *name) {
    static char paths[4][700];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static fv_registry *open_here(void) {
    fv_registry *registry;
    FV_OK(fv_registry_open(fv_test_folder(), NULL, &registry));
    return registry;
}

/* A run with a file of that content. */
static fv_run add_run(fv_registry *registry, const char *experiment, const char *content) {
    fv_run run;
    const char *file = in(fv_registry_folder(registry), "content");
    FV_OK(fv_file_write(file, content, (int64_t)strlen(content), NULL));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .experiment = experiment }, &run));
    FV_OK(fv_run_keep_file(registry, &run, "content", file, NULL));
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    return run;
}

static fv_version_added add_version(fv_registry *registry, const char *content, const char *run) {
    char digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    FV_OK(fv_object_put(registry, content, (int64_t)strlen(content), digest));
    FV_OK(fv_version_add(registry, &(fv_version_options){ .model = "cells", .digest = digest, .run = run }, &added));
    return added;
}

static fv_error *run_sql(fv_connection *c, void *sql) { return fv_connection_execute(c, sql); }

static void days_pass(fv_registry *registry, int days) {
    char sql[600];
    const char *const tables[] = { "experiment", "run", "model", "version" };
    for (int i = 0; i < 4; i++) {
        snprintf(sql, sizeof sql, "UPDATE %s SET deleted_ms = deleted_ms - %d * 86400000", tables[i], days);
        FV_OK(fv_registry_write(registry, run_sql, sql));
    }
    snprintf(sql, sizeof sql, "UPDATE object SET created_ms = created_ms - %d * 86400000", days);
    FV_OK(fv_registry_write(registry, run_sql, sql));
}

static fv_gc_result collect(fv_registry *registry, bool dry_run, double days) {
    fv_gc_result result;
    FV_OK(fv_registry_gc(registry, &(fv_gc_options){ dry_run, days, 1, NULL }, &result));
    return result;
}

/* What the dry run says, the real one does. */
static void expect(fv_registry *registry, double days, int64_t items, int64_t objects, int64_t bytes) {
    for (int real = 0; real < 2; real++) {
        fv_gc_result result = collect(registry, !real, days);
        assert_int_equal(result.count, items);
        assert_int_equal(result.objects, objects);
        assert_int_equal(result.bytes, bytes);
        assert_int_equal(result.orphans, 0);
        fv_gc_result_release(&result);
    }
}

static void expect_whole(fv_registry *registry) {
    fv_fsck result;
    FV_OK(fv_registry_fsck(registry, false, NULL, &result));
    for (int64_t i = 0; i < result.count; i++) print_error("%s: %s\n", result.at[i].subject, result.at[i].text);
    assert_int_equal(result.count, 0);
    fv_fsck_release(&result);
}

FV_TEST(registry_gc__leaves_what_is_named_or_young) {
    fv_registry *registry = open_here();
    char digest[FV_DIGEST_LETTERS];
    add_run(registry, NULL, "named");
    days_pass(registry, 3);
    FV_OK(fv_object_put(registry, "young", 5, digest));
    expect(registry, 0, 0, 0, 0);
    days_pass(registry, 3);
    expect(registry, 0, 0, 1, 5);
    expect_whole(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__makes_an_object_young_that_is_put_again) {
    fv_registry *registry = open_here();
    char digest[FV_DIGEST_LETTERS];
    FV_OK(fv_object_put(registry, "again", 5, digest));
    days_pass(registry, 3);
    FV_OK(fv_object_put(registry, "again", 5, digest));
    expect(registry, 0, 0, 0, 0);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__takes_runs_that_were_deleted_long_ago_with_their_files) {
    fv_registry *registry = open_here();
    fv_run old = add_run(registry, NULL, "of the old"), young = add_run(registry, NULL, "of the young one");
    FV_OK(fv_run_delete(registry, old.id));
    days_pass(registry, 40);
    FV_OK(fv_run_delete(registry, young.id));
    expect(registry, 60, 0, 0, 0);
    expect(registry, -1, 0, 0, 0);
    fv_gc_result result = collect(registry, true, 30);
    assert_int_equal(result.count, 1);
    assert_string_equal(result.items[0].kind, "run");
    assert_string_equal(result.items[0].name, old.id);
    fv_gc_result_release(&result);
    expect(registry, 30, 1, 1, 10);
    expect(registry, 0, 1, 1, 16);
    expect_whole(registry);
    fv_audit_rows rows;
    FV_OK(fv_registry_read_log(registry, 0, 100, &rows));
    assert_int_equal(rows.count >= 2, 1);
    assert_string_equal(rows.at[0].action, "run.remove");
    assert_int_equal(strncmp(rows.at[0].subject, "runs/", 5), 0);
    assert_string_equal(rows.at[0].subject + 5, young.id);
    fv_audit_rows_release(&rows);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__forgets_when_a_run_was_deleted_once_it_is_restored) {
    fv_registry *registry = open_here();
    fv_run run = add_run(registry, NULL, "a");
    FV_OK(fv_run_delete(registry, run.id));
    days_pass(registry, 40);
    FV_OK(fv_run_restore(registry, run.id));
    expect(registry, 0, 0, 0, 0);
    FV_OK(fv_run_delete(registry, run.id));
    expect(registry, 30, 0, 0, 0);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__leaves_a_run_that_a_version_came_from_until_that_goes_too) {
    fv_registry *registry = open_here();
    fv_run run = add_run(registry, NULL, "file");
    fv_version_added added = add_version(registry, "weights", run.id);
    FV_OK(fv_run_delete(registry, run.id));
    days_pass(registry, 40);
    expect(registry, 30, 0, 0, 0);
    FV_OK(fv_version_delete(registry, "cells", added.number));
    days_pass(registry, 40);
    expect(registry, 30, 2, 2, 11);
    expect_whole(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__takes_a_model_with_its_versions_and_an_experiment_with_its_runs) {
    fv_registry *registry = open_here();
    add_version(registry, "weights", NULL);
    add_version(registry, "other weights", NULL);
    add_run(registry, "cells/first", "file");
    FV_OK(fv_alias_decide(registry, &(fv_alias_decision){ "cells", "champion", 1, 0, FV_ALIAS_SET, true, "[]" }));
    FV_OK(fv_models_delete(registry, "cells"));
    FV_OK(fv_registry_write(registry, run_sql, "UPDATE experiment SET stage = 'deleted' WHERE name = 'cells/first'"));
    days_pass(registry, 40);
    expect(registry, 30, 5, 3, 24); /* two versions, the model, the run, the experiment */
    expect_whole(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__takes_more_than_one_transaction_holds) {
    fv_registry *registry = open_here();
    char digest[FV_DIGEST_LETTERS], content[16];
    for (int i = 0; i < 300; i++) {
        snprintf(content, sizeof content, "%d", i);
        FV_OK(fv_object_put(registry, content, 3, digest));
    }
    for (int i = 0; i < 70; i++) FV_OK(fv_run_delete(registry, add_run(registry, NULL, "shared").id));
    days_pass(registry, 2);
    expect(registry, 0, 70, 301, 906);
    expect_whole(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_gc__removes_files_without_a_row) {
    fv_registry *registry = open_here();
    char digest[FV_DIGEST_LETTERS];
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    FV_OK(fv_registry_write(registry, run_sql, "DELETE FROM object"));
    for (int real = 0; real < 2; real++) {
        fv_gc_result result = collect(registry, !real, 0);
        assert_int_equal(result.orphans, 1);
        assert_int_equal(result.orphan_bytes, 3);
        fv_gc_result_release(&result);
    }
    expect_whole(registry);
    fv_registry_free(registry);
}

/* A gc that takes objects of any age, against puts of the same one: whoever gets a digest finds the file there, as long as no
 * gc has begun since. Here a row without its file would be found by fsck. */
FV_TEST(registry_gc__against_puts_of_the_same_object_leaves_no_row_without_its_file) {
    fv_registry *registry = open_here();
    const char *folder = fv_registry_folder(registry);
    pid_t putter = fork();
    if (!putter) {
        fv_registry *own;
        char digest[FV_DIGEST_LETTERS];
        FV_OK(fv_registry_open(folder, NULL, &own));
        for (;;) FV_OK(fv_object_put(own, "abc", 3, digest));
    }
    int64_t taken = 0;
    for (int i = 0; i < 60 || (taken < 20 && i < 5000); i++) {
        fv_gc_result result;
        FV_OK(fv_registry_gc(registry, &(fv_gc_options){ false, -1, 0, NULL }, &result));
        taken += result.objects;
        fv_gc_result_release(&result);
    }
    kill(putter, SIGKILL);
    assert_int_equal(waitpid(putter, NULL, 0), putter);
    assert_true(taken >= 20);
    fv_fsck result;
    FV_OK(fv_registry_fsck(registry, false, NULL, &result));
    assert_int_equal(result.wrong, 0);
    fv_fsck_release(&result);
    fv_registry_free(registry);
}
