/* trial.h - steps that leave nothing behind: what is tried before a training, on whole batches, with the network's states put
 * back afterwards, so that no bit of the training depends on it. */
#ifndef FV_TRAIN_TRIAL_H
#define FV_TRAIN_TRIAL_H

#include "core/base/memory.h"
#include "train/trainer.h"

/* An open value. */
typedef struct fv_trial {
    const fv_trainer *trainer;
    fv_loader *loader; /* of the training pictures, by the caller's thread */
    uint8_t *kept;     /* every state as it was */
} fv_trial;

FV_MUST_USE fv_error *fv_trial_begin(const fv_trainer *trainer, fv_trial *out);
/* The next whole batch of the first epoch, going round; it is valid until the next call. */
FV_MUST_USE fv_error *fv_trial_batch(fv_trial *trial, const fv_batch **batch);
/* A step on it at `rate` (0: as the recipe says), whatever its loss, which is handed out. */
FV_MUST_USE fv_error *fv_trial_step(const fv_trial *trial, const fv_batch *batch, double rate, double *loss);
void fv_trial_end(fv_trial *trial); /* puts the states back */

#endif
