/* Ranks of a test: threads of it, each with a comm of its own. */
#ifndef FV_TESTS_RANKS_H
#define FV_TESTS_RANKS_H

#include "core/comm/comm.h"

/* What rank `comm` does; an error fails the test. Assertions belong to the thread that the test began with. */
typedef fv_error *(*fv_test_rank)(fv_comm *comm, void *context);

/* Runs `rank` on `count` of them (1: with no comm) and waits for all; errors[r] of each, or NULL: none is expected. A comm is
 * freed when its rank returns. */
void fv_test_ranks(int count, double deadline, fv_test_rank rank, void *context, fv_error **errors);

#endif
