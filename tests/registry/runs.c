/* Runs as they are written: started, logged, taken over, ended; whole batches or none of them. */
#include "fovea/runs.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fovea/care.h"
#include "fovea/objects.h"
#include "registry/metric_summary.h"
#include "tests/test.h"

/* ---- the clock of these tests ---- */

static int64_t now_ms = INT64_C(1700000000000);
static int64_t test_clock(void) { return now_ms; }

static fv_registry *open_here(void) {
    fv_registry *registry;
    fv_registry_options options = { .clock = test_clock, .actor = "ann@bench" };
    FV_OK(fv_registry_open(fv_test_folder(), &options, &registry));
    return registry;
}

static fv_run start_run(fv_registry *registry, const char *name) {
    fv_run run;
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = name }, &run));
    return run;
}

static fv_error *log_one(fv_registry *registry, const fv_run *run, const char *key, double value, int64_t step) {
    fv_metric_point point = { .key = key, .value = value, .step = step };
    return fv_run_log(registry, run, &(fv_run_batch){ .metrics = &point, .metric_count = 1 }, NULL);
}

static fv_error *log_param(fv_registry *registry, const fv_run *run, const char *key, const char *value) {
    fv_key_value param = { key, value };
    return fv_run_log(registry, run, &(fv_run_batch){ .params = &param, .param_count = 1 }, NULL);
}

static fv_error *renew(fv_registry *registry, const fv_run *run) {
    return fv_run_log(registry, run, &(fv_run_batch){ 0 }, NULL);
}

static const fv_run_row *find(fv_registry *registry, const char *id, fv_run_list *list) {
    FV_OK(fv_run_find(registry, id, list));
    assert_int_equal(list->count, 1);
    return &list->rows[0];
}

static fv_run_status status_of(fv_registry *registry, const char *id) {
    fv_run_list list;
    fv_run_status status = find(registry, id, &list)->status;
    fv_run_list_release(&list);
    return status;
}

/* ---- starting and ending ---- */

FV_TEST(registry_runs__one_is_found_as_it_was_started) {
    fv_registry *registry = open_here();
    fv_run run, child;
    fv_run_list list;
    const char *folder = fv_test_folder();
    FV_OK(fv_run_start(
        registry,
        &(fv_run_options){
            .experiment = "cells/first", .name = "resnet18", .kind = FV_RUN_EVAL, .folder = folder, .seed_group = "abc" },
        &run));
    const fv_run_row *row = find(registry, run.id, &list);
    assert_string_equal(row->id, run.id);
    assert_string_equal(row->name, "resnet18");
    assert_string_equal(row->experiment, "cells/first");
    assert_string_equal(row->folder, folder);
    assert_string_equal(row->seed_group, "abc");
    assert_string_equal(row->user, "ann");
    assert_string_equal(row->parent, "");
    assert_int_equal(row->kind, FV_RUN_EVAL);
    assert_int_equal(row->status, FV_RUN_RUNNING);
    assert_int_equal(row->started_ms, now_ms);
    assert_int_equal(row->ended_ms, 0);
    fv_run_list_release(&list);

    FV_OK(fv_run_start(registry, &(fv_run_options){ .parent = run.id }, &child));
    row = find(registry, child.id, &list);
    assert_string_equal(row->parent, run.id);
    assert_string_equal(row->experiment, "Default");
    assert_memory_equal(row->name, "train-", 6);
    fv_run_list_release(&list);
    FV_FAILS(fv_run_start(registry, &(fv_run_options){ .parent = "nobody" }, &child), FV_NOT_FOUND, "there is no run nobody");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__one_that_has_ended_says_how_and_is_written_no_more) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    now_ms += 5000;
    FV_OK(fv_run_end(registry, &run, FV_RUN_FAILED, "the loss is nan"));
    const fv_run_row *row = find(registry, "a", &list);
    assert_int_equal(row->status, FV_RUN_FAILED);
    assert_string_equal(row->error, "the loss is nan");
    assert_int_equal(row->ended_ms - row->started_ms, 5000);
    fv_run_list_release(&list);
    FV_FAILS(log_one(registry, &run, "loss", 1, 1), FV_CONFLICT, "has ended (failed)");
    FV_FAILS(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL), FV_CONFLICT, "has ended (failed)");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__the_newest_run_of_a_folder_is_found) {
    fv_registry *registry = open_here();
    char id[FV_RUN_ID_LETTERS];
    bool found;
    fv_run first, second;
    fv_run_options options = { .folder = fv_test_folder() };
    FV_OK(fv_run_find_folder(registry, options.folder, id, &found));
    assert_false(found);
    FV_OK(fv_run_start(registry, &options, &first));
    FV_OK(fv_run_start(registry, &options, &second));
    FV_OK(fv_run_find_folder(registry, options.folder, id, &found));
    assert_true(found);
    assert_string_equal(id, second.id);
    FV_OK(fv_run_end(registry, &second, FV_RUN_KILLED, NULL));
    FV_OK(fv_run_delete(registry, second.id));
    FV_OK(fv_run_find_folder(registry, options.folder, id, &found));
    assert_string_equal(id, first.id);
    fv_registry_free(registry);
}

