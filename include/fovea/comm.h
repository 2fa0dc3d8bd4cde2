/* fovea/comm.h - ranks: processes, on one machine or several, that train one network together. Each has a part of every batch
 * and all of the weights; what sums over a batch is exchanged and joined in one order, so that every rank ends in the same
 * bits, and they are those of a training by one process.
 *
 * NULL is a comm of one rank, here and wherever one is taken. A comm is used by one thread at a time. */
#ifndef FOVEA_COMM_H
#define FOVEA_COMM_H

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FV_RANKS_MAX 256

typedef struct fv_comm fv_comm;

/* Joins the ranks that whoever started this process says there are: mpirun of Open MPI, by its environment. NULL when nobody
 * says so. `deadline`: the seconds that a rank is waited for; 0: for ever. Once in a process. FV_UNSUPPORTED: there are ranks
 * to join, and what they talk by cannot be loaded. */
FV_API FV_MUST_USE fv_error *fv_comm_open(double deadline, fv_comm **out);
/* Waits for the other ranks, if nothing failed before. */
FV_API void fv_comm_free(fv_comm *comm);
FV_CLEANUP(fv_comm);

FV_API int fv_comm_rank(const fv_comm *comm); /* 0 … size − 1 */
FV_API int fv_comm_size(const fv_comm *comm);
FV_API const char *fv_comm_source(const fv_comm *comm); /* "Open MPI", "threads"; of NULL "alone" */

#ifdef __cplusplus
}
#endif
#endif
