/* derived.c - see derived.h. What a plan is the first to hold lies in one slab, so that a network's packed weights are near
 * each other and in huge pages; a slab goes when nothing of it is held any more. */
#include "core/plan/derived.h"

#include <pthread.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/base/size.h"

#define SLOTS 1024 /* of the table of texts */
#define ALIGNMENT 64
#define SPACING 320 /* big ones that begin at like addresses modulo 4 KiB would meet in the caches */
#define BIG ((int64_t)1 << 16)

typedef struct fv_slab {
    void *block;
    int64_t bytes, holds; /* of all that lies in it */
} fv_slab;

struct fv_derivations {
    pthread_mutex_t mutex; /* of all below */
    int64_t references;
    fv_arena *arena;
    fv_derived *slots[SLOTS]; /* by hash of the text, linked by `next` */
    int64_t count;
    int64_t held; /* bytes */
};

fv_error *fv_derivations_new(fv_derivations **out) {
    fv_derivations *all = NULL;
    FV_TRY(fv_memory_new(1, &all));
    fv_error *error = fv_arena_new("what is derived from weights", INT64_C(1) << 30, &all->arena);
    if (error) return fv_memory_free(all), error;
    pthread_mutex_init(&all->mutex, NULL);
    all->references = 1;
    *out = all;
    return NULL;
}

fv_derivations *fv_derivations_ref(fv_derivations *all) {
    fv_derived_lock(all);
    all->references++;
    fv_derived_unlock(all);
    return all;
}

void fv_derivations_unref(fv_derivations *all) {
    if (!all) return;
    fv_derived_lock(all);
    bool last = --all->references == 0;
    fv_derived_unlock(all);
    if (!last) return;
    FV_ASSERT(all->held == 0);
    pthread_mutex_destroy(&all->mutex);
    fv_arena_free(all->arena);
    fv_memory_free(all);
}

void fv_derived_lock(fv_derivations *all) { pthread_mutex_lock(&all->mutex); }
void fv_derived_unlock(fv_derivations *all) { pthread_mutex_unlock(&all->mutex); }

/* ---- texts ---- */

static fv_derived **slot_of(fv_derivations *all, const char *how) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *at = how; *at; at++) hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    fv_derived **slot = &all->slots[hash % SLOTS];
    while (*slot && strcmp((*slot)->how, how)) slot = &(*slot)->next;
    return slot;
}

static fv_error *add(fv_derivations *all, const char *how, fv_derived **slot) {
    fv_derived *fresh = NULL;
    FV_TRY(fv_arena_take(all->arena, 1, &fresh));
    FV_TRY(fv_arena_text(all->arena, how, &fresh->how));
    fresh->number = all->count++;
    *slot = fresh;
    return NULL;
}

fv_error *fv_derived_find(fv_derivations *all, const char *how, fv_derived **out) {
    fv_derived_lock(all);
    fv_derived **slot = slot_of(all, how);
    fv_error *error = *slot ? NULL : add(all, how, slot);
    *out = *slot;
    fv_derived_unlock(all);
    return error;
}

/* ---- memory ---- */

static int64_t room_of(int64_t bytes) { return fv_round_up(bytes, ALIGNMENT) + (bytes >= BIG ? SPACING : 0); }

static fv_error *new_slab(int64_t bytes, fv_slab **out) {
    fv_slab *slab = NULL;
    FV_TRY(fv_memory_new(1, &slab));
    fv_error *error = fv_block_alloc(bytes, 1, &slab->block);
    if (error) return fv_memory_free(slab), error;
    slab->bytes = bytes;
    *out = slab;
    return NULL;
}

static fv_error *hold(fv_derivations *all, fv_derived *const *list, const int64_t *bytes, int32_t count) {
    int64_t missing = 0, at = 0;
    fv_slab *slab = NULL;
    for (int32_t i = 0; i < count; i++)
        if (!list[i]->memory && !fv_size_add(missing, room_of(bytes[i]), &missing)) return fv_error_memory();
    if (missing) FV_TRY(new_slab(missing, &slab));
    for (int32_t i = 0; i < count; i++) {
        fv_derived *d = list[i];
        if (!d->memory) {
            d->slab = slab, d->memory = (char *)slab->block + at, d->bytes = bytes[i];
            at += room_of(bytes[i]);
        }
        FV_ASSERT(d->bytes == bytes[i]);
        d->slab->holds++;
    }
    all->held += missing;
    return NULL;
}

fv_error *fv_derived_hold(fv_derivations *all, fv_derived *const *list, const int64_t *bytes, int32_t count) {
    fv_derived_lock(all);
    fv_error *error = hold(all, list, bytes, count);
    fv_derived_unlock(all);
    return error;
}

static void free_slab(fv_derivations *all, fv_slab *slab) {
    for (int i = 0; i < SLOTS; i++)
        for (fv_derived *d = all->slots[i]; d; d = d->next)
            if (d->slab == slab) d->slab = NULL, d->memory = NULL, d->generation = 0;
    all->held -= slab->bytes;
    fv_block_free(slab->block, slab->bytes);
    fv_memory_free(slab);
}

void fv_derived_drop(fv_derivations *all, fv_derived *const *list, int32_t count) {
    fv_derived_lock(all);
    for (int32_t i = 0; i < count; i++) {
        fv_slab *slab = list[i]->slab;
        if (--slab->holds == 0) free_slab(all, slab);
    }
    fv_derived_unlock(all);
}

int64_t fv_derived_bytes(fv_derivations *all) {
    fv_derived_lock(all);
    int64_t bytes = all->held;
    fv_derived_unlock(all);
    return bytes;
}