FV_TEST(registry_runs__a_name_that_several_have_is_no_answer) {
    fv_registry *registry = open_here();
    fv_run_list list;
    fv_run one = start_run(registry, "twin");
    start_run(registry, "twin");
    FV_FAILS(fv_run_find(registry, "twin", &list), FV_CONFLICT, "several runs are called twin");
    FV_FAILS(fv_run_find(registry, "no", &list), FV_NOT_FOUND, "there is no run no");
    FV_FAILS(fv_run_find(registry, "", &list), FV_NOT_FOUND, "there is no run");
    one.id[12] = 0;
    find(registry, one.id, &list);
    fv_run_list_release(&list);
    fv_registry_free(registry);
}

/* ---- leases ---- */

FV_TEST(registry_runs__without_its_lease_it_is_lost_and_the_holder_may_still_come_back) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    now_ms += FV_RUN_LEASE_SECONDS * 1000 - 1;
    assert_int_equal(status_of(registry, run.id), FV_RUN_RUNNING);
    now_ms += 1;
    assert_int_equal(status_of(registry, run.id), FV_RUN_LOST);
    FV_OK(renew(registry, &run));
    assert_int_equal(status_of(registry, run.id), FV_RUN_RUNNING);
    fv_registry_free(registry);
}

FV_TEST(registry_runs__who_lost_it_to_another_is_fenced_off) {
    fv_registry *registry = open_here();
    fv_run first = start_run(registry, "a"), second;
    FV_FAILS(fv_run_resume(registry, first.id, &second), FV_BUSY, "ann@bench, process");
    now_ms += FV_RUN_LEASE_SECONDS * 1000;
    FV_OK(fv_run_resume(registry, first.id, &second));
    assert_true(second.fence > first.fence);
    FV_FAILS(log_one(registry, &first, "loss", 1, 1), FV_CONFLICT, "was taken over by ann@bench");
    FV_FAILS(fv_run_end(registry, &first, FV_RUN_FINISHED, NULL), FV_CONFLICT, "was taken over");
    FV_OK(log_one(registry, &second, "loss", 1, 1));
    FV_OK(fv_run_end(registry, &second, FV_RUN_FINISHED, NULL));
    FV_FAILS(log_one(registry, &first, "loss", 1, 1), FV_CONFLICT, "taken over by somebody else, who has ended it");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__one_that_has_ended_is_gone_on_with) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    FV_OK(fv_run_end(registry, &run, FV_RUN_FAILED, "no power"));
    FV_OK(fv_run_resume(registry, run.id, &run));
    FV_OK(log_one(registry, &run, "loss", 1, 1));
    const fv_run_row *row = find(registry, run.id, &list);
    assert_int_equal(row->status, FV_RUN_RUNNING);
    assert_string_equal(row->error, "");
    assert_int_equal(row->ended_ms, 0);
    fv_run_list_release(&list);
    FV_FAILS(fv_run_resume(registry, "nobody", &run), FV_NOT_FOUND, "there is no run nobody");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__a_clock_that_was_set_back_holds_nobody_up) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a"), other;
    fv_run_list list;
    now_ms -= 3600 * 1000;
    assert_int_equal(status_of(registry, run.id), FV_RUN_LOST); /* until its holder writes again */
    FV_OK(renew(registry, &run));
    assert_int_equal(status_of(registry, run.id), FV_RUN_RUNNING);
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    const fv_run_row *row = find(registry, run.id, &list);
    assert_int_equal(row->ended_ms, row->started_ms);
    fv_run_list_release(&list);

    run = start_run(registry, "b");
    now_ms -= 3600 * 1000;
    FV_OK(fv_run_resume(registry, run.id, &other)); /* its holder is gone */
    FV_FAILS(renew(registry, &run), FV_CONFLICT, "taken over");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__is_taken_at_once_by_who_knows_that_its_holder_is_gone) {
    fv_registry *registry = open_here();
    fv_run killed, mine;
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = "killed" }, &killed));
    FV_FAILS(fv_run_resume(registry, killed.id, &mine), FV_BUSY, NULL);
    FV_OK(fv_run_take_over(registry, killed.id, &mine));
    FV_OK(fv_run_log(registry, &mine, &(fv_run_batch){ 0 }, NULL));
    FV_FAILS(fv_run_log(registry, &killed, &(fv_run_batch){ 0 }, NULL), FV_CONFLICT, NULL);
    fv_registry_free(registry);
}

