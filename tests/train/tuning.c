/* Training from weights: blocks, what freezing takes out of a step, and what it leaves of the weights. */
#include <math.h>

#include "core/graph/node.h"
#include "fovea/layers.h"
#include "fovea/optim.h"
#include "fovea/train.h"
#include "tests/data/pictures.h"
#include "train/tuning.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

static fv_blocks blocks_of(const char *arch, fv_arena *arena, fv_graph **graph) {
    fv_blocks blocks;
    FV_OK(fv_graph_new(graph));
    fv_arch_build(*graph, arch, 2);
    FV_OK(fv_graph_error(*graph));
    FV_OK(fv_blocks_find(*graph, arena, &blocks));
    return blocks;
}

static void is_cut_into(const char *arch, const char *first, const char *last, int64_t count) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_graph) graph = NULL;
    FV_OK(fv_arena_new("blocks", 1 << 24, &arena));
    fv_blocks blocks = blocks_of(arch, arena, &graph);
    assert_int_equal(blocks.count, count);
    assert_string_equal(blocks.names[0], first);
    assert_string_equal(blocks.names[count - 2], last);
    assert_string_equal(blocks.names[count - 1], "head");
    assert_int_equal(fv_block_of(&blocks, "no.such"), -1);
}

FV_TEST(train_tuning__networks_are_cut_into_blocks_by_their_names) {
    is_cut_into("resnet18 width=4", "conv1", "layer4", 6); /* the stem with its norm, four layers, the head */
    is_cut_into("mobilenet_v2", "features.0", "features.18", 20);
    is_cut_into("small_cnn width=4", "stage1", "stage3", 4);
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_graph) graph = NULL;
    FV_OK(fv_arena_new("blocks", 1 << 24, &arena));
    fv_blocks blocks = blocks_of("resnet18 width=4", arena, &graph);
    assert_int_equal(fv_block_of(&blocks, "bn1.bias"), 0);
    assert_int_equal(fv_block_of(&blocks, "layer1.0.conv1.weight"), 1);
    assert_int_equal(fv_block_of(&blocks, "layer4.1.bn2.weight"), 4);
    assert_int_equal(fv_block_of(&blocks, "fc.bias"), 5);
}

static const fv_blocks *asked;
static fv_parameter_rule from_third(const void *context, const char *parameter) {
    (void)context;
    return (fv_parameter_rule){ .rate_scale = fv_block_of(asked, parameter) < 2 ? 0 : 1 };
}

/* Nodes whose name holds `part`. */
static int count_nodes(const fv_graph *graph, const char *part) {
    int count = 0;
    for (int32_t n = 0; n < graph->count; n++) count += strstr(graph->nodes[n]->name, part) != NULL;
    return count;
}

FV_TEST(train_tuning__the_backward_pass_ends_where_freezing_begins) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_graph) network = NULL;
    FV_OWNED(fv_graph) step = NULL;
    FV_OK(fv_arena_new("blocks", 1 << 24, &arena));
    fv_blocks blocks = blocks_of("small_cnn width=4 classes=3", arena, &network);
    FV_OK(fv_graph_new(&step));
    fv_arch_with_loss(step, "small_cnn width=4 classes=3", "cross_entropy", 2);
    FV_OK(fv_graph_error(step));
    FV_OK(fv_blocks_freeze(step, &blocks, 2, false));
    asked = &blocks;
    fv_training_step(step, fv_graph_find_output(step, "loss"),
                     &(fv_training_options){ .optimizer = "sgd momentum=0.9", .rule = from_third });
    FV_OK(fv_graph_error(step));
    FV_OK(fv_graph_check(step));
    assert_int_equal(count_nodes(step, "grad/stage1"), 0);
    assert_int_equal(count_nodes(step, "grad/stage2"), 0);
    assert_true(count_nodes(step, "grad/stage3") > 0);
    assert_int_equal(count_nodes(step, "stage2.bn1.frozen"), 1); /* by running statistics, */
    assert_int_equal(count_nodes(step, "stage3.bn1.frozen"), 0);
    assert_false(fv_is_value(fv_graph_find(step, "stage2.bn1.num_batches_tracked"))); /* which stay */
    assert_true(fv_is_value(fv_graph_find(step, "stage3.bn1.num_batches_tracked")));
    assert_false(fv_is_value(fv_graph_find(step, "stage2.conv1.weight.momentum")));
    assert_true(fv_is_value(fv_graph_find(step, "fc.weight.momentum")));
    assert_true(fv_is_value(fv_graph_find(step, "dropout"))); /* behind the features: the head's */
}

/* ---- whole trainings ---- */

static fv_recipe *recipe_with(const char *const (*keys)[2], int count) {
    fv_recipe *recipe = NULL;
    FV_OK(fv_recipe_new(&recipe));
    for (int i = 0; i < count; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    return recipe;
}

static const char *train_base(const char *folder) {
    const char *const keys[][2] = { { "data", SHAPES },  { "arch", "small_cnn width=4" },
                                    { "channels", "1" }, { "size", "28,28" },
                                    { "epochs", "1" },   { "batch", "32" } };
    FV_OWNED(fv_recipe) recipe = recipe_with(keys, 6);
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = fv_test_path(folder, "base") }, NULL));
    return fv_test_path(folder, "base/best.fovea");
}

static bool same_tensor(const fv_model *a, const fv_model *b, const char *name) {
    const fv_tensor *x = fv_weights_find(fv_model_weights(a), name), *y = fv_weights_find(fv_model_weights(b), name);
    assert_non_null(x);
    assert_non_null(y);
    return !memcmp(x->data, y->data, (size_t)fv_type_bytes(&x->type));
}

