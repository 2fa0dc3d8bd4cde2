/* Explanations: each method's map is PyTorch's, to rounding; gradients add up; a map that is right scores better than its
 * opposite. */
#include "predict/explain/explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "tests/layers/golden.h"

#define SIZE 8
#define PIXELS (SIZE * SIZE)

/* The initial values of tests/golden/networks.py. */
static double initial(const char *name, const fv_type *type, int64_t i) {
    double u = golden_uniform(name, i), fan_in = (double)fv_type_count(type) / (double)type->dims[0];
    if (strstr(name, "running_mean")) return (float)(0.1 * u);
    if (strstr(name, "running_var")) return (float)(1 + 0.2 * u);
    if (type->rank > 1) return (float)(sqrt(6 / fan_in) * u);
    return (float)((strstr(name, "weight") ? 1 : 0) + 0.1 * u);
}

static const char *const names[] = { "a", "b", "c" };

/* The network "narrow" with the sections that a prediction needs. */
static fv_model *make_model(void) {
    fv_model *model = NULL;
    FV_OWNED(fv_graph) graph = NULL;
    FV_OK(fv_graph_new(&graph));
    fv_arch_build(graph, "small_cnn width=2 classes=3 channels=1 size=8,8 dropout=0", 1);
    FV_OK(fv_graph_error(graph));
    FV_OK(fv_model_new(graph, &model));
    fv_weights *weights = fv_model_weights(model);
    FV_OK(fv_initialize(graph, weights, 0));
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const char *name;
        fv_tensor *tensor = fv_weights_at(weights, i, &name, NULL);
        for (int64_t k = 0; tensor->type.dtype == FV_F32 && k < fv_type_count(&tensor->type); k++)
            fv_tensor_store(tensor, k, initial(name, &tensor->type, k));
    }
    FV_OK(fv_section_write(model, &fv_section_classes, &(fv_classes_section){ { 3, names } }));
    FV_OK(fv_section_write(model, &fv_section_signature, &(fv_signature_section){ "x", "logits", SIZE, SIZE, 1, 3 }));
    FV_OK(fv_section_write(model, &fv_section_transforms, &(fv_transforms_section){ "resize size=8,8; normalize" }));
    return model;
}

static void make_picture(float *image) {
    for (int i = 0; i < PIXELS; i++) image[i] = (float)golden_uniform("x0", i);
}

/* The line of the golden file that begins with `name`. */
static void expected(const char *name, double *out) {
    char *text = golden_text("explain.txt"), *at = strstr(text, name);
    if (!at) fail_msg("the golden file has no line %s", name);
    at += strlen(name);
    for (int i = 0; i < PIXELS; i++) out[i] = strtod(at, &at);
    fv_memory_free(text);
}

static void is_pytorchs(const char *method, const char *line) {
    FV_OWNED(fv_model) model = make_model();
    FV_OWNED(fv_predictor) predictor = NULL;
    float image[PIXELS], map[PIXELS];
    double want[PIXELS], largest = 0;
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    make_picture(image);
    FV_OK(fv_explain(predictor, method, image, 2, NULL, map));
    expected(line, want);
    for (int i = 0; i < PIXELS; i++) largest = fmax(largest, fabs(want[i]));
    assert_true(largest > 0);
    for (int i = 0; i < PIXELS; i++)
        if (!(fabs(map[i] - want[i]) <= 2e-5 * largest))
            fail_msg("%s: pixel %d is %.9g, not %.9g", method, i, (double)map[i], want[i]);
}

FV_TEST(predict_explain_explain__gradcam_is_pytorchs) { is_pytorchs("gradcam", "\ngradcam "); }
FV_TEST(predict_explain_explain__gradcam_pp_is_pytorchs) { is_pytorchs("gradcam_pp", "\ngradcam_pp "); }
FV_TEST(predict_explain_explain__occlusion_is_pytorchs) { is_pytorchs("occlusion window=3 stride=2", "\nocclusion "); }
FV_TEST(predict_explain_explain__integrated_gradients_are_pytorchs) {
    is_pytorchs("integrated_gradients steps=32", "\nintegrated_gradients ");
}

FV_TEST(predict_explain_explain__a_map_scores_better_than_its_opposite) {
    FV_OWNED(fv_model) model = make_model();
    FV_OWNED(fv_predictor) predictor = NULL;
    float image[PIXELS], map[PIXELS], opposite[PIXELS];
    fv_faithfulness right, wrong;
    const float *logits;
    int64_t best = 0;
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    make_picture(image);
    FV_OK(fv_predictor_run(predictor, image, 1, &logits));
    for (int64_t c = 1; c < 3; c++)
        if (logits[c] > logits[best]) best = c;
    FV_OK(fv_explain(predictor, "occlusion window=2 stride=1", image, best, NULL, map));
    for (int i = 0; i < PIXELS; i++) opposite[i] = -map[i];
    FV_OK(fv_explain_score(predictor, image, best, map, NULL, &right));
    FV_OK(fv_explain_score(predictor, image, best, opposite, NULL, &wrong));
    assert_true(right.deletion < wrong.deletion);
    assert_true(right.insertion > wrong.insertion);
}

FV_TEST(predict_explain_explain__refuses_what_cannot_be) {
    FV_OWNED(fv_model) model = make_model();
    FV_OWNED(fv_predictor) predictor = NULL;
    float image[PIXELS] = { 0 }, map[PIXELS];
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    FV_FAILS(fv_explain(predictor, "gradcan", image, 0, NULL, map), FV_USAGE, "no explainer called \"gradcan\"");
    FV_FAILS(fv_explain(predictor, "gradcam", image, 3, NULL, map), FV_USAGE, "no output 3");
    FV_FAILS(fv_explain(predictor, "occlusion window=2 stride=3", image, 0, NULL, map), FV_USAGE, "leaves pixels out");
}

FV_TEST(predict_explain_explain__what_a_method_costs_is_known_before) {
    static const struct {
        const char *method;
        int64_t runs;
    } cases[] = { { "gradcam", 3 },
                  { "gradcam_pp", 3 },
                  { "occlusion window=2 stride=1", 1 + SIZE * SIZE },
                  { "occlusion window=3 stride=3", 1 + 9 },
                  { "integrated_gradients steps=4", 12 } };
    int64_t runs;
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        FV_OK(fv_explain_runs(cases[i].method, (fv_size){ SIZE, SIZE, 1 }, &runs));
        assert_int_equal(runs, cases[i].runs);
    }
    FV_FAILS(fv_explain_runs("gradcan", (fv_size){ SIZE, SIZE, 1 }, &runs), FV_USAGE, "no explainer called");
}

FV_TEST(predict_explain_explain__ends_when_nobody_waits_any_more) {
    static const char *const methods[] = { "gradcam", "occlusion", "integrated_gradients" };
    FV_OWNED(fv_model) model = make_model();
    FV_OWNED(fv_predictor) predictor = NULL;
    float image[PIXELS] = { 0 }, map[PIXELS] = { 0 };
    const _Atomic int over = 1;
    const fv_patience gone = { .over = &over }, late = { .deadline = 1e-9 };
    fv_faithfulness score;
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    for (int i = 0; i < 3; i++) {
        FV_FAILS(fv_explain(predictor, methods[i], image, 0, &gone, map), FV_CANCELLED, "nobody waits");
        FV_FAILS(fv_explain(predictor, methods[i], image, 0, &late, map), FV_CANCELLED, "its time ran out");
    }
    FV_FAILS(fv_explain_score(predictor, image, 0, map, &gone, &score), FV_CANCELLED, "nobody waits");
}
