/* Runs that are searched for: by every kind of condition, in every order, page by page while others come. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "fovea/runs.h"
#include "registry/database.h"
#include "tests/test.h"

static int64_t now_ms = INT64_C(1700000000000);
static int64_t test_clock(void) { return now_ms; }

static fv_registry *open_here(void) {
    fv_registry *registry;
    fv_registry_options options = { .clock = test_clock, .actor = "ann@bench" };
    FV_OK(fv_registry_open(fv_test_folder(), &options, &registry));
    return registry;
}

/* A run of one second, named by its number. */
static fv_run add_run(fv_registry *registry, const char *name, const char *arch, double loss, const char *team) {
    fv_run run;
    fv_key_value param = { "arch", arch }, tag = { "team", team };
    fv_metric_point points[] = { { .key = "loss", .value = loss + 1, .step = 1, .direction = -1 },
                                 { .key = "loss", .value = loss - 1, .step = 2 },
                                 { .key = "loss", .value = loss, .step = 3 } };
    fv_run_batch batch = { .params = &param,
                           .param_count = arch ? 1 : 0,
                           .tags = &tag,
                           .tag_count = team ? 1 : 0,
                           .metrics = points,
                           .metric_count = 3 };
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = name, .experiment = "cells" }, &run));
    FV_OK(fv_run_log(registry, &run, &batch, NULL));
    now_ms += 1000;
    return run;
}

/* The five that most tests search: their names tell them apart. */
static fv_registry *fill(void) {
    fv_registry *registry = open_here();
    fv_run run = add_run(registry, "a", "resnet18", 0.5, "red");
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    run = add_run(registry, "b", "resnet50", 0.25, NULL);
    FV_OK(fv_run_end(registry, &run, FV_RUN_FAILED, "no memory"));
    run = add_run(registry, "c", NULL, NAN, "blue");
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    add_run(registry, "d", "LeNet", 2, "red"); /* lost */
    now_ms += FV_RUN_LEASE_SECONDS * 1000;
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = "e", .kind = FV_RUN_EVAL, .experiment = "cells/e" }, &run));
    return registry;
}

/* The names of what is found, one letter each. */
static fv_error *search(fv_registry *registry, fv_runs_query query, char *out) {
    fv_run_list list;
    FV_TRY(fv_runs_search(registry, &query, &list));
    for (int64_t i = 0; i < list.count; i++) *out++ = *list.rows[i].name;
    *out = 0;
    fv_run_list_release(&list);
    return NULL;
}

static void expect(fv_registry *registry, const char *filter, const char *order, const char *names) {
    char found[100];
    FV_OK(search(registry, (fv_runs_query){ .filter = filter, .order_by = order }, found));
    if (strcmp(found, names) != 0) fail_msg("%s | %s found %s, and not %s", filter, order, found, names);
}

