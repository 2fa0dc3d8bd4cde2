/* Splits: stratified, seeded, the same everywhere. The expected ids come from a second implementation, in Python, of the rule
 * in data/subset.c. */
#include "tests/data/pictures.h"

/* 20 pictures of common, 2 of rare, 1 of single, as in a lopsided set; `extra` more of common. */
static const char *make_set(int extra) {
    const char *dir = fv_test_folder();
    const struct {
        const char *name;
        int count;
    } classes[] = { { "common", 20 + extra }, { "rare", 2 }, { "single", 1 } };
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < classes[c].count; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s/%02d.png", classes[c].name, i);
            fv_test_copy("bits.png", dir, name);
        }
    return dir;
}

typedef struct sides {
    fv_dataset *set;
    fv_subset *all, *first, *second;
} sides;

static sides split(const char *dir, const fv_split_options *options) {
    sides s = { 0 };
    FV_OK(fv_dataset_open(dir, NULL, &s.set));
    FV_OK(fv_subset_part(s.set, NULL, &s.all));
    FV_OK(fv_subset_split(s.all, options, &s.first, &s.second));
    return s;
}

static void release(sides *s) {
    fv_subset_free(s->all);
    fv_subset_free(s->first);
    fv_subset_free(s->second);
    fv_dataset_free(s->set);
}

/* The ids of a side, a space behind each. */
static void join_ids(const fv_subset *side, char *out, size_t size) {
    *out = 0;
    for (int64_t i = 0; i < fv_subset_count(side); i++) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s ", fv_dataset_id(fv_subset_dataset(side), fv_subset_at(side, i)));
    }
}

FV_TEST(data_subset__splits_every_class_and_leaves_a_single_one_in_the_first_part) {
    sides s = split(make_set(0), &(fv_split_options){ .fraction = 0.2, .seed = 7 });
    int64_t first[3], second[3];
    fv_subset_class_counts(s.first, first);
    fv_subset_class_counts(s.second, second);
    assert_true(first[0] == 16 && first[1] == 1 && first[2] == 1);
    assert_true(second[0] == 4 && second[1] == 1 && second[2] == 0);
    bool seen[23] = { false };
    for (int64_t i = 0; i < 18; i++) seen[fv_subset_at(s.first, i)] = true;
    for (int64_t i = 0; i < 5; i++) {
        assert_false(seen[fv_subset_at(s.second, i)]);
        seen[fv_subset_at(s.second, i)] = true;
    }
    for (int i = 0; i < 23; i++) assert_true(seen[i]);
    release(&s);
}

FV_TEST(data_subset__splits_alike_on_every_machine) {
    sides s = split(make_set(0), &(fv_split_options){ .fraction = 0.2, .seed = 7 });
    char ids[512], again[512];
    join_ids(s.second, ids, sizeof ids);
    assert_string_equal(ids, "common/01.png common/11.png common/12.png common/18.png rare/01.png ");
    release(&s);
    s = split(make_set(0), &(fv_split_options){ .seed = 7 }); /* 0.2 is the default */
    join_ids(s.second, again, sizeof again);
    assert_string_equal(ids, again);
    release(&s);
    s = split(make_set(0), &(fv_split_options){ .seed = 8 });
    join_ids(s.second, again, sizeof again);
    assert_string_not_equal(ids, again);
    release(&s);
}

FV_TEST(data_subset__a_file_added_moves_at_most_one_other) {
    sides before = split(make_set(0), &(fv_split_options){ .seed = 3 });
    for (int extra = 1; extra <= 3; extra++) {
        sides after = split(make_set(extra), &(fv_split_options){ .seed = 3 });
        char ids[1024];
        join_ids(after.second, ids, sizeof ids);
        int gone = 0;
        for (int64_t i = 0; i < fv_subset_count(before.second); i++)
            gone += !strstr(ids, fv_dataset_id(before.set, fv_subset_at(before.second, i)));
        assert_true(gone <= extra);
        release(&after);
    }
    release(&before);
}

FV_TEST(data_subset__splits_without_regard_to_classes_when_asked) {
    sides s = split(make_set(0), &(fv_split_options){ .fraction = 0.5, .unstratified = true });
    assert_int_equal(fv_subset_count(s.second), 12);
    fv_subset *a = NULL, *b = NULL;
    FV_FAILS(fv_subset_split(s.all, &(fv_split_options){ .fraction = 1 }, &a, &b), FV_USAGE, "not between 0 and 1");
    FV_FAILS(fv_subset_split(s.all, &(fv_split_options){ .fraction = -0.5 }, &a, &b), FV_USAGE, "not between 0 and 1");
    FV_OWNED(fv_subset) one = NULL;
    FV_OK(fv_subset_of(s.set, (int64_t[]){ 22 }, 1, &one));
    FV_FAILS(fv_subset_split(one, NULL, &a, &b), FV_USAGE, "no class has two pictures");
    FV_FAILS(fv_subset_of(s.set, (int64_t[]){ 23 }, 1, &a), FV_USAGE, "no sample 23 of 23");
    release(&s);
}
