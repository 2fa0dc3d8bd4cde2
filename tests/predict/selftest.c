/* A model file checks itself when it is opened, and its scores are calibrated. */
#include <math.h>

#include "core/base/file.h"
#include "core/plan/kernel.h"
#include "fovea/metrics.h"
#include "fovea/train.h"
#include "predict/sections.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

/* The best model of a training of two epochs. */
static const char *train_one(void) {
    FV_OWNED(fv_recipe) recipe = NULL;
    const char *out = fv_test_folder();
    const char *const keys[][2] = { { "data", SHAPES }, { "arch", "lenet" }, { "channels", "1" },
                                    { "epochs", "2" },  { "batch", "32" },   { "reject_below", "0.125" } };
    FV_OK(fv_recipe_new(&recipe));
    for (int i = 0; i < 6; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = out }, NULL));
    return fv_test_path(out, "best.fovea");
}

FV_TEST(predict_selftest__a_trained_model_carries_pictures_temperature_and_threshold) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_selftest_section s;
    FV_OK(fv_predictor_open(train_one(), NULL, &predictor));
    FV_OK(fv_arena_new("test", 1 << 24, &arena));
    FV_OK(fv_section_read(fv_predictor_model(predictor), &fv_section_selftest, &s, arena));
    assert_int_equal(s.pictures.count, 3);
    assert_int_equal(s.logits.count, 15);
    assert_true(fv_predictor_temperature(predictor) > 0);
    assert_true(fv_predictor_reject_below(predictor) == 0.125);
}

static void change_weights(const char *path) {
    FV_OWNED(fv_model) model = NULL;
    FV_OK(fv_model_load(path, &model));
    fv_tensor *bias = fv_weights_find(fv_model_weights(model), "fc2.bias");
    fv_tensor_store(bias, 2, fv_tensor_load(bias, 2) + 0.25);
    FV_OK(fv_model_save(model, path));
}

static fv_error *count_answer(void *context, const fv_prediction *prediction) {
    (void)prediction;
    ++*(int *)context;
    return NULL;
}

static const fv_predictor_options forced = { .precision = FV_PRECISION_BF16_FORCED };

/* Those of one picture of noise. */
static void logits_of(fv_predictor *predictor, double logits[5]) {
    float picture[28 * 28];
    const float *made;
    for (int i = 0; i < 28 * 28; i++) picture[i] = sinf((float)(i * i % 1009));
    FV_OK(fv_predictor_run(predictor, picture, 1, &made));
    for (int c = 0; c < 5; c++) logits[c] = made[c];
}

/* Answers by products in bf16 are others, and the self-test in front of them is of f32 all the same. */
static void answer_in_bf16(const char *path) {
    FV_OWNED(fv_predictor) exact = NULL;
    FV_OWNED(fv_predictor) rounded = NULL;
    double a[5], b[5], size = 0, most = 0;
    FV_OK(fv_predictor_open(path, NULL, &exact));
    FV_OK(fv_predictor_open(path, &forced, &rounded));
    logits_of(exact, a), logits_of(rounded, b);
    for (int c = 0; c < 5; c++) size = fmax(size, fabs(a[c])), most = fmax(most, fabs(a[c] - b[c]));
    assert_true(most > 0 && most < 0.02 * size);
}

FV_TEST(predict_selftest__weights_that_changed_are_found_out) {
    const char *path = train_one();
    FV_OWNED(fv_predictor) predictor = NULL;
    bool rounds = fv_isa_best() >= FV_ISA_AVX2; /* elsewhere products in bf16 are refused */
    if (rounds) answer_in_bf16(path);
    change_weights(path);
    FV_FAILS(fv_predictor_open(path, NULL, &predictor), FV_FORMAT, "self-test picture");
    if (rounds) FV_FAILS(fv_predictor_open(path, &forced, &predictor), FV_FORMAT, "self-test picture");
    FV_OK(fv_predictor_open(path, &(fv_predictor_options){ .no_selftest = true }, &predictor));
}

FV_TEST(predict_selftest__that_is_put_off_comes_before_the_first_answer) {
    static const char *const none[] = { "/nowhere/picture.png" };
    const char *path = train_one();
    const fv_predictor_options late = { .late_selftest = true, .workers = 1 };
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_predictor) changed = NULL;
    int answers = 0;
    FV_OK(fv_predictor_open(path, &late, &predictor));
    FV_OK(fv_predict_files(predictor, none, 1, 1, count_answer, &answers));
    assert_int_equal(answers, 1);
    change_weights(path);
    FV_OK(fv_predictor_open(path, &late, &changed));
    FV_FAILS(fv_predict_files(changed, none, 1, 1, count_answer, &answers), FV_FORMAT, "self-test picture");
    assert_int_equal(answers, 1);
}

static fv_error *keep_logits(void *context, const fv_prediction *prediction) {
    float(*kept)[5] = context;
    if (!prediction->error) memcpy(*kept, prediction->logits, sizeof *kept);
    return NULL;
}

