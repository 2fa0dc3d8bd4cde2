/* watch.c - see watch.h. A connection is cut by shutting its socket down, under the lock that it takes to close it: the number
 * cannot be another socket's by then. Its own thread sees the end and cleans up. */
#include "serve/watch.h"

#include <sys/socket.h>

#include "core/base/clock.h"
#include "core/base/memory.h"

void fv_watch_init(fv_watch *watch, double timeout, double idle) {
    *watch = (fv_watch){ .limits = { idle, timeout, 0, timeout } };
    pthread_mutex_init(&watch->lock, NULL);
}

void fv_watch_release(fv_watch *watch) {
    while (watch->first) fv_watch_leave(watch, watch->first);
    pthread_mutex_destroy(&watch->lock);
}

fv_error *fv_watch_enter(fv_watch *watch, int socket, bool local, fv_link **out) {
    fv_link *link = NULL;
    FV_TRY(fv_memory_new(1, &link));
    *link = (fv_link){ .socket = socket, .local = local, .since = fv_clock_seconds() };
    pthread_mutex_lock(&watch->lock);
    link->next = watch->first;
    if (link->next) link->next->previous = link;
    watch->first = link;
    watch->open++;
    pthread_mutex_unlock(&watch->lock);
    *out = link;
    return NULL;
}

void fv_watch_leave(fv_watch *watch, fv_link *link) {
    if (!link) return;
    pthread_mutex_lock(&watch->lock);
    *(link->previous ? &link->previous->next : &watch->first) = link->next;
    if (link->next) link->next->previous = link->previous;
    watch->open--;
    pthread_mutex_unlock(&watch->lock);
    fv_memory_free(link);
}

void fv_watch_phase(fv_watch *watch, fv_link *link, fv_phase phase) {
    double now = fv_clock_seconds();
    if (!link) return;
    pthread_mutex_lock(&watch->lock);
    link->phase = phase;
    link->since = now;
    pthread_mutex_unlock(&watch->lock);
}

void fv_watch_look(fv_watch *watch, double now) {
    pthread_mutex_lock(&watch->lock);
    for (fv_link *link = watch->first; link; link = link->next) {
        double limit = watch->limits[link->phase];
        if (!limit || link->cut || now - link->since < limit) continue;
        link->cut = true;
        watch->cut++;
        shutdown(link->socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&watch->lock);
}

int64_t fv_watch_open(fv_watch *watch, int64_t *cut) {
    pthread_mutex_lock(&watch->lock);
    int64_t open = watch->open;
    if (cut) *cut = watch->cut;
    pthread_mutex_unlock(&watch->lock);
    return open;
}
