/* model.c - see model.h. */
#include "tests/serve/model.h"

#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "fovea/layers.h"
#include "predict/outlier.h"
#include "predict/sections.h"
#include "tests/test.h"

static const char *const paths[FV_PICTURES] = { FV_SHAPES "/circle/000.png", FV_SHAPES "/ring/001.png",
                                                FV_SHAPES "/cross/002.png",  FV_SHAPES "/square/003.png",
                                                FV_SHAPES "/circle/004.png", FV_SHAPES "/triangle/001.png" };

const void *fv_test_picture(int number, int64_t *length, const char **path) {
    static uint8_t *files[FV_PICTURES];
    static int64_t lengths[FV_PICTURES];
    if (!files[number]) FV_OK(fv_file_read(paths[number], 1 << 20, &files[number], &lengths[number]));
    if (path) *path = paths[number];
    *length = lengths[number];
    return files[number];
}

fv_model *fv_test_model(uint64_t seed, fv_outcome_kind kind) {
    FV_OWNED(fv_graph) g = NULL;
    fv_model *model = NULL;
    static const char *const names[FV_MODEL_CLASSES] = { "ant", "bee", "cicada" };
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "lenet classes=3", 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_model_new(g, &model));
    FV_OK(fv_initialize(g, fv_model_weights(model), seed));
    FV_OK(fv_section_write(model, &fv_section_classes, &(fv_classes_section){ { FV_MODEL_CLASSES, names } }));
    FV_OK(fv_section_write(model, &fv_section_transforms, &(fv_transforms_section){ "normalize mean=0.5 std=0.5" }));
    fv_signature_section signature = { "x", "logits", 28, 28, 1, FV_MODEL_CLASSES };
    FV_OK(fv_section_write(model, &fv_section_signature, &signature));
    FV_OK(fv_section_write(model, &fv_section_target, &(fv_target_section){ .kind = kind, .scale = 1 }));
    return model;
}

/* By which every picture is an outlier: its features' direction lies 1 or so from the mean, the threshold is one half. */
static void add_outlier(fv_model *model) {
    static double mean[FV_OUTLIER_COLUMNS_MAX], covariance[FV_OUTLIER_COLUMNS_MAX * (FV_OUTLIER_COLUMNS_MAX + 1) / 2];
    const fv_graph *g = fv_model_graph(model);
    int64_t features = fv_value_type(g, fv_graph_find(g, "features"))->dims[1], d = fv_min(features, FV_OUTLIER_COLUMNS_MAX);
    for (int64_t c = 0; c < d; c++) covariance[c * (c + 3) / 2] = 1;
    fv_outlier_section section = { features, 30, 0.5, { d, mean }, { d * (d + 1) / 2, covariance } };
    FV_OK(fv_section_write(model, &fv_section_outlier, &section));
}

typedef struct one {
    int picture, given;
    fv_test_answer answer;
} one;

static fv_error *next(void *context, fv_predict_input *picture) {
    one *o = context;
    if (!o->given++) picture->bytes = fv_test_picture(o->picture, &picture->length, &picture->path);
    return NULL;
}

static fv_error *keep(void *context, const fv_prediction *p) {
    fv_test_answer *a = &((one *)context)->answer;
    if (p->error) fail_msg("%s", fv_error_message(p->error));
    snprintf(a->label, sizeof a->label, "%s", p->labels[0]);
    memcpy(a->scores, p->scores, sizeof a->scores);
    memcpy(a->logits, p->logits, sizeof a->logits);
    return NULL;
}

static fv_test_answer predict_by(fv_predictor *predictor, int picture) {
    one o = { .picture = picture };
    FV_OK(fv_predict_stream(predictor, NULL, next, &o, keep, &o));
    return o.answer;
}

fv_test_answer fv_test_predict(const char *model, int picture) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OK(fv_predictor_open(model, NULL, &predictor));
    return predict_by(predictor, picture);
}

/* The first picture, and what the network gives for it. */
static void add_selftest(fv_model *model) {
    FV_OWNED(fv_predictor) predictor = NULL;
    int64_t length;
    const void *bytes = fv_test_picture(0, &length, NULL);
    static char text[1 << 16];
    double logits[FV_MODEL_CLASSES];
    FV_OK(fv_predictor_new(model, NULL, &predictor));
    fv_test_answer answer = predict_by(predictor, 0);
    for (int c = 0; c < FV_MODEL_CLASSES; c++) logits[c] = (double)answer.logits[c];
    sodium_bin2base64(text, sizeof text, bytes, (size_t)length, sodium_base64_VARIANT_ORIGINAL);
    fv_selftest_section section = { { 1, (const char *const[]){ "circle" } },
                                    { 1, (const char *const[]){ text } },
                                    { FV_MODEL_CLASSES, logits } };
    FV_OK(fv_section_write(model, &fv_section_selftest, &section));
}

const char *fv_test_model_file(const char *folder, const char *name, uint64_t seed) {
    FV_OWNED(fv_model) model = fv_test_model(seed, FV_ONE_CLASS);
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s.fovea", folder, name);
    add_selftest(model);
    add_outlier(model);
    FV_OK(fv_model_save(model, path));
    return path;
}

/* ---- asks ---- */

static void done(fv_ask *ask) {
    fv_waited *w = ask->context;
    atomic_fetch_add(&w->done, 1);
}

void fv_waited_init(fv_waited *w, fv_served *served, int picture) {
    *w = (fv_waited){ .ask = { .served = served, .done = done, .context = w } };
    w->ask.bytes = fv_test_picture(picture, &w->ask.length, NULL);
}

void fv_waited_wait(fv_waited *w) {
    while (!atomic_load(&w->done)) nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
}

void fv_waited_release(fv_waited *w) {
    fv_error_free(fv_take(&w->ask.error));
    fv_prediction_room_release(&w->ask.room);
}

void fv_test_is_answer(const fv_ask *ask, const fv_test_answer *expected) {
    char text[512];
    if (ask->error) fail_msg("%s", fv_error_format(ask->error, text, sizeof text));
    assert_string_equal(ask->prediction.labels[0], expected->label);
    assert_memory_equal(ask->prediction.scores, expected->scores, sizeof expected->scores);
    assert_memory_equal(ask->prediction.logits, expected->logits, sizeof expected->logits);
}