FV_TEST(registry_search__every_kind_of_condition_finds_its_runs) {
    fv_registry *registry = fill();
    static const char *const cases[][2] = {
        { NULL, "edcba" },
        { "metrics.loss > 0.25", "da" },
        { "metrics.loss >= 0.25", "dba" },
        { "metrics.loss < 0.5", "b" },
        { "metrics.loss = 0.5", "a" },
        { "metrics.loss != 0.5", "dcb" }, /* what is not a number is not 0.5 */
        { "metrics.loss is null", "ec" },
        { "metrics.loss is not null", "dba" },
        { "metrics.nothing > 0", "" },
        { "best_metrics.loss <= -0.5", "ba" },
        { "min_metrics.loss = 1", "d" },
        { "max_metrics.loss > 1.4", "da" },
        { "params.arch = 'resnet18'", "a" },
        { "params.arch != 'resnet18'", "db" }, /* of those that have it */
        { "params.arch is null", "ec" },
        { "params.arch LIKE 'resnet%'", "ba" },
        { "params.arch LIKE '%Net'", "d" },
        { "params.arch ILIKE 'lenet'", "d" },
        { "params.arch LIKE 'resnet_8'", "a" },
        { "params.arch LIKE '*'", "" },
        { "params.arch IN ('LeNet', 'resnet50')", "db" },
        { "tags.team = 'red'", "da" },
        { "tags.team != 'red'", "c" },
        { "tags.team = 'red' and metrics.loss > 1", "d" },
        { "metrics.loss > 0 and metrics.loss < 1", "ba" },
        { "status = 'FINISHED'", "ca" },
        { "status != 'finished'", "edb" },
        { "status = 'lost'", "d" },
        { "status = 'running'", "e" },
        { "status in ('RUNNING', 'FAILED')", "eb" },
        { "run_name = 'a'", "a" },
        { "attributes.kind = 'eval'", "e" },
        { "start_time < 1700000001500", "ba" },
        { "start_time >= '2023-11-14 22:13:22'", "edc" },
        { "end_time is null", "ed" },
        { "experiment_name like '%/e'", "e" },
        { "user_id = 'ann'", "edcba" },
        { "run_id = 'x'' OR 1 --'", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) expect(registry, cases[i][0], NULL, cases[i][1]);
    fv_registry_free(registry);
}

FV_TEST(registry_search__what_has_no_value_comes_last_whichever_the_direction) {
    fv_registry *registry = fill();
    expect(registry, NULL, "metrics.loss", "badce"); /* what is no number before what is nothing */
    expect(registry, NULL, "metrics.loss DESC", "dabce");
    expect(registry, NULL, "params.arch", "dabec");
    expect(registry, NULL, "tags.team, metrics.loss desc", "cdabe");
    expect(registry, NULL, "attributes.start_time asc", "abcde");
    expect(registry, NULL, "status, run_name desc", "bcade");
    expect(registry, "metrics.loss > 0", "metrics.loss", "bad");
    fv_registry_free(registry);
}

FV_TEST(registry_search__is_of_an_experiment_and_those_below_it) {
    fv_registry *registry = fill();
    char found[100];
    FV_OK(search(registry, (fv_runs_query){ .experiment = "cells" }, found));
    assert_string_equal(found, "edcba");
    FV_OK(search(registry, (fv_runs_query){ .experiment = "cells/e" }, found));
    assert_string_equal(found, "e");
    FV_FAILS(search(registry, (fv_runs_query){ .experiment = "cell" }, found), FV_NOT_FOUND, "no experiment cell");
    fv_registry_free(registry);
}

FV_TEST(registry_search__deleted_runs_are_found_only_by_who_asks_for_them) {
    fv_registry *registry = fill();
    fv_run_list list;
    char found[100];
    FV_OK(fv_run_find(registry, "b", &list));
    FV_OK(fv_run_delete(registry, list.rows[0].id));
    fv_run_list_release(&list);
    FV_OK(search(registry, (fv_runs_query){ 0 }, found));
    assert_string_equal(found, "edca");
    FV_OK(search(registry, (fv_runs_query){ .deleted = 1 }, found));
    assert_string_equal(found, "b");
    FV_OK(search(registry, (fv_runs_query){ .deleted = 2 }, found));
    assert_string_equal(found, "edcba");
    fv_registry_free(registry);
}

FV_TEST(registry_search__a_row_has_all_that_is_known_of_its_run) {
    fv_registry *registry = fill();
    fv_run_list list;
    FV_OK(fv_runs_search(registry, &(fv_runs_query){ .filter = "run_name = 'a'" }, &list));
    const fv_run_row *row = &list.rows[0];
    assert_int_equal(list.count, 1);
    assert_null(list.next);
    assert_string_equal(row->params[0].key, "arch");
    assert_string_equal(row->tags[0].value, "red");
    assert_true(row->metrics[0].last == 0.5 && row->metrics[0].best == -0.5 && row->metrics[0].best_step == 2);
    fv_run_list_release(&list);
    fv_registry_free(registry);
}

/* ---- pages ---- */

/* The names on all pages of `limit` runs. */
static void read_pages(fv_registry *registry, const char *order, int64_t limit, char *out) {
    char *after = NULL;
    for (;;) {
        fv_run_list list;
        FV_OK(fv_runs_search(registry, &(fv_runs_query){ .order_by = order, .limit = limit, .after = after }, &list));
        for (int64_t i = 0; i < list.count; i++) *out++ = *list.rows[i].name;
        free(after);
        after = list.next ? strdup(list.next) : NULL;
        fv_run_list_release(&list);
        if (!after) break;
    }
    *out = 0;
}

FV_TEST(registry_search__pages_put_together_are_the_whole_in_every_order) {
    static const char *const orders[] = { NULL,
                                          "metrics.loss",
                                          "metrics.loss desc",
                                          "params.arch",
                                          "tags.team, metrics.loss",
                                          "tags.team desc, params.arch desc, status",
                                          "end_time",
                                          "experiment desc" };
    fv_registry *registry = fill();
    char whole[100], pages[100];
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        FV_OK(search(registry, (fv_runs_query){ .order_by = orders[i] }, whole));
        for (int64_t limit = 1; limit <= 6; limit++) {
            read_pages(registry, orders[i], limit, pages);
            assert_string_equal(pages, whole);
        }
    }
    fv_registry_free(registry);
}

