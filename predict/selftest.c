/* selftest.c - a model's own pictures through its own transforms and network: whether this machine and this build still give
 * what the network gave when it was kept. Other kernels differ in the last bits; a thousandth of the largest logit is more than
 * they differ by, and less than any change that matters. Rounding to bf16 may differ by more, as much as a network is deep and
 * its logits close: no bound would tell that from weights that changed. So the self-test is of f32 always. */
#include <math.h>
#include <sodium.h>
#include <string.h>

#include "core/base/size.h"
#include "data/threads.h"
#include "fovea/metrics.h"
#include "predict/predictor.h"

#define TOLERANCE 1e-3
#define SELFTEST_BYTES_MAX (INT64_C(1) << 29)

fv_error *fv_selftest_file(const char *name, const char *base64, fv_arena *arena, const uint8_t **bytes, int64_t *length) {
    size_t letters = strlen(base64), decoded = 0;
    uint8_t *file;
    FV_TRY(fv_arena_alloc(arena, (int64_t)letters + 1, 1, (void **)&file));
    if (sodium_base642bin(file, letters, base64, letters, NULL, &decoded, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return fv_fail(FV_FORMAT, "self-test picture %s is not base64", name);
    *bytes = file;
    *length = (int64_t)decoded;
    return NULL;
}

static fv_error *compare(const fv_predictor *p, const char *name, const double *expected, const float *logits) {
    int64_t classes = fv_predictor_output_count(p);
    double largest = 1;
    for (int64_t c = 0; c < classes; c++) largest = fmax(largest, fabs(expected[c]));
    for (int64_t c = 0; c < classes; c++)
        if (!(fabs(logits[c] - expected[c]) <= TOLERANCE * largest))
            return fv_error_hint(fv_fail(FV_FORMAT,
                                         "self-test picture %s: output %g for %s, but it was %g when the model was kept", name,
                                         (double)logits[c], fv_predictor_output_name(p, c), expected[c]),
                                 "the weights, the transforms or this build are not what they were");
    return NULL;
}

/* A self-test being taken. */
typedef struct sitting {
    fv_predictor *predictor;
    fv_arena *arena;
    fv_selftest_section section;
    fv_image image;  /* as the network wants it, of one picture after the other */
    fv_error *error; /* of what is done beside */
} sitting;

static fv_error *read_picture(sitting *t, int64_t i) {
    const char *name = t->section.names.at[i];
    fv_size size = fv_predictor_input(t->predictor);
    fv_image *image = &t->image;
    const uint8_t *bytes;
    int64_t length;
    FV_TRY(fv_selftest_file(name, t->section.pictures.at[i], t->arena, &bytes, &length));
    FV_TRY(fv_image_decode(bytes, length, name, &(fv_decode_options){ .channels = size.channels }, image));
    FV_TRY(fv_transforms_apply(fv_predictor_transforms(t->predictor), FV_EVALUATION, NULL, image));
    if (image->height == size.height && image->width == size.width && image->channels == size.channels) return NULL;
    return fv_fail(FV_FORMAT, "self-test picture %s does not come out in the network's size", name);
}

/* The section, and the first picture. */
static fv_error *prepare(sitting *t) {
    fv_selftest_section *s = &t->section;
    int64_t outputs = fv_predictor_output_count(t->predictor);
    FV_TRY(fv_section_read(fv_predictor_model(t->predictor), &fv_section_selftest, s, t->arena));
    if (s->names.count != s->pictures.count || s->logits.count != s->pictures.count * outputs)
        return fv_fail(FV_FORMAT, "its self-test has %lld pictures and %lld logits, %lld a picture",
                       (long long)s->pictures.count, (long long)s->logits.count, (long long)outputs);
    return s->pictures.count ? read_picture(t, 0) : NULL;
}

static void *prepare_beside(void *context) {
    sitting *t = context;
    t->error = prepare(t);
    return NULL;
}

/* While another thread reads the section and its first picture, this one makes the plan: of much the same length. */
static fv_error *begin(sitting *t) {
    fv_threads beside = { 0 };
    fv_plan *plan;
    FV_TRY(fv_threads_start(&beside, 1, "fovea-selftest", prepare_beside, t));
    fv_error *error = fv_predictor_plan(t->predictor, 1, &plan);
    fv_threads_join(&beside);
    if (!t->error) return error;
    fv_error_free(error);
    return fv_take(&t->error);
}

static fv_error *check_picture(sitting *t, int64_t i) {
    const float *logits;
    if (i) FV_TRY(read_picture(t, i));
    FV_TRY(fv_predictor_run(t->predictor, t->image.pixels, 1, &logits));
    const double *expected = t->section.logits.at + i * fv_predictor_output_count(t->predictor);
    return compare(t->predictor, t->section.names.at[i], expected, logits);
}

fv_error *fv_predictor_selftest(fv_predictor *p) {
    if (!fv_model_section(fv_predictor_model(p), fv_section_selftest.name, NULL)) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_predictor) exact = NULL;
    FV_TRY(fv_arena_new("a model's self-test", SELFTEST_BYTES_MAX, &arena));
    FV_TRY(fv_predictor_exact(p, &exact));
    sitting t = { .predictor = exact ? exact : p, .arena = arena };
    fv_error *error = begin(&t);
    for (int64_t i = 0; i < t.section.pictures.count && !error; i++) error = check_picture(&t, i);
    fv_image_release(&t.image);
    return error;
}
