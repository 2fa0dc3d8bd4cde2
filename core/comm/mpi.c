/* mpi.c - ranks by Open MPI, whose library is loaded when the program runs: nothing is linked, no header is needed. What is
 * declared here is Open MPI's own binary interface, the same in all its versions 4 and 5: handles are pointers, predefined ones
 * are the addresses of objects in the library.
 *
 * An exchange goes directly from each rank to each other one. That moves no more bytes than a ring would, and a message that
 * does not come says which rank is missing: one that itself waits for somebody has sent its own before. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "core/comm/comm.h"

#define LIBRARIES "libmpi.so.40", "libmpi.so"
#define THREAD_FUNNELED 1
#define TAG 7
#define MESSAGE_MAX ((int64_t)1 << 30) /* bytes: counts are ints */
#define GOODBYE 3600.0                 /* seconds: what rank 0 has still to do when the others are done */
#define LOOKS 4000                     /* before a waiting rank lets others have its core */

typedef void *handle; /* MPI_Comm, MPI_Datatype, MPI_Request, MPI_Errhandler */

typedef struct library {
    int (*init)(int *argc, char ***argv, int wanted, int *given);
    int (*rank)(handle comm, int *rank);
    int (*size)(handle comm, int *size);
    int (*set_errors)(handle comm, handle how);
    int (*send)(const void *data, int count, handle type, int to, int tag, handle comm, handle *request);
    int (*receive)(void *data, int count, handle type, int from, int tag, handle comm, handle *request);
    int (*test)(handle *request, int *done, void *status);
    int (*barrier)(handle comm, handle *request);
    int (*finalize)(void);
    handle world, byte, errors_return;
} library;

typedef struct mpi_comm {
    fv_comm comm;
    library mpi;
    handle requests[2 * FV_RANKS_MAX]; /* from rank r at r, to it at size + r; NULL: none, or done */
} mpi_comm;

/* ---- the library ---- */

static fv_error *open_library(void **out) {
    static const char *const names[] = { LIBRARIES };
    *out = NULL;
    for (int i = 0; i < FV_COUNT(names) && !*out; i++) *out = dlopen(names[i], RTLD_NOW | RTLD_GLOBAL);
    if (*out) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "started by mpirun, but Open MPI cannot be loaded: %s", dlerror()),
                         "on Debian, apt-get install openmpi-bin");
}

static fv_error *find(void *library, const char *name, void *out) {
    void *symbol = dlsym(library, name);
    if (!symbol) return fv_fail(FV_UNSUPPORTED, "the MPI library has no %s: it is not Open MPI", name);
    *(void **)out = symbol;
    return NULL;
}

static fv_error *load(library *mpi) {
    void *library = NULL;
    FV_TRY(open_library(&library));
    const struct {
        const char *name;
        void *to;
    } symbols[] = {
        { "MPI_Init_thread", &mpi->init },  { "MPI_Comm_rank", &mpi->rank },
        { "MPI_Comm_size", &mpi->size },    { "MPI_Comm_set_errhandler", &mpi->set_errors },
        { "MPI_Isend", &mpi->send },        { "MPI_Irecv", &mpi->receive },
        { "MPI_Test", &mpi->test },         { "MPI_Ibarrier", &mpi->barrier },
        { "MPI_Finalize", &mpi->finalize }, { "ompi_mpi_comm_world", &mpi->world },
        { "ompi_mpi_byte", &mpi->byte },    { "ompi_mpi_errors_return", &mpi->errors_return },
    };
    for (int i = 0; i < FV_COUNT(symbols); i++) FV_TRY(find(library, symbols[i].name, symbols[i].to));
    return NULL;
}

/* ---- waiting ---- */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Tests every open request once; *open: how many are left, *first: the rank that the first of them waits for. */
static fv_error *look(mpi_comm *m, int count, int *open, int *first) {
    *open = 0;
    for (int i = 0; i < count; i++) {
        int done = 0;
        if (!m->requests[i]) continue;
        if (m->mpi.test(&m->requests[i], &done, NULL)) return fv_fail(FV_IO, "rank %d is lost", i % m->comm.size);
        if (done) m->requests[i] = NULL;
        if (!done && !(*open)++) *first = i % m->comm.size;
    }
    return NULL;
}

