/* Training on several labels and on numbers, from end to end, with pictures that this test draws: bars and a block are labels,
 * the width of a bar is a number. */
#include "train/target.h"

#include <math.h>
#include <stdio.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/data/pictures.h"

#define SIDE 16
#define COUNT 64

/* ---- pictures ---- */

static void fill(uint8_t *pixels, int y0, int x0, int y1, int x1) {
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) pixels[y * SIDE + x] = 220;
}

static void draw(const char *folder, int i, const uint8_t *pixels) {
    char name[32], file[64 + SIDE * SIDE];
    snprintf(name, sizeof name, "%02d.pgm", i);
    int head = snprintf(file, sizeof file, "P5 %d %d 255\n", SIDE, SIDE);
    memcpy(file + head, pixels, SIDE * SIDE);
    FV_OK(fv_file_write(fv_test_path(folder, name), file, head + SIDE * SIDE, NULL));
}

static void background(uint8_t *pixels, int i) {
    for (int p = 0; p < SIDE * SIDE; p++) pixels[p] = (uint8_t)((unsigned)(p * 31 + i * 17) % 40);
}

/* Bit 0: a bar at the top; bit 1: a bar at the left; bit 2: a block. Every eighth picture has none. */
static const char *labelled(void) {
    const char *folder = fv_test_folder();
    FV_TEXT(list, 1 << 16);
    fv_text_add(&list, "path,labels\n");
    for (int i = 0; i < COUNT; i++) {
        static const char *const labels[] = { "",      "top",       "left",       "top|left",
                                              "block", "top|block", "left|block", "top|left|block" };
        uint8_t pixels[SIDE * SIDE];
        background(pixels, i);
        if (i & 1) fill(pixels, 0, 0, 3, SIDE);
        if (i & 2) fill(pixels, 0, 0, SIDE, 3);
        if (i & 4) fill(pixels, 8, 8, 13, 13);
        draw(folder, i, pixels);
        fv_text_addf(&list, "%02d.pgm,%s\n", i, labels[i % 8]);
    }
    fv_test_text(list.at, folder, "list.csv");
    return folder;
}

/* The number is 1000 and twice the width of a bar in the middle. */
static const char *numbered(void) {
    const char *folder = fv_test_folder();
    FV_TEXT(list, 1 << 16);
    fv_text_add(&list, "path,size\n");
    for (int i = 0; i < COUNT; i++) {
        uint8_t pixels[SIDE * SIDE];
        background(pixels, i);
        fill(pixels, 4, 0, 12, i % SIDE);
        draw(folder, i, pixels);
        fv_text_addf(&list, "%02d.pgm,%d\n", i, 1000 + 2 * (i % SIDE));
    }
    fv_test_text(list.at, folder, "list.csv");
    return folder;
}

static const char *run_of(const char *folder, const char *name) { return fv_test_path(folder, name); }

static fv_recipe *recipe_of(const char *folder, const char *options, const char *epochs) {
    fv_recipe *recipe = NULL;
    FV_OK(fv_recipe_new(&recipe));
    const char *const keys[][2] = { { "data", fv_test_path(folder, "list.csv") },
                                    { "source_options", options },
                                    { "arch", "small_cnn width=8 dropout=0" },
                                    { "size", "16" },
                                    { "channels", "1" },
                                    { "transforms", "normalize mean=0.5 std=0.5" },
                                    { "epochs", epochs },
                                    { "batch", "16" },
                                    { "seed", "3" } };
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    return recipe;
}

/* ---- training ---- */

/* Stops in the midst of the second epoch. */
static void stop_later(void *context, const fv_progress *progress) {
    if (!strcmp(progress->what, "train") && progress->epoch == 2 && progress->done == 2) *(int *)context = 1;
}

static void assert_resumes_to_the_same_bits(const fv_recipe *recipe, const char *folder) {
    int cancel = 0;
    fv_train_options options = {
        .out = run_of(folder, "stopped"), .context = &cancel, .progress = stop_later, .cancel = &cancel
    };
    FV_FAILS(fv_train(recipe, &options, NULL), FV_CANCELLED, "stopped in epoch 2");
    cancel = 0;
    options.resume = true;
    options.progress = NULL;
    FV_OK(fv_train(recipe, &options, NULL));
    char whole[512], stopped[512];
    static const char *const files[] = { "best.fovea", "last.fovea" };
    for (int i = 0; i < 2; i++) {
        snprintf(whole, sizeof whole, "%s/whole/%s", folder, files[i]);
        snprintf(stopped, sizeof stopped, "%s/stopped/%s", folder, files[i]);
        fv_test_same_file(whole, stopped);
    }
}

