/* Files: read whole under a cap, written at once or not at all. */
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"

static char path_buffer[8][600];

static const char *in(const char *folder, const char *name) {
    static int next;
    char *path = path_buffer[next++ % 8];
    snprintf(path, sizeof path_buffer[0], "%s/%s", folder, name);
    return path;
}

static void expect_content(const char *path, const char *content) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(path, 1 << 20, &bytes, &length));
    assert_int_equal(length, strlen(content));
    assert_memory_equal(bytes, content, (size_t)length + 1); /* the NUL too */
    fv_memory_free(bytes);
}

static int count_names(const char *folder) {
    int count = -2;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    while (readdir(entries)) count++;
    closedir(entries);
    return count;
}

FV_TEST(base_file__what_is_written_is_read_back) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_write(in(folder, "a"), "hello", 5, NULL));
    expect_content(in(folder, "a"), "hello");
    FV_OK(fv_file_write(in(folder, "a"), "", 0, NULL));
    expect_content(in(folder, "a"), "");
    assert_int_equal(count_names(folder), 1);
}

FV_TEST(base_file__a_relative_name_is_written_where_we_are) {
    assert_int_equal(chdir(fv_test_folder()), 0);
    FV_OK(fv_file_write("here", "x", 1, NULL));
    expect_content("here", "x");
    expect_content("./here", "x");
}

FV_TEST(base_file__previous_is_kept_under_its_name) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_write(in(folder, "last"), "one", 3, in(folder, "previous")));
    assert_int_equal(fv_file_kind_of(in(folder, "previous")), FV_FILE_NONE);
    FV_OK(fv_file_write(in(folder, "last"), "two", 3, in(folder, "previous")));
    expect_content(in(folder, "previous"), "one");
    FV_OK(fv_file_write(in(folder, "last"), "three", 5, in(folder, "previous")));
    expect_content(in(folder, "previous"), "two");
    expect_content(in(folder, "last"), "three");
    assert_int_equal(count_names(folder), 2);
}

FV_TEST(base_file__previous_may_be_the_same_file_already) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_write(in(folder, "last"), "one", 3, NULL));
    assert_int_equal(link(in(folder, "last"), in(folder, "previous")), 0); /* as after a crash between keeping and renaming */
    FV_OK(fv_file_write(in(folder, "last"), "two", 3, in(folder, "previous")));
    expect_content(in(folder, "previous"), "one");
    expect_content(in(folder, "last"), "two");
    assert_int_equal(count_names(folder), 2);
}

FV_TEST(base_file__names_that_a_killed_process_left_are_passed_over) {
    const char *folder = fv_test_folder();
    char name[100];
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "a.%ld-%d.tmp", (long)getpid(), i);
        FILE *left = fopen(in(folder, name), "w");
        assert_non_null(left);
        fclose(left);
    }
    FV_OK(fv_file_write(in(folder, "a"), "x", 1, NULL));
    expect_content(in(folder, "a"), "x");
    assert_int_equal(count_names(folder), 6);
}

FV_TEST(base_file__a_write_that_fails_leaves_the_old_file_and_no_other) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_write(in(folder, "a"), "old", 3, NULL));
    struct rlimit limit = { 1000, RLIM_INFINITY }; /* as good as a full disk: writes end with EFBIG */
    signal(SIGXFSZ, SIG_IGN);
    static char large[100000];
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    FV_FAILS(fv_file_write(in(folder, "a"), large, sizeof large, in(folder, "previous")), FV_IO, "/a");
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_content(in(folder, "a"), "old");
    assert_int_equal(count_names(folder), 1);
}

FV_TEST(base_file__a_rename_that_fails_leaves_nothing_behind) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_make_folder(in(folder, "taken/inside")));
    FV_FAILS(fv_file_write(in(folder, "taken"), "x", 1, NULL), FV_IO, "taken");
    assert_int_equal(count_names(folder), 1);
}

FV_TEST(base_file__a_folder_that_is_missing_or_read_only_is_named) {
    const char *folder = fv_test_folder();
    FV_FAILS(fv_file_write(in(folder, "no/a"), "x", 1, NULL), FV_NOT_FOUND, "no/a");
    FV_OK(fv_file_make_folder(in(folder, "locked")));
    assert_int_equal(chmod(in(folder, "locked"), 0500), 0);
    if (geteuid() == 0) assert_int_equal(seteuid(65534), 0); /* root may write anywhere */
    FV_FAILS(fv_file_write(in(folder, "locked/a"), "x", 1, NULL), FV_DENIED, "locked/a");
    if (getuid() == 0) assert_int_equal(seteuid(0), 0);
    assert_int_equal(count_names(in(folder, "locked")), 0);
}

