/* overrides.h - what is other in a training that is gone on with than it was when it was begun: keys of the recipe, and the
 * kernels of another machine. */
#ifndef FV_TRAIN_OVERRIDES_H
#define FV_TRAIN_OVERRIDES_H

#include "core/base/fields.h"

typedef struct fv_override {
    const fv_field *field;
    const void *was, *is; /* options of the field's table */
} fv_override;

typedef struct fv_overrides {
    int count;
    fv_override at[FV_FIELDS_MAX];
} fv_overrides;

#endif
