/* tuning_defaults.c - keys of a recipe with weights that nobody gave, by how many pictures there are of a class: what is right
 * for thousands overfits ten. Each is said with its reason, and kept in the run's recipe.yaml like any other.
 *
 * Freezing the more the fewer they are follows Yosinski et al. (arXiv 1411.1792); a head fitted first, so that its random
 * gradients do not spoil the features, Kumar et al. (arXiv 2202.10054); rates that fall with depth Howard and Ruder (arXiv
 * 1801.06146); the pull to where the weights began Li et al. (arXiv 1802.01483). */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "train/trainer.h"

enum { FEW, SOME, MANY, PLENTY, SIZES };
static const int64_t below[SIZES] = { 20, 300, 3000, INT64_MAX }; /* pictures a class */
static const char *const size_names[SIZES] = { "few", "some", "many", "plenty" };

typedef struct choice {
    const char *key;
    const char *values[SIZES]; /* NULL: as where there are no weights */
    const char *reason;
} choice;

static const choice choices[] = {
    { "epochs", { "30", "20", "15", "10" }, "an epoch of few pictures is few steps" },
    { "batch", { "16", "32", "32", "64" }, "an epoch of few pictures has steps enough in small batches" },
    { "optimizer",
      { "adamw weight_decay=0.02", "adamw weight_decay=0.02", "adamw weight_decay=0.02",
        "sgd momentum=0.9 nesterov=true weight_decay=1e-4" },
      "good weights need less decay; behind norms that are frozen, gradients have any size, and AdamW's steps have not" },
    { "learning_rate", { "5e-4", "5e-4", "5e-4", "0.02" }, "a tenth or less of what random weights are trained with" },
    { "head", { "probe", "probe", "probe", NULL }, "a random head would first spoil the features that it is fitted on" },
    { "head_epochs", { NULL, NULL, NULL, "1" }, "the head is learnt before the features that it reads are changed" },
    { "freeze", { "-1", "half", NULL, NULL }, "early blocks are general, and few pictures would only make them worse" },
    { "layer_decay", { NULL, "0.8", "0.85", "0.9" }, "the nearer to the input, the more general: changed less" },
    { "norms", { "frozen", "frozen", "frozen", NULL }, "statistics of small batches are worse than those that came along" },
    { "norm_pictures", { NULL, NULL, NULL, "1000" }, "running statistics may follow more slowly than the weights learn" },
    { "l2_sp", { NULL, "0.001", NULL, NULL }, "few pictures are no reason to leave the weights far behind" },
    { "ema_decay", { NULL, "0.9", "0.98", "0.99" }, "the mean of the last steps' weights is better than the last" },
};

static fv_error *choose(fv_trainer *t, const choice *c, const char *value, fv_text *text) {
    const fv_field *field = fv_fields_find(fv_recipe_fields, c->key);
    fv_text_clear(text);
    if (!strcmp(value, "half"))
        fv_text_addf(text, "%lld", (long long)t->tuning.blocks.count / 2);
    else if (field->type == FV_FIELD_TEXT)
        fv_text_addf(text, "\"%s\"", value);
    else
        fv_text_add(text, value);
    FV_TRY(fv_text_error(text));
    FV_TRY(fv_field_set(field, &t->recipe->keys, text->at, t->arena));
    fv_trainer_say(t, "  %s: %s - %s", c->key, text->at, c->reason);
    return NULL;
}

/* What is left of old classes hangs on features that stay as they are. */
static fv_error *keep_features(fv_trainer *t) {
    if (!t->keys->keep_classes || fv_recipe_gives(t->recipe, "freeze")) return NULL;
    t->recipe->keys.freeze = -1;
    fv_trainer_say(t, "  freeze: -1 - classes that have no pictures here are told by features that must stay");
    return NULL;
}

/* Classes that are all known keep their rows, whatever their number. */
static fv_error *choose_head(fv_trainer *t) {
    const fv_strings *known = &t->tuning.known.names;
    int64_t classes = fv_dataset_class_count(t->set), found = 0;
    for (int64_t c = 0; c < classes; c++)
        for (int64_t i = 0; i < known->count; i++) found += !strcmp(known->at[i], fv_dataset_class_name(t->set, c));
    bool wanted = t->keys->keep_classes || (classes && found == classes);
    if (fv_recipe_gives(t->recipe, "head") || !wanted) return NULL;
    t->recipe->keys.head = FV_HEAD_KEPT;
    fv_trainer_say(t, "  head: kept - the weights know %s", found == classes ? "these classes" : "classes that are to stay");
    return NULL;
}

static int size_of(int64_t pictures) {
    int size = FEW;
    while (pictures >= below[size]) size++;
    return size;
}

fv_error *fv_trainer_choose_by_size(fv_trainer *t) {
    if (!t->tuning.parent) return NULL;
    FV_TRY(fv_trainer_find_blocks(t));
    FV_TEXT(text, 4096);
    int64_t classes = fv_max(fv_dataset_class_count(t->set) - (t->keys->old_classes.count ? t->keys->old_classes.count : 0), 1);
    int64_t pictures = fv_dataset_count(t->set) / classes;
    int size = size_of(pictures);
    fv_trainer_say(t, "defaults for about %lld pictures a class (%s):", (long long)pictures, size_names[size]);
    FV_TRY(choose_head(t));
    FV_TRY(keep_features(t));
    for (int i = 0; i < FV_COUNT(choices); i++) {
        const choice *c = &choices[i];
        bool keeps = t->keys->keep_classes;
        bool is_head = !strcmp(c->key, "head"), settled = t->keys->head == FV_HEAD_KEPT || t->kind != FV_ONE_CLASS;
        if (c->values[size] && !(is_head && settled) && !(keeps && !strcmp(c->key, "freeze")) &&
            !fv_recipe_gives(t->recipe, c->key))
            FV_TRY(choose(t, c, c->values[size], &text));
    }
    return NULL;
}
