/* job_state.h - what a write has to know of a job before it changes it; inside a transaction. */
#ifndef FV_REGISTRY_JOB_STATE_H
#define FV_REGISTRY_JOB_STATE_H

#include "fovea/jobs.h"
#include "registry/database.h"

typedef struct fv_job_now {
    int64_t row, fence, attempts;
    fv_job_state state; /* FV_JOB_LOST too */
    bool stop_asked;
    char holder[FV_HOLDER_LETTERS];
} fv_job_now;

/* FV_NOT_FOUND. */
FV_MUST_USE fv_error *fv_job_look(fv_connection *connection, const char *id, fv_job_now *out);
/* The same for who does it: in the transaction of what the job decides, so that of two who believe they have it one decides.
 * FV_CONFLICT: it has ended, or was taken by somebody else. */
FV_MUST_USE fv_error *fv_job_hold(fv_connection *connection, const fv_job *job, fv_job_now *out);

fv_job_state fv_job_state_of(const char *name, int64_t lease_ms, int64_t now_ms);

#endif