FV_TEST(train_tuning__frozen_blocks_keep_every_bit_norms_and_averages_included) {
    const char *folder = fv_test_folder(), *base = train_base(folder);
    const char *const keys[][2] = { { "data", SHAPES },   { "weights", base },    { "epochs", "2" },
                                    { "freeze", "2" },    { "ema_decay", "0.9" }, { "norms", "batch" },
                                    { "head", "random" }, { "l2_sp", "0.1" },     { "norm_pictures", "60" } };
    FV_OWNED(fv_recipe) recipe = recipe_with(keys, 9);
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = fv_test_path(folder, "run") }, NULL));
    FV_OWNED(fv_model) before = NULL;
    FV_OWNED(fv_model) after = NULL;
    FV_OK(fv_model_load(base, &before));
    FV_OK(fv_model_load(fv_test_path(folder, "run/best.fovea"), &after));
    static const char *const stay[] = { "stage1.conv1.weight",
                                        "stage2.conv2.weight",
                                        "stage2.bn2.running_var",
                                        "stage1.bn1.running_mean",
                                        "stage2.bn1.num_batches_tracked",
                                        "stage2.bn2.bias" };
    static const char *const learn[] = { "stage3.conv1.weight", "stage3.bn2.running_mean", "fc.weight" };
    for (int i = 0; i < 6; i++)
        if (!same_tensor(before, after, stay[i])) fail_msg("%s is another", stay[i]);
    for (int i = 0; i < 3; i++)
        if (same_tensor(before, after, learn[i])) fail_msg("%s is as it was", learn[i]);
}

FV_TEST(train_tuning__all_frozen_but_a_kept_head_answers_as_the_weights_do) {
    const char *folder = fv_test_folder(), *base = train_base(folder);
    const char *const keys[][2] = {
        { "data", SHAPES }, { "weights", base }, { "epochs", "1" }, { "freeze", "-1" }, { "learning_rate", "1e-30" }
    };
    FV_OWNED(fv_recipe) recipe = recipe_with(keys, 5);
    fv_train_result was, is;
    const char *const old[][2] = { { "data", SHAPES },  { "arch", "small_cnn width=4" },
                                   { "channels", "1" }, { "size", "28,28" },
                                   { "epochs", "1" },   { "batch", "32" } };
    FV_OWNED(fv_recipe) again = recipe_with(old, 6);
    FV_OK(fv_train(again, &(fv_train_options){ .out = fv_test_path(folder, "again") }, &was));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = fv_test_path(folder, "run") }, &is));
    assert_float_equal(is.best.val_loss, was.best.val_loss, 1e-6); /* its classes are known, so the head is kept */
}

/* ---- features ---- */

/* Two clouds along one of three numbers; the others say nothing. */
static fv_features clouds(float *rows, int64_t *labels, int64_t count, int64_t turn) {
    for (int64_t i = 0; i < count; i++) {
        labels[i] = i * 2 / count; /* sorted, as folders come */
        rows[3 * i] = (labels[i] ? 1.0f : -1.0f) + 0.1f * (float)((i * 7 + turn) % 11 - 5);
        rows[3 * i + 1] = 5.0f;
        rows[3 * i + 2] = 0.1f * (float)((i * 5 + turn) % 7);
    }
    return (fv_features){ .count = count, .width = 3, .rows = rows, .labels = labels };
}

/* Features as networks give them: a common part, some that tell classes apart by much, many that hardly vary but do. */
FV_TEST(train_tuning__a_probe_has_small_weights_where_features_hardly_vary) {
    enum { COUNT = 40, WIDTH = 16 };
    float rows[COUNT * WIDTH], weight[2 * WIDTH], bias[2];
    int64_t labels[COUNT];
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < WIDTH; k++) {
            labels[i] = i & 1;
            float tells = (labels[i] ? 1.0f : -1.0f) + 0.2f * (float)((i * 7 + k * 3) % 11 - 5);
            rows[i * WIDTH + k] = 3.0f + tells * (k < 4 ? 0.5f : 0.001f);
        }
    fv_features known = { .count = COUNT, .width = WIDTH, .rows = rows, .labels = labels };
    FV_OK(fv_probe_fit(&known, 2, weight, bias));
    assert_true(fv_probe_score(&known, 2, weight, bias) == 1);
    for (int k = 0; k < 2 * WIDTH; k++) assert_true(fabsf(weight[k]) < (k % WIDTH < 4 ? 5.0f : 0.1f));
}

FV_TEST(train_tuning__a_linear_probe_and_the_nearest_tell_two_clouds_apart) {
    float rows[2][60], weight[6], bias[2];
    int64_t labels[2][20];
    double nearest;
    fv_features known = clouds(rows[0], labels[0], 20, 0), asked = clouds(rows[1], labels[1], 20, 3);
    FV_OK(fv_probe_fit(&known, 2, weight, bias));
    assert_true(fv_probe_score(&known, 2, weight, bias) == 1);
    assert_true(fv_probe_score(&asked, 2, weight, bias) == 1);
    assert_true(weight[1] == 0 && weight[4] == 0); /* a number that is always the same says nothing */
    FV_OK(fv_nearest_score(&known, &asked, 2, &nearest));
    assert_true(nearest == 1);
    for (int i = 0; i < 20; i++) asked.labels[i] = 1 - asked.labels[i];
    FV_OK(fv_nearest_score(&known, &asked, 2, &nearest));
    assert_true(nearest == 0);
}
