/* files.c - predictions for a stream of pictures: while the network runs on one batch, workers decode and transform the next. A
 * file that cannot be read is left out of its batch and answered in its place; which batch a picture is in makes no difference
 * to its bits. */
#include <stdatomic.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "data/threads.h"
#include "predict/picture.h"
#include "predict/prediction.h"
#include "predict/predictor.h"
#include "predict/views.h"

/* What one call works with. */
typedef struct desk {
    fv_predictor *predictor;
    int64_t pixels, classes; /* floats of a picture; logits */
    int64_t workers, batch;
    fv_prediction_style style;
    bool properties;
    fv_views views;
    fv_view_room room;
    fv_prediction_room answer;
    fv_predict_source source;
    fv_prediction_sink sink;
    void *source_context, *sink_context;
} desk;

/* One batch, being read or read: a row of pixels, or an error, for each picture. */
typedef struct shelf {
    const desk *desk;
    fv_arena *names; /* and bytes, of this batch */
    fv_predict_input *pictures;
    int64_t count;
    float *rows;
    fv_image_properties *properties;
    fv_error **errors;
    _Atomic int64_t next; /* the picture that nobody has taken yet */
    fv_threads threads;
} shelf;

/* Takes pictures until there are none left. A thread holds one picture of its own, however large the file's. */
static void *read_pictures(void *context) {
    shelf *s = context;
    const desk *d = s->desk;
    fv_picture_work work = { 0 };
    for (int64_t i; (i = atomic_fetch_add(&s->next, 1)) < s->count;) {
        fv_picture_facts facts = { .measured = d->properties };
        s->errors[i] = fv_predictor_read(d->predictor, &s->pictures[i], NULL, &work, &facts, s->rows + i * d->pixels);
        s->properties[i] = facts.properties;
    }
    fv_picture_work_release(&work);
    return NULL;
}

static void read_unit(void *context, int64_t unit, int thread) {
    (void)unit, (void)thread;
    read_pictures(context);
}

/* The next pictures of the source, copied; fewer than a batch at its end. */
static fv_error *fill(shelf *s) {
    const desk *d = s->desk;
    fv_arena_reset(s->names);
    for (s->count = 0; s->count < d->batch; s->count++) {
        fv_predict_input given = { 0 }, *kept = &s->pictures[s->count];
        FV_TRY(d->source(d->source_context, &given));
        if (!given.path) return NULL;
        *kept = given;
        FV_TRY(fv_arena_text(s->names, given.path, &kept->path));
        if (given.bytes) FV_TRY(fv_arena_copy(s->names, given.bytes, given.length, (void **)&kept->bytes));
    }
    return NULL;
}

/* Of a shelf that is filled: workers read while the caller goes on; without them the team does, and the caller waits. */
static fv_error *begin_reading(shelf *s) {
    const desk *d = s->desk;
    atomic_store(&s->next, 0);
    if (!s->count) return NULL;
    if (d->workers) return fv_threads_start(&s->threads, fv_min(d->workers, s->count), "fovea-predict", read_pictures, s);
    fv_parallel_for(fv_parallel_threads(), read_unit, s);
    return NULL;
}

static void end_reading(shelf *s) { fv_threads_join(&s->threads); }

static void clear(shelf *s) {
    for (int64_t i = 0; i < s->count; i++) fv_error_free(fv_take(&s->errors[i]));
}

/* The readable rows, closed up; how many there are. */
static int64_t close_up(const shelf *s) {
    int64_t readable = 0, pixels = s->desk->pixels;
    for (int64_t i = 0; i < s->count; i++) {
        if (s->errors[i]) continue;
        if (readable < i) memcpy(s->rows + pixels * readable, s->rows + pixels * i, (size_t)pixels * sizeof(float));
        readable++;
    }
    return readable;
}

/* The logits of the readable rows stand in order, without gaps. */
static fv_error *run_batch(const shelf *s, const float **logits) {
    const desk *d = s->desk;
    int64_t readable = close_up(s);
    *logits = NULL;
    return readable ? fv_predictor_run_views(d->predictor, d->views, s->rows, readable, &d->room, logits) : NULL;
}

/* By the logits and features of its readable rows. */
static fv_error *answer_batch(desk *d, const shelf *s, const float *logits) {
    const float *features = NULL;
    int64_t feature_count = 0;
    if (d->views == FV_VIEWS_NONE) features = fv_predictor_features(d->predictor, &feature_count);
    for (int64_t i = 0; i < s->count; i++) {
        fv_prediction prediction = { .path = s->pictures[i].path, .error = s->errors[i] };
        if (prediction.error) {
            FV_TRY(d->sink(d->sink_context, &prediction));
            continue;
        }
        fv_feature_row row = { features, feature_count };
        FV_TRY(fv_prediction_make(d->predictor, d->style, prediction.path, logits, row, &d->answer, &prediction));
        prediction.properties = d->properties ? &s->properties[i] : NULL;
        FV_TRY(d->sink(d->sink_context, &prediction));
        logits += d->classes;
        features += feature_count;
    }
    return NULL;
}

