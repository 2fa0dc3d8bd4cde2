/* stop.c - a thread that waits for signals. */
#include "cli/stop.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define INTERRUPTS_MAX 3

static const char notice[] = "\nstopping, as asked; once more ends it without keeping what was done since the last save\n";
static int stop;
static sigset_t signals;

static void *listen_for_signals(void *context) {
    (void)context;
    for (int interrupts = 0;;) {
        int number;
        if (sigwait(&signals, &number)) return NULL;
        __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
        interrupts += number == SIGINT;
        if (number == SIGINT && interrupts == INTERRUPTS_MAX - 1 && write(STDERR_FILENO, notice, sizeof notice - 1) < 0)
            continue;
        if (interrupts == INTERRUPTS_MAX) _exit(128 + SIGINT);
    }
}

fv_error *fv_stop_listen(const int **flag) {
    pthread_t thread;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    int code = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!code) code = pthread_create(&thread, NULL, listen_for_signals, NULL);
    if (!code) code = pthread_detach(thread);
    *flag = &stop;
    return code ? fv_fail(FV_IO, "cannot listen for signals: %s", strerror(code)) : NULL;
}
