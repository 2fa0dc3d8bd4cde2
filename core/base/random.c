/* random.c - Philox 4×32-10 and what is drawn from it. Constants and rounds: Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11, section 5. */
#include <math.h>

#include "core/base/assert.h"
#include "core/base/random.h"

void fv_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t left = UINT64_C(0xD2511F53) * c0, right = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t)(right >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)right;
        c2 = (uint32_t)(left >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)left;
        k0 += 0x9E3779B9; /* the golden ratio */
        k1 += 0xBB67AE85; /* √3 − 1 */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

fv_random fv_random_at(uint64_t seed, uint32_t stream, uint32_t a, uint32_t b) {
    return (fv_random){ .seed = seed, .stream = stream, .a = a, .b = b };
}

uint32_t fv_random_u32(fv_random *random) {
    if (!random->left) {
        uint32_t counter[4] = { random->index++, random->stream, random->a, random->b };
        uint32_t key[2] = { (uint32_t)random->seed, (uint32_t)(random->seed >> 32) };
        fv_philox(counter, key, random->block);
        random->left = 4;
    }
    return random->block[4 - random->left--];
}

static uint64_t next_u64(fv_random *random) {
    uint64_t low = fv_random_u32(random);
    return low | (uint64_t)fv_random_u32(random) << 32;
}

double fv_random_unit(fv_random *random) { return (double)(next_u64(random) >> 11) * 0x1p-53; }

/* Lemire, "Fast random integer generation in an interval", 2019: the high half of x·n, redrawing the few x that would bias it.
 */
int64_t fv_random_below(fv_random *random, int64_t n) {
    __extension__ typedef unsigned __int128 wide;
    FV_ASSERT(n >= 1);
    uint64_t bound = (uint64_t)n, biased = -bound % bound;
    wide product;
    do product = (wide)next_u64(random) * bound;
    while ((uint64_t)product < biased);
    return (int64_t)(product >> 64);
}

double fv_random_between(fv_random *random, double low, double high) { return low + (high - low) * fv_random_unit(random); }

double fv_random_normal(fv_random *random) {
    double radius = sqrt(-2 * log(1 - fv_random_unit(random))); /* 1 − u is in (0, 1] */
    return radius * cos(2 * 3.14159265358979323846 * fv_random_unit(random));
}

/* The logarithm of a number of the gamma distribution: Marsaglia and Tsang, "A simple method for generating gamma variables",
 * ACM TOMS 26 (2000), and for shapes below 1 their x·u^(1/shape), whose logarithm does not vanish. */
static double log_gamma_number(fv_random *random, double shape) {
    double boost = shape < 1 ? log(1 - fv_random_unit(random)) / shape : 0;
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = fv_random_normal(random), v = pow(1 + c * x, 3);
        double u = 1 - fv_random_unit(random);
        if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) return log(d * v) + boost;
    }
}

double fv_random_beta(fv_random *random, double a, double b) {
    double of_a = log_gamma_number(random, a), of_b = log_gamma_number(random, b);
    return 1 / (1 + exp(of_b - of_a));
}

void fv_random_shuffle(fv_random *random, int64_t *order, int64_t n) {
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = fv_random_below(random, i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

uint32_t fv_random_stream(const char *name) {
    uint32_t hash = 2166136261;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619;
    return hash;
}
