/* Pictures mixed by mixup and CutMix, for every kind of target and every loss that suits it: what the loss is made of, and what
 * is refused. */
#include <math.h>

#include "core/formats/model_file.h"
#include "fovea/train.h"
#include "predict/sections.h"
#include "tests/data/pictures.h"

#define SHAPES " root=" FOVEA_SOURCE "/examples/shapes/test"

/* A column of targets, and the options that have a list read so. */
typedef struct kind {
    const char *targets[4], *options; /* of the four shapes, in turn */
    int mixers;
} kind;
static const kind one_class = { { "round", "angular", "round", "angular" }, SHAPES, 2 },
                  labels = { { "", "angular", "round|hollow", "angular" }, "target=classes separator=|" SHAPES, 2 },
                  numbers = { { "0", "100", "200", "300" }, "target=number" SHAPES, 1 }; /* by the first mixer alone */
static const char *const mixers[] = { "mixup; normalize", "cutmix; normalize" };

/* Eight pictures of each shape. */
static const char *list_of(const kind *k) {
    static const char *const shapes[] = { "circle", "cross", "ring", "square" };
    const char *folder = fv_test_folder();
    FV_TEXT(list, 1 << 14);
    fv_text_add(&list, "path,target\n");
    for (int i = 0; i < 32; i++) fv_text_addf(&list, "%s/%03d.png,%s\n", shapes[i % 4], i / 4, k->targets[i % 4]);
    fv_test_text(list.at, folder, "list.csv");
    return fv_test_path(folder, "list.csv");
}

static fv_recipe *recipe_of(const kind *k, const char *loss, const char *weights, const char *steps) {
    fv_recipe *recipe = NULL;
    FV_OK(fv_recipe_new(&recipe));
    const char *const keys[][2] = { { "data", list_of(k) }, { "source_options", k->options },
                                    { "arch", "lenet" },    { "channels", "1" },
                                    { "epochs", "1" },      { "batch", "16" },
                                    { "lr", "1e-3" },       { "class_weights", weights ? weights : "" },
                                    { "loss", loss },       { "transforms", steps } };
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    return recipe;
}

/* It is trained by, and what was lowered is `lowered`. */
static void trains(const kind *k, const char *loss, const char *weights, const char *lowered) {
    for (int i = 0; i < k->mixers; i++) {
        FV_OWNED(fv_recipe) recipe = recipe_of(k, loss, weights, mixers[i]);
        FV_OWNED(fv_model) model = NULL;
        FV_OWNED(fv_arena) arena = NULL;
        fv_objective_section objective;
        fv_train_result result;
        const char *out = fv_test_path(fv_test_folder(), "run");
        FV_OK(fv_train(recipe, &(fv_train_options){ .out = out }, &result));
        assert_true(isfinite(result.best.train_loss) && isfinite(result.best.val_loss));
        FV_OK(fv_model_load(fv_test_path(out, "best.fovea"), &model));
        FV_OK(fv_arena_new("test", 1 << 20, &arena));
        FV_OK(fv_section_read(model, &fv_section_objective, &objective, arena));
        assert_string_equal(objective.loss, lowered);
    }
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_mixing__of_one_class_a_loss_of_class_numbers_takes_shares) {
    trains(&one_class, "cross_entropy label_smoothing=0.1", NULL, "cross_entropy label_smoothing=0.1 soft_targets=true");
    trains(&one_class, "cross_entropy soft_targets=true", NULL, "cross_entropy soft_targets=true");
    trains(&one_class, "cross_entropy", "1,2", "cross_entropy soft_targets=true class_weights=1,2");
    trains(&one_class, "focal gamma=1", NULL, "focal gamma=1 soft_targets=true");
    trains(&one_class, "focal", "1,2", "focal soft_targets=true alpha=1,2");
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_mixing__of_one_class_a_loss_of_numbers_takes_shares_as_it_is) {
    trains(&one_class, "binary_cross_entropy", NULL, "binary_cross_entropy");
    trains(&one_class, "sigmoid_focal", NULL, "sigmoid_focal");
    trains(&one_class, "mse", NULL, "mse");
    trains(&one_class, "l1", NULL, "l1");
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_mixing__several_labels_are_mixed_label_by_label) {
    trains(&labels, "binary_cross_entropy", NULL, "binary_cross_entropy");
    trains(&labels, "binary_cross_entropy", "1,2,3", "binary_cross_entropy pos_weight=1,2,3");
    trains(&labels, "sigmoid_focal", NULL, "sigmoid_focal");
}

FV_TEST(train_mixing__numbers_are_mixed_as_their_pictures_are_blended) {
    trains(&numbers, "mse", NULL, "mse");
    trains(&numbers, "l1", NULL, "l1");
}

static void refused(const kind *k, const char *loss, const char *weights, const char *steps, const char *why) {
    FV_OWNED(fv_recipe) recipe = recipe_of(k, loss, weights, steps);
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .task = FV_TRY_ALL }, NULL), FV_USAGE, why);
}

FV_TEST(train_mixing__what_has_no_meaning_is_refused_by_name) {
    for (int i = 0; i < 2; i++)
        refused(&numbers, (const char *[]){ "mse", "l1" }[i], NULL, mixers[1], "transform cutmix shows parts of two pictures");
    refused(&one_class, "cross_entropy soft_targets=false", NULL, mixers[0],
            "\"cross_entropy soft_targets=false\" takes one class a picture, but the transforms mix pictures");
    refused(&one_class, "binary_cross_entropy", "1,2", mixers[0], "loss binary_cross_entropy takes no class_weights where");
    refused(&one_class, "mse", "balanced", mixers[0],
            "loss mse takes no class_weights where the data have one class a picture");
    refused(&numbers, "mse", "1,2", mixers[0], "class_weights weigh classes");
}
