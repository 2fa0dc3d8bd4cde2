/* A file of answers that is gone on with, whatever it holds: opened or refused, and what is opened takes an answer and is then
 * opened again with one more line. */
#include <stdio.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "predict/answers.h"

static const char *const names[2] = { "cat", "dog" };
static const fv_answer_style styles[2] = {
    { .top = 2, .classes = 2, .names = names },
    { .top = 2,
      .classes = 2,
      .names = names,
      .model_hash = "0123456789ab",
      .views = FV_VIEWS_MIRROR,
      .threshold = 0.5,
      .precision = FV_PRECISION_BF16,
      .fast_batch = true },
};

static void try(const char *path, const fv_answer_style *style, const uint8_t *bytes, size_t length) {
    fv_answers *answers = NULL;
    FILE *file = fopen(path, "we");
    FV_ASSERT(file && fwrite(bytes, 1, length, file) == length && !fclose(file));
    fv_error *error = fv_answers_open(path, style, true, &answers);
    if (error) {
        fv_error_free(error);
        return;
    }
    int64_t held = fv_answers_held(answers);
    bool had = fv_answers_has(answers, "new.png");
    const double scores[2] = { 0.5, 0.5 };
    fv_prediction p = {
        .path = "new.png", .count = 2, .classes = (const int64_t[]){ 0, 1 }, .labels = names, .scores = scores
    };
    FV_ASSERT(!fv_answers_add(answers, &p) && !fv_answers_close(answers));
    fv_answers_free(answers);
    FV_ASSERT(!fv_answers_open(path, style, true, &answers));
    FV_ASSERT(fv_answers_held(answers) == held + !had && fv_answers_has(answers, "new.png"));
    fv_answers_free(answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    char path[64];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "/tmp/fovea-fuzz-answers-%ld.%s", (long)getpid(), i % 2 ? "csv" : "jsonl");
        try(path, &styles[i / 2], bytes, length);
        unlink(path);
    }
    return 0;
}
