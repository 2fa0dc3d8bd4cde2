/* promote.h - an alias is given to a version, if the gate (gate.h) lets it through: facts are gathered, the decision is made,
 * carried out and written down. */
#ifndef FV_EXPERIMENTS_PROMOTE_H
#define FV_EXPERIMENTS_PROMOTE_H

#include "experiments/gate.h"
#include "experiments/held_out.h"
#include "fovea/versions.h"

typedef struct fv_promote_options {
    const char *version; /* reference */
    const char *alias;
    double margin;         /* of a figure that is a share in its units, else times the incumbent's figure */
    double larger, slower; /* as in fv_gate_facts */
    const char *force;     /* as there */
    bool try_only;         /* decides, and does nothing */
    /* Pictures that both versions are measured on; `data` NULL: by the predictions that were kept with them. */
    fv_held_out_options pictures;
    const char *device;
} fv_promote_options;

typedef struct fv_promoted {
    int64_t version, incumbent; /* 0: there was none */
    fv_gate_decision decision;  /* in the arena */
} fv_promoted;

/* FV_CONFLICT: the alias was moved by somebody else meanwhile, and nothing is done: promote again. That the gate holds it back
 * is no error. */
FV_MUST_USE fv_error *fv_promote_version(fv_registry *registry, const fv_promote_options *options, fv_arena *arena,
                                         fv_promoted *out);

#endif