/* A writer is killed again and again; a reader must always find one whole version. */
FV_TEST(base_file__a_killed_writer_leaves_a_whole_file) {
    const char *folder = fv_test_folder();
    enum { SIZE = 300000 };
    static char bytes[SIZE];
    memset(bytes, 'a', SIZE);
    FV_OK(fv_file_write(in(folder, "last"), bytes, SIZE, NULL));
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child)
            for (char version = 'b';; version = version == 'z' ? 'a' : (char)(version + 1)) {
                memset(bytes, version, SIZE);
                if (fv_file_write(in(folder, "last"), bytes, SIZE, in(folder, "previous"))) _exit(1);
            }
        usleep((useconds_t)(1000 + 700 * round));
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        uint8_t *read;
        int64_t length;
        FV_OK(fv_file_read(in(folder, "last"), 1 << 20, &read, &length));
        assert_int_equal(length, SIZE);
        for (int i = 1; i < SIZE; i++)
            if (read[i] != read[0]) fail_msg("byte %d is of another version", i);
        fv_memory_free(read);
    }
}

FV_TEST(base_file__reading_keeps_to_its_cap) {
    const char *folder = fv_test_folder();
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_write(in(folder, "ten"), "0123456789", 10, NULL));
    FV_OK(fv_file_read(in(folder, "ten"), 10, &bytes, &length));
    assert_int_equal(length, 10);
    fv_memory_free(bytes);
    FV_FAILS(fv_file_read(in(folder, "ten"), 9, &bytes, &length), FV_MEMORY, "9 bytes");
    assert_null(bytes);
    FV_FAILS(fv_file_read("/dev/zero", 100000, &bytes, &length), FV_MEMORY, "/dev/zero");
    FV_FAILS(fv_file_read(in(folder, "ten"), -1, &bytes, &length), FV_MEMORY, NULL);
}

FV_TEST(base_file__reads_what_does_not_say_its_size) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read("/proc/self/maps", 1 << 20, &bytes, &length)); /* st_size is 0 */
    assert_true(length > 100);
    assert_int_equal(strlen((char *)bytes), length);
    fv_memory_free(bytes);
    FV_OK(fv_file_read("/dev/null", 0, &bytes, &length));
    assert_int_equal(length, 0);
    fv_memory_free(bytes);
}

FV_TEST(base_file__reading_says_what_is_wrong) {
    const char *folder = fv_test_folder();
    uint8_t *bytes = NULL;
    int64_t length;
    FV_FAILS(fv_file_read(in(folder, "none"), 10, &bytes, &length), FV_NOT_FOUND, "none: No such file");
    FV_FAILS(fv_file_read(folder, 10, &bytes, &length), FV_IO, "directory");
    assert_null(bytes);
}

FV_TEST(base_file__folders_are_made_with_their_parents) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_make_folder(in(folder, "a/b//c/")));
    FV_OK(fv_file_make_folder(in(folder, "a/b/c")));
    assert_int_equal(fv_file_kind_of(in(folder, "a/b/c")), FV_FILE_FOLDER);
    FV_OK(fv_file_write(in(folder, "file"), "", 0, NULL));
    FV_FAILS(fv_file_make_folder(in(folder, "file")), FV_CONFLICT, "file");
    FV_FAILS(fv_file_make_folder(in(folder, "file/below")), FV_CONFLICT, "file");
    FV_FAILS(fv_file_make_folder(""), FV_NOT_FOUND, NULL);
    FV_OK(fv_file_make_folder("/"));
}

FV_TEST(base_file__kinds_follow_links) {
    const char *folder = fv_test_folder();
    FV_OK(fv_file_write(in(folder, "file"), "", 0, NULL));
    assert_int_equal(symlink("file", in(folder, "link")), 0);
    assert_int_equal(symlink("gone", in(folder, "dangling")), 0);
    assert_int_equal(fv_file_kind_of(in(folder, "link")), FV_FILE_PLAIN);
    assert_int_equal(fv_file_kind_of(in(folder, "dangling")), FV_FILE_NONE);
    assert_int_equal(fv_file_kind_of("/dev/null"), FV_FILE_OTHER);
    assert_int_equal(fv_file_kind_of(folder), FV_FILE_FOLDER);
}

