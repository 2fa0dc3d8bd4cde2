/* split.c - a subset divided: in two or three parts or in folds, class by class, groups whole. Each is a pure function of seed,
 * classes, ids and groups. How groups are dealt is in split_groups.c. */
#include "data/split.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/base/size.h"

#define NAMES_CAP ((int64_t)1 << 36)
#define FOLDS_MAX 1000

const fv_field fv_split_fields[] = {
    FV_FIELD(fv_split_options, fraction, .max = 1, .help = "of the samples that go to the second part; 0: 0.2"),
    FV_FIELD(fv_split_options, seed, .help = "chooses the samples"),
    FV_FIELD(fv_split_options, unstratified, .help = "over all samples at once, not class by class"),
    FV_FIELD(fv_split_options, group_by,
             .help = "pattern over ids: what gives the same first (…) stays together; by default the set's own groups; none"),
    FV_FIELDS_END,
};

/* FNV-1a of the text, then Philox under the seed, so that ids that are alike do not go together. */
uint64_t fv_split_rank(const char *text, int64_t seed) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 0x100000001B3u;
    const uint32_t counter[4] = { (uint32_t)hash, (uint32_t)(hash >> 32), fv_random_stream("split"), 0 };
    const uint32_t key[2] = { (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32) };
    uint32_t out[4];
    fv_philox(counter, key, out);
    return (uint64_t)out[0] << 32 | out[1];
}

/* ---- classes and groups of the samples ---- */

static void count_classes(const fv_subset *subset, int64_t *counts) {
    for (int64_t i = 0; i < subset->count; i++) {
        const fv_target *target = fv_dataset_target(subset->set, subset->samples[i]);
        for (int64_t c = 0; target->kind == FV_TARGET_CLASSES && c < target->classes.count; c++)
            counts[target->classes.at[c]]++;
    }
}

static int64_t rarest(const fv_target *target, const int64_t *counts) {
    int64_t best = -1;
    for (int64_t i = 0; i < target->classes.count; i++) {
        int64_t c = target->classes.at[i];
        if (best < 0 || counts[c] < counts[best] || (counts[c] == counts[best] && c < best)) best = c;
    }
    return best;
}

/* What class each sample is dealt with; −1: those of none. */
static fv_error *find_strata(const fv_subset *subset, bool unstratified, int64_t *strata) {
    FV_OWNED(fv_memory) counts = NULL;
    FV_TRY(fv_memory_alloc(fv_dataset_class_count(subset->set), sizeof(int64_t), &counts));
    count_classes(subset, counts);
    for (int64_t i = 0; i < subset->count; i++) {
        const fv_target *target = fv_dataset_target(subset->set, subset->samples[i]);
        strata[i] = unstratified                        ? -1
                    : target->kind == FV_TARGET_CLASSES ? rarest(target, counts)
                                                        : fv_dataset_class(subset->set, subset->samples[i]);
    }
    return NULL;
}

static fv_error *match(const regex_t *pattern, const char *text, const char *id, fv_arena *arena, const char **out) {
    regmatch_t found[2];
    if (regexec(pattern, id, 2, found, 0))
        return fv_error_hint(fv_fail(FV_FORMAT, "group_by \"%s\" does not match %s", text, id),
                             "say a pattern that finds the group in every id");
    int at = pattern->re_nsub && found[1].rm_so >= 0;
    return fv_arena_format(arena, out, "%.*s", (int)(found[at].rm_eo - found[at].rm_so), id + found[at].rm_so);
}

static fv_error *match_all(const fv_subset *subset, const char *text, fv_arena *arena, const char **names) {
    regex_t pattern;
    char why[256];
    int code = regcomp(&pattern, text, REG_EXTENDED);
    if (code) {
        regerror(code, &pattern, why, sizeof why);
        return fv_fail(FV_USAGE, "group_by \"%s\" is no pattern: %s", text, why);
    }
    fv_error *error = NULL;
    for (int64_t i = 0; i < subset->count && !error; i++)
        error = match(&pattern, text, fv_dataset_id(subset->set, subset->samples[i]), arena, &names[i]);
    regfree(&pattern);
    return error;
}

