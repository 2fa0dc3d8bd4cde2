/* Groups of equal and similar pictures, against a comparison of every pair. */
#include "data/duplicates.h"

#include <stdlib.h>

#include "core/base/random.h"
#include "tests/test.h"

#define COUNT 300

/* Looks with hashes around a few centres, so that there are pairs at every small distance; some equal to an earlier one. */
static void make(fv_look *looks, const fv_look **out) {
    fv_random random = fv_random_at(7, fv_random_stream("duplicates"), 0, 0);
    uint64_t centres[20];
    for (int i = 0; i < 20; i++) centres[i] = (uint64_t)fv_random_u32(&random) << 32 | fv_random_u32(&random);
    for (int i = 0; i < COUNT; i++) {
        looks[i] = (fv_look){ .highest = 1, .hash = centres[fv_random_below(&random, 20)] };
        for (int64_t flips = fv_random_below(&random, 9); flips > 0; flips--)
            looks[i].hash ^= UINT64_C(1) << fv_random_below(&random, 64);
        memset(looks[i].thumb, (int)(10 * fv_random_below(&random, 2)), sizeof looks[i].thumb);
        memcpy(looks[i].content, &i, sizeof i);
        if (i % 10 == 9) looks[i] = looks[i - 5];
        out[i] = i % 37 == 36 ? NULL : &looks[i];
    }
}

static bool near(const fv_look *a, const fv_look *b, int64_t bits) {
    return __builtin_popcountll(a->hash ^ b->hash) <= bits && abs(a->thumb[0] - b->thumb[0]) <= FV_THUMB_NEAR;
}

/* The lowest picture that `i` is connected with, by looking again and again until nothing changes. */
static void connect(const fv_look *const *looks, int64_t bits, int *lowest) {
    for (int i = 0; i < COUNT; i++) lowest[i] = i;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < COUNT; j++)
                if (looks[i] && looks[j] && near(looks[i], looks[j], bits) && lowest[j] < lowest[i])
                    lowest[i] = lowest[j], changed = true;
    }
}

FV_TEST(data_duplicates__groups_are_those_of_comparing_every_pair) {
    static fv_look looks[COUNT];
    const fv_look *at[COUNT];
    make(looks, at);
    for (int64_t bits = 0; bits <= 8; bits += 2) {
        FV_OWNED(fv_arena) arena = NULL;
        const fv_duplicates *groups;
        int64_t count, members = 0, wanted = 0;
        int lowest[COUNT];
        const fv_look *distinct[COUNT];
        FV_OK(fv_arena_new("test", 1 << 20, &arena));
        FV_OK(fv_duplicates_find(at, COUNT, bits, arena, &groups, &count));
        for (int i = 0; i < COUNT; i++) distinct[i] = i % 10 == 9 && at[i] && at[i - 5] ? NULL : at[i];
        connect(distinct, bits, lowest);
        for (int i = 0; i < COUNT; i++) {
            int size = 0;
            for (int j = 0; j < COUNT; j++) size += distinct[j] && lowest[j] == lowest[i];
            wanted += distinct[i] && size > 1;
        }
        for (int64_t g = 0; g < count; g++) {
            members += groups[g].exact ? 0 : groups[g].count;
            for (int64_t k = 1; k < groups[g].count; k++) {
                int64_t a = groups[g].at[k - 1], b = groups[g].at[k];
                assert_true(a < b);
                if (groups[g].exact)
                    assert_memory_equal(looks[a].content, looks[b].content, 16);
                else
                    assert_int_equal(lowest[a], lowest[b]);
            }
        }
        assert_int_equal(members, wanted);
    }
}

FV_TEST(data_duplicates__equal_pictures_are_one_group_whatever_they_show) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_look a = { 0 }, b = { .content = { 1 } };
    const fv_look *looks[] = { &a, &b, NULL, &a, &a };
    const fv_duplicates *groups;
    int64_t count;
    FV_OK(fv_arena_new("test", 1 << 20, &arena));
    FV_OK(fv_duplicates_find(looks, 5, 4, arena, &groups, &count));
    assert_int_equal(count, 1); /* a and b are constant: no near duplicates of each other */
    assert_true(groups[0].exact);
    assert_int_equal(groups[0].count, 3);
    assert_int_equal(groups[0].at[1], 3);
    FV_OK(fv_duplicates_find(looks, 0, 4, arena, &groups, &count));
    assert_int_equal(count, 0);
}
