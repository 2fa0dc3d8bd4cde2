/* data.c - what a training reads: the data set, the part of it that is validated on, the transforms, the loader. */
#include <math.h>
#include <sodium.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "train/goals.h"
#include "train/target.h"
#include "train/trainer.h"

#define SCAN_MAX 100000 /* pictures of a set that is looked through before the first step */

static fv_dataset_options options_of(const fv_trainer *t) {
    const fv_recipe_keys *k = t->keys;
    return (fv_dataset_options){ .source = k->source,
                                 .source_options = k->source_options,
                                 .channels = k->channels,
                                 .strict = k->strict,
                                 .allow_dropped = k->allow_dropped };
}

typedef struct scan {
    const fv_trainer *trainer;
    double started;
} scan;

static bool report_scan(void *context, int64_t done, int64_t count) {
    const scan *s = context;
    const fv_train_options *options = s->trainer->options;
    double seconds = fv_clock_seconds() - s->started;
    fv_progress progress = { .what = "scan", .done = done, .count = count, .loss = NAN };
    if (seconds > 0 && done) {
        progress.pictures_per_second = (double)done / seconds;
        progress.seconds_left = seconds / (double)done * (double)(count - done);
    }
    if (options->progress) options->progress(options->context, &progress);
    return !fv_trainer_cancelled(s->trainer);
}

/* What cannot be used is known before the first step; sets larger than SCAN_MAX find out while they train. Being stopped
 * meanwhile is found by the loop, which ends in a checkpoint. */
static fv_error *look_through(const fv_trainer *t, fv_dataset *set) {
    if (!set || fv_dataset_count(set) > SCAN_MAX) return NULL;
    fv_error *error = fv_dataset_scan(set, t->workers, report_scan, &(scan){ t, fv_clock_seconds() });
    if (!error || fv_error_code(error) != FV_CANCELLED) return error;
    fv_error_free(error);
    return NULL;
}

/* A folder of further pictures, to validate or to test on, is read with the classes of the training's. */
static fv_error *open_folder(const fv_trainer *t, const char *path, fv_dataset **out) {
    if (!path) return NULL;
    fv_dataset_options options = options_of(t);
    options.channels = fv_dataset_channels(t->set);
    FV_TRY(fv_dataset_open(path, &options, out));
    FV_TRY(fv_trainer_check_kind(t, *out));
    if (t->kind == FV_NUMBERS) return NULL;
    return fv_dataset_impose_classes(*out, fv_dataset_class_names(t->set), fv_dataset_class_count(t->set));
}

/* Of the validation folder its own val or test part, if it has parts. */
static fv_error *choose_val_part(fv_trainer *t) {
    const char *part = fv_dataset_has_part(t->val_set, "val") ? "val" : fv_dataset_has_part(t->val_set, "test") ? "test" : NULL;
    t->val_from = "folder";
    return fv_subset_part(t->val_set, part, &t->val);
}

static fv_error *split_off(fv_trainer *t, const char *part) {
    FV_OWNED(fv_subset) all = NULL;
    const fv_recipe_keys *k = t->keys;
    FV_TRY(fv_subset_part(t->set, part, &all));
    fv_split_options options = { .fraction = k->val_fraction, .seed = k->seed, .group_by = k->group_by };
    if (k->folds) {
        FV_TRY(fv_arena_format(t->arena, &t->val_from, "fold %lld of %lld", (long long)k->fold, (long long)k->folds));
        return fv_subset_fold(all, &options, k->folds, k->fold, &t->train, &t->val);
    }
    t->val_from = "split";
    return fv_subset_split(all, &options, &t->train, &t->val);
}

/* Which samples are trained on and which are validated on. */
static fv_error *choose_parts(fv_trainer *t) {
    const char *part = fv_dataset_has_part(t->set, "train") ? "train" : NULL;
    if (!part && fv_dataset_part_count(t->set))
        return fv_error_hint(
            fv_fail(FV_NOT_FOUND, "%s has a part %s, but no part train", t->keys->data, fv_dataset_part_name(t->set, 0)),
            "train on a folder that holds the class folders, or a folder train of them");
    if (t->val_set && t->keys->folds)
        return fv_fail(FV_USAGE, "the recipe says a folder of pictures to validate on (val), and folds");
    if (t->keys->folds) return split_off(t, part);
    if (t->val_set) {
        FV_TRY(choose_val_part(t));
        return fv_subset_part(t->set, part, &t->train);
    }
    const char *val = !part                                 ? NULL
                      : fv_dataset_has_part(t->set, "val")  ? "val"
                      : fv_dataset_has_part(t->set, "test") ? "test"
                                                            : NULL;
    if (!val) return split_off(t, part);
    t->val_from = !strcmp(val, "val") ? "part val" : "part test";
    FV_TRY(fv_subset_part(t->set, part, &t->train));
    return fv_subset_part(t->set, val, &t->val);
}

/* What the report is about: the test folder's own test part or all of it, else the data's part test where that is not validated
 * on. There may be none. */
