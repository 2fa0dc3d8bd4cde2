/* CIFAR's binary files, made small: records of labels and planes, and every way in which they can be wrong. */
#include "tests/data/pictures.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "tests/allocations.h"

#define PIXELS 3072

/* Byte i of plane `plane` of record `record` of a file: a formula that tells all of them apart well enough. */
static uint8_t value_at(int file, int record, int plane, int i) {
    return (uint8_t)(37 * file + 11 * record + 85 * plane + i + i / 256);
}

/* A file of `count` records with the labels given (label_bytes of them each); `extra` bytes behind. */
static void write_batch(const char *folder, const char *name, int file, int label_bytes, int count, const uint8_t *labels,
                        int extra) {
    static uint8_t bytes[8 * (PIXELS + 2) + 16];
    int at = 0;
    for (int r = 0; r < count; r++) {
        for (int l = 0; l < label_bytes; l++) bytes[at++] = labels[r * label_bytes + l];
        for (int i = 0; i < PIXELS; i++) bytes[at++] = value_at(file, r, i / 1024, i % 1024);
    }
    FV_OK(fv_file_write(fv_test_path(folder, name), bytes, at + extra, NULL));
}

static const char *make_cifar10(void) {
    const char *dir = fv_test_folder();
    write_batch(dir, "data_batch_1.bin", 1, 1, 2, (const uint8_t[]){ 3, 9 }, 0);
    write_batch(dir, "data_batch_2.bin", 2, 1, 1, (const uint8_t[]){ 0 }, 0);
    write_batch(dir, "test_batch.bin", 9, 1, 2, (const uint8_t[]){ 5, 3 }, 0);
    fv_test_text("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n", dir, "batches.meta.txt");
    fv_test_text("<html>", dir, "readme.html");
    return dir;
}

static void check_picture(const fv_dataset *set, int64_t sample, int file, int record) {
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, sample, &image));
    assert_true(image.height == 32 && image.width == 32 && image.channels == 3);
    const uint8_t *pixels = image.pixels;
    for (int i = 0; i < 1024; i++)
        for (int c = 0; c < 3; c++) assert_int_equal(pixels[3 * i + c], value_at(file, record, c, i));
}

FV_TEST(data_sources_cifar_binary__reads_records_of_planes_into_pixels) {
    const char *dir = make_cifar10();
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .strict = true }, &set));
    assert_string_equal(fv_dataset_source(set), "cifar_binary");
    assert_int_equal(fv_dataset_count(set), 5);
    assert_int_equal(fv_dataset_class_count(set), 10);
    assert_string_equal(fv_dataset_class_name(set, 0), "airplane"); /* by number, not by name */
    assert_string_equal(fv_dataset_class_name(set, 9), "truck");
    const int64_t classes[5] = { 3, 9, 0, 5, 3 };
    const char *const ids[5] = { "train/0", "train/1", "train/2", "test/0", "test/1" };
    for (int64_t i = 0; i < 5; i++) {
        assert_int_equal(fv_dataset_class(set, i), classes[i]);
        assert_string_equal(fv_dataset_id(set, i), ids[i]);
    }
    check_picture(set, 1, 1, 1);
    check_picture(set, 2, 2, 0);
    check_picture(set, 4, 9, 1);
    assert_non_null(strstr(fv_dataset_note(set, 0), "has no data_batch_3.bin"));
    FV_OWNED(fv_subset) test = NULL;
    FV_OK(fv_subset_part(set, "test", &test));
    assert_int_equal(fv_subset_count(test), 2);
    assert_int_equal(fv_dataset_count_all(set).ignored, 1);
}

FV_TEST(data_sources_cifar_binary__takes_the_fine_or_the_coarse_label_of_cifar_100) {
    const char *dir = fv_test_folder();
    write_batch(dir, "train.bin", 1, 2, 3, (const uint8_t[]){ 19, 99, 4, 0, 0, 50 }, 0);
    write_batch(dir, "test.bin", 2, 2, 1, (const uint8_t[]){ 7, 42 }, 0);
    FV_OWNED(fv_dataset) fine = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &fine));
    assert_string_equal(fv_dataset_source(fine), "cifar_binary");
    assert_int_equal(fv_dataset_class_count(fine), 100);
    assert_int_equal(fv_dataset_class(fine, 0), 99);
    assert_int_equal(fv_dataset_class(fine, 3), 42);
    assert_non_null(strstr(fv_dataset_note(fine, 0), "has no fine_label_names.txt"));
    check_picture(fine, 2, 1, 2);
    FV_OWNED(fv_dataset) coarse = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "labels=coarse" }, &coarse));
    assert_int_equal(fv_dataset_class_count(coarse), 20);
    assert_int_equal(fv_dataset_class(coarse, 0), 19);
    assert_int_equal(fv_dataset_class(coarse, 3), 7);
}

