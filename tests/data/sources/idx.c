/* IDX files: plain, gzip, and every way in which they can be wrong. */
#include "data/sources/idx.h"
#include "tests/data/pictures.h"

#include <zlib.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "tests/allocations.h"

/* Writes an IDX file of u8: `rank` sizes, then `length` bytes counting up from `first`. */
static void write_idx(const char *folder, const char *name, int rank, const int *dims, int length, int first) {
    uint8_t bytes[4096] = { 0, 0, 8, (uint8_t)rank };
    for (int d = 0; d < rank; d++) bytes[4 + 4 * d + 2] = (uint8_t)(dims[d] >> 8), bytes[4 + 4 * d + 3] = (uint8_t)dims[d];
    for (int i = 0; i < length; i++) bytes[4 + 4 * rank + i] = (uint8_t)(first + i);
    FV_OK(fv_file_write(fv_test_path(folder, name), bytes, 4 + 4 * rank + length, NULL));
}

static void write_labels(const char *folder, const char *name, int count, const uint8_t *labels) {
    uint8_t bytes[64] = { 0, 0, 8, 1, 0, 0, 0, (uint8_t)count };
    memcpy(bytes + 8, labels, (size_t)count);
    FV_OK(fv_file_write(fv_test_path(folder, name), bytes, 8 + count, NULL));
}

/* Compresses folder/name to folder/name.gz and removes the plain file. */
static void zip(const char *folder, const char *name) {
    uint8_t *bytes = NULL;
    int64_t length;
    char path[512];
    snprintf(path, sizeof path, "%s/%s.gz", folder, name);
    FV_OK(fv_file_read(fv_test_path(folder, name), 1 << 20, &bytes, &length));
    gzFile out = gzopen(path, "wb");
    assert_int_equal(gzwrite(out, bytes, (unsigned)length), length);
    assert_int_equal(gzclose(out), Z_OK);
    fv_memory_free(bytes);
    assert_int_equal(remove(fv_test_path(folder, name)), 0);
}

/* Five pictures of 2×3 in train, two in test. */
static const char *make_set(void) {
    const char *dir = fv_test_folder();
    write_idx(dir, "train-images-idx3-ubyte", 3, (int[]){ 5, 2, 3 }, 30, 0);
    write_labels(dir, "train-labels-idx1-ubyte", 5, (const uint8_t[]){ 1, 0, 2, 1, 0 });
    write_idx(dir, "t10k-images-idx3-ubyte", 3, (int[]){ 2, 2, 3 }, 12, 100);
    write_labels(dir, "t10k-labels-idx1-ubyte", 2, (const uint8_t[]){ 3, 1 });
    return dir;
}

static void check_set(const char *dir) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .strict = true }, &set));
    assert_string_equal(fv_dataset_source(set), "idx");
    assert_int_equal(fv_dataset_count(set), 7);
    assert_int_equal(fv_dataset_channels(set), 1);
    assert_int_equal(fv_dataset_class_count(set), 4);
    assert_string_equal(fv_dataset_class_name(set, 3), "3");
    assert_int_equal(fv_dataset_part_count(set), 2);
    FV_OWNED(fv_subset) test = NULL;
    FV_OK(fv_subset_part(set, "test", &test));
    assert_int_equal(fv_subset_count(test), 2);
    int64_t last = fv_subset_at(test, 1);
    assert_string_equal(fv_dataset_id(set, last), "test/1");
    assert_int_equal(fv_dataset_class(set, last), 1);
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, last, &image));
    assert_true(image.height == 2 && image.width == 3 && image.channels == 1);
    for (int i = 0; i < 6; i++) assert_int_equal(((const uint8_t *)image.pixels)[i], 106 + i);
}

FV_TEST(data_sources_idx__reads_plain_files_into_parts) { check_set(make_set()); }

FV_TEST(data_sources_idx__reads_gzip_files_mixed_with_plain_ones) {
    const char *dir = make_set();
    zip(dir, "train-images-idx3-ubyte");
    zip(dir, "t10k-labels-idx1-ubyte");
    check_set(dir);
}

FV_TEST(data_sources_idx__gives_the_channels_asked_for) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(make_set(), &(fv_dataset_options){ .channels = 3 }, &set));
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, 1, &image));
    assert_int_equal(image.channels, 3);
    for (int i = 0; i < 18; i++) assert_int_equal(((const uint8_t *)image.pixels)[i], 6 + i / 3);
}

