/* retrain_train.c - the training of a job, as a run of the registry; what it made as a version; and the version's reference. */
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "experiments/drift_observe.h"
#include "experiments/drift_reference.h"
#include "experiments/register.h"
#include "experiments/retrain_job.h"
#include "fovea/track.h"

#define RENEW_SECONDS 15
#define RUN "run"

/* ---- the training ---- */

/* The lease is renewed by what the training does, so that one which hangs loses it. */
static void keep(fv_retrain *r) {
    double now = fv_clock_seconds();
    int asked = r->options.cancel ? __atomic_load_n(r->options.cancel, __ATOMIC_RELAXED) : 0;
    if (!asked && !r->lost && now - r->renewed > RENEW_SECONDS) {
        r->renewed = now;
        r->lost = fv_retrain_note(r, "train");
    }
    if (asked || r->lost) __atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
}

static void on_progress(void *context, const fv_progress *progress) {
    fv_retrain *r = context;
    keep(r);
    if (r->options.progress) r->options.progress(r->options.context, progress);
}

static void on_message(void *context, const char *line) { fv_retrain_say(context, "%s", line); }

static fv_error *set_path(fv_retrain *r, fv_recipe *recipe, const char *key, const char *name) {
    const char *path;
    FV_TRY(fv_retrain_path(r, name, &path));
    return fv_recipe_set(recipe, key, path);
}

static fv_error *make_recipe(fv_retrain *r, fv_recipe **out) {
    char *weights;
    FV_TRY(fv_recipe_new(out));
    if (r->policy.recipe) FV_TRY(fv_recipe_read(*out, r->policy.recipe));
    FV_TRY(set_path(r, *out, "data", FV_RETRAIN_TRAINED));
    FV_TRY(fv_recipe_set(*out, "source", "list"));
    FV_TRY(fv_recipe_set(*out, "source_options", "path=path label=label target=class"));
    if (r->policy.start == FV_RETRAIN_FROM_SCRATCH) return NULL;
    FV_TRY(fv_object_path(r->registry, r->champion.rows[0].digest, &weights));
    fv_error *error = fv_recipe_set(*out, "weights", weights);
    fv_string_free(weights);
    return error ? error : fv_recipe_set(*out, "keep_classes", "true");
}

/* There is a checkpoint from the first step on; before it nothing is lost. */
static fv_error *has_begun(fv_retrain *r, bool *begun) {
    static const char *const files[] = { RUN "/last.fovea", RUN "/previous.fovea" };
    const char *path;
    *begun = false;
    for (int i = 0; i < 2; i++) {
        FV_TRY(fv_retrain_path(r, files[i], &path));
        *begun |= fv_file_kind_of(path) == FV_FILE_PLAIN;
    }
    return NULL;
}

fv_error *fv_retrain_train(fv_retrain *r) {
    FV_OWNED(fv_recipe) recipe = NULL;
    const char *path, *name;
    bool begun;
    FV_TRY(fv_retrain_note(r, "train"));
    FV_TRY(has_begun(r, &begun));
    FV_TRY(fv_retrain_path(r, RUN, &path));
    if (!begun) {
        FV_TRY(make_recipe(r, &recipe));
    } else {
        const char *kept;
        FV_TRY(fv_retrain_path(r, RUN "/recipe.yaml", &kept));
        FV_TRY(fv_recipe_new(&recipe));
        FV_TRY(fv_recipe_read(recipe, kept));
        fv_retrain_say(r, "the training goes on at its checkpoint");
    }
    FV_TRY(fv_arena_format(r->arena, &name, "%s %.8s", r->policy.model, r->job.id));
    fv_train_options how = { .out = path,
                             .resume = begun,
                             .seconds = begun ? 0 : r->policy.budget_hours * 3600,
                             .checkpoint_every = 600,
                             .workers = r->options.workers,
                             .device = r->options.device,
                             .context = r,
                             .message = on_message,
                             .progress = on_progress,
                             .cancel = &r->stop };
    fv_track track = {
        .workspace = fv_registry_folder(r->registry), .experiment = "retrain", .name = name, .kind = FV_RUN_RETRAIN
    };
    fv_train_result result;
    fv_error *error = fv_train_tracked(recipe, &how, &track, &result);
    if (error && r->lost) fv_error_free(error), error = fv_take(&r->lost);
    return error;
}

/* ---- the version ---- */

/* What it was made from stays with it: the labels that came back, and the list of all that it was trained on. */
static fv_error *keep_files(fv_retrain *r, const char *digest) {
    static const char *const names[] = { FV_RETRAIN_LABELS, FV_RETRAIN_TRAINED };
    fv_version_file files[FV_COUNT(names)];
    char digests[FV_COUNT(names)][FV_DIGEST_LETTERS];
    fv_version_added added;
    for (int i = 0; i < FV_COUNT(names); i++) {
        const char *path;
        FV_TRY(fv_retrain_path(r, names[i], &path));
        FV_TRY(fv_object_put_file(r->registry, path, digests[i]));
        files[i] = (fv_version_file){ .path = names[i], .digest = digests[i] };
    }
    fv_lineage_edge edge = { .from_kind = "job", .from = r->job.id, .relation = "made", .to_kind = "version" };
    fv_version_options options = { .model = r->policy.model,
                                   .digest = digest,
                                   .files = files,
                                   .file_count = FV_COUNT(names),
                                   .edges = &edge,
                                   .edge_count = 1 };
    return fv_version_add(r->registry, &options, &added);
}

