/* weights.h - what plans need of weights beyond fovea/plan.h. */
#ifndef FV_PLAN_WEIGHTS_H
#define FV_PLAN_WEIGHTS_H

#include "core/plan/derived.h"

/* As fv_weights_add, of a name that is new; but its elements are at `data`, as aligned as their type wants it, until the
 * weights are freed. */
FV_MUST_USE fv_error *fv_weights_borrow(fv_weights *weights, const char *name, const fv_type *type, fv_role role, void *data,
                                        fv_tensor **out);

/* Changes with every fv_weights_changed and every training run: what was folded or packed under another number is stale. */
uint64_t fv_weights_generation(const fv_weights *weights);
fv_derivations *fv_weights_derivations(const fv_weights *weights); /* what plans keep of them */

#endif
