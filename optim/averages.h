/* averages.h - averages of the weights as nodes, and what they share with the training step. */
#ifndef FV_OPTIM_AVERAGES_H
#define FV_OPTIM_AVERAGES_H

#include "optim/optimizer.h"

/* The state STATE.KIND of role FV_SLOT, shaped as `state`. */
fv_value fv_slot_of(fv_graph *graph, fv_value state, const char *kind);
/* A state of another graph in this one: name, type, role and first value. */
fv_value fv_state_as_in(fv_graph *graph, const fv_graph *from, fv_value state);
fv_value fv_cast_to(fv_graph *graph, fv_value x, fv_dtype dtype);

/* ema ← d·ema + (1 − d)·new for parameters, whose new values are given, and for floating buffers that get one, with
 * d = min(decay, (step − 1) / (step + 9)); `number` is the step as f64. Where learns[i] is a value, rows that it has 0 for are
 * new's own, to the bit. */
void fv_average_weights(fv_graph *graph, double decay, fv_value number, int count, const fv_value *parameters,
                        const fv_value *updated, const fv_value *learns);
/* `next` in the rows that learn (above 0), `kept` in the others. */
fv_value fv_learning_rows(fv_graph *graph, fv_value learns, fv_value next, fv_value kept);

#endif
