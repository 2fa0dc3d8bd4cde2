/* files.c - predictions for files: while the network runs on one batch, workers decode and transform the next. A file that
 * cannot be read is left out of its batch and answered in its place; which batch a picture is in makes no difference to its
 * bits. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "data/threads.h"
#include "fovea/metrics.h"
#include "fovea/predict.h"

/* What one call works with. */
typedef struct desk {
    fv_predictor *predictor;
    fv_size size;
    int64_t pixels, classes, top; /* floats of a picture; logits; answers */
    int64_t workers;
    double *probabilities, *scores; /* classes; top */
    int64_t *best;
    const char **labels;
} desk;

/* One batch, being read or read: a row of pixels, or an error, for each path. */
typedef struct shelf {
    const desk *desk;
    const char *const *paths;
    int64_t count;
    float *rows;
    fv_error **errors;
    _Atomic int64_t next; /* the path that nobody has taken yet */
    fv_threads threads;
} shelf;

static fv_error *check_size(const desk *d, const fv_image *image) {
    if (image->height == d->size.height && image->width == d->size.width && image->channels == d->size.channels) return NULL;
    return fv_fail(FV_SHAPE, "the transforms make it %lld × %lld × %lld, but the network takes %lld × %lld × %lld",
                   (long long)image->height, (long long)image->width, (long long)image->channels, (long long)d->size.height,
                   (long long)d->size.width, (long long)d->size.channels);
}

static fv_error *read_picture(const desk *d, const char *path, fv_image *image, float *row) {
    fv_decode_options options = { .channels = d->size.channels };
    FV_TRY(fv_image_decode_file(path, &options, image));
    FV_TRY(fv_error_wrap(fv_transforms_apply(fv_predictor_transforms(d->predictor), FV_EVALUATION, NULL, image), "%s", path));
    FV_TRY(fv_error_wrap(check_size(d, image), "%s", path));
    memcpy(row, image->pixels, (size_t)d->pixels * sizeof *row);
    return NULL;
}

/* Takes paths until there are none left. A thread holds one picture of its own, however large the file's. */
static void *read_pictures(void *context) {
    shelf *s = context;
    fv_image image = { 0 };
    for (int64_t i; (i = atomic_fetch_add(&s->next, 1)) < s->count;)
        s->errors[i] = read_picture(s->desk, s->paths[i], &image, s->rows + i * s->desk->pixels);
    fv_image_release(&image);
    return NULL;
}

static void read_unit(void *context, int64_t unit, int thread) {
    (void)unit, (void)thread;
    read_pictures(context);
}

/* Workers read while the caller goes on; without them the team does, and the caller waits. */
static fv_error *begin_reading(shelf *s, const char *const *paths, int64_t count) {
    const desk *d = s->desk;
    s->paths = paths, s->count = count;
    atomic_store(&s->next, 0);
    if (d->workers) return fv_threads_start(&s->threads, fv_min(d->workers, count), "fovea-predict", read_pictures, s);
    fv_parallel_for(fv_parallel_threads(), read_unit, s);
    return NULL;
}

static void end_reading(shelf *s) { fv_threads_join(&s->threads); }

static void clear(shelf *s) {
    for (int64_t i = 0; i < s->count; i++) fv_error_free(fv_take(&s->errors[i]));
}

/* Closes the rows up and runs them; the logits of the readable ones stand in order, without gaps. */
static fv_error *run_batch(const shelf *s, const float **logits) {
    int64_t readable = 0, pixels = s->desk->pixels;
    for (int64_t i = 0; i < s->count; i++) {
        if (s->errors[i]) continue;
        if (readable < i) memcpy(s->rows + pixels * readable, s->rows + pixels * i, (size_t)pixels * sizeof(float));
        readable++;
    }
    *logits = NULL;
    return readable ? fv_predictor_run(s->desk->predictor, s->rows, readable, logits) : NULL;
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

static fv_error *answer_batch(desk *d, const shelf *s, fv_prediction_sink sink, void *context) {
    const float *logits;
    FV_TRY(run_batch(s, &logits));
    for (int64_t i = 0; i < s->count; i++) {
        fv_error *error = NULL;
        if (s->errors[i])
            error = sink(context, &(fv_prediction){ .path = s->paths[i], .error = s->errors[i] });
        else
            error = answer(d, s->paths[i], logits, sink, context), logits += d->classes;
        FV_TRY(error);
    }
    return NULL;
}

static fv_error *lay_out(desk *d, shelf shelves[2], int64_t batch, fv_arena *arena) {
    for (int i = 0; i < 2; i++) {
        shelves[i].desk = d;
        FV_TRY(fv_arena_take(arena, batch, &shelves[i].errors));
        FV_TRY(fv_arena_take(arena, batch * d->pixels, &shelves[i].rows));
    }
    FV_TRY(fv_arena_take(arena, d->classes, &d->probabilities));
    FV_TRY(fv_arena_take(arena, d->top, &d->scores));
    FV_TRY(fv_arena_take(arena, d->top, &d->best));
    return fv_arena_take(arena, d->top, &d->labels);
}

fv_error *fv_predict_files(fv_predictor *predictor, const char *const *paths, int64_t count, int64_t top,
                           fv_prediction_sink sink, void *context) {
    desk d = { .predictor = predictor, .size = fv_predictor_input(predictor), .classes = fv_predictor_class_count(predictor) };
    d.pixels = d.size.height * d.size.width * d.size.channels;
    d.top = fv_min(top ? top : 5, d.classes);
    d.workers = fv_predictor_workers(predictor);
    int64_t batch = fv_min(fv_max(count, 1), fv_predictor_batch(predictor));
    shelf shelves[2] = { 0 };
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("pictures to predict", INT64_MAX, &arena));
    FV_TRY(lay_out(&d, shelves, batch, arena));
    fv_error *error = begin_reading(&shelves[0], paths, fv_min(batch, count));
    for (int64_t first = 0; first < count && !error; first += batch) {
        shelf *now = &shelves[first / batch % 2], *next = &shelves[(first / batch + 1) % 2];
        int64_t left = count - first - batch;
        end_reading(now);
        if (left > 0) error = begin_reading(next, paths + first + batch, fv_min(batch, left));
        if (!error) error = answer_batch(&d, now, sink, context);
        clear(now);
    }
    for (int i = 0; i < 2; i++) end_reading(&shelves[i]), clear(&shelves[i]);
    return error;
}
