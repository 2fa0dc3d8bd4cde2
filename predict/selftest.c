/* selftest.c - a model's own pictures through its own transforms and network: whether this machine and this build still give
 * what the network gave when it was kept. Other kernels differ in the last bits; a thousandth of the largest logit is more than
 * they differ by, and less than any change that matters. Rounding to bf16 may differ by more, as much as a network is deep and
 * its logits close: no bound would tell that from weights that changed. So the self-test is of f32 always. */
#include <math.h>
#include <sodium.h>
#include <string.h>

#include "core/base/size.h"
#include "core/formats/json_scan.h"
#include "data/threads.h"
#include "fovea/metrics.h"
#include "predict/predictor.h"

#define TOLERANCE 1e-3
#define SELFTEST_BYTES_MAX (INT64_C(1) << 29)
#define GUEST_PICTURES_MAX 16       /* run at once with pictures that are asked about, */
#define GUEST_NUMBERS_MAX (1 << 22) /* of that many pixels times channels in all: 16 MiB */

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

/* A self-test being taken: on its own picture by picture, with guests all at once. */
typedef struct fv_sitting {
    fv_predictor *predictor;
    fv_arena *arena;
    const char *path; /* of the model's file, for errors, with guests */
    fv_selftest_section section;
    fv_image image;  /* as the network wants it, of one picture after the other */
    float *rows;     /* of all pictures, with guests */
    fv_error *error; /* of what is done beside */
    void *(*beside)(void *sitting);
} sitting;

static const char *text_of(const fv_predictor *p) {
    return fv_model_section(fv_predictor_model(p), fv_section_selftest.name, NULL);
}

static int64_t pixels_of(const fv_predictor *p) {
    fv_size size = fv_predictor_input(p);
    return size.height * size.width * size.channels;
}

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

static fv_error *read_section(sitting *t) {
    fv_selftest_section *s = &t->section;
    int64_t outputs = fv_predictor_output_count(t->predictor);
    FV_TRY(fv_section_read(fv_predictor_model(t->predictor), &fv_section_selftest, s, t->arena));
    if (s->names.count == s->pictures.count && s->logits.count == s->pictures.count * outputs) return NULL;
    return fv_fail(FV_FORMAT, "its self-test has %lld pictures and %lld logits, %lld a picture", (long long)s->pictures.count,
                   (long long)s->logits.count, (long long)outputs);
}

static void *read_first(void *context) {
    sitting *t = context;
    t->error = read_section(t);
    if (!t->error && t->section.pictures.count) t->error = read_picture(t, 0);
    return NULL;
}

static fv_error *read_rows(sitting *t) {
    int64_t pixels = pixels_of(t->predictor);
    FV_TRY(read_section(t));
    if (t->section.pictures.count > GUEST_PICTURES_MAX) return fv_fail(FV_FORMAT, "its self-test names its pictures twice");
    FV_TRY(fv_arena_take(t->arena, t->section.pictures.count * pixels + 1, &t->rows));
    for (int64_t i = 0; i < t->section.pictures.count; i++) {
        FV_TRY(read_picture(t, i));
        memcpy(t->rows + i * pixels, t->image.pixels, (size_t)pixels * sizeof *t->rows);
    }
    return NULL;
}

static void *read_all(void *context) {
    sitting *t = context;
    t->error = read_rows(t);
    return NULL;
}

/* While another thread reads the section and pictures of it, this one makes the plan: of much the same length. */
static fv_error *read_and_plan(sitting *t, fv_error *(*plan)(fv_predictor *, int64_t, fv_plan **), int64_t batch) {
    fv_threads beside = { 0 };
    fv_plan *made;
    FV_TRY(fv_threads_start(&beside, 1, "fovea-selftest", t->beside, t));
    fv_error *error = plan(t->predictor, batch, &made);
    fv_threads_join(&beside);
    if (!t->error) return error;
    fv_error_free(error);
    return fv_take(&t->error);
}

static fv_error *check_picture(sitting *t, int64_t i, const float *logits) {
    const double *expected = t->section.logits.at + i * fv_predictor_output_count(t->predictor);
    return compare(t->predictor, t->section.names.at[i], expected, logits);
}

