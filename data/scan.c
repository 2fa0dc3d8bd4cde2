/* scan.c - every picture of a data set looked at once by worker threads, to know before training what cannot be used. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/memory.h"
#include "data/scan.h"
#include "data/threads.h"

#define POLL_MS 100 /* between two calls of progress */

typedef struct failure {
    int64_t sample;
    fv_error *why;
} failure;

typedef struct scan {
    const fv_dataset *set;
    fv_scan_look look;
    void *looker;
    _Atomic int64_t next, done;
    _Atomic bool stop;
    pthread_mutex_t mutex; /* guards what follows */
    fv_list failures;      /* failure */
    fv_error *broken;      /* out of memory: the end */
} scan;

static void note_failure(scan *s, int64_t sample, fv_error *why) {
    pthread_mutex_lock(&s->mutex);
    if (fv_is_about_sample(why)) {
        fv_error *error = fv_list_add(&s->failures, &(failure){ sample, why }, sizeof(failure));
        if (error) fv_error_free(why);
        why = error;
    }
    if (why) atomic_store(&s->stop, true);
    if (why && s->broken)
        fv_error_free(why);
    else if (why)
        s->broken = why;
    pthread_mutex_unlock(&s->mutex);
}

/* Takes samples until there are none left; `one` stops after the first. False: none was left. */
static bool scan_samples(scan *s, fv_bytes *bytes, fv_image *image, bool one) {
    for (int64_t i; !atomic_load(&s->stop) && (i = atomic_fetch_add(&s->next, 1)) < s->set->samples.count;) {
        if (!fv_dataset_sample(s->set, i)->unusable) {
            fv_error *why = s->look(s->looker, i, bytes, image);
            if (why) note_failure(s, i, why);
        }
        atomic_fetch_add(&s->done, 1);
        if (one) return true;
    }
    return false;
}

static void *scan_thread(void *context) {
    FV_BYTES(bytes);
    FV_IMAGE(image);
    scan_samples(context, &bytes, &image, false);
    return NULL;
}

static void wait_a_while(void) { nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL); }

/* The caller reads too when there are no workers, and reports in both cases. */
static bool supervise(scan *s, bool alone, fv_scan_progress progress, void *context) {
    FV_BYTES(bytes);
    FV_IMAGE(image);
    for (int64_t done; (done = atomic_load(&s->done)) < s->set->samples.count && !atomic_load(&s->stop);) {
        if (progress && !progress(context, done, s->set->samples.count)) return false;
        if (!alone)
            wait_a_while();
        else if (!scan_samples(s, &bytes, &image, true))
            break;
    }
    return !progress || progress(context, atomic_load(&s->done), s->set->samples.count);
}

static int by_sample(const void *a, const void *b) {
    const failure *x = a, *y = b;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* The failures, in the order of samples, become rejections; what is over is freed. */
static fv_error *settle(fv_dataset *set, scan *s, bool finished) {
    fv_error *error = s->broken;
    failure *failures = s->failures.at;
    if (s->failures.count) qsort(failures, (size_t)s->failures.count, sizeof *failures, by_sample);
    for (int64_t i = 0; i < s->failures.count; i++) {
        if (error || !finished)
            fv_error_free(failures[i].why);
        else
            error = fv_dataset_reject(set, failures[i].sample, failures[i].why);
    }
    fv_memory_free(failures);
    if (error) return error;
    if (!finished) return fv_fail(FV_CANCELLED, "stopped while the pictures of %s were checked", fv_dataset_path(set));
    return fv_dataset_check_bound(set);
}

fv_error *fv_scan(fv_dataset *set, int64_t workers, fv_scan_look look, void *looker, fv_scan_progress progress, void *context) {
    scan s = { .set = set, .look = look, .looker = looker };
    fv_threads threads = { 0 };
    pthread_mutex_init(&s.mutex, NULL);
    fv_error *error = fv_threads_start(&threads, workers, "fovea-scan", scan_thread, &s);
    bool finished = !error && supervise(&s, workers == 0, progress, context);
    if (!finished) atomic_store(&s.stop, true);
    fv_threads_join(&threads);
    pthread_mutex_destroy(&s.mutex);
    if (error && !s.broken)
        s.broken = error;
    else
        fv_error_free(error);
    return settle(set, &s, finished);
}

static fv_box_of_pixels corner(const void *context, int64_t height, int64_t width) {
    (void)context, (void)height, (void)width;
    return (fv_box_of_pixels){ .height = 1, .width = 1 };
}

/* Damage is found from any part, so the smallest is enough. */
static fv_error *decode(void *set, int64_t sample, fv_bytes *bytes, fv_image *image) {
    fv_view view;
    return fv_dataset_fetch_part(set, sample, &(fv_interest){ .region = corner }, bytes, &view, image);
}

fv_error *fv_dataset_scan(fv_dataset *set, int64_t workers, fv_scan_progress progress, void *context) {
    return fv_scan(set, workers, decode, set, progress, context);
}
