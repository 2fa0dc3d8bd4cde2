/* One way from a file to its explanation: what is explained has the bits of what is predicted. */
#include "predict/explain/explanation.h"

#include <stdio.h>

#include "fovea/layers.h"
#include "predict/sections.h"
#include "tests/test.h"

#define SIDE 16

static fv_model *make_model(fv_outcome_kind kind) {
    fv_model *model = NULL;
    FV_OWNED(fv_graph) graph = NULL;
    static const char *const names[] = { "ant", "bee" };
    int64_t outputs = kind == FV_NUMBERS ? 1 : 2;
    FV_OK(fv_graph_new(&graph));
    fv_arch_build(graph,
                  outputs == 1 ? "small_cnn width=2 classes=1 channels=1 size=16,16"
                               : "small_cnn width=2 classes=2 channels=1 size=16,16",
                  1);
    FV_OK(fv_graph_error(graph));
    FV_OK(fv_model_new(graph, &model));
    FV_OK(fv_initialize(graph, fv_model_weights(model), 3));
    if (outputs > 1) FV_OK(fv_section_write(model, &fv_section_classes, &(fv_classes_section){ { 2, names } }));
    fv_signature_section signature = { "x", "logits", SIDE, SIDE, 1, outputs };
    FV_OK(fv_section_write(model, &fv_section_signature, &signature));
    FV_OK(fv_section_write(model, &fv_section_transforms,
                           &(fv_transforms_section){ "resize size=16,16; normalize mean=0.5 std=0.2" }));
    FV_OK(fv_section_write(model, &fv_section_target, &(fv_target_section){ .kind = kind, .scale = 1 }));
    return model;
}

FV_TEST(predict_explain_explanation__explains_what_is_predicted_of_16_bits_too) {
    static const char *const files[] = { "grey16.png", "grey.jpg" };
    FV_OWNED(fv_model) model = make_model(FV_ONE_CLASS);
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_explanation) e = NULL;
    fv_picture_work work = { 0 };
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    FV_OK(fv_explanation_new(predictor, &e));
    for (int i = 0; i < 2; i++) {
        float row[SIDE * SIDE];
        char path[4096];
        snprintf(path, sizeof path, "%s/tests/data/files/%s", FOVEA_SOURCE, files[i]);
        const fv_predict_input picture = { .path = path };
        FV_OK(fv_predictor_read(predictor, &picture, NULL, &work, NULL, row));
        FV_OK(fv_explanation_read(e, &picture, NULL));
        assert_memory_equal(e->work.image.pixels, row, sizeof row);
        FV_OK(fv_explanation_make(e, &(fv_explanation_wish){ .method = "gradcam", .output = 1, .scored = true }));
        assert_true(e->scored && e->score.deletion > 0 && e->score.insertion > 0);
        assert_memory_not_equal(e->shown, e->overlaid, SIDE * SIDE * 3);
    }
    fv_picture_work_release(&work);
}

FV_TEST(predict_explain_explanation__numbers_have_no_score_and_no_class) {
    FV_OWNED(fv_model) model = make_model(FV_NUMBERS);
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_explanation) e = NULL;
    int64_t output = -1;
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    FV_OK(fv_explanation_new(predictor, &e));
    FV_OK(fv_explanation_read(e, &(fv_predict_input){ .path = FOVEA_SOURCE "/tests/data/files/grey.png" }, NULL));
    FV_OK(fv_explanation_make(e, &(fv_explanation_wish){ .method = "occlusion", .scored = true }));
    assert_false(e->scored);
    FV_FAILS(fv_explanation_class(predictor, "ant", &output), FV_USAGE, "no class \"ant\"");
}

FV_TEST(predict_explain_explanation__a_class_is_found_by_its_name) {
    FV_OWNED(fv_model) model = make_model(FV_ONE_CLASS);
    FV_OWNED(fv_predictor) predictor = NULL;
    int64_t output = -1;
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    FV_OK(fv_explanation_class(predictor, "bee", &output));
    assert_int_equal(output, 1);
    FV_FAILS(fv_explanation_class(predictor, "be", &output), FV_USAGE, "no class \"be\"");
    assert_int_equal(fv_explanation_best((const float[]){ 1, 3, 3 }, 3), 1);
}
