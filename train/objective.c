/* objective.c - what is lowered: the recipe's loss, completed by what the data decide: distributions for targets where pictures
 * are mixed, and weights that make classes of few pictures count as much as the others. */
#include <string.h>

#include "data/transform.h"
#include "train/trainer.h"

#define LOSS_BYTES_MAX (1 << 20)

static bool is_balanced(const fv_trainer *t) { return t->keys->class_weights && !strcmp(t->keys->class_weights, "balanced"); }

/* n / (K · count) for each class with pictures to train on, which are not known yet when the recipe is tried. */
static fv_error *balanced(const fv_trainer *t, fv_text *out) {
    int64_t classes = fv_dataset_class_count(t->set), *counts;
    double *weights;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("class weights", INT64_C(1) << 28, &arena));
    FV_TRY(fv_arena_take(arena, classes, &counts));
    FV_TRY(fv_arena_take(arena, classes, &weights));
    for (int64_t c = 0; c < classes; c++) counts[c] = 1;
    if (t->train) fv_subset_class_counts(t->train, counts);
    fv_balanced_weights(counts, classes, weights);
    for (int64_t c = 0; c < classes; c++) fv_text_addf(out, "%s%.9g", c ? "," : "", weights[c]);
    return NULL;
}

fv_error *fv_trainer_loss(fv_trainer *t) {
    FV_TEXT(text, LOSS_BYTES_MAX);
    fv_text_add(&text, t->keys->loss);
    if (t->keys->class_weights) fv_text_add(&text, " class_weights=");
    if (is_balanced(t))
        FV_TRY(balanced(t, &text));
    else if (t->keys->class_weights)
        fv_text_add(&text, t->keys->class_weights);
    if (fv_transforms_mix(t->transforms, FV_TRAINING) && !strstr(t->keys->loss, "soft_targets"))
        fv_text_add(&text, " soft_targets=true");
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(t->arena, text.at, &t->loss);
}