static fv_predictor *open_best(const char *folder) {
    fv_predictor *predictor = NULL;
    FV_OK(fv_predictor_open(fv_test_path(folder, "whole/best.fovea"), NULL, &predictor));
    return predictor;
}

static char *results_of(const char *folder) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(folder, "whole/results.csv"), 1 << 20, &bytes, &length));
    return (char *)bytes;
}

static fv_error *keep(void *context, const fv_prediction *p) {
    fv_prediction *kept = context;
    assert_null(p->error);
    *kept = *p;
    for (int64_t k = 1; k < p->count; k++) assert_true(p->scores[k - 1] >= p->scores[k]);
    for (int64_t k = 0; k < p->count; k++) assert_int_equal(k < p->answers, p->scores[k] >= 0.5);
    return NULL;
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_targets__several_labels_are_learnt_resumed_and_predicted) {
    const char *folder = labelled();
    FV_OWNED(fv_recipe) recipe = recipe_of(folder, "separator=|", "25");
    fv_train_result result;
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = run_of(folder, "whole") }, &result));
    assert_true(result.best.val_score > 0.99);
    assert_true(isnan(result.best.train_score));
    assert_resumes_to_the_same_bits(recipe, folder);
    char *results = results_of(folder);
    assert_non_null(strstr(results, "epoch,learning_rate,train_loss,val_loss,val_average_precision,seconds\n"));
    fv_memory_free(results);
    FV_OWNED(fv_predictor) predictor = open_best(folder);
    assert_int_equal(fv_predictor_kind(predictor), FV_MULTI_LABEL);
    static const int expected[] = { 0, 1, 1, 2, 1, 2, 2, 3 };
    for (int i = 0; i < 8; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%02d.pgm", folder, i);
        fv_prediction p;
        FV_OK(fv_predict_files(predictor, &(const char *){ path }, 1, 0, keep, &p));
        assert_int_equal(p.answers, expected[i]);
    }
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_targets__numbers_are_learnt_in_their_own_units) {
    const char *folder = numbered();
    FV_OWNED(fv_recipe) recipe = recipe_of(folder, "target=number", "40");
    fv_train_result result;
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = run_of(folder, "whole") }, &result));
    assert_true(result.best.val_score > 0.9);
    assert_resumes_to_the_same_bits(recipe, folder);
    FV_OWNED(fv_predictor) predictor = open_best(folder);
    assert_int_equal(fv_predictor_kind(predictor), FV_NUMBERS);
    assert_int_equal(fv_predictor_class_count(predictor), 0);
    char path[512];
    snprintf(path, sizeof path, "%s/08.pgm", folder);
    fv_prediction p;
    FV_OK(fv_predict_files(predictor, &(const char *){ path }, 1, 0, keep, &p));
    assert_true(fabs(p.number - 1016) < 6);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    fv_evaluation e;
    FV_OK(fv_dataset_open(fv_test_path(folder, "list.csv"),
                          &(fv_dataset_options){ .source_options = "target=number", .channels = 1 }, &set));
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_evaluate(predictor, all, NULL, &e));
    double rmse;
    FV_OK(fv_metric_measure("rmse", &e.outcomes, &rmse));
    double scale = fv_predictor_scaling(predictor).scale;
    assert_true(fabs(e.loss - rmse * rmse / (scale * scale)) < 1e-9);
    assert_string_equal(e.metric, "r2");
    fv_evaluation_release(&e);
}

/* ---- what a recipe leaves open, for numbers ---- */

/* Discs of radius 2 to 7 somewhere in the picture; the number is the radius in `unit`s, from `origin` on. */
static const char *discs(double unit, double origin) {
    const char *folder = fv_test_folder();
    FV_TEXT(list, 1 << 16);
    fv_text_add(&list, "path,radius\n");
    for (int i = 0; i < 4 * COUNT; i++) {
        uint8_t pixels[SIDE * SIDE];
        double radius = 2 + 5 * ((i * 37) % 101) / 100.0, y = 7 + (i * 13) % 3, x = 7 + (i * 29) % 3;
        background(pixels, i);
        for (int p = 0; p < SIDE * SIDE; p++)
            if (hypot(p / SIDE - y, p % SIDE - x) <= radius) pixels[p] = (uint8_t)(pixels[p] + 180);
        draw(folder, i, pixels);
        fv_text_addf(&list, "%02d.pgm,%.9g\n", i, origin + unit * radius);
    }
    fv_test_text(list.at, folder, "list.csv");
    return folder;
}

