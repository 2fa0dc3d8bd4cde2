/* fovea-reader gone wrong in every way that is known: an error that names the file, in bounded time, nothing left behind. The
 * readers are tests/programs/bad_reader.c. */
#include "core/formats/reader.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/formats/model_file.h"
#include "tests/refusals.h"

static const fv_reader_limits short_limits = { .memory = INT64_C(64) << 20, .processor = 1, .wait = 60 };
static const fv_reader_limits no_time = { .memory = INT64_C(64) << 20, .processor = 30, .wait = 0.3 };

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int open_files(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

/* From here on the reader is the bad one that goes wrong in this way; NULL: the good one. */
static void use_reader(const char *way) {
    static char path[600];
    if (!way) {
        unsetenv("FOVEA_READER");
        return;
    }
    snprintf(path, sizeof path, "%s/%s", fv_test_folder(), way);
    assert_int_equal(symlink(FOVEA_BUILD "/bin/bad_reader", path), 0);
    setenv("FOVEA_READER", path, 1);
}

/* A model with one tensor, by the name of m.fovea in a new folder. */
static const char *new_file(void) {
    static char path[600];
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_model) model = NULL;
    fv_tensor *tensor;
    FV_OK(fv_graph_new(&g));
    fv_value w = fv_graph_state(g, "w", fv_type_of(FV_F32, 4), FV_PARAMETER, "zeros");
    fv_graph_output(g, "y", w);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_model_new(g, &model));
    FV_OK(fv_weights_add(fv_model_weights(model), "w", &(fv_type){ FV_F32, 1, { 4 } }, FV_PARAMETER, &tensor));
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(fv_model_save(model, path));
    return path;
}

