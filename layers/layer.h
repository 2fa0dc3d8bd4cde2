/* layer.h - what a layer is: one file layers/NAME.c with its descriptor, a function that adds its parameters and nodes to a
 * graph. */
#ifndef FV_LAYERS_LAYER_H
#define FV_LAYERS_LAYER_H

#include "core/base/part.h"
#include "fovea/layers.h"

typedef struct fv_layer {
    FV_PART;
    /* Adds the layer called `name` to the scope; its last node gets that name. Errors go into the graph. */
    fv_value (*build)(fv_graph *graph, const char *name, fv_value x, const void *options);
    const char *const
        *cases; /* "f32[2,8,8,3] filters=4 kernel=3 -> f32[2,6,6,4]", NULL-terminated: shapes that the tests check */
} fv_layer;

extern const fv_layer *const fv_layer_table[]; /* generated, sorted by name */
extern const int fv_layer_table_count;

/* For builders: the parameter or buffer NAME.KIND of layer `name`. */
fv_value fv_layer_state(fv_graph *graph, const char *name, const char *kind, fv_type type, fv_role role,
                        const char *initializer);
/* Complains (into the graph) unless x has `rank` dimensions; true when it is well. */
bool fv_layer_takes(fv_graph *graph, const char *name, fv_value x, int rank);

#endif
