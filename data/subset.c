/* subset.c - the samples that a loader runs over: a part of a data set, or one side of a split. */
#include "data/subset.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/base/size.h"

const fv_field fv_split_fields[] = {
    FV_FIELD(fv_split_options, fraction, .max = 1, .help = "of the samples that go to the second part; 0: 0.2"),
    FV_FIELD(fv_split_options, seed, .help = "chooses the samples"),
    FV_FIELD(fv_split_options, unstratified, .help = "over all samples at once, not class by class"),
    FV_FIELDS_END,
};

static fv_error *subset_new(fv_dataset *set, int64_t capacity, fv_subset **out) {
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
    FV_TRY(subset_new(set, set->samples.count, &subset));
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
    FV_TRY(subset_new(set, count, &subset));
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

/* ---- splits ---- */

/* A sample's place in the order from which a class is dealt: by class, then keyed hash of the id. */
typedef struct ranked {
    int64_t group; /* its class, or 0 for all */
    uint64_t rank;
    const char *id;
    int64_t index; /* in the subset */
} ranked;

/* FNV-1a of the id, then Philox under the seed, so that ids that are alike do not go together. */
static uint64_t rank_of(const char *id, int64_t seed) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *id; id++) hash = (hash ^ (uint8_t)*id) * 0x100000001B3u;
    const uint32_t counter[4] = { (uint32_t)hash, (uint32_t)(hash >> 32), fv_random_stream("split"), 0 };
    const uint32_t key[2] = { (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32) };
    uint32_t out[4];
    fv_philox(counter, key, out);
    return (uint64_t)out[0] << 32 | out[1];
}

static int by_rank(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return strcmp(x->id, y->id);
}

static int64_t share(int64_t count, double fraction) {
    if (count < 2) return 0;
    return fv_min(fv_max((int64_t)((double)count * fraction + 0.5), 1), count - 1);
}

/* Marks what goes to the second part; the number of them. */
static int64_t deal(const fv_subset *subset, const ranked *order, double fraction, bool by_class, bool *second) {
    int64_t dealt = 0;
    for (int64_t begin = 0, end; begin < subset->count; begin = end) {
        for (end = begin; end < subset->count && order[end].group == order[begin].group;) end++;
        int64_t n = share(end - begin, fraction);
        for (int64_t i = begin; i < begin + n; i++) second[order[i].index] = true;
        dealt += n;
        if (by_class && end - begin == 1 && order[begin].group >= 0)
            fv_log_warning("class %s has one picture: it stays in the first part of the split, none is in the second",
                           fv_dataset_class_name(subset->set, order[begin].group));
    }
    return dealt;
}

static fv_error *take_sides(const fv_subset *subset, const bool *second_side, int64_t seconds, fv_subset **first,
                            fv_subset **second) {
    FV_OWNED(fv_subset) a = NULL;
    FV_OWNED(fv_subset) b = NULL;
    FV_TRY(subset_new(subset->set, subset->count - seconds, &a));
    FV_TRY(subset_new(subset->set, seconds, &b));
    for (int64_t i = 0; i < subset->count; i++) {
        fv_subset *side = second_side[i] ? b : a;
        side->samples[side->count++] = subset->samples[i];
    }
    *first = fv_take(&a);
    *second = fv_take(&b);
    return NULL;
}

fv_error *fv_subset_split(const fv_subset *subset, const fv_split_options *options, fv_subset **first, fv_subset **second) {
    fv_split_options o = options ? *options : (fv_split_options){ 0 };
    if (o.fraction == 0) o.fraction = 0.2;
    if (!(o.fraction > 0 && o.fraction < 1))
        return fv_fail(FV_USAGE, "a split's fraction is %g, not between 0 and 1", o.fraction);
    ranked *order = NULL;
    bool *second_side = NULL;
    FV_TRY(fv_memory_new(subset->count, &order));
    for (int64_t i = 0; i < subset->count; i++) {
        const char *id = fv_dataset_id(subset->set, subset->samples[i]);
        int64_t group = o.unstratified ? 0 : fv_dataset_class(subset->set, subset->samples[i]);
        order[i] = (ranked){ group, rank_of(id, o.seed), id, i };
    }
    qsort(order, (size_t)subset->count, sizeof *order, by_rank);
    fv_error *error = fv_memory_new(subset->count, &second_side);
    if (!error) {
        int64_t seconds = deal(subset, order, o.fraction, !o.unstratified, second_side);
        error = seconds ? take_sides(subset, second_side, seconds, first, second)
                        : fv_fail(FV_USAGE, "%s cannot be split: no class has two pictures", fv_dataset_path(subset->set));
    }
    fv_memory_free(second_side);
    fv_memory_free(order);
    return error;
}