FV_TEST(registry_runs__told_to_stop_it_hears_so_with_its_next_batch) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    bool stop = true;
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ 0 }, &stop));
    assert_false(stop);
    FV_OK(fv_run_ask_to_stop(registry, run.id));
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ 0 }, &stop));
    assert_true(stop);
    FV_OK(fv_run_end(registry, &run, FV_RUN_STOPPED, NULL));
    FV_FAILS(fv_run_ask_to_stop(registry, run.id), FV_CONFLICT, "is not running: it is stopped");
    FV_OK(fv_run_resume(registry, run.id, &run));
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ 0 }, &stop));
    assert_false(stop);
    fv_registry_free(registry);
}

/* In another process, with the machine's clock: it starts a run, says its id, and is killed while it holds it. */
FV_TEST(registry_runs__another_process_that_was_killed_still_holds_its_lease_and_then_no_more) {
    const char *folder = fv_test_folder();
    int pipes[2];
    fv_run run = { 0 };
    fv_registry *registry;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (!child) {
        FV_OK(fv_registry_open(folder, NULL, &registry));
        run = start_run(registry, "a");
        if (write(pipes[1], &run, sizeof run) != sizeof run) _exit(1);
        for (;;) FV_OK(renew(registry, &run));
    }
    assert_int_equal(read(pipes[0], &run, sizeof run), sizeof run);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    fv_registry_options options = { .clock = test_clock };
    now_ms = (int64_t)time(NULL) * 1000 + 2000;
    FV_OK(fv_registry_open(folder, &options, &registry));
    char process[32];
    fv_run mine;
    snprintf(process, sizeof process, "process %ld", (long)child);
    FV_FAILS(fv_run_resume(registry, run.id, &mine), FV_BUSY, process);
    now_ms += FV_RUN_LEASE_SECONDS * 1000;
    FV_OK(fv_run_resume(registry, run.id, &mine));
    fv_registry_free(registry);
}

/* ---- deleting ---- */

FV_TEST(registry_runs__deleted_it_is_there_to_be_restored_and_not_to_be_written) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    FV_FAILS(fv_run_delete(registry, run.id), FV_BUSY, "is being written by");
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    FV_OK(fv_run_delete(registry, run.id));
    assert_true(find(registry, "a", &list)->deleted);
    fv_run_list_release(&list);
    FV_FAILS(fv_run_resume(registry, run.id, &run), FV_CONFLICT, "is deleted");
    FV_OK(fv_run_restore(registry, run.id));
    assert_false(find(registry, "a", &list)->deleted);
    fv_run_list_release(&list);
    FV_OK(fv_run_resume(registry, run.id, &run));
    FV_FAILS(fv_run_delete(registry, "nobody"), FV_NOT_FOUND, "nobody");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__who_was_lost_and_deleted_meanwhile_is_refused) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    now_ms += FV_RUN_LEASE_SECONDS * 1000;
    FV_OK(fv_run_delete(registry, run.id));
    FV_FAILS(renew(registry, &run), FV_CONFLICT, "is deleted");
    fv_registry_free(registry);
}

