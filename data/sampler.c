/* sampler.c - the order of an epoch. An epoch is as long as the subset, however it is drawn.
 *
 *     uniform    every sample once, a Fisher–Yates shuffle by the stream "order" of (seed, epoch)
 *     balanced   position i draws a class, each alike, then one of its samples
 *     weighted   position i draws a sample in proportion to its weight
 *
 * Those that draw put back what they drew, and position i of an epoch has numbers of its own, the stream "draw" of (seed,
 * epoch, i): where an epoch is begun changes nothing. */
#include "data/sampler.h"

#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/random.h"

struct fv_sampler {
    const fv_subset *subset;
    fv_sampling sampling;
    int64_t seed;
    int64_t *members; /* balanced: positions in the subset, class by class */
    int64_t *begins;  /* balanced: [classes + 1] of the classes that have samples, into members */
    int64_t classes;
    double *sums; /* weighted: [count], weights up to and with each sample, added in the subset's order */
};

static fv_error *prepare_balanced(fv_sampler *s) {
    int64_t classes = fv_dataset_class_count(s->subset->set), n = 0;
    FV_TRY(fv_memory_new(s->subset->count, &s->members));
    FV_TRY(fv_memory_new(classes + 1, &s->begins));
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(classes + 1, sizeof(int64_t), &memory));
    int64_t *next = memory; /* where the next sample of a class goes */
    for (int64_t i = 0; i < s->subset->count; i++) {
        int64_t c = fv_dataset_class(s->subset->set, s->subset->samples[i]);
        if (c < 0)
            return fv_fail(FV_UNSUPPORTED, "sampling=balanced, but %s is not of one class",
                           fv_dataset_id(s->subset->set, s->subset->samples[i]));
        next[c]++;
    }
    for (int64_t c = 0; c < classes; c++) {
        int64_t count = next[c];
        next[c] = n;
        if (count) s->begins[s->classes++] = n;
        n += count;
    }
    s->begins[s->classes] = n;
    for (int64_t i = 0; i < s->subset->count; i++)
        s->members[next[fv_dataset_class(s->subset->set, s->subset->samples[i])]++] = i;
    return NULL;
}

static fv_error *prepare_weighted(fv_sampler *s) {
    double sum = 0;
    if (!fv_dataset_is_weighted(s->subset->set))
        return fv_error_hint(fv_fail(FV_USAGE, "sampling=weighted, but %s has no weights", fv_dataset_path(s->subset->set)),
                             "a list may have them, in a column called weight");
    FV_TRY(fv_memory_new(s->subset->count, &s->sums));
    for (int64_t i = 0; i < s->subset->count; i++) s->sums[i] = sum += fv_dataset_weight(s->subset->set, s->subset->samples[i]);
    return sum > 0 ? NULL
                   : fv_fail(FV_USAGE, "sampling=weighted, but no weight in %s is above 0", fv_dataset_path(s->subset->set));
}

fv_error *fv_sampler_new(const fv_subset *subset, fv_sampling sampling, int64_t seed, fv_sampler **out) {
    FV_OWNED(fv_sampler) sampler = NULL;
    FV_TRY(fv_memory_new(1, &sampler));
    sampler->subset = subset;
    sampler->sampling = sampling;
    sampler->seed = seed;
    if (sampling == FV_SAMPLING_BALANCED) FV_TRY(prepare_balanced(sampler));
    if (sampling == FV_SAMPLING_WEIGHTED) FV_TRY(prepare_weighted(sampler));
    *out = fv_take(&sampler);
    return NULL;
}

void fv_sampler_free(fv_sampler *sampler) {
    if (!sampler) return;
    fv_memory_free(sampler->members);
    fv_memory_free(sampler->begins);
    fv_memory_free(sampler->sums);
    fv_memory_free(sampler);
}

int64_t fv_sampler_memory(const fv_sampler *sampler) {
    int64_t count = sampler->subset->count, words = 0;
    if (sampler->members) words += count + fv_dataset_class_count(sampler->subset->set) + 1;
    if (sampler->sums) words += count;
    return words * (int64_t)sizeof(int64_t);
}

static int64_t draw_balanced(const fv_sampler *s, fv_random *random) {
    int64_t c = fv_random_below(random, s->classes), begin = s->begins[c];
    return s->members[begin + fv_random_below(random, s->begins[c + 1] - begin)];
}

/* The first sample whose sum is above u times all weights: one of weight 0 never is. */
static int64_t draw_weighted(const fv_sampler *s, fv_random *random) {
    int64_t low = 0, high = s->subset->count - 1;
    double all = s->sums[high], at = fmin(fv_random_unit(random) * all, nextafter(all, 0)); /* a product may round up to all */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (s->sums[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void fv_sampler_order(const fv_sampler *s, int64_t epoch, int64_t *order) {
    const fv_subset *subset = s->subset;
    if (s->sampling == FV_SAMPLING_UNIFORM) {
        fv_random random = fv_random_at((uint64_t)s->seed, fv_random_stream("order"), (uint32_t)epoch, 0);
        memcpy(order, subset->samples, (size_t)subset->count * sizeof *order);
        fv_random_shuffle(&random, order, subset->count);
        return;
    }
    uint32_t stream = fv_random_stream("draw");
    for (int64_t i = 0; i < subset->count; i++) {
        fv_random random = fv_random_at((uint64_t)s->seed, stream, (uint32_t)epoch, (uint32_t)i);
        order[i] = subset->samples[s->sampling == FV_SAMPLING_BALANCED ? draw_balanced(s, &random) : draw_weighted(s, &random)];
    }
}
