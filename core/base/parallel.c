/* parallel.c - the team of threads. A call makes a job: a counter from which every thread of the team takes the next few units
 * until none is left. Who takes which is left to chance, which nobody can see: units write disjoint memory.
 *
 * Only one caller at a time has the team. A call from inside a unit, and a call while another thread's call runs, do their
 * units on the calling thread: nothing ever waits for the team, so nothing can wait in a circle. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"

#define UNITS_A_TAKE 8 /* each thread comes back for more about this many times: even load, few trips to the counter */

typedef struct job {
    fv_unit run;
    void *context;
    int64_t units, step;
    _Atomic int64_t next;
} job;

static _Thread_local int inside = -1; /* this thread's number in the team while it runs units, or −1 */
static _Atomic int team_size;         /* 0: not asked for yet */
static atomic_flag team_taken = ATOMIC_FLAG_INIT;

static void work(job *job, int thread) {
    int outer = inside;
    inside = thread;
    for (;;) {
        int64_t begin = atomic_fetch_add_explicit(&job->next, job->step, memory_order_relaxed);
        if (begin >= job->units) break;
        int64_t end = fv_min(job->units, begin + job->step);
        for (int64_t unit = begin; unit < end; unit++) job->run(job->context, unit, thread);
    }
    inside = outer;
}

#ifdef FOVEA_TEAM_PTHREAD

/* Workers wait for `generation` to move, run the job and report back. Everything here is guarded by `lock`. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    pthread_t workers[FV_MAX_THREADS];
    int size;            /* threads in the team, the caller included; worker t has number t, from 1 */
    int asked;           /* the size that was asked for; the system may have given fewer */
    int working;         /* workers that have not finished the current job */
    uint64_t generation; /* of the current job */
    job *job;            /* NULL: stop */
} team = { .lock = PTHREAD_MUTEX_INITIALIZER,
           .start = PTHREAD_COND_INITIALIZER,
           .done = PTHREAD_COND_INITIALIZER,
           .size = 1,
           .asked = 1 };

static void *worker(void *thread_number) {
    int thread = (int)(intptr_t)thread_number;
    pthread_mutex_lock(&team.lock);
    for (uint64_t seen = 0;;) {
        while (team.generation == seen) pthread_cond_wait(&team.start, &team.lock);
        seen = team.generation;
        job *job = team.job;
        if (!job) break;
        pthread_mutex_unlock(&team.lock);
        work(job, thread);
        pthread_mutex_lock(&team.lock);
        if (--team.working == 0) pthread_cond_signal(&team.done);
    }
    pthread_mutex_unlock(&team.lock);
    return NULL;
}

/* Gives every worker the job (NULL: the order to stop), under the lock. */
static void announce(job *job) {
    team.job = job;
    team.working = team.size - 1;
    team.generation++;
    pthread_cond_broadcast(&team.start);
}

static void stop_team(void) {
    pthread_mutex_lock(&team.lock);
    announce(NULL);
    pthread_mutex_unlock(&team.lock);
    for (int t = 1; t < team.size; t++) pthread_join(team.workers[t], NULL);
    team.size = 1;
    team.generation = 0;
}

/* Brings the team to `threads`, or to as many as the system gives: fewer only take more units each. */
static void ensure_team(int threads) {
    if (team.asked == threads) return;
    stop_team();
    team.asked = threads;
    while (team.size < threads && !pthread_create(&team.workers[team.size], NULL, worker, (void *)(intptr_t)team.size))
        team.size++;
}

static void run_on_team(job *job, int threads) {
    ensure_team(threads);
    pthread_mutex_lock(&team.lock);
    announce(job);
    pthread_mutex_unlock(&team.lock);
    work(job, 0);
    pthread_mutex_lock(&team.lock);
    while (team.working) pthread_cond_wait(&team.done, &team.lock);
    pthread_mutex_unlock(&team.lock);
}

#else
#include <omp.h>

static void run_on_team(job *job, int threads) {
#pragma omp parallel num_threads(threads)
    work(job, omp_get_thread_num());
}

#endif

void fv_serial_for(int64_t units, fv_unit run, void *context) {
    work(&(job){ .run = run, .context = context, .units = units, .step = fv_max(units, 1) }, fv_max(inside, 0));
}

