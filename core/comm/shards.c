/* shards.c - partial results of shards joined over ranks. The tree joins shards 0, 1 and 2, 3, then 0, 2 and so on: where every
 * rank's run begins at a multiple of a power of two, each joins groups of so many by itself, and only those sums travel. */
#include "core/comm/shards.h"

#include "core/base/size.h"

/* The largest power of two, up to `shards`, at whose multiples every rank begins. */
static int group_of(int shards, int ranks) {
    int group = 1;
    for (;; group *= 2) {
        bool fits = 2 * group <= shards;
        for (int r = 1; r < ranks && fits; r++) fits = fv_rank_shard(shards, ranks, r) % (2 * group) == 0;
        if (!fits) return group;
    }
}

/* Every `group`-th shard, of the rank that holds it, to all. */
static void exchange(const fv_call *call, void *parts, int group, int64_t bytes, int64_t stride) {
    fv_comm *comm = call->split->comm;
    int64_t begins[FV_RANKS_MAX + 1];
    for (int r = 0; r <= comm->size; r++) begins[r] = fv_ceil_div(fv_rank_shard(call->shards, comm->size, r), group);
    fv_comm_spread(comm, &(fv_pieces){ parts, bytes, stride * group, begins });
}

void fv_shards_exchange(const fv_call *call, void *parts, int64_t bytes, int64_t stride) {
    if (call->split) exchange(call, parts, 1, bytes, stride);
}

#define DEFINE_JOIN(type, suffix)                                                                                              \
    void fv_shards_join_##suffix(const fv_call *call, type *parts, int64_t length, int64_t stride) {                           \
        int group = call->split ? group_of(call->shards, call->split->comm->size) : 1;                                         \
        int first = fv_shards_first(call), end = first + fv_shards_here(call);                                                 \
        for (int s = first; s < end && call->split; s += group)                                                                \
            fv_tree_sum_##suffix(parts + s * stride, (int)fv_min(group, end - s), length, stride);                             \
        if (call->split) exchange(call, parts, group, length *(int64_t)sizeof *parts, stride *(int64_t)sizeof *parts);         \
        fv_tree_sum_##suffix(parts, (int)fv_ceil_div(call->shards, group), length, stride *group);                             \
    }

DEFINE_JOIN(float, f32)
DEFINE_JOIN(double, f64)
