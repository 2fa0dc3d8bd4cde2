/* care_work.c - see care_work.h. */
#include "registry/care_work.h"

#include <stddef.h>

#include "core/base/file.h"
#include "registry/database.h"
#include "registry/group.h"

fv_error *fv_care_step(void *context, int64_t bytes) {
    fv_care_work *work = context;
    const fv_care_watch *watch = work->watch;
    work->done += bytes;
    if (!watch) return NULL;
    if (watch->cancel && __atomic_load_n(watch->cancel, __ATOMIC_RELAXED)) return fv_fail(FV_CANCELLED, "stopped");
    if (watch->progress) watch->progress(watch->context, work->what, work->done, work->count);
    return NULL;
}

fv_error *fv_care_lock(fv_registry *r, int *lock) {
    char *path;
    *lock = -1;
    FV_TRY(fv_registry_path(r, "care.lock", &path));
    fv_error *error = fv_group_lock(path, lock);
    fv_string_free(path);
    return fv_error_wrap(error, "a backup or gc of the workspace is under way");
}
