/* tree_hash.h - the hash of a model file: BLAKE2b with 256 bits (RFC 7693) of the hashes of its leaves, which are computed by
 * the team (core/base/parallel.h), in any order, and several at once where the CPU has the vectors for it.
 *
 *   leaf i = BLAKE2b(bytes 64 KiB · i …, personalised "fovea leaf")       the last one may be shorter
 *   hash   = BLAKE2b(leaf 0 ‖ leaf 1 ‖ …, personalised "fovea tree")
 *
 * In Python: hashlib.blake2b(bytes, digest_size=32, person=b"fovea leaf"). */
#ifndef FV_FORMATS_TREE_HASH_H
#define FV_FORMATS_TREE_HASH_H

#include <stdint.h>

#include "fovea/error.h"

#define FV_HASH_BYTES 32
#define FV_TREE_LEAF_BYTES ((int64_t)64 << 10)
#define FV_TREE_LEAF "fovea leaf\0\0\0\0\0" /* 16 bytes with the NUL behind */
#define FV_TREE_ROOT "fovea tree\0\0\0\0\0"
#define FV_TREE_UNIT 8 /* leaves that are best hashed by one call: the most lanes there are */

/* Leaves that `length` bytes have. */
static inline int64_t fv_tree_leaves(int64_t length) { return (length + FV_TREE_LEAF_BYTES - 1) / FV_TREE_LEAF_BYTES; }

/* The hashes of the leaves of these bytes, which begin at a leaf's beginning; the last may be shorter. One thread. */
void fv_tree_hash_leaves(const uint8_t *bytes, int64_t length, uint8_t *hashes);
void fv_tree_hash_root(const uint8_t *hashes, int64_t leaves, uint8_t out[FV_HASH_BYTES]);
/* Both, by the team; FV_MEMORY. */
FV_MUST_USE fv_error *fv_tree_hash(const uint8_t *bytes, int64_t length, uint8_t out[FV_HASH_BYTES]);

/* `count` whole leaves, one behind the other, at once. */
typedef struct fv_leaves {
    int64_t count;
    void (*hash)(const uint8_t *bytes, uint8_t *hashes);
} fv_leaves;
extern const fv_leaves fv_leaves_by_4, fv_leaves_by_8; /* AVX2, AVX-512 */

#endif
