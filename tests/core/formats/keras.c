/* Keras's files, gone through by fovea-reader: as they lie, in chunks and packed, in pieces; hostile ones refused in words. */
#include <stdio.h>

#include "tests/core/formats/weights.h"

#define KERAS FV_CORPUS "keras/"

FV_TEST(core_formats_keras__reads_what_lies_plain_and_what_is_packed) {
    FV_OWNED(fv_foreign_file) plain = NULL;
    FV_OWNED(fv_foreign_file) whole = NULL;
    FV_OK(fv_foreign_read(KERAS "plain.h5", NULL, &plain));
    assert_string_equal(plain->format->name, "keras");
    assert_int_equal(plain->count, 2);
    FV_VALUES_ARE(plain, "c/kernel:0", 0, 1, 2, 3, 4, 5);
    FV_VALUES_ARE(plain, "c/bias:0", 0, 1, 2);
    FV_OK(fv_foreign_read(KERAS "whole.h5", NULL, &whole));
    assert_int_equal(whole->count, 4);
    FV_VALUES_ARE(whole, "c/bias:0", 0, 1, 2);
    FV_VALUES_ARE(whole, "d/kernel:0", 0, 1, 2, 3, 4, 5);
    FV_VALUES_ARE(whole, "d/half:0", 0, 1, 2, 3, 4, 5);
}

FV_TEST(core_formats_keras__reads_lists_of_names_of_any_length) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_foreign_file) keras_3 = NULL;
    FV_OK(fv_foreign_read(KERAS "variable.h5", NULL, &file));
    FV_VALUES_ARE(file, "c/kernel:0", 0, 1, 2, 3, 4, 5);
    FV_OK(fv_foreign_read(KERAS "keras_3.h5", NULL, &keras_3));
    assert_int_equal(keras_3->count, 1);
    FV_VALUES_ARE(keras_3, "c/kernel", 0, 1, 2, 3, 4, 5);
}

FV_TEST(core_formats_keras__unpacks_no_more_than_it_was_allowed) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_FAILS(fv_foreign_read(KERAS "bomb.h5", NULL, &file), FV_MEMORY, "4194304 bytes unpacked");
    FV_OK(fv_foreign_read(KERAS "bomb.h5", &(fv_foreign_options){ .max_expand = 1000 }, &file));
    assert_int_equal(fv_foreign_count(fv_foreign_find(file, "c/kernel:0")), 1 << 20);
}

FV_TEST(core_formats_keras__follows_no_link_and_misses_nothing) {
    static const fv_refused_file files[] = {
        { "linked.h5", FV_FORMAT, "layer c is missing, or is a link to elsewhere" },
        { "missing.h5", FV_FORMAT, "c/kernel:0 is missing" },
        { "no_names.h5", FV_FORMAT, "no attribute layer_names" },
        { 0 },
    };
    fv_test_refused(NULL, FV_CORPUS "keras", files);
}
