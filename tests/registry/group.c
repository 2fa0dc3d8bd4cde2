/* A workspace that several users share: all of it is their group's, and nobody else's. */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "fovea/care.h"
#include "fovea/versions.h"
#include "tests/test.h"

enum { ADA = 4001, BOB = 4002, STRANGER = 4003, LAB = 5001 };

/* The folder that the tests made, which may be gone through, with a folder in it. */
static void make_folder(char path[700], uid_t owner, gid_t group, mode_t mode) {
    char above[600];
    const char *folder = fv_test_folder();
    snprintf(above, sizeof above, "%s/..", folder);
    snprintf(path, 700, "%s/ws", folder);
    assert_int_equal(chmod(above, 0755) | chmod(folder, 0755) | mkdir(path, 0700), 0);
    assert_int_equal(chown(path, owner, group), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* What it does is done by another user, who is of the lab or not. */
static pid_t start_as(uid_t user, bool of_lab, mode_t mask, void (*call)(const char *folder, int number), const char *folder,
                      int number) {
    pid_t child = fork();
    if (child) return child;
    gid_t lab = LAB;
    assert_int_equal(setgroups(of_lab, &lab), 0);
    assert_int_equal(setresgid(user, user, user) | setresuid(user, user, user), 0);
    umask(mask);
    call(folder, number);
    _exit(0);
}

static void wait_for(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void expect_whole(fv_registry *registry) {
    fv_fsck result;
    fv_audit_verdict verdict;
    FV_OK(fv_registry_fsck(registry, false, NULL, &result));
    for (int64_t i = 0; i < result.count; i++) print_error("%s: %s\n", result.at[i].subject, result.at[i].text);
    assert_int_equal(result.wrong, 0);
    fv_fsck_release(&result);
    FV_OK(fv_registry_verify(registry, &verdict));
    assert_int_equal(verdict.bad, 0);
}

/* Objects that are the user's alone and one that all put, rows, rows of the audit log. */
static void work(const char *folder, int number) {
    fv_registry *registry;
    char digest[FV_DIGEST_LETTERS], text[40];
    FV_OK(fv_registry_open(folder, NULL, &registry));
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "model-%d-%d", number, i);
        FV_OK(fv_object_put(registry, "abc", 3, digest));
        FV_OK(fv_object_put(registry, text, (int64_t)strlen(text), digest));
        FV_OK(fv_models_make(registry, text, NULL));
    }
    fv_registry_free(registry);
}

static void look_after(const char *folder, int number) {
    fv_registry *registry;
    fv_gc_result gone;
    char backup[800];
    fv_backup_result copied;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    expect_whole(registry);
    snprintf(backup, sizeof backup, "%s/copy", folder);
    FV_OK(fv_registry_backup(registry, backup, NULL, &copied));
    assert_int_equal(copied.lost, 0);
    FV_OK(fv_registry_gc(registry, &(fv_gc_options){ .deleted_days = -1 }, &gone));
    assert_int_equal(gone.objects, number);
    fv_gc_result_release(&gone);
    if (number) FV_OK(fv_registry_restart_log(registry));
    expect_whole(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_group__that_has_a_setgid_workspace_works_in_it_by_any_umask) {
    if (geteuid()) skip(); /* a test for root, who becomes other users */
    char folder[700];
    make_folder(folder, 0, LAB, 02770);
    wait_for(start_as(ADA, true, 077, work, folder, 0));
    wait_for(start_as(BOB, true, 022, work, folder, 1));
    pid_t both[] = { start_as(ADA, true, 022, work, folder, 2), start_as(BOB, true, 077, work, folder, 3) };
    for (int i = 0; i < 2; i++) wait_for(both[i]);
    wait_for(start_as(BOB, true, 077, look_after, folder, 41));
    wait_for(start_as(ADA, true, 022, look_after, folder, 0));
}

/* As SQLite makes it: with what the umask leaves of the database's mode, and with all of it a moment later. */
static void share_late(const char *path, int number) {
    (void)number;
    nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    assert_int_equal(chmod(path, 0660), 0);
}

FV_TEST(registry_group__whose_log_is_not_shared_yet_is_waited_for) {
    if (geteuid()) skip();
    char folder[700], log[720];
    make_folder(folder, 0, LAB, 02770);
    wait_for(start_as(ADA, true, 022, work, folder, 0));
    snprintf(log, sizeof log, "%s/fovea.db-wal", folder);
    int file = open(log, O_RDWR | O_CREAT | O_EXCL, 0640);
    assert_true(file >= 0);
    assert_int_equal(fchown(file, ADA, LAB) | fchmod(file, 0640) | close(file), 0);
    pid_t late = start_as(ADA, true, 022, share_late, log, 0);
    wait_for(start_as(BOB, true, 022, work, folder, 1));
    wait_for(late);
}

static void be_refused(const char *folder, int number) {
    fv_registry *registry;
    (void)number;
    fv_error *error = fv_registry_open(folder, &(fv_registry_options){ .must_exist = true }, &registry);
    assert_non_null(strstr(fv_error_hint_get(error), "setgid"));
    FV_FAILS(error, FV_DENIED, NULL);
}

static void find_nothing_to_read(const char *folder, int number) {
    char path[800];
    static const char *const names[] = { "audit.key", "audit.head", "fovea.db" };
    (void)number;
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(access(path, R_OK), i == 2 ? 0 : -1);
    }
}

FV_TEST(registry_group__is_none_where_the_folder_is_not_setgid_and_then_it_is_said_how_to_share) {
    if (geteuid()) skip();
    char folder[700];
    make_folder(folder, ADA, ADA, 0755);
    wait_for(start_as(ADA, true, 022, work, folder, 0));
    wait_for(start_as(BOB, true, 022, be_refused, folder, 0));
    wait_for(start_as(BOB, true, 022, find_nothing_to_read, folder, 0));
}

FV_TEST(registry_group__lets_in_nobody_else) {
    if (geteuid()) skip();
    char folder[700];
    make_folder(folder, 0, LAB, 02775);
    wait_for(start_as(ADA, true, 022, work, folder, 0));
    wait_for(start_as(STRANGER, false, 022, be_refused, folder, 0));
    wait_for(start_as(STRANGER, false, 022, find_nothing_to_read, folder, 0));
}
