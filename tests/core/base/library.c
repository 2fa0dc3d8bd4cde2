/* Libraries that are loaded when they are needed. */
#include "tests/test.h"

#include <math.h>

#include "core/base/library.h"

typedef struct math {
    double (*root)(double);
    double (*hypotenuse)(double, double);
} math;

FV_TEST(base_library__fills_the_functions_once) {
    static math functions;
    static const char *const names[] = { "sqrt", "hypot", NULL };
    fv_library library = { .file = "libm.so.6", .names = names, .functions = &functions, .mutex = PTHREAD_MUTEX_INITIALIZER };
    FV_OK(fv_library_load(&library));
    assert_true(functions.root(9) == 3);
    assert_true(functions.hypotenuse(3, 4) == 5);
    functions.root = NULL;
    FV_OK(fv_library_load(&library));
    assert_null(functions.root);
}

FV_TEST(base_library__says_which_is_missing_and_where_it_is_to_be_had) {
    static const char *const names[] = { "anything", NULL };
    static void (*functions[1])(void);
    fv_library library = { .file = "libfovea-absent.so.9",
                           .package = "libfovea-absent9",
                           .names = names,
                           .functions = functions,
                           .mutex = PTHREAD_MUTEX_INITIALIZER };
    for (int i = 0; i < 2; i++) {
        fv_error *error = fv_library_load(&library);
        assert_int_equal(fv_error_code(error), FV_UNSUPPORTED);
        assert_non_null(strstr(fv_error_message(error), "libfovea-absent.so.9 (of libfovea-absent9) cannot be used: "));
        assert_string_equal(fv_error_hint_get(error), "on Debian: apt-get install libfovea-absent9");
        fv_error_free(error);
    }
}

FV_TEST(base_library__one_that_lacks_a_function_is_not_used) {
    static math functions;
    static const char *const names[] = { "sqrt", "square_the_circle", NULL };
    fv_library library = {
        .file = "libm.so.6", .package = "libc6", .names = names, .functions = &functions, .mutex = PTHREAD_MUTEX_INITIALIZER
    };
    FV_FAILS(fv_library_load(&library), FV_UNSUPPORTED, "libm.so.6 (of libc6) cannot be used: it has no square_the_circle");
    assert_false(library.loaded);
}

static bool does_not_begin(void) { return false; }

FV_TEST(base_library__one_that_does_not_begin_is_not_used) {
    static math functions;
    static const char *const names[] = { "sqrt", "hypot", NULL };
    fv_library library = { .file = "libm.so.6",
                           .package = "libc6",
                           .names = names,
                           .functions = &functions,
                           .begin = does_not_begin,
                           .mutex = PTHREAD_MUTEX_INITIALIZER };
    FV_FAILS(fv_library_load(&library), FV_UNSUPPORTED, "libm.so.6 (of libc6) cannot be used: it does not start");
}
