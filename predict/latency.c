/* latency.c - how long one picture takes. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/size.h"
#include "predict/predictor.h"

#define ROUNDS 31
#define PREDICTORS_MAX 8
#define BYTES_MAX (INT64_C(1) << 29)

/* A picture's file; none: blank. */
typedef struct file {
    const char *name;
    const uint8_t *bytes;
    int64_t length;
} file;

static double milliseconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static fv_error *read_pictures(const fv_predictor *p, fv_arena *arena, file **files, int64_t *count) {
    fv_selftest_section s = { 0 };
    if (fv_model_section(fv_predictor_model(p), fv_section_selftest.name, NULL))
        FV_TRY(fv_section_read(fv_predictor_model(p), &fv_section_selftest, &s, arena));
    *count = fv_min(s.names.count, s.pictures.count);
    FV_TRY(fv_arena_take(arena, *count, files));
    for (int64_t i = 0; i < *count; i++) {
        (*files)[i].name = s.names.at[i];
        FV_TRY(fv_selftest_file(s.names.at[i], s.pictures.at[i], arena, &(*files)[i].bytes, &(*files)[i].length));
    }
    return NULL;
}

static fv_error *answer(fv_predictor *p, const file *picture, fv_image *image, const float *blank) {
    fv_size size = fv_predictor_input(p);
    const float *logits;
    if (!picture) return fv_predictor_run(p, blank, 1, &logits);
    FV_TRY(fv_image_decode(picture->bytes, picture->length, picture->name, &(fv_decode_options){ .channels = size.channels },
                           image));
    FV_TRY(fv_transforms_apply(fv_predictor_transforms(p), FV_EVALUATION, NULL, image));
    if (image->height != size.height || image->width != size.width || image->channels != size.channels)
        return fv_fail(FV_SHAPE, "picture %s does not come out in the network's size", picture->name);
    return fv_predictor_run(p, image->pixels, 1, &logits);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Round −1 makes the plans and is not counted. */
static fv_error *time_rounds(fv_predictor *const *predictors, int64_t count, const file *files, int64_t pictures,
                             const float *blank, double (*times)[ROUNDS]) {
    fv_image image = { 0 };
    fv_error *error = NULL;
    for (int round = -1; round < ROUNDS && !error; round++)
        for (int64_t i = 0; i < count && !error; i++) {
            double start = milliseconds_now();
            error = answer(predictors[i], pictures ? &files[(round + 1) % pictures] : NULL, &image, blank);
            if (round >= 0) times[i][round] = milliseconds_now() - start;
        }
    fv_image_release(&image);
    return error;
}

fv_error *fv_predictors_time(fv_predictor *const *predictors, int64_t count, double *milliseconds, int64_t *pictures) {
    FV_OWNED(fv_arena) arena = NULL;
    double times[PREDICTORS_MAX][ROUNDS];
    int64_t floats = 0;
    float *blank;
    file *files;
    if (count > PREDICTORS_MAX) return fv_fail(FV_USAGE, "at most %d models are timed at once", PREDICTORS_MAX);
    FV_TRY(fv_arena_new("pictures to take the time of", BYTES_MAX, &arena));
    FV_TRY(read_pictures(predictors[0], arena, &files, pictures));
    for (int64_t i = 0; i < count; i++) {
        fv_size size = fv_predictor_input(predictors[i]);
        floats = fv_max(floats, size.height * size.width * size.channels);
    }
    FV_TRY(fv_arena_take(arena, floats, &blank));
    FV_TRY(time_rounds(predictors, count, files, *pictures, blank, times));
    for (int64_t i = 0; i < count; i++) {
        qsort(times[i], ROUNDS, sizeof **times, by_value);
        milliseconds[i] = times[i][ROUNDS / 2];
    }
    return NULL;
}
