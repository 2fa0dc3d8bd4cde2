/* duplicates.h - pictures that are there twice, or nearly: found by what look.h knows them again by. */
#ifndef FV_DATA_DUPLICATES_H
#define FV_DATA_DUPLICATES_H

#include "core/base/arena.h"
#include "data/look.h"

#define FV_THUMB_NEAR 3 /* mean difference of two thumbs' levels, at most, of pictures that are nearly the same */

/* Pictures, by number and in their order, that are the same one (exact) or nearly so: `near` of 64 bits of their hashes differ
 * at most, and their thumbs by FV_THUMB_NEAR levels of grey at most. Nearness is passed on: of three in a row the first and the
 * last may be further apart. */
typedef struct fv_duplicates {
    bool exact;
    int64_t count;
    const int64_t *at;
} fv_duplicates;

/* The groups of two and more among `count` pictures; looks[i] is NULL where there is none. Exact ones first, then those of
 * pictures that are not exactly the same; a picture's exact copies stand for it there by the first of them. Each kind in the
 * order of their first pictures. `near` < 0: exact ones alone. A picture of one level has no near ones. Everything is in
 * `arena`. */
FV_MUST_USE fv_error *fv_duplicates_find(const fv_look *const *looks, int64_t count, int64_t near, fv_arena *arena,
                                         const fv_duplicates **out, int64_t *out_count);

#endif