FV_TEST(registry_search__a_page_is_gone_on_with_by_the_same_search_only) {
    fv_registry *registry = fill();
    fv_run_list list, other;
    FV_OK(fv_runs_search(registry, &(fv_runs_query){ .order_by = "metrics.loss", .limit = 2 }, &list));
    char *next = strdup(list.next);
    fv_run_list_release(&list);
    const char *wrong = "is of another search";
    FV_FAILS(fv_runs_search(registry, &(fv_runs_query){ .after = next }, &other), FV_USAGE, wrong);
    FV_FAILS(fv_runs_search(registry, &(fv_runs_query){ .order_by = "metrics.loss", .filter = "status = 'x'", .after = next },
                            &other),
             FV_USAGE, wrong);
    fv_runs_query same = { .order_by = "metrics.loss", .after = next };
    next[strlen(next) - 1] ^= 1;
    FV_FAILS(fv_runs_search(registry, &same, &other), FV_USAGE, wrong);
    same.after = "";
    FV_FAILS(fv_runs_search(registry, &same, &other), FV_USAGE, wrong);
    free(next);
    fv_registry_free(registry);
}

/* ---- many, while others come ---- */

#define MANY 10000

/* In one statement: 10,000 synced starts take a minute. */
static fv_error *add_many(fv_connection *c, void *context) {
    (void)context;
    return fv_connection_execute(c, "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
                                    " INSERT INTO run (uuid, experiment_id, name, kind, status, started_ms, ended_ms)"
                                    " SELECT printf('%032x', i), 0, 'many', 'train', 'finished', 1600000000000 + i / 7, 0"
                                    " FROM n");
}

typedef struct inserter {
    fv_registry *registry;
    atomic_bool stop;
    int64_t added;
} inserter;

static void *insert_runs(void *context) {
    inserter *in = context;
    for (fv_run run; !atomic_load(&in->stop); in->added++)
        FV_OK(fv_run_start(in->registry, &(fv_run_options){ .name = "new" }, &run));
    return NULL;
}

FV_TEST(registry_search__ten_thousand_runs_are_paged_without_gap_or_repeat_while_others_come) {
    static const char *const orders[] = { NULL, "start_time", "run_name, start_time" };
    fv_registry *registry = open_here();
    static char seen[MANY];
    inserter in = { .registry = registry };
    pthread_t thread;
    FV_OK(fv_registry_write(registry, add_many, NULL));
    assert_int_equal(pthread_create(&thread, NULL, insert_runs, &in), 0);
    for (int o = 0; o < 3; o++) {
        char *after = NULL;
        int64_t found = 0;
        memset(seen, 0, sizeof seen);
        do {
            fv_run_list list;
            FV_OK(fv_runs_search(registry, &(fv_runs_query){ .order_by = orders[o], .limit = 500, .after = after }, &list));
            for (int64_t i = 0; i < list.count; i++) {
                if (strcmp(list.rows[i].name, "many") != 0) continue;
                int64_t number = strtoll(list.rows[i].id, NULL, 16);
                assert_in_range(number, 0, MANY - 1);
                assert_int_equal(seen[number], 0);
                seen[number] = 1;
                found++;
            }
            free(after);
            after = list.next && found < MANY ? strdup(list.next) : NULL;
            fv_run_list_release(&list);
        } while (after);
        assert_int_equal(found, MANY);
    }
    atomic_store(&in.stop, true);
    pthread_join(thread, NULL);
    assert_true(in.added > 0);
    fv_registry_free(registry);
}