/* Loss, optimizer, rate and transforms are the program's own. */
static double score_of(const char *folder, const char *arch) {
    FV_OWNED(fv_recipe) recipe = NULL;
    fv_train_result result;
    FV_OK(fv_recipe_new(&recipe));
    const char *const keys[][2] = { { "data", fv_test_path(folder, "list.csv") },
                                    { "source_options", "target=number" },
                                    { "arch", arch },
                                    { "size", "16" },
                                    { "channels", "1" },
                                    { "batch", "16" },
                                    { "epochs", "8" } };
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = run_of(fv_test_folder(), "run") }, &result));
    return result.best.val_score;
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_targets__numbers_of_any_unit_are_learnt_by_a_recipe_that_leaves_all_open) {
    static const double units[][2] = { { 100, 0 }, { 1e-3, 0 }, { 1, -1e4 } };
    static const char *const archs[] = { "small_cnn width=8", "resnet18_cifar width=8" };
    for (int i = 0; i < 3; i++) {
        assert_true(score_of(discs(units[i][0], units[i][1]), archs[i % 2]) > 0.9);
    }
}

/* ---- what is refused, and what is tried beforehand ---- */

FV_TEST(train_targets__a_batch_of_labels_or_numbers_is_learnt_by_heart) {
    const char *folder = labelled();
    FV_OWNED(fv_recipe) labels = recipe_of(folder, "separator=|", "2");
    FV_OK(fv_recipe_set(labels, "class_weights", "balanced"));
    FV_OK(fv_train(labels, &(fv_train_options){ .task = FV_OVERFIT_BATCH }, NULL));
    folder = numbered();
    FV_OWNED(fv_recipe) numbers = recipe_of(folder, "target=number", "2");
    FV_OK(fv_train(numbers, &(fv_train_options){ .task = FV_OVERFIT_BATCH }, NULL));
    FV_OK(fv_recipe_set(numbers, "transforms", "mixup; normalize mean=0.5 std=0.5"));
    FV_OK(fv_recipe_set(numbers, "loss", "l1"));
    FV_OK(fv_train(numbers, &(fv_train_options){ .task = FV_TRY_ALL }, NULL));
}

static void refused(fv_recipe *recipe, const char *key, const char *value, fv_code code, const char *why) {
    FV_OK(fv_recipe_set(recipe, key, value));
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .task = FV_TRY_ALL }, NULL), code, why);
}

FV_TEST(train_targets__what_does_not_suit_the_targets_is_refused) {
    const char *folder = labelled();
    FV_OWNED(fv_recipe) labels = recipe_of(folder, "separator=|", "2");
    refused(labels, "loss", "mse", FV_USAGE, "loss mse does not suit any number of classes");
    refused(labels, "loss", "cross_entropy", FV_USAGE, "cross_entropy does not suit");
    FV_OK(fv_recipe_set(labels, "loss", "sigmoid_focal"));
    refused(labels, "class_weights", "balanced", FV_USAGE, "loss sigmoid_focal takes no class_weights");
    FV_OK(fv_recipe_set(labels, "loss", "binary_cross_entropy"));
    refused(labels, "sampling", "balanced", FV_USAGE, "sampling=balanced");
    folder = numbered();
    FV_OWNED(fv_recipe) numbers = recipe_of(folder, "target=number", "2");
    refused(numbers, "class_weights", "1,2", FV_USAGE, "a number a picture");
    FV_OK(fv_recipe_set(numbers, "class_weights", ""));
    refused(numbers, "loss", "binary_cross_entropy", FV_USAGE, "does not suit a number");
    FV_OK(fv_recipe_set(numbers, "loss", "mse"));
    fv_test_text("path,size\n00.pgm,5\n01.pgm,5\n02.pgm,5\n03.pgm,5\n", folder, "list.csv");
    FV_OWNED(fv_recipe) equal = recipe_of(folder, "target=number", "2");
    refused(equal, "epochs", "1", FV_FORMAT, "nothing to tell apart");
    fv_test_text("{\"path\": \"00.pgm\", \"labels\": []}\n{\"path\": \"01.pgm\", \"labels\": [\"circle\"]}\n", folder,
                 "list.jsonl");
    FV_OWNED(fv_recipe) mixed = recipe_of(folder, "", "2");
    FV_OK(fv_recipe_set(mixed, "data", fv_test_path(folder, "list.jsonl")));
    refused(mixed, "val", FOVEA_SOURCE "/examples/shapes/test", FV_FORMAT, "has one class a picture, but");
}
