/* Runs on a disk that is full, in a folder that is not ours, and in the hands of processes that are killed. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fovea/runs.h"
#include "registry/database.h"
#include "tests/test.h"

static fv_error *log_step(fv_registry *registry, const fv_run *run, int64_t step) {
    fv_metric_point points[10];
    static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
    for (int i = 0; i < 10; i++) points[i] = (fv_metric_point){ .key = keys[i], .value = (double)step, .step = step };
    return fv_run_log(registry, run, &(fv_run_batch){ .metrics = points, .metric_count = 10 }, NULL);
}

static void check_whole(fv_registry *registry, const char *id, int64_t steps) {
    static const char *const keys[] = { "a", "e", "j" };
    for (int k = 0; k < 3; k++) {
        fv_metric_history history;
        FV_OK(fv_run_history(registry, id, keys[k], 0, &history));
        assert_int_equal(history.count, steps);
        for (int64_t i = 0; i < steps; i++) assert_int_equal(history.steps[i], i);
        fv_metric_history_release(&history);
    }
}

static fv_error *check_integrity(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    (void)context;
    FV_TRY(fv_query_compose(c, "PRAGMA integrity_check", &query));
    FV_TRY(fv_query_next(query, &row));
    assert_string_equal(fv_column_text(query), "ok");
    return NULL;
}

FV_TEST(registry_faults__a_full_disk_is_named_and_takes_nothing_that_was_there) {
    char folder[600];
    fv_registry *registry;
    fv_run run;
    int64_t steps = 0;
    snprintf(folder, sizeof folder, "%s", fv_test_folder());
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", folder, "tmpfs", 0, "size=2m"))
        skip(); /* no right to mount */
    FV_OK(fv_registry_open(folder, NULL, &registry));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = "a" }, &run));
    fv_error *error = NULL;
    while (!(error = log_step(registry, &run, steps))) steps++;
    assert_non_null(strstr(fv_error_hint_get(error), "make room"));
    FV_FAILS(error, FV_IO, "fovea.db: the disk is full");
    assert_true(steps > 0);
    check_whole(registry, run.id, steps);
    fv_registry_free(registry);

    assert_int_equal(mount("none", folder, "tmpfs", MS_REMOUNT, "size=16m"), 0);
    FV_OK(fv_registry_open(folder, NULL, &registry));
    check_whole(registry, run.id, steps);
    FV_OK(log_step(registry, &run, steps));
    check_whole(registry, run.id, steps + 1);
    FV_OK(fv_registry_read(registry, check_integrity, NULL));
    fv_registry_free(registry);
    umount(folder);
}

FV_TEST(registry_faults__who_may_only_read_is_told_so_by_every_write) {
    fv_registry *registry;
    fv_registry_options options = { .read_only = true };
    fv_run run, other;
    const char *folder = fv_test_folder();
    FV_OK(fv_registry_open(folder, NULL, &registry));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = "a" }, &run));
    fv_registry_free(registry);
    FV_OK(fv_registry_open(folder, &options, &registry));
    FV_FAILS(fv_run_start(registry, &(fv_run_options){ .name = "b" }, &other), FV_DENIED, "open for reading only");
    FV_FAILS(log_step(registry, &run, 1), FV_DENIED, "open for reading only");
    FV_FAILS(fv_run_delete(registry, run.id), FV_DENIED, "open for reading only");
    fv_registry_free(registry);
}

/* Says each step through the pipe once it is acknowledged, until it is killed. */
static void write_until_killed(const char *folder, int pipe) {
    fv_registry *registry;
    fv_run run;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = "killed" }, &run));
    if (write(pipe, &run, sizeof run) != sizeof run) _exit(1);
    for (int64_t step = 0;; step++) {
        FV_OK(log_step(registry, &run, step));
        if (write(pipe, &step, sizeof step) != sizeof step) _exit(1);
    }
}

FV_TEST(registry_faults__what_was_acknowledged_before_a_kill_is_there) {
    const char *folder = fv_test_folder();
    fv_registry *registry;
    for (int round = 0; round < 5; round++) {
        int pipes[2];
        fv_run run;
        int64_t step, last = -1;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (!child) write_until_killed(folder, pipes[1]);
        close(pipes[1]);
        assert_int_equal(read(pipes[0], &run, sizeof run), sizeof run);
        usleep(20000 + 13000 * (useconds_t)round);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(pipes[0], &step, sizeof step) == sizeof step) last = step;
        close(pipes[0]);

        fv_metric_history history = { 0 };
        FV_OK(fv_registry_open(folder, NULL, &registry));
        if (last >= 0) FV_OK(fv_run_history(registry, run.id, "j", 0, &history));
        assert_in_range(history.count, last + 1, last + 2); /* the one more was on its way to us */
        fv_metric_history_release(&history);
        FV_OK(fv_registry_read(registry, check_integrity, NULL));
        fv_registry_free(registry);
    }
}