/* The only batch shares a run with the self-test; of two batches neither does. */
FV_TEST(predict_selftest__that_is_put_off_changes_no_bit_of_an_answer) {
    static const char *const paths[] = { SHAPES "/ring/001.png", SHAPES "/circle/000.png" };
    const char *path = train_one();
    float logits[4][5] = { { 0 } };
    for (int i = 0; i < 4; i++) {
        const fv_predictor_options options = { .late_selftest = i > 0, .workers = 1, .batch = i == 3 ? 1 : 8 };
        FV_OWNED(fv_predictor) predictor = NULL;
        FV_OK(fv_predictor_open(path, &options, &predictor));
        FV_OK(fv_predict_files(predictor, &paths[i == 1], i == 1 ? 1 : 2, 1, keep_logits, &logits[i]));
        if (i) assert_memory_equal(logits[i], logits[0], sizeof logits[0]);
        FV_OK(fv_predict_files(predictor, paths, 2, 1, keep_logits, &logits[i])); /* and again, when it is done */
        assert_memory_equal(logits[i], logits[0], sizeof logits[0]);
    }
}

FV_TEST(predict_selftest__answers_wait_for_it_where_pictures_share_its_run) {
    static const char *const mixed[] = { SHAPES "/ring/001.png", "/nowhere/picture.png" };
    const fv_predictor_options late = { .late_selftest = true, .workers = 1 };
    const char *path = train_one();
    FV_OWNED(fv_predictor) changed = NULL;
    int answers = 0;
    change_weights(path);
    FV_OK(fv_predictor_open(path, &late, &changed));
    FV_FAILS(fv_predict_files(changed, mixed, 2, 1, count_answer, &answers), FV_FORMAT, "cannot be trusted");
    assert_int_equal(answers, 0);
}

FV_TEST(predict_selftest__is_taken_in_any_order_of_its_section) {
    static const char *const one[] = { SHAPES "/ring/001.png" };
    const char *path = train_one();
    const fv_predictor_options late = { .late_selftest = true, .workers = 1 };
    FV_OWNED(fv_model) model = NULL;
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_TEXT(turned, 1 << 24);
    int answers = 0, version;
    FV_OK(fv_model_load(path, &model));
    const char *text = fv_model_section(model, "selftest", &version), *rest = strstr(text, ", \"pictures\"");
    assert_non_null(rest); /* {"names": […], "pictures": … } */
    fv_text_addf(&turned, "{%.*s, %.*s}", (int)strlen(rest) - 3, rest + 2, (int)(rest - text) - 1, text + 1);
    FV_OK(fv_model_set_section(model, "selftest", version, turned.at));
    FV_OK(fv_model_save(model, path));
    FV_OK(fv_predictor_open(path, &late, &predictor));
    FV_OK(fv_predict_files(predictor, one, 1, 1, count_answer, &answers));
    assert_int_equal(answers, 1);
}

FV_TEST(predict_selftest__a_section_that_does_not_add_up_is_an_error) {
    const char *path = train_one();
    FV_OWNED(fv_model) model = NULL;
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OK(fv_model_load(path, &model));
    FV_OK(fv_model_set_section(model, "selftest", 1, "{\"names\": [\"a\"], \"pictures\": [\"Zm92ZWE=\"], \"logits\": [1, 2]}"));
    FV_OK(fv_model_save(model, path));
    FV_FAILS(fv_predictor_open(path, NULL, &predictor), FV_FORMAT, "1 pictures and 2 logits, 5 a picture");
    FV_OK(fv_model_set_section(model, "selftest", 1,
                               "{\"names\": [\"a\"], \"pictures\": [\"Zm92ZWE=\"], \"logits\": [1, 2, 3, 4, 5]}"));
    FV_OK(fv_model_save(model, path));
    FV_FAILS(fv_predictor_open(path, NULL, &predictor), FV_FORMAT, NULL);
}

static fv_error *keep_score(void *context, const fv_prediction *prediction) {
    assert_null(prediction->error);
    *(double *)context = prediction->scores[0];
    return NULL;
}

FV_TEST(predict_selftest__scores_are_of_logits_divided_by_the_temperature) {
    const char *path = train_one(), *picture = SHAPES "/ring/001.png";
    double scores[2];
    for (int i = 0; i < 2; i++) {
        FV_OWNED(fv_model) model = NULL;
        FV_OWNED(fv_predictor) predictor = NULL;
        FV_OK(fv_model_load(path, &model));
        fv_calibration_section section = { .temperature = i ? 1000 : 1 };
        FV_OK(fv_section_write(model, &fv_section_calibration, &section));
        FV_OK(fv_predictor_new(model, NULL, &predictor));
        FV_OK(fv_predict_files(predictor, &picture, 1, 1, keep_score, &scores[i]));
    }
    assert_true(scores[0] > 0.22);
    assert_float_equal(scores[1], 0.2, 0.005); /* five classes, told apart no more */
}