static fv_error *wait_for(mpi_comm *m, int count) {
    double begin = 0;
    for (int64_t looks = 0;; looks++) {
        int open, first = 0;
        FV_TRY(look(m, count, &open, &first));
        if (!open) return NULL;
        if (looks < LOOKS) continue;
        if (!begin) begin = seconds();
        if (m->comm.deadline > 0 && seconds() - begin > m->comm.deadline) return fv_comm_missing(&m->comm, first);
        nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
    }
}

/* ---- exchanges ---- */

/* A message from each rank that has one, data[r] with bytes[r], to all the others; NULL: it has none. */
static fv_error *exchange(mpi_comm *m, void *const *data, const int64_t *bytes) {
    const library *mpi = &m->mpi;
    int own = m->comm.rank;
    for (int r = 0; r < m->comm.size; r++) {
        if (r == own) continue;
        if (data[r] && mpi->receive(data[r], (int)bytes[r], mpi->byte, r, TAG, mpi->world, &m->requests[r]))
            return fv_fail(FV_IO, "rank %d cannot be heard", r);
        if (data[own] && mpi->send(data[own], (int)bytes[own], mpi->byte, r, TAG, mpi->world, &m->requests[m->comm.size + r]))
            return fv_fail(FV_IO, "rank %d cannot be told", r);
    }
    return wait_for(m, 2 * m->comm.size);
}

/* Message number `round` of rank r: pieces that lie side by side are cut anew into as few as the library takes. False: there is
 * none. */
static bool message(const fv_pieces *p, int r, int64_t round, void **data, int64_t *bytes) {
    int64_t count = p->begins[r + 1] - p->begins[r], each = p->bytes;
    bool together = p->stride == p->bytes;
    if (together) {
        each *= count;
        count = count ? 1 : 0;
    }
    int64_t cuts = fv_max(fv_ceil_div(each, MESSAGE_MAX), 1), piece = round / cuts, from = round % cuts * MESSAGE_MAX;
    if (piece >= count || !each) return false;
    *data = (char *)p->base + (p->begins[r] + piece) * p->stride + from;
    *bytes = fv_min(MESSAGE_MAX, each - from);
    return true;
}

static fv_error *spread(fv_comm *comm, const fv_pieces *pieces) {
    mpi_comm *m = (mpi_comm *)comm;
    void *data[FV_RANKS_MAX];
    int64_t bytes[FV_RANKS_MAX];
    for (int64_t round = 0;; round++) {
        bool any = false;
        for (int r = 0; r < comm->size; r++) {
            bool more = message(pieces, r, round, &data[r], &bytes[r]);
            if (!more) data[r] = NULL;
            any = any || more;
        }
        if (!any) return NULL;
        FV_TRY(exchange(m, data, bytes));
    }
}

/* ---- beginning and end ---- */

/* After an error nobody is waited for: that this process ends without a word is how the others, and mpirun, learn of it. */
static void close_mpi(fv_comm *comm) {
    mpi_comm *m = (mpi_comm *)comm;
    comm->deadline = GOODBYE;
    if (comm->failed || m->mpi.barrier(m->mpi.world, &m->requests[0])) return;
    fv_error *error = wait_for(m, 1);
    if (!error) m->mpi.finalize();
    fv_error_free(error);
}

static fv_error *join(mpi_comm *m) {
    library *mpi = &m->mpi;
    int given = 0;
    FV_TRY(load(mpi));
    if (mpi->init(NULL, NULL, THREAD_FUNNELED, &given)) return fv_fail(FV_IO, "Open MPI does not begin");
    mpi->set_errors(mpi->world, mpi->errors_return);
    if (mpi->rank(mpi->world, &m->comm.rank) || mpi->size(mpi->world, &m->comm.size))
        return fv_fail(FV_IO, "Open MPI does not say which rank this is");
    if (m->comm.size <= FV_RANKS_MAX) return NULL;
    return fv_fail(FV_UNSUPPORTED, "%d ranks: there can be %d", m->comm.size, FV_RANKS_MAX);
}

fv_error *fv_comm_mpi(double deadline, fv_comm **out) {
    mpi_comm *m = NULL;
    FV_TRY(fv_memory_new(1, &m));
    m->comm = (fv_comm){ .source = "Open MPI", .deadline = deadline, .spread = spread, .close = close_mpi };
    fv_error *error = join(m);
    if (error) {
        fv_memory_free(m);
        return error;
    }
    *out = &m->comm;
    return NULL;
}
