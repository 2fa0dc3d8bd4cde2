/* weights.c - named tensors that outlive runs (fovea/plan.h): an array in order of adding and an index by name, in one arena.
 */
#include "core/plan/weights.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/base/size.h"

typedef struct entry {
    const char *name;
    fv_role role;
    fv_tensor tensor;
} entry;

struct fv_weights {
    fv_arena *arena;
    entry **entries; /* pointers, so that tensors stay where they are */
    int64_t count, capacity;
    int64_t *slots; /* open addressing: index + 1 into entries; slot_count is a power of two above 2·count */
    int64_t slot_count;
    uint64_t generation;
    fv_derivations *derivations;
};

fv_error *fv_weights_new(fv_weights **out) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_TRY(fv_memory_new(1, &weights));
    FV_TRY(fv_arena_new("weights", INT64_MAX / 4, &weights->arena));
    FV_TRY(fv_derivations_new(&weights->derivations));
    weights->generation = 1;
    *out = fv_take(&weights);
    return NULL;
}

void fv_weights_free(fv_weights *weights) {
    if (!weights) return;
    fv_derivations_unref(weights->derivations);
    fv_arena_free(weights->arena);
    fv_memory_free(weights->entries);
    fv_memory_free(weights->slots);
    fv_memory_free(weights);
}

static int64_t *slot_of(int64_t *slots, int64_t slot_count, entry *const *entries, const char *name) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *at = name; *at; at++) hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    int64_t at = (int64_t)(hash & (uint64_t)(slot_count - 1));
    while (slots[at] && strcmp(entries[slots[at] - 1]->name, name)) at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static fv_error *reserve(fv_weights *weights) {
    if (weights->count == weights->capacity) {
        int64_t capacity = weights->capacity ? weights->capacity * 2 : 64;
        FV_TRY(fv_memory_grow((void **)&weights->entries, weights->capacity, capacity, sizeof *weights->entries));
        weights->capacity = capacity;
    }
    if ((weights->count + 1) * 2 <= weights->slot_count) return NULL;
    int64_t slot_count = weights->slot_count ? weights->slot_count * 2 : 128, *slots = NULL;
    FV_TRY(fv_memory_new(slot_count, &slots));
    for (int64_t i = 0; i < weights->count; i++)
        *slot_of(slots, slot_count, weights->entries, weights->entries[i]->name) = i + 1;
    fv_memory_free(weights->slots);
    weights->slots = slots;
    weights->slot_count = slot_count;
    return NULL;
}

static entry *find(const fv_weights *weights, const char *name) {
    if (!weights->slot_count) return NULL;
    int64_t index = *slot_of(weights->slots, weights->slot_count, weights->entries, name);
    return index ? weights->entries[index - 1] : NULL;
}

/* A new entry; `data` NULL: with elements of its own. */
static fv_error *insert(fv_weights *weights, const char *name, const fv_type *type, fv_role role, void *data, entry **out) {
    entry *fresh;
    FV_TRY(fv_type_check(type));
    FV_TRY(reserve(weights));
    FV_TRY(fv_arena_take(weights->arena, 1, &fresh));
    FV_TRY(fv_arena_text(weights->arena, name, &fresh->name));
    if (!data) FV_TRY(fv_arena_alloc(weights->arena, fv_round_up(fv_max(fv_type_bytes(type), 1), 64), 1, &data));
    fresh->role = role;
    fresh->tensor = fv_tensor_of(type, data);
    *slot_of(weights->slots, weights->slot_count, weights->entries, name) = weights->count + 1;
    weights->entries[weights->count++] = fresh;
    *out = fresh;
    return NULL;
}

fv_error *fv_weights_add(fv_weights *weights, const char *name, const fv_type *type, fv_role role, fv_tensor **out) {
    char have[256], want[256];
    entry *there = find(weights, name);
    if (there && !fv_type_equal(&there->tensor.type, type))
        return fv_fail(FV_CONFLICT, "weights hold %s as %s, asked for as %s", name, fv_type_format(&there->tensor.type, have),
                       fv_type_format(type, want));
    if (!there) FV_TRY(insert(weights, name, type, role, NULL, &there));
    if (out) *out = &there->tensor;
    return NULL;
}

fv_error *fv_weights_borrow(fv_weights *weights, const char *name, const fv_type *type, fv_role role, void *data,
                            fv_tensor **out) {
    entry *fresh;
    FV_ASSERT(!find(weights, name) && (uintptr_t)data % (uintptr_t)fv_dtype_size(type->dtype) == 0);
    FV_TRY(insert(weights, name, type, role, data, &fresh));
    *out = &fresh->tensor;
    return NULL;
}

fv_tensor *fv_weights_find(const fv_weights *weights, const char *name) {
    entry *there = find(weights, name);
    return there ? &there->tensor : NULL;
}

int64_t fv_weights_count(const fv_weights *weights) { return weights->count; }

fv_tensor *fv_weights_at(const fv_weights *weights, int64_t index, const char **name, fv_role *role) {
    entry *there = weights->entries[index];
    if (name) *name = there->name;
    if (role) *role = there->role;
    return &there->tensor;
}

void fv_weights_changed(fv_weights *weights) { weights->generation++; }
uint64_t fv_weights_generation(const fv_weights *weights) { return weights->generation; }
fv_derivations *fv_weights_derivations(const fv_weights *weights) { return weights->derivations; }