/* The name of each sample's group; `*grouped` false: each is on its own. One without a group in a set with some is alone. */
static fv_error *find_groups(const fv_subset *subset, const char *group_by, fv_arena *arena, const char **names,
                             bool *grouped) {
    *grouped = false;
    if (group_by && !strcmp(group_by, "none")) return NULL;
    *grouped = group_by != NULL;
    if (group_by) return match_all(subset, group_by, arena, names);
    for (int64_t i = 0; i < subset->count; i++) {
        names[i] = fv_dataset_group(subset->set, subset->samples[i]);
        *grouped |= names[i] != NULL;
        if (!names[i]) FV_TRY(fv_arena_format(arena, &names[i], "/%s", fv_dataset_id(subset->set, subset->samples[i])));
    }
    return NULL;
}

/* ---- samples on their own ---- */

/* A sample's place in the order from which a class is dealt. */
typedef struct ranked {
    int64_t stratum;
    uint64_t rank;
    const char *id;
    int64_t index; /* in the subset */
} ranked;

static int by_rank(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->stratum != y->stratum) return x->stratum < y->stratum ? -1 : 1;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return strcmp(x->id, y->id);
}

static fv_error *rank_samples(const fv_subset *subset, const int64_t *strata, int64_t seed, ranked **out) {
    FV_TRY(fv_memory_new(subset->count, out));
    for (int64_t i = 0; i < subset->count; i++) {
        const char *id = fv_dataset_id(subset->set, subset->samples[i]);
        (*out)[i] = (ranked){ strata[i], fv_split_rank(id, seed), id, i };
    }
    if (subset->count) qsort(*out, (size_t)subset->count, sizeof **out, by_rank);
    return NULL;
}

static int64_t share(int64_t count, double fraction) {
    if (count < 2) return 0;
    return fv_min(fv_max((int64_t)((double)count * fraction + 0.5), 1), count - 1);
}

static void deal_two(const fv_subset *subset, const ranked *order, double fraction, int *parts) {
    for (int64_t begin = 0, end; begin < subset->count; begin = end) {
        for (end = begin; end < subset->count && order[end].stratum == order[begin].stratum;) end++;
        int64_t n = share(end - begin, fraction);
        for (int64_t i = begin; i < begin + n; i++) parts[order[i].index] = 1;
        if (end - begin == 1 && order[begin].stratum >= 0)
            fv_log_warning("class %s has one picture: it stays in the first part of the split, none is in the second",
                           fv_dataset_class_name(subset->set, order[begin].stratum));
    }
}

static fv_error *deal_samples(const fv_subset *subset, const fv_deal *deal, const int64_t *strata, int *parts) {
    ranked *order = NULL;
    FV_TRY(rank_samples(subset, strata, deal->seed, &order));
    if (deal->folds)
        for (int64_t i = 0; i < subset->count; i++) parts[order[i].index] = (int)(i % deal->count);
    else
        deal_two(subset, order, deal->fractions[1], parts);
    fv_memory_free(order);
    return NULL;
}

/* ---- both ---- */

/* The part of each sample, a number below deal->count. */
static fv_error *deal_out(const fv_subset *subset, const fv_split_options *o, const fv_deal *deal, int *parts) {
    FV_OWNED(fv_arena) arena = NULL;
    int64_t *strata = NULL;
    const char **names = NULL;
    bool grouped;
    FV_TRY(fv_arena_new("the groups of a split", NAMES_CAP, &arena));
    FV_TRY(fv_arena_take(arena, subset->count, &strata));
    FV_TRY(fv_arena_take(arena, subset->count, &names));
    FV_TRY(find_strata(subset, o->unstratified, strata));
    FV_TRY(find_groups(subset, o->group_by, arena, names, &grouped));
    return grouped ? fv_split_deal_groups(subset, deal, strata, names, arena, parts)
                   : deal_samples(subset, deal, strata, parts);
}

