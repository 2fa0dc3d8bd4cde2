/* comm.h - what ranks say to each other. There is one exchange, and everything else is made of it: pieces of memory of which
 * each has one owner, and that every rank has afterwards.
 *
 * Every rank makes the same exchanges in the same order: a plan's schedule is such an order, and so is a training loop. They
 * are made by the thread that has the comm, never from work units. The first error stays: exchanges after it do nothing, so
 * that kernels, which return nothing, need not look; who runs them does (fv_comm_error). */
#ifndef FV_COMM_COMM_H
#define FV_COMM_COMM_H

#include <stdbool.h>

#include "fovea/comm.h"

/* Piece i lies at base + i·stride on every rank; rank r owns pieces begins[r] … begins[r + 1] − 1. */
typedef struct fv_pieces {
    void *base;
    int64_t bytes, stride;
    const int64_t *begins; /* [ranks + 1] */
} fv_pieces;

/* How the ranks of one source talk; the first member of its own struct. */
struct fv_comm {
    const char *source;
    int rank, size;
    double deadline; /* seconds; 0: none */
    double seconds;  /* spent in exchanges, the waits for the others included */
    bool failed;
    fv_error *error; /* the first, until it is handed over */
    fv_error *(*spread)(fv_comm *comm, const fv_pieces *pieces);
    void (*close)(fv_comm *comm);
};

void fv_comm_spread(fv_comm *comm, const fv_pieces *pieces);
static inline double fv_comm_seconds(const fv_comm *comm) { return comm ? comm->seconds : 0; }
/* The first error, handed over once; then and for ever the comm is of no use, and this says so. NULL: all is well. */
FV_MUST_USE fv_error *fv_comm_error(fv_comm *comm);

/* A record of `bytes` from each rank, side by side; `own` is this rank's. One rank at least: with no comm, just that. */
FV_MUST_USE fv_error *fv_comm_gather(fv_comm *comm, void *records, const void *own, int64_t bytes);
/* Nobody is waited for any more, and the others will miss this rank: after an error that they do not know of. */
void fv_comm_abandon(fv_comm *comm);
/* Each of `count` numbers (8 at most) becomes its sum over the ranks. */
#define FV_COMM_NUMBERS 8
FV_MUST_USE fv_error *fv_comm_sum(fv_comm *comm, int64_t *numbers, int count);
/* `bytes` of `from` become those of every rank. */
FV_MUST_USE fv_error *fv_comm_send(fv_comm *comm, int from, void *data, int64_t bytes);
/* Takes what a rank has to report, an error or NULL. When any has one, all get one: their own, or what the first other says. */
FV_MUST_USE fv_error *fv_comm_agree(fv_comm *comm, fv_error *own);
/* FV_CONFLICT, naming the first rank that differs, unless `text` is the same on all; `what` it is. */
FV_MUST_USE fv_error *fv_comm_same(fv_comm *comm, const char *what, const char *text);

/* Ranks that are threads of this process: for tests. Fills out[0 … size − 1], one for each thread; freed one by one. A rank
 * that is freed fails the others' exchanges. */
FV_MUST_USE fv_error *fv_comm_threads(int size, double deadline, fv_comm **out);
/* Ranks by Open MPI (mpi.c). */
FV_MUST_USE fv_error *fv_comm_mpi(double deadline, fv_comm **out);

/* For sources: "rank 1 of 2 did not come within 60 s". */
FV_MUST_USE fv_error *fv_comm_missing(const fv_comm *comm, int rank);

#endif
