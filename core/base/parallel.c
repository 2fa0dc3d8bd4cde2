/* parallel.c - the team of threads. A call makes a job: a counter from which every thread of the team takes the next few units
 * until none is left. Who takes which is left to chance, which nobody can see: units write disjoint memory.
 *
 * The caller works too, and at the end waits for those workers only that have begun. One that comes late, because the system
 * runs something else on its core, finds the job closed and is not missed: on a busy machine a team is as fast as the cores it
 * gets, where a barrier would wait for each of its threads at every loop. Idle threads look for work for some microseconds, the
 * usual distance to the next loop, and then sleep; longer when somebody says that there will be some.
 *
 * Where a worker slept on the core that the caller has by now, it is woken elsewhere: the system looks for an idle core only
 * where it thinks that there is one, which behind a busy moment it does not, and would have both take turns for milliseconds.
 *
 * Only one caller at a time has the team. A call from inside a unit, and a call while another thread's call runs, do their
 * units on the calling thread: nothing ever waits for the team, so nothing can wait in a circle. A child made by fork has no
 * workers and does all units itself. */
#include "core/base/parallel.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/size.h"

#define UNITS_A_TAKE 8 /* each thread comes back for more about this many times: even load, few trips to the counter */
#define LOOKS 1000     /* of an idle thread before it sleeps: 10 to 50 microseconds */
#define EXPECTED 100   /* times as many while work is expected */