static fv_error *read_with(const char *way, const fv_reader_limits *limits) {
    FV_SNAPSHOT(file);
    FV_OWNED(fv_arena) arena = NULL;
    const void *bytes;
    int64_t length;
    fv_answer answer;
    const char *path = new_file();
    use_reader(way);
    FV_TRY(fv_arena_new("an answer", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_TRY(fv_snapshot_read(path, 1 << 20, &file));
    int64_t image = file.length - FV_MODEL_TRAILER;
    FV_TRY(fv_reader_run(&file, image, "m.fovea", limits, arena, &bytes, &length));
    FV_TRY(fv_answer_open(&answer, bytes, length, image));
    fv_piece piece;
    for (bool more = true; more;) FV_TRY(fv_answer_next(&answer, &piece, &more));
    return NULL;
}

/* It fails with these words, names the file, and leaves neither process nor descriptor. */
static void expect(const char *way, const fv_reader_limits *limits, fv_code code, const char *words) {
    int before = open_files();
    double from = seconds();
    FV_FAILS(read_with(way, limits), code, words);
    assert_true(seconds() - from < limits->wait + 15); /* of a machine with much else to do */
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

FV_TEST(core_formats_reader__a_crash_is_an_error_that_names_file_and_signal) {
    expect("crash", &short_limits, FV_FORMAT, "m.fovea is damaged, or made to do harm: the reader was killed by signal 11");
    expect("recurse", &short_limits, FV_FORMAT, "killed by signal 11");
    expect("crash_after_answer", &short_limits, FV_FORMAT, "killed by signal 11");
}

FV_TEST(core_formats_reader__a_loop_ends_with_its_processor_time) {
    expect("loop", &short_limits, FV_FORMAT,
           "m.fovea is damaged, or made to do harm: the reader took more than 1 s of processor");
}

FV_TEST(core_formats_reader__one_that_never_ends_is_killed_when_its_time_is_over) {
    expect("sleep", &no_time, FV_FORMAT, "m.fovea is damaged, or made to do harm: the reader was not done after 0.3 s");
    expect("loop", &no_time, FV_FORMAT, "the reader was not done after 0.3 s");
    expect("leave_child", &no_time, FV_FORMAT, "the reader was not done after 0.3 s");
    expect("play_dead", &short_limits, FV_FORMAT, "the reader was killed by signal 9");
}

static unsigned guards_here(void) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    unsigned guards;
    FV_OK(fv_arena_new("an answer", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_OK(fv_reader_try(arena, &path, &guards));
    return guards;
}

FV_TEST(core_formats_reader__memory_is_bounded) {
    if (!(guards_here() & FV_GUARD_MEMORY)) skip(); /* under a sanitizer */
    expect("allocate", &short_limits, FV_IO, "exit status 9 (it said: no memory after few MB)");
}

FV_TEST(core_formats_reader__nothing_outside_can_be_reached) {
    if (!(guards_here() & FV_GUARD_SYSCALLS)) skip(); /* no seccomp here */
    expect("break_out", &short_limits, FV_IO, "(it said: tried everything)");
}

FV_TEST(core_formats_reader__an_answer_that_is_none_is_refused) {
    expect("garbage", &short_limits, FV_FORMAT, "m.fovea is damaged, or made to do harm: the reader ended without an answer");
    expect("too_long", &short_limits, FV_FORMAT, "the reader ended without an answer");
    expect("nothing", &short_limits, FV_FORMAT, "the reader ended without an answer, with exit status 0");
    expect("outside", &short_limits, FV_FORMAT, "a piece is not in the file");
    expect("half", &short_limits, FV_FORMAT, "the answer about it is damaged");
}

FV_TEST(core_formats_reader__one_that_cannot_run_says_why) {
    expect("fail", &short_limits, FV_IO,
           "m.fovea could not be read: the reader ended without an answer, with exit status 127 (it "
           "said: no library\xEF\xBF\xBD[31m today)");
    expect("fail_at_length", &short_limits, FV_IO, "(it said: first second)");
    setenv("FOVEA_READER", "/nowhere/reader", 1);
    fv_model *model;
    FV_FAILS(fv_model_load(new_file(), &model), FV_NOT_FOUND, "FOVEA_READER=/nowhere/reader is no program");
}

static void take_any(int number) {
    int kept = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    errno = kept;
}

FV_TEST(core_formats_reader__works_whatever_the_program_does_with_its_children) {
    void (*const handlers[])(int) = { SIG_IGN, take_any, SIG_DFL };
    for (int i = 0; i < 3; i++) {
        fv_model *model = NULL;
        signal(SIGCHLD, handlers[i]);
        use_reader(NULL);
        FV_OK(fv_model_load(new_file(), &model));
        fv_model_free(model);
        expect("crash", &short_limits, FV_FORMAT, "m.fovea is damaged, or made to do harm: the reader ");
        expect("sleep", &no_time, FV_FORMAT, "the reader was not done after 0.3 s");
    }
}

FV_TEST(core_formats_reader__finds_its_descriptors_when_the_program_has_closed_its_own) {
    fv_model *model = NULL;
    const char *path = new_file();
    int kept[3];
    for (int i = 0; i < 3; i++) kept[i] = dup(i);
    for (int i = 0; i < 3; i++) close(i);
    fv_error *error = fv_model_load(path, &model);
    for (int i = 0; i < 3; i++) dup2(kept[i], i), close(kept[i]);
    FV_OK(error);
    fv_model_free(model);
}

static void *load_some(void *path) {
    for (int i = 0; i < 6; i++) {
        fv_model *model = NULL;
        FV_OK((i % 2 ? fv_model_open : fv_model_load)(path, &model));
        fv_model_free(model);
    }
    return NULL;
}

FV_TEST(core_formats_reader__one_that_is_not_waited_for_leaves_nothing) {
    FV_SNAPSHOT(file);
    FV_OWNED(fv_arena) arena = NULL;
    fv_reading *reading;
    FV_OK(fv_arena_new("an answer", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_OK(fv_snapshot_read(new_file(), 1 << 20, &file));
    int before = open_files();
    use_reader("sleep");
    FV_OK(fv_reader_begin(&file, file.length - FV_MODEL_TRAILER, "m.fovea", NULL, arena, &reading));
    fv_reader_cancel(reading);
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static fv_error *have_it_ask(const char *way) {
    static const uint8_t file[1000];
    FV_OWNED(fv_arena) arena = NULL;
    fv_reading *reading;
    const void *bytes;
    int64_t length;
    use_reader(way);
    FV_TRY(fv_arena_new("an answer", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_TRY(fv_reader_await("m.fovea", &short_limits, arena, &reading));
    fv_reader_give(reading, file, sizeof file);
    return fv_reader_end(reading, &bytes, &length);
}

FV_TEST(core_formats_reader__is_given_no_more_than_the_file_and_only_while_it_takes_it) {
    static const char *const ways[] = { "ask_outside", "ask_before", "ask_for_nothing", "ask_for_less", "ask_for_much" };
    int before = open_files();
    FV_FAILS(have_it_ask("ask_well"), FV_FORMAT, "it said: got 999 bytes");
    for (int i = 0; i < 5; i++) FV_FAILS(have_it_ask(ways[i]), FV_FORMAT, "it said: got 0 bytes");
    FV_FAILS(have_it_ask("ask_on"), FV_IO, "with exit status 5");
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

FV_TEST(core_formats_reader__one_that_awaits_a_file_that_does_not_come_leaves_nothing) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_reading *reading;
    int before = open_files();
    use_reader(NULL);
    FV_OK(fv_arena_new("an answer", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_OK(fv_reader_await("m.fovea", NULL, arena, &reading));
    fv_reader_cancel(reading);
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

FV_TEST(core_formats_reader__reads_for_several_threads_at_once) {
    pthread_t threads[4];
    const char *path = new_file();
    int before = open_files();
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, load_some, (void *)(uintptr_t)path), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    assert_int_equal(open_files(), before);
}

FV_TEST(core_formats_reader__a_file_that_changes_meanwhile_does_not_matter) {
    FV_SNAPSHOT(file);
    const char *path = new_file();
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(path, 1 << 20, &bytes, &length));
    FV_OK(fv_snapshot_read(path, 1 << 20, &file));
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(file.length, length);
    assert_memory_equal(file.bytes, bytes, (size_t)length);
    assert_int_equal(write(file.file, "x", 1), -1);
    assert_int_equal(ftruncate(file.file, 1), -1);
    fv_memory_free(bytes);
}

FV_TEST(core_formats_reader__a_file_called_as_the_image_is_does_not_matter) {
    fv_model *model = NULL;
    const char *path = new_file();
    assert_int_equal(chdir(fv_test_folder()), 0);
    FV_OK(fv_file_write("fovea", "x", 1, NULL));
    FV_OK(fv_model_load(path, &model));
    fv_model_free(model);
}

FV_TEST(core_formats_reader__a_refusal_is_the_readers_own_error) {
    expect("refuse", &short_limits, FV_UNSUPPORTED, "not today");
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    unsigned guards;
    FV_OK(fv_arena_new("an answer", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_FAILS(fv_reader_try(arena, &path, &guards), FV_UNSUPPORTED, "not today");
}

FV_TEST(core_formats_reader__no_time_at_all_is_an_error_too) {
    const fv_reader_limits none = { .memory = INT64_C(64) << 20, .processor = 30, .wait = 0 };
    expect("sleep", &none, FV_FORMAT, "the reader was not done after 0 s");
}

static void count_warnings(void *count, fv_level level, const char *message) {
    if (level == FV_LOG_WARNING && strstr(message, "no filter of system calls")) ++*(int *)count;
}

FV_TEST(core_formats_reader__says_once_when_nothing_but_limits_keeps_it) {
    int warnings = 0;
    fv_log_set_sink(count_warnings, &warnings);
    for (int i = 0; i < 2; i++) FV_OK(read_with("unguarded", &short_limits));
    fv_log_set_sink(NULL, NULL);
    assert_int_equal(warnings, 1);
}

FV_TEST(core_formats_reader__is_told_where_libraries_are_and_where_limits_are_set_already_keeps_to_them) {
    fv_model *model = NULL;
    setenv("LD_LIBRARY_PATH", "/nowhere", 1);
    const struct rlimit none = { 0, 0 };
    assert_int_equal(setrlimit(RLIMIT_CORE, &none), 0);
    FV_OK(fv_model_load(new_file(), &model));
    fv_model_free(model);
    char long_path[1 << 16];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = 0;
    setenv("LD_LIBRARY_PATH", long_path, 1);
    FV_FAILS(fv_model_load(new_file(), &model), FV_MEMORY, "beyond its cap");
}

/* Runs the good reader as somebody would by hand; what it ends with. */
static int run_by_hand(char *const arguments[]) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    int status;
    FV_OK(fv_arena_new("a path", 1 << 16, &arena));
    FV_OK(fv_reader_find(arena, &path));
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(FV_READER_FILE), close(FV_READER_ANSWER);
        execv(path, arguments);
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

FV_TEST(core_formats_reader__is_of_no_use_by_hand) {
    char *const cases[][6] = { { "fovea-reader", NULL },
                               { "fovea-reader", "x", "1", "1", NULL },
                               { "fovea-reader", "1", "x", "1", NULL },
                               { "fovea-reader", "1", "1", "x", NULL },
                               { "fovea-reader", "1", "1", "1", "1", NULL },
                               { "fovea-reader", "4096", "1", "1", NULL } }; /* and no file is open for it */
    for (int i = 0; i < 6; i++) assert_int_equal(run_by_hand(cases[i]), 1);
}

/* Reads a file that is there already. */
static fv_error *read_file(const char *path) {
    fv_model *model = NULL;
    fv_error *error = fv_model_load(path, &model);
    fv_model_free(model);
    return error;
}

FV_TEST(core_formats_reader__a_system_without_descriptors_or_memory_is_an_error_that_leaves_nothing) {
    static const int reasons[] = { EMFILE, ENOMEM, ENOSPC, EINVAL };
    const char *path = new_file();
    int before = open_files();
    for (int i = 0; i < 4; i++)
        FV_TEST_EACH_CALL_FAILS(FV_CALLS_SYSTEM, reasons[i], read_file(path), FV_ONE_OF(FV_IO, FV_MEMORY), (void)0);
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

FV_TEST(core_formats_reader__a_call_that_a_signal_interrupts_is_made_again) {
    const char *path = new_file();
    FV_TEST_EACH_CALL_FAILS(FV_CALLS_WAIT, EINTR, read_file(path), 0, (void)0);
}

FV_TEST(core_formats_reader__a_call_that_fails_for_good_is_an_error) {
    const char *path = new_file();
    int before = open_files();
    FV_TEST_EACH_CALL_FAILS(FV_CALLS_WAIT, EIO, read_file(path), FV_ONE_OF(FV_IO, FV_FORMAT), (void)0);
    assert_int_equal(open_files(), before);
}

FV_TEST(core_formats_reader__want_of_memory_to_start_or_hear_it_is_an_error_that_leaves_nothing) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    unsigned guards;
    use_reader(NULL);
    FV_OK(fv_arena_new("an answer", 64 * FV_ANSWER_BYTES_MAX, &arena));
    int before = open_files();
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_reader_try(arena, &path, &guards), (void)0);
    assert_int_equal(open_files(), before);
}

/* NULL when it failed as it does with memory enough. */
static fv_error *fail_well(const char *path) {
    fv_error *error = read_file(path);
    assert_non_null(error);
    if (fv_error_code(error) != FV_IO) return error;
    fv_error_free(error);
    return NULL;
}

FV_TEST(core_formats_reader__want_of_memory_for_what_it_said_is_an_error) {
    const char *path = new_file();
    use_reader("fail");
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fail_well(path), (void)0);
}

static fv_error *find(fv_arena *arena) {
    const char *path;
    FV_TRY(fv_reader_find(arena, &path));
    assert_non_null(strstr(path, "fovea-reader"));
    return NULL;
}

FV_TEST(core_formats_reader__is_sought_from_the_program_and_from_the_library) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OK(fv_arena_new("paths", 1 << 20, &arena));
    setenv("FOVEA_READER", "", 1); /* as if it were not set */
    FV_OK(find(arena));
    unsetenv("FOVEA_READER");
    FV_TEST_EACH_CALL_FAILS(FV_CALLS_SEEK, ENOENT, find(arena), 1u << FV_NOT_FOUND, (void)0);
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(find(arena), (void)0);
#ifndef FV_TEST_SANITIZED
    fv_calls_fail_all(FV_CALLS_SEEK, ENOENT);
    fv_error *error = find(arena);
    fv_calls_fail(FV_CALLS_SEEK, 0, 0);
    assert_non_null(strstr(fv_error_hint_get(error), "copy it beside the program"));
    FV_FAILS(error, FV_NOT_FOUND, "there is no fovea-reader");
#endif
}

FV_TEST(core_formats_snapshot__a_copy_is_sealed_and_may_be_empty) {
    FV_SNAPSHOT(copy);
    FV_OK(fv_snapshot_copy("abc", 3, &copy));
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.bytes, "abc", 3);
    assert_int_equal(write(copy.file, "x", 1), -1);
    FV_SNAPSHOT(empty);
    FV_OK(fv_snapshot_copy("", 0, &empty));
    assert_int_equal(empty.length, 0);
    assert_null(empty.bytes);
}

/* More than what is copied at once: several pieces, by the team. */
FV_TEST(core_formats_snapshot__a_long_file_is_copied_as_it_is) {
    enum { LENGTH = (3 << 18) + 7 };
    FV_OWNED(fv_memory) bytes = NULL;
    FV_SNAPSHOT(copy);
    char path[400];
    snprintf(path, sizeof path, "%s/long", fv_test_folder());
    FV_OK(fv_memory_alloc(LENGTH, 1, &bytes));
    for (int i = 0; i < LENGTH; i++) ((uint8_t *)bytes)[i] = (uint8_t)((unsigned)i * 2654435761u >> 11);
    FV_OK(fv_file_write(path, bytes, LENGTH, NULL));
    FV_FAILS(fv_snapshot_read(path, LENGTH - 1, &copy), FV_MEMORY, path);
    FV_OK(fv_snapshot_read(path, LENGTH, &copy));
    assert_int_equal(copy.length, LENGTH);
    assert_memory_equal(copy.bytes, bytes, LENGTH);
}

static fv_error *copy_some(void) {
    FV_SNAPSHOT(copy);
    FV_TRY(fv_snapshot_copy("abc", 3, &copy));
    assert_memory_equal(copy.bytes, "abc", 3);
    return NULL;
}

FV_TEST(core_formats_snapshot__a_system_without_room_is_an_error_that_leaves_nothing) {
    static const int reasons[] = { EMFILE, ENOMEM, ENOSPC, EINVAL };
    int before = open_files();
    for (int i = 0; i < 4; i++) {
        FV_TEST_EACH_CALL_FAILS(FV_CALLS_SYSTEM, reasons[i], copy_some(), FV_ONE_OF(FV_IO, FV_MEMORY), (void)0);
        FV_TEST_EACH_CALL_FAILS(FV_CALLS_WAIT, reasons[i], copy_some(), FV_ONE_OF(FV_IO, FV_MEMORY), (void)0);
    }
    FV_TEST_EACH_CALL_FAILS(FV_CALLS_WAIT, EINTR, copy_some(), 0, (void)0);
    FV_TEST_EACH_ALLOCATION_FAILS(copy_some(), (void)0);
    assert_int_equal(open_files(), before);
}
