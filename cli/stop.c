/* stop.c - a thread that waits for signals. */
#include "cli/stop.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int stop;
static sigset_t signals;

static void *listen_for_signals(void *context) {
    (void)context;
    for (int count = 0;; count++) {
        int number;
        if (sigwait(&signals, &number)) return NULL;
        __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
        if (count) _exit(128 + number);
    }
}

fv_error *fv_stop_listen(const int **flag) {
    pthread_t thread;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    int code = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!code) code = pthread_create(&thread, NULL, listen_for_signals, NULL);
    if (!code) code = pthread_detach(thread);
    *flag = &stop;
    return code ? fv_fail(FV_IO, "cannot listen for signals: %s", strerror(code)) : NULL;
}
