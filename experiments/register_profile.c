/* register_profile.c - see register_profile.h. A split is a pure function of the recipe and the data, so that what a training
 * did not see is found again. */
#include "experiments/register_profile.h"

#include "core/base/text.h"
#include "experiments/drift_observe.h"
#include "experiments/drift_reference.h"
#include "train/recipe.h"

/* ---- the pictures ---- */

static fv_error *split_off(const fv_recipe_keys *k, fv_dataset *set, fv_subset **out) {
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_subset) trained_on = NULL;
    fv_split_options how = { .fraction = k->val_fraction, .seed = k->seed, .group_by = k->group_by };
    FV_TRY(fv_subset_part(set, fv_dataset_has_part(set, "train") ? "train" : NULL, &all));
    return k->folds ? fv_subset_fold(all, &how, k->folds, k->fold, &trained_on, out)
                    : fv_subset_split(all, &how, &trained_on, out);
}

static fv_error *open_held_out(const fv_recipe_keys *k, int64_t channels, fv_dataset **set, fv_subset **subset) {
    const char *path = k->test ? k->test : k->val ? k->val : k->data;
    if (!path) return fv_fail(FV_NOT_FOUND, "the recipe names no data");
    fv_dataset_options how = {
        .source = k->source, .source_options = k->source_options, .channels = channels, .allow_dropped = true
    };
    FV_TRY(fv_dataset_open(path, &how, set));
    const char *part = fv_dataset_has_part(*set, "test") ? "test" : fv_dataset_has_part(*set, "val") ? "val" : NULL;
    if (part || path != k->data) return fv_subset_part(*set, part, subset);
    return split_off(k, *set, subset);
}

static fv_error *read_recipe(fv_registry *registry, const char *digest, fv_recipe **out) {
    char *path;
    FV_TRY(fv_recipe_new(out));
    FV_TRY(fv_object_check(registry, digest));
    FV_TRY(fv_object_path(registry, digest, &path));
    fv_error *error = fv_recipe_read(*out, path);
    fv_string_free(path);
    return error;
}

static fv_error *open_pictures(fv_registry *registry, const fv_register_profile *o, int64_t channels, fv_recipe **recipe,
                               fv_dataset **set, fv_subset **subset) {
    FV_OWNED(fv_error) unlabelled = NULL; /* a profile needs no labels */
    if (o->data) return fv_drift_open_data(&(fv_observed_data){ .path = o->data }, channels, set, subset, &unlabelled);
    if (!o->recipe) return fv_fail(FV_NOT_FOUND, "it is not known which pictures it was not trained on");
    FV_TRY(read_recipe(registry, o->recipe, recipe));
    return open_held_out(&(*recipe)->keys, channels, set, subset);
}

/* ---- the profile ---- */

static fv_error *keep(fv_registry *registry, const fv_drift_window *window, char digest[FV_DIGEST_LETTERS]) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TEXT(text, FV_DRIFT_PROFILE_BYTES_MAX);
    fv_drift_profile profile;
    FV_TRY(fv_arena_new("a reference profile", FV_DRIFT_PROFILE_BYTES_MAX, &arena));
    FV_TRY(fv_drift_profile_make(window, arena, &profile));
    fv_drift_profile_print(&profile, &text);
    FV_TRY(fv_text_error(&text));
    return fv_object_put(registry, text.at, text.length, digest);
}

static fv_error *open_model(fv_registry *registry, const fv_register_profile *o, fv_predictor **out) {
    fv_predictor_options how = { .device = o->device, .features = true, .no_selftest = true };
    char *path;
    FV_TRY(fv_object_path(registry, o->model, &path));
    fv_error *error = fv_predictor_open(path, &how, out);
    fv_string_free(path);
    return error;
}

fv_error *fv_register_profile_make(fv_registry *registry, const fv_register_profile *o, char digest[FV_DIGEST_LETTERS],
                                   int64_t *n) {
    FV_OWNED(fv_recipe) recipe = NULL; /* its texts are used as long as the data set */
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_drift_window) window = NULL;
    FV_TRY(open_model(registry, o, &predictor));
    FV_TRY(open_pictures(registry, o, fv_predictor_input(predictor).channels, &recipe, &set, &subset));
    FV_TRY(fv_drift_window_of_predictions(&window));
    FV_TRY(fv_drift_observe_data(predictor, subset, window, NULL));
    if (!window->n) return fv_fail(FV_FORMAT, "no picture of %s can be read", fv_dataset_path(set));
    *n = window->n;
    return keep(registry, window, digest);
}