FV_TEST(data_sources_idx__reads_colour_from_four_dimensions) {
    const char *dir = fv_test_folder();
    write_idx(dir, "train-images.idx4-ubyte", 4, (int[]){ 2, 2, 2, 3 }, 24, 0);
    write_labels(dir, "train-labels.idx1-ubyte", 2, (const uint8_t[]){ 0, 1 });
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .channels = 3 }, &set));
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, 1, &image));
    assert_int_equal(((const uint8_t *)image.pixels)[11], 23);
}

FV_TEST(data_sources_idx__chooses_among_several_sets_by_prefix) {
    const char *dir = make_set();
    write_idx(dir, "other-train-images-idx3-ubyte", 3, (int[]){ 1, 1, 1 }, 1, 9);
    write_labels(dir, "other-train-labels-idx1-ubyte", 1, (const uint8_t[]){ 0 });
    FV_OWNED(fv_dataset) set = NULL;
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_CONFLICT, "are both the pictures of part train");
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "prefix=other-" }, &set));
    assert_int_equal(fv_dataset_count(set), 1);
}

static void check_refused(const char *dir, const char *part) {
    fv_dataset *set = NULL;
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, part);
}

FV_TEST(data_sources_idx__refuses_files_that_do_not_agree) {
    const char *dir = make_set();
    write_labels(dir, "train-labels-idx1-ubyte", 4, (const uint8_t[]){ 1, 0, 2, 1 });
    check_refused(dir, "holds 5 pictures, train-labels-idx1-ubyte 4 labels");
    remove(fv_test_path(dir, "train-labels-idx1-ubyte"));
    check_refused(dir, "has a file of pictures, but none of labels");
    write_idx(dir, "train-labels-idx1-ubyte", 2, (int[]){ 5, 1 }, 5, 0);
    check_refused(dir, "dimensions");
}

FV_TEST(data_sources_idx__refuses_files_whose_header_lies) {
    const char *dir = make_set();
    write_idx(dir, "train-images-idx3-ubyte", 3, (int[]){ 5, 2, 3 }, 29, 0);
    check_refused(dir, "cut short: the header says 30 bytes, the file holds 29");
    write_idx(dir, "train-images-idx3-ubyte", 3, (int[]){ 5, 2, 3 }, 31, 0);
    check_refused(dir, "longer than the 30 bytes that its header says");
    write_idx(dir, "train-images-idx3-ubyte", 3, (int[]){ 5, 2, 3 }, 29, 0);
    zip(dir, "train-images-idx3-ubyte");
    check_refused(dir, "cut short: the header says 30 bytes, the file holds 29");
}

static void parse_fails(const void *bytes, int64_t length, fv_code code, const char *part) {
    fv_idx idx;
    FV_FAILS(fv_idx_parse(bytes, length, &idx), code, part);
    assert_null(idx.data);
}

FV_TEST(data_sources_idx__checks_the_header_before_it_allocates) {
    int64_t live = fv_memory_live();
    const uint8_t huge[] = { 0, 0, 8, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0, 0, 1 };
    parse_fails(huge, sizeof huge, FV_FORMAT, "impossible size");
    const uint8_t large[] = { 0, 0, 8, 2, 0, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0xFF, 1, 2, 3 };
    parse_fails(large, sizeof large, FV_FORMAT, "the file holds 3");
    const uint8_t floats[] = { 0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0 };
    parse_fails(floats, sizeof floats, FV_UNSUPPORTED, "0x0D");
    const uint8_t deep[] = { 0, 0, 8, 5 };
    parse_fails(deep, sizeof deep, FV_UNSUPPORTED, "5 dimensions");
    const uint8_t header[] = { 0, 0, 8, 3, 0, 0 };
    parse_fails(header, sizeof header, FV_FORMAT, "header is not whole");
    parse_fails("hello", 5, FV_FORMAT, "not an IDX file");
    parse_fails("", 0, FV_FORMAT, "not an IDX file");
    const uint8_t gzip[] = { 0x1F, 0x8B, 8, 0 };
    parse_fails(gzip, sizeof gzip, FV_FORMAT, "gzip");
    const uint8_t noise[] = { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF };
    parse_fails(noise, sizeof noise, FV_FORMAT, "gzip");
    assert_int_equal(fv_memory_live(), live);
}

