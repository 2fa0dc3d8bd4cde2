/* fail_allocation.c - to be preloaded: makes one allocation of the process fail. By environment:
 *
 *   FAIL_ALLOCATION=N          the N-th allocation fails, counted from 1 over all threads: malloc and its kin, anonymous mmap
 *                              (what large blocks are made of) and pthread_create (which has a stack to allocate)
 *   FAIL_ALLOCATION_ON=1       so do all after it
 *   FAIL_ALLOCATION_NOTE=FILE  where the failing one was called from is written there; no file: it was never reached
 *   FAIL_ALLOCATION_PLACES=FILE  fails none, but lists at exit the number of the first allocation from each place, a line each
 *   FAIL_ALLOCATION_DEPTH=N    a place is told from others by its N innermost callers; 48 when this is not given
 *
 *   FAIL_ALLOCATION_CLOCK=1    the steady clock goes on by 10 ms with each look at it, and by nothing else: what is tried for a
 *                              time (the steps before a training) is then the same in each run
 *
 * For a number to be the same place in the next run, that must run on one thread. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 48
#define PLACES (1 << 18) /* slots of the table, a power of two */

static atomic_llong count;
static _Atomic int ready; /* 0: the environment is not read; 1: nothing is asked for; 2: something is */
static long long failing;
static bool on;
static int depth = FRAMES;
static const char *note, *places;
static _Thread_local bool inside __attribute__((tls_model("initial-exec"))); /* our own work, which may allocate */

static struct {
    pthread_mutex_t mutex;
    uint64_t seen[PLACES];
    long long first[PLACES], found;
} table = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void read_environment(void) {
    const char *number = getenv("FAIL_ALLOCATION");
    on = getenv("FAIL_ALLOCATION_ON") != NULL;
    note = getenv("FAIL_ALLOCATION_NOTE");
    places = getenv("FAIL_ALLOCATION_PLACES");
    if (getenv("FAIL_ALLOCATION_DEPTH")) depth = (int)strtol(getenv("FAIL_ALLOCATION_DEPTH"), NULL, 10);
    failing = number ? strtoll(number, NULL, 10) : 0;
    atomic_store(&ready, failing || places ? 2 : 1);
}

static void write_note(void) {
    void *frames[FRAMES];
    int file = note ? open(note, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (file < 0) return;
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES), file);
    close(file);
}

static void remember(long long number) {
    void *frames[FRAMES];
    uint64_t hash = 0xCBF29CE484222325u;
    int found = backtrace(frames, FRAMES);
    for (int i = 3; i < found && i < depth + 3; i++) hash = (hash ^ (uintptr_t)frames[i]) * 0x100000001B3u;
    pthread_mutex_lock(&table.mutex);
    uint64_t at = (hash ^ hash >> 32) % PLACES;
    while (table.seen[at] && table.seen[at] != hash) at = (at + 1) % PLACES;
    if (!table.seen[at] && table.found < PLACES / 2) {
        table.seen[at] = hash;
        table.first[table.found++] = number;
    }
    pthread_mutex_unlock(&table.mutex);
}

/* Whether the allocation that asks is to fail. */
static bool fails(void) {
    if (inside) return false;
    if (!atomic_load_explicit(&ready, memory_order_relaxed)) read_environment();
    if (atomic_load_explicit(&ready, memory_order_relaxed) == 1) return false;
    long long number = atomic_fetch_add(&count, 1) + 1;
    bool now = number == failing;
    if (!now && !places) return on && failing && number > failing;
    inside = true;
    if (places) remember(number);
    if (now) write_note();
    inside = false;
    return now;
}

__attribute__((destructor)) static void list_places(void) {
    FILE *file = places ? fopen(places, "we") : NULL;
    if (!file) return;
    for (long long i = 0; i < table.found; i++) fprintf(file, "%lld\n", table.first[i]);
    fclose(file);
}

static void *none(void) {
    errno = ENOMEM;
    return NULL;
}

#ifdef SANITIZED
/* A sanitizer's allocator is the next one. */
#define NEXT(name, ...) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)
#define next_malloc(size) NEXT(malloc, size)
#define next_calloc(number, size) NEXT(calloc, number, size)
#define next_realloc(memory, size) NEXT(realloc, memory, size)
#define next_memalign(alignment, size) NEXT(aligned_alloc, alignment, size)
#else
/* What glibc's malloc calls itself, for who stands in front of it; its free serves both. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
#define next_malloc __libc_malloc
#define next_calloc __libc_calloc
#define next_realloc __libc_realloc
#define next_memalign __libc_memalign
#endif

#pragma GCC visibility push(default)

void *malloc(size_t size) { return fails() ? none() : next_malloc(size); }
void *calloc(size_t number, size_t size) { return fails() ? none() : next_calloc(number, size); }
void *realloc(void *memory, size_t size) { return fails() ? none() : next_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return fails() ? none() : next_memalign(alignment, size); }
void *memalign(size_t alignment, size_t size) { return fails() ? none() : next_memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = fails() ? NULL : next_memalign(alignment, size);
    if (!made) return ENOMEM;
    *memory = made;
    return 0;
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset) {
    if ((flags & MAP_ANONYMOUS) && fails()) return errno = ENOMEM, MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, length, protection, flags, file, offset);
}
void *mmap64(void *at, size_t length, int protection, int flags, int file, off_t offset) __attribute__((alias("mmap")));

int clock_gettime(clockid_t clock, struct timespec *now) {
    static atomic_llong looks;
    static _Atomic int counts; /* 0: the environment is not read; 1: the clock is the system's; 2: looks are counted */
    if (!atomic_load_explicit(&counts, memory_order_relaxed)) atomic_store(&counts, getenv("FAIL_ALLOCATION_CLOCK") ? 2 : 1);
    if (clock != CLOCK_MONOTONIC || atomic_load_explicit(&counts, memory_order_relaxed) == 1)
        return (int)syscall(SYS_clock_gettime, clock, now);
    long long ms = 10 * (atomic_fetch_add(&looks, 1) + 1);
    *now = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context) {
    if (fails()) return EAGAIN;
    bool outer = inside;
    inside = true; /* its stack is counted already */
    int code = ((__typeof__(pthread_create) *)dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, run, context);
    inside = outer;
    return code;
}

#pragma GCC visibility pop
