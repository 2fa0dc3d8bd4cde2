/* Predictions for files: an answer each, in order, whatever stands beside; the same bits in any batch. */
#include "fovea/predict.h"

#include <stdio.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fovea/layers.h"
#include "fovea/metrics.h"
#include "predict/sections.h"
#include "tests/test.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"
#define CLASSES 3

/* LeNet with first weights, three classes. */
static fv_model *new_model(const char *transforms) {
    FV_OWNED(fv_graph) g = NULL;
    fv_model *model = NULL;
    static const char *const names[CLASSES] = { "ant", "bee", "cicada" };
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "lenet classes=3", 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_model_new(g, &model));
    FV_OK(fv_initialize(g, fv_model_weights(model), 5));
    FV_OK(fv_section_write(model, &fv_section_classes, &(fv_classes_section){ { CLASSES, names } }));
    FV_OK(fv_section_write(model, &fv_section_transforms, &(fv_transforms_section){ transforms }));
    fv_signature_section signature = { "x", "logits", 28, 28, 1, CLASSES };
    FV_OK(fv_section_write(model, &fv_section_signature, &signature));
    return model;
}

typedef struct answers {
    int64_t count;
    char paths[8][256], labels[8][16], errors[8][512];
    double scores[8][CLASSES];
} answers;

static fv_error *keep(void *context, const fv_prediction *p) {
    answers *a = context;
    snprintf(a->paths[a->count], sizeof a->paths[0], "%s", p->path);
    if (p->error) fv_error_format(p->error, a->errors[a->count], sizeof a->errors[0]);
    for (int64_t k = 0; k < p->count; k++) a->scores[a->count][k] = p->scores[k];
    if (p->count) snprintf(a->labels[a->count], sizeof a->labels[0], "%s", p->labels[0]);
    a->count++;
    return NULL;
}

static answers *predict(fv_model *model, int64_t batch, int64_t workers, const char *const *paths, int64_t count) {
    FV_OWNED(fv_predictor) predictor = NULL;
    answers *a;
    FV_OK(fv_memory_new(1, &a));
    FV_OK(fv_predictor_new(model, &(fv_predictor_options){ .batch = batch, .workers = workers }, &predictor));
    FV_OK(fv_predict_files(predictor, paths, count, 0, keep, a));
    return a;
}

static const char *const mixed[] = { SHAPES "/circle/000.png", "nowhere.png", SHAPES "/ring/001.png", FOVEA_SOURCE "/README.md",
                                     SHAPES "/cross/002.png" };

FV_TEST(predict_files__each_file_is_answered_in_its_place) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    answers *a = predict(model, 4, 0, mixed, 5);
    assert_int_equal(a->count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(a->paths[i], mixed[i]);
        if (i % 2) {
            assert_non_null(strstr(a->errors[i], i == 1 ? "nowhere.png" : "README.md"));
            assert_string_equal(a->labels[i], "");
        } else {
            const double *s = a->scores[i];
            assert_string_equal(a->errors[i], "");
            assert_true(s[0] >= s[1] && s[1] >= s[2] && s[2] > 0);
            assert_true(s[0] + s[1] + s[2] > 1 - 1e-12 && s[0] + s[1] + s[2] < 1 + 1e-12);
        }
    }
    fv_memory_free(a);
    fv_model_free(model);
}

FV_TEST(predict_files__a_pictures_bits_do_not_depend_on_batch_or_workers) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    answers *together = predict(model, 8, 0, mixed, 5);
    for (int64_t batch = 1; batch < 4; batch++) {
        answers *a = predict(model, batch, batch - 1, mixed, 5);
        assert_memory_equal(a, together, sizeof *a);
        fv_memory_free(a);
    }
    fv_memory_free(together);
    fv_model_free(model);
}

FV_TEST(predict_files__a_model_that_contradicts_itself_is_refused) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    FV_OWNED(fv_predictor) predictor = NULL;
    fv_signature_section signature = { "x", "logits", 28, 30, 1, CLASSES };
    FV_OK(fv_section_write(model, &fv_section_signature, &signature));
    FV_FAILS(fv_predictor_new(model, NULL, &predictor), FV_FORMAT, "not what its signature says");
    signature.width = 28, signature.output = "none";
    FV_OK(fv_section_write(model, &fv_section_signature, &signature));
    FV_FAILS(fv_predictor_new(model, NULL, &predictor), FV_FORMAT, "no result \"none\"");
    signature.output = "logits";
    FV_OK(fv_section_write(model, &fv_section_signature, &signature));
    FV_OK(fv_section_write(model, &fv_section_classes, &(fv_classes_section){ { 2, (const char *const[]){ "a", "b" } } }));
    FV_FAILS(fv_predictor_new(model, NULL, &predictor), FV_FORMAT, "names 2 classes");
    fv_model_free(model);
}

