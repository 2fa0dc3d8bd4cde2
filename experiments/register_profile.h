/* register_profile.h - the reference profile of a model that is being registered: of the pictures that its training held out.
 */
#ifndef FV_EXPERIMENTS_REGISTER_PROFILE_H
#define FV_EXPERIMENTS_REGISTER_PROFILE_H

#include "fovea/objects.h"
#include "fovea/predict.h"

typedef struct fv_register_profile {
    const char *model;  /* digest of the model file in the store */
    const char *recipe; /* digest of the run's recipe.yaml in the store; NULL: not known */
    const char *data;   /* pictures that it was not trained on; NULL: those that the recipe held out */
    const char *device;
} fv_register_profile;

/* Of the recipe's `test` folder, else of `val`, else of the data's part test or val, else of what the recipe's split or fold
 * set aside. `*digest` is that of the profile in the store, `*n` of how many pictures. FV_NOT_FOUND: no data are known, or they
 * are not where they were; errors of fv_dataset_open. */
FV_MUST_USE fv_error *fv_register_profile_make(fv_registry *registry, const fv_register_profile *options,
                                               char digest[FV_DIGEST_LETTERS], int64_t *n);

#endif