static fv_error *lay_out(desk *d, shelf shelves[2], fv_arena *arena) {
    for (int i = 0; i < 2; i++) {
        shelves[i].desk = d;
        FV_TRY(fv_arena_new("a batch of pictures", INT64_MAX, &shelves[i].names));
        FV_TRY(fv_arena_take(arena, d->batch, &shelves[i].pictures));
        FV_TRY(fv_arena_take(arena, d->batch, &shelves[i].errors));
        FV_TRY(fv_arena_take(arena, d->batch, &shelves[i].properties));
        FV_TRY(fv_arena_take(arena, d->batch * d->pixels, &shelves[i].rows));
    }
    if (d->views != FV_VIEWS_NONE) FV_TRY(fv_arena_take(arena, d->batch * d->classes, &d->room.logits));
    if (d->views != FV_VIEWS_NONE) FV_TRY(fv_arena_take(arena, d->batch * d->pixels, &d->room.images));
    return fv_prediction_room_fit(&d->answer, d->classes, 0);
}

/* The only batch, together with the model's own pictures, whose test was put off. */
static fv_error *run_only(desk *d, shelf *s) {
    FV_OWNED(fv_sitting) sitting = NULL;
    const float *logits;
    FV_TRY(fv_sitting_begin(d->predictor, s->count, &sitting));
    end_reading(s);
    FV_TRY(fv_sitting_run(sitting, s->rows, close_up(s), &logits));
    return answer_batch(d, s, logits);
}

/* Reads the next batch while it answers this one, until one comes out empty. A model's own pictures are run, where that was put
 * off, while the first batch is read. */
static fv_error *run_batches(desk *d, shelf shelves[2]) {
    const float *logits;
    FV_TRY(fv_predictor_late_selftest(d->predictor));
    for (int64_t i = 0; shelves[i].count; i = 1 - i) {
        shelf *now = &shelves[i], *next = &shelves[1 - i];
        end_reading(now);
        FV_TRY(begin_reading(next));
        FV_TRY(run_batch(now, &logits));
        FV_TRY(answer_batch(d, now, logits));
        clear(now);
        FV_TRY(next->count ? fill(now) : NULL);
    }
    return NULL;
}

/* The names of two batches are known before the first is run, so it is known whether it is the only one. */
static fv_error *run_all(desk *d, shelf shelves[2]) {
    FV_TRY(fill(&shelves[0]));
    FV_TRY(begin_reading(&shelves[0]));
    FV_TRY(shelves[0].count ? fill(&shelves[1]) : NULL);
    bool only = shelves[0].count && !shelves[1].count;
    if (only && d->views == FV_VIEWS_NONE && fv_sitting_is_due(d->predictor)) return run_only(d, &shelves[0]);
    return run_batches(d, shelves);
}

static fv_error *stream(desk *d, const fv_predict_options *options) {
    const fv_predict_options none = { 0 };
    if (!options) options = &none;
    fv_size size = fv_predictor_input(d->predictor);
    d->classes = fv_predictor_output_count(d->predictor);
    d->pixels = size.height * size.width * size.channels;
    d->workers = fv_predictor_workers(d->predictor);
    d->style = fv_prediction_style_of(d->predictor, options->top, options->threshold);
    d->views = options->views;
    d->properties = options->properties;
    FV_TRY(fv_views_check(d->predictor, d->views));
    shelf shelves[2] = { 0 };
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("pictures to predict", INT64_MAX, &arena));
    fv_error *error = lay_out(d, shelves, arena);
    if (!error) error = run_all(d, shelves);
    for (int i = 0; i < 2; i++) {
        end_reading(&shelves[i]);
        clear(&shelves[i]);
        fv_arena_free(shelves[i].names);
    }
    fv_prediction_room_release(&d->answer);
    return error;
}

fv_error *fv_predict_stream(fv_predictor *predictor, const fv_predict_options *options, fv_predict_source source,
                            void *source_context, fv_prediction_sink sink, void *sink_context) {
    desk d = { .predictor = predictor,
               .batch = fv_predictor_batch(predictor),
               .source = source,
               .sink = sink,
               .source_context = source_context,
               .sink_context = sink_context };
    return stream(&d, options);
}

typedef struct path_list {
    const char *const *paths;
    int64_t count, next;
} path_list;

static fv_error *next_path(void *context, fv_predict_input *picture) {
    path_list *list = context;
    if (list->next < list->count) picture->path = list->paths[list->next++];
    return NULL;
}

fv_error *fv_predict_files(fv_predictor *predictor, const char *const *paths, int64_t count, int64_t top,
                           fv_prediction_sink sink, void *context) {
    path_list list = { paths, count, 0 };
    desk d = { .predictor = predictor,
               .batch = fv_min(fv_max(count, 1), fv_predictor_batch(predictor)),
               .source = next_path,
               .sink = sink,
               .source_context = &list,
               .sink_context = context };
    return stream(&d, &(fv_predict_options){ .top = top });
}
