/* memory.c - the only place that calls malloc. What is live is counted in the bytes that the allocator says it gave, so no
 * header is needed and sanitizers see every edge. Large blocks come from mmap, on huge-page borders where they are that big. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"

#define HUGE_PAGE ((int64_t)2 << 20)

static _Atomic int64_t live;

static void count_live(int64_t bytes) { atomic_fetch_add_explicit(&live, bytes, memory_order_relaxed); }

static fv_error *too_much(int64_t count, int64_t size) {
    return fv_fail(FV_MEMORY, "out of memory: %lld elements of %lld bytes", (long long)count, (long long)size);
}

/* A wish for what lies on huge pages' borders: a fault for each 2 MiB of what is used, not for each 4 KiB. Kernels without huge
 * pages refuse it. */
static void wish_huge_pages(char *memory, int64_t bytes) {
    int64_t before = (HUGE_PAGE - (int64_t)((uintptr_t)memory % (uintptr_t)HUGE_PAGE)) % HUGE_PAGE;
    int64_t inside = (bytes - before) / HUGE_PAGE * HUGE_PAGE;
    if (inside > 0) (void)madvise(memory + before, (size_t)inside, MADV_HUGEPAGE);
}

void *fv_memory_try(int64_t count, int64_t size) {
    int64_t bytes;
    if (!fv_size_mul(count, size, &bytes)) return NULL;
    void *memory = calloc(1, bytes ? (size_t)bytes : 1);
    if (memory) count_live((int64_t)malloc_usable_size(memory));
    if (memory && bytes >= HUGE_PAGE) wish_huge_pages(memory, bytes);
    return memory;
}

fv_error *fv_memory_alloc(int64_t count, int64_t size, void **out) {
    *out = fv_memory_try(count, size);
    return *out ? NULL : too_much(count, size);
}

fv_error *fv_memory_grow(void **memory, int64_t old_count, int64_t new_count, int64_t size) {
    int64_t old_bytes, new_bytes;
    if (!fv_size_mul(old_count, size, &old_bytes) || !fv_size_mul(new_count, size, &new_bytes))
        return too_much(new_count, size);
    int64_t had = *memory ? (int64_t)malloc_usable_size(*memory) : 0;
    char *grown = realloc(*memory, new_bytes ? (size_t)new_bytes : 1);
    if (!grown) return too_much(new_count, size);
    if (new_bytes > old_bytes) memset(grown + old_bytes, 0, (size_t)(new_bytes - old_bytes));
    count_live((int64_t)malloc_usable_size(grown) - had);
    *memory = grown;
    return NULL;
}

void fv_memory_free(void *memory) {
    if (!memory) return;
    count_live(-(int64_t)malloc_usable_size(memory));
    free(memory);
}

void fv_string_free(char *string) { fv_memory_free(string); }

/* What a block of `bytes` takes: whole pages, or whole huge pages where it is as big as one. False: it does not fit. */
static bool block_size(int64_t bytes, int64_t *out) {
    int64_t page = bytes >= HUGE_PAGE ? HUGE_PAGE : (int64_t)sysconf(_SC_PAGESIZE);
    if (!fv_size_add(fv_max(bytes, 1), page - 1, out) || bytes < 0) return false;
    *out -= *out % page;
    return true;
}

typedef struct part_of_block {
    volatile char *block;
    int64_t size;
} part_of_block;

/* By the whole team: clearing pages is as fast as memory. */
static void touch_part(void *context, int64_t unit, int thread) {
    const part_of_block *whole = context;
    (void)thread;
    int64_t page = sysconf(_SC_PAGESIZE), end = fv_min((unit + 1) * HUGE_PAGE, whole->size);
    for (int64_t at = unit * HUGE_PAGE; at < end; at += page) whole->block[at] = 0;
}

fv_error *fv_block_alloc(int64_t bytes, int touch, void **out) {
    int64_t size, room;
    *out = NULL;
    if (!block_size(bytes, &size)) return too_much(1, bytes);
    int64_t slack = size >= HUGE_PAGE ? HUGE_PAGE : 0; /* mapped beyond, so that a border lies inside; given back below */
    if (!fv_size_add(size, slack, &room)) return too_much(1, bytes);
    char *mapped = mmap(NULL, (size_t)room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return too_much(1, bytes);
    char *block = mapped;
    if (slack) {
        int64_t before = (HUGE_PAGE - (int64_t)((uintptr_t)mapped % (uintptr_t)HUGE_PAGE)) % HUGE_PAGE;
        block = mapped + before;
        if (before) munmap(mapped, (size_t)before);
        if (slack > before) munmap(block + size, (size_t)(slack - before));
        wish_huge_pages(block, size);
    }
    count_live(size);
    if (touch) fv_parallel_for((size + HUGE_PAGE - 1) / HUGE_PAGE, touch_part, &(part_of_block){ block, size });
    *out = block;
    return NULL;
}

void fv_block_free(void *block, int64_t bytes) {
    int64_t size;
    if (!block || !block_size(bytes, &size)) return;
    munmap(block, (size_t)size);
    count_live(-size);
}

fv_error *fv_memory_probe(int64_t bytes) {
    void *block;
    FV_TRY(fv_block_alloc(bytes, 0, &block));
    fv_block_free(block, bytes);
    return NULL;
}

int64_t fv_memory_live(void) { return atomic_load_explicit(&live, memory_order_relaxed); }