FV_TEST(data_sources_cifar_binary__refuses_files_that_cannot_be_trusted) {
    FV_OWNED(fv_dataset) set = NULL;
    const char *dir = make_cifar10();
    write_batch(dir, "data_batch_2.bin", 2, 1, 1, (const uint8_t[]){ 0 }, 1);
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "3074 bytes are no whole number of records of 3073");
    write_batch(dir, "data_batch_2.bin", 2, 1, 2, (const uint8_t[]){ 0, 10 }, 0);
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "record 1 has the label 10, and there are 10 classes");
    fv_test_text("", dir, "data_batch_2.bin");
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "data_batch_2.bin: 0 bytes");
    write_batch(dir, "data_batch_2.bin", 2, 1, 1, (const uint8_t[]){ 0 }, 0);
    fv_test_text("cat\ndog\n", dir, "batches.meta.txt");
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "2 class names, not 10");
    fv_test_text("cat\r\ncat\r\n", dir, "batches.meta.txt");
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "two classes are called \"cat\"");
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "labels=coarse" }, &set), FV_USAGE, "CIFAR-10");
    fv_test_text("x", dir, "train.bin");
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_CONFLICT, "CIFAR-100");
    FV_FAILS(fv_dataset_open(fv_test_folder(), &(fv_dataset_options){ .source = "cifar_binary" }, &set), FV_FORMAT,
             "no files of CIFAR's binary form");
}

FV_TEST(data_sources_cifar_binary__takes_names_however_their_lines_end) {
    const char *dir = make_cifar10();
    fv_test_text("airplane \r\nautomobile\r\n\r\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck", dir, "batches.meta.txt");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    assert_string_equal(fv_dataset_class_name(set, 0), "airplane");
    assert_string_equal(fv_dataset_class_name(set, 9), "truck");
    remove(fv_test_path(dir, "batches.meta.txt"));
    FV_OK(fv_file_make_folder(fv_test_path(dir, "batches.meta.txt")));
    fv_dataset *none = NULL;
    FV_FAILS(fv_dataset_open(dir, NULL, &none), FV_IO, "batches.meta.txt: not a plain file");
    dir = make_cifar10();
    remove(fv_test_path(dir, "test_batch.bin"));
    FV_OK(fv_file_make_folder(fv_test_path(dir, "test_batch.bin")));
    FV_FAILS(fv_dataset_open(dir, NULL, &none), FV_IO, "test_batch.bin: not a plain file");
}

/* train.bin is a name that others use too. */
FV_TEST(data_sources_cifar_binary__is_surer_of_cifar_100_with_the_names_beside_it) {
    const char *const names[] = { NULL, "fine_label_names.txt", "coarse_label_names.txt" };
    for (int i = 0; i < 3; i++) {
        const char *dir = fv_test_folder();
        FV_OWNED(fv_dataset) set = NULL;
        write_batch(dir, "train.bin", 1, 2, 1, (const uint8_t[]){ 3, 4 }, 0);
        if (names[i]) fv_test_text("", dir, names[i]);
        fv_test_copy("rgb.png", dir, "one.png"); /* by itself a folder of pictures without classes */
        fv_error *error = fv_dataset_open(dir, NULL, &set);
        if (i == 1)
            FV_FAILS(error, FV_FORMAT, "0 class names, not 100");
        else
            FV_OK(error), assert_string_equal(fv_dataset_source(set), "cifar_binary");
    }
}

FV_TEST(data_sources_cifar_binary__want_of_memory_is_an_error_and_leaves_nothing) {
    const char *dir = make_cifar10();
    for (int named = 1; named >= 0; named--) {
        fv_dataset *set = NULL;
        if (!named) remove(fv_test_path(dir, "batches.meta.txt"));
        FV_OK(fv_dataset_open(dir, NULL, &set));
        fv_dataset_free(set);
        int64_t live = fv_memory_live();
        FV_TEST_EACH_ALLOCATION_FAILS(fv_dataset_open(dir, NULL, &set), {
            assert_string_equal(fv_dataset_source(set), "cifar_binary");
            assert_int_equal(fv_dataset_count(set), 5);
            fv_dataset_free(set);
        });
        assert_int_equal(fv_memory_live(), live);
    }
}
