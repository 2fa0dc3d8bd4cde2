/* tuning_phases.c - which blocks learn in which epoch, the steps of the phases, and what a training from weights begins with.
 */
#include <string.h>

#include "core/base/size.h"
#include "train/target.h"

/* ---- phases ---- */

int64_t fv_tuning_first(const fv_trainer *t, int64_t epoch) {
    const fv_recipe_keys *k = t->keys;
    int64_t head = t->tuning.blocks.count - 1, frozen = k->freeze < 0 ? head : fv_min(k->freeze, head);
    if (epoch < k->head_epochs) return head;
    if (!k->unfreeze_every) return frozen;
    return fv_max(frozen, head - 1 - (epoch - k->head_epochs) / k->unfreeze_every);
}

int64_t fv_tuning_begin(const fv_trainer *t, int64_t epoch) {
    int64_t first = fv_tuning_first(t, epoch);
    while (epoch > 0 && fv_tuning_first(t, epoch - 1) == first) epoch--;
    return epoch;
}

static bool ends_in(const char *name, const char *kind) {
    size_t length = strlen(name), letters = strlen(kind);
    return length > letters && !strcmp(name + length - letters, kind);
}

/* Slots of the optimizer: all but averages, slow weights, starting points and masks of rows. */
static void zero_slots(const fv_trainer *t) {
    static const char *const kept[] = { ".ema", ".slow", ".start", ".learns" };
    fv_weights *weights = fv_model_weights(t->model);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const char *name;
        fv_role role;
        fv_tensor *tensor = fv_weights_at(weights, i, &name, &role);
        bool zeroed = role == FV_SLOT;
        for (int k = 0; k < 4; k++) zeroed &= !ends_in(name, kept[k]);
        if (zeroed) memset(tensor->data, 0, (size_t)fv_type_bytes(&tensor->type));
    }
}

fv_error *fv_trainer_enter_phase(fv_trainer *t) {
    int64_t epoch = t->state.epoch, first = fv_tuning_first(t, epoch);
    const fv_blocks *blocks = &t->tuning.blocks;
    if (!t->keys->weights) return NULL;
    if (first != t->tuning.first) {
        FV_TRY(fv_trainer_plan_phase(t));
        fv_trainer_say(t, "epoch %lld: %lld of %lld blocks learn, from %s on", (long long)epoch + 1,
                       (long long)(blocks->count - first), (long long)blocks->count, blocks->names[first]);
    }
    if (epoch && !t->state.position && fv_tuning_begin(t, epoch) == epoch) zero_slots(t);
    return NULL;
}

/* ---- the beginning ---- */

static fv_tensor *find(const fv_weights *weights, const char *name, const char *kind, fv_text *full) {
    fv_text_clear(full);
    fv_text_addf(full, "%s%s", name, kind);
    return full->error ? NULL : fv_weights_find(weights, full->at);
}

static void copy(fv_tensor *to, const fv_tensor *from) { memcpy(to->data, from->data, (size_t)fv_type_bytes(&to->type)); }

/* Averages begin as what they are of, so that frozen weights have one; the pull is towards the weights as they are now. */
static void fill_slots(const fv_trainer *t) {
    FV_TEXT(name, 4096);
    const fv_weights *weights = fv_model_weights(t->model);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const char *of;
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(weights, i, &of, &role);
        if (role == FV_SLOT) continue;
        fv_tensor *ema = find(weights, of, ".ema", &name), *start = find(weights, of, ".start", &name);
        if (ema) copy(ema, tensor);
        if (start) copy(start, tensor);
    }
}

/* Rows of the head whose classes have pictures to train on. */
static fv_error *open_rows(const fv_trainer *t) {
    FV_TEXT(name, 4096);
    int64_t *counts;
    FV_TRY(fv_arena_take(t->arena, fv_trainer_outputs(t), &counts));
    fv_count_classes(t->train, counts);
    for (int64_t i = 0; i < t->tuning.blocks.parameter_count; i++) {
        fv_tensor *learns = find(fv_model_weights(t->model), t->tuning.blocks.parameters[i], ".learns", &name);
        for (int64_t c = 0; learns && c < learns->type.dims[0]; c++) fv_tensor_store(learns, c, counts[c] > 0);
    }
    return fv_text_error(&name);
}

