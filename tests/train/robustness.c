/* Damage done to pictures is the same whoever does it, and it is done to the picture, not to the normalised input. */
#include <math.h>

#include "fovea/train.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"
#define KINDS 8

static void measure(const char *model, int64_t batch, int64_t workers, fv_robustness *rows) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    FV_OK(fv_predictor_open(model, NULL, &predictor));
    FV_OK(fv_dataset_open(SHAPES, &(fv_dataset_options){ .channels = 1 }, &set));
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_evaluate_corruptions(predictor, all, &(fv_evaluate_options){ .batch = batch, .workers = workers }, rows));
}

static const fv_robustness *row_of(const fv_robustness *rows, const char *name) {
    for (int i = 0; i < KINDS; i++)
        if (!strcmp(rows[i].corruption, name)) return &rows[i];
    fail_msg("there is no %s", name);
    return NULL;
}

/* Not under ThreadSanitizer: evaluates as train_loop does. */
FV_TEST(train_robustness__is_the_same_in_any_batch_and_falls_with_the_damage) {
    FV_OWNED(fv_recipe) recipe = NULL;
    const char *out = fv_test_folder();
    const char *const keys[][2] = { { "data", FOVEA_SOURCE "/examples/shapes" },
                                    { "arch", "lenet" },
                                    { "channels", "1" },
                                    { "epochs", "4" },
                                    { "batch", "16" },
                                    { "seed", "1" } };
    FV_OK(fv_recipe_new(&recipe));
    for (int i = 0; i < 6; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = out }, NULL));
    fv_robustness one[KINDS], other[KINDS];
    assert_int_equal(fv_corruption_count(), KINDS);
    measure(fv_test_path(out, "best.fovea"), 7, 0, one);
    measure(fv_test_path(out, "best.fovea"), 64, 2, other);
    for (int i = 0; i < KINDS; i++)
        for (int s = 0; s < FV_STRENGTHS; s++) assert_true(one[i].score[s] == other[i].score[s]);
    static const char *const falls[] = { "noise", "occlusion", "darker" };
    for (int i = 0; i < 3; i++) assert_true(row_of(one, falls[i])->score[4] < row_of(one, falls[i])->score[0]);
}
