/* tree_hash.c - see tree_hash.h. Leaves that no vectors are there for, and the root, are libsodium's. */
#include "core/formats/tree_hash.h"

#include <sodium.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/plan/kernel.h"

_Static_assert(sizeof FV_TREE_LEAF == crypto_generichash_blake2b_PERSONALBYTES, "BLAKE2b takes 16 bytes");
_Static_assert(sizeof FV_TREE_ROOT == crypto_generichash_blake2b_PERSONALBYTES, "BLAKE2b takes 16 bytes");

static void hash(const uint8_t *bytes, int64_t length, const char *personal, uint8_t out[FV_HASH_BYTES]) {
    crypto_generichash_blake2b_salt_personal(out, FV_HASH_BYTES, bytes, (unsigned long long)length, NULL, 0, NULL,
                                             (const unsigned char *)personal);
}

/* NULL: by libsodium alone. */
static const fv_leaves *vectors(void) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) return &fv_leaves_by_8;
    if (fv_isa_best() >= FV_ISA_AVX2) return &fv_leaves_by_4;
#endif
    return NULL;
}

void fv_tree_hash_leaves(const uint8_t *bytes, int64_t length, uint8_t *hashes) {
    const fv_leaves *leaves = vectors();
    int64_t at = 0;
    for (; leaves && length - at >= leaves->count * FV_TREE_LEAF_BYTES; at += leaves->count * FV_TREE_LEAF_BYTES)
        leaves->hash(bytes + at, hashes + at / FV_TREE_LEAF_BYTES * FV_HASH_BYTES);
    for (; at < length; at += FV_TREE_LEAF_BYTES)
        hash(bytes + at, fv_min(length - at, FV_TREE_LEAF_BYTES), FV_TREE_LEAF,
             hashes + at / FV_TREE_LEAF_BYTES * FV_HASH_BYTES);
}

void fv_tree_hash_root(const uint8_t *hashes, int64_t leaves, uint8_t out[FV_HASH_BYTES]) {
    hash(hashes, leaves * FV_HASH_BYTES, FV_TREE_ROOT, out);
}

typedef struct job {
    const uint8_t *bytes;
    int64_t length;
    uint8_t *hashes;
} job;

static void unit_of_leaves(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *j = context;
    int64_t begin = unit * FV_TREE_UNIT * FV_TREE_LEAF_BYTES;
    int64_t end = fv_min(begin + FV_TREE_UNIT * FV_TREE_LEAF_BYTES, j->length);
    fv_tree_hash_leaves(j->bytes + begin, end - begin, j->hashes + unit * FV_TREE_UNIT * FV_HASH_BYTES);
}

fv_error *fv_tree_hash(const uint8_t *bytes, int64_t length, uint8_t out[FV_HASH_BYTES]) {
    FV_OWNED(fv_memory) hashes = NULL;
    int64_t leaves = fv_tree_leaves(length);
    FV_TRY(fv_memory_alloc(leaves, FV_HASH_BYTES, &hashes));
    fv_parallel_for(fv_ceil_div(leaves, FV_TREE_UNIT), unit_of_leaves, &(job){ bytes, length, hashes });
    fv_tree_hash_root(hashes, leaves, out);
    return NULL;
}
