/* Jobs: one at a time, taken again when their holder is lost, ended by who has them and by nobody else. */
#include "fovea/jobs.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/database.h"
#include "registry/job_state.h"
#include "tests/test.h"

static int64_t now_ms = INT64_C(1800000000000);
static int64_t test_clock(void) { return now_ms; }

static fv_registry *open_here(void) {
    fv_registry *registry;
    FV_OK(fv_registry_open(fv_test_folder(), &(fv_registry_options){ .clock = test_clock, .actor = "cron@bench" }, &registry));
    return registry;
}

static fv_job_row row_of(fv_registry *registry, const char *id, fv_job_list *list) {
    FV_OK(fv_jobs_list(registry, &(fv_jobs_query){ .id = id }, list));
    assert_int_equal(list->count, 1);
    return list->at[0];
}

static fv_job_state state_of(fv_registry *registry, const char *id) {
    fv_job_list list;
    fv_job_state state = row_of(registry, id, &list).state;
    fv_job_list_release(&list);
    return state;
}

typedef struct id {
    char at[FV_JOB_ID_LETTERS];
} id;

static id add(fv_registry *registry, const char *subject, int64_t not_before_ms) {
    id out;
    fv_job_options options = { .kind = "retrain", .subject = subject, .not_before_ms = not_before_ms };
    FV_OK(fv_job_add(registry, &options, out.at, NULL));
    return out;
}

static bool take(fv_registry *registry, const char *subject, fv_job *job) {
    bool found;
    FV_OK(fv_job_take(registry, &(fv_job_wish){ .kind = "retrain", .subject = subject }, job, &found));
    return found;
}

static fv_error *end(fv_registry *registry, const fv_job *job, fv_job_state state) {
    return fv_job_end(registry, job, &(fv_job_outcome){ .state = state, .reason = "so", .result = "{\"a\":1}" });
}

static void silence(int64_t seconds) { now_ms += 1000 * seconds; }

