/* refusals.h - calls of HDF5's library and of the system that fail because a test says so, as they do where there is no memory,
 * no descriptor or no time without a signal. Only the calling thread's fail; what ends something (H5Fclose) is done first.
 *
 * FV_TEST_EACH_CALL_FAILS runs an expression that gives an error again and again, with the first such call failing, then the
 * second, and so on until it makes no more; each time it must give an error with one of the codes (FV_ONE_OF(FV_IO,
 * FV_MEMORY)), or do its work all the same: `check` is run after each success. Under a sanitizer, where none fails, it is run
 * once. */
#ifndef FV_TESTS_REFUSALS_H
#define FV_TESTS_REFUSALS_H

#include "tests/allocations.h"

typedef enum fv_calls {
    FV_CALLS_HDF5,   /* all that core/formats makes but for what gives back */
    FV_CALLS_SYSTEM, /* memfd_create, fcntl, ftruncate, pipe2, posix_spawn and its kin */
    FV_CALLS_WAIT,   /* read, write, poll, waitpid */
    FV_CALLS_SEEK,   /* readlink, dladdr, access */
    FV_CALLS_LOCK    /* flock */
} fv_calls;

/* The N-th of these from here on fails with errno `reason`, counted from 1; 0: none does. */
void fv_calls_fail(fv_calls which, int64_t number, int reason);
void fv_calls_fail_all(fv_calls which, int reason); /* every one, until the next fv_calls_fail */
int fv_calls_failed(void);                          /* whether it was reached */

#define FV_ONE_OF(a, b) (1u << (a) | 1u << (b))
void fv_test_one_of(fv_error *error, unsigned codes, const char *expression, const char *file, int line);

#ifdef FV_TEST_SANITIZED
#define FV_TEST_EACH_CALL_FAILS(which, reason, expression, codes, check)                                                       \
    do {                                                                                                                       \
        (void)(which), (void)(reason), (void)(codes);                                                                          \
        FV_OK(expression);                                                                                                     \
        check;                                                                                                                 \
    } while (0)
#else
#define FV_TEST_EACH_CALL_FAILS(which, reason, expression, codes, check)                                                       \
    for (int64_t fv_number_ = 1, fv_reached_ = 1; fv_reached_; fv_number_++) {                                                 \
        fv_calls_fail((which), fv_number_, (reason));                                                                          \
        fv_error *fv_error_ = (expression);                                                                                    \
        fv_reached_ = fv_calls_failed();                                                                                       \
        fv_calls_fail((which), 0, 0);                                                                                          \
        if (fv_error_)                                                                                                         \
            fv_test_one_of(fv_error_, (codes), #expression, __FILE__, __LINE__);                                               \
        else                                                                                                                   \
            check;                                                                                                             \
    }
#endif

#endif
