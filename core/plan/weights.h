/* weights.h - what plans need of weights beyond fovea/plan.h. */
#ifndef FV_PLAN_WEIGHTS_H
#define FV_PLAN_WEIGHTS_H

#include "fovea/plan.h"

/* Changes with every fv_weights_changed and every training run: what was folded or packed under another number is stale. */
uint64_t fv_weights_generation(const fv_weights *weights);

#endif