FV_TEST(registry_jobs__are_taken_in_the_order_they_are_due_and_ended_with_a_reason) {
    fv_registry *registry = open_here();
    fv_job job;
    fv_job_list list;
    id later = add(registry, "a", now_ms + 5000), first = add(registry, "b", 0), second = add(registry, "c", 0);
    assert_true(take(registry, NULL, &job));
    assert_string_equal(job.id, first.at);
    assert_int_equal(state_of(registry, first.at), FV_JOB_RUNNING);
    FV_OK(end(registry, &job, FV_JOB_SKIPPED));
    assert_true(take(registry, NULL, &job));
    assert_string_equal(job.id, second.at);
    assert_false(take(registry, "a", &job));
    silence(5);
    assert_true(take(registry, "a", &job));
    assert_string_equal(job.id, later.at);

    fv_job_row row = row_of(registry, first.at, &list);
    assert_int_equal(row.state, FV_JOB_SKIPPED);
    assert_string_equal(row.reason, "so");
    assert_string_equal(row.result, "{\"a\":1}");
    assert_int_equal(row.attempts, 1);
    assert_true(row.ended_ms > 0);
    fv_job_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__do_not_end_with_a_run_that_is_not_there) {
    fv_registry *registry = open_here();
    fv_job job;
    id first = add(registry, "cells", 0);
    assert_true(take(registry, "cells", &job));
    fv_job_outcome outcome = { .state = FV_JOB_DONE, .run = "0123456789abcdef0123456789abcdef" };
    FV_FAILS(fv_job_end(registry, &job, &outcome), FV_NOT_FOUND, "the run that the job made: there is no run 0123");
    assert_int_equal(state_of(registry, first.at), FV_JOB_RUNNING);
    FV_OK(end(registry, &job, FV_JOB_DONE));
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__with_the_same_key_are_one) {
    fv_registry *registry = open_here();
    char first[FV_JOB_ID_LETTERS], second[FV_JOB_ID_LETTERS];
    bool existed;
    fv_job job;
    fv_job_options options = { .kind = "retrain", .subject = "cells", .key = "2026-11-29" };
    FV_OK(fv_job_add(registry, &options, first, &existed));
    assert_false(existed);
    assert_true(take(registry, NULL, &job));
    FV_OK(end(registry, &job, FV_JOB_DONE));
    FV_OK(fv_job_add(registry, &options, second, &existed));
    assert_true(existed);
    assert_string_equal(first, second);
    assert_false(take(registry, NULL, &job));
    options.subject = "other";
    FV_FAILS(fv_job_add(registry, &options, second, &existed), FV_CONFLICT, "the key 2026-11-29 is of another job");
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__of_one_subject_run_one_at_a_time) {
    fv_registry *registry = open_here();
    fv_job one, other, none;
    add(registry, "cells", 0), add(registry, "cells", 0), add(registry, "birds", 0);
    assert_true(take(registry, "cells", &one));
    assert_false(take(registry, "cells", &none));
    assert_true(take(registry, NULL, &other)); /* of birds */
    assert_false(take(registry, NULL, &none));
    FV_OK(end(registry, &one, FV_JOB_DONE));
    assert_true(take(registry, NULL, &none));
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__whose_holder_is_silent_are_lost_and_taken_again_with_its_notes) {
    fv_registry *registry = open_here();
    fv_job first, second;
    fv_job_list list;
    id made = add(registry, "cells", 0);
    assert_true(take(registry, NULL, &first));
    silence(FV_JOB_LEASE_SECONDS - 1);
    FV_OK(fv_job_renew(registry, &first, "{\"run\":\"x\"}", NULL));
    silence(FV_JOB_LEASE_SECONDS - 1);
    assert_false(take(registry, NULL, &second));
    silence(2);
    assert_int_equal(state_of(registry, made.at), FV_JOB_LOST);
    assert_true(take(registry, NULL, &second));
    assert_int_equal(second.attempt, 2);
    fv_job_row row = row_of(registry, made.at, &list);
    assert_string_equal(row.progress, "{\"run\":\"x\"}");
    assert_string_equal(row.id, made.at);
    fv_job_list_release(&list);

    FV_FAILS(fv_job_renew(registry, &first, NULL, NULL), FV_CONFLICT, "was taken over by cron@bench");
    FV_FAILS(end(registry, &first, FV_JOB_DONE), FV_CONFLICT, "was taken over by");
    FV_OK(end(registry, &second, FV_JOB_DONE));
    FV_FAILS(end(registry, &second, FV_JOB_FAILED), FV_CONFLICT, "is not running: it is done");
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__that_are_late_but_not_taken_by_another_still_end) {
    fv_registry *registry = open_here();
    fv_job job;
    id made = add(registry, "cells", 0);
    assert_true(take(registry, NULL, &job));
    silence(3600);
    FV_OK(end(registry, &job, FV_JOB_DONE));
    assert_int_equal(state_of(registry, made.at), FV_JOB_DONE);
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__lost_too_often_have_failed) {
    fv_registry *registry = open_here();
    fv_job job;
    fv_job_list list;
    id made = add(registry, "cells", 0), next = add(registry, "cells", 0);
    for (int i = 0; i < 3; i++) {
        assert_true(take(registry, NULL, &job));
        assert_string_equal(job.id, made.at);
        silence(FV_JOB_LEASE_SECONDS + 1);
    }
    assert_true(take(registry, NULL, &job));
    assert_string_equal(job.id, next.at);
    fv_job_row row = row_of(registry, made.at, &list);
    assert_int_equal(row.state, FV_JOB_FAILED);
    assert_string_equal(row.reason, "lost 3 times: whoever had it was killed, or hung");
    fv_job_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__do_not_hold_for_ever_when_the_clock_is_set_back) {
    fv_registry *registry = open_here();
    fv_job job;
    add(registry, "cells", 0);
    assert_true(take(registry, NULL, &job));
    silence(-86400);
    assert_true(take(registry, NULL, &job));
    assert_int_equal(job.attempt, 2);
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__put_back_wait_and_do_not_count_the_attempt) {
    fv_registry *registry = open_here();
    fv_job job, again;
    add(registry, "cells", 0);
    assert_true(take(registry, NULL, &job));
    FV_OK(fv_job_put_back(registry, &job, "{\"step\":7}", now_ms + 1000));
    assert_false(take(registry, NULL, &again));
    silence(1);
    assert_true(take(registry, NULL, &again));
    assert_int_equal(again.attempt, 1);
    FV_FAILS(fv_job_renew(registry, &job, NULL, NULL), FV_CONFLICT, "was taken over");
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__cancelled_stop_at_once_when_they_wait_and_by_their_holder_when_they_run) {
    fv_registry *registry = open_here();
    fv_job job;
    bool stop;
    id waiting = add(registry, "a", 0), running = add(registry, "b", 0);
    FV_OK(fv_job_cancel(registry, waiting.at, "not wanted"));
    assert_int_equal(state_of(registry, waiting.at), FV_JOB_CANCELLED);
    assert_true(take(registry, NULL, &job));
    FV_OK(fv_job_renew(registry, &job, NULL, &stop));
    assert_false(stop);
    FV_OK(fv_job_cancel(registry, running.at, "not wanted"));
    FV_OK(fv_job_renew(registry, &job, NULL, &stop));
    assert_true(stop);
    FV_OK(end(registry, &job, FV_JOB_CANCELLED));
    FV_OK(fv_job_cancel(registry, running.at, "again"));
    assert_int_equal(state_of(registry, running.at), FV_JOB_CANCELLED);
    FV_FAILS(fv_job_cancel(registry, "none", NULL), FV_NOT_FOUND, "there is no job none");
    fv_registry_free(registry);
}

