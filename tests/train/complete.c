/* What best.fovea holds once a training is over: figures that can be measured again, licences, the node features. */
#include <math.h>

#include "fovea/train.h"
#include "predict/sections.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

/* The best model of a training of two epochs. */
static const char *train_one(const char *licence) {
    FV_OWNED(fv_recipe) recipe = NULL;
    const char *out = fv_test_folder();
    const char *const keys[][2] = { { "data", SHAPES }, { "arch", "lenet" }, { "channels", "1" },
                                    { "epochs", "2" },  { "batch", "32" },   { "licence", licence } };
    FV_OK(fv_recipe_new(&recipe));
    for (int i = 0; i < 6; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = out }, NULL));
    return fv_test_path(out, "best.fovea");
}

FV_TEST(train_complete__the_models_figures_are_those_of_the_report_with_their_intervals) {
    FV_OWNED(fv_model) model = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_metrics_section s;
    FV_OK(fv_model_load(train_one(""), &model));
    FV_OK(fv_arena_new("test", 1 << 24, &arena));
    FV_OK(fv_section_read(model, &fv_section_metrics, &s, arena));
    assert_in_range(s.epoch, 1, 2);
    assert_true(s.selected_on);
    assert_string_equal(s.on, "validation, selected on (split)");
    assert_int_equal(s.n, 30);
    assert_in_range(s.metrics.count, 5, 20);
    assert_int_equal(s.values.count, s.metrics.count);
    assert_string_equal(s.metrics.at[0], "top1");
    fv_interval top1 = fv_wilson_interval(llround(s.values.at[0] * 30), 30, 0.95);
    assert_true(s.low.at[0] == top1.low && s.high.at[0] == top1.high);
    for (int64_t i = 0; i < s.metrics.count; i++) {
        FV_OK(fv_metric_check(s.metrics.at[i], FV_ONE_CLASS, 5));
        assert_false(s.low.at[i] > s.high.at[i]);
    }
}

FV_TEST(train_complete__the_same_training_leaves_the_same_figures) {
    const char *texts[2];
    FV_OWNED(fv_model) first = NULL;
    FV_OWNED(fv_model) second = NULL;
    FV_OK(fv_model_load(train_one(""), &first));
    FV_OK(fv_model_load(train_one(""), &second));
    texts[0] = fv_model_section(first, "metrics", NULL);
    texts[1] = fv_model_section(second, "metrics", NULL);
    assert_string_equal(texts[0], texts[1]);
}

FV_TEST(train_complete__a_licence_is_kept_and_none_is_not_made_up) {
    FV_OWNED(fv_model) with = NULL;
    FV_OWNED(fv_model) without = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_licence_section s;
    FV_OK(fv_arena_new("test", 1 << 24, &arena));
    FV_OK(fv_model_load(train_one("CC0-1.0, see \"LICENSE\""), &with));
    FV_OK(fv_section_read(with, &fv_section_licence, &s, arena));
    assert_int_equal(s.of.count, 1);
    assert_string_equal(s.of.at[0], "training data");
    assert_string_equal(s.licences.at[0], "CC0-1.0, see \"LICENSE\"");
    FV_OK(fv_model_load(train_one(""), &without));
    assert_null(fv_model_section(without, "licence", NULL));
}

FV_TEST(train_complete__a_saved_model_has_its_node_features) {
    FV_OWNED(fv_model) model = NULL;
    FV_OK(fv_model_load(train_one(""), &model));
    fv_value features = fv_graph_find(fv_model_graph(model), "features");
    assert_true(fv_is_value(features));
    assert_int_equal(fv_value_type(fv_model_graph(model), features)->dims[1], 500);
}
