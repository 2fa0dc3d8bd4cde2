/* parallel.h - one team of threads for the compute in a process, and the fixed tree that makes sums independent of it.
 *
 * fv_parallel_for hands out work units 0…units−1; what a unit is must not depend on the number of threads, so that the same
 * bits come out on any team. Units of one call must write disjoint memory.
 *
 * A call from inside a unit, or while another thread's call has the team, runs its units on the calling thread. After the first
 * call of a size nothing is allocated.
 *
 * Threads of the team that have nothing to do sleep after some microseconds, and are woken late on a busy machine, and slowly
 * by one whose core sleeps too. Who knows that loops come soon says so, as a plan's run does: fv_parallel_expect wakes them,
 * and they look for work until fv_parallel_rest, but not for more than some milliseconds in vain, and go behind whoever else
 * wants their core. A worker that sleeps on the caller's core is woken on another: that core is taken from its affinity until
 * then. */
#ifndef FV_BASE_PARALLEL_H
#define FV_BASE_PARALLEL_H

#include <stdbool.h>

#include "fovea/error.h"

/* thread: 0…fv_parallel_threads()−1, for scratch of its own */
typedef void (*fv_unit)(void *context, int64_t unit, int thread);

void fv_parallel_for(int64_t units, fv_unit run, void *context);
/* The same by the calling thread alone: for work that is done before the team is awake (some microseconds). */
void fv_serial_for(int64_t units, fv_unit run, void *context);

/* In pairs, by any thread, several at once too. They change no result. */
void fv_parallel_expect(void);
void fv_parallel_rest(void);

/* The number of threads of the team; default: the cores this process may use (affinity and cgroup quota). Set it from one
 * thread while no parallel-for runs. Refused below 1 or above FV_MAX_THREADS. */
#define FV_MAX_THREADS 256
int fv_parallel_threads(void);
FV_MUST_USE fv_error *fv_parallel_set_threads(int threads);

/* Rows [begin, end) of shard s of `shards` over `count` rows: ⌊s·count/shards⌋ … ⌊(s+1)·count/shards⌋. */
static inline int64_t fv_shard_begin(int64_t count, int shards, int s) { return (int64_t)s * count / shards; }

/* Ranks (processes that compute one batch together) hold runs of shards: rank r of R has ⌊r·shards/R⌋ … ⌊(r+1)·shards/R⌋. */
static inline int fv_rank_shard(int shards, int ranks, int rank) { return (int)((int64_t)rank * shards / ranks); }

/* The rows of a batch that a rank holds: those of its shards. A batch that would leave a rank with less than two rows is held,
 * and computed, as a whole by every rank: a single row is what broadcasting takes for none. */
typedef struct fv_share {
    int64_t first, rows;
    bool whole; /* every rank has all rows */
} fv_share;
fv_share fv_share_of(int64_t batch, int shards, int ranks, int rank); /* 1 ≤ ranks ≤ shards */

/* Joins `count` partial results by the fixed binary tree (stride 1, 2, 4, …: part[i] += part[i + stride]) into part 0. Parts
 * are `length` elements each, `stride` elements apart. */
void fv_tree_sum_f32(float *parts, int count, int64_t length, int64_t stride);
void fv_tree_sum_f64(double *parts, int count, int64_t length, int64_t stride);

#endif
