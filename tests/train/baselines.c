/* Baselines on the shapes: the majority's share is a count, and small pictures find themselves. */
#include "train/baselines.h"

#include "tests/data/pictures.h"

FV_TEST(train_baselines__a_picture_is_nearest_to_itself) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) test = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_baselines b;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    FV_OK(fv_dataset_open(FOVEA_SOURCE "/examples/shapes", &(fv_dataset_options){ .channels = 1 }, &set));
    FV_OK(fv_subset_part(set, "test", &test));
    FV_OK(fv_baselines_measure(test, test, FV_ONE_CLASS, 0, NULL, arena, &b));
    assert_int_equal(b.nearest_known, 150);
    assert_int_equal(b.nearest.count, 150);
    assert_true(b.nearest.figures[0] == 1);
    assert_int_equal(b.majority_class, 0);
    assert_true(b.constant.figures[0] == 30.0 / 150);
    assert_int_equal(b.constant.count, 150);
}

FV_TEST(train_baselines__are_the_same_on_any_number_of_workers) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) train = NULL;
    FV_OWNED(fv_subset) test = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_baselines a, b;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    FV_OK(fv_dataset_open(FOVEA_SOURCE "/examples/shapes", &(fv_dataset_options){ .channels = 3 }, &set));
    FV_OK(fv_subset_part(set, "train", &train));
    FV_OK(fv_subset_part(set, "test", &test));
    FV_OK(fv_baselines_measure(train, test, FV_ONE_CLASS, 0, NULL, arena, &a));
    FV_OK(fv_baselines_measure(train, test, FV_ONE_CLASS, 3, NULL, arena, &b));
    assert_true(a.nearest.figures[0] == b.nearest.figures[0]);
    assert_true(a.nearest.figures[0] > 0.2 && a.nearest.figures[0] < 1);
}

#define ROOT "root=" FOVEA_SOURCE "/examples/shapes/test"

/* Four pictures with several labels, or a number, each: a list beside the shapes. */
static fv_dataset *open_list(const char *text, const char *options) {
    return fv_test_list(text, fv_test_folder(), "list.csv", &(fv_dataset_options){ .channels = 1, .source_options = options });
}

FV_TEST(train_baselines__of_labels_the_most_frequent_set_is_answered) {
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_baselines b;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    FV_OWNED(fv_dataset)
    set = open_list("path,labels\ncircle/000.png,a|b\ncross/000.png,c\nring/000.png,b|a\nsquare/000.png,\n",
                    "target=classes separator=| " ROOT);
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_baselines_measure(all, all, FV_MULTI_LABEL, 0, NULL, arena, &b));
    assert_memory_equal(b.majority_labels, ((const uint8_t[]){ 1, 1, 0 }), 3);
    assert_int_equal(b.constant.count, 4);
    assert_true(b.constant.figures[2] == 0.5);                   /* two of four sets are that one */
    assert_true(b.constant.figures[1] == 2 * 4.0 / (8.0 + 5.0)); /* four right of eight answers and five labels */
    for (int i = 0; i < FV_BASELINE_METRICS; i++) assert_true(b.nearest.figures[i] == 1);
}

FV_TEST(train_baselines__of_numbers_the_mean_is_answered) {
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_baselines b;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    FV_OWNED(fv_dataset)
    set = open_list("path,age\ncircle/000.png,1\ncross/000.png,2.5\nring/000.png,3\nsquare/000.png,5.5\n",
                    "label=age target=number " ROOT);
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_baselines_measure(all, all, FV_NUMBERS, 0, NULL, arena, &b));
    assert_true(b.mean == 3);
    assert_true(b.constant.figures[0] == (2 + 0.5 + 0 + 2.5) / 4);
    assert_true(b.constant.figures[2] == 0);
    assert_true(b.nearest.figures[0] == 0 && b.nearest.figures[2] == 1);
}
