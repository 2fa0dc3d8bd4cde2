/* subset.h - a subset from inside. */
#ifndef FV_DATA_SUBSET_H
#define FV_DATA_SUBSET_H

#include "data/dataset.h"

struct fv_subset {
    fv_dataset *set;
    int64_t count;
    int64_t *samples;
};

/* An empty one with room for `capacity` samples. */
FV_MUST_USE fv_error *fv_subset_new(fv_dataset *set, int64_t capacity, fv_subset **out);

extern const fv_field fv_split_fields[]; /* of fv_split_options */

#endif
