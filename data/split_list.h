/* split_list.h - a data set's split written down as a list (source `list` reads it); the pictures stay where they are. */
#ifndef FV_DATA_SPLIT_LIST_H
#define FV_DATA_SPLIT_LIST_H

#include "data/dataset.h"

typedef struct fv_split_list_options {
    double val_fraction, test_fraction; /* of what is split; 0: none of it */
    int64_t folds, fold;                /* folds 2 or more: instead of the fractions, fold number `fold` of them is val */
    int64_t seed;
    bool unstratified;
    const char *group_by; /* as in fv_split_options */
    const char *part; /* what is split; NULL: train where the set has parts; "all": everything. Other parts stay as they are */
    bool force;       /* an earlier list of that name may be replaced */
} fv_split_list_options;

typedef struct fv_split_list_result {
    int64_t counts[FV_PART_KINDS]; /* train, val, test */
    const char *separator; /* between several classes of a picture, which the list's reader must say; NULL: there are none */
    int64_t *class_counts; /* [classes, FV_PART_KINDS], in the arena that was given */
} fv_split_list_result;

/* Writes path, label, split and, where there are any, fold, group and weight, a row a usable sample in the set's order. Paths
 * are relative to the list's folder where the pictures lie below it, else absolute. FV_CONFLICT: `out` is there, or a part val
 * is already; FV_USAGE: `out` lies in the set's own folder, which is never written to; FV_UNSUPPORTED: a set whose pictures are
 * no files. */
FV_MUST_USE fv_error *fv_split_list(fv_dataset *set, const char *out, const fv_split_list_options *options, fv_arena *arena,
                                    fv_split_list_result *result);

#endif
