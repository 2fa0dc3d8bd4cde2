/* Objects: put and got back, checked, healed; killed and torn writes leave none of a wrong content. */
#include "fovea/objects.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "fovea/care.h"
#include "registry/store.h"
#include "tests/test.h"

/* BLAKE2b-256 of "abc", of the b2sum program. */
static const char abc[] = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";

static fv_registry *open_in(const char *folder) {
    fv_registry *registry;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    return registry;
}

static const char *in(const char *folder, const char *name) {
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static fv_error *count_rows(fv_connection *c, void *context) {
    return fv_connection_ask(c, "SELECT count(*) FROM object", -1, context);
}

static int64_t rows_in(fv_registry *registry) {
    int64_t count;
    FV_OK(fv_registry_read(registry, count_rows, &count));
    return count;
}

static void expect(fv_registry *registry, const char *digest, const char *content) {
    char *bytes;
    int64_t length;
    FV_OK(fv_object_get(registry, digest, 1 << 20, &bytes, &length));
    assert_int_equal(length, strlen(content));
    assert_memory_equal(bytes, content, (size_t)length + 1); /* the NUL too */
    fv_string_free(bytes);
}

static int64_t names_in(const char *folder) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    int64_t count;
    FV_OK(fv_arena_new("names", 1 << 20, &arena));
    FV_OK(fv_file_list(folder, arena, &names, &count));
    return count;
}

/* ---- what it does ---- */

FV_TEST(registry_objects__are_named_by_their_digest_and_got_back) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS], *path;
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    assert_string_equal(digest, abc);
    expect(registry, digest, "abc");
    FV_OK(fv_object_path(registry, digest, &path));
    assert_string_equal(path + strlen(path) - 74, "/objects/bd/dd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    fv_string_free(path);
    FV_OK(fv_object_put(registry, "", 0, digest));
    expect(registry, digest, "");
    assert_int_equal(rows_in(registry), 2);
    fv_registry_free(registry);
}

FV_TEST(registry_objects__put_twice_are_one) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char first[FV_DIGEST_LETTERS], second[FV_DIGEST_LETTERS];
    FV_OK(fv_file_write(in(folder, "file"), "abc", 3, NULL));
    FV_OK(fv_object_put(registry, "abc", 3, first));
    FV_OK(fv_object_put_file(registry, in(folder, "file"), second));
    assert_string_equal(first, second);
    assert_int_equal(rows_in(registry), 1);
    assert_int_equal(names_in(in(folder, "objects/new")), 0);
    assert_int_equal(names_in(in(folder, "objects/bd")), 1);
    fv_registry_free(registry);
}

FV_TEST(registry_objects__are_copied_to_a_file) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS];
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    FV_OK(fv_file_write(in(folder, "copy"), "older", 5, NULL));
    FV_OK(fv_object_copy(registry, digest, in(folder, "copy")));
    FV_OK(fv_file_read(in(folder, "copy"), 100, &bytes, &length));
    assert_string_equal((char *)bytes, "abc");
    fv_memory_free(bytes);
    fv_registry_free(registry);
}

FV_TEST(registry_objects__that_are_not_there_and_names_that_are_none) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS], *bytes;
    int64_t length;
    FV_FAILS(fv_object_get(registry, abc, 100, &bytes, &length), FV_NOT_FOUND, "there is no object bddd");
    FV_FAILS(fv_object_get(registry, "../../etc/passwd", 100, &bytes, &length), FV_USAGE, "is no digest");
    FV_FAILS(fv_object_copy(registry, "", in(folder, "copy")), FV_USAGE, "is no digest");
    FV_FAILS(fv_object_put_file(registry, in(folder, "none"), digest), FV_NOT_FOUND, "none");
    FV_FAILS(fv_object_put_file(registry, folder, digest), FV_IO, "Is a directory");
    assert_int_equal(names_in(in(folder, "objects/new")), 0);
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    FV_FAILS(fv_object_get(registry, abc, 2, &bytes, &length), FV_MEMORY, "larger than the 2 bytes");
    fv_registry_free(registry);
}

