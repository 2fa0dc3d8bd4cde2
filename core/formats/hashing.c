/* hashing.c - see hashing.h. Signals are left to the thread that the program chose for them. */
#include "core/formats/hashing.h"

#include <signal.h>
#include <sodium.h>

static void *run(void *hashing) {
    fv_hashing *h = hashing;
    crypto_generichash(h->hash, FV_HASH_BYTES, h->bytes, (unsigned long long)h->length, NULL, 0);
    return NULL;
}

void fv_hashing_begin(fv_hashing *h, const uint8_t *bytes, int64_t length) {
    sigset_t all, before;
    h->bytes = bytes;
    h->length = length;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    h->threaded = pthread_create(&h->thread, NULL, run, h) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (h->threaded) pthread_setname_np(h->thread, "fovea-hash");
}

void fv_hashing_end(fv_hashing *h) {
    if (h->threaded)
        pthread_join(h->thread, NULL);
    else
        run(h);
}
