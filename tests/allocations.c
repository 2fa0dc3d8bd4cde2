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

#include "core/base/arena.h"

static atomic_bool watching, own;
static atomic_llong count, own_count, until_failure;

static void note(void) {
    if (atomic_load_explicit(&watching, memory_order_relaxed)) atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void fv_allocations_fail(int64_t number) {
    atomic_store(&own, false);
    atomic_store(&until_failure, number);
}

void fv_own_allocations_fail(int64_t number) {
    atomic_store(&own, true);
    atomic_store(&until_failure, number);
}

int fv_allocations_failed(void) { return atomic_load(&until_failure) < 0; }

int64_t fv_allocations(void) { return atomic_load(&count); }
int64_t fv_own_allocations(void) { return atomic_load(&own_count); }

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

extern const char __executable_start[], etext[]; /* the linker's: where this program's code begins and ends */

static bool is_own(const void *caller) {
    const char *at = caller;
    return at >= __executable_start && at < etext;
}

/* Whether this one, asked for by the code at `caller`, is to fail, after which the number is below zero. */
static bool reaches(const void *caller) {
    if (!atomic_load_explicit(&until_failure, memory_order_relaxed)) return false;
    if (atomic_load(&own) && !is_own(caller)) return false;
    long long left = atomic_fetch_sub(&until_failure, 1);
    if (left > 1) return false;
    atomic_store(&until_failure, -1);
    return left == 1;
}

/* Counts too. */
static bool fails(const void *caller) {
    note();
    if (atomic_load_explicit(&watching, memory_order_relaxed) && is_own(caller))
        atomic_fetch_add_explicit(&own_count, 1, memory_order_relaxed);
    return reaches(caller);
}
#define CALLER __builtin_return_address(0)

static void *none(void) {
    errno = ENOMEM;
    return NULL;
}

#pragma GCC visibility push(default) /* shared libraries are to find these too */

void *malloc(size_t size) { return fails(CALLER) ? none() : __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return fails(CALLER) ? none() : __libc_calloc(number, size); }
void *realloc(void *memory, size_t size) { return fails(CALLER) ? none() : __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return fails(CALLER) ? none() : __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = fails(CALLER) ? NULL : __libc_memalign(alignment, size);
    if (!made) return ENOMEM;
    *memory = made;
    return 0;
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset) {
    if (fails(CALLER)) return none(), MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, length, protection, flags, file, offset);
}

#pragma GCC visibility pop

/* Arenas, which seldom ask for memory: the linker puts these before them (cmake/tests.cmake). */

fv_error *__real_fv_arena_alloc(fv_arena *arena, int64_t number, int64_t size, void **out);
fv_error *__wrap_fv_arena_alloc(fv_arena *arena, int64_t number, int64_t size, void **out);
fv_error *__wrap_fv_arena_alloc(fv_arena *arena, int64_t number, int64_t size, void **out) {
    *out = NULL;
    return reaches(CALLER) ? fv_error_memory() : __real_fv_arena_alloc(arena, number, size, out);
}

fv_error *__real_fv_arena_copy(fv_arena *arena, const void *from, int64_t bytes, void **out);
fv_error *__wrap_fv_arena_copy(fv_arena *arena, const void *from, int64_t bytes, void **out);
fv_error *__wrap_fv_arena_copy(fv_arena *arena, const void *from, int64_t bytes, void **out) {
    *out = NULL;
    return reaches(CALLER) ? fv_error_memory() : __real_fv_arena_copy(arena, from, bytes, out);
}

fv_error *__real_fv_arena_text(fv_arena *arena, const char *text, const char **out);
fv_error *__wrap_fv_arena_text(fv_arena *arena, const char *text, const char **out);
fv_error *__wrap_fv_arena_text(fv_arena *arena, const char *text, const char **out) {
    *out = NULL;
    return reaches(CALLER) ? fv_error_memory() : __real_fv_arena_text(arena, text, out);
}

fv_error *__wrap_fv_arena_format(fv_arena *arena, const char **out, const char *format, ...) FV_PRINTF(3, 4);
fv_error *__wrap_fv_arena_format(fv_arena *arena, const char **out, const char *format, ...) {
    *out = NULL;
    if (reaches(CALLER)) return fv_error_memory();
    va_list arguments;
    va_start(arguments, format);
    fv_error *error = fv_arena_formatv(arena, out, format, arguments);
    va_end(arguments);
    return error;
}

#endif
