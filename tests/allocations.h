/* allocations.h - how often memory was asked for, by anyone in this process on any thread: libraries, the C library's own
 * callers, us. Calls of malloc and its kin, and of mmap; under a sanitizer, whose allocator stands in front, of malloc alone.
 *
 * And what happens when there is none: FV_TEST_EACH_ALLOCATION_FAILS runs an expression that gives an error again and again,
 * with its first allocation failing, then its second, and so on until it asks for no more; each time it must give FV_MEMORY, or
 * do its work all the same. `check` is run after each success. A piece of an arena counts as an allocation here, whether or not
 * the arena has room for it. FV_TEST_EACH_OWN_ALLOCATION_FAILS does not try those of libraries, for what calls one that does
 * not live through want of memory. Under a sanitizer, which does not fail, the expression is run once. */
#ifndef FV_TESTS_ALLOCATIONS_H
#define FV_TESTS_ALLOCATIONS_H

#include <stdint.h>

#include "tests/test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FV_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FV_TEST_SANITIZED
#endif
#endif

void fv_allocations_watch(void); /* counts from here on; once in a process */
int64_t fv_allocations(void);
int64_t fv_own_allocations(void); /* of them those that this program's own code asked for; 0 under a sanitizer */

void fv_allocations_fail(int64_t number);     /* the N-th from here on fails, from 1; 0: none does */
void fv_own_allocations_fail(int64_t number); /* the N-th that this program's own code asks for */
int fv_allocations_failed(void);              /* whether it was reached */

#define FV_TEST_EACH_ALLOCATION_FAILS(expression, check) FV_TEST_EACH_FAILS_(fv_allocations_fail, expression, check)
#define FV_TEST_EACH_OWN_ALLOCATION_FAILS(expression, check) FV_TEST_EACH_FAILS_(fv_own_allocations_fail, expression, check)

#ifdef FV_TEST_SANITIZED
#define FV_TEST_EACH_FAILS_(fail, expression, check)                                                                           \
    do {                                                                                                                       \
        FV_OK(expression);                                                                                                     \
        check;                                                                                                                 \
    } while (0)
#else
#define FV_TEST_EACH_FAILS_(fail, expression, check)                                                                           \
    for (int64_t fv_number_ = 1, fv_reached_ = 1; fv_reached_; fv_number_++) {                                                 \
        fail(fv_number_);                                                                                                      \
        fv_error *fv_error_ = (expression);                                                                                    \
        fv_reached_ = fv_allocations_failed();                                                                                 \
        fail(0);                                                                                                               \
        if (fv_error_)                                                                                                         \
            FV_FAILS(fv_error_, FV_MEMORY, NULL);                                                                              \
        else                                                                                                                   \
            check;                                                                                                             \
    }
#endif

#endif
