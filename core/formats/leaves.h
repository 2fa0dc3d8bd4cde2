/* leaves.h - the leaves of a tree hash, several at once: BLAKE2b with 256 bits (RFC 7693), one leaf in each lane of a vector of
 * 64-bit words. Compiled once for each width of vector; what a leaf is, and what comes out, is told by tree_hash.h. */
#ifndef FV_FORMATS_LEAVES_H
#define FV_FORMATS_LEAVES_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "core/formats/tree_hash.h"

#define INLINE static inline __attribute__((always_inline))
#define BLOCK 128 /* bytes that are compressed at once */
#define ROUNDS 12

#if defined(__AVX512F__)

#define LANES 8
typedef uint64_t words __attribute__((vector_size(8 * LANES))); /* unsigned: sums wrap */
#define M(w) ((__m512i)(w))
INLINE words all(uint64_t word) { return (words)_mm512_set1_epi64((int64_t)word); }
INLINE words load(const void *from) { return (words)_mm512_loadu_si512(from); }
INLINE void store(void *to, words w) { _mm512_storeu_si512(to, M(w)); }
INLINE words rotated_32(words w) { return (words)_mm512_ror_epi64(M(w), 32); }
INLINE words rotated_24(words w) { return (words)_mm512_ror_epi64(M(w), 24); }
INLINE words rotated_16(words w) { return (words)_mm512_ror_epi64(M(w), 16); }
INLINE words rotated_63(words w) { return (words)_mm512_ror_epi64(M(w), 63); }

/* Row l holds eight words of lane l; then row i word i of each lane. */
INLINE void transpose(words row[LANES]) {
    words pair[LANES], half[LANES];
#pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 2) {
        pair[i] = (words)_mm512_unpacklo_epi64(M(row[i]), M(row[i + 1]));
        pair[i + 1] = (words)_mm512_unpackhi_epi64(M(row[i]), M(row[i + 1]));
    }
#pragma GCC unroll 2
    for (int i = 0; i < LANES; i += 4)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) { /* words j and j + 4, then j + 2 and j + 6 of four lanes */
            half[i + j] = (words)_mm512_shuffle_i64x2(M(pair[i + j]), M(pair[i + j + 2]), 0x88);
            half[i + j + 2] = (words)_mm512_shuffle_i64x2(M(pair[i + j]), M(pair[i + j + 2]), 0xdd);
        }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        row[j] = (words)_mm512_shuffle_i64x2(M(half[j]), M(half[j + 4]), 0x88);
        row[j + 4] = (words)_mm512_shuffle_i64x2(M(half[j]), M(half[j + 4]), 0xdd);
    }
}

#else

#define LANES 4
typedef uint64_t words __attribute__((vector_size(8 * LANES))); /* unsigned: sums wrap */
#define M(w) ((__m256i)(w))
INLINE words all(uint64_t word) { return (words)_mm256_set1_epi64x((int64_t)word); }
INLINE words load(const void *from) { return (words)_mm256_loadu_si256(from); }
INLINE void store(void *to, words w) { _mm256_storeu_si256(to, M(w)); }
INLINE words rotated_32(words w) { return (words)_mm256_shuffle_epi32(M(w), 0xb1); }
INLINE words rotated_24(words w) {
    return (words)_mm256_shuffle_epi8(M(w), _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3, 4, 5, 6,
                                                             7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10));
}
INLINE words rotated_16(words w) {
    return (words)_mm256_shuffle_epi8(M(w), _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2, 3, 4, 5,
                                                             6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9));
}
INLINE words rotated_63(words w) { return (words)_mm256_or_si256(_mm256_srli_epi64(M(w), 63), M(w + w)); }

/* Row l holds four words of lane l; then row i word i of each lane. */
INLINE void transpose(words row[LANES]) {
    words a = (words)_mm256_unpacklo_epi64(M(row[0]), M(row[1])), b = (words)_mm256_unpackhi_epi64(M(row[0]), M(row[1]));
    words c = (words)_mm256_unpacklo_epi64(M(row[2]), M(row[3])), d = (words)_mm256_unpackhi_epi64(M(row[2]), M(row[3]));
    row[0] = (words)_mm256_permute2x128_si256(M(a), M(c), 0x20);
    row[1] = (words)_mm256_permute2x128_si256(M(b), M(d), 0x20);
    row[2] = (words)_mm256_permute2x128_si256(M(a), M(c), 0x31);
    row[3] = (words)_mm256_permute2x128_si256(M(b), M(d), 0x31);
}

#endif

static const uint64_t start[8] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                   0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 };

/* Which words of a block a round takes, in order (RFC 7693, 2.7). */
static const uint8_t order[ROUNDS][16] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
    { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 }, { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
    { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 }, { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
    { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 }, { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
    { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 }, { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
};

INLINE void mix(words *a, words *b, words *c, words *d, words x, words y) {
    *a = *a + *b + x;
    *d = rotated_32(*d ^ *a);
    *c = *c + *d;
    *b = rotated_24(*b ^ *c);
    *a = *a + *b + y;
    *d = rotated_16(*d ^ *a);
    *c = *c + *d;
    *b = rotated_63(*b ^ *c);
}

/* The next block of each lane; `length` counts its bytes and those before. */
INLINE void compress(words state[8], const words block[16], int64_t length, uint64_t last) {
    words v[16];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) v[i] = state[i], v[8 + i] = all(start[i]);
    v[12] ^= all((uint64_t)length);
    v[14] ^= all(last);
#pragma GCC unroll 12
    for (int r = 0; r < ROUNDS; r++) {
        const uint8_t *o = order[r];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) mix(&v[i], &v[4 + i], &v[8 + i], &v[12 + i], block[o[2 * i]], block[o[2 * i + 1]]);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            mix(&v[i], &v[4 + (i + 1) % 4], &v[8 + (i + 2) % 4], &v[12 + (i + 3) % 4], block[o[8 + 2 * i]],
                block[o[9 + 2 * i]]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) state[i] ^= v[i] ^ v[8 + i];
}

/* LANES whole leaves, one behind the other, to LANES hashes. */
static void hash_leaves(const uint8_t *bytes, uint8_t *hashes) {
    words state[8], block[16];
    uint64_t personal[2], made[4][LANES];
    memcpy(personal, FV_TREE_LEAF, sizeof personal);
    for (int i = 0; i < 8; i++) state[i] = all(start[i] ^ (i < 6 ? 0 : personal[i - 6]));
    state[0] ^= all(0x01010000 ^ FV_HASH_BYTES); /* no key, no tree of BLAKE2's own kind */
    for (int64_t at = 0; at < FV_TREE_LEAF_BYTES; at += BLOCK) {
        for (int part = 0; part < 16; part += LANES) {
#pragma GCC unroll 8
            for (int l = 0; l < LANES; l++) block[part + l] = load(bytes + l * FV_TREE_LEAF_BYTES + at + part * 8);
            transpose(block + part);
        }
        compress(state, block, at + BLOCK, at + BLOCK == FV_TREE_LEAF_BYTES ? ~UINT64_C(0) : 0);
    }
    for (int i = 0; i < 4; i++) store(made[i], state[i]);
    for (int l = 0; l < LANES; l++)
        for (int i = 0; i < 4; i++) memcpy(hashes + l * FV_HASH_BYTES + i * 8, &made[i][l], 8);
}

#endif
