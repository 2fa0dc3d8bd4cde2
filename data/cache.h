/* cache.h - decoded pictures kept in memory, or on a disk, up to a cap. Which ones fit may depend on which thread came first;
 * what a picture is never does. Many threads at once. */
#ifndef FV_DATA_CACHE_H
#define FV_DATA_CACHE_H

#include "data/image.h"

typedef struct fv_cache fv_cache;
/* For numbers 0 … count − 1; cap in bytes. `folder`: of the disk, where a file without a name is made; NULL: memory. */
FV_MUST_USE fv_error *fv_cache_new(int64_t count, int64_t cap, const char *folder, fv_cache **out);
void fv_cache_free(fv_cache *cache);
FV_CLEANUP(fv_cache);

/* Copies picture `index` into `image`; `*found` is false when it is not kept, or the disk does not give it back. */
FV_MUST_USE fv_error *fv_cache_get(const fv_cache *cache, int64_t index, fv_image *image, bool *found);
/* Keeps a copy, if it still fits. Without memory, or room on the disk, it is not kept: a cache is never
 * needed. */
void fv_cache_put(fv_cache *cache, int64_t index, const fv_image *image);

#endif
