/* NumPy's archives: values as NumPy wrote them, written so that NumPy's reader would find them, hostile ones refused. */
#include <stdio.h>
#include <unistd.h>

#include "tests/core/formats/weights.h"

extern const fv_format fv_format_npz;

FV_TEST(core_formats_npz__reads_every_layout_and_byte_order) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_foreign_file) packed = NULL;
    FV_OK(fv_foreign_read(FV_CORPUS "npz/plain.npz", NULL, &file));
    FV_VALUES_ARE(file, "a", 0, 1, 2, 3, 4, 5);
    FV_VALUES_ARE(file, "b", 7);
    FV_VALUES_ARE(file, "f", 0, 1, 2, 3, 4, 5);
    FV_VALUES_ARE(file, "big", 0, 1, 2);
    FV_VALUES_ARE(file, "h", 1.5, -2);
    FV_VALUES_ARE(file, "t", 1, 0);
    assert_int_equal(fv_foreign_count(fv_foreign_find(file, "empty")), 0);
    FV_OK(fv_foreign_read(FV_CORPUS "npz/packed.npz", NULL, &packed));
    FV_VALUES_ARE(packed, "a", 0, 1, 2, 3, 4, 5);
}

FV_TEST(core_formats_npz__unpacks_no_more_than_it_was_allowed) {
    FV_OWNED(fv_foreign_file) file = NULL;
    const char *bomb = FV_CORPUS "npz/bomb.npz"; /* 16 MiB of zeros in 16 kB */
    FV_FAILS(fv_foreign_read(bomb, NULL, &file), FV_MEMORY, "16777344 bytes unpacked: more than is allowed");
    FV_OK(fv_foreign_read(bomb, &(fv_foreign_options){ .max_expand = 1100 }, &file));
    assert_int_equal(fv_foreign_count(fv_foreign_find(file, "a")), 1 << 22);
}

FV_TEST(core_formats_npz__refuses_arrays_of_python_objects) {
    static const fv_refused_file files[] = { { "objects.npz", FV_DENIED, "a is an array of Python objects" }, { 0 } };
    fv_test_refused(&fv_format_npz, FV_CORPUS "npz", files);
}

FV_TEST(core_formats_npz__refuses_to_write_what_numpy_has_not) {
    static const uint16_t one = 0x3F80;
    fv_foreign_tensor tensor = {
        .name = "w", .element = FV_ELEMENT_BF16, .rank = 1, .dims = { 1 }, .data = (const void *)&one
    };
    char path[4096];
    snprintf(path, sizeof path, "%s/refused.npz", fv_test_folder());
    fv_foreign_row_order(&tensor);
    FV_FAILS(fv_format_npz.write(&tensor, 1, NULL, path), FV_UNSUPPORTED, "w: NumPy has no bf16");
    assert_int_equal(access(path, F_OK), -1);
}

FV_TEST(core_formats_npz__reads_back_what_it_writes) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_foreign_file) again = NULL;
    char path[4096];
    FV_OK(fv_foreign_read(FV_CORPUS "npz/plain.npz", NULL, &file));
    snprintf(path, sizeof path, "%s/again.npz", fv_test_folder());
    const fv_foreign_tensor tensors[] = { *fv_foreign_find(file, "a"), *fv_foreign_find(file, "b"), *fv_foreign_find(file, "t"),
                                          *fv_foreign_find(file, "empty") };
    FV_OK(fv_format_npz.write(tensors, 4, NULL, path));
    FV_OK(fv_foreign_read(path, NULL, &again));
    assert_int_equal(again->count, 4);
    FV_VALUES_ARE(again, "a", 0, 1, 2, 3, 4, 5);
    FV_VALUES_ARE(again, "b", 7);
    FV_VALUES_ARE(again, "t", 1, 0);
    assert_int_equal(fv_foreign_find(again, "empty")->dims[1], 3);
}
