/* text_set.h - which texts were met already. A set of zeroes is empty; it lies in an arena. One thread at a time. */
#ifndef FV_REGISTRY_TEXT_SET_H
#define FV_REGISTRY_TEXT_SET_H

#include <stdbool.h>

#include "core/base/arena.h"

typedef struct fv_text_set {
    const char **at; /* `room` places, a power of two; NULL: free */
    int64_t count, room;
} fv_text_set;

/* `*added` false: it was there. The text is copied. */
FV_MUST_USE fv_error *fv_text_set_add(fv_text_set *set, fv_arena *arena, const char *text, bool *added);

#endif
