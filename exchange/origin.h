/* origin.h - what a model's weights are called where they come from, by its section origin (predict/sections.h). */
#ifndef FV_EXCHANGE_ORIGIN_H
#define FV_EXCHANGE_ORIGIN_H

#include "exchange/keys.h"
#include "predict/sections.h"

/* The style in which the model's weights are named: the one called `wanted`; without it that of its origin, else one that knows
 * the architecture of its recipe. FV_NOT_FOUND: none does, and how to say one. In `arena`. */
FV_MUST_USE fv_error *fv_origin_style(const fv_model *model, const char *wanted, fv_arena *arena, const fv_key_style **out);

#endif
