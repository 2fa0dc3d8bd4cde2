/* PyTorch's checkpoints: values as PyTorch wrote them, whatever the layout; what is hostile is refused in words. */
#include <stdio.h>

#include "core/formats/pickle.h"
#include "tests/core/formats/weights.h"

#define PTH FV_CORPUS "pth/"

extern const fv_format fv_format_pth;

static void has_plain(const char *path, const fv_foreign_options *options, double more, const char *taken,
                      const char *stripped) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OK(fv_foreign_read(path, options, &file));
    assert_int_equal(file->count, 3);
    FV_VALUES_ARE(file, "a", 0 + more, 1 + more, 2 + more, 3 + more, 4 + more, 5 + more);
    FV_VALUES_ARE(file, "b", 7 + more);
    FV_VALUES_ARE(file, "h", 1.5 + more, -2 + more);
    assert_int_equal(fv_foreign_find(file, "b")->element, FV_ELEMENT_I64);
    assert_int_equal(fv_foreign_find(file, "h")->element, FV_ELEMENT_F16);
    assert_true(taken ? file->taken && !strcmp(file->taken, taken) : !file->taken);
    assert_true(stripped ? file->stripped && !strcmp(file->stripped, stripped) : !file->stripped);
}

FV_TEST(core_formats_pth__reads_archives_and_older_files_alike) {
    has_plain(PTH "plain.pth", NULL, 0, NULL, NULL);
    has_plain(PTH "legacy.pth", NULL, 0, NULL, NULL);
    has_plain(PTH "protocol4.pth", NULL, 0, NULL, NULL);
}

FV_TEST(core_formats_pth__says_which_weights_of_a_checkpoint_it_takes) {
    has_plain(PTH "wrapped.pth", NULL, 0, "state_dict", "module.");
    has_plain(PTH "wrapped.pth", &(fv_foreign_options){ .averaged = true }, 100, "state_dict_ema", "module.");
    has_plain(PTH "wrapped.pth", &(fv_foreign_options){ .entry = "state_dict_ema" }, 100, "state_dict_ema", "module.");
    has_plain(PTH "namespace.pth", NULL, 0, "state_dict", NULL);
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_FAILS(fv_foreign_read(PTH "wrapped.pth", &(fv_foreign_options){ .entry = "epoch" }, &file), FV_NOT_FOUND, "\"epoch\"");
    FV_FAILS(fv_foreign_read(PTH "plain.pth", &(fv_foreign_options){ .averaged = true }, &file), FV_NOT_FOUND, "averaged");
    FV_OK(fv_foreign_read(PTH "wrapped.pth", NULL, &file));
    assert_non_null(strstr(file->notes.at, "\"state_dict_ema\": --averaged takes them"));
}

FV_TEST(core_formats_pth__takes_prefixes_off_that_every_name_has) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OK(fv_foreign_read(PTH "compiled.pth", NULL, &file));
    FV_VALUES_ARE(file, "a", 0, 1, 2, 3, 4, 5);
    assert_string_equal(file->stripped, "_orig_mod.module.");
}

static void has_views(const char *path) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OK(fv_foreign_read(path, NULL, &file));
    FV_VALUES_ARE(file, "t", 0, 6, 12, 18, 1, 7, 13, 19, 2, 8, 14, 20, 3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23);
    FV_VALUES_ARE(file, "s", 6, 9, 18, 21);
    FV_VALUES_ARE(file, "e", 0, 0, 0, 0);
    assert_int_equal(fv_foreign_count(fv_foreign_find(file, "empty")), 0);
    assert_null(fv_foreign_find(file, "x"));
}

FV_TEST(core_formats_pth__honours_strides_of_storages_that_are_shared) {
    has_views(PTH "views.pth");
    has_views(PTH "legacy_views.pth");
}

