/* The team: every unit once, whatever the team; nested and concurrent calls; sums by the fixed tree. */
#include "tests/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"

enum { UNITS = 1000 };
static const int teams[] = { 1, 2, 7, 2, 16, 1 };
enum { TEAMS = sizeof teams / sizeof *teams };

typedef struct counts {
    _Atomic int hits[UNITS];
    _Atomic int bad_threads;
} counts;

static void hit(void *context, int64_t unit, int thread) {
    counts *all = context;
    all->hits[unit]++;
    if (thread < 0 || thread >= fv_parallel_threads()) all->bad_threads++;
}

FV_TEST(base_parallel__every_unit_runs_once_on_any_team) {
    static const int64_t sizes[] = { 0, 1, 2, 3, 15, 16, 17, 999, 1000 };
    static counts all;
    for (int t = 0; t < TEAMS; t++) {
        FV_OK(fv_parallel_set_threads(teams[t]));
        assert_int_equal(fv_parallel_threads(), teams[t]);
        for (int s = 0; s < 9; s++) {
            memset(&all, 0, sizeof all);
            fv_parallel_for(sizes[s], hit, &all);
            for (int i = 0; i < UNITS; i++) assert_int_equal(all.hits[i], i < sizes[s]);
            assert_int_equal(all.bad_threads, 0);
        }
    }
    fv_parallel_for(-5, hit, &all);
    assert_int_equal(all.bad_threads, 0);
}

static void write_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    ((int64_t *)context)[unit] = unit * unit; /* plain memory: what units write is seen after the call */
}

FV_TEST(base_parallel__what_units_wrote_is_seen_after_the_call) {
    static int64_t squares[UNITS];
    FV_OK(fv_parallel_set_threads(4));
    for (int round = 0; round < 200; round++) {
        memset(squares, 0, sizeof squares);
        fv_parallel_for(UNITS, write_unit, squares);
        for (int64_t i = 0; i < UNITS; i++) assert_int_equal(squares[i], i * i);
    }
}

typedef struct nest {
    _Atomic int64_t sum;
    _Atomic int moved; /* inner units that ran on another thread than their outer unit */
} nest;

typedef struct inner_context {
    nest *nest;
    int thread;
} inner_context;

static void inner(void *context, int64_t unit, int thread) {
    inner_context *inside = context;
    inside->nest->sum += unit;
    if (thread != inside->thread) inside->nest->moved++;
}

static void outer(void *context, int64_t unit, int thread) {
    (void)unit;
    inner_context inside = { context, thread };
    fv_parallel_for(10, inner, &inside);
}

FV_TEST(base_parallel__a_call_from_inside_a_unit_stays_on_its_thread) {
    for (int t = 0; t < TEAMS; t++) {
        nest all = { 0 };
        FV_OK(fv_parallel_set_threads(teams[t]));
        fv_parallel_for(50, outer, &all);
        assert_int_equal(all.sum, 50 * 45);
        assert_int_equal(all.moved, 0);
    }
}

static void *call_often(void *context) {
    for (int round = 0; round < 100; round++) fv_parallel_for(100, hit, context);
    return NULL;
}

FV_TEST(base_parallel__callers_on_several_threads_do_not_disturb_each_other) {
    static counts all[4];
    pthread_t callers[4];
    FV_OK(fv_parallel_set_threads(3));
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&callers[i], NULL, call_often, &all[i]), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(callers[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        for (int unit = 0; unit < UNITS; unit++) assert_int_equal(all[i].hits[unit], unit < 100 ? 100 : 0);
}

FV_TEST(base_parallel__refuses_absurd_teams_and_has_a_default) {
    int threads = fv_parallel_threads();
    assert_in_range(threads, 1, FV_MAX_THREADS);
    FV_FAILS(fv_parallel_set_threads(0), FV_USAGE, "256");
    FV_FAILS(fv_parallel_set_threads(-1), FV_USAGE, "-1");
    FV_FAILS(fv_parallel_set_threads(257), FV_USAGE, "257");
    assert_int_equal(fv_parallel_threads(), threads);
}

FV_TEST(base_parallel__allocates_nothing_after_the_first_call) {
    static counts all;
    FV_OK(fv_parallel_set_threads(3));
    fv_parallel_for(100, hit, &all);
    int64_t before = fv_memory_live();
    for (int i = 0; i < 50; i++) fv_parallel_for(100, hit, &all);
    assert_int_equal(fv_memory_live(), before);
}

static void *expect_often(void *context) {
    for (int round = 0; round < 50; round++) {
        fv_parallel_expect();
        fv_parallel_for(100, hit, context);
        fv_parallel_rest();
    }
    return NULL;
}

FV_TEST(base_parallel__who_expects_work_changes_none) {
    static counts all[3];
    pthread_t callers[3];
    FV_OK(fv_parallel_set_threads(3));
    fv_parallel_expect(); /* with no team yet, maybe, and twice */
    fv_parallel_expect();
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&callers[i], NULL, expect_often, &all[i]), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(callers[i], NULL), 0);
    fv_parallel_rest();
    fv_parallel_rest();
    for (int i = 0; i < 3; i++)
        for (int unit = 0; unit < UNITS; unit++) assert_int_equal(all[i].hits[unit], unit < 100 ? 50 : 0);
}

