/* hashing.h - BLAKE2b with 256 bits (RFC 7693) of bytes in memory, by a thread of its own: what is made of them meanwhile does
 * not wait for it. Where no thread can be had, the caller's computes it at the end. */
#ifndef FV_FORMATS_HASHING_H
#define FV_FORMATS_HASHING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define FV_HASH_BYTES 32

/* Open value: fv_hashing_begin, then fv_hashing_end, at which `hash` is that of the bytes, which stay as they are until then.
 */
typedef struct fv_hashing {
    const uint8_t *bytes;
    int64_t length;
    pthread_t thread;
    bool threaded;
    uint8_t hash[FV_HASH_BYTES];
} fv_hashing;

void fv_hashing_begin(fv_hashing *hashing, const uint8_t *bytes, int64_t length);
void fv_hashing_end(fv_hashing *hashing);

#endif