FV_TEST(registry_objects__larger_than_memory_would_be_are_streamed) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS];
    struct rusage before, after;
    int file = open(in(folder, "large"), O_WRONLY | O_CREAT, 0666);
    assert_int_equal(ftruncate(file, 96 << 20) | close(file), 0);
    getrusage(RUSAGE_SELF, &before);
    FV_OK(fv_object_put_file(registry, in(folder, "large"), digest));
    FV_OK(fv_object_copy(registry, digest, in(folder, "large")));
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 24 << 10);
    fv_registry_free(registry);
}

/* ---- what goes wrong ---- */

static void flip_a_bit(const char *path) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(path, 1 << 20, &bytes, &length));
    bytes[length / 2] ^= 4;
    FV_OK(fv_file_write(path, bytes, length, NULL));
    fv_memory_free(bytes);
}

FV_TEST(registry_objects__with_a_flipped_bit_are_an_error_until_they_are_put_again) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS], *path, *bytes;
    int64_t length;
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    FV_OK(fv_object_path(registry, digest, &path));
    flip_a_bit(path);
    FV_FAILS(fv_object_get(registry, digest, 100, &bytes, &length), FV_FORMAT, path);
    assert_null(bytes);
    FV_OK(fv_file_write(in(folder, "copy"), "older", 5, NULL));
    FV_FAILS(fv_object_copy(registry, digest, in(folder, "copy")), FV_FORMAT, "is damaged");
    int64_t count = names_in(folder);
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    expect(registry, digest, "abc");
    FV_OK(fv_object_copy(registry, digest, in(folder, "copy")));
    assert_int_equal(names_in(folder), count); /* no temporary file was left */
    fv_string_free(path);
    fv_registry_free(registry);
}

FV_TEST(registry_objects__for_which_there_is_no_room_leave_nothing) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS];
    static char much[1 << 20];
    struct rlimit was, small = { .rlim_cur = 100000, .rlim_max = RLIM_INFINITY };
    getrlimit(RLIMIT_FSIZE, &was);
    small.rlim_max = was.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    FV_FAILS(fv_object_put(registry, much, sizeof much, digest), FV_IO, "cannot write");
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_equal(names_in(in(folder, "objects/new")), 0);
    assert_int_equal(rows_in(registry), 0);
    fv_registry_free(registry);
}

/* `ready`: a pipe that is told of the first. */
static void put_many(const char *folder, int first, int ready) {
    static char content[300000];
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS];
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    if (ready >= 0) assert_int_equal(write(ready, "x", 1), 1);
    for (int i = first; i < first + 40; i++) {
        memset(content, i, sizeof content);
        FV_OK(fv_object_put(registry, content, 1000 * (int64_t)i, digest));
    }
    fv_registry_free(registry);
}

FV_TEST(registry_objects__put_by_processes_at_once_are_there_once_each) {
    const char *folder = fv_test_folder();
    pid_t children[4];
    int status;
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (!children[i]) put_many(folder, 20 * i, -1), _exit(0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    fv_registry *registry = open_in(folder);
    assert_int_equal(rows_in(registry), 101);
    assert_int_equal(names_in(in(folder, "objects/new")), 0);
    fv_registry_free(registry);
}

/* Every row has its file, and every file the bytes of its name. */
static fv_error *check_rows(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    fv_registry *registry = context;
    FV_TRY(fv_query_compose(c, "SELECT digest FROM object", &query));
    for (;;) {
        bool row;
        char *path;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        const char *digest = fv_column_text(query);
        FV_TRY(fv_object_path(registry, digest, &path));
        fv_error *error = fv_store_copy(path, digest, NULL, NULL, NULL);
        fv_string_free(path);
        FV_TRY(error);
    }
}

FV_TEST(registry_objects__of_a_put_that_is_killed_at_any_instant_are_whole_or_not_there) {
    const char *folder = fv_test_folder();
    fv_registry_free(open_in(folder));
    int64_t left = 0;
    char letter;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();
        if (!child) put_many(folder, i, ready[1]), _exit(0);
        assert_int_equal(read(ready[0], &letter, 1), 1);
        usleep((useconds_t)(i * 7919 % 40) * 1000);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        left += names_in(in(folder, "objects/new"));
        fv_registry *registry = open_in(folder);
        FV_OK(fv_registry_read(registry, check_rows, registry));
        assert_int_equal(names_in(in(folder, "objects/new")), 0);
        fv_registry_free(registry);
    }
    assert_true(left > 0); /* or nothing was tried */
}

