/* cache.h - decoded pictures kept in memory up to a cap. Which ones fit may depend on which thread came first; what a picture
 * is never does. Many threads at once. */
#ifndef FV_DATA_CACHE_H
#define FV_DATA_CACHE_H

#include "data/image.h"

typedef struct fv_cache fv_cache;
FV_MUST_USE fv_error *fv_cache_new(int64_t count, int64_t cap, fv_cache **out); /* for numbers 0 … count − 1; cap in bytes */
void fv_cache_free(fv_cache *cache);
FV_CLEANUP(fv_cache);

/* Copies picture `index` into `image`; `*found` is false when it is not kept. */
FV_MUST_USE fv_error *fv_cache_get(const fv_cache *cache, int64_t index, fv_image *image, bool *found);
/* Keeps a copy, if it still fits. Without memory it is not kept: a cache is never needed. */
void fv_cache_put(fv_cache *cache, int64_t index, const fv_image *image);

#endif
