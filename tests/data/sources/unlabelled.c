/* A folder of pictures without classes. */
#include "core/base/memory.h"
#include "tests/allocations.h"
#include "tests/data/pictures.h"

FV_TEST(data_sources_unlabelled__takes_a_folder_of_pictures_and_no_folders) {
    const char *dir = fv_test_folder();
    FV_OWNED(fv_dataset) set = NULL;
    fv_test_copy("rgb.png", dir, "b.png");
    fv_test_copy("rgb.png", dir, "a.png");
    fv_test_text("x", dir, "notes.txt");
    fv_test_text("x", dir, ".git/x.png");
    FV_OK(fv_dataset_open(dir, NULL, &set));
    assert_string_equal(fv_dataset_source(set), "unlabelled");
    assert_int_equal(fv_dataset_count(set), 2);
    assert_string_equal(fv_dataset_id(set, 0), "a.png");
    assert_int_equal(fv_dataset_class(set, 0), -1);
    assert_int_equal(fv_dataset_class_count(set), 0);
    assert_int_equal(fv_dataset_count_all(set).ignored, 2);
}

FV_TEST(data_sources_unlabelled__leaves_folders_with_classes_to_others) {
    const char *dir = fv_test_folder();
    FV_OWNED(fv_dataset) set = NULL;
    fv_test_copy("rgb.png", dir, "cat/a.png");
    fv_test_copy("rgb.png", dir, "a.png");
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
    assert_string_equal(fv_dataset_source(set), "class_folders");
}

FV_TEST(data_sources_unlabelled__want_of_memory_is_an_error_and_leaves_nothing) {
    const char *dir = fv_test_folder();
    fv_dataset *set = NULL;
    fv_test_copy("rgb.png", dir, "a.png");
    fv_test_copy("rgb.png", dir, "b.png");
    FV_OK(fv_dataset_open(dir, NULL, &set));
    fv_dataset_free(set);
    int64_t live = fv_memory_live();
    FV_TEST_EACH_ALLOCATION_FAILS(fv_dataset_open(dir, NULL, &set), {
        assert_int_equal(fv_dataset_count(set), 2);
        fv_dataset_free(set);
    });
    assert_int_equal(fv_memory_live(), live);
}
