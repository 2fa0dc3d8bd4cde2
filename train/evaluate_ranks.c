/* evaluate_ranks.c - an evaluation that ranks share: each answers for its rows of a batch, and all get the answers of all, in
 * the order in which one rank would have given them. */
#include <string.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/comm/comm.h"
#include "train/evaluate_ranks.h"

fv_error *fv_gathering_open(fv_gathering *g, fv_comm *comm, int64_t batch, int64_t outputs) {
    *g = (fv_gathering){ .comm = comm, .outputs = outputs };
    if (fv_comm_size(comm) == 1) return NULL;
    fv_error *error = fv_memory_new(batch * outputs, &g->logits);
    if (!error) error = fv_memory_new(batch, &g->samples);
    if (error) fv_gathering_release(g);
    return error;
}

void fv_gathering_release(fv_gathering *g) {
    fv_memory_free(fv_take(&g->logits));
    fv_memory_free(fv_take(&g->samples));
}

/* begins[r]: rows before those of rank r. FV_CANCELLED when any rank was told to stop. */
static fv_error *count_rows(const fv_gathering *g, int64_t own, bool stop, int64_t *begins) {
    int64_t counts[FV_RANKS_MAX], mine = stop ? -1 : own;
    int ranks = fv_comm_size(g->comm);
    FV_TRY(fv_comm_gather(g->comm, counts, &mine, sizeof mine));
    begins[0] = 0;
    for (int r = 0; r < ranks; r++) {
        if (counts[r] < 0) return fv_fail(FV_CANCELLED, "rank %d was told to stop", r);
        begins[r + 1] = begins[r] + counts[r];
    }
    return NULL;
}

fv_error *fv_gather_answers(fv_gathering *g, const fv_batch *batch, bool stop, fv_answered *rows) {
    int64_t begins[FV_RANKS_MAX + 1];
    int ranks = fv_comm_size(g->comm), rank = fv_comm_rank(g->comm);
    if (ranks == 1) return NULL;
    FV_TRY(count_rows(g, rows->count, stop, begins));
    if (fv_share_of(batch->all, ranks, ranks, rank).whole) return NULL; /* every rank has answered for all */
    int64_t each = g->outputs * (int64_t)sizeof(float), own = begins[rank];
    if (rows->count) {
        memcpy(g->logits + own * g->outputs, rows->logits, (size_t)(rows->count * each));
        memcpy(g->samples + own, rows->samples, (size_t)rows->count * sizeof *g->samples);
    }
    fv_comm_spread(g->comm, &(fv_pieces){ g->logits, each, each, begins });
    fv_comm_spread(g->comm, &(fv_pieces){ g->samples, sizeof *g->samples, sizeof *g->samples, begins });
    *rows = (fv_answered){ begins[ranks], g->samples, g->logits };
    return fv_comm_error(g->comm);
}
