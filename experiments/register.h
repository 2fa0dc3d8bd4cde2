/* register.h - a model file becomes a version: found, kept, checked and read. */
#ifndef FV_EXPERIMENTS_REGISTER_H
#define FV_EXPERIMENTS_REGISTER_H

#include "experiments/model_facts.h"
#include "fovea/predict.h"
#include "fovea/versions.h"

/* Files of a run that its version keeps: what it said of the test pictures, and the recipe. */
#define FV_PREDICTIONS_FILE "predictions.jsonl"
#define FV_RECIPE_FILE "recipe.yaml"

typedef struct fv_register_options {
    const char *model;       /* the name */
    const char *what;        /* a model file; a folder that `fovea train --out` made; a run's id or name */
    const char *parent;      /* reference of the version it comes from; NULL: none */
    const char *description; /* NULL: none */
    const char *device;      /* the self-test's and the profile's; as in fv_plan_options */
    const char *data; /* for the reference profile: pictures that it was not trained on; NULL: those that the run's recipe
                         held out */
    bool no_profile;  /* none is made; one beside the file is kept all the same */
} fv_register_options;

typedef struct fv_registered {
    char digest[FV_DIGEST_LETTERS];
    fv_version_added version;
    int64_t selftest_pictures; /* that it was tested by */
    int64_t profile_pictures;  /* of the reference profile that was made; 0: none was */
    char unprofiled[512];      /* why the version has no reference profile; empty: it has one, or none was wanted */
} fv_registered;

/* The file's hash is checked and its self-test run before it is a version. It gets a reference profile: that beside the file,
 * else one of `data` or of what the run's recipe held out; that there is none is told, and no error unless `data` are given.
 * FV_FORMAT: either fails. FV_UNSUPPORTED: it is a checkpoint. FV_NOT_FOUND: no such file, folder or run, or no model in it.
 * Further errors: fv_version_add's. */
FV_MUST_USE fv_error *fv_register_model(fv_registry *registry, const fv_register_options *options, fv_registered *out);

/* What can be told of `options` without a registry, before one is made for them: FV_USAGE, FV_NOT_FOUND, FV_FORMAT, as above.
 * `*needs` is what only a registry that is there can have: the run where `what` is no file or folder, or the parent; NULL:
 * none. */
FV_MUST_USE fv_error *fv_register_check(const fv_register_options *options, const char **needs);

/* A model file in the store: opened, its self-test run, and what it says of itself as JSON for fv_version_options.facts; its
 * licences are in the arena. FV_UNSUPPORTED: it is a checkpoint. */
FV_MUST_USE fv_error *fv_object_check_model(fv_registry *registry, const char *digest, const char *device, fv_arena *arena,
                                            fv_model_facts *facts);
FV_MUST_USE fv_error *fv_version_options_of_facts(const fv_model_facts *facts, fv_arena *arena, fv_version_options *options);

/* A version's model file, as the store has it, opened and self-tested; one that was damaged since is FV_FORMAT. */
FV_MUST_USE fv_error *fv_version_open(fv_registry *registry, const fv_version_row *version, const fv_predictor_options *options,
                                      fv_predictor **out);

/* A file of a version by its path; NULL: it has none. */
const fv_version_file *fv_version_file_find(const fv_version_row *version, const char *path);

#endif
