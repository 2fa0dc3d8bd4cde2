/* Filters made from the pictures: the patches that they are made from come out uncorrelated, each with variance 1. */
#include <math.h>

#include "fovea/train.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"
#define N 4 /* patches of 2×2×1 */

/* Second moments of what the first N filters give on all patches of the shapes, as the model's transforms prepare them. */
static void moments_of_answers(const fv_model *model, double out[N][N]) {
    const fv_tensor *weight = fv_weights_find(fv_model_weights(model), "whiten.weight");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OK(fv_transforms_parse("resize size=16; normalize mean=0.5 std=0.25", &transforms));
    FV_OK(fv_dataset_open(SHAPES, &(fv_dataset_options){ .channels = 1 }, &set));
    int64_t patches = 0;
    fv_image image = { 0 };
    for (int64_t s = 0; s < fv_dataset_count(set); s++) {
        FV_OK(fv_dataset_read(set, s, &image));
        FV_OK(fv_transforms_apply(transforms, FV_EVALUATION, NULL, &image));
        const float *x = image.pixels;
        for (int64_t at = 0; at < 15 * 16; at++) {
            if (at % 16 == 15) continue;
            double patch[N] = { x[at], x[at + 1], x[at + 16], x[at + 17] }, y[N] = { 0 };
            for (int i = 0; i < N * N; i++) y[i / N] += fv_tensor_load(weight, i) * patch[i % N];
            for (int i = 0; i < N * N; i++) out[i / N][i % N] += y[i / N] * y[i % N];
            patches++;
        }
    }
    for (int i = 0; i < N * N; i++) out[i / N][i % N] /= (double)patches;
    fv_image_release(&image);
}

FV_TEST(train_whitening__makes_the_patches_of_the_pictures_uncorrelated) {
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_OWNED(fv_model) model = NULL;
    const char *out = fv_test_folder();
    const char *const keys[][2] = { { "data", SHAPES },  { "val", SHAPES },
                                    { "channels", "1" }, { "arch", "speedrun width=4" },
                                    { "epochs", "1" },   { "transforms", "resize size=16; normalize mean=0.5 std=0.25" },
                                    { "size", "16,16" }, { "groups", "whiten.weight lr_scale=0" } };
    FV_OK(fv_recipe_new(&recipe));
    for (int i = 0; i < 8; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = out }, NULL));
    FV_OK(fv_model_load(fv_test_path(out, "best.fovea"), &model));
    const fv_tensor *weight = fv_weights_find(fv_model_weights(model), "whiten.weight");
    assert_int_equal(weight->type.dims[0], 2 * N);
    for (int i = 0; i < N * N; i++) assert_true(fv_tensor_load(weight, N * N + i) == -fv_tensor_load(weight, i));
    double moments[N][N] = { 0 };
    moments_of_answers(model, moments);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) assert_float_equal(moments[i][j], i == j, i == j ? 0.05 : 1e-4); /* ε takes a little */
    }
}