FV_TEST(registry_jobs__are_listed_newest_first_by_kind_and_subject_in_pages) {
    fv_registry *registry = open_here();
    fv_job_list list;
    id first = add(registry, "a", 0), second = add(registry, "b", 0), third = add(registry, "a", 0);
    FV_OK(fv_jobs_list(registry, &(fv_jobs_query){ .kind = "retrain", .limit = 2 }, &list));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.at[0].id, third.at);
    assert_string_equal(list.at[1].id, second.at);
    assert_null(list.at[0].key);
    assert_null(list.at[0].run);
    fv_job_list_release(&list);
    FV_OK(fv_jobs_list(registry, &(fv_jobs_query){ .subject = "a", .before = third.at }, &list));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.at[0].id, first.at);
    fv_job_list_release(&list);
    FV_OK(fv_jobs_list(registry, &(fv_jobs_query){ .kind = "sweep" }, &list));
    assert_int_equal(list.count, 0);
    fv_job_list_release(&list);
    fv_registry_free(registry);
}

/* Several processes take all there is; every job is had once. */
FV_TEST(registry_jobs__are_taken_once_by_processes_that_come_at_once) {
    const char *folder = fv_test_folder();
    fv_registry *registry;
    pid_t children[4];
    int status, taken = 0;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    for (int i = 0; i < 40; i++) {
        char subject[16];
        snprintf(subject, sizeof subject, "%d", i);
        add(registry, subject, 0);
    }
    fv_registry_free(registry);
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i]) continue;
        fv_job job;
        int mine = 0;
        FV_OK(fv_registry_open(folder, NULL, &registry));
        for (; take(registry, NULL, &job); mine++) FV_OK(end(registry, &job, FV_JOB_DONE));
        fv_registry_free(registry);
        _exit(mine);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        taken += WEXITSTATUS(status);
    }
    assert_int_equal(taken, 40);
}

static fv_error *decide(fv_connection *c, void *context) {
    fv_job_now now;
    return fv_job_hold(c, context, &now);
}

FV_TEST(registry_jobs__that_were_taken_over_decide_nothing_any_more) {
    fv_registry *registry = open_here();
    fv_job first, second;
    add(registry, "cells", 0);
    assert_true(take(registry, NULL, &first));
    FV_OK(fv_registry_write(registry, decide, &first));
    silence(FV_JOB_LEASE_SECONDS + 1);
    assert_true(take(registry, NULL, &second));
    FV_FAILS(fv_registry_write(registry, decide, &first), FV_CONFLICT, "was taken over");
    FV_OK(fv_registry_write(registry, decide, &second));
    fv_registry_free(registry);
}
