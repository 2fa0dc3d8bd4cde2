/* names.c - see names.h. FNV-1a, linear probing, at most half full. */
#include "core/graph/names.h"

#include <string.h>

typedef struct entry {
    const char *name;
    struct fv_node *node;
} entry;

struct fv_names {
    entry *entries;
    int64_t capacity, count; /* capacity is a power of two */
};

static uint64_t hash_of(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

fv_error *fv_names_new(fv_names **out) { return fv_memory_new(1, out); }

void fv_names_free(fv_names *names) {
    if (names) fv_memory_free(names->entries);
    fv_memory_free(names);
}

static entry *slot(const fv_names *names, const char *name) {
    int64_t at = (int64_t)(hash_of(name) & (uint64_t)(names->capacity - 1));
    while (names->entries[at].name && strcmp(names->entries[at].name, name)) at = (at + 1) & (names->capacity - 1);
    return &names->entries[at];
}

static fv_error *grow(fv_names *names) {
    fv_names larger = { .capacity = names->capacity ? names->capacity * 2 : 128, .count = names->count };
    FV_TRY(fv_memory_new(larger.capacity, &larger.entries));
    for (int64_t i = 0; i < names->capacity; i++)
        if (names->entries[i].name) *slot(&larger, names->entries[i].name) = names->entries[i];
    fv_memory_free(names->entries);
    *names = larger;
    return NULL;
}

fv_error *fv_names_add(fv_names *names, const char *name, struct fv_node *node) {
    if (names->count * 2 >= names->capacity) FV_TRY(grow(names));
    *slot(names, name) = (entry){ name, node };
    names->count++;
    return NULL;
}

struct fv_node *fv_names_find(const fv_names *names, const char *name) {
    return names->capacity ? slot(names, name)->node : NULL;
}

void fv_names_clear(fv_names *names) {
    if (names->entries) memset(names->entries, 0, sizeof *names->entries * (size_t)names->capacity);
    names->count = 0;
}