FV_TEST(base_file__a_list_is_sorted_by_bytes_and_complete) {
    const char *folder = fv_test_folder();
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    int64_t count;
    FV_OK(fv_arena_new("list", 1 << 20, &arena));
    FV_OK(fv_file_list(folder, arena, &names, &count));
    assert_int_equal(count, 0);
    char name[20];
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "%c%d", "aBz.é"[i % 5], i * 7919 % 150);
        FV_OK(fv_file_write(in(folder, name), "", 0, NULL));
    }
    FV_OK(fv_file_list(folder, arena, &names, &count));
    assert_int_equal(count, 150);
    for (int64_t i = 1; i < count; i++) assert_true(strcmp(names[i - 1], names[i]) < 0);
    FV_FAILS(fv_file_list(in(folder, "none"), arena, &names, &count), FV_NOT_FOUND, "none");
}

FV_TEST(base_file__a_list_that_is_too_long_for_its_arena_is_an_error) {
    const char *folder = fv_test_folder();
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    int64_t count;
    FV_OK(fv_arena_new("list", 64, &arena));
    for (int i = 0; i < 9; i++) FV_OK(fv_file_write(in(folder, (char[]){ (char)('a' + i), 0 }), "", 0, NULL));
    FV_FAILS(fv_file_list(folder, arena, &names, &count), FV_MEMORY, "list");
    assert_int_equal(count, 0);
}

FV_TEST(base_file__joins_with_one_slash) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    FV_OK(fv_arena_new("paths", 1 << 20, &arena));
    FV_OK(fv_file_join(arena, "a", "b", &path));
    assert_string_equal(path, "a/b");
    FV_OK(fv_file_join(arena, "a/", "b", &path));
    assert_string_equal(path, "a/b");
    FV_OK(fv_file_join(arena, "", "b", &path));
    assert_string_equal(path, "b");
    FV_OK(fv_file_join(arena, "/", "b", &path));
    assert_string_equal(path, "/b");
}

/* Of a process that is no more: it has been waited for. */
static long dead_process(void) {
    pid_t child = fork();
    if (!child) _exit(0);
    assert_true(child > 0 && waitpid(child, NULL, 0) == child);
    return child;
}

FV_TEST(base_file__what_killed_processes_left_is_removed_and_nothing_else) {
    const char *folder = fv_test_folder();
    const char *kept[] = { "a.tmp", "a.1-2.tmpx", "a.x-2.tmp", "a.-5-2.tmp", "99999999-1.tmp", "a.99999999999999-1.tmp" };
    char name[80];
    for (int i = 0; i < 6; i++) FV_OK(fv_file_write(in(folder, kept[i]), "", 0, NULL));
    const char *const endings[] = { ".tmp", ".tmp.keep" };
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "a.b.%ld-7%s", dead_process(), endings[i]);
        FV_OK(fv_file_write(in(folder, name), "", 0, NULL));
    }
    snprintf(name, sizeof name, "a.%ld-0.tmp", (long)getpid()); /* ours, and alive */
    FV_OK(fv_file_write(in(folder, name), "", 0, NULL));
    FV_OK(fv_file_remove_leftovers(folder));
    assert_int_equal(count_names(folder), 7);
    assert_int_equal(fv_file_kind_of(in(folder, name)), FV_FILE_PLAIN);
    for (int i = 0; i < 6; i++) assert_int_equal(fv_file_kind_of(in(folder, kept[i])), FV_FILE_PLAIN);
    FV_FAILS(fv_file_remove_leftovers(in(folder, "none")), FV_NOT_FOUND, "none");
}

FV_TEST(base_file__a_lock_is_had_by_one_at_a_time_and_names_its_process) {
    const char *folder = fv_test_folder();
    int lock, other;
    char process[64];
    snprintf(process, sizeof process, "held by process %ld", (long)getpid());
    FV_OK(fv_file_lock(in(folder, "lock"), &lock));
    FV_FAILS(fv_file_lock(in(folder, "lock"), &other), FV_BUSY, process);
    assert_int_equal(other, -1);
    fv_file_unlock(lock);
    FV_OK(fv_file_lock(in(folder, "lock"), &lock));
    fv_file_unlock(lock);
    fv_file_unlock(-1);
    FV_FAILS(fv_file_lock(in(folder, "missing/lock"), &lock), FV_NOT_FOUND, "cannot lock");
}

FV_TEST(base_file__a_lock_dies_with_its_process) {
    const char *path = in(fv_test_folder(), "lock");
    int lock, status;
    pid_t child = fork();
    if (!child) _exit(fv_file_lock(path, &lock) ? 1 : 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    FV_OK(fv_file_lock(path, &lock));
    fv_file_unlock(lock);
}
