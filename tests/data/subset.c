/* Subsets: parts of a set and samples of it. */
#include "tests/data/pictures.h"

FV_TEST(data_subset__takes_the_samples_named_and_leaves_unusable_ones_out) {
    const char *dir = fv_test_folder();
    fv_test_copy("bits.png", dir, "a/0.png");
    fv_test_copy("half.png", dir, "a/1.png");
    fv_test_copy("bits.png", dir, "b/0.png");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
    FV_OK(fv_dataset_scan(set, 0, NULL, NULL));
    FV_OWNED(fv_subset) some = NULL;
    FV_OK(fv_subset_of(set, (int64_t[]){ 2, 1, 0 }, 3, &some));
    assert_int_equal(fv_subset_count(some), 2);
    assert_int_equal(fv_subset_at(some, 0), 2);
    int64_t counts[2];
    fv_subset_class_counts(some, counts);
    assert_true(counts[0] == 1 && counts[1] == 1);
    FV_OWNED(fv_subset) none = NULL;
    FV_FAILS(fv_subset_of(set, (int64_t[]){ 3 }, 1, &none), FV_USAGE, "no sample 3 of 3");
}
