/* loss.h - what a loss is: one file layers/losses/FAMILY.c with a descriptor for each of the family. */
#ifndef FV_LAYERS_LOSS_H
#define FV_LAYERS_LOSS_H

#include "core/base/part.h"
#include "fovea/layers.h"

/* What a loss may be lowered for, as bits. */
enum { FV_FOR_CLASSES = 1, FV_FOR_LABELS = 2, FV_FOR_NUMBERS = 4 };

typedef struct fv_loss {
    FV_PART;
    unsigned suits; /* FV_FOR_CLASSES: one class a picture; _LABELS: any number of them; _NUMBERS */
    /* Options that a training sets by its data; NULL: there is no such option. Numbers, one a class: by which a picture counts
     * for its class; by which a label that a picture has counts against one that it has not. Whether the target is a share for
     * each class in place of a class number, as where pictures are mixed. */
    const char *class_weights, *label_weights, *soft_targets;
    /* Whether the target is one class number a picture, i64[batch], or has the shape and dtype of the logits. */
    bool (*takes_classes)(const void *options);
    /* The scalar loss. Stable: no exponential of a large number, no logarithm of a small one. Errors go into the graph. */
    fv_value (*build)(fv_graph *graph, fv_value logits, fv_value target, const void *options);
} fv_loss;

extern const fv_loss *const fv_loss_table[]; /* generated, sorted by name */
extern const int fv_loss_table_count;

/* The loss that `text` names, and its options in `arena`. */
FV_MUST_USE fv_error *fv_loss_parse(const char *text, fv_arena *arena, const fv_loss **loss, void **options);

bool fv_takes_numbers(const void *options); /* takes_classes of losses that never do */

/* For builders: one row of a number for each class ([1, classes], or a scalar when `values` holds one), in the logits' dtype.
 */
fv_value fv_loss_per_class(fv_graph *graph, fv_value logits, const fv_floats *values, const char *what);
/* Class numbers as rows of 0 and 1, in the logits' dtype. */
fv_value fv_loss_one_hot(fv_graph *graph, fv_value logits, fv_value target);
fv_value fv_loss_mean(fv_graph *graph, fv_value x); /* over all elements, a scalar */

#endif
