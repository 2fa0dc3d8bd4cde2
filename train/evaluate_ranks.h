/* evaluate_ranks.h - the answers of an evaluation that ranks share. */
#ifndef FV_TRAIN_EVALUATE_RANKS_H
#define FV_TRAIN_EVALUATE_RANKS_H

#include <stdbool.h>

#include "fovea/comm.h"
#include "fovea/data.h"

/* Answers for some pictures, by their numbers in the data set. */
typedef struct fv_answered {
    int64_t count;
    const int64_t *samples;
    const float *logits; /* [count, outputs] */
} fv_answered;

/* An open value: room for a batch's answers; of one rank nothing. */
typedef struct fv_gathering {
    fv_comm *comm;
    int64_t outputs;
    float *logits;
    int64_t *samples;
} fv_gathering;

FV_MUST_USE fv_error *fv_gathering_open(fv_gathering *gathering, fv_comm *comm, int64_t batch, int64_t outputs);
void fv_gathering_release(fv_gathering *gathering);
/* This rank's answers for `batch` become those of all ranks, in the batch's order; `rows` is valid until the next call. When
 * any rank says `stop`, all get FV_CANCELLED. Of one rank: nothing is done. */
FV_MUST_USE fv_error *fv_gather_answers(fv_gathering *gathering, const fv_batch *batch, bool stop, fv_answered *rows);

#endif
