/* subset.c - the samples that a loader runs over: a part of a data set, or some of them. Splits are in split.c. */
#include "data/subset.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/memory.h"

fv_error *fv_subset_new(fv_dataset *set, int64_t capacity, fv_subset **out) {
    FV_OWNED(fv_subset) subset = NULL;
    FV_TRY(fv_memory_new(1, &subset));
    subset->set = set;
    FV_TRY(fv_memory_new(capacity, &subset->samples));
    *out = fv_take(&subset);
    return NULL;
}

void fv_subset_free(fv_subset *subset) {
    if (!subset) return;
    fv_memory_free(subset->samples);
    fv_memory_free(subset);
}

static fv_error *no_part(const fv_dataset *set, const char *part) {
    FV_TEXT(names, 4096);
    for (int64_t i = 0; i < fv_dataset_part_count(set); i++)
        fv_text_addf(&names, "%s%s", i ? ", " : "", fv_dataset_part_name(set, i));
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "%s has no part \"%s\"", fv_dataset_path(set), part), "it has %s",
                         names.length ? names.at : "no parts at all");
}

fv_error *fv_subset_part(fv_dataset *set, const char *part, fv_subset **out) {
    int number = -1;
    for (int i = 0; part && i < (int)fv_dataset_part_count(set); i++)
        if (!strcmp(fv_dataset_part_name(set, i), part)) number = i;
    if (part && number < 0) return no_part(set, part);
    FV_OWNED(fv_subset) subset = NULL;
    FV_TRY(fv_subset_new(set, set->samples.count, &subset));
    for (int64_t i = 0; i < set->samples.count; i++) {
        const fv_sample *s = fv_dataset_sample(set, i);
        if (!s->unusable && (!part || s->part == number)) subset->samples[subset->count++] = i;
    }
    if (!subset->count) return fv_fail(FV_NOT_FOUND, "%s: nothing in %s can be used", fv_dataset_path(set), part ? part : "it");
    *out = fv_take(&subset);
    return NULL;
}

fv_error *fv_subset_of(fv_dataset *set, const int64_t *samples, int64_t count, fv_subset **out) {
    FV_OWNED(fv_subset) subset = NULL;
    FV_TRY(fv_subset_new(set, count, &subset));
    for (int64_t i = 0; i < count; i++) {
        if (samples[i] < 0 || samples[i] >= set->samples.count)
            return fv_fail(FV_USAGE, "there is no sample %lld of %lld", (long long)samples[i], (long long)set->samples.count);
        if (!fv_dataset_sample(set, samples[i])->unusable) subset->samples[subset->count++] = samples[i];
    }
    *out = fv_take(&subset);
    return NULL;
}

fv_dataset *fv_subset_dataset(const fv_subset *subset) { return subset->set; }
int64_t fv_subset_count(const fv_subset *subset) { return subset->count; }
int64_t fv_subset_at(const fv_subset *subset, int64_t index) {
    FV_ASSERT(index >= 0 && index < subset->count);
    return subset->samples[index];
}

void fv_subset_class_counts(const fv_subset *subset, int64_t *counts) {
    memset(counts, 0, (size_t)fv_dataset_class_count(subset->set) * sizeof *counts);
    for (int64_t i = 0; i < subset->count; i++) {
        int64_t c = fv_dataset_class(subset->set, subset->samples[i]);
        if (c >= 0) counts[c]++;
    }
}
