/* random.h - counter-based random numbers: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC'11). A number is a pure function of (seed, stream, a, b, index), so the order in which threads ask is irrelevant. Any
 * thread. */
#ifndef FV_BASE_RANDOM_H
#define FV_BASE_RANDOM_H

#include <stdint.h>

/* The 128-bit block for counter `counter` under key `key`. */
void fv_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A stream of numbers. Key: seed. Counter: (index of the block, stream, a, b) — stream names a use (a transform, a dropout
 * layer, the sampler), a and b what it is for (epoch and sampler position; step and shard). */
typedef struct fv_random {
    uint64_t seed;
    uint32_t stream, a, b, index;
    uint32_t block[4]; /* the block `index - 1`, of which `left` numbers are unused */
    int left;
} fv_random;

fv_random fv_random_at(uint64_t seed, uint32_t stream, uint32_t a, uint32_t b);
uint32_t fv_random_u32(fv_random *random);
double fv_random_unit(fv_random *random);              /* uniform in [0, 1), 53 bits, two u32 */
int64_t fv_random_below(fv_random *random, int64_t n); /* uniform in 0…n−1 without bias, n ≥ 1 */
double fv_random_between(fv_random *random, double low, double high);
double fv_random_normal(fv_random *random);                   /* mean 0, variance 1, Box–Muller, 4 u32 a number */
double fv_random_beta(fv_random *random, double a, double b); /* of density ∝ xᵃ⁻¹(1 − x)ᵇ⁻¹ on [0, 1]; a, b > 0 */
void fv_random_shuffle(fv_random *random, int64_t *order, int64_t n); /* Fisher–Yates, in place */
uint32_t fv_random_stream(const char *name);                          /* a stream number from a name (FNV-1a, 32 bits) */

#endif
