/* objective.c - what is lowered: the recipe's loss, or what suits the kind of the targets; completed by what the data decide:
 * distributions for targets where pictures are mixed, and weights that make classes of few pictures count as much as the
 * others, or of labels that few pictures have the yes as much as the no. */
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

static fv_error *refuse_loss(const fv_trainer *t, const fv_loss *loss) {
    FV_TEXT(names, 4096);
    for (int i = 0; i < fv_loss_table_count; i++)
        if (fv_loss_table[i]->suits & suits[t->kind])
            fv_text_addf(&names, "%s%s", names.length ? ", " : "", fv_loss_table[i]->name);
    return fv_error_hint(fv_fail(FV_USAGE, "loss %s does not suit %s, which the data have", loss->name, kind_names[t->kind]),
                         "these do: %s", names.at);
}

/* Keys that only one class a picture gives a meaning, and weights that the loss cannot have. */
static fv_error *check_keys(const fv_trainer *t, const fv_loss *loss) {
    const fv_recipe_keys *k = t->keys;
    const char *have = kind_names[t->kind];
    if (k->sampling == FV_SAMPLING_BALANCED)
        return fv_fail(FV_USAGE, "sampling=balanced draws classes alike, but the data have %s", have);
    if (k->reject_below > 0) return fv_fail(FV_USAGE, "reject_below abstains from the one class, but the data have %s", have);
    if (!k->class_weights) return NULL;
    if (t->kind == FV_NUMBERS) return fv_fail(FV_USAGE, "class_weights weigh classes, but the data have %s", have);
    if (!fv_fields_find(loss->fields, "pos_weight"))
        return fv_error_hint(
            fv_fail(FV_USAGE, "class_weights of several labels are for the loss binary_cross_entropy, not %s", loss->name),
            "leave out class_weights, or the loss");
    return NULL;
}

fv_error *fv_trainer_choose_loss(fv_trainer *t) {
    static const char *const defaults[] = { "cross_entropy", "binary_cross_entropy", "mse" };
    const fv_loss *loss;
    void *options;
    if (!t->keys->loss) t->recipe->keys.loss = defaults[t->kind];
    FV_TRY(fv_loss_parse(t->keys->loss, t->arena, &loss, &options));
    if (!(loss->suits & suits[t->kind])) return refuse_loss(t, loss);
    return t->kind == FV_ONE_CLASS ? NULL : check_keys(t, loss);
}

/* ---- what the data add to it ---- */

static bool is_balanced(const fv_trainer *t) { return t->keys->class_weights && !strcmp(t->keys->class_weights, "balanced"); }

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

fv_error *fv_trainer_loss(fv_trainer *t) {
    FV_TEXT(text, LOSS_BYTES_MAX);
    fv_text_add(&text, t->keys->loss);
    if (t->keys->class_weights) fv_text_add(&text, t->kind == FV_MULTI_LABEL ? " pos_weight=" : " class_weights=");
    if (is_balanced(t))
        FV_TRY(balanced(t, &text));
    else if (t->keys->class_weights)
        fv_text_add(&text, t->keys->class_weights);
    bool by_class = t->kind == FV_ONE_CLASS;
    if (by_class && fv_transforms_mix(t->transforms, FV_TRAINING) && !strstr(t->keys->loss, "soft_targets"))
        fv_text_add(&text, " soft_targets=true");
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(t->arena, text.at, &t->loss);
}
