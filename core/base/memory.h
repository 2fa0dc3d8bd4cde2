/* memory.h - the only place that calls malloc. Counted, so that tests can see what is live; zeroed, so that bits never depend
 * on what was there before. Any thread. */
#ifndef FV_BASE_MEMORY_H
#define FV_BASE_MEMORY_H

#include "fovea/error.h"

/* `count` × `size` zeroed bytes, 16-byte aligned; an overflow or no memory is FV_MEMORY. count × size == 0 gives a unique
 * pointer. fv_memory_new(n, &p) sizes it from the pointer's target. */
FV_MUST_USE fv_error *fv_memory_alloc(int64_t count, int64_t size, void **out);
#define fv_memory_new(count, out) fv_memory_alloc((count), (int64_t)sizeof **(out), (void **)(out))

/* The same for who cannot make an error of it (errors themselves): NULL when there is none. */
void *fv_memory_try(int64_t count, int64_t size);

/* Grows `*memory` (NULL is allowed) from `old_count` to `new_count` elements of `size` bytes, the new ones zeroed; on an error
 * `*memory` is as it was. */
FV_MUST_USE fv_error *fv_memory_grow(void **memory, int64_t old_count, int64_t new_count, int64_t size);
void fv_memory_free(void *memory); /* NULL is allowed */

/* FV_OWNED(fv_memory) scratch = NULL; freed when the scope ends. */
typedef void fv_memory;
static inline void fv_memory_cleanup_(fv_memory **owned) { fv_memory_free(*owned); }

/* A large zeroed block, 64-byte aligned, in whole pages with huge pages asked for and, with `touch`, faulted in by the team
 * (parallel.h). */
FV_MUST_USE fv_error *fv_block_alloc(int64_t bytes, int touch, void **out);
void fv_block_free(void *block, int64_t bytes);

/* FV_MEMORY unless `bytes` could be had now; nothing is kept of them. Before work of a library that crashes without memory. */
FV_MUST_USE fv_error *fv_memory_probe(int64_t bytes);

int64_t fv_memory_live(void); /* bytes now held through this file, blocks included */

#endif
