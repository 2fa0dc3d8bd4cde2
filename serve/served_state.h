/* served_state.h - a served version from inside: what the engine runs and counts. */
#ifndef FV_SERVE_SERVED_STATE_H
#define FV_SERVE_SERVED_STATE_H

#include "serve/batcher.h"

typedef struct fv_served_counts {
    _Atomic int64_t asks[FV_ASK_OUTCOMES];
    _Atomic int64_t abstained, outliers, decoded_bytes, last_ask_ms;
    fv_histogram decode, queue, compute, rows;
    _Atomic int64_t *classes;
} fv_served_counts;
fv_served_counts *fv_served_counts_get(fv_served *served);

/* For whoever has it when nobody holds a reference any more: the next one in a list. */
fv_served **fv_served_link(fv_served *served);

/* Who runs a batch: the team (0), or one of the threads that compute alone (1, 2, …), all at once. Two threads that run a batch
 * each answer more than the two together that run one: nobody waits for anybody. */
#define FV_SERVED_TEAM 0
#define FV_SERVED_ALONE_MAX 4 /* each has plans, and so memory, of its own */
/* How many run at once alone; 0: the team runs every batch. With more threads than FV_SERVED_ALONE_MAX it does. */
int fv_served_alone(void);

/* The input of a runner's plan for `rows` pictures, one of the lane's sizes (the team's, where others run alone: 1); and its
 * run. One thread at a time and runner. `*logits`: rows × outputs, `*features`: rows × feature_count (0: NULL), valid until the
 * runner's next run of that size. */
float *fv_served_feed(fv_served *served, int runner, int64_t rows);
FV_MUST_USE fv_error *fv_served_run(fv_served *served, int runner, int64_t rows, const float **logits, const float **features);

/* Counts an ask that has ended, with its answer or its error. */
void fv_served_count(fv_served *served, const fv_ask *ask, fv_outcome_of_ask outcome);

#endif
