/* arena.h - memory with one lifetime (a model, a plan, a batch, a request): taken piece by piece, given back at once.
 * One thread at a time. Pieces are zeroed and 64-byte aligned from 64 bytes on, 16-byte aligned below. */
#ifndef FV_BASE_ARENA_H
#define FV_BASE_ARENA_H

#include <stdarg.h>

#include "core/base/memory.h"

typedef struct fv_arena fv_arena;

/* `cap`: bytes it may hold in all; what goes beyond is FV_MEMORY, naming `what` ("model graph"; a string that outlives the
 * arena). */
FV_MUST_USE fv_error *fv_arena_new(const char *what, int64_t cap, fv_arena **out);
void fv_arena_free(fv_arena *arena);
FV_CLEANUP(fv_arena);

FV_MUST_USE fv_error *fv_arena_alloc(fv_arena *arena, int64_t count, int64_t size, void **out);
/* fv_arena_take(arena, n, &p): n elements of what p points to. */
#define fv_arena_take(arena, count, out) fv_arena_alloc((arena), (count), (int64_t)sizeof **(out), (void **)(out))

FV_MUST_USE fv_error *fv_arena_copy(fv_arena *arena, const void *from, int64_t bytes, void **out);
/* A copy of a string; NULL stays NULL. */
FV_MUST_USE fv_error *fv_arena_text(fv_arena *arena, const char *text, const char **out);
FV_MUST_USE fv_error *fv_arena_format(fv_arena *arena, const char **out, const char *format, ...) FV_PRINTF(3, 4);
FV_MUST_USE fv_error *fv_arena_formatv(fv_arena *arena, const char **out, const char *format, va_list arguments)
    FV_PRINTF(3, 0);

void fv_arena_reset(fv_arena *arena); /* forgets every piece, keeps the memory for the next use */
int64_t fv_arena_used(const fv_arena *arena);

#endif
