/* threads.c - ranks that are threads of one process. They meet twice in an exchange: when all have said where their pieces lie,
 * each takes what it lacks from the others' memory; when all have taken, each may change its own again. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/base/memory.h"
#include "core/comm/comm.h"

typedef struct hub {
    pthread_mutex_t mutex;
    pthread_cond_t all_here;
    int size, users; /* users: ranks that are not freed yet */
    int64_t meetings, here;
    bool came[FV_RANKS_MAX]; /* to the meeting under way */
    int left;                /* the first rank that was freed, −1: none */
    fv_pieces pieces[FV_RANKS_MAX];
} hub;

typedef struct thread_comm {
    fv_comm comm;
    hub *hub;
} thread_comm;

static struct timespec from_now(double seconds) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    double nanoseconds = (double)at.tv_nsec + 1e9 * seconds;
    at.tv_sec += (time_t)(nanoseconds / 1e9);
    at.tv_nsec = (long)(nanoseconds - 1e9 * (double)(time_t)(nanoseconds / 1e9));
    return at;
}

static int first_missing(const hub *h) {
    int rank = 0;
    while (rank < h->size && h->came[rank]) rank++;
    return rank;
}

static fv_error *wait_for_all(const fv_comm *comm, hub *h) {
    int64_t meeting = h->meetings;
    struct timespec until = from_now(comm->deadline);
    while (meeting == h->meetings) {
        if (h->left >= 0) return fv_fail(FV_IO, "rank %d of %d has left", h->left, h->size);
        int late = comm->deadline > 0 ? pthread_cond_timedwait(&h->all_here, &h->mutex, &until)
                                      : pthread_cond_wait(&h->all_here, &h->mutex);
        if (late && meeting == h->meetings) return fv_comm_missing(comm, first_missing(h));
    }
    return NULL;
}

static fv_error *meet(const fv_comm *comm, hub *h) {
    fv_error *error = NULL;
    pthread_mutex_lock(&h->mutex);
    h->came[comm->rank] = true;
    if (++h->here == h->size) {
        h->here = 0;
        h->meetings++;
        memset(h->came, 0, sizeof h->came);
        pthread_cond_broadcast(&h->all_here);
    } else {
        error = wait_for_all(comm, h);
    }
    pthread_mutex_unlock(&h->mutex);
    return error;
}

static fv_error *spread(fv_comm *comm, const fv_pieces *mine) {
    hub *h = ((thread_comm *)comm)->hub;
    h->pieces[comm->rank] = *mine;
    FV_TRY(meet(comm, h));
    for (int r = 0; r < comm->size; r++) {
        const fv_pieces *theirs = &h->pieces[r];
        if (theirs->bytes != mine->bytes || theirs->begins[r] != mine->begins[r] ||
            theirs->begins[r + 1] != mine->begins[r + 1])
            return fv_fail(FV_BUG, "ranks %d and %d make different exchanges", comm->rank, r);
        for (int64_t i = mine->begins[r]; i < mine->begins[r + 1] && r != comm->rank; i++)
            memcpy((char *)mine->base + i * mine->stride, (const char *)theirs->base + i * theirs->stride, (size_t)mine->bytes);
    }
    return meet(comm, h);
}

static void close_thread(fv_comm *comm) {
    hub *h = ((thread_comm *)comm)->hub;
    pthread_mutex_lock(&h->mutex);
    if (h->left < 0) h->left = comm->rank;
    bool last = --h->users == 0;
    pthread_cond_broadcast(&h->all_here);
    pthread_mutex_unlock(&h->mutex);
    if (!last) return;
    pthread_cond_destroy(&h->all_here);
    pthread_mutex_destroy(&h->mutex);
    fv_memory_free(h);
}

static fv_error *new_hub(int size, hub **out) {
    hub *h = NULL;
    pthread_condattr_t monotonic;
    FV_TRY(fv_memory_new(1, &h));
    h->size = h->users = size;
    h->left = -1;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->all_here, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = h;
    return NULL;
}

fv_error *fv_comm_threads(int size, double deadline, fv_comm **out) {
    hub *h = NULL;
    if (size < 1 || size > FV_RANKS_MAX) return fv_fail(FV_USAGE, "%d ranks: there can be 1 to %d", size, FV_RANKS_MAX);
    FV_TRY(new_hub(size, &h));
    for (int r = 0; r < size; r++) {
        thread_comm *t = NULL;
        fv_error *error = fv_memory_new(1, &t);
        if (error) {
            h->users = r;
            for (int i = 0; i < r; i++) fv_comm_free(fv_take(&out[i]));
            if (!r) fv_memory_free(h);
            return error;
        }
        t->comm = (fv_comm){
            .source = "threads", .rank = r, .size = size, .deadline = deadline, .spread = spread, .close = close_thread
        };
        t->hub = h;
        out[r] = &t->comm;
    }
    return NULL;
}
