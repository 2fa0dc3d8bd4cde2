/* split_groups.c - whole groups dealt to parts so that every class, and all samples together, come near their fractions.
 *
 * With n(p, c) samples of class c in part p, N(c) in all and f(p) the part's fraction, what is kept small is
 *
 *     Σ over p and c of (n(p, c) − f(p) · N(c))² / N(c),
 *
 * where "all samples" counts as one more class. Groups come in the order of their hashes, so that the seed decides; each goes
 * where it adds least, the first part on a tie. Then groups move one by one, in the same order, while that lowers the sum.
 * Last, a part that is still empty gets the group whose move raises it least. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/split.h"

#define PASSES_MAX 50
#define SWAPPED_MAX 500 /* groups: among more of them moves alone come near enough */
#define GAIN_MIN 1e-9   /* less is rounding */

/* Samples sorted by group and class, so that a group is a run of them and each of its classes a run in that. */
typedef struct member {
    const char *group;
    int64_t stratum, index;
} member;

typedef struct group {
    const char *name;
    uint64_t rank;
    int64_t begin, end; /* among the members */
    int part;           /* −1: not dealt yet */
} group;

typedef struct dealing {
    const fv_deal *deal;
    member *members;
    group *groups;
    int64_t member_count, group_count;
    int64_t columns; /* classes, those of none, all: column stratum + 1, the last for all */
    double *totals;  /* [columns] */
    double *excess;  /* [parts, columns]: n(p, c) − f(p) · N(c) */
    int64_t *sizes;  /* [parts]: groups in each */
} dealing;