/* ---- parameters and tags (case TRK-03) ---- */

static const char *value_of(const fv_key_value *pairs, int64_t count, const char *key) {
    for (int64_t i = 0; i < count; i++)
        if (!strcmp(pairs[i].key, key)) return pairs[i].value;
    return NULL;
}

FV_TEST(registry_runs__a_parameter_is_written_once_and_the_same_again_is_no_change) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    FV_OK(log_param(registry, &run, "lr", "0.1"));
    FV_OK(log_param(registry, &run, "lr", "0.1"));
    FV_FAILS(log_param(registry, &run, "lr", "0.2"), FV_CONFLICT, "the parameter lr is 0.1 already, and would become 0.2");
    fv_key_value good[] = { { "lr", "0.1" }, { "wd", "0" } };
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ .params = good, .param_count = 2 }, NULL));
    FV_OK(log_param(registry, &run, "empty", ""));
    const fv_run_row *row = find(registry, "a", &list);
    assert_int_equal(row->param_count, 3);
    assert_string_equal(value_of(row->params, 3, "lr"), "0.1");
    assert_string_equal(value_of(row->params, 3, "wd"), "0");
    assert_string_equal(value_of(row->params, 3, "empty"), "");
    fv_run_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_runs__a_batch_that_is_refused_writes_nothing) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    FV_OK(log_param(registry, &run, "lr", "0.1"));
    fv_key_value clash[] = { { "new", "1" }, { "lr", "9" } }, twice[] = { { "dup", "1" }, { "dup", "2" } };
    fv_key_value tag = { "t", "1" };
    fv_metric_point point = { .key = "k", .value = 1 };
    fv_run_batch batch = {
        .params = clash, .param_count = 2, .metrics = &point, .metric_count = 1, .tags = &tag, .tag_count = 1
    };
    FV_FAILS(fv_run_log(registry, &run, &batch, NULL), FV_CONFLICT, "lr");
    batch.params = twice;
    FV_FAILS(fv_run_log(registry, &run, &batch, NULL), FV_CONFLICT, "dup is 1 already, and would become 2");
    const fv_run_row *row = find(registry, "a", &list);
    assert_int_equal(row->param_count, 1);
    assert_int_equal(row->tag_count, 0);
    assert_int_equal(row->metric_count, 0);
    fv_run_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_runs__keys_and_values_that_are_too_long_or_broken_are_refused) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    static char long_key[252], long_value[8002];
    memset(long_key, 'k', sizeof long_key - 1);
    memset(long_value, 'v', sizeof long_value - 1);
    FV_FAILS(log_param(registry, &run, long_key, "x"), FV_USAGE, "has 251 bytes, and may have 250");
    FV_FAILS(log_param(registry, &run, "", "x"), FV_USAGE, "the key of a parameter is empty");
    FV_FAILS(log_param(registry, &run, "a\nb", "x"), FV_USAGE, "control character");
    FV_FAILS(log_param(registry, &run, "a\xff", "x"), FV_USAGE, "no UTF-8");
    FV_FAILS(log_param(registry, &run, "long", long_value), FV_USAGE, "has 8001 bytes, and may have 6000");
    FV_FAILS(log_param(registry, &run, "none", NULL), FV_USAGE, "none has no value");
    fv_key_value tag = { "long", long_value };
    FV_FAILS(fv_run_log(registry, &run, &(fv_run_batch){ .tags = &tag, .tag_count = 1 }, NULL), FV_USAGE, "may have 8000");
    long_value[8000] = 0;
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ .tags = &tag, .tag_count = 1 }, NULL));
    long_value[6000] = 0;
    FV_OK(log_param(registry, &run, "long", long_value));
    fv_registry_free(registry);
}

