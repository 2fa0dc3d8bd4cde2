/* objective.c - what is lowered, and by which optimizer: the recipe's, or what suits the kind of the targets. What the data
 * decide completes the loss: distributions for targets where pictures are mixed, and weights that make classes of few pictures
 * count as much as the others, or of labels that few pictures have the yes as much as the no. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "data/transform.h"
#include "layers/loss.h"
#include "train/target.h"

#define LOSS_BYTES_MAX (1 << 20)
#define POSITIVE_WEIGHT_MAX 100 /* of a label that hardly any picture has: more lets single pictures rule */

/* ---- the loss ---- */

static const unsigned suits[] = { FV_FOR_CLASSES, FV_FOR_LABELS, FV_FOR_NUMBERS };
static const char *const kind_names[] = { "one class a picture", "any number of classes a picture", "a number a picture" };

/* The loss's option that the key class_weights sets for these targets, or NULL. */
static const char *weights_option(const fv_trainer *t, const fv_loss *loss) {
    if (t->kind == FV_ONE_CLASS) return loss->class_weights;
    return t->kind == FV_MULTI_LABEL ? loss->label_weights : NULL;
}

/* `error` with the losses as a hint that suit the targets; with `weighted` of them those that take weights. */
static fv_error *hint_losses(const fv_trainer *t, bool weighted, fv_error *error) {
    FV_TEXT(names, 4096);
    for (int i = 0; i < fv_loss_table_count; i++) {
        const fv_loss *loss = fv_loss_table[i];
        if ((loss->suits & suits[t->kind]) && (!weighted || weights_option(t, loss)))
            fv_text_addf(&names, "%s%s", names.length ? ", " : "", loss->name);
    }
    return fv_error_hint(error, "these do: %s", names.at);
}

static fv_error *check_weights(const fv_trainer *t, const fv_loss *loss) {
    const char *have = kind_names[t->kind];
    if (!t->keys->class_weights || weights_option(t, loss)) return NULL;
    if (t->kind == FV_NUMBERS) return fv_fail(FV_USAGE, "class_weights weigh classes, but the data have %s", have);
    return hint_losses(t, true, fv_fail(FV_USAGE, "loss %s takes no class_weights where the data have %s", loss->name, have));
}

/* Keys that only one class a picture gives a meaning. */
static fv_error *check_keys(const fv_trainer *t) {
    const char *have = kind_names[t->kind];
    if (t->kind == FV_ONE_CLASS) return NULL;
    if (t->keys->sampling == FV_SAMPLING_BALANCED)
        return fv_fail(FV_USAGE, "sampling=balanced draws classes alike, but the data have %s", have);
    if (t->keys->reject_below > 0)
        return fv_fail(FV_USAGE, "reject_below abstains from the one class, but the data have %s", have);
    return NULL;
}

/* The gradient of an error grows with it, and its curvature does not fade as a cross-entropy's does: plain descent by a rate
 * that suits a narrow network drives a wide one to infinity. Adam's steps have a size of their own. */
static const struct {
    const char *loss, *optimizer;
} defaults[] = { { "cross_entropy", "sgd momentum=0.9 nesterov=true weight_decay=5e-4" },
                 { "binary_cross_entropy", "sgd momentum=0.9 nesterov=true weight_decay=5e-4" },
                 { "mse", "adamw" } };

fv_error *fv_trainer_choose_objective(fv_trainer *t) {
    const fv_loss *loss;
    void *options;
    if (!t->keys->loss) t->recipe->keys.loss = defaults[t->kind].loss;
    if (!t->keys->optimizer) t->recipe->keys.optimizer = defaults[t->kind].optimizer;
    FV_TRY(fv_loss_parse(t->keys->loss, t->arena, &loss, &options));
    if (!(loss->suits & suits[t->kind]))
        return hint_losses(t, false,
                           fv_fail(FV_USAGE, "loss %s does not suit %s, which the data have", loss->name, kind_names[t->kind]));
    FV_TRY(check_keys(t));
    return check_weights(t, loss);
}

/* ---- what the data add to it ---- */

/* (n − positives) / positives of each label; 1 of one that no picture has. */
static void balance_labels(const fv_trainer *t, const int64_t *counts, int64_t classes, double *weights) {
    double pictures = t->train ? (double)fv_subset_count(t->train) : 2;
    for (int64_t c = 0; c < classes; c++) {
        double weight = counts[c] ? (pictures - (double)counts[c]) / (double)counts[c] : 1;
        weights[c] = fmin(fmax(weight, 1.0 / POSITIVE_WEIGHT_MAX), POSITIVE_WEIGHT_MAX);
    }
}

/* n / (K · count) for each class with pictures to train on, which are not known yet when the recipe is tried. */
static fv_error *balanced(const fv_trainer *t, fv_text *out) {
    int64_t classes = fv_dataset_class_count(t->set), *counts;
    double *weights;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("class weights", INT64_C(1) << 28, &arena));
    FV_TRY(fv_arena_take(arena, classes, &counts));
    FV_TRY(fv_arena_take(arena, classes, &weights));
    for (int64_t c = 0; c < classes; c++) counts[c] = 1;
    if (t->train) fv_count_classes(t->train, counts);
    if (t->kind == FV_MULTI_LABEL)
        balance_labels(t, counts, classes, weights);
    else
        fv_balanced_weights(counts, classes, weights);
    for (int64_t c = 0; c < classes; c++) fv_text_addf(out, "%s%.9g", c ? "," : "", weights[c]);
    return NULL;
}

/* A class number cannot say what a mixed picture shows: a share for each class can. */
static fv_error *add_soft_targets(const fv_trainer *t, const fv_loss *loss, const void *options, fv_text *out) {
    if (!loss->takes_classes(options) || !fv_transforms_mix(t->transforms, FV_TRAINING)) return NULL;
    if (loss->soft_targets && !strstr(t->keys->loss, loss->soft_targets))
        return fv_text_addf(out, " %s=true", loss->soft_targets), NULL;
    return fv_fail(FV_USAGE, "loss \"%s\" takes one class a picture, but the transforms mix pictures", t->keys->loss);
}

static fv_error *add_weights(const fv_trainer *t, const fv_loss *loss, fv_text *out) {
    const char *given = t->keys->class_weights, *option = weights_option(t, loss);
    if (!given) return NULL;
    fv_text_addf(out, " %s=", option);
    return strcmp(given, "balanced") ? (fv_text_add(out, given), NULL) : balanced(t, out);
}

fv_error *fv_trainer_loss(fv_trainer *t) {
    FV_TEXT(text, LOSS_BYTES_MAX);
    const fv_loss *loss;
    void *options;
    FV_TRY(fv_loss_parse(t->keys->loss, t->arena, &loss, &options));
    fv_text_add(&text, t->keys->loss);
    FV_TRY(add_soft_targets(t, loss, options, &text));
    int64_t weights_at = text.length;
    FV_TRY(add_weights(t, loss, &text));
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_arena_text(t->arena, text.at, &t->loss));
    t->loss_weights = t->keys->class_weights ? t->loss + weights_at + 1 : NULL;
    return NULL;
}