static int64_t find_class(const fv_trainer *t, const char *name) {
    for (int64_t c = 0; c < fv_dataset_class_count(t->set); c++)
        if (!strcmp(fv_dataset_class_name(t->set, c), name)) return c;
    return -1;
}

/* Rows of classes that the weights know by name. Only where the head is one layer, whose rows are classes. */
static fv_error *keep_head(const fv_trainer *t) {
    const fv_tuning *tuning = &t->tuning;
    int64_t kept = 0;
    for (int64_t i = 0; i < tuning->blocks.parameter_count; i++) {
        if (tuning->blocks.block_of[i] != tuning->blocks.count - 1) continue;
        const char *name = tuning->blocks.parameters[i];
        fv_tensor *to = fv_weights_find(fv_model_weights(t->model), name);
        const fv_tensor *from = fv_weights_find(fv_model_weights(tuning->parent), name);
        if (!from || from->type.dims[0] != tuning->known.names.count || to->type.dims[0] != fv_trainer_outputs(t) ||
            fv_type_count(&from->type) / from->type.dims[0] != fv_type_count(&to->type) / to->type.dims[0])
            return fv_fail(FV_UNSUPPORTED, "the rows of %s are no classes: its head cannot be kept", name);
        size_t row = (size_t)(fv_type_bytes(&to->type) / to->type.dims[0]);
        for (int64_t old = kept = 0; old < tuning->known.names.count; old++) {
            int64_t c = find_class(t, tuning->known.names.at[old]);
            if (c < 0) continue;
            memcpy((char *)to->data + (size_t)c * row, (const char *)from->data + (size_t)old * row, row);
            kept++;
        }
    }
    if (!kept)
        return fv_error_hint(fv_fail(FV_USAGE, "head=kept, but the weights know no class of these data by name"),
                             "head=probe fits a new one");
    fv_trainer_say(t, "head: %lld of %lld classes from the weights' own rows", (long long)kept,
                   (long long)fv_dataset_class_count(t->set));
    return NULL;
}

/* The parameters of a head that is one dense layer, "NAME.weight" and "NAME.bias" or none. */
static fv_error *probe_head(const fv_trainer *t) {
    const fv_blocks *blocks = &t->tuning.blocks;
    fv_tensor *parts[2] = { NULL, NULL };
    int count = 0;
    for (int64_t i = 0; i < blocks->parameter_count; i++) {
        if (blocks->block_of[i] != blocks->count - 1) continue;
        if (count < 2) parts[count] = fv_weights_find(fv_model_weights(t->model), blocks->parameters[i]);
        count++;
    }
    fv_features features = { 0 };
    fv_error *error = fv_trainer_features(t, t->train, "features", &features);
    if (!error && (count != 2 || parts[0]->type.rank != 2 || parts[0]->type.dims[1] != features.width ||
                   parts[0]->type.dims[0] != fv_trainer_outputs(t) || parts[1]->type.rank != 1))
        error = fv_error_hint(fv_fail(FV_UNSUPPORTED,
                                      "the head of %s is not one dense layer with a bias: it cannot be fitted "
                                      "as a linear probe",
                                      t->keys->arch),
                              "head=random learns it by steps");
    if (!error) error = fv_probe_fit(&features, fv_trainer_outputs(t), parts[0]->data, parts[1]->data);
    if (!error)
        fv_trainer_say(t, "head: a linear probe of %lld features, which tells %.2f %% of the training pictures",
                       (long long)features.width,
                       100 * fv_probe_score(&features, fv_trainer_outputs(t), parts[0]->data, parts[1]->data));
    fv_features_release(&features);
    return error;
}

fv_error *fv_trainer_begin_tuning(fv_trainer *t) {
    if (!t->tuning.parent) return NULL;
    if (t->keys->head == FV_HEAD_KEPT) FV_TRY(keep_head(t));
    if (t->keys->head == FV_HEAD_PROBE && t->options->task != FV_PROBE) FV_TRY(probe_head(t));
    fill_slots(t);
    FV_TRY(open_rows(t));
    fv_model_free(fv_take(&t->tuning.parent));
    fv_weights_changed(fv_model_weights(t->model));
    return NULL;
}