void fv_parallel_for(int64_t units, fv_unit run, void *context) {
    int threads = inside >= 0 ? 1 : fv_parallel_threads();
    if (threads == 1 || units <= 1 || atomic_flag_test_and_set_explicit(&team_taken, memory_order_acquire)) {
        fv_serial_for(units, run, context);
        return;
    }
    job job = { .run = run, .context = context, .units = units, .step = fv_max(units / ((int64_t)threads * UNITS_A_TAKE), 1) };
    run_on_team(&job, threads);
    atomic_flag_clear_explicit(&team_taken, memory_order_release);
}

/* The cores' worth of time that the cgroup at `path`, or one above it, allows (version 2: "cpu.max" holds "QUOTA PERIOD" or
 * "max PERIOD"), rounded up; `limit` when none allows less. Cuts `path` short on its way up. */
static int64_t cgroup_limit(char *path, int64_t limit) {
    for (;;) {
        char name[4200];
        snprintf(name, sizeof name, "/sys/fs/cgroup%s/cpu.max", path);
        FILE *file = fopen(name, "re");
        long long quota, period;
        if (file && fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0)
            limit = fv_min(limit, fv_ceil_div(quota, period));
        if (file) fclose(file);
        char *last = strrchr(path, '/');
        if (!last) return limit;
        *last = 0;
    }
}

/* The cores that this process may use: its affinity, and its cgroup's quota (the line "0::PATH" names the cgroup of version 2).
 */
static int usable_cores(void) {
    cpu_set_t sets[8]; /* one holds 1024 cores */
    int64_t cores = sched_getaffinity(0, sizeof sets, sets) == 0 ? CPU_COUNT_S(sizeof sets, sets) : 1;
    FILE *file = fopen("/proc/self/cgroup", "re");
    for (char line[4096]; file && fgets(line, sizeof line, file);) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "0::/", 4) == 0) cores = cgroup_limit(line + (line[4] ? 3 : 4), cores);
    }
    if (file) fclose(file);
    return (int)fv_max(fv_min(cores, FV_MAX_THREADS), 1);
}

int fv_parallel_threads(void) {
    int threads = atomic_load_explicit(&team_size, memory_order_relaxed);
    if (threads) return threads;
    threads = usable_cores();
    int unset = 0;
    return atomic_compare_exchange_strong(&team_size, &unset, threads) ? threads : unset;
}

fv_error *fv_parallel_set_threads(int threads) {
    if (threads < 1 || threads > FV_MAX_THREADS)
        return fv_fail(FV_USAGE, "%d threads: there can be 1 to %d", threads, FV_MAX_THREADS);
    atomic_store_explicit(&team_size, threads, memory_order_relaxed);
    return NULL;
}

/* A sum over parts is done in slices of their length, for all threads; every element sees the same tree. */
#define SLICE 16384

typedef struct tree {
    void *parts;
    int count;
    int64_t length, stride;
} tree;

#define DEFINE_TREE_SUM(name, type)                                                                                            \
    static void name##_slice(void *context, int64_t unit, int thread) {                                                        \
        const tree *sum = context;                                                                                             \
        (void)thread;                                                                                                          \
        int64_t begin = unit * SLICE, end = fv_min(sum->length, begin + SLICE);                                                \
        for (int64_t gap = 1; gap < sum->count; gap *= 2)                                                                      \
            for (int64_t part = 0; part + gap < sum->count; part += 2 * gap) {                                                 \
                type *to = (type *)sum->parts + part * sum->stride;                                                            \
                const type *from = to + gap * sum->stride;                                                                     \
                for (int64_t i = begin; i < end; i++) to[i] += from[i];                                                        \
            }                                                                                                                  \
    }                                                                                                                          \
    void name(type *parts, int count, int64_t length, int64_t stride) {                                                        \
        tree sum = { .parts = parts, .count = count, .length = length, .stride = stride };                                     \
        if (count > 1) fv_parallel_for(fv_ceil_div(length, SLICE), name##_slice, &sum);                                        \
    }

DEFINE_TREE_SUM(fv_tree_sum_f32, float)
DEFINE_TREE_SUM(fv_tree_sum_f64, double)
