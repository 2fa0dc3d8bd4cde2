/* threads.c - starting and joining worker threads. */
#include "data/threads.h"

#include <signal.h>
#include <string.h>

#include "core/base/memory.h"

fv_error *fv_threads_start(fv_threads *threads, int64_t count, const char *name, void *(*run)(void *), void *context) {
    if (count < 0 || count > FV_WORKERS_MAX)
        return fv_fail(FV_USAGE, "%lld workers; 0 to %d are possible", (long long)count, FV_WORKERS_MAX);
    FV_TRY(fv_memory_new(count, &threads->at));
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    while (threads->count < count && !failed) {
        failed = pthread_create(&threads->at[threads->count], NULL, run, context);
        if (failed) break;
        pthread_setname_np(threads->at[threads->count++], name);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? fv_fail(FV_IO, "cannot start a worker thread: %s", strerror(failed)) : NULL;
}

void fv_threads_join(fv_threads *threads) {
    for (int64_t i = 0; i < threads->count; i++) pthread_join(threads->at[i], NULL);
    fv_memory_free(threads->at);
    *threads = (fv_threads){ 0 };
}
