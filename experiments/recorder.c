/* recorder.c - the queue of points and the thread that empties it. */
#include "experiments/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "data/threads.h"
#include "registry/clock.h"

#define LOOK_MS 50      /* between two looks at what is asked for */
#define WRITE_MS 1000   /* between two writes */
#define RENEW_MS 10000  /* the lease, when there is nothing to write */
#define BATCH_MAX 10000 /* points a transaction */

struct fv_recorder {
    fv_registry *registry;
    const fv_run *run;
    const int *asked_for;
    int *stop;
    fv_threads thread;

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t wake;
    fv_metric_point *points; /* a ring */
    int64_t first, count, left_out;
    bool closing, alive;
    fv_error *error; /* the last one */

    fv_metric_point *batch; /* of the thread alone */
    int64_t written_ms;
    bool warned;
};

/* ---- the thread ---- */

static int64_t take(fv_recorder *r) {
    int64_t count = r->count < BATCH_MAX ? r->count : BATCH_MAX;
    for (int64_t i = 0; i < count; i++) r->batch[i] = r->points[(r->first + i) % FV_RECORDER_POINTS_MAX];
    return count;
}

/* Called with the mutex held, which is let go while it writes. The points stay queued until they are on the disk. */
static void write_some(fv_recorder *r) {
    fv_run_batch batch = { .metrics = r->batch, .metric_count = take(r) };
    bool stop = false;
    r->alive = false;
    pthread_mutex_unlock(&r->mutex);
    fv_error *error = fv_run_log(r->registry, r->run, &batch, &stop);
    r->written_ms = fv_steady_ms();
    if (stop) __atomic_store_n(r->stop, 1, __ATOMIC_RELAXED);
    if (error && !r->warned) {
        char text[1024];
        fv_log_warning("the run is not recorded for now, and goes on: %s", fv_error_format(error, text, sizeof text));
    }
    r->warned = error != NULL;
    pthread_mutex_lock(&r->mutex);
    fv_error_free(r->error);
    r->error = error;
    if (error) return;
    r->first = (r->first + batch.metric_count) % FV_RECORDER_POINTS_MAX;
    r->count -= batch.metric_count;
}

static void look(const fv_recorder *r) {
    int asked = r->asked_for ? __atomic_load_n(r->asked_for, __ATOMIC_RELAXED) : 0;
    if (asked) __atomic_store_n(r->stop, asked, __ATOMIC_RELAXED);
}

static bool is_due(const fv_recorder *r) {
    int64_t since = fv_steady_ms() - r->written_ms;
    return (r->count && since >= WRITE_MS) || (r->alive && since >= RENEW_MS);
}

static void wait_a_little(fv_recorder *r) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&r->wake, &r->mutex, &until);
}

static void *run(void *context) {
    fv_recorder *r = context;
    pthread_mutex_lock(&r->mutex);
    while (!r->closing) {
        wait_a_little(r);
        look(r);
        if (is_due(r)) write_some(r);
    }
    for (int64_t before = r->count + 1; r->count && r->count < before;) {
        before = r->count;
        write_some(r);
    }
    pthread_mutex_unlock(&r->mutex);
    return NULL;
}

/* ---- its callers ---- */

fv_error *fv_recorder_new(fv_registry *registry, const fv_run *run_, const int *asked_for, int *stop, fv_recorder **out) {
    FV_OWNED(fv_recorder) r = NULL;
    pthread_condattr_t steady;
    *out = NULL;
    FV_TRY(fv_memory_new(1, &r));
    r->registry = registry, r->run = run_, r->asked_for = asked_for, r->stop = stop;
    r->written_ms = fv_steady_ms();
    pthread_mutex_init(&r->mutex, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &steady);
    pthread_condattr_destroy(&steady);
    FV_TRY(fv_memory_new(FV_RECORDER_POINTS_MAX, &r->points));
    FV_TRY(fv_memory_new(BATCH_MAX, &r->batch));
    FV_TRY(fv_threads_start(&r->thread, 1, "fovea-record", run, r)); /* the name is for debuggers, and bench/track */
    *out = fv_take(&r);
    return NULL;
}

static void end_thread(fv_recorder *r) {
    pthread_mutex_lock(&r->mutex);
    r->closing = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->mutex);
    fv_threads_join(&r->thread);
}

void fv_recorder_free(fv_recorder *r) {
    if (!r) return;
    end_thread(r);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->mutex);
    fv_error_free(r->error);
    fv_memory_free(r->points);
    fv_memory_free(r->batch);
    fv_memory_free(r);
}

void fv_recorder_add(fv_recorder *r, const fv_metric_point *points, int64_t count) {
    int64_t now = fv_wall_ms();
    pthread_mutex_lock(&r->mutex);
    for (int64_t i = 0; i < count; i++) {
        if (r->count == FV_RECORDER_POINTS_MAX) {
            r->left_out += count - i;
            break;
        }
        fv_metric_point *to = &r->points[(r->first + r->count++) % FV_RECORDER_POINTS_MAX];
        *to = points[i];
        if (!to->time_ms) to->time_ms = now;
    }
    r->alive = true;
    pthread_mutex_unlock(&r->mutex);
}

void fv_recorder_alive(fv_recorder *r) {
    pthread_mutex_lock(&r->mutex);
    r->alive = true;
    pthread_mutex_unlock(&r->mutex);
}

fv_error *fv_recorder_close(fv_recorder *r) {
    end_thread(r);
    int64_t lost = r->count + r->left_out;
    fv_error *error = fv_take(&r->error);
    if (!lost) {
        fv_error_free(error); /* of a renewal: nothing is missing */
        return NULL;
    }
    if (!error) error = fv_fail(FV_BUSY, "the registry could not be written for too long");
    return fv_error_wrap(error, "%lld points were not recorded", (long long)lost);
}