static void try_set(const char *dir, fv_code code, const char *part) {
    fv_dataset *set = NULL;
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .source = "idx" }, &set), code, part);
}

FV_TEST(data_sources_idx__says_which_file_is_missing_double_or_of_another_form) {
    const char *dir = make_set();
    write_labels(dir, "valid-labels.idx1-ubyte", 1, (const uint8_t[]){ 1 });
    try_set(dir, FV_FORMAT, "part val has a file of labels, but none of pictures");
    write_labels(dir, "val-labels.idx1-ubyte", 1, (const uint8_t[]){ 1 });
    try_set(dir, FV_CONFLICT, "val-labels.idx1-ubyte and valid-labels.idx1-ubyte are both the labels of part val");
    dir = make_set();
    write_idx(dir, "train-images-idx3-ubyte", 1, (int[]){ 5 }, 5, 0);
    try_set(dir, FV_FORMAT, "train-images-idx3-ubyte has 1 dimensions, not 3 or 4");
    static const int odd[3][4] = { { 5, 0, 3, 1 }, { 5, 2, 0, 1 }, { 5, 2, 3, 2 } };
    for (int i = 0; i < 3; i++) {
        write_idx(dir, "train-images-idx3-ubyte", 4, odd[i], odd[i][0] * odd[i][1] * odd[i][2] * odd[i][3], 0);
        try_set(dir, FV_UNSUPPORTED, "train-images-idx3-ubyte holds pictures of ");
    }
    remove(fv_test_path(dir, "train-images-idx3-ubyte"));
    FV_OK(fv_file_make_folder(fv_test_path(dir, "train-images-idx3-ubyte")));
    try_set(dir, FV_IO, "train-images-idx3-ubyte: not a plain file");
    dir = fv_test_folder();
    fv_test_text("x", dir, "first-images-idx3-ubyte"); /* of no part */
    fv_test_text("x", dir, "notes");
    try_set(dir, FV_FORMAT, "");
}

FV_TEST(data_sources_idx__a_prefix_is_the_whole_of_what_stands_before_the_part) {
    const char *dir = make_set();
    write_idx(dir, "my-other-train-images-idx3-ubyte", 3, (int[]){ 1, 1, 1 }, 1, 9);
    write_labels(dir, "my-other-train-labels-idx1-ubyte", 1, (const uint8_t[]){ 0 });
    FV_OWNED(fv_dataset) set = NULL;
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "prefix=my-" }, &set), FV_FORMAT, "");
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "prefix=my-other-" }, &set));
    assert_int_equal(fv_dataset_count(set), 1);
}

FV_TEST(data_sources_idx__refuses_gzip_that_ends_early_or_holds_no_file) {
    const char *dir = make_set();
    uint8_t *bytes = NULL;
    int64_t length;
    zip(dir, "train-images-idx3-ubyte");
    FV_OK(fv_file_read(fv_test_path(dir, "train-images-idx3-ubyte.gz"), 1 << 20, &bytes, &length));
    for (int64_t cut = 2; cut < length - 8; cut++) parse_fails(bytes, cut, FV_FORMAT, "gzip file");
    bytes[3] = 0x20; /* a header of a kind that there is none of */
    parse_fails(bytes, length, FV_FORMAT, "damaged gzip file");
    fv_memory_free(bytes);
    const uint8_t none[] = { 0, 0, 8, 0 }, not_zero[] = { 0, 1, 8, 1 };
    parse_fails(none, sizeof none, FV_UNSUPPORTED, "0 dimensions");
    parse_fails(not_zero, sizeof not_zero, FV_FORMAT, "not an IDX file");
}

FV_TEST(data_sources_idx__want_of_memory_is_an_error_and_leaves_nothing) {
    const char *dir = make_set();
    fv_dataset *set = NULL;
    fv_test_text("x", dir, "notes.txt");
    zip(dir, "train-images-idx3-ubyte");
    FV_OK(fv_dataset_open(dir, NULL, &set));
    fv_dataset_free(set);
    int64_t live = fv_memory_live();
    FV_TEST_EACH_ALLOCATION_FAILS(fv_dataset_open(dir, NULL, &set), {
        assert_int_equal(fv_dataset_count(set), 7);
        fv_dataset_free(set);
    });
    assert_int_equal(fv_memory_live(), live);
}
