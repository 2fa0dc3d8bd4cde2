/* model.h - small models and pictures for the tests of serve/. */
#ifndef FV_TESTS_SERVE_MODEL_H
#define FV_TESTS_SERVE_MODEL_H

#include "fovea/model.h"
#include "serve/engine.h"

#define FV_SHAPES FOVEA_SOURCE "/examples/shapes/test"
#define FV_MODEL_CLASSES 3
#define FV_PICTURES 6

/* LeNet of three classes (ant, bee, cicada) with first weights from `seed`, 28 × 28 × 1. */
fv_model *fv_test_model(uint64_t seed, fv_outcome_kind kind);
/* The same in a file FOLDER/NAME.fovea, whose path is valid until the next call; it has a self-test picture. */
const char *fv_test_model_file(const char *folder, const char *name, uint64_t seed);

/* Files of pictures, read once; `path` may be NULL. */
const void *fv_test_picture(int number, int64_t *length, const char **path);

/* What fv_predict_stream says of that picture. */
typedef struct fv_test_answer {
    char label[16];
    double scores[FV_MODEL_CLASSES];
    float logits[FV_MODEL_CLASSES];
} fv_test_answer;
fv_test_answer fv_test_predict(const char *model, int picture);
/* The test fails unless the ask has just this answer. */
void fv_test_is_answer(const fv_ask *ask, const fv_test_answer *expected);

/* An ask that can be waited for. */
typedef struct fv_waited {
    fv_ask ask;
    _Atomic int done; /* how often `done` was called */
} fv_waited;
void fv_waited_init(fv_waited *waited, fv_served *served, int picture);
void fv_waited_wait(fv_waited *waited);
void fv_waited_release(fv_waited *waited);

#endif
