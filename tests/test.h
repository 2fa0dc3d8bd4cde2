/* test.h - how a test looks. Any file below tests/ with
 *
 *     FV_TEST(base_text__grows_up_to_its_cap) { … }
 *
 * in column 0 is compiled into fovea-tests, and each such test is a ctest test of its own by that name: no list to edit. A test
 * makes cmocka's assertions; it fails too when it leaves an error that nobody freed. Every test runs in a process of its own.
 * */
#ifndef FV_TEST_H
#define FV_TEST_H

#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fovea/error.h"

#define FV_TEST(name)                                                                                                          \
    void fv_test_##name(void);                                                                                                 \
    void fv_test_##name(void)

/* The expression gives no error. */
#define FV_OK(expression) fv_test_ok((expression), #expression, __FILE__, __LINE__)

/* It gives an error with this code, whose chain holds `part` (NULL: any text). The error is freed. */
#define FV_FAILS(expression, code, part) fv_test_fails((expression), (code), (part), #expression, __FILE__, __LINE__)

/* A new empty folder, removed with all that is in it when the test is over. The path is valid until then. */
const char *fv_test_folder(void);

/* The test fails unless the two files are there and hold the same bytes. */
void fv_test_same_file(const char *a, const char *b);

void fv_test_ok(fv_error *error, const char *expression, const char *file, int line);
void fv_test_fails(fv_error *error, fv_code code, const char *part, const char *expression, const char *file, int line);

/* The generated table, sorted by name. */
typedef struct fv_test_case {
    const char *name;
    void (*run)(void);
} fv_test_case;
extern const fv_test_case fv_test_table[];
extern const int fv_test_table_count;

#endif
