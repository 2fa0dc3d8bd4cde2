/* drift_reference.h - a model's reference profile: made, kept beside the file or with the version, found again. */
#ifndef FV_EXPERIMENTS_DRIFT_REFERENCE_H
#define FV_EXPERIMENTS_DRIFT_REFERENCE_H

#include "drift/profile.h"
#include "fovea/predict.h"
#include "fovea/versions.h"

/* Beside FILE.fovea: FILE.profile.json. */
FV_MUST_USE fv_error *fv_drift_profile_path(const char *model, fv_arena *arena, const char **out);

/* A model named as fv_model_file_find takes it: by file, or by version in the registry. Texts are in the arena. */
typedef struct fv_drift_subject {
    fv_predictor *predictor;
    const char *digest; /* of a version; NULL: of a file */
    const char *name;   /* of the model, of a version; NULL: of a file */
    fv_registry *registry;
    fv_version_list version; /* of one; empty: it is a file */
    const char *file;
} fv_drift_subject;
FV_MUST_USE fv_error *fv_drift_subject_open(const char *model, const char *workspace, const char *device, fv_arena *arena,
                                            fv_drift_subject *out);
void fv_drift_subject_release(fv_drift_subject *subject);

/* Kept as `file`, or where that is NULL beside the model's file, or with the version; `*where` (in the arena) says where.
 * FV_CONFLICT: the version has one. */
FV_MUST_USE fv_error *fv_drift_profile_keep(const fv_drift_profile *profile, const fv_drift_subject *subject, const char *file,
                                            fv_arena *arena, const char **where);
/* From `file`, or where that is NULL where it is kept. FV_NOT_FOUND, with the way out. */
FV_MUST_USE fv_error *fv_drift_profile_load(const fv_drift_subject *subject, const char *file, fv_arena *arena,
                                            fv_drift_profile *out);

#endif
