/* Errors as values: chain, hint, formatting, the count of those alive, the static one. */
#include "tests/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/assert.h"

static fv_error *inner(void) { return fv_fail(FV_IO, "cannot read %s", "a.png"); }

static fv_error *outer(void) {
    fv_error *error = fv_error_hint(inner(), "is %s mounted?", "/data");
    return fv_error_wrap(error, "sample %d", 7);
}

static fv_error *tries(fv_error *error, int *reached) {
    FV_TRY(error);
    *reached = 1;
    return NULL;
}

FV_TEST(base_error__keeps_code_place_message_cause_and_hint) {
    fv_error *error = outer();
    assert_int_equal(fv_error_code(error), FV_IO);
    assert_string_equal(fv_error_message(error), "sample 7");
    assert_string_equal(fv_error_message(fv_error_cause(error)), "cannot read a.png");
    assert_null(fv_error_cause(fv_error_cause(error)));
    assert_string_equal(fv_error_hint_get(error), "is /data mounted?");
    assert_non_null(strstr(fv_error_file(error), "error.c"));
    assert_true(fv_error_line(error) > 1);
    fv_error_free(error);
}

FV_TEST(base_error__formats_the_chain_in_one_line_and_cuts_it) {
    char text[100];
    FV_OWNED(fv_error) error = outer();
    assert_string_equal(fv_error_format(error, text, sizeof text), "sample 7: cannot read a.png");
    for (uint64_t size = 1; size < 40; size++) {
        memset(text, 'x', sizeof text);
        fv_error_format(error, text, size);
        assert_int_equal(strlen(text), size - 1 < 27 ? size - 1 : 27);
        assert_memory_equal(text, "sample 7: cannot read a.png", strlen(text));
        assert_int_equal(text[size], 'x');
    }
    text[0] = 'x';
    fv_error_format(error, text, 0);
    assert_int_equal(text[0], 'x');
    assert_string_equal(fv_error_format(NULL, text, sizeof text), "");
}

FV_TEST(base_error__counts_the_live_ones) {
    int64_t before = fv_error_live();
    fv_error *error = outer();
    assert_int_equal(fv_error_live(), before + 2);
    fv_error_free(error);
    assert_int_equal(fv_error_live(), before);
}

FV_TEST(base_error__passes_null_through) {
    assert_null(fv_error_wrap(NULL, "never seen"));
    assert_null(fv_error_hint(NULL, "never seen"));
    assert_null(fv_error_hint_get(NULL));
    fv_error_free(NULL);
}

FV_TEST(base_error__a_later_hint_replaces_the_first_and_the_outermost_wins) {
    fv_error *error = fv_error_hint(fv_error_hint(inner(), "one"), "two");
    assert_string_equal(fv_error_hint_get(error), "two");
    error = fv_error_hint(fv_error_wrap(error, "outer"), "three");
    assert_string_equal(fv_error_hint_get(error), "three");
    fv_error_free(error);
}

FV_TEST(base_error__the_static_one_is_never_written_to_nor_counted) {
    int64_t before = fv_error_live();
    fv_error *memory = fv_error_memory();
    assert_int_equal(fv_error_code(memory), FV_MEMORY);
    assert_ptr_equal(fv_error_hint(memory, "buy more"), memory);
    assert_null(fv_error_hint_get(memory));
    fv_error *wrapped = fv_error_wrap(memory, "batch %d", 3);
    assert_int_equal(fv_error_code(wrapped), FV_MEMORY);
    assert_ptr_equal(fv_error_cause(wrapped), memory);
    fv_error_free(wrapped);
    fv_error_free(memory);
    assert_int_equal(fv_error_live(), before);
    assert_string_equal(fv_error_message(fv_error_memory()), "out of memory");
}

FV_TEST(base_error__try_returns_on_an_error_and_goes_on_without) {
    int reached = 0;
    FV_FAILS(tries(inner(), &reached), FV_IO, "a.png");
    assert_int_equal(reached, 0);
    FV_OK(tries(NULL, &reached));
    assert_int_equal(reached, 1);
}

FV_TEST(base_error__what_is_taken_is_not_freed_at_the_end_of_the_scope) {
    fv_error *kept;
    {
        FV_OWNED(fv_error) owned = inner();
        kept = fv_take(&owned);
        assert_null(owned);
    }
    assert_string_equal(fv_error_message(kept), "cannot read a.png");
    fv_error_free(kept);
}

FV_TEST(base_error__every_code_has_a_name_of_its_own) {
    assert_string_equal(fv_code_name(FV_USAGE), "usage");
    assert_string_equal(fv_code_name(FV_BUG), "bug");
    for (int a = FV_USAGE; a <= FV_BUG; a++)
        for (int b = FV_USAGE; b < a; b++) assert_string_not_equal(fv_code_name((fv_code)a), fv_code_name((fv_code)b));
    assert_string_equal(fv_code_name((fv_code)0), "unknown");
    assert_string_equal(fv_code_name((fv_code)99), "unknown");
}

FV_TEST(base_error__a_failed_assertion_says_where_and_aborts) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], 2);
        FV_ASSERT(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    char said[1000] = { 0 };
    for (ssize_t got, length = 0; (got = read(ends[0], said + length, sizeof said - 1 - (size_t)length)) > 0;) length += got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, "1 + 1 == 3"));
    assert_non_null(strstr(said, "error.c:"));
}