FV_TEST(predict_files__a_model_says_what_its_outputs_are) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    FV_OWNED(fv_predictor) classes = NULL;
    FV_OWNED(fv_predictor) labels = NULL;
    FV_OWNED(fv_predictor) none = NULL;
    fv_target_section target = { .kind = FV_MULTI_LABEL, .scale = 1 };
    FV_OK(fv_predictor_new(model, NULL, &classes));
    assert_int_equal(fv_predictor_kind(classes), FV_ONE_CLASS);
    FV_OK(fv_section_write(model, &fv_section_target, &target));
    FV_OK(fv_predictor_new(model, NULL, &labels));
    assert_int_equal(fv_predictor_kind(labels), FV_MULTI_LABEL);
    assert_int_equal(fv_predictor_output_count(labels), CLASSES);
    target.kind = FV_NUMBERS;
    FV_OK(fv_section_write(model, &fv_section_target, &target));
    FV_FAILS(fv_predictor_new(model, NULL, &none), FV_FORMAT, "says a number, but gives 3");
    fv_model_free(model);
}

FV_TEST(predict_files__transforms_that_give_another_size_are_an_error_of_the_file) {
    fv_model *model = new_model("resize size=20,28; normalize mean=0.5 std=0.5");
    answers *a = predict(model, 2, 1, mixed, 1);
    assert_non_null(strstr(a->errors[0], "20"));
    fv_memory_free(a);
    fv_model_free(model);
}

typedef struct feed {
    int64_t given, count;
    const char *bytes; /* of every other picture */
    int64_t length;
} feed;

static fv_error *next(void *context, fv_predict_input *picture) {
    feed *f = context;
    char path[256]; /* is gone when this returns */
    if (f->given == f->count) return NULL;
    static char kept[256];
    snprintf(path, sizeof path, "%s", mixed[f->given % 5]);
    memcpy(kept, path, sizeof kept);
    *picture = (fv_predict_input){ kept, f->given % 2 ? f->bytes : NULL, f->given % 2 ? f->length : 0 };
    f->given++;
    return NULL;
}

static answers *stream(fv_model *model, const fv_predict_options *options, feed *f) {
    FV_OWNED(fv_predictor) predictor = NULL;
    answers *a;
    FV_OK(fv_memory_new(1, &a));
    FV_OK(fv_predictor_new(model, &(fv_predictor_options){ .batch = 3, .workers = 1 }, &predictor));
    FV_OK(fv_predict_stream(predictor, options, next, f, keep, a));
    return a;
}

FV_TEST(predict_files__a_stream_takes_paths_and_bytes) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    uint8_t *bytes;
    feed f = { .count = 7 };
    FV_OK(fv_file_read(mixed[4], 1 << 20, &bytes, &f.length));
    f.bytes = (const char *)bytes;
    answers *a = stream(model, NULL, &f), *files = predict(model, 8, 0, mixed, 5);
    assert_int_equal(a->count, 7);
    assert_string_equal(a->paths[1], "nowhere.png"); /* the name of bytes */
    assert_memory_equal(a->scores[0], files->scores[0], sizeof a->scores[0]);
    for (int i = 1; i < 7; i += 2) assert_memory_equal(a->scores[i], files->scores[4], sizeof a->scores[0]);
    f.given = f.count = 0;
    fv_memory_free(a);
    a = stream(model, NULL, &f);
    assert_int_equal(a->count, 0);
    fv_memory_free(a);
    fv_memory_free(files);
    fv_memory_free(bytes);
    fv_model_free(model);
}

static fv_error *check_options(void *context, const fv_prediction *p) {
    const double *threshold = context;
    double sum = 0, own[CLASSES];
    assert_int_equal(p->abstained, p->scores[0] < *threshold);
    fv_softmax_row(p->logits, CLASSES, own);
    for (int k = 0; k < CLASSES; k++) {
        assert_true(own[p->classes[k]] == p->scores[k]);
        sum += p->scores[k];
    }
    assert_true(sum > 1 - 1e-12 && sum < 1 + 1e-12);
    return NULL;
}

FV_TEST(predict_files__an_answer_below_the_threshold_is_an_abstention) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    for (double threshold = 0; threshold <= 1; threshold += 0.25) {
        feed f = { .count = 1 };
        FV_OK(
            fv_predict_stream(predictor, &(fv_predict_options){ .threshold = threshold }, next, &f, check_options, &threshold));
    }
    fv_model_free(model);
}

/* The mean over a picture and its mirror image is the same for both: what is mirrored by a transform beforehand changes
 * nothing. */
FV_TEST(predict_files__flipped_answers_do_not_depend_on_the_side) {
    fv_model *model = new_model("normalize mean=0.5 std=0.5");
    fv_model *mirrored = new_model("hflip probability=1 when=always; normalize mean=0.5 std=0.5");
    feed f = { .count = 1 }, g = f, h = f;
    answers *a = stream(model, &(fv_predict_options){ .views = FV_VIEWS_MIRROR }, &f);
    answers *b = stream(mirrored, &(fv_predict_options){ .views = FV_VIEWS_MIRROR }, &g);
    answers *c = stream(mirrored, NULL, &h);
    assert_memory_equal(a->scores, b->scores, sizeof a->scores);
    assert_memory_not_equal(b->scores, c->scores, sizeof b->scores);
    fv_memory_free(a);
    fv_memory_free(b);
    fv_memory_free(c);
    fv_model_free(model);
    fv_model_free(mirrored);
}
