/* optimizer.h - what an optimizer is: one file optim/FAMILY.c with its descriptors, functions that append the update of one
 * parameter to a graph. */
#ifndef FV_OPTIM_OPTIMIZER_H
#define FV_OPTIM_OPTIMIZER_H

#include "core/base/part.h"
#include "fovea/optim.h"

#define FV_SLOTS_MAX 4

/* The update of one parameter. Arithmetic on tensors is in the parameter's dtype; scalars that depend on the step or the rate
 * alone are f64 and cast where they meet a tensor. */
typedef struct fv_update {
    fv_graph *graph;
    const void *options;
    fv_value parameter, gradient;
    fv_value slots[FV_SLOTS_MAX];     /* as the run found them, in the order of .slots, shaped as the parameter */
    fv_value rate;                    /* f64 scalar: the learning rate of the parameter's group */
    double weight_decay;              /* of the parameter's group */
    const fv_value *shared;           /* what `begin` made */
    fv_value new_parameter;           /* to be set, */
    fv_value new_slots[FV_SLOTS_MAX]; /* and one for each slot that is used */
} fv_update;

typedef struct fv_optimizer {
    FV_PART;
    const char *slots[FV_SLOTS_MAX];
    double rate; /* that suits it when nobody names one */
    double (*weight_decay)(const void *options);
    fv_error *(*check)(const void *options);          /* what ranges of single fields cannot say; NULL: nothing */
    bool (*uses_slot)(const void *options, int slot); /* NULL: all of them; a slot that is not used is FV_NO_VALUE */
    /* Makes at most FV_SLOTS_MAX f64 scalars that all parameters share; `step` is f64, from 1. NULL: none. */
    void (*begin)(fv_graph *graph, const void *options, fv_value step, fv_value *shared);
    void (*emit)(fv_update *update);
} fv_optimizer;

extern const fv_optimizer *const fv_optimizer_table[]; /* generated, sorted by name */
extern const int fv_optimizer_table_count;

/* For builders. */
static inline fv_value fv_update_apply(fv_update *u, const char *op, fv_value a, fv_value b) {
    return fv_apply(u->graph, op, FV_VALUES(a, b), NULL);
}
fv_value fv_update_number(fv_update *update, double value);                         /* in the parameter's dtype */
fv_value fv_update_cast(fv_update *update, fv_value scalar);                        /* to the parameter's dtype */
fv_value fv_update_axpy(fv_update *update, fv_value x, double a, fv_value y);       /* a·x + y */
fv_value fv_update_blend(fv_update *update, fv_value old, double kept, fv_value x); /* kept·old + (1 − kept)·x */
fv_value fv_update_decayed_gradient(fv_update *update);                             /* gradient + weight_decay·parameter */

#endif
