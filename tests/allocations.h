/* allocations.h - how often memory was asked for, by anyone in this process on any thread: libraries, the C library's own
 * callers, us. Calls of malloc and its kin, and of mmap; under a sanitizer, whose allocator stands in front, of malloc alone.
 */
#ifndef FV_TESTS_ALLOCATIONS_H
#define FV_TESTS_ALLOCATIONS_H

#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FV_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FV_TEST_SANITIZED
#endif
#endif

void fv_allocations_watch(void); /* counts from here on; once in a process */
int64_t fv_allocations(void);

#endif
