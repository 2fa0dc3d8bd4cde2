/* care_work.h - long work on a registry: told of, and stopped. One thread at a time. */
#ifndef FV_REGISTRY_CARE_WORK_H
#define FV_REGISTRY_CARE_WORK_H

#include "fovea/care.h"

typedef struct fv_care_work {
    const fv_care_watch *watch; /* NULL: nobody watches */
    const char *what;
    int64_t done, count; /* bytes */
} fv_care_work;

/* An fv_store_step of a fv_care_work. FV_CANCELLED. */
FV_MUST_USE fv_error *fv_care_step(void *work, int64_t bytes);

/* Backup and gc take turns: an object that a backup is about to copy is not removed. `*lock` is for fv_file_unlock. FV_BUSY:
 * the other is under way, in the process named. */
FV_MUST_USE fv_error *fv_care_lock(fv_registry *registry, int *lock);

#endif
