/* duplicates.c - groups of equal and of similar pictures. Equal ones are neighbours once sorted by content. Of similar ones, at
 * most `near` bits of 64 apart, at least one of near + 1 bands of bits is equal (there are not enough differing bits for all
 * bands): so for each band pictures are sorted by it, and only those with the same band are compared. */
#include "data/duplicates.h"

#include <stdlib.h>
#include <string.h>

/* One search. A picture's leader is the first of its group: a forest whose roots lead to themselves (union by lower number). */
typedef struct search {
    const fv_look *const *looks;
    int64_t count;
    int64_t *leaders;
    int64_t *order; /* pictures, sorted one way or another */
    int64_t ordered;
} search;

static int64_t leader_of(int64_t *leaders, int64_t i) {
    while (leaders[i] != i) i = leaders[i] = leaders[leaders[i]];
    return i;
}

static void join(search *s, int64_t a, int64_t b) {
    a = leader_of(s->leaders, a), b = leader_of(s->leaders, b);
    if (a < b)
        s->leaders[b] = a;
    else
        s->leaders[a] = b;
}

/* ---- equal ---- */

static int by_content(const void *a, const void *b, void *context) {
    const search *s = context;
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    int order = memcmp(s->looks[x]->content, s->looks[y]->content, sizeof s->looks[x]->content);
    return order ? order : x < y ? -1 : x > y;
}

static void join_equal(search *s) {
    qsort_r(s->order, (size_t)s->ordered, sizeof *s->order, by_content, s);
    for (int64_t i = 1; i < s->ordered; i++) {
        const fv_look *before = s->looks[s->order[i - 1]], *now = s->looks[s->order[i]];
        if (!memcmp(before->content, now->content, sizeof now->content)) join(s, s->order[i - 1], s->order[i]);
    }
}

/* ---- similar ---- */

typedef struct band {
    const search *search;
    uint64_t mask;
} band;

static uint64_t bits_of(const band *b, int64_t i) { return b->search->looks[i]->hash & b->mask; }

static int by_band(const void *a, const void *b, void *context) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    uint64_t u = bits_of(context, x), v = bits_of(context, y);
    return u < v ? -1 : u > v ? 1 : x < y ? -1 : x > y;
}

static bool similar(const fv_look *a, const fv_look *b, int64_t near) {
    if (__builtin_popcountll(a->hash ^ b->hash) > near) return false;
    int64_t apart = 0;
    for (size_t i = 0; i < sizeof a->thumb; i++) apart += abs(a->thumb[i] - b->thumb[i]);
    return apart <= FV_THUMB_NEAR * (int64_t)sizeof a->thumb;
}

/* Those from `begin` to `end` in the order have a band in common. */
static void join_similar(search *s, int64_t begin, int64_t end, int64_t near) {
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = i + 1; j < end; j++)
            if (similar(s->looks[s->order[i]], s->looks[s->order[j]], near)) join(s, s->order[i], s->order[j]);
}

static void join_by_band(search *s, int64_t number, int64_t near) {
    int64_t bands = near + 1, low = 64 * number / bands, high = 64 * (number + 1) / bands;
    band b = { s, (high - low == 64 ? 0 : UINT64_C(1) << (high - low)) - 1 };
    b.mask <<= low;
    qsort_r(s->order, (size_t)s->ordered, sizeof *s->order, by_band, &b);
    for (int64_t begin = 0, end; begin < s->ordered; begin = end) {
        for (end = begin + 1; end < s->ordered && bits_of(&b, s->order[end]) == bits_of(&b, s->order[begin]);) end++;
        join_similar(s, begin, end, near);
    }
}

/* ---- groups ---- */

/* Groups of two and more, appended to `groups`. Members are handed out from one array, group by group. */
static fv_error *collect(const search *s, bool exact, fv_arena *arena, fv_duplicates *groups, int64_t *count) {
    int64_t *sizes = NULL, *begins = NULL, *members = NULL, used = 0;
    FV_TRY(fv_arena_take(arena, s->count, &sizes));
    FV_TRY(fv_arena_take(arena, s->count, &begins));
    FV_TRY(fv_arena_take(arena, s->count, &members));
    for (int64_t i = 0; i < s->count; i++) sizes[leader_of(s->leaders, i)]++;
    for (int64_t i = 0; i < s->count; i++) {
        int64_t leader = leader_of(s->leaders, i);
        if (sizes[leader] < 2) continue;
        if (leader == i) {
            groups[(*count)++] = (fv_duplicates){ exact, sizes[i], members + used };
            begins[i] = used;
            used += sizes[i];
        }
        members[begins[leader]++] = i;
    }
    return NULL;
}

static fv_error *begin(search *s, fv_arena *arena) {
    FV_TRY(fv_arena_take(arena, s->count, &s->leaders));
    FV_TRY(fv_arena_take(arena, s->count, &s->order));
    for (int64_t i = 0; i < s->count; i++) {
        s->leaders[i] = i;
        if (s->looks[i]) s->order[s->ordered++] = i;
    }
    return NULL;
}

/* What is left to compare: the first of each group of equal ones, if it shows anything. */
static void keep_distinct(search *s, const search *equal) {
    s->ordered = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const fv_look *look = s->looks[i];
        if (look && look->lowest < look->highest && leader_of(equal->leaders, i) == i) s->order[s->ordered++] = i;
    }
}

fv_error *fv_duplicates_find(const fv_look *const *looks, int64_t count, int64_t near, fv_arena *arena,
                             const fv_duplicates **out, int64_t *out_count) {
    FV_OWNED(fv_arena) scratch = NULL;
    fv_duplicates *groups = NULL;
    search equal = { .looks = looks, .count = count }, alike = equal;
    FV_TRY(fv_arena_new("looking for duplicates", INT64_C(1) << 36, &scratch));
    FV_TRY(fv_arena_take(arena, count, &groups)); /* a group has two members, and a picture is in two groups at most */
    *out_count = 0;
    FV_TRY(begin(&equal, scratch));
    join_equal(&equal);
    FV_TRY(collect(&equal, true, arena, groups, out_count));
    if (near >= 0) {
        FV_TRY(begin(&alike, scratch));
        keep_distinct(&alike, &equal);
        for (int64_t number = 0; number <= near; number++) join_by_band(&alike, number, near);
        FV_TRY(collect(&alike, false, arena, groups, out_count));
    }
    *out = groups;
    return NULL;
}
