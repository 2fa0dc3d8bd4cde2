/* preprocessing.h - how a picture is prepared for weights of a given origin, as steps that go into the model file. */
#ifndef FV_EXCHANGE_PREPROCESSING_H
#define FV_EXCHANGE_PREPROCESSING_H

#include "core/base/arena.h"
#include "core/base/part.h"

typedef struct fv_preprocessing {
    FV_PART;
    /* Steps for an input of size × size; %R stands for the size before a central crop, %S for the size. */
    const char *steps;
    double crop;    /* share of %R that %S is; 0: not said */
    int64_t around; /* where it is not: pixels that %R is more than %S */
} fv_preprocessing;

extern const fv_preprocessing *const fv_preprocessing_table[]; /* generated, sorted by name */
extern const int fv_preprocessing_table_count;

/* The steps by name, for an input of height × width; FV_USAGE with the nearest name. A text with a blank or a ';' in it is
 * taken for steps as they are. */
FV_MUST_USE fv_error *fv_preprocessing_steps(const char *name, int64_t height, int64_t width, fv_arena *arena,
                                             const char **out);

#endif
