/* keys.h - the states of a network and what they are called elsewhere, with how they lie there. */
#ifndef FV_EXCHANGE_KEYS_H
#define FV_EXCHANGE_KEYS_H

#include "core/base/arena.h"
#include "core/formats/format.h"
#include "fovea/graph.h"
#include "layers/key_style.h"

/* One state. `view` are the dimensions in which their elements are to be read, axes[d] the one of them that is our dimension d:
 * with a grid the view splits a dimension that their tensor has in one. */
typedef struct fv_key {
    const char *ours, *theirs; /* theirs NULL: it has no counterpart there */
    fv_type type;              /* of ours */
    fv_role role;
    int rank; /* of their tensor */
    int64_t dims[FV_RANK_MAX];
    int view_rank, axes[FV_RANK_MAX];
    int64_t view[FV_RANK_MAX];
    bool reordered; /* elements do not lie in the same order */
} fv_key;

typedef struct fv_keys {
    const fv_key_style *style;
    fv_key *at; /* parameters, then buffers, in order of creation */
    int64_t count;
} fv_keys;

/* The style's names of all parameters and buffers of the graph; FV_BUG: a name that no rule fits. In `arena`. */
FV_MUST_USE fv_error *fv_keys_of(const fv_key_style *style, const fv_graph *graph, fv_arena *arena, fv_keys *out);

/* Whether the style knows the architecture of that name. */
bool fv_key_style_knows(const fv_key_style *style, const char *arch);
/* By name, FV_USAGE with the nearest one as hint; the first that knows `arch`, NULL when there is none. */
FV_MUST_USE fv_error *fv_key_style_named(const char *name, fv_arena *arena, const fv_key_style **out);
const fv_key_style *fv_key_style_for(const char *arch);

/* Their tensor read into ours, and ours turned into what theirs holds; contiguous both. */
void fv_key_import(const fv_key *key, const fv_foreign_tensor *theirs, fv_tensor *ours);
void fv_key_export(const fv_key *key, const fv_tensor *ours, fv_tensor *theirs);

/* "f32[64,3,7,7]", of their tensor. */
const char *fv_key_shape(const int64_t *dims, int rank, char buffer[256]);

#endif