static int by_group(const void *a, const void *b) {
    const member *x = a, *y = b;
    int order = strcmp(x->group, y->group);
    if (order) return order;
    if (x->stratum != y->stratum) return x->stratum < y->stratum ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_rank(const void *a, const void *b) {
    const group *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return strcmp(x->name, y->name);
}

static fv_error *make_groups(dealing *d, fv_arena *arena) {
    FV_TRY(fv_arena_take(arena, d->member_count, &d->groups));
    for (int64_t begin = 0, end; begin < d->member_count; begin = end) {
        const char *name = d->members[begin].group;
        for (end = begin; end < d->member_count && !strcmp(d->members[end].group, name);) end++;
        d->groups[d->group_count++] = (group){ name, fv_split_rank(name, d->deal->seed), begin, end, -1 };
    }
    if (d->group_count) qsort(d->groups, (size_t)d->group_count, sizeof *d->groups, by_rank);
    return NULL;
}

static fv_error *count_up(dealing *d, fv_arena *arena) {
    FV_TRY(fv_arena_take(arena, d->columns, &d->totals));
    FV_TRY(fv_arena_take(arena, d->columns * d->deal->count, &d->excess));
    FV_TRY(fv_arena_take(arena, d->deal->count, &d->sizes));
    for (int64_t i = 0; i < d->member_count; i++) d->totals[d->members[i].stratum + 1]++;
    d->totals[d->columns - 1] = (double)d->member_count;
    for (int p = 0; p < d->deal->count; p++)
        for (int64_t c = 0; c < d->columns; c++) d->excess[p * d->columns + c] = -d->deal->fractions[p] * d->totals[c];
    return NULL;
}

/* What the sum grows by when n more of class c (fewer: n < 0) are in part p. */
static double growth(const dealing *d, int p, int64_t c, double n) {
    return n * (2 * d->excess[p * d->columns + c] + n) / d->totals[c];
}

/* The same for a group that comes (sign 1) or goes (−1). */
static double growth_of(const dealing *d, const group *g, int p, double sign) {
    double sum = growth(d, p, d->columns - 1, sign * (double)(g->end - g->begin));
    for (int64_t begin = g->begin, end; begin < g->end; begin = end) {
        int64_t stratum = d->members[begin].stratum;
        for (end = begin; end < g->end && d->members[end].stratum == stratum;) end++;
        sum += growth(d, p, stratum + 1, sign * (double)(end - begin));
    }
    return sum;
}

static void put(dealing *d, group *g, int part) {
    for (int64_t i = g->begin; i < g->end; i++) {
        int64_t c = d->members[i].stratum + 1, all = d->columns - 1;
        if (g->part >= 0) d->excess[g->part * d->columns + c]--, d->excess[g->part * d->columns + all]--;
        d->excess[part * d->columns + c]++, d->excess[part * d->columns + all]++;
    }
    if (g->part >= 0) d->sizes[g->part]--;
    d->sizes[part]++;
    g->part = part;
}

static int cheapest(const dealing *d, const group *g) {
    int best = 0;
    double least = INFINITY;
    for (int p = 0; p < d->deal->count; p++) {
        double cost = p == g->part ? 0 : growth_of(d, g, p, 1) + (g->part >= 0 ? growth_of(d, g, g->part, -1) : 0);
        if (cost >= least - GAIN_MIN) continue;
        least = cost;
        best = p;
    }
    return least < -GAIN_MIN || g->part < 0 ? best : g->part;
}

/* What the sum grows by when the group moves to another part, which it then has. */
static double move(dealing *d, group *g, int part) {
    double cost = growth_of(d, g, part, 1) + growth_of(d, g, g->part, -1);
    put(d, g, part);
    return cost;
}

static bool move_one(dealing *d, group *g) {
    int part = cheapest(d, g);
    if (part == g->part || d->sizes[g->part] == 1) return false;
    put(d, g, part);
    return true;
}

static bool swap_two(dealing *d, group *g, group *h) {
    int of_g = g->part, of_h = h->part;
    if (of_g == of_h) return false;
    if (move(d, g, of_h) + move(d, h, of_g) < -GAIN_MIN) return true;
    put(d, g, of_g);
    put(d, h, of_h);
    return false;
}

static void improve(dealing *d) {
    bool better = true;
    for (int pass = 0; pass < PASSES_MAX && better; pass++) {
        better = false;
        for (int64_t i = 0; i < d->group_count; i++) better |= move_one(d, &d->groups[i]);
        for (int64_t i = 0; i < d->group_count && d->group_count <= SWAPPED_MAX; i++)
            for (int64_t k = i + 1; k < d->group_count; k++) better |= swap_two(d, &d->groups[i], &d->groups[k]);
    }
}

static void fill_empty(dealing *d) {
    for (int p = 0; p < d->deal->count; p++) {
        group *best = NULL;
        double least = INFINITY;
        for (int64_t i = 0; i < d->group_count && !d->sizes[p]; i++) {
            group *g = &d->groups[i];
            if (d->sizes[g->part] < 2) continue;
            double cost = growth_of(d, g, p, 1) + growth_of(d, g, g->part, -1);
            if (cost < least) least = cost, best = g;
        }
        if (best) put(d, best, p);
    }
}

/* Classes that a part has not, though there are samples enough of them: they are in too few groups. */
static void warn(const dealing *d, const fv_subset *subset) {
    for (int64_t c = 1; c + 1 < d->columns; c++) {
        int lacking = 0;
        for (int p = 0; p < d->deal->count; p++)
            lacking += d->totals[c] > 0 && d->excess[p * d->columns + c] + d->deal->fractions[p] * d->totals[c] < 0.5;
        if (lacking)
            fv_log_warning("class %s is in too few groups: %d of the %d parts of the split %s none of it",
                           fv_dataset_class_name(subset->set, c - 1), lacking, d->deal->count, lacking == 1 ? "has" : "have");
    }
}

fv_error *fv_split_deal_groups(const fv_subset *subset, const fv_deal *deal, const int64_t *strata, const char *const *names,
                               fv_arena *arena, int *parts) {
    dealing d = { .deal = deal, .member_count = subset->count, .columns = fv_dataset_class_count(subset->set) + 2 };
    FV_TRY(fv_arena_take(arena, subset->count, &d.members));
    for (int64_t i = 0; i < subset->count; i++) d.members[i] = (member){ names[i], strata[i], i };
    if (subset->count) qsort(d.members, (size_t)subset->count, sizeof *d.members, by_group);
    FV_TRY(make_groups(&d, arena));
    FV_TRY(count_up(&d, arena));
    if (d.group_count < deal->count)
        return fv_fail(FV_USAGE, "%s has %lld group%s of pictures, too few for %d parts", fv_dataset_path(subset->set),
                       (long long)d.group_count, d.group_count == 1 ? "" : "s", deal->count);
    for (int64_t i = 0; i < d.group_count; i++) put(&d, &d.groups[i], cheapest(&d, &d.groups[i]));
    improve(&d);
    fill_empty(&d);
    for (int64_t i = 0; i < d.group_count; i++)
        for (int64_t m = d.groups[i].begin; m < d.groups[i].end; m++) parts[d.members[m].index] = d.groups[i].part;
    warn(&d, subset);
    return NULL;
}
