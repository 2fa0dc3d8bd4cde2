/* target.c - what the pictures' targets are: of what kind, the same for all; how many there are of each class; of numbers the
 * mean and scale that are taken out of them before the network learns them. */
#include "train/target.h"

#include <math.h>
#include <string.h>

static const char *const says[] = { [FV_TARGET_NONE] = "no class",
                                    [FV_TARGET_CLASS] = "one class",
                                    [FV_TARGET_CLASSES] = "a list of classes",
                                    [FV_TARGET_SOFT] = "a probability a class",
                                    [FV_TARGET_NUMBER] = "a number",
                                    [FV_TARGET_BOXES] = "boxes",
                                    [FV_TARGET_MASK] = "a mask" };

/* ---- the kind ---- */

/* Of all samples of a set, the first two that differ being named otherwise. */
static fv_error *common_kind(const fv_dataset *set, fv_target_kind *out) {
    *out = fv_dataset_count(set) ? fv_dataset_target(set, 0)->kind : FV_TARGET_NONE;
    for (int64_t i = 1; i < fv_dataset_count(set); i++) {
        fv_target_kind kind = fv_dataset_target(set, i)->kind;
        if (kind == *out) continue;
        return fv_error_hint(fv_fail(FV_FORMAT, "%s: %s has %s, but %s has %s", fv_dataset_path(set), fv_dataset_id(set, 0),
                                     says[*out], fv_dataset_id(set, i), says[kind]),
                             "a training takes pictures with one kind of targets");
    }
    return NULL;
}

static fv_error *check_classes(const fv_trainer *t) {
    int64_t classes = fv_dataset_class_count(t->set);
    if (t->kind == FV_NUMBERS || classes >= (t->kind == FV_ONE_CLASS ? 2 : 1)) return NULL;
    if (t->kind == FV_MULTI_LABEL) return fv_fail(FV_FORMAT, "%s: no picture is of any class", t->keys->data);
    return fv_error_hint(fv_fail(FV_FORMAT, "%s has %lld class%s; telling classes apart takes two", t->keys->data,
                                 (long long)classes, classes == 1 ? "" : "es"),
                         "each class is a folder of its own below it");
}

fv_error *fv_trainer_find_kind(fv_trainer *t) {
    fv_target_kind kind;
    FV_TRY(common_kind(t->set, &kind));
    switch (kind) {
    case FV_TARGET_CLASS: t->kind = FV_ONE_CLASS; break;
    case FV_TARGET_CLASSES: t->kind = FV_MULTI_LABEL; break;
    case FV_TARGET_NUMBER: t->kind = FV_NUMBERS; break;
    default:
        return fv_fail(FV_UNSUPPORTED, "%s: %s has %s, and training takes one class, any number of classes, or a number",
                       t->keys->data, fv_dataset_id(t->set, 0), says[kind]);
    }
    return check_classes(t);
}

fv_error *fv_trainer_check_kind(const fv_trainer *t, const fv_dataset *other) {
    fv_target_kind kind, wanted = fv_dataset_target(t->set, 0)->kind;
    FV_TRY(common_kind(other, &kind));
    if (kind == wanted || !fv_dataset_count(other)) return NULL;
    return fv_fail(FV_FORMAT, "%s has %s a picture, but %s has %s", fv_dataset_path(other), says[kind], t->keys->data,
                   says[wanted]);
}

int64_t fv_trainer_outputs(const fv_trainer *t) { return t->kind == FV_NUMBERS ? 1 : fv_dataset_class_count(t->set); }

/* ---- figures of the targets ---- */

int64_t fv_count_classes(const fv_subset *subset, int64_t *counts) {
    const fv_dataset *set = fv_subset_dataset(subset);
    int64_t none = 0;
    fv_subset_class_counts(subset, counts);
    for (int64_t i = 0; i < fv_subset_count(subset); i++) {
        const fv_target *target = fv_dataset_target(set, fv_subset_at(subset, i));
        if (target->kind != FV_TARGET_CLASSES) continue;
        none += !target->classes.count;
        for (int64_t c = 0; c < target->classes.count; c++) counts[target->classes.at[c]]++;
    }
    return none;
}

fv_number_figures fv_measure_numbers(const fv_subset *subset) {
    fv_number_figures f = { .least = INFINITY, .most = -INFINITY };
    double count = (double)fv_subset_count(subset), squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < fv_subset_count(subset); i++) {
            double number = fv_dataset_target(fv_subset_dataset(subset), fv_subset_at(subset, i))->number;
            f.least = fmin(f.least, number);
            f.most = fmax(f.most, number);
            *(pass ? &squares : &f.mean) += pass ? (number - f.mean) * (number - f.mean) : number / count;
        }
    f.deviation = sqrt(squares / count);
    return f;
}

fv_error *fv_trainer_find_scaling(fv_trainer *t) {
    t->scaling = (fv_scaling){ 0, 1 };
    if (t->kind != FV_NUMBERS) return NULL;
    fv_number_figures f = fv_measure_numbers(t->train);
    if (f.least == f.most || !(f.deviation > 0) || !isfinite(f.deviation))
        return fv_fail(FV_FORMAT, "%s: the numbers to train on are from %g to %g: there is nothing to tell apart",
                       t->keys->data, f.least, f.most);
    t->scaling = (fv_scaling){ f.mean, f.deviation };
    return NULL;
}