FV_TEST(registry_runs__tags_are_replaced_and_removed_by_anyone) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    fv_key_value tag = { "t2", "a" };
    fv_run_batch batch = { .tags = &tag, .tag_count = 1 };
    FV_OK(fv_run_log(registry, &run, &batch, NULL));
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    tag.value = "b";
    FV_OK(fv_run_annotate(registry, run.id, &batch));
    const fv_run_row *row = find(registry, "a", &list);
    assert_int_equal(row->tag_count, 1);
    assert_string_equal(row->tags[0].value, "b");
    fv_run_list_release(&list);
    FV_OK(fv_run_remove_tag(registry, run.id, "t2"));
    FV_FAILS(fv_run_remove_tag(registry, run.id, "t2"), FV_NOT_FOUND, "has no tag t2");
    fv_registry_free(registry);
}

/* ---- metrics (case TRK-02) ---- */

static const fv_metric_summary *metric_of(const fv_run_row *row, const char *key) {
    for (int64_t i = 0; i < row->metric_count; i++)
        if (!strcmp(row->metrics[i].key, key)) return &row->metrics[i];
    fail_msg("no metric %s", key);
    return NULL;
}

static const fv_metric_point acc_points[] = {
    { .key = "acc", .step = 5, .time_ms = 10, .value = 1.0, .direction = 1 },
    { .key = "acc", .step = 5, .time_ms = 10, .value = 5.0 },
    { .key = "acc", .step = 3, .time_ms = 99, .value = 9.0 },
    { .key = "acc", .step = 5, .time_ms = 11, .value = 2.0 },
    { .key = "acc", .step = 7, .time_ms = 1, .value = 0.5 },
    { .key = "acc", .step = 7, .time_ms = 1, .value = 0.25 },
    { .key = "acc", .step = -1, .time_ms = 1, .value = 7.0 },
};
#define ACC_POINTS 7

FV_TEST(registry_runs__the_last_value_is_of_the_largest_step_then_time_then_value) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    fv_metric_history history;
    for (int i = 0; i < ACC_POINTS; i++)
        FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ .metrics = &acc_points[i], .metric_count = 1 }, NULL));
    fv_metric_point six[6];
    for (int i = 0; i < 6; i++) six[i] = (fv_metric_point){ .key = "m", .value = i, .time_ms = 1, .step = i % 3 };
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ .metrics = six, .metric_count = 6 }, NULL));
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ .metrics = six, .metric_count = 6 }, NULL)); /* a client's retry */

    const fv_run_row *row = find(registry, "a", &list);
    const fv_metric_summary *acc = metric_of(row, "acc"), *m = metric_of(row, "m");
    assert_int_equal(acc->count, 7);
    assert_true(acc->last == 0.5 && acc->last_step == 7);
    assert_true(acc->best == 9 && acc->best_step == 3 && acc->max == 9 && acc->min == 0.25 && acc->min_step == 7);
    assert_int_equal(m->count, 6);
    assert_true(m->last == 5 && m->last_step == 2);
    assert_true(isnan(m->best) && m->min == 0 && m->max == 5);
    fv_run_list_release(&list);

    FV_OK(fv_run_history(registry, run.id, "acc", 0, &history));
    static const double in_order[] = { 7, 9, 1, 5, 2, 0.25, 0.5 };
    assert_int_equal(history.count, 7);
    assert_memory_equal(history.values, in_order, sizeof in_order);
    assert_int_equal(history.steps[0], -1);
    assert_int_equal(history.times_ms[6], 1);
    fv_metric_history_release(&history);
    FV_FAILS(fv_run_history(registry, run.id, "nothing", 0, &history), FV_NOT_FOUND, "has no metric nothing");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__nan_and_infinities_are_kept) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_list list;
    fv_metric_history history;
    const double values[] = { NAN, INFINITY, -INFINITY, 1, NAN };
    for (int i = 0; i < 5; i++) FV_OK(log_one(registry, &run, "loss", values[i], i));
    for (int i = 0; i < 2; i++) FV_OK(log_one(registry, &run, "gone", NAN, i));
    const fv_run_row *row = find(registry, "a", &list);
    const fv_metric_summary *loss = metric_of(row, "loss"), *gone = metric_of(row, "gone");
    assert_true(isnan(loss->last) && loss->last_step == 4 && loss->count == 5);
    assert_true(loss->min == -INFINITY && loss->min_step == 2 && loss->max == INFINITY && loss->max_step == 1);
    assert_true(isnan(gone->last) && isnan(gone->min) && isnan(gone->max) && isnan(gone->best) && gone->count == 2);
    fv_run_list_release(&list);
    FV_OK(fv_run_history(registry, run.id, "loss", 0, &history));
    assert_int_equal(history.count, 5);
    assert_true(isnan(history.values[0]) && history.values[1] == INFINITY && history.values[2] == -INFINITY);
    assert_true(history.values[3] == 1 && isnan(history.values[4]));
    fv_metric_history_release(&history);
    fv_registry_free(registry);
}

