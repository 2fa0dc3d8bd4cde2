/* room.h - arrays in an arena whose length is known when the last row has been read. */
#ifndef FV_REGISTRY_ROOM_H
#define FV_REGISTRY_ROOM_H

#include <stdbool.h>
#include <string.h>

#include "core/base/arena.h"

#define FV_ROOM_FIRST 8

/* Room for element `count` of `*at`, an array that so far has those before it: it moves to twice the room when it is full. */
static inline FV_MUST_USE fv_error *fv_room_make(fv_arena *arena, void **at, int64_t count, int64_t size) {
    bool full = count == 0 || (count >= FV_ROOM_FIRST && (count & (count - 1)) == 0);
    void *more;
    if (!full) return NULL;
    FV_TRY(fv_arena_alloc(arena, count ? 2 * count : FV_ROOM_FIRST, size, &more));
    if (count) memcpy(more, *at, (size_t)(count * size));
    *at = more;
    return NULL;
}
#define fv_room_for(arena, at, count) fv_room_make((arena), (void **)(at), (count), (int64_t)sizeof **(at))

#endif
