/* initializer.h - what an initialiser is: one file layers/initializers/FAMILY.c with a descriptor for each of the family.
 *
 * Element i of a tensor is a pure function of (seed, name of the state, i): it draws from a stream that starts at (seed, the
 * name's stream, i), so threads and the order of states are irrelevant. */
#ifndef FV_LAYERS_INITIALIZER_H
#define FV_LAYERS_INITIALIZER_H

#include "core/base/part.h"
#include "core/base/random.h"
#include "fovea/layers.h"

/* Inputs and outputs that one output, one input is connected to. For a weight KRSC: in = R·S·C, out = K·R·S (C is the input
 * channels of one group, as in PyTorch); for [out, in] what it says; below rank 2 both are 0. */
typedef struct fv_fans {
    double in, out;
} fv_fans;

typedef struct fv_initializer {
    FV_PART;
    /* What the elements share: a standard deviation, a bound; called once a tensor, may refuse it. NULL: 0. */
    fv_error *(*scale)(const void *options, const fv_type *type, const fv_fans *fans, double *out);
    /* Element `index` (row order) of a tensor of `type`. */
    double (*at)(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random);
} fv_initializer;

extern const fv_initializer *const fv_initializer_table[]; /* generated, sorted by name */
extern const int fv_initializer_table_count;

/* An initialiser and its options, in the arena, from text. */
FV_MUST_USE fv_error *fv_initializer_parse(const char *text, fv_arena *arena, const fv_initializer **out, void **options);

/* Of `whitening`, whose filters a training makes from its pictures. */
typedef struct fv_whitening_options {
    double epsilon;
} fv_whitening_options;
extern const fv_initializer fv_initializer_whitening;

fv_fans fv_fans_of(const fv_type *type);

#endif