static void summarise(const int *order, fv_metric_summary *out) {
    int64_t last_ms = 0;
    *out = (fv_metric_summary){ 0 };
    for (int i = 0; i < ACC_POINTS; i++) fv_metric_summary_add(out, &last_ms, &acc_points[order[i]]);
}

static void permute(int *order, int from, const fv_metric_summary *expected) {
    fv_metric_summary got;
    if (from == ACC_POINTS) {
        summarise(order, &got);
        assert_memory_equal(&got, expected, sizeof got);
    }
    for (int i = from; i < ACC_POINTS; i++) {
        int taken = order[i];
        order[i] = order[from], order[from] = taken;
        permute(order, from + 1, expected);
        order[from] = order[i], order[i] = taken;
    }
}

FV_TEST(registry_metric_summary__is_the_same_in_whatever_order_points_come) {
    int order[] = { 0, 1, 2, 3, 4, 5, 6 };
    fv_metric_summary expected;
    summarise(order, &expected);
    assert_true(expected.last == 0.5 && expected.best == 9 && expected.min == 0.25 && expected.max == 9);
    permute(order, 0, &expected);
}

FV_TEST(registry_metric_summary__of_equal_extremes_the_first_step_counts) {
    fv_metric_summary s = { 0 };
    int64_t last_ms = 0;
    const int64_t steps[] = { 4, 2, 9 };
    for (int i = 0; i < 3; i++)
        fv_metric_summary_add(&s, &last_ms, &(fv_metric_point){ .step = steps[i], .value = 3, .direction = -1 });
    assert_int_equal(s.best_step, 2);
    assert_int_equal(s.max_step, 2);
    assert_int_equal(s.last_step, 9);
}

FV_TEST(registry_runs__a_history_that_is_thinned_keeps_its_ends_and_its_extremes) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_metric_history history;
    static fv_metric_point points[1000];
    for (int i = 0; i < 1000; i++)
        points[i] = (fv_metric_point){ .key = "loss", .step = i, .value = i == 333 ? -5 : i == 666 ? 9 : (i % 10) / 10. };
    FV_OK(fv_run_log(registry, &run, &(fv_run_batch){ .metrics = points, .metric_count = 1000 }, NULL));
    FV_OK(fv_run_history(registry, run.id, "loss", 20, &history));
    bool low = false, high = false;
    assert_int_equal(history.count, 20);
    assert_int_equal(history.steps[0], 0);
    assert_int_equal(history.steps[19], 999);
    for (int64_t i = 0; i < history.count; i++) {
        low |= history.values[i] == -5, high |= history.values[i] == 9;
        if (i) assert_in_range(history.steps[i] - history.steps[i - 1], 1, 60);
    }
    assert_true(low && high);
    fv_metric_history_release(&history);
    for (int64_t most = 1; most <= 4; most++) {
        FV_OK(fv_run_history(registry, run.id, "loss", most, &history));
        assert_int_equal(history.count, most);
        assert_int_equal(history.steps[most - 1], 999);
        fv_metric_history_release(&history);
    }
    FV_OK(fv_run_history(registry, run.id, "loss", 5000, &history));
    assert_int_equal(history.count, 1000);
    fv_metric_history_release(&history);
    fv_registry_free(registry);
}

/* ---- files, data sets and experiments ---- */

static void write_file(const char *path, const char *content) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