static fv_error *choose_test(fv_trainer *t) {
    t->test_from = t->test_set ? "folder" : "part test";
    if (t->test_set) return fv_subset_part(t->test_set, fv_dataset_has_part(t->test_set, "test") ? "test" : NULL, &t->test);
    bool free = fv_dataset_has_part(t->set, "test") && strcmp(t->val_from, "part test") != 0;
    return free ? fv_subset_part(t->set, "test", &t->test) : NULL;
}

/* What a class number does not say. */
static void hash_target(crypto_generichash_state *hash, const fv_target *target) {
    if (target->kind == FV_TARGET_NUMBER)
        crypto_generichash_update(hash, (const unsigned char *)&target->number, sizeof target->number);
    if (target->kind == FV_TARGET_CLASSES) {
        crypto_generichash_update(hash, (const unsigned char *)&target->classes.count, sizeof target->classes.count);
        crypto_generichash_update(hash, (const unsigned char *)target->classes.at,
                                  (size_t)target->classes.count * sizeof *target->classes.at);
    }
}

static void hash_samples(crypto_generichash_state *hash, const fv_dataset *set) {
    for (int64_t i = 0; set && i < fv_dataset_count(set); i++) {
        const char *id = fv_dataset_id(set, i);
        int64_t label = fv_dataset_class(set, i);
        crypto_generichash_update(hash, (const unsigned char *)id, strlen(id) + 1);
        crypto_generichash_update(hash, (const unsigned char *)&label, sizeof label);
        hash_target(hash, fv_dataset_target(set, i));
        const char *group = fv_dataset_group(set, i);
        if (group) crypto_generichash_update(hash, (const unsigned char *)group, strlen(group) + 1);
        double weight = fv_dataset_weight(set, i);
        if (fv_dataset_is_weighted(set)) crypto_generichash_update(hash, (const unsigned char *)&weight, sizeof weight);
    }
}

/* So that a training is resumed on the samples it was begun with: others would give another split, order and result. Groups and
 * weights, where there are any, decide too. */
static fv_error *identify(fv_trainer *t) {
    crypto_generichash_state hash;
    unsigned char bytes[32];
    char *text;
    FV_TRY(fv_arena_take(t->arena, 2 * (int64_t)sizeof bytes + 1, &text));
    crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    hash_samples(&hash, t->set);
    hash_samples(&hash, t->val_set);
    crypto_generichash_final(&hash, bytes, sizeof bytes);
    t->data_hash = sodium_bin2hex(text, 2 * sizeof bytes + 1, bytes, sizeof bytes);
    return NULL;
}

fv_error *fv_trainer_open_data(fv_trainer *t) {
    fv_dataset_options options = options_of(t);
    FV_TRY(fv_dataset_open(t->keys->data, &options, &t->set));
    FV_TRY(fv_trainer_order_classes(t));
    FV_TRY(fv_trainer_find_kind(t));
    FV_TRY(fv_trainer_choose_by_size(t));
    FV_TRY(fv_trainer_choose_objective(t));
    FV_TRY(fv_selection_parse(t->keys->select, t->kind, fv_dataset_class_count(t->set), &t->selection));
    FV_TRY(fv_goals_parse(t->keys->targets, t->kind, fv_dataset_class_count(t->set), t->arena, &(fv_goals){ 0 }));
    FV_TRY(open_folder(t, t->keys->val, &t->val_set));
    FV_TRY(open_folder(t, t->keys->test, &t->test_set));
    FV_TRY(identify(t));
    FV_TRY(fv_trainer_try_network(t));
    FV_TRY(look_through(t, t->set));
    FV_TRY(look_through(t, t->val_set));
    FV_TRY(look_through(t, t->test_set));
    FV_TRY(choose_parts(t));
    FV_TRY(choose_test(t));
    FV_TRY(fv_trainer_find_scaling(t));
    if (!fv_subset_count(t->val))
        return fv_error_hint(fv_fail(FV_FORMAT, "%s has too few pictures to split some off for validation", t->keys->data),
                             "name a folder of others: --val DIR");
    return NULL;
}

fv_loader_options fv_trainer_loader_options(const fv_trainer *t) {
    return (fv_loader_options){ .mode = FV_TRAINING,
                                .batch = fv_trainer_batch(t),
                                .seed = t->keys->seed,
                                .workers = t->workers,
                                .reduced = t->keys->decoding == FV_DECODING_REDUCED,
                                .sampling = (fv_sampling)t->keys->sampling,
                                .number_mean = t->scaling.mean,
                                .number_scale = t->scaling.scale,
                                .size = t->input,
                                .ranks = fv_comm_size(t->options->comm),
                                .rank = fv_comm_rank(t->options->comm),
                                .shards = t->keys->shards,
                                .cancel = fv_trainer_is_alone(t) ? t->options->cancel : NULL }; /* ranks stop together */
}

fv_error *fv_trainer_open_loader(fv_trainer *t) {
    fv_loader_options options = fv_trainer_loader_options(t);
    options.cache = t->options->cache;
    options.cache_folder = t->options->cache_folder;
    return fv_loader_new(t->train, t->transforms, &options, &t->loader);
}
