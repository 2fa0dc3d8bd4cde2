/* dropout.h - options of dropout and its mask, a pure function of (seed, stream, step, element index) that every kernel
 * follows.
 *
 * Element i (in row order; of ranks that share a batch, in the whole of it) has word i mod 4 of the Philox block with
 *   key      (seed bits 0–31, seed bits 32–63)
 *   counter  (block bits 0–31, stream, step bits 0–31, block bits 32–63)     where block = ⌊i / 4⌋
 * and is dropped when that word is below the threshold ⌊rate · 2³² + ½⌋. For i below 2³⁴ these are the words of
 * fv_random_at(seed, stream, step, 0). */
#ifndef FV_OPS_DROPOUT_H
#define FV_OPS_DROPOUT_H

#include "core/base/random.h"

typedef struct fv_dropout_options {
    double rate;
    int64_t stream; /* tells one dropout of a network from another */
} fv_dropout_options;

static inline void fv_dropout_words(const fv_dropout_options *options, int64_t seed, int64_t step, int64_t block,
                                    uint32_t words[4]) {
    uint32_t counter[4] = { (uint32_t)block, (uint32_t)options->stream, (uint32_t)step, (uint32_t)(block >> 32) };
    uint32_t key[2] = { (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32) };
    fv_philox(counter, key, words);
}

/* Words below it drop: 0…2³². */
static inline int64_t fv_dropout_threshold(double rate) { return (int64_t)(rate * 4294967296.0 + 0.5); }

/* What kept elements are multiplied by. */
static inline double fv_dropout_scale(double rate) { return rate < 1 ? 1 / (1 - rate) : 0; }

#endif
