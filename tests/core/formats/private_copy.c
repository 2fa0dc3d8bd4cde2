/* A file's bytes in memory, copied and hashed by the team. */
#include "core/formats/private_copy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/formats/tree_hash.h"
#include "tests/test.h"

enum { LENGTH = (4 << 20) + (3 << 16) + 7 };

static const char *new_file(int64_t length, uint8_t **bytes) {
    static char path[600];
    FV_OK(fv_memory_alloc(length + 1, 1, (void **)bytes));
    for (int64_t i = 0; i < length; i++) (*bytes)[i] = (uint8_t)((uint64_t)i * 2654435761u >> 11);
    snprintf(path, sizeof path, "%s/file", fv_test_folder());
    FV_OK(fv_file_write(path, *bytes, length, NULL));
    return path;
}

static fv_error *copy_with(const char *path, int64_t cap, int64_t without, fv_private_copy *copy) {
    int file;
    int64_t size;
    FV_TRY(fv_file_open(path, cap, &file, &size));
    fv_error *error = fv_private_copy_read(file, size, path, cap, without, copy);
    close(file);
    return error;
}

/* Two huge pages, three leaves and a bit; the hashed part ends in a leaf's midst, or with a leaf. */
FV_TEST(core_formats_private_copy__a_long_file_is_copied_and_hashed_as_it_is) {
    static const int64_t withouts[] = { 0, 32, 7, 8, LENGTH - 1 };
    uint8_t *bytes, hash[FV_HASH_BYTES], wanted[FV_HASH_BYTES];
    const char *path = new_file(LENGTH, &bytes);
    for (int i = 0; i < 5; i++) {
        FV_PRIVATE_COPY(copy);
        int64_t hashed = LENGTH - withouts[i];
        FV_OK(copy_with(path, LENGTH, withouts[i], &copy));
        assert_int_equal(copy.length, LENGTH);
        assert_memory_equal(copy.bytes, bytes, LENGTH);
        assert_non_null(copy.leaves);
        fv_tree_hash_root(copy.leaves, fv_tree_leaves(hashed), hash);
        FV_OK(fv_tree_hash(bytes, hashed, wanted));
        assert_memory_equal(hash, wanted, sizeof hash);
    }
    FV_PRIVATE_COPY(none);
    FV_FAILS(copy_with(path, LENGTH - 1, 0, &none), FV_MEMORY, path);
    fv_memory_free(bytes);
}

FV_TEST(core_formats_private_copy__a_short_file_and_none_are_read_without_hashes) {
    for (int64_t length = 0; length < 100; length += 99) {
        uint8_t *bytes;
        FV_PRIVATE_COPY(copy);
        FV_OK(copy_with(new_file(length, &bytes), 1000, 32, &copy));
        assert_int_equal(copy.length, length);
        assert_memory_equal(copy.bytes, bytes, (size_t)length);
        assert_null(copy.leaves);
        fv_memory_free(bytes);
    }
}

/* A file that is shorter than it was when it was looked at is read to the end that it has. */
FV_TEST(core_formats_private_copy__a_file_that_is_cut_meanwhile_is_as_long_as_it_is) {
    uint8_t *bytes;
    const char *path = new_file(LENGTH, &bytes);
    FV_PRIVATE_COPY(copy);
    int file;
    int64_t size;
    FV_OK(fv_file_open(path, LENGTH, &file, &size));
    assert_int_equal(truncate(path, LENGTH / 2), 0);
    FV_OK(fv_private_copy_read(file, size, path, LENGTH, 32, &copy));
    close(file);
    assert_int_equal(copy.length, LENGTH / 2);
    assert_memory_equal(copy.bytes, bytes, LENGTH / 2);
    assert_null(copy.leaves);
    fv_memory_free(bytes);
}

FV_TEST(core_formats_private_copy__a_pipe_is_read_to_its_end) {
    int ends[2];
    FV_PRIVATE_COPY(copy);
    char path[40];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    FV_OK(copy_with(path, 1000, 32, &copy));
    close(ends[0]);
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.bytes, "abc", 3);
}
