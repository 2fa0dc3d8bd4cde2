/* Partial results of shards, joined over ranks: the bits of the tree over all of them. */
#include "core/comm/shards.h"

#include "tests/core/comm/ranks.h"
#include "tests/test.h"

#define LENGTH 37
#define STRIDE 41
#define MOST 17

typedef struct joining {
    int shards;
    float all[MOST * STRIDE], want[LENGTH];
} joining;

static fv_error *join(fv_comm *comm, void *context) {
    const joining *j = context;
    float parts[MOST * STRIDE];
    fv_split split = { .comm = comm, .batch = 100, .rows = 50 };
    fv_call call = { .shards = j->shards, .split = comm ? &split : NULL };
    int first = fv_shards_first(&call), end = first + fv_shards_here(&call);
    for (int i = 0; i < MOST * STRIDE; i++) parts[i] = i / STRIDE >= first && i / STRIDE < end ? j->all[i] : -1e30F;
    fv_shards_join_f32(&call, parts, LENGTH, STRIDE);
    FV_TRY(fv_comm_error(comm));
    return memcmp(parts, j->want, sizeof j->want) ? fv_fail(FV_BUG, "other bits on %d ranks", fv_comm_size(comm)) : NULL;
}

FV_TEST(core_comm_shards__joined_over_any_number_of_ranks_have_the_bits_of_one) {
    joining j;
    for (int i = 0; i < MOST * STRIDE; i++) j.all[i] = (float)((i * 2654435761U) >> 8) * 1e-3F - 7000;
    for (j.shards = 1; j.shards <= MOST; j.shards++) {
        float tree[MOST * STRIDE];
        memcpy(tree, j.all, sizeof tree);
        fv_tree_sum_f32(tree, j.shards, LENGTH, STRIDE);
        memcpy(j.want, tree, sizeof j.want);
        for (int ranks = 1; ranks <= j.shards; ranks++) fv_test_ranks(ranks, 60, join, &j, NULL);
    }
}

FV_TEST(core_comm_shards__ranks_hold_every_row_once_or_all_of_them) {
    for (int64_t batch = 0; batch < 70; batch++)
        for (int ranks = 1; ranks <= 8; ranks++) {
            int64_t end = 0;
            bool whole = fv_share_of(batch, 8, ranks, 0).whole;
            assert_true(whole || batch >= 2 * ranks);
            if (ranks == 1 || batch < 2 * ranks) assert_true(whole);
            for (int r = 0; r < ranks; r++) {
                fv_share share = fv_share_of(batch, 8, ranks, r);
                assert_int_equal(share.whole, whole);
                assert_int_equal(share.first, whole ? 0 : end);
                if (!whole) assert_true(share.rows >= 2);
                end = share.first + share.rows;
            }
            assert_int_equal(end, batch);
        }
}
