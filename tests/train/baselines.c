/* Baselines on the shapes: the majority's share is a count, and small pictures find themselves. */
#include "train/baselines.h"

#include "tests/test.h"

static void open_part(fv_dataset *set, const char *part, fv_subset **out) { FV_OK(fv_subset_part(set, part, out)); }

FV_TEST(train_baselines__a_picture_is_nearest_to_itself) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) test = NULL;
    fv_baselines b;
    FV_OK(fv_dataset_open(FOVEA_SOURCE "/examples/shapes", &(fv_dataset_options){ .channels = 1 }, &set));
    open_part(set, "test", &test);
    FV_OK(fv_baselines_measure(test, test, 0, NULL, &b));
    assert_int_equal(b.nearest_known, 150);
    assert_int_equal(b.nearest_count, 150);
    assert_int_equal(b.nearest_right, 150);
    assert_int_equal(b.majority_class, 0);
    assert_int_equal(b.majority_right, 30);
    assert_int_equal(b.majority_count, 150);
}

FV_TEST(train_baselines__are_the_same_on_any_number_of_workers) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) train = NULL;
    FV_OWNED(fv_subset) test = NULL;
    fv_baselines a, b;
    FV_OK(fv_dataset_open(FOVEA_SOURCE "/examples/shapes", &(fv_dataset_options){ .channels = 3 }, &set));
    open_part(set, "train", &train);
    open_part(set, "test", &test);
    FV_OK(fv_baselines_measure(train, test, 0, NULL, &a));
    FV_OK(fv_baselines_measure(train, test, 3, NULL, &b));
    assert_int_equal(a.nearest_right, b.nearest_right);
    assert_true(a.nearest_right > 30 && a.nearest_right < 150);
}