static fv_error *take_sides(const fv_subset *subset, const int *parts, int which, fv_subset **others, fv_subset **chosen) {
    FV_OWNED(fv_subset) a = NULL;
    FV_OWNED(fv_subset) b = NULL;
    FV_TRY(fv_subset_new(subset->set, subset->count, &a));
    FV_TRY(fv_subset_new(subset->set, subset->count, &b));
    for (int64_t i = 0; i < subset->count; i++) {
        fv_subset *side = parts[i] == which ? b : a;
        side->samples[side->count++] = subset->samples[i];
    }
    if (!b->count) return fv_fail(FV_USAGE, "%s cannot be split: no class has two pictures", fv_dataset_path(subset->set));
    *others = fv_take(&a);
    *chosen = fv_take(&b);
    return NULL;
}

static fv_error *divide(const fv_subset *subset, const fv_split_options *o, const fv_deal *deal, int which, fv_subset **others,
                        fv_subset **chosen) {
    int *parts = NULL;
    FV_TRY(fv_memory_new(subset->count, &parts));
    fv_error *error = deal_out(subset, o, deal, parts);
    if (!error) error = take_sides(subset, parts, which, others, chosen);
    fv_memory_free(parts);
    return error;
}

static fv_error *check_fraction(double fraction) {
    if (fraction > 0 && fraction < 1) return NULL;
    return fv_fail(FV_USAGE, "a split's fraction is %g, not between 0 and 1", fraction);
}

fv_error *fv_subset_split(const fv_subset *subset, const fv_split_options *options, fv_subset **first, fv_subset **second) {
    fv_split_options o = options ? *options : (fv_split_options){ 0 };
    if (o.fraction == 0) o.fraction = 0.2;
    FV_TRY(check_fraction(o.fraction));
    const double fractions[2] = { 1 - o.fraction, o.fraction };
    return divide(subset, &o, &(fv_deal){ .count = 2, .fractions = fractions, .seed = o.seed }, 1, first, second);
}

fv_error *fv_subset_split_three(const fv_subset *subset, const fv_split_options *options, double test_fraction,
                                fv_subset **train, fv_subset **val, fv_subset **test) {
    fv_split_options o = options ? *options : (fv_split_options){ 0 };
    FV_OWNED(fv_subset) rest = NULL;
    FV_OWNED(fv_subset) last = NULL;
    double fraction = o.fraction == 0 ? 0.2 : o.fraction;
    FV_TRY(check_fraction(fraction));
    FV_TRY(check_fraction(test_fraction));
    if (fraction + test_fraction >= 1)
        return fv_fail(FV_USAGE, "the fractions %g and %g of a split leave nothing to train on", fraction, test_fraction);
    o.fraction = test_fraction;
    FV_TRY(fv_subset_split(subset, &o, &rest, &last));
    o.fraction = fraction / (1 - test_fraction);
    FV_TRY(fv_subset_split(rest, &o, train, val));
    *test = fv_take(&last);
    return NULL;
}

fv_error *fv_subset_fold(const fv_subset *subset, const fv_split_options *options, int64_t folds, int64_t fold,
                         fv_subset **train, fv_subset **held_out) {
    const fv_split_options o = options ? *options : (fv_split_options){ 0 };
    double fractions[FOLDS_MAX];
    if (folds < 2 || folds > FOLDS_MAX || folds > subset->count)
        return fv_fail(FV_USAGE, "%lld folds of %lld pictures; it takes 2 to %lld", (long long)folds, (long long)subset->count,
                       (long long)fv_min(FOLDS_MAX, subset->count));
    if (fold < 1 || fold > folds)
        return fv_fail(FV_USAGE, "there is no fold %lld; they are 1 to %lld", (long long)fold, (long long)folds);
    for (int64_t f = 0; f < folds; f++) fractions[f] = 1 / (double)folds;
    fv_deal deal = { .count = (int)folds, .fractions = fractions, .seed = o.seed, .folds = true };
    return divide(subset, &o, &deal, (int)fold - 1, train, held_out);
}
