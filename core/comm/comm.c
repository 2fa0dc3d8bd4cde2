/* comm.c - which ranks there are, and what is made of their one exchange (comm.h). */
#include "core/comm/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/memory.h"

fv_error *fv_comm_open(double deadline, fv_comm **out) {
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE");
    *out = NULL;
    return ranks && strtol(ranks, NULL, 10) > 1 ? fv_comm_mpi(deadline, out) : NULL;
}

void fv_comm_free(fv_comm *comm) {
    if (!comm) return;
    comm->close(comm);
    fv_error_free(comm->error);
    fv_memory_free(comm);
}

int fv_comm_rank(const fv_comm *comm) { return comm ? comm->rank : 0; }
int fv_comm_size(const fv_comm *comm) { return comm ? comm->size : 1; }
const char *fv_comm_source(const fv_comm *comm) { return comm ? comm->source : "alone"; }

void fv_comm_spread(fv_comm *comm, const fv_pieces *pieces) {
    if (!comm || comm->failed || comm->size == 1) return;
    double start = fv_clock_seconds();
    comm->error = comm->spread(comm, pieces);
    comm->seconds += fv_clock_seconds() - start;
    comm->failed = comm->error != NULL;
}

fv_error *fv_comm_error(fv_comm *comm) {
    if (!comm || !comm->failed) return NULL;
    return comm->error ? fv_take(&comm->error) : fv_fail(FV_IO, "the ranks have lost each other");
}

fv_error *fv_comm_missing(const fv_comm *comm, int rank) {
    return fv_error_hint(fv_fail(FV_IO, "rank %d of %d did not come within %g s", rank, comm->size, comm->deadline),
                         "its own messages, or those of the machine it ran on, may say why; --resume goes on from the last "
                         "checkpoint, on any number of ranks");
}

fv_error *fv_comm_gather(fv_comm *comm, void *records, const void *own, int64_t bytes) {
    int64_t begins[FV_RANKS_MAX + 1];
    for (int r = 0; r <= fv_comm_size(comm); r++) begins[r] = r;
    memcpy((char *)records + fv_comm_rank(comm) * bytes, own, (size_t)bytes);
    fv_comm_spread(comm, &(fv_pieces){ records, bytes, bytes, begins });
    return fv_comm_error(comm);
}

void fv_comm_abandon(fv_comm *comm) {
    if (comm) comm->failed = true;
}

fv_error *fv_comm_sum(fv_comm *comm, int64_t *numbers, int count) {
    int64_t records[FV_RANKS_MAX][FV_COMM_NUMBERS], own[FV_COMM_NUMBERS] = { 0 };
    FV_ASSERT(count <= FV_COMM_NUMBERS);
    if (!comm) return NULL;
    memcpy(own, numbers, (size_t)count * sizeof *own);
    FV_TRY(fv_comm_gather(comm, records, own, sizeof own));
    memset(numbers, 0, (size_t)count * sizeof *numbers);
    for (int r = 0; r < comm->size; r++)
        for (int i = 0; i < count; i++) numbers[i] += records[r][i];
    return NULL;
}

fv_error *fv_comm_send(fv_comm *comm, int from, void *data, int64_t bytes) {
    int64_t begins[FV_RANKS_MAX + 1];
    if (!comm) return NULL;
    for (int r = 0; r <= comm->size; r++) begins[r] = r > from;
    fv_comm_spread(comm, &(fv_pieces){ data, bytes, bytes, begins });
    return fv_comm_error(comm);
}

/* ---- agreeing ---- */

typedef struct report {
    int64_t code; /* of an error; 0: none */
    char text[504];
} report;

static fv_error *collect(fv_comm *comm, const report *own, report **out) {
    FV_TRY(fv_memory_new(comm->size, out));
    return fv_comm_gather(comm, *out, own, sizeof *own);
}

fv_error *fv_comm_agree(fv_comm *comm, fv_error *own) {
    FV_OWNED(fv_memory) memory = NULL;
    report mine = { 0 }, *all = NULL;
    if (!comm || comm->size == 1) return own;
    if (own) {
        mine.code = fv_error_code(own);
        fv_error_format(own, mine.text, sizeof mine.text);
    }
    fv_error *error = collect(comm, &mine, &all);
    memory = all;
    if (own) {
        fv_error_free(error);
        return own;
    }
    FV_TRY(error);
    for (int r = 0; r < comm->size; r++)
        if (all[r].code) return fv_fail((fv_code)all[r].code, "rank %d: %s", r, all[r].text);
    return NULL;
}

fv_error *fv_comm_same(fv_comm *comm, const char *what, const char *text) {
    FV_OWNED(fv_memory) memory = NULL;
    report mine = { 0 }, *all = NULL;
    if (!comm || comm->size == 1) return NULL;
    snprintf(mine.text, sizeof mine.text, "%s", text ? text : "");
    fv_error *error = collect(comm, &mine, &all);
    memory = all;
    FV_TRY(error);
    for (int r = 1; r < comm->size; r++)
        if (strcmp(all[0].text, all[r].text))
            return fv_fail(FV_CONFLICT, "%s: rank 0 has %s, rank %d has %s", what, all[0].text, r, all[r].text);
    return NULL;
}
