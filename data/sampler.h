/* sampler.h - the order in which an epoch goes through a subset. */
#ifndef FV_DATA_SAMPLER_H
#define FV_DATA_SAMPLER_H

#include "data/subset.h"

typedef struct fv_sampler fv_sampler;

/* `subset` must outlive it. FV_USAGE: weighted without weights, or with none above 0. FV_UNSUPPORTED: balanced where a sample
 * is not of one class. */
FV_MUST_USE fv_error *fv_sampler_new(const fv_subset *subset, fv_sampling sampling, int64_t seed, fv_sampler **out);
void fv_sampler_free(fv_sampler *sampler);
FV_CLEANUP(fv_sampler);
int64_t fv_sampler_memory(const fv_sampler *sampler); /* bytes that it holds */

/* The samples of an epoch in their order, as many as the subset has: a pure function of (subset, sampling, seed, epoch). */
void fv_sampler_order(const fv_sampler *sampler, int64_t epoch, int64_t *order);

#endif