FV_TEST(registry_runs__files_are_kept_as_they_were_and_replaced_by_their_path) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_files files;
    char source[600], *bytes;
    int64_t length;
    snprintf(source, sizeof source, "%s/report.html", fv_test_folder());
    write_file(source, "first");
    FV_OK(fv_run_keep_file(registry, &run, "report.html", source, "text/html"));
    FV_OK(fv_run_keep_file(registry, &run, "plots/loss.svg", source, NULL));
    write_file(source, "second one");
    FV_OK(fv_run_keep_file(registry, &run, "report.html", source, "text/html"));
    write_file(source, "later, and of no account");
    FV_OK(fv_run_list_files(registry, run.id, &files));
    assert_int_equal(files.count, 2);
    assert_string_equal(files.at[0].path, "plots/loss.svg");
    assert_string_equal(files.at[0].media_type, "");
    assert_int_equal(files.at[0].size, 5);
    assert_string_equal(files.at[1].path, "report.html");
    assert_string_equal(files.at[1].media_type, "text/html");
    FV_OK(fv_object_get(registry, files.at[1].digest, 100, &bytes, &length));
    assert_string_equal(bytes, "second one");
    fv_string_free(bytes);
    fv_run_files_release(&files);
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    FV_FAILS(fv_run_keep_file(registry, &run, "report.html", source, NULL), FV_CONFLICT, "has ended");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__a_path_that_leads_out_of_its_run_is_refused) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    const char *const wrong[] = { "", "/etc/passwd", "a//b", "a/", ".", "..", "../b", "a/../b", "a/./b", "a/.." };
    const char *const right[] = { "...", ".hidden", "a/..b", "a.b/c" };
    char source[600];
    snprintf(source, sizeof source, "%s/x", fv_test_folder());
    write_file(source, "x");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FV_FAILS(fv_run_keep_file(registry, &run, wrong[i], source, NULL), FV_USAGE, "path of a run's file");
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) FV_OK(fv_run_keep_file(registry, &run, right[i], source, NULL));
    FV_FAILS(fv_run_keep_file(registry, &run, "gone", "/nowhere/at/all", NULL), FV_NOT_FOUND, "/nowhere/at/all");
    fv_registry_free(registry);
}

FV_TEST(registry_runs__the_sets_of_samples_that_it_saw_are_listed) {
    fv_registry *registry = open_here();
    fv_run run = start_run(registry, "a");
    fv_run_data_list list;
    char digest[65];
    memset(digest, 'a', 64), digest[64] = 0;
    fv_run_data data = { .digest = digest, .name = "cells", .source = "/data/cells", .role = "test", .samples = 42 };
    FV_OK(fv_run_use_data(registry, &run, &data));
    data.role = "train";
    data.profile = "{\"classes\":2}";
    FV_OK(fv_run_use_data(registry, &run, &data));
    FV_OK(fv_run_use_data(registry, &run, &data));
    FV_OK(fv_run_list_data(registry, run.id, &list));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.at[0].role, "test");
    assert_string_equal(list.at[1].role, "train");
    assert_string_equal(list.at[0].digest, digest);
    assert_string_equal(list.at[0].profile, "{\"classes\":2}"); /* one set, known by its digest */
    assert_string_equal(list.at[1].licence, "");
    assert_int_equal(list.at[1].samples, 42);
    fv_run_data_list_release(&list);
    data.role = "training";
    FV_FAILS(fv_run_use_data(registry, &run, &data), FV_USAGE, "is \"training\", and not train, val or test");
    data.digest = "abc";
    FV_FAILS(fv_run_use_data(registry, &run, &data), FV_USAGE, "64 hexadecimal letters");
    fv_registry_free(registry);
}

FV_TEST(registry_experiments__are_made_by_their_first_run_and_listed_by_name) {
    fv_registry *registry = open_here();
    fv_experiment_list list;
    fv_run run;
    for (int i = 0; i < 3; i++)
        FV_OK(fv_run_start(registry, &(fv_run_options){ .experiment = i ? "cells/second" : "cells" }, &run));
    FV_FAILS(fv_run_start(registry, &(fv_run_options){ .experiment = "" }, &run), FV_USAGE,
             "the name of an experiment is empty");
    FV_OK(fv_experiments_list(registry, false, &list));
    assert_int_equal(list.count, 3);
    assert_string_equal(list.at[0].name, "Default");
    assert_string_equal(list.at[1].name, "cells");
    assert_string_equal(list.at[2].name, "cells/second");
    assert_int_equal(list.at[0].runs, 0);
    assert_int_equal(list.at[1].runs, 1);
    assert_int_equal(list.at[2].runs, 2);
    assert_int_equal(list.at[2].created_ms, now_ms);
    fv_experiment_list_release(&list);
    fv_registry_free(registry);
}

