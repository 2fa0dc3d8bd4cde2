#include "tests/core/comm/ranks.h"

#include <pthread.h>
#include <stdlib.h>

#include "tests/test.h"

typedef struct rank_thread {
    pthread_t thread;
    fv_comm *comm;
    fv_test_rank rank;
    void *context;
    fv_error *error;
} rank_thread;

static void *run(void *context) {
    rank_thread *t = context;
    t->error = t->rank(t->comm, t->context);
    fv_comm_free(t->comm);
    return NULL;
}

void fv_test_ranks(int count, double deadline, fv_test_rank rank, void *context, fv_error **errors) {
    fv_comm *comms[FV_RANKS_MAX] = { NULL };
    rank_thread threads[FV_RANKS_MAX];
    if (count > 1) FV_OK(fv_comm_threads(count, deadline, comms));
    for (int r = 0; r < count; r++) {
        threads[r] = (rank_thread){ .comm = comms[r], .rank = rank, .context = context };
        assert_int_equal(pthread_create(&threads[r].thread, NULL, run, &threads[r]), 0);
    }
    for (int r = 0; r < count; r++) pthread_join(threads[r].thread, NULL);
    for (int r = 0; r < count; r++) {
        if (errors)
            errors[r] = threads[r].error;
        else
            FV_OK(threads[r].error);
    }
}
