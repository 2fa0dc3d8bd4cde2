/* allocations.c - the test program's malloc and mmap stand before the C library's and count. Sanitizers bring an allocator of
 * their own, which calls back instead. */
#include "tests/allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool watching;
static atomic_llong count, until_failure;

static void note(void) {
    if (atomic_load_explicit(&watching, memory_order_relaxed)) atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void fv_allocations_fail(int64_t number) { atomic_store(&until_failure, number); }
int fv_allocations_failed(void) { return atomic_load(&until_failure) < 0; }

int64_t fv_allocations(void) { return atomic_load(&count); }

#ifdef FV_TEST_SANITIZED

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t size) { (void)memory, (void)size, note(); }
static void on_free(const volatile void *memory) { (void)memory; }

void fv_allocations_watch(void) {
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    atomic_store(&watching, true);
}

#else

void fv_allocations_watch(void) { atomic_store(&watching, true); }

/* What glibc's malloc calls itself, for who stands in front of it; its free serves both. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* Counts; whether this one is to fail, after which the number is below zero. */
static bool fails(void) {
    note();
    if (!atomic_load_explicit(&until_failure, memory_order_relaxed)) return false;
    long long left = atomic_fetch_sub(&until_failure, 1);
    if (left > 1) return false;
    atomic_store(&until_failure, -1);
    return left == 1;
}

static void *none(void) {
    errno = ENOMEM;
    return NULL;
}

#pragma GCC visibility push(default) /* shared libraries are to find these too */

void *malloc(size_t size) { return fails() ? none() : __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return fails() ? none() : __libc_calloc(number, size); }
void *realloc(void *memory, size_t size) { return fails() ? none() : __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return fails() ? none() : __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = fails() ? NULL : __libc_memalign(alignment, size);
    if (!made) return ENOMEM;
    *memory = made;
    return 0;
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset) {
    if (fails()) return none(), MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, length, protection, flags, file, offset);
}

#pragma GCC visibility pop

#endif