static int64_t count_runs(fv_registry *registry, int deleted) {
    fv_run_list runs;
    FV_OK(fv_runs_search(registry, &(fv_runs_query){ .deleted = deleted }, &runs));
    int64_t count = runs.count;
    fv_run_list_release(&runs);
    return count;
}

FV_TEST(registry_experiments__that_are_deleted_hide_their_runs_until_they_are_restored) {
    fv_registry *registry = open_here();
    fv_experiment_list list;
    fv_run first, second, other, again;
    char found_id[FV_RUN_ID_LETTERS];
    bool found;
    FV_OK(fv_run_start(registry, &(fv_run_options){ .experiment = "cells", .name = "a", .folder = "/x" }, &first));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .experiment = "cells", .name = "b" }, &second));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .experiment = "cells/more", .name = "c" }, &other));
    FV_OK(fv_run_end(registry, &second, FV_RUN_FINISHED, NULL));
    FV_OK(fv_run_delete(registry, second.id));
    FV_FAILS(fv_experiment_delete(registry, "cells"), FV_BUSY, "of the experiment cells is being written by");
    now_ms += 1000 * FV_RUN_LEASE_SECONDS; /* its holder is gone */
    FV_OK(fv_experiment_delete(registry, "cells"));
    FV_OK(fv_experiment_delete(registry, "cells"));

    assert_int_equal(count_runs(registry, 0), 1);
    assert_int_equal(count_runs(registry, 1), 2);
    assert_int_equal(count_runs(registry, 2), 3);
    FV_FAILS(fv_run_start(registry, &(fv_run_options){ .experiment = "cells" }, &again), FV_CONFLICT,
             "the experiment cells is deleted");
    FV_FAILS(fv_run_resume(registry, first.id, &again), FV_CONFLICT, "of an experiment that is deleted");
    FV_FAILS(fv_run_log(registry, &first, &(fv_run_batch){ 0 }, NULL), FV_CONFLICT, "of an experiment that is deleted");
    FV_FAILS(fv_run_restore(registry, second.id), FV_CONFLICT, "of an experiment that is deleted");
    FV_OK(fv_run_find_folder(registry, "/x", found_id, &found));
    assert_false(found);
    FV_OK(fv_experiments_list(registry, false, &list));
    assert_int_equal(list.count, 2);
    fv_experiment_list_release(&list);

    FV_OK(fv_experiment_restore(registry, "cells"));
    assert_int_equal(count_runs(registry, 0), 2); /* "b" was deleted by itself */
    FV_OK(fv_run_resume(registry, first.id, &again));
    fv_audit_rows rows;
    FV_OK(fv_registry_read_log(registry, 0, 10, &rows));
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.at[0].action, "experiment.restore");
    assert_string_equal(rows.at[1].action, "experiment.delete");
    assert_string_equal(rows.at[1].subject, "experiments/cells");
    fv_audit_rows_release(&rows);
    fv_registry_free(registry);
}

FV_TEST(registry_experiments__are_described_and_the_default_one_stays) {
    fv_registry *registry = open_here();
    fv_experiment_list list;
    FV_OK(fv_experiment_describe(registry, "Default", "what has no other place"));
    FV_OK(fv_experiments_list(registry, false, &list));
    assert_string_equal(list.at[0].description, "what has no other place");
    assert_int_equal(list.at[0].updated_ms, now_ms);
    fv_experiment_list_release(&list);
    FV_FAILS(fv_experiment_delete(registry, "Default"), FV_CONFLICT, "the experiment Default is not deleted");
    FV_FAILS(fv_experiment_delete(registry, "cells"), FV_NOT_FOUND, "there is no experiment cells");
    FV_FAILS(fv_experiment_restore(registry, "cells"), FV_NOT_FOUND, "there is no experiment cells");
    FV_FAILS(fv_experiment_describe(registry, "cells", "x"), FV_NOT_FOUND, "there is no experiment cells");
    fv_registry_free(registry);
}
