/* recipe.c - the recipe: a table of keys, read from YAML and set one by one, written whole. */
#include "train/recipe.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "data/transform.h"
#include "fovea/plan.h"

#define RECIPE_BYTES_MAX (1 << 20)

const fv_field fv_recipe_fields[] = {
    FV_FIELD(fv_recipe_keys, data, .value = "DIR",
             .help = "labelled pictures: a folder a class, a list, or files of IDX or CIFAR"),
    FV_FIELD(fv_recipe_keys, val, .value = "DIR",
             .help = "pictures to validate on; without it the data's own val or test part, or a part split off"),
    FV_FIELD(fv_recipe_keys, test, .value = "DIR",
             .help = "pictures for the report alone; without it the data's own test part, if that is not validated on"),
    FV_FIELD(fv_recipe_keys, weights, .value = "FILE",
             .help = "a model to start from: its network, transforms and size, for the classes of these data; keys below that "
                     "are not given are then chosen by the number of pictures"),
    FV_FIELD(fv_recipe_keys, val_fraction, .by_default = "0.2", .min = 0.001, .max = 0.999,
             .help = "share of each class that is split off for validation, by seed and sample id"),
    FV_FIELD(fv_recipe_keys, group_by, .value = "PATTERN",
             .help = "pictures are split off together whose paths give the same first (…) of this pattern; by default those of "
                     "one group in the data; none"),
    FV_FIELD(fv_recipe_keys, folds, .by_default = "0", .min = 0, .max = 1000,
             .help = "2 or more: validate on one of so many folds of what is trained on, whatever other parts there are"),
    FV_FIELD(fv_recipe_keys, fold, .by_default = "1", .min = 1, .max = 1000, .help = "which of the folds that is"),
    FV_FIELD(fv_recipe_keys, sampling, .by_default = "uniform", .names = "uniform,balanced,weighted",
             .help = "pictures of an epoch: each once; drawn, classes alike; drawn by the data's weights"),
    FV_FIELD(fv_recipe_keys, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(fv_recipe_keys, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(fv_recipe_keys, channels, .by_default = "0", .min = 0, .max = FV_CHANNELS_MAX,
             .help = "of the pictures: 1 grey, 3 colour, 4 with alpha, or as many as they have; 0: what the source says"),
    FV_FIELD(fv_recipe_keys, strict, .by_default = "false", .help = "fail on the first sample that cannot be used"),
    FV_FIELD(fv_recipe_keys, allow_dropped, .by_default = "false", .help = "go on when more than 1 % cannot be used"),
    FV_FIELD(fv_recipe_keys, arch, .value = "NAME", .help = "the network and its options (`fovea help arch`)"),
    FV_FIELD(fv_recipe_keys, size, .by_default = "0", .min = 0, .max = 65536,
             .help = "height and width of the network's input; 0: what the network is made for"),
    FV_FIELD(fv_recipe_keys, transforms, .value = "STEPS",
             .help =
                 "from a decoded picture to the input, divided by ';', in YAML also a list (`fovea help transform`); without "
                 "it chosen by size"),
    FV_FIELD(
        fv_recipe_keys, decoding, .by_default = "exact", .names = "exact,reduced",
        .help =
            "of the JPEG files trained on; reduced: at 1/2, 1/4 or 1/8 as far as the network's input is no larger, which is "
            "faster with large photographs, and other, softer pixels; validation is exact"),
    FV_FIELD(fv_recipe_keys, epochs, .by_default = "10", .flag = "e", .min = 1, .max = 1000000,
             .help = "passes over the pictures"),
    FV_FIELD(fv_recipe_keys, batch, .by_default = "64", .flag = "b", .min = 0, .max = 65536,
             .help = "pictures a step; 0: as many as half of the free memory holds, up to 256"),
    FV_FIELD(fv_recipe_keys, memory, .by_default = "normal", .names = "normal,low",
             .help = "low: a step keeps less of its forward pass and computes it again where the backward pass reads it: the "
                     "same bits in less memory and more time"),
    FV_FIELD(fv_recipe_keys, loss,
             .help = "what is lowered, and its options (`fovea help loss`); without it what suits the targets: cross_entropy, "
                     "of several labels binary_cross_entropy, of numbers mse"),
    FV_FIELD(fv_recipe_keys, class_weights, .value = "WEIGHTS",
             .help = "of the loss, which must have them: \"balanced\" makes each class count alike, n/(K·count), of several "
                     "labels yes and no alike, pos_weight; or one number a class"),
    FV_FIELD(fv_recipe_keys, optimizer,
             .help = "how, and its options (`fovea help optimizer`); without it what suits the targets: sgd momentum=0.9 "
                     "nesterov=true weight_decay=5e-4, of numbers adamw"),
    FV_FIELD(fv_recipe_keys, groups,
             .help = "parameters that learn otherwise: PATTERN lr_scale=… weight_decay_scale=…, divided by ';'"),
    FV_FIELD(fv_recipe_keys, learning_rate, .by_default = "0", .alias = "lr", .min = 0, .max = 1000,
             .help = "the largest rate; 0: what suits the optimizer"),
    FV_FIELD(fv_recipe_keys, schedule, .by_default = "cosine",
             .help = "rate over time, and its options (`fovea help schedule`)"),
    FV_FIELD(fv_recipe_keys, warmup_epochs, .by_default = "-1", .min = -1, .max = 1000000,
             .help = "first a ramp up to the rate; -1: half an epoch, or what the schedule has of its own"),
    FV_FIELD(fv_recipe_keys, rate_per_epoch, .by_default = "false", .help = "change the rate between epochs only"),
    FV_FIELD(fv_recipe_keys, decay_matrices_only, .by_default = "true",
             .help = "no weight decay on biases and on scales of norms"),
    FV_FIELD(fv_recipe_keys, clip_norm, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "largest norm of all gradients; 0: any"),
    FV_FIELD(fv_recipe_keys, clip_value, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "largest gradient element; 0: any"),
    FV_FIELD(fv_recipe_keys, ema_decay, .by_default = "0", .alias = "ema", .min = 0, .max = 1,
             .help = "keep a running average of the weights and validate it; 0: no"),
    FV_FIELD(fv_recipe_keys, accumulate, .by_default = "1", .min = 1, .max = 65536,
             .help = "batches whose gradients make one step: as if a batch had so many times the pictures"),
    FV_FIELD(fv_recipe_keys, lookahead, .value = "OPTIONS",
             .help = "every=K kept=D power=P: each K steps the weights become D·(t/T)^P of their slow copy and the rest of "
                     "their own; without it: no"),
    FV_FIELD(fv_recipe_keys, select, .value = "METRIC",
             .help = "what the best epoch is chosen by, and patience waits for: a metric (`fovea help metric`), macro_f1, "
                     "micro_f1 or loss; without it top1, of several labels the mean average precision, of numbers r2"),
    FV_FIELD(fv_recipe_keys, patience, .by_default = "0", .min = 0, .max = 1000000,
             .help = "stop when no epoch was better than the best one for so many; 0: never"),
    FV_FIELD(fv_recipe_keys, seed, .by_default = "0", .flag = "s", .min = 0, .max = 2147483647,
             .help = "of the split, the first weights, the order, and all that is random"),
    FV_FIELD(fv_recipe_keys, shards, .by_default = "8", .min = 1, .max = 256,
             .help = "parts of a batch whose sums are joined in a fixed order; changes bits, not speed"),
    FV_FIELD(fv_recipe_keys, precision, .by_default = "f32", .names = FV_PRECISIONS,
             .help = "what convolutions and linear layers of steps multiply; bf16: numbers rounded to bf16, sums in f32, "
                     "activations in memory as bf16, where the CPU is faster so; bf16_forced: also where it is slower"),
    FV_FIELD(fv_recipe_keys, reject_below, .by_default = "0", .min = 0, .max = 1,
             .help = "kept in the model: a prediction whose best score is lower abstains; 0: none does"),
    FV_FIELD(fv_recipe_keys, log_pictures, .by_default = "-1", .min = -1, .max = 1,
             .help = "kept in the model: the share of the pictures that a server keeps with its prediction log, so that labels "
                     "which come back are trained on; 1: all; -1: as the weights' model says, else none"),
    FV_FIELD(fv_recipe_keys, selftest_pictures, .by_default = "3", .min = 0, .max = 5,
             .help = "validation pictures that are kept in the model, whole, to check it by at every load; 0: none leaves"),
    FV_FIELD(fv_recipe_keys, targets, .value = "TARGETS",
             .help = "what the report says is met or not, \"top1>=0.95; latency_ms<=20; size_mb<=50\" (`fovea help metric`)"),
    FV_FIELD(fv_recipe_keys, licence, .value = "NAME",
             .help = "kept in the model: the licence of the pictures, as an SPDX name (\"CC-BY-4.0\") or in words"),
    FV_FIELD(fv_recipe_keys, head, .by_default = "random", .names = "random,probe,kept",
             .help = "with weights: the last layer begins random; fitted as a linear probe on features computed once; or with "
                     "the weights' rows of classes they know by name"),
    FV_FIELD(fv_recipe_keys, keep_classes, .by_default = "false",
             .help = "with weights: their classes stay, in their order, and these data's come behind; rows of classes without "
                     "pictures here do not change"),
    FV_FIELD(fv_recipe_keys, old_classes, .value = "NAMES",
             .help = "classes that come first, whether or not the data have them; keep_classes sets it"),
    FV_FIELD(fv_recipe_keys, head_epochs, .by_default = "0", .min = 0, .max = 1000000,
             .help = "with weights: so many epochs the last layer alone learns"),
    FV_FIELD(fv_recipe_keys, freeze, .by_default = "0", .min = -1, .max = 1000000,
             .help = "with weights: blocks, from the input on, that never learn, batch norms and all; -1: all but the last "
                     "layer"),
    FV_FIELD(fv_recipe_keys, unfreeze_every, .by_default = "0", .min = 0, .max = 1000000,
             .help = "with weights: after head_epochs one more block learns every so many epochs, from the last one down; 0: "
                     "all at once"),
    FV_FIELD(fv_recipe_keys, layer_decay, .by_default = "1", .min = 1e-6, .max = 1,
             .help = "with weights: factor of the learning rate from a block to the one before it"),
    FV_FIELD(fv_recipe_keys, l2_sp, .by_default = "0", .min = 0, .max = 1000,
             .help = "with weights: pull towards where they began, in place of the weight decay; 0: none"),
    FV_FIELD(fv_recipe_keys, norms, .by_default = "batch", .names = "batch,frozen",
             .help = "with weights: batch norms of blocks that learn go by the batch, or by the statistics that came along"),
    FV_FIELD(fv_recipe_keys, norm_pictures, .by_default = "0", .min = 0, .max = 100000000,
             .help = "before each validation the statistics of batch norms are taken anew, over so many training pictures; 0: "
                     "no"),
    FV_FIELDS_END
};

fv_error *fv_recipe_new(fv_recipe **out) {
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_TRY(fv_memory_new(1, &recipe));
    FV_TRY(fv_arena_new("a recipe", 16 * RECIPE_BYTES_MAX, &recipe->arena));
    FV_TRY(fv_fields_defaults(fv_recipe_fields, &recipe->keys, recipe->arena));
    *out = fv_take(&recipe);
    return NULL;
}

void fv_recipe_free(fv_recipe *recipe) {
    if (!recipe) return;
    fv_arena_free(recipe->arena);
    fv_memory_free(recipe);
}

/* The document with its key `transforms`, a list of steps, as the text that the key holds. */
static fv_error *transforms_as_text(fv_recipe *recipe, const char *path, const fv_yaml **document) {
    const fv_yaml *steps = fv_yaml_find(*document, "transforms");
    if (!steps || steps->kind != FV_YAML_LIST) return NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    char *text;
    fv_yaml *scalar, *map;
    const fv_yaml **items;
    FV_TRY(fv_transforms_from_yaml(steps, path, &transforms));
    FV_TRY(fv_arena_take(recipe->arena, 1, &scalar));
    FV_TRY(fv_arena_take(recipe->arena, 1, &map));
    FV_TRY(fv_arena_take(recipe->arena, (*document)->count, &items));
    FV_TRY(fv_transforms_to_text(transforms, &text));
    *scalar = (fv_yaml){ .kind = FV_YAML_SCALAR, .line = steps->line };
    fv_error *error = fv_arena_text(recipe->arena, text, &scalar->scalar);
    fv_string_free(text);
    FV_TRY(error);
    for (int64_t i = 0; i < (*document)->count; i++) items[i] = (*document)->items[i] == steps ? scalar : (*document)->items[i];
    *map = **document;
    map->items = items;
    *document = map;
    return NULL;
}

fv_error *fv_recipe_parse(fv_recipe *recipe, const uint8_t *bytes, int64_t length, const char *path) {
    const fv_yaml *document;
    FV_TRY(fv_yaml_parse((const char *)bytes, length, path, recipe->arena, &document));
    FV_TRY(transforms_as_text(recipe, path, &document));
    return fv_fields_from_yaml(fv_recipe_fields, &recipe->keys, document, path, recipe->given, recipe->arena);
}

fv_error *fv_recipe_read(fv_recipe *recipe, const char *path) {
    uint8_t *bytes;
    int64_t length;
    FV_TRY(fv_error_wrap(fv_file_read(path, RECIPE_BYTES_MAX, &bytes, &length), "cannot read the recipe"));
    fv_error *error = fv_recipe_parse(recipe, bytes, length, path);
    fv_memory_free(bytes);
    return error;
}

fv_error *fv_recipe_set(fv_recipe *recipe, const char *key, const char *value) {
    FV_TRY(fv_fields_set(fv_recipe_fields, &recipe->keys, key, value, recipe->arena));
    recipe->given[fv_fields_find(fv_recipe_fields, key) - fv_recipe_fields] = true;
    return NULL;
}

bool fv_recipe_gives(const fv_recipe *recipe, const char *key) {
    return recipe->given[fv_fields_find(fv_recipe_fields, key) - fv_recipe_fields];
}

fv_error *fv_recipe_override(fv_recipe *recipe, const fv_recipe_keys *from, const bool *given) {
    for (const fv_field *field = fv_recipe_fields; field->name; field++) {
        if (!given[field - fv_recipe_fields]) continue;
        FV_TEXT(value, RECIPE_BYTES_MAX);
        fv_field_print_value(field, from, &value);
        FV_TRY(fv_text_error(&value));
        FV_TRY(fv_recipe_set(recipe, field->name, value.at));
    }
    return NULL;
}

/* Keys that mean nothing without weights are not passed over. */
static fv_error *check_weights_keys(const fv_recipe *recipe) {
    static const char *const keys[] = { "head",           "keep_classes", "old_classes", "head_epochs", "freeze",
                                        "unfreeze_every", "layer_decay",  "l2_sp",       "norms" };
    FV_OWNED(fv_arena) arena = NULL; /* of the defaults: the recipe is others' too */
    fv_recipe_keys defaults = { 0 };
    if (recipe->keys.weights) return NULL;
    FV_TRY(fv_arena_new("a recipe's defaults", RECIPE_BYTES_MAX, &arena));
    FV_TRY(fv_fields_defaults(fv_recipe_fields, &defaults, arena));
    for (int i = 0; i < FV_COUNT(keys); i++)
        if (!fv_field_equal(fv_fields_find(fv_recipe_fields, keys[i]), &recipe->keys, &defaults))
            return fv_error_hint(fv_fail(FV_USAGE, "%s is given, but no weights to start from", keys[i]),
                                 "name a model: --weights FILE");
    return NULL;
}

fv_error *fv_recipe_check(const fv_recipe *recipe) {
    if (!recipe->keys.data)
        return fv_error_hint(fv_fail(FV_USAGE, "data is missing"), "name the folder of pictures: --data DIR");
    FV_TRY(check_weights_keys(recipe));
    if (!recipe->keys.arch)
        return fv_error_hint(fv_fail(FV_USAGE, "arch is missing"), "`fovea help arch` lists the networks: --arch NAME");
    return fv_fields_check(fv_recipe_fields, &recipe->keys, NULL);
}

fv_error *fv_recipe_to_yaml(const fv_recipe *recipe, char **out) {
    FV_TEXT(text, RECIPE_BYTES_MAX);
    fv_fields_to_yaml(fv_recipe_fields, &recipe->keys, 0, true, &text);
    return fv_text_string(&text, out);
}

const fv_section fv_section_recipe = {
    .name = "recipe", .version = 1, .summary = "how it was trained, without where the data were", .fields = fv_recipe_fields
};

/* Nor what touches no bit. */
static fv_recipe_keys without_places(const fv_recipe *recipe) {
    fv_recipe_keys keys = recipe->keys;
    keys.data = keys.val = keys.test = keys.targets = NULL;
    keys.weights = keys.licence = NULL; /* they have sections of their own */
    keys.memory = FV_MEMORY_NORMAL;
    return keys;
}

fv_error *fv_recipe_write_section(const fv_recipe *recipe, fv_model *model) {
    fv_recipe_keys keys = without_places(recipe);
    return fv_section_write(model, &fv_section_recipe, &keys);
}
