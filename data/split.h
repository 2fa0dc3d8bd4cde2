/* split.h - splits from inside: what split.c and split_groups.c share. */
#ifndef FV_DATA_SPLIT_H
#define FV_DATA_SPLIT_H

#include "data/subset.h"

/* The parts that samples are dealt to. */
typedef struct fv_deal {
    int count;
    const double *fractions; /* [count], of all samples; they sum to 1 */
    int64_t seed;
    bool folds; /* all alike */
} fv_deal;

/* A text's place in an order that the seed decides, the same on every machine. */
uint64_t fv_split_rank(const char *text, int64_t seed);

/* Deals whole groups: names[i] is that of the subset's sample i, strata[i] its class (−1: none), parts[i] gets its part. */
FV_MUST_USE fv_error *fv_split_deal_groups(const fv_subset *subset, const fv_deal *deal, const int64_t *strata,
                                           const char *const *names, fv_arena *arena, int *parts);

#endif
