/* shards.h - what kernels that sum over the batch ask: which shards are this rank's, where their rows begin, how the partial
 * results of all of them become one. Without ranks (call->split is NULL) that is every shard, and the tree of parallel.h. */
#ifndef FV_COMM_SHARDS_H
#define FV_COMM_SHARDS_H

#include "core/base/parallel.h"
#include "core/comm/comm.h"
#include "core/graph/op.h"

#define FV_SHARDS_MAX 1024

/* The part of a batch that this rank holds. */
typedef struct fv_split {
    fv_comm *comm;
    int64_t batch;       /* rows of all ranks together */
    int64_t first, rows; /* of this one */
} fv_split;

/* Shards fv_shards_first … fv_shards_first + fv_shards_here − 1 are this rank's. */
static inline int fv_shards_first(const fv_call *call) {
    const fv_split *split = call->split;
    return split ? fv_rank_shard(call->shards, split->comm->size, split->comm->rank) : 0;
}
static inline int fv_shards_here(const fv_call *call) {
    const fv_split *split = call->split;
    return split ? fv_rank_shard(call->shards, split->comm->size, split->comm->rank + 1) - fv_shards_first(call) : call->shards;
}

/* The row, of the `rows` that are here, at which a shard begins that is here; or at which the last one ends. */
static inline int64_t fv_shard_row(const fv_call *call, int64_t rows, int64_t shard) {
    const fv_split *split = call->split;
    return split ? fv_shard_begin(split->batch, call->shards, (int)shard) - split->first
                 : fv_shard_begin(rows, call->shards, (int)shard);
}

/* How many there are on all ranks of what is here `count` times: a multiple of the rows here. */
static inline int64_t fv_count_all(const fv_call *call, int64_t count) {
    return call->split ? count / call->split->rows * call->split->batch : count;
}

/* The number, in the whole batch, of element 0 of a tensor whose rows are here. */
static inline int64_t fv_first_element(const fv_call *call, const fv_type *type) {
    return call->split ? call->split->first * (fv_type_count(type) / call->split->rows) : 0;
}

/* Partial results of the shards, `length` numbers at parts + shard·stride, of which the rank's own are there, become their sum,
 * at `parts`, on every rank: the bits of fv_tree_sum over all of them. By the thread that runs the kernel, not in a work unit;
 * what lies at the others' places is overwritten. */
void fv_shards_join_f32(const fv_call *call, float *parts, int64_t length, int64_t stride);
void fv_shards_join_f64(const fv_call *call, double *parts, int64_t length, int64_t stride);
/* For results that are joined otherwise: `bytes` at parts + shard·stride bytes of each shard come to every rank. */
void fv_shards_exchange(const fv_call *call, void *parts, int64_t bytes, int64_t stride);

#endif
