/* The hash of a model file's tree of leaves, against its definition and Python's hashlib. */
#include "core/formats/tree_hash.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#define LEAF FV_TREE_LEAF_BYTES

/* Byte i is ⌊i · 2654435761 / 2^13⌋ modulo 256. */
static uint8_t *make_bytes(int64_t length) {
    uint8_t *bytes = NULL;
    FV_OK(fv_memory_new(length + 1, &bytes));
    for (int64_t i = 0; i < length; i++) bytes[i] = (uint8_t)((uint64_t)i * 2654435761u >> 13);
    return bytes;
}

static void define(const uint8_t *bytes, int64_t length, const char *personal, uint8_t *out) {
    crypto_generichash_blake2b_salt_personal(out, FV_HASH_BYTES, bytes, (size_t)length, NULL, 0, NULL,
                                             (const unsigned char *)personal);
}

static void assert_hash(const uint8_t *bytes, int64_t length, const char *hex) {
    uint8_t hash[FV_HASH_BYTES];
    char is[2 * FV_HASH_BYTES + 1];
    FV_OK(fv_tree_hash(bytes, length, hash));
    assert_string_equal(sodium_bin2hex(is, sizeof is, hash, sizeof hash), hex);
}

/* Seventeen leaves and a bit, a bit, a leaf, nothing. */
FV_TEST(core_formats_tree_hash__is_that_of_pythons_hashlib) {
    uint8_t *bytes = make_bytes(17 * LEAF + 5);
    assert_hash(bytes, 17 * LEAF + 5, "efd843e970dc84ba76d2df0d3f6ea324f173b70a9a12c6774c6b0f1f338dee55");
    assert_hash(bytes, 5, "ee6dfa5ec937382cddd685a6cd241e8968b451a9d2749ba02fd29ca5ff2a8cd5");
    assert_hash(bytes, LEAF, "cd1863a3d6f8b328671627d0b8ad31530ea96c3b0c88e14e410df951514028a3");
    assert_hash(bytes, 0, "331792d6af98e575e6622ba90e47841bac3b31916649bdf3769b17e582e41c7d");
    fv_memory_free(bytes);
}

#define LEAVES 13 /* eight at once, four, one alone */

static void assert_leaves(const uint8_t *hashes, const uint8_t *wanted, int64_t count) {
    assert_memory_equal(hashes, wanted, (size_t)(count * FV_HASH_BYTES));
}

/* By what the machine takes, with vectors or without; then by each that it has. */
FV_TEST(core_formats_tree_hash__leaves_are_the_same_by_any_vectors) {
    uint8_t *bytes = make_bytes(LEAVES * LEAF), hashes[LEAVES * FV_HASH_BYTES], wanted[LEAVES * FV_HASH_BYTES];
    for (int64_t leaf = 0; leaf < LEAVES; leaf++)
        define(bytes + leaf * LEAF, LEAF, FV_TREE_LEAF, wanted + leaf * FV_HASH_BYTES);
    fv_tree_hash_leaves(bytes, LEAVES * LEAF, hashes);
    assert_leaves(hashes, wanted, LEAVES);
#if defined(__x86_64__)
    const fv_leaves *const all[] = { &fv_leaves_by_4, &fv_leaves_by_8 };
    const fv_isa needs[] = { FV_ISA_AVX2, FV_ISA_AVX512 };
    for (int v = 0; v < 2 && fv_isa_best() >= needs[v]; v++) {
        all[v]->hash(bytes, hashes);
        assert_leaves(hashes, wanted, all[v]->count);
    }
#endif
    fv_memory_free(bytes);
}
