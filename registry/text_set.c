/* text_set.c - a hash table with open addressing, at most half full; the hash is FNV-1a. */
#include "registry/text_set.h"

#include <string.h>

#define ROOM_FIRST 64

static const char **place(const fv_text_set *s, const char *text) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) hash = (hash ^ *c) * UINT64_C(0x100000001b3);
    uint64_t mask = (uint64_t)s->room - 1, at = hash & mask;
    while (s->at[at] && strcmp(s->at[at], text) != 0) at = (at + 1) & mask;
    return &s->at[at];
}

static fv_error *grow(fv_text_set *s, fv_arena *arena) {
    fv_text_set more = { .count = s->count, .room = s->room ? 2 * s->room : ROOM_FIRST };
    FV_TRY(fv_arena_take(arena, more.room, &more.at));
    for (int64_t i = 0; i < s->room; i++)
        if (s->at[i]) *place(&more, s->at[i]) = s->at[i];
    *s = more;
    return NULL;
}

fv_error *fv_text_set_add(fv_text_set *s, fv_arena *arena, const char *text, bool *added) {
    if (2 * s->count >= s->room) FV_TRY(grow(s, arena));
    const char **at = place(s, text);
    *added = !*at;
    if (!*added) return NULL;
    s->count++;
    return fv_arena_text(arena, text, at);
}
