/* subject.h - what a command about graphs is about: a .fovea file, a graph's text form in a file, a version in the registry, or
 * a network by name; as a graph, and as a plan. */
#ifndef FV_CLI_SUBJECT_H
#define FV_CLI_SUBJECT_H

#include "fovea/plan.h"

typedef struct fv_subject {
    const char *what, *workspace; /* of the registry */
    int64_t batch;
    fv_mode mode;
    const char *loss, *optimizer; /* of training */
} fv_subject;

/* At the batch asked for; for training with loss, gradients and updates. */
FV_MUST_USE fv_error *fv_subject_graph(const fv_subject *subject, fv_graph **out);
/* Its plan, over `weights` (empty at first), which get initial values: what a model has learnt is not asked for. */
FV_MUST_USE fv_error *fv_subject_plan(const fv_subject *subject, const fv_plan_options *options, fv_weights *weights,
                                      fv_plan **out);

#endif