typedef struct job {
    fv_unit run;
    void *context;
    int64_t units, step;
    int threads; /* workers with higher numbers keep out */
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

/* ---- the team ---- */

#define CLOSED (1U << 31)   /* of the gate: nobody may enter */
#define WAITING (1U << 30)  /* the caller sleeps until the last worker has left */
#define COUNT (WAITING - 1) /* workers inside */

static struct {
    _Alignas(64) _Atomic uint32_t generation; /* moves with every job: what idle workers watch */
    _Atomic uint32_t sleepers, expecting;
    _Alignas(64) _Atomic uint32_t gate;
    job *job; /* belongs to who is inside the gate, and to the caller */
    int size; /* threads, the caller included; worker t has number t, from 1. The caller's */
} team = { .gate = CLOSED, .size = 1 };

static inline void look_again(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Sleeps while `word` is `value`. */
static void sleep_on(_Atomic uint32_t *word, uint32_t value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake(_Atomic uint32_t *word, int threads) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0); }

/* ---- cores ---- */

#define NO_CORE (-1)

/* Of worker t: the core that it sleeps on, and the one that it was told to keep off when it was last woken. */
static _Atomic int slept_on[FV_MAX_THREADS], kept_off[FV_MAX_THREADS];
static _Atomic pid_t ids[FV_MAX_THREADS]; /* 0: not there yet */
static _Atomic pid_t owner;               /* the process whose threads they are */
static atomic_flag parting = ATOMIC_FLAG_INIT;

/* Takes a core from those that a thread (0: the caller) may use, or gives it back. A thread keeps one at least. */
static void change_core(pid_t thread, int core, bool allowed) {
    cpu_set_t sets[8]; /* one holds 1024 cores */
    if (core >= (int)sizeof sets * 8 || sched_getaffinity(thread, sizeof sets, sets)) return;
    if (allowed)
        CPU_SET_S((size_t)core, sizeof sets, sets);
    else
        CPU_CLR_S((size_t)core, sizeof sets, sets);
    if (CPU_COUNT_S(sizeof sets, sets) > 0) (void)sched_setaffinity(thread, sizeof sets, sets);
}

/* Sleepers keep off the caller's core. Two callers do not do so at once, and a core is taken before that is said: otherwise it
 * might not be given back. A worker that was about to wake by itself gives it back when it is done with that. */
static void keep_apart(void) {
    int here = sched_getcpu();
    if (here < 0 || getpid() != atomic_load(&owner) || atomic_flag_test_and_set(&parting)) return;
    for (int t = 1; t < FV_MAX_THREADS && atomic_load(&ids[t]); t++) {
        if (atomic_load(&slept_on[t]) != here || atomic_load(&kept_off[t]) != NO_CORE) continue;
        change_core(atomic_load(&ids[t]), here, false);
        atomic_store(&kept_off[t], here);
    }
    atomic_flag_clear(&parting);
}

/* Worker `thread` is awake: it may go where it could before. */
static void forget_cores(int thread) {
    atomic_store(&slept_on[thread], NO_CORE);
    int core = atomic_load(&kept_off[thread]);
    if (core == NO_CORE) return;
    change_core(0, core, true);
    atomic_store(&kept_off[thread], NO_CORE);
}

/* ---- workers ---- */

static uint32_t next_generation(int thread, uint32_t seen) {
    if (atomic_load(&kept_off[thread]) != NO_CORE) forget_cores(thread);
    for (int times = 0; times == 0 || (times < EXPECTED && atomic_load(&team.expecting)); times++) {
        if (times) sched_yield();
        for (int look = 0; look < LOOKS; look++, look_again())
            if (atomic_load_explicit(&team.generation, memory_order_relaxed) != seen) return atomic_load(&team.generation);
    }
    atomic_store(&slept_on[thread], sched_getcpu());
    atomic_fetch_add(&team.sleepers, 1);
    while (atomic_load(&team.generation) == seen) sleep_on(&team.generation, seen);
    atomic_fetch_sub(&team.sleepers, 1);
    forget_cores(thread);
    return atomic_load(&team.generation);
}

static bool enter(void) {
    uint32_t gate = atomic_load_explicit(&team.gate, memory_order_relaxed);
    while (!(gate & CLOSED))
        if (atomic_compare_exchange_weak_explicit(&team.gate, &gate, gate + 1, memory_order_acquire, memory_order_relaxed))
            return true;
    return false;
}

static void leave(void) {
    uint32_t before = atomic_fetch_sub_explicit(&team.gate, 1, memory_order_release);
    if ((before & WAITING) && (before & COUNT) == 1) wake(&team.gate, 1);
}

static void *worker(void *number) {
    int thread = (int)(intptr_t)number;
    slept_on[thread] = kept_off[thread] = NO_CORE;
    atomic_store(&ids[thread], (pid_t)syscall(SYS_gettid));
    for (uint32_t seen = 0;;) {
        seen = next_generation(thread, seen);
        if (!enter()) continue;
        if (thread < team.job->threads) work(team.job, thread);
        leave();
    }
    return NULL;
}

/* Brings the team to `threads`, or to as many as the system gives: fewer only take more units each. Workers take no signals. */
static void ensure_team(int threads) {
    sigset_t all, before;
    pthread_attr_t detached;
    if (team.size >= threads || pthread_attr_init(&detached)) return;
    if (atomic_load(&owner) != getpid()) { /* the first workers, or those of a child: no others' cores are touched */
        for (int t = 1; t < FV_MAX_THREADS; t++) atomic_store(&ids[t], 0);
        atomic_store(&owner, getpid());
    }
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (pthread_t thread; team.size < threads; team.size++)
        if (pthread_create(&thread, &detached, worker, (void *)(intptr_t)team.size)) break;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
}

static void wait_for_workers(void) {
    uint32_t gate = atomic_fetch_or_explicit(&team.gate, CLOSED, memory_order_acquire);
    for (int look = 0; look < LOOKS && (gate & COUNT); look++, look_again())
        gate = atomic_load_explicit(&team.gate, memory_order_acquire);
    if (gate & COUNT) gate = atomic_fetch_or_explicit(&team.gate, WAITING, memory_order_acquire) | WAITING;
    while (gate & COUNT) {
        sleep_on(&team.gate, gate);
        gate = atomic_load_explicit(&team.gate, memory_order_acquire);
    }
}

/* Whoever looks sees it, whoever sleeps wakes up. */
static void call_workers(void) {
    atomic_fetch_add(&team.generation, 1);
    if (!atomic_load(&team.sleepers)) return;
    keep_apart();
    wake(&team.generation, INT_MAX);
}

static void run_on_team(job *job) {
    ensure_team(job->threads);
    team.job = job;
    atomic_store_explicit(&team.gate, 0, memory_order_release);
    call_workers();
    work(job, 0);
    wait_for_workers();
}

/* The gate stays as it is: a worker that finds nothing behind it looks on. */
void fv_parallel_expect(void) {
    atomic_fetch_add(&team.expecting, 1);
    if (atomic_load(&team.sleepers)) call_workers();
}

void fv_parallel_rest(void) { atomic_fetch_sub(&team.expecting, 1); }

void fv_serial_for(int64_t units, fv_unit run, void *context) {
    work(&(job){ .run = run, .context = context, .units = units, .step = fv_max(units, 1) }, fv_max(inside, 0));
}

void fv_parallel_for(int64_t units, fv_unit run, void *context) {
    int threads = inside >= 0 ? 1 : fv_parallel_threads();
    if (threads == 1 || units <= 1 || atomic_flag_test_and_set_explicit(&team_taken, memory_order_acquire)) {
        fv_serial_for(units, run, context);
        return;
    }
    job job = { .run = run, .context = context, .units = units, .threads = threads };
    job.step = fv_max(units / ((int64_t)threads * UNITS_A_TAKE), 1);
    run_on_team(&job);
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

fv_share fv_share_of(int64_t batch, int shards, int ranks, int rank) {
    bool whole = ranks == 1;
    for (int r = 0; r < ranks && !whole; r++) {
        int first = fv_rank_shard(shards, ranks, r), end = fv_rank_shard(shards, ranks, r + 1);
        whole = fv_shard_begin(batch, shards, end) - fv_shard_begin(batch, shards, first) < 2;
    }
    if (whole) return (fv_share){ 0, batch, true };
    int64_t first = fv_shard_begin(batch, shards, fv_rank_shard(shards, ranks, rank));
    return (fv_share){ first, fv_shard_begin(batch, shards, fv_rank_shard(shards, ranks, rank + 1)) - first, false };
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
