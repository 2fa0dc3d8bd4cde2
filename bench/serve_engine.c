/* serve_engine.c - what the server's engine adds to a lone request: the time from fv_engine_ask to its answer beside decode +
 * plan by the caller's own thread, in turns, so that what else the machine does slows both alike.
 *
 *   bench_serve_engine MODEL.fovea PICTURE [COUNT]      medians and the median difference, in ms */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "predict/picture.h"
#include "serve/engine.h"

static void answered(fv_ask *ask) { sem_post(ask->context); }

typedef struct times {
    double *own, *engine, *more, *queue;
    int64_t count;
} times;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *at, int64_t count, double q) {
    qsort(at, (size_t)count, sizeof *at, by_size);
    return 1e3 * at[(int64_t)(q * (double)(count - 1))];
}

/* Decodes and runs by itself. */
static fv_error *run_own(fv_predictor *p, const fv_predict_input *picture, fv_picture_work *work, float *row, double *seconds) {
    const float *logits;
    double began = fv_clock_seconds();
    FV_TRY(fv_predictor_read(p, picture, NULL, work, NULL, row));
    FV_TRY(fv_predictor_run(p, row, 1, &logits));
    *seconds = fv_clock_seconds() - began;
    return NULL;
}

static fv_error *run_engine(fv_engine *engine, fv_ask *ask, double *seconds) {
    double began = fv_clock_seconds();
    FV_TRY(fv_engine_ask(engine, ask));
    sem_wait(ask->context);
    *seconds = fv_clock_seconds() - began;
    return fv_take(&ask->error);
}

static fv_error *measure(const char *model, const char *path, times *t) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_engine) engine = NULL;
    FV_OWNED(fv_served) served = NULL;
    fv_picture_work work = { 0 };
    fv_predict_input picture = { .path = path };
    uint8_t *bytes;
    float *row;
    sem_t done;
    FV_TRY(fv_file_read(path, 1 << 28, &bytes, &picture.length));
    picture.bytes = bytes;
    FV_TRY(fv_predictor_open(model, NULL, &predictor));
    FV_TRY(fv_served_open(model, &(fv_served_options){ .name = "bench", .version = 1 }, &served));
    FV_TRY(fv_engine_new(NULL, &engine));
    FV_TRY(fv_engine_prepare(engine, served));
    fv_size size = fv_predictor_input(predictor);
    FV_TRY(fv_memory_new(size.height * size.width * size.channels, &row));
    sem_init(&done, 0, 0);
    fv_ask ask = {
        .served = served, .bytes = bytes, .length = picture.length, .done = answered, .context = &done, .here = true
    };
    for (int64_t i = -20; i < t->count; i++) {
        double own, through;
        FV_TRY(run_own(predictor, &picture, &work, row, &own));
        FV_TRY(run_engine(engine, &ask, &through));
        if (i < 0) continue;
        t->own[i] = own, t->engine[i] = through, t->more[i] = through - own, t->queue[i] = ask.seconds.queue;
    }
    fv_prediction_room_release(&ask.room);
    fv_picture_work_release(&work);
    fv_memory_free(row);
    fv_memory_free(bytes);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3 && count != 4) return fprintf(stderr, "bench_serve_engine MODEL.fovea PICTURE [COUNT]\n"), 2;
    times t = { .count = count == 4 ? strtoll(arguments[3], NULL, 10) : 300 };
    double *all;
    fv_error *error = fv_memory_new(4 * t.count, &all);
    if (!error) {
        t.own = all, t.engine = all + t.count, t.more = all + 2 * t.count, t.queue = all + 3 * t.count;
        error = measure(arguments[1], arguments[2], &t);
    }
    char text[1000];
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    if (error) return fv_error_free(error), 1;
    printf("decode + plan %.3f ms, through the engine %.3f ms, more %.3f ms (quartiles %.3f, %.3f), of it waiting %.3f ms\n",
           quantile(t.own, t.count, 0.5), quantile(t.engine, t.count, 0.5), quantile(t.more, t.count, 0.5),
           quantile(t.more, t.count, 0.25), quantile(t.more, t.count, 0.75), quantile(t.queue, t.count, 0.5));
    fv_memory_free(all);
    return 0;
}
