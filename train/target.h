/* target.h - the targets of a training. */
#ifndef FV_TRAIN_TARGET_H
#define FV_TRAIN_TARGET_H

#include "train/trainer.h"

/* Finds trainer->kind by the targets of its data set. FV_FORMAT: they are of several kinds, or too few classes; FV_UNSUPPORTED:
 * of a kind that is not trained. */
FV_MUST_USE fv_error *fv_trainer_find_kind(fv_trainer *trainer);
/* Whether a further data set has targets of that kind. */
FV_MUST_USE fv_error *fv_trainer_check_kind(const fv_trainer *trainer, const fv_dataset *other);
/* Finds trainer->scaling by the numbers to train on. FV_FORMAT: they are all equal. */
FV_MUST_USE fv_error *fv_trainer_find_scaling(fv_trainer *trainer);

/* Pictures of each class, of several labels counted for each of them; how many have no label. */
int64_t fv_count_classes(const fv_subset *subset, int64_t *counts);

typedef struct fv_number_figures {
    double least, most, mean, deviation; /* the latter of the numbers as they are, divided by their count */
} fv_number_figures;
fv_number_figures fv_measure_numbers(const fv_subset *subset);

#endif