enum { TEAM = 3 };

typedef struct cores {
    cpu_set_t all;           /* that the process may use */
    _Atomic int whole[TEAM]; /* whether a thread might use all of them when it was last looked at */
} cores;

static void look_at_cores(void *context, int64_t unit, int thread) {
    cores *c = context;
    cpu_set_t mine;
    (void)unit;
    sched_yield();
    if (!sched_getaffinity(0, sizeof mine, &mine)) c->whole[thread] = CPU_EQUAL(&mine, &c->all);
}

static void nap_and_look(cores *c) {
    usleep(1000); /* workers fall asleep */
    fv_parallel_for(100, look_at_cores, c);
}

/* A caller that is where a worker slept has it woken elsewhere, and no more than that: from any core in turn. */
FV_TEST(base_parallel__workers_may_go_wherever_they_might_before) {
    cores c = { .whole = { 0 } };
    assert_int_equal(sched_getaffinity(0, sizeof c.all, &c.all), 0);
    FV_OK(fv_parallel_set_threads(TEAM));
    nap_and_look(&c); /* the team is there */
    for (int core = 0, calls = 0; calls < 64; core = (core + 1) % CPU_SETSIZE) {
        cpu_set_t one;
        if (!CPU_ISSET(core, &c.all)) continue;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        (void)sched_setaffinity(0, sizeof one, &one);
        nap_and_look(&c);
        calls++;
    }
    (void)sched_setaffinity(0, sizeof c.all, &c.all);
    for (int t = 0; t < TEAM; t++) c.whole[t] = 0;
    for (int tries = 0; tries < 10000 && !(c.whole[1] && c.whole[2]); tries++) nap_and_look(&c);
    assert_true(c.whole[0] && c.whole[1] && c.whole[2]);
}

FV_TEST(base_parallel__shards_cut_a_batch_without_gap_or_overlap) {
    assert_int_equal(fv_shard_begin(10, 8, 0), 0);
    assert_int_equal(fv_shard_begin(10, 8, 1), 1);
    assert_int_equal(fv_shard_begin(10, 8, 4), 5);
    assert_int_equal(fv_shard_begin(10, 8, 8), 10);
    for (int64_t count = 0; count < 40; count++)
        for (int s = 0; s < 8; s++) {
            int64_t rows = fv_shard_begin(count, 8, s + 1) - fv_shard_begin(count, 8, s);
            assert_in_range(rows, count / 8, (count + 7) / 8);
        }
}

/* The tree as the header has it, one element at a time. */
static float tree_of(const float *parts, int count, int64_t stride, int64_t element) {
    float values[64];
    for (int i = 0; i < count; i++) values[i] = parts[i * stride + element];
    for (int gap = 1; gap < count; gap *= 2)
        for (int i = 0; i + gap < count; i += 2 * gap) values[i] += values[i + gap];
    return values[0];
}

FV_TEST(base_parallel__tree_sums_have_the_same_bits_on_any_team) {
    enum { LENGTH = 40000, STRIDE = LENGTH + 3, MOST = 9 };
    float *parts, *work;
    FV_OK(fv_memory_new(MOST * STRIDE, &parts));
    FV_OK(fv_memory_new(MOST * STRIDE, &work));
    for (int i = 0; i < MOST * STRIDE; i++) parts[i] = (float)((i * 2654435761U) >> 8) * 1e-3F - 7000;
    for (int count = 1; count <= MOST; count++)
        for (int t = 0; t < 3; t++) {
            FV_OK(fv_parallel_set_threads(teams[t]));
            memcpy(work, parts, sizeof *work * MOST * STRIDE);
            fv_tree_sum_f32(work, count, LENGTH, STRIDE);
            for (int i = 0; i < LENGTH; i++) {
                float expected = tree_of(parts, count, STRIDE, i);
                assert_memory_equal(&work[i], &expected, sizeof expected);
            }
            assert_memory_equal(work + LENGTH, parts + LENGTH, 3 * sizeof *work); /* between the parts nothing is touched */
        }
    fv_memory_free(parts);
    fv_memory_free(work);
}

FV_TEST(base_parallel__tree_sums_of_doubles) {
    double parts[5][2] = { { 1, 0.5 }, { 1e16, 0.25 }, { -1e16, 1 }, { 3, 2 }, { 4, 4 } };
    fv_tree_sum_f64(&parts[0][0], 5, 2, 2);
    assert_true(parts[0][0] == ((1 + 1e16) + (-1e16 + 3)) + 4);
    assert_true(parts[0][1] == 7.75);
    fv_tree_sum_f64(&parts[0][0], 0, 2, 2);
    fv_tree_sum_f64(&parts[0][0], 5, 0, 2);
    assert_true(parts[0][1] == 7.75);
}