FV_TEST(registry_objects__being_written_are_not_taken_for_leftovers) {
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS];
    int64_t count;
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    int writing = open(in(folder, "objects/new/a"), O_RDWR | O_CREAT, 0666);
    int left = open(in(folder, "objects/new/b"), O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(writing, LOCK_SH | LOCK_NB), 0);
    close(left);
    FV_OK(fv_store_clear(folder, true, &count));
    assert_int_equal(count, 1);
    assert_int_equal(names_in(in(folder, "objects/new")), 2);
    FV_OK(fv_store_clear(folder, false, &count));
    assert_int_equal(count, 1);
    assert_int_equal(fv_file_kind_of(in(folder, "objects/new/a")), FV_FILE_PLAIN);
    close(writing);
    fv_registry_free(registry);
}

/* ---- as somebody who may only read ---- */

#define NOBODY 65534

/* `folder` and all above it that the tests made may be gone through, and nothing in it written. */
static void protect(const char *folder) {
    char above[600];
    snprintf(above, sizeof above, "%s/..", folder);
    const char *const parts[] = { above, folder, in(folder, "objects"), in(folder, "objects/new"), in(folder, "objects/bd") };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) assert_int_equal(chmod(parts[i], 0555), 0);
}

static void use_as_reader(const char *folder) {
    fv_registry *registry;
    fv_fsck result;
    char digest[FV_DIGEST_LETTERS];
    FV_OK(fv_registry_open(folder, &(fv_registry_options){ .read_only = true }, &registry));
    expect(registry, abc, "abc");
    FV_FAILS(fv_object_put(registry, "other", 5, digest), FV_DENIED, "objects/new");
    FV_OK(fv_registry_fsck(registry, false, NULL, &result));
    assert_int_equal(result.count, 0);
    fv_fsck_release(&result);
    fv_registry_free(registry);
    FV_FAILS(fv_registry_open(folder, NULL, &registry), FV_DENIED, NULL);
}

FV_TEST(registry_objects__in_a_folder_that_may_not_be_written_are_read_and_checked) {
    if (geteuid()) skip(); /* a test for root, who becomes somebody else */
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    char digest[FV_DIGEST_LETTERS];
    int status;
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    fv_registry_free(registry);
    protect(folder);
    pid_t child = fork();
    if (!child) {
        assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY) | setresuid(NOBODY, NOBODY, NOBODY), 0);
        use_as_reader(folder);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void *clear(void *folder) {
    int64_t *count = malloc(sizeof *count);
    FV_OK(fv_store_clear(folder, false, count));
    return count;
}

FV_TEST(registry_objects__left_over_are_removed_by_one_of_several_who_look) {
    enum { LEFT = 2000, LOOKING = 4 };
    const char *folder = fv_test_folder();
    fv_registry *registry = open_in(folder);
    pthread_t threads[LOOKING];
    char digest[FV_DIGEST_LETTERS], name[40];
    int64_t removed = 0;
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    for (int i = 0; i < LEFT; i++) {
        snprintf(name, sizeof name, "objects/new/%d", i);
        close(open(in(folder, name), O_RDWR | O_CREAT, 0666));
    }
    for (int i = 0; i < LOOKING; i++) assert_int_equal(pthread_create(&threads[i], NULL, clear, (void *)folder), 0);
    for (int i = 0; i < LOOKING; i++) {
        void *count;
        pthread_join(threads[i], &count);
        removed += *(int64_t *)count;
        free(count);
    }
    assert_int_equal(removed, LEFT);
    assert_int_equal(names_in(in(folder, "objects/new")), 0);
    fv_registry_free(registry);
}