static fv_error *take_picture(sitting *t, int64_t i) {
    const float *logits;
    if (i) FV_TRY(read_picture(t, i));
    FV_TRY(fv_predictor_run(t->predictor, t->image.pixels, 1, &logits));
    return check_picture(t, i, logits);
}

fv_error *fv_predictor_selftest(fv_predictor *p) {
    if (!text_of(p)) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_predictor) exact = NULL;
    FV_TRY(fv_arena_new("a model's self-test", SELFTEST_BYTES_MAX, &arena));
    FV_TRY(fv_predictor_exact(p, &exact));
    sitting t = { .predictor = exact ? exact : p, .arena = arena, .beside = read_first };
    fv_error *error = read_and_plan(&t, fv_predictor_plan, 1);
    for (int64_t i = 0; i < t.section.pictures.count && !error; i++) error = take_picture(&t, i);
    fv_image_release(&t.image);
    return error;
}

/* ---- with guests ---- */

/* How many pictures there are, by the beginning of the section's text, so that a plan can be made before it is read, counted up
 * to one too many; −1: the text does not begin as fv_section_write writes it, and only reading it tells. */
static int64_t count_names(const char *text) {
    fv_json_scan scan = { text, text, text + strlen(text) };
    const char *name;
    int64_t count = 0;
    FV_OWNED(fv_arena) arena = NULL;
    fv_error *error = fv_arena_new("names of self-test pictures", 1 << 20, &arena);
    bool begins = !error && fv_json_take(&scan, '{');
    if (begins) error = fv_json_text(&scan, arena, &name);
    begins = begins && !error && !strcmp(name, "names") && fv_json_take(&scan, ':') && fv_json_take(&scan, '[');
    while (begins && !error && !fv_json_take(&scan, ']') && count <= GUEST_PICTURES_MAX) {
        if (!count || fv_json_take(&scan, ',')) error = fv_json_text(&scan, arena, &name);
        count++;
    }
    if (error) begins = false;
    fv_error_free(error);
    return begins ? count : -1;
}

bool fv_sitting_is_due(const fv_predictor *p) {
    const char *text = text_of(p);
    if (!fv_predictor_untested(p)) return false;
    if (!text) return true;
    int64_t count = count_names(text);
    return fv_predictor_is_exact(p) && count >= 0 && count <= GUEST_PICTURES_MAX && count * pixels_of(p) <= GUEST_NUMBERS_MAX;
}

static fv_error *begin(sitting *t, int64_t guests) {
    fv_plan *plan;
    const char *text = text_of(t->predictor);
    if (!text) return fv_predictor_plan_once(t->predictor, guests, &plan);
    FV_TRY(fv_arena_new("a model's self-test", SELFTEST_BYTES_MAX, &t->arena));
    return fv_error_wrap(read_and_plan(t, fv_predictor_plan_once, count_names(text) + guests), "%s cannot be trusted", t->path);
}

fv_error *fv_sitting_begin(fv_predictor *p, int64_t guests, fv_sitting **out) {
    FV_OWNED(fv_sitting) t = NULL;
    FV_TRY(fv_memory_new(1, &t));
    t->predictor = p;
    t->path = fv_predictor_untested(p);
    t->beside = read_all;
    FV_TRY(begin(t, guests));
    *out = fv_take(&t);
    return NULL;
}

fv_error *fv_sitting_run(fv_sitting *t, const float *images, int64_t guests, const float **logits) {
    int64_t tested = t->section.pictures.count, outputs = fv_predictor_output_count(t->predictor);
    const float *all = NULL;
    if (tested + guests) FV_TRY(fv_predictor_run_once(t->predictor, t->rows, tested, images, guests, &all));
    for (int64_t i = 0; i < tested; i++)
        FV_TRY(fv_error_wrap(check_picture(t, i, all + i * outputs), "%s cannot be trusted", t->path));
    fv_predictor_set_tested(t->predictor);
    *logits = guests ? all + tested * outputs : NULL;
    return NULL;
}

void fv_sitting_free(fv_sitting *t) {
    if (!t) return;
    fv_image_release(&t->image);
    fv_arena_free(t->arena);
    fv_memory_free(t);
}
