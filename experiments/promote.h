/* promote.h - an alias is given to a version, if the gate (gate.h) lets it through: facts are gathered, the decision is made,
 * carried out and written down. */
#ifndef FV_EXPERIMENTS_PROMOTE_H
#define FV_EXPERIMENTS_PROMOTE_H

#include "experiments/gate.h"
#include "experiments/held_out.h"
#include "fovea/versions.h"

/* Further pictures that both are measured on, where `pictures` are given too. */
typedef struct fv_promote_also {
    const char *name; /* of the check */
    bool shown_worse; /* as in fv_gate_more */
    double margin;
    fv_held_out_options pictures;
} fv_promote_also;

typedef struct fv_promote_options {
    const char *version; /* reference */
    const char *alias;
    double margin;         /* of a figure that is a share in its units, else times the incumbent's figure */
    double larger, slower; /* as in fv_gate_facts */
    const char *force;     /* as there */
    bool try_only;         /* decides, and does nothing */
    /* Pictures that both versions are measured on; `data` NULL: by the predictions that were kept with them. */
    fv_held_out_options pictures;
    const fv_promote_also *also;
    int64_t also_count;
    /* Of one class a picture: no class of `pictures` or of `also` may be shown to be worse by more, if it has so many pictures;
     * 0: classes are not looked at. */
    int64_t slice_pictures;
    double slice_margin;
    /* What is written down with the decision, and holds the version back if it does not pass. */
    const fv_gate_check *before;
    int64_t before_count;
    bool by_hand; /* what passes is held for a person */
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
