/* cache.c - one pointer a picture, set once by compare-and-swap and never changed until the cache is freed. On a disk the
 * pixels lie in a file without a name, each where it was put; it is gone with the process, however that ends. */
#include "data/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"

typedef struct kept {
    fv_size size;
    fv_pixel pixel;
    int64_t offset; /* in the file */
    _Alignas(16) uint8_t pixels[];
} kept;

struct fv_cache {
    int64_t count, cap;
    int file;                  /* −1: pixels are kept in memory */
    _Atomic int64_t used, end; /* end: of what was ever given of the file */
    kept *_Atomic *at;
};

/* Without a name from the beginning, or, where the file system knows no such files, from right after it. */
static fv_error *open_file(const char *folder, int *file) {
    *file = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (*file >= 0) return NULL;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return fv_file_refused(errno, "keep pictures in", folder);
    FV_TEXT(path, 4096);
    fv_text_addf(&path, "%s/fovea-cache-XXXXXX", folder);
    FV_TRY(fv_text_error(&path));
    *file = mkostemp(path.at, O_CLOEXEC);
    if (*file < 0) return fv_file_refused(errno, "keep pictures in", folder);
    unlink(path.at);
    return NULL;
}

fv_error *fv_cache_new(int64_t count, int64_t cap, const char *folder, fv_cache **out) {
    FV_OWNED(fv_cache) cache = NULL;
    FV_TRY(fv_memory_new(1, &cache));
    cache->cap = cap;
    cache->file = -1;
    if (folder) FV_TRY(open_file(folder, &cache->file));
    FV_TRY(fv_memory_alloc(count, sizeof *cache->at, (void **)&cache->at));
    cache->count = count;
    *out = fv_take(&cache);
    return NULL;
}

void fv_cache_free(fv_cache *cache) {
    if (!cache) return;
    for (int64_t i = 0; i < cache->count; i++) fv_memory_free(atomic_load(&cache->at[i]));
    if (cache->file >= 0) close(cache->file);
    fv_memory_free((void *)cache->at);
    fv_memory_free(cache);
}

/* ---- the file ---- */

static bool write_pixels(int file, const fv_image *image, int64_t offset) {
    int64_t bytes = fv_image_bytes(image), done = 0;
    while (done < bytes) {
        ssize_t wrote = pwrite(file, (const char *)image->pixels + done, (size_t)(bytes - done), offset + done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        done += wrote;
    }
    return true;
}

static bool read_pixels(int file, fv_image *image, int64_t offset) {
    int64_t bytes = fv_image_bytes(image), done = 0;
    while (done < bytes) {
        ssize_t got = pread(file, (char *)image->pixels + done, (size_t)(bytes - done), offset + done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += got;
    }
    return true;
}

/* ---- pictures ---- */

fv_error *fv_cache_get(const fv_cache *cache, int64_t index, fv_image *image, bool *found) {
    const kept *item = atomic_load_explicit(&cache->at[index], memory_order_acquire);
    *found = item != NULL;
    if (!item) return NULL;
    if (cache->file < 0) return fv_image_copy(image, item->size, item->pixel, item->pixels);
    FV_TRY(fv_image_resize(image, item->size.height, item->size.width, item->size.channels, item->pixel));
    *found = read_pixels(cache->file, image, item->offset);
    return NULL;
}

/* A picture with its pixels, in memory or in the file; NULL: there is no room. */
static kept *keep(fv_cache *cache, const fv_image *image) {
    int64_t bytes = fv_image_bytes(image);
    kept *item = fv_memory_try(1, (int64_t)sizeof *item + (cache->file < 0 ? bytes : 0));
    if (!item) return NULL;
    item->size = fv_image_size(image);
    item->pixel = image->pixel;
    item->offset = cache->file < 0 ? 0 : atomic_fetch_add(&cache->end, bytes);
    if (cache->file < 0)
        memcpy(item->pixels, image->pixels, (size_t)bytes);
    else if (!write_pixels(cache->file, image, item->offset)) {
        fv_memory_free(item);
        return NULL;
    }
    return item;
}

void fv_cache_put(fv_cache *cache, int64_t index, const fv_image *image) {
    int64_t bytes = (int64_t)sizeof(kept) + fv_image_bytes(image);
    if (atomic_load(&cache->at[index]) || atomic_load(&cache->used) + bytes > cache->cap) return;
    if (atomic_fetch_add(&cache->used, bytes) + bytes > cache->cap) {
        atomic_fetch_sub(&cache->used, bytes);
        return;
    }
    kept *item = keep(cache, image), *nothing = NULL;
    if (item && atomic_compare_exchange_strong(&cache->at[index], &nothing, item)) return;
    if (item || cache->file < 0)
        atomic_fetch_sub(&cache->used, bytes); /* a disk that is full stays so: what it took is not asked again */
    fv_memory_free(item);                      /* another thread was first, or there is no room */
}
