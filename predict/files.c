/* files.c - predictions for files: a batch of them is decoded and transformed by the team, run once, and answered in order. A
 * file that cannot be read is left out of the batch; which batch a picture is in makes no difference to its bits. */
#include <math.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "fovea/metrics.h"
#include "fovea/predict.h"

/* The buffers of one call: as many pictures as are run at once. */
typedef struct desk {
    fv_predictor *predictor;
    fv_size size;
    int64_t pixels, classes, top; /* floats of a picture; logits; answers */
    const char *const *paths;     /* of this batch */
    fv_image *images;
    fv_error **errors;
    float *inputs;
    double *probabilities, *scores;
    int64_t *best;
    const char **labels;
} desk;

static fv_error *check_size(const desk *d, const fv_image *image) {
    if (image->height == d->size.height && image->width == d->size.width && image->channels == d->size.channels) return NULL;
    return fv_fail(FV_SHAPE, "the transforms make it %lld × %lld × %lld, but the network takes %lld × %lld × %lld",
                   (long long)image->height, (long long)image->width, (long long)image->channels, (long long)d->size.height,
                   (long long)d->size.width, (long long)d->size.channels);
}

static fv_error *read_picture(const desk *d, const char *path, fv_image *image) {
    fv_decode_options options = { .channels = d->size.channels };
    FV_TRY(fv_image_decode_file(path, &options, image));
    FV_TRY(fv_error_wrap(fv_transforms_apply(fv_predictor_transforms(d->predictor), FV_EVALUATION, NULL, image), "%s", path));
    return fv_error_wrap(check_size(d, image), "%s", path);
}

static void read_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    desk *d = context;
    d->errors[unit] = read_picture(d, d->paths[unit], &d->images[unit]);
}

/* Runs the pictures that could be read; their logits stand in order, without gaps. */
static fv_error *run_batch(desk *d, int64_t count, const float **logits) {
    fv_parallel_for(count, read_unit, d);
    int64_t readable = 0;
    for (int64_t i = 0; i < count; i++)
        if (!d->errors[i]) memcpy(d->inputs + d->pixels * readable++, d->images[i].pixels, (size_t)d->pixels * sizeof(float));
    *logits = NULL;
    return readable ? fv_predictor_run(d->predictor, d->inputs, readable, logits) : NULL;
}

static fv_error *check_finite(const desk *d, const float *logits) {
    for (int64_t c = 0; c < d->classes; c++)
        if (!isfinite(logits[c]))
            return fv_fail(FV_FORMAT,
                           "the network gives a non-finite logit for class %s: its weights are damaged or it diverged",
                           fv_predictor_class_names(d->predictor)[c]);
    return NULL;
}

static fv_error *answer(desk *d, const char *path, const float *logits, fv_prediction_sink sink, void *context) {
    FV_TRY(fv_error_wrap(check_finite(d, logits), "%s", path));
    fv_softmax_row(logits, d->classes, d->probabilities);
    fv_top_classes(d->probabilities, d->classes, d->top, d->best);
    for (int64_t k = 0; k < d->top; k++) {
        d->labels[k] = fv_predictor_class_names(d->predictor)[d->best[k]];
        d->scores[k] = d->probabilities[d->best[k]];
    }
    fv_prediction prediction = { .path = path, .count = d->top, .classes = d->best, .labels = d->labels, .scores = d->scores };
    return sink(context, &prediction);
}

static fv_error *answer_batch(desk *d, int64_t count, fv_prediction_sink sink, void *context) {
    const float *logits;
    FV_TRY(run_batch(d, count, &logits));
    for (int64_t i = 0; i < count; i++) {
        fv_error *error = NULL;
        if (d->errors[i])
            error = sink(context, &(fv_prediction){ .path = d->paths[i], .error = d->errors[i] });
        else
            error = answer(d, d->paths[i], logits, sink, context), logits += d->classes;
        FV_TRY(error);
    }
    return NULL;
}

static fv_error *lay_out(desk *d, int64_t batch, fv_arena *arena) {
    FV_TRY(fv_arena_take(arena, batch, &d->images));
    FV_TRY(fv_arena_take(arena, batch, &d->errors));
    FV_TRY(fv_arena_take(arena, batch * d->pixels, &d->inputs));
    FV_TRY(fv_arena_take(arena, d->classes, &d->probabilities));
    FV_TRY(fv_arena_take(arena, d->top, &d->scores));
    FV_TRY(fv_arena_take(arena, d->top, &d->best));
    return fv_arena_take(arena, d->top, &d->labels);
}

static void clear_errors(desk *d, int64_t count) {
    for (int64_t i = 0; i < count; i++) fv_error_free(fv_take(&d->errors[i]));
}

fv_error *fv_predict_files(fv_predictor *predictor, const char *const *paths, int64_t count, int64_t top,
                           fv_prediction_sink sink, void *context) {
    desk d = { .predictor = predictor, .size = fv_predictor_input(predictor), .classes = fv_predictor_class_count(predictor) };
    d.pixels = d.size.height * d.size.width * d.size.channels;
    d.top = fv_min(top ? top : 5, d.classes);
    int64_t batch = fv_min(fv_max(count, 1), fv_predictor_batch(predictor));
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("pictures to predict", INT64_MAX, &arena));
    FV_TRY(lay_out(&d, batch, arena));
    fv_error *error = NULL;
    for (int64_t first = 0; first < count && !error; first += batch) {
        int64_t here = fv_min(batch, count - first);
        d.paths = paths + first;
        error = answer_batch(&d, here, sink, context);
        clear_errors(&d, here);
    }
    for (int64_t i = 0; i < batch; i++) fv_image_release(&d.images[i]);
    return error;
}