FV_TEST(core_formats_pth__reads_newer_dtypes_parameters_and_packed_archives) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_foreign_file) parameter = NULL;
    FV_OWNED(fv_foreign_file) packed = NULL;
    FV_OK(fv_foreign_read(PTH "new_dtypes.pth", NULL, &file));
    FV_VALUES_ARE(file, "a", 0, 1, 2);
    FV_VALUES_ARE(file, "c", 0, 1, 2);
    FV_VALUES_ARE(file, "f", 1.5, -448);
    FV_VALUES_ARE(file, "g", 1.5, -57344);
    FV_OK(fv_foreign_read(PTH "parameter.pth", NULL, &parameter));
    FV_VALUES_ARE(parameter, "a", 0, 1, 2, 3, 4, 5);
    FV_OK(fv_foreign_read(PTH "deflated.pth", NULL, &packed));
    FV_VALUES_ARE(packed, "b", 0);
}

FV_TEST(core_formats_pth__refuses_what_would_run_and_what_is_damaged_in_words) {
    static const fv_refused_file files[] = {
        { "calls_system.pth", FV_DENIED, "it calls posix.system" },
        { "calls_eval.pth", FV_DENIED, "it calls builtins.eval" },
        { "legacy_calls_system.pth", FV_DENIED, "it calls posix.system" },
        { "cut.pth", FV_FORMAT, "without its end" },
        { "legacy_cut.pth", FV_FORMAT, "it ends before storage" },
        { "flipped.pth", FV_FORMAT, "has not the checksum" },
        { "beyond.pth", FV_FORMAT, "a reaches beyond its data" },
        { "huge_shape.pth", FV_FORMAT, "the shape or strides of a cannot be" },
        { "no_storage.pth", FV_FORMAT, "x/data/0, which a tensor lies in, is not in it" },
        { "two_members.pth", FV_FORMAT, "two members called" },
        { "nothing.pth", FV_UNSUPPORTED, "it has: epoch, loss" },
        { "unknown_entry.pth", FV_UNSUPPORTED, "it has: one, two" },
        { "tensor.pth", FV_UNSUPPORTED, "it holds one tensor" },
        { "module.pth", FV_UNSUPPORTED, "an object of the Python class torch.nn.modules.linear.Linear" },
        { "complex.pth", FV_UNSUPPORTED, "torch.ComplexFloatStorage" },
        { 0 },
    };
    fv_test_refused(&fv_format_pth, FV_CORPUS "pth", files);
}

/* A pickle alone, in an archive of one member; see tests/fuzz/pickle.c. */
static fv_error *read_pickle(const char *name) {
    FV_OWNED(fv_memory) bytes = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    int64_t length;
    char path[1024];
    const fv_pickle *tree;
    snprintf(path, sizeof path, FV_CORPUS "pickle/%s", name);
    FV_TRY(fv_file_read(path, 1 << 20, (uint8_t **)&bytes, &length));
    FV_TRY(fv_arena_new("a pickle", 1 << 24, &arena));
    const uint8_t *at = (uint8_t *)bytes;
    return fv_pickle_read(&at, at + length, arena, &tree, NULL);
}

FV_TEST(core_formats_pth__reads_pickles_as_data_within_bounds) {
    static const fv_refused_file files[] = {
        { "calls", FV_DENIED, "it calls posix.system" },
        { "stack_global", FV_DENIED, "it calls posix.system" },
        { "call_of_text", FV_FORMAT, "calls what is no function" },
        { "deep", FV_FORMAT, "nested too deeply" },
        { "memo_leap", FV_FORMAT, "its memo leaps" },
        { "empty_stack", FV_FORMAT, "its stack is empty" },
        { "text_too_long", FV_FORMAT, "a text is too long" },
        { "unknown_opcode", FV_UNSUPPORTED, "opcode 0x49" },
        { "cut", FV_FORMAT, "at byte" },
        { 0 },
    };
    for (const fv_refused_file *f = files; f->name; f++) FV_FAILS(read_pickle(f->name), f->code, f->part);
    FV_OK(read_pickle("sound"));
    FV_OK(read_pickle("numbers"));
    FV_OK(read_pickle("recursive"));
}