/* The digest of the data set that a version's own training had; NULL: it is not known. */
static fv_error *trained_on(fv_retrain *r, int64_t version, const char **out) {
    const char *reference;
    fv_lineage lineage;
    fv_error *error = NULL;
    *out = NULL;
    FV_TRY(fv_arena_format(r->arena, &reference, "%s/%lld", r->policy.model, (long long)version));
    FV_TRY(fv_lineage_walk(r->registry, "version", reference, false, &lineage));
    for (int64_t i = 0; i < lineage.count && !*out && !error; i++) {
        const fv_lineage_edge *made = &lineage.at[i];
        if (made->depth > 1 || strcmp(made->from_kind, "run") != 0) continue;
        for (int64_t k = 0; k < lineage.count && !*out && !error; k++) {
            const fv_lineage_edge *e = &lineage.at[k];
            bool of_it = !strcmp(e->relation, "trained") && !strcmp(e->to_kind, "run") && !strcmp(e->to, made->from);
            if (of_it) error = fv_arena_text(r->arena, e->from, out);
        }
    }
    fv_lineage_release(&lineage);
    return error;
}

/* What it was trained on is a version of the data set that the parent was trained on: that, and what came back. */
static fv_error *tie_data(fv_retrain *r, int64_t challenger) {
    const char *old, *new;
    FV_TRY(trained_on(r, r->plan.champion, &old));
    FV_TRY(trained_on(r, challenger, &new));
    if (!old || !new || !strcmp(old, new)) return NULL;
    fv_lineage_edge edge = { .from_kind = "dataset", .from = old, .relation = "extended", .to_kind = "dataset", .to = new };
    return fv_lineage_add(r->registry, &edge);
}

fv_error *fv_retrain_register(fv_retrain *r, int64_t *challenger) {
    const char *folder, *parent;
    fv_registered done;
    FV_TRY(fv_retrain_note(r, "register"));
    FV_TRY(fv_retrain_path(r, RUN, &folder));
    FV_TRY(fv_arena_format(r->arena, &parent, "%s/%lld", r->policy.model, (long long)r->plan.champion));
    fv_register_options options = {
        .model = r->policy.model,
        .what = folder,
        .parent = parent,
        .device = r->options.device,
        .no_profile = true /* of what the training held out, half of it the world as it was: the next step makes one */
    };
    FV_TRY(fv_register_model(r->registry, &options, &done));
    FV_TRY(keep_files(r, done.digest));
    *challenger = done.version.number;
    FV_TRY(tie_data(r, *challenger));
    if (!done.version.existed) fv_retrain_say(r, "version %s/%lld", r->policy.model, (long long)*challenger);
    return NULL;
}

/* ---- its reference ---- */

static fv_error *observe(fv_retrain *r, fv_predictor *predictor, const fv_observed_data *data, fv_drift_window *window) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_error) unlabelled = NULL;
    (void)r;
    FV_TRY(fv_drift_open_data(data, fv_predictor_input(predictor).channels, &set, &subset, &unlabelled));
    return fv_drift_observe_data(predictor, subset, window, NULL);
}

/* The newest labels are what it will see; where they are few, together with what is held out. */
static fv_error *make_profile(fv_retrain *r, fv_drift_subject *subject) {
    FV_OWNED(fv_drift_window) window = NULL;
    const fv_retrain_policy *p = &r->policy;
    fv_drift_profile profile;
    const char *where;
    fv_observed_data newest = { .source = "list", .source_options = "path=path label=label target=class", .part = "all" };
    fv_observed_data held_out = { p->held_out ? p->held_out : p->data, NULL, p->source, p->source_options };
    FV_TRY(fv_retrain_path(r, "reference.csv", &newest.path));
    FV_TRY(fv_drift_window_of_predictions(&window));
    if (r->plan.reference) FV_TRY(observe(r, subject->predictor, &newest, window));
    if (window->n < p->drift.least) FV_TRY(observe(r, subject->predictor, &held_out, window));
    if (!window->n) return fv_fail(FV_FORMAT, "no picture of %s can be read", held_out.path);
    FV_TRY(fv_drift_profile_make(window, r->arena, &profile));
    return fv_drift_profile_keep(&profile, subject, NULL, r->arena, &where);
}

fv_error *fv_retrain_profile(fv_retrain *r, int64_t challenger) {
    const char *reference;
    fv_drift_subject subject;
    FV_TRY(fv_retrain_note(r, "profile"));
    FV_TRY(fv_arena_format(r->arena, &reference, "%s/%lld", r->policy.model, (long long)challenger));
    FV_TRY(fv_drift_subject_open(reference, fv_registry_folder(r->registry), r->options.device, r->arena, &subject));
    bool has = fv_version_file_find(&subject.version.rows[0], FV_DRIFT_PROFILE_FILE) != NULL;
    fv_error *error = has ? NULL : make_profile(r, &subject);
    fv_drift_subject_release(&subject);
    return error;
}
