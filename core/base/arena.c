/* arena.c - an arena is a list of chunks, filled one after the other:
 *
 *     chunks → [ piece | piece |   free ] → [ piece |  free ] → [      free      ] → NULL
 *                                            ↑ current
 *
 * Invariants: the free part of every chunk is zero, so a piece need not be cleared when it is taken; chunks after the current
 * one are empty. A reset clears what was used and starts again at the first chunk, so the same sequence of takes allocates
 * nothing the second time. `used` counts pieces (rounded up to 16 bytes), and only they count against the cap. Under ASan the
 * free part is poisoned and a red zone follows each piece, so an overflow is seen as in malloc'ed memory. */
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/size.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONED 1
#endif
#endif
#ifdef POISONED
#include <sanitizer/asan_interface.h>
#define RED_ZONE 64
#define POISON(at, bytes) ASAN_POISON_MEMORY_REGION(at, (size_t)(bytes))
#define UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION(at, (size_t)(bytes))
#else
#define RED_ZONE 0
#define POISON(at, bytes) ((void)0)
#define UNPOISON(at, bytes) ((void)0)
#endif

#define LINE 64                 /* the alignment of pieces of that size or more */
#define FIRST_CHUNK (4 << 10)   /* chunks double from here */
#define LARGEST_CHUNK (1 << 20) /* to here, unless a piece needs more */

typedef struct chunk {
    struct chunk *next;
    char *memory; /* LINE-aligned */
    int64_t size, used;
} chunk;

struct fv_arena {
    const char *what;
    int64_t cap, used;
    chunk *chunks, *current; /* NULL before the first piece */
};

fv_error *fv_arena_new(const char *what, int64_t cap, fv_arena **out) {
    FV_TRY(fv_memory_new(1, out));
    (*out)->what = what;
    (*out)->cap = fv_min(cap, INT64_MAX / 8); /* more is no memory anyway, and sums below cannot overflow */
    return NULL;
}

static void free_chunks(chunk *first) {
    while (first) {
        chunk *next = first->next;
        UNPOISON(first->memory, first->size);
        fv_memory_free(first);
        first = next;
    }
}

void fv_arena_free(fv_arena *arena) {
    if (!arena) return;
    free_chunks(arena->chunks);
    fv_memory_free(arena);
}

/* A chunk of at least `bytes`, linked in behind the current one. */
static fv_error *add_chunk(fv_arena *arena, int64_t bytes) {
    int64_t grown = arena->current ? fv_min(2 * arena->current->size, LARGEST_CHUNK) : FIRST_CHUNK;
    int64_t size = fv_max(fv_min(grown, arena->cap), bytes);
    chunk *new = fv_memory_try(1, (int64_t)sizeof *new + LINE + size);
    if (!new) return fv_fail(FV_MEMORY, "out of memory: %s needs %lld more bytes", arena->what, (long long)size);
    uintptr_t start = (uintptr_t)(new + 1);
    new->memory = (char *)(new + 1) + (LINE - start % LINE) % LINE;
    new->size = size;
    POISON(new->memory, size);
    chunk **link = arena->current ? &arena->current->next : &arena->chunks;
    new->next = *link;
    *link = new;
    arena->current = new;
    return NULL;
}

/* Takes `bytes` from the current chunk, or gives NULL when it has no room. */
static void *take(chunk *from, int64_t bytes) {
    if (!from) return NULL;
    int64_t at = bytes >= LINE ? fv_round_up(from->used, LINE) : from->used;
    if (at + bytes + RED_ZONE > from->size) return NULL;
    from->used = at + bytes + RED_ZONE;
    return from->memory + at;
}

fv_error *fv_arena_alloc(fv_arena *arena, int64_t count, int64_t size, void **out) {
    int64_t bytes, used;
    *out = NULL;
    bool fits = fv_size_mul(count, size, &bytes) && fv_size_add(bytes, 15, &used);
    int64_t rounded = fits ? fv_max(used / 16 * 16, 16) : 0;
    if (!fits || !fv_size_add(arena->used, rounded, &used) || used > arena->cap)
        return fv_fail(FV_MEMORY, "%s: %lld elements of %lld bytes go beyond its cap of %lld bytes, of which %lld are used",
                       arena->what, (long long)count, (long long)size, (long long)arena->cap, (long long)arena->used);
    void *piece = take(arena->current, rounded);
    while (!piece && arena->current && arena->current->next) {
        arena->current = arena->current->next;
        piece = take(arena->current, rounded);
    }
    if (!piece) {
        FV_TRY(add_chunk(arena, rounded + RED_ZONE));
        piece = take(arena->current, rounded);
    }
    UNPOISON(piece, bytes);
    arena->used = used;
    *out = piece;
    return NULL;
}

fv_error *fv_arena_copy(fv_arena *arena, const void *from, int64_t bytes, void **out) {
    FV_TRY(fv_arena_alloc(arena, 1, bytes, out));
    if (bytes) memcpy(*out, from, (size_t)bytes);
    return NULL;
}

fv_error *fv_arena_text(fv_arena *arena, const char *text, const char **out) {
    *out = NULL;
    return text ? fv_arena_copy(arena, text, (int64_t)strlen(text) + 1, (void **)out) : NULL;
}

fv_error *fv_arena_formatv(fv_arena *arena, const char **out, const char *format, va_list arguments) {
    va_list measure;
    va_copy(measure, arguments);
    int length = vsnprintf(NULL, 0, format, measure);
    va_end(measure);
    void *text = NULL;
    fv_error *error = length < 0 ? fv_fail(FV_BUG, "%s: a text cannot be formatted: %s", arena->what, format)
                                 : fv_arena_alloc(arena, 1, (int64_t)length + 1, &text);
    if (!error) vsnprintf(text, (size_t)length + 1, format, arguments);
    *out = text;
    return error;
}

fv_error *fv_arena_format(fv_arena *arena, const char **out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fv_error *error = fv_arena_formatv(arena, out, format, arguments);
    va_end(arguments);
    return error;
}

void fv_arena_reset(fv_arena *arena) {
    int64_t kept = 0;
    for (chunk **link = &arena->chunks; *link;) {
        chunk *this = *link;
        UNPOISON(this->memory, this->used);
        memset(this->memory, 0, (size_t)this->used);
        POISON(this->memory, this->used);
        this->used = 0;
        kept += this->size;
        link = &this->next;
        if (kept > 4 * arena->cap) { /* more than one filling can need: uses that vary would pile up chunks */
            free_chunks(this->next);
            this->next = NULL;
        }
    }
    arena->current = arena->chunks;
    arena->used = 0;
}

int64_t fv_arena_used(const fv_arena *arena) { return arena->used; }
