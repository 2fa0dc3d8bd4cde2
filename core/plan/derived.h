/* derived.h - what evaluation plans derive from weights and keep between runs (folded norms, packed filters), once for all
 * plans of the same weights that derive it alike: those of other batch sizes.
 *
 * A derivation is known by a text that says all its bits hang on: `how`. Equal texts are equal bytes. Its memory is there while
 * a plan holds it; what it was last made from is the weights' generation then (weights.h).
 *
 * Any thread finds, holds and drops. Who reads the memory holds it; who writes it has fv_derived_lock, and only what is not of
 * the weights' generation: so nobody reads what is written, as long as nobody changes weights while plans of them run. */
#ifndef FV_PLAN_DERIVED_H
#define FV_PLAN_DERIVED_H

#include "fovea/plan.h"

typedef struct fv_derived {
    const char *how;
    int64_t number;      /* of the text among these weights' */
    int64_t bytes;       /* of its memory, while there is some */
    void *memory;        /* 64-byte aligned; NULL: nobody holds it */
    uint64_t generation; /* of the weights that it was made from; 0: not made */
    struct fv_slab *slab;
    struct fv_derived *next;
} fv_derived;

/* The store of some weights; shared by them and their plans. */
typedef struct fv_derivations fv_derivations;
FV_MUST_USE fv_error *fv_derivations_new(fv_derivations **out);
fv_derivations *fv_derivations_ref(fv_derivations *all);
void fv_derivations_unref(fv_derivations *all); /* NULL is allowed */

/* The derivation of that text (copied), new or there already; it stays as long as the store. */
FV_MUST_USE fv_error *fv_derived_find(fv_derivations *all, const char *how, fv_derived **out);
/* Each is held once more, with memory for `bytes[i]`; all that have none get it in one block. On an error none is. */
FV_MUST_USE fv_error *fv_derived_hold(fv_derivations *all, fv_derived *const *list, const int64_t *bytes, int32_t count);
void fv_derived_drop(fv_derivations *all, fv_derived *const *list, int32_t count);

void fv_derived_lock(fv_derivations *all);
void fv_derived_unlock(fv_derivations *all);

int64_t fv_derived_bytes(fv_derivations *all); /* of memory that is held, each once */

#endif
