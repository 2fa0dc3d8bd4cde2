/* safetensors: everything that is legal, one file or several; everything else refused in words. */
#include <stdio.h>

#include "tests/core/formats/weights.h"

extern const fv_format fv_format_safetensors;

FV_TEST(core_formats_safetensors__reads_everything_that_is_legal) {
    static const char *const names[] = { "good", "padded" };
    for (int i = 0; i < 2; i++) {
        FV_OWNED(fv_foreign_file) file = NULL;
        char path[1024];
        snprintf(path, sizeof path, FV_CORPUS "safetensors/%s", names[i]);
        FV_OK(fv_foreign_read(path, NULL, &file));
        assert_int_equal(file->count, 5);
        FV_VALUES_ARE(file, "z", 0, 1, 2, 3, 4, 5);
        FV_VALUES_ARE(file, "scalar", -5);
        FV_VALUES_ARE(file, "bf", 3);
        FV_VALUES_ARE(file, "flag", 1, 0);
        assert_int_equal(fv_foreign_find(file, "empty")->dims[1], 3);
        assert_string_equal(file->licence, "mit");
    }
}

FV_TEST(core_formats_safetensors__says_that_a_file_holds_nothing) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OK(fv_foreign_read(FV_CORPUS "safetensors/none", NULL, &file));
    assert_int_equal(file->count, 0);
    assert_string_equal(file->notes.at, "it holds no tensors");
}

FV_TEST(core_formats_safetensors__refuses_each_wrong_header_in_words) {
    static const fv_refused_file files[] = {
        { "gap", FV_FORMAT, "leave a gap at byte 4" },
        { "overlap", FV_FORMAT, "overlap at byte 4" },
        { "longer", FV_FORMAT, "end at byte 24 of the data, which has 25" },
        { "shorter", FV_FORMAT, "a lies beyond the end of the data" },
        { "wrong_size", FV_FORMAT, "a takes 16 bytes by its shape, 24 by its data_offsets" },
        { "backwards", FV_FORMAT, "a lies beyond the end" },
        { "twice", FV_FORMAT, "overlap" },
        { "unknown_dtype", FV_UNSUPPORTED, "dtype \"F4\"" },
        { "negative", FV_FORMAT, "a whole number is missing" },
        { "overflow", FV_FORMAT, "the shape or strides of a cannot be" },
        { "fraction", FV_FORMAT, "a number is not whole" },
        { "header_too_long", FV_FORMAT, "header is longer" },
        { "header_past_end", FV_FORMAT, "header is longer" },
        { "array", FV_FORMAT, "does not begin with '{'" },
        { "no_end", FV_FORMAT, "JSON is damaged" },
        { "deep", FV_FORMAT, "JSON is damaged" },
        { "escape", FV_FORMAT, "no plain text" },
        { "half", FV_FORMAT, "an escape that is none" },
        { "extra_key", FV_FORMAT, "has no use for, \"x\"" },
        { "nul", FV_FORMAT, "an escape that is none" },
        { "latin1", FV_FORMAT, "not UTF-8" },
        { 0 },
    };
    fv_test_refused(&fv_format_safetensors, FV_CORPUS "safetensors", files);
}

/* Two files of one tensor each and their index in a new folder; its path. */
static const char *write_shards(const char *index) {
    static char path[4096];
    static const float values[] = { 1, 2 };
    const char *folder = fv_test_folder();
    fv_foreign_tensor t = { .name = "a", .element = FV_ELEMENT_F32, .rank = 1, .dims = { 2 }, .data = (const uint8_t *)values };
    snprintf(path, sizeof path, "%s/one.safetensors", folder);
    FV_OK(fv_format_safetensors.write(&t, 1, "mit", path));
    t.name = "b";
    snprintf(path, sizeof path, "%s/two.safetensors", folder);
    FV_OK(fv_format_safetensors.write(&t, 1, NULL, path));
    snprintf(path, sizeof path, "%s/index.json", folder);
    FV_OK(fv_file_write(path, index, (int64_t)strlen(index), NULL));
    return path;
}

FV_TEST(core_formats_safetensors__reads_a_model_in_several_files_by_its_index) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OK(fv_foreign_read(write_shards("{\"weight_map\": {\"b\": \"two.safetensors\", \"a\": \"one.safetensors\"}}"), NULL,
                          &file));
    assert_string_equal(file->format->name, "safetensors_index");
    assert_int_equal(file->count, 2);
    FV_VALUES_ARE(file, "a", 1, 2);
    FV_VALUES_ARE(file, "b", 1, 2);
    assert_string_equal(file->licence, "mit");
}

FV_TEST(core_formats_safetensors__an_index_leads_to_what_it_says_and_nowhere_else) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_FAILS(fv_foreign_read(write_shards("{\"weight_map\": {\"c\": \"one.safetensors\"}}"), NULL, &file), FV_FORMAT,
             "one.safetensors has no tensor c");
    FV_FAILS(fv_foreign_read(write_shards("{\"weight_map\": {\"a\": \"three.safetensors\"}}"), NULL, &file), FV_NOT_FOUND,
             "three");
    FV_FAILS(fv_foreign_read(FV_CORPUS "safetensors/index_elsewhere", NULL, &file), FV_FORMAT, "elsewhere");
}
