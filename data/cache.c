/* cache.c - one pointer a picture, set once by compare-and-swap and never changed until the cache is freed. */
#include "data/cache.h"

#include <stdatomic.h>
#include <string.h>

#include "core/base/memory.h"

typedef struct kept {
    fv_size size;
    fv_pixel pixel;
    _Alignas(16) uint8_t pixels[];
} kept;

struct fv_cache {
    int64_t count, cap;
    _Atomic int64_t used;
    kept *_Atomic *at;
};

fv_error *fv_cache_new(int64_t count, int64_t cap, fv_cache **out) {
    FV_OWNED(fv_cache) cache = NULL;
    FV_TRY(fv_memory_new(1, &cache));
    cache->cap = cap;
    FV_TRY(fv_memory_alloc(count, sizeof *cache->at, (void **)&cache->at));
    cache->count = count;
    *out = fv_take(&cache);
    return NULL;
}

void fv_cache_free(fv_cache *cache) {
    if (!cache) return;
    for (int64_t i = 0; i < cache->count; i++) fv_memory_free(atomic_load(&cache->at[i]));
    fv_memory_free((void *)cache->at);
    fv_memory_free(cache);
}

fv_error *fv_cache_get(const fv_cache *cache, int64_t index, fv_image *image, bool *found) {
    const kept *item = atomic_load_explicit(&cache->at[index], memory_order_acquire);
    *found = item != NULL;
    return item ? fv_image_copy(image, item->size, item->pixel, item->pixels) : NULL;
}

void fv_cache_put(fv_cache *cache, int64_t index, const fv_image *image) {
    int64_t bytes = (int64_t)sizeof(kept) + fv_image_bytes(image);
    if (atomic_load(&cache->at[index]) || atomic_load(&cache->used) + bytes > cache->cap) return;
    if (atomic_fetch_add(&cache->used, bytes) + bytes > cache->cap) {
        atomic_fetch_sub(&cache->used, bytes);
        return;
    }
    kept *item = fv_memory_try(1, bytes), *nothing = NULL;
    if (item) {
        item->size = fv_image_size(image);
        item->pixel = image->pixel;
        memcpy(item->pixels, image->pixels, (size_t)fv_image_bytes(image));
        if (atomic_compare_exchange_strong(&cache->at[index], &nothing, item)) return;
    }
    fv_memory_free(item); /* another thread was first, or there is no memory */
    atomic_fetch_sub(&cache->used, bytes);
}
