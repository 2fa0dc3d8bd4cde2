/* engine.c - the workers. Each takes what is most pressing: a batch that is due, if there is a runner for it; else a file to
 * decode. So a lone picture is decoded and run by the thread that it woke, without a second one; and under load each decodes
 * its share of what waits and runs it alone, or, where the team runs every batch, one runs batches while the others decode the
 * next. An asker that is alone may be the worker itself: then none is woken. While a lone picture is decoded the team wakes up.
 *
 * Rows (decoded pictures) are the engine's, a fixed number: when all hold something, files wait as they came, so that memory
 * does not grow with the queue. A row is taken before a file is decoded and given back when its batch has been run. */
#include "serve/engine.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "data/threads.h"
#include "serve/served_state.h"

#define QUEUE 256
#define MAX_BYTES ((int64_t)1 << 30)
#define HERE_SECONDS 0.02 /* an asker works no longer itself: its thread may have others to read from */

typedef struct fv_row {
    struct fv_row *next;
    float *at;
    int64_t room; /* floats */
} fv_row;

struct fv_engine {
    fv_engine_options options; /* with the defaults put in */
    fv_decode_options limits;
    fv_threads threads;
    pthread_mutex_t mutex; /* of all below, and of the lanes of every version */
    pthread_cond_t work;   /* there is something to do; by CLOCK_MONOTONIC */
    pthread_cond_t idle;   /* nothing is pending any more; likewise */
    fv_batcher batcher;
    fv_row *free_rows; /* the last one used first: it is still in a cache */
    int64_t row_count, row_bytes;
    int64_t unfinished;                  /* asks taken whose `done` has not returned */
    double busy;                         /* seconds of batches */
    int alone;                           /* runners besides the team: fv_served_alone */
    bool taken[1 + FV_SERVED_ALONE_MAX]; /* by runner: a worker runs a batch with it */
    int running;                         /* how many of them */
    fv_picture_work here;                /* of the asker that works itself; */
    bool works_here;                     /* there is one */
    bool closed;                         /* no more asks */
    bool ending;                         /* workers leave when nothing is left */
};

/* ---- rows ---- */

static fv_error *fit_row(fv_engine *e, fv_row *row, int64_t floats) {
    if (row->room >= floats) return NULL;
    fv_memory_free(fv_take(&row->at));
    int64_t had = row->room * (int64_t)sizeof(float);
    row->room = 0;
    fv_error *error = fv_memory_new(floats, &row->at);
    if (!error) row->room = floats;
    pthread_mutex_lock(&e->mutex);
    e->row_bytes += row->room * (int64_t)sizeof(float) - had;
    pthread_mutex_unlock(&e->mutex);
    return error;
}

static void put_row(fv_engine *e, fv_row *row) {
    if (!row) return;
    row->next = e->free_rows;
    e->free_rows = row;
}

static fv_row *take_row(fv_engine *e) {
    fv_row *row = e->free_rows;
    if (row) e->free_rows = row->next;
    return row;
}

static fv_error *add_rows(fv_engine *e, int64_t count) {
    while (count-- > 0) {
        fv_row *row;
        FV_TRY(fv_memory_new(1, &row));
        pthread_mutex_lock(&e->mutex);
        put_row(e, row);
        e->row_count++;
        pthread_cond_signal(&e->work);
        pthread_mutex_unlock(&e->mutex);
    }
    return NULL;
}

static int64_t floats_of(const fv_served *served) {
    fv_size size = fv_served_facts_get(served)->input;
    return size.height * size.width * size.channels;
}

/* Two full batches, one that runs and one that waits, and one in each worker's hands. Those that are free are made large enough
 * now, the others when they are next used. */
fv_error *fv_engine_prepare(fv_engine *e, const fv_served *served) {
    int64_t floats = floats_of(served), wanted = 2 * fv_served_facts_get(served)->max_batch + e->options.workers;
    pthread_mutex_lock(&e->mutex);
    int64_t missing = fv_max(wanted - e->row_count, 0);
    pthread_mutex_unlock(&e->mutex);
    FV_TRY(add_rows(e, missing));
    pthread_mutex_lock(&e->mutex);
    fv_row *rows = fv_take(&e->free_rows);
    pthread_mutex_unlock(&e->mutex);
    fv_error *error = NULL;
    for (fv_row *row = rows; row && !error; row = row->next) error = fit_row(e, row, floats);
    pthread_mutex_lock(&e->mutex);
    for (fv_row *next; rows; rows = next) {
        next = rows->next;
        put_row(e, rows);
    }
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->mutex);
    return error;
}

/* ---- ending an ask: the engine's lock is not held ---- */

static fv_outcome_of_ask outcome_of(const fv_error *error) {
    if (!error) return FV_ASK_ANSWERED;
    switch (fv_error_code(error)) {
    case FV_FORMAT:
    case FV_UNSUPPORTED:
    case FV_SHAPE:
    case FV_USAGE: return FV_ASK_BAD;
    case FV_BUSY: return FV_ASK_BUSY;
    case FV_CANCELLED: return FV_ASK_LATE;
    default: return FV_ASK_FAILED;
    }
}

static void finish(fv_ask *ask) {
    fv_served_count(ask->served, ask, outcome_of(ask->error));
    ask->done(ask);
}

static void finish_all(fv_ask_queue *asks) {
    for (fv_ask *ask; (ask = fv_ask_queue_take(asks));) finish(ask);
}

static void refuse_late(fv_ask_queue *late, double backlog) {
    for (fv_ask *ask = late->first; ask; ask = ask->state.next) {
        bool withdrawn = atomic_load(&ask->withdrawn);
        ask->retry_after = backlog;
        ask->error =
            withdrawn ? fv_fail(FV_CANCELLED, "it was withdrawn") : fv_fail(FV_CANCELLED, "its time ran out while it waited");
    }
    finish_all(late);
}

/* Lets go of them under the lock, then answers. */
static void refuse(fv_engine *e, fv_ask_queue *late) {
    int64_t count = late->count;
    for (fv_ask *ask = late->first; ask; ask = ask->state.next) {
        fv_batcher_leave(&e->batcher, ask);
        put_row(e, fv_take(&ask->state.row));
    }
    double backlog = e->batcher.backlog;
    pthread_mutex_unlock(&e->mutex);
    refuse_late(late, backlog);
    pthread_mutex_lock(&e->mutex);
    e->unfinished -= count;
}

/* ---- decoding: called and left with the lock held ---- */

static fv_error *decode(fv_engine *e, fv_ask *ask, fv_picture_work *work) {
    fv_predict_input picture = { ask->name ? ask->name : "the picture", ask->bytes, ask->length };
    FV_TRY(fit_row(e, ask->state.row, floats_of(ask->served)));
    return fv_predictor_read(fv_served_predictor(ask->served), &picture, &e->limits, work, &ask->facts, ask->state.row->at);
}

static void decode_one(fv_engine *e, fv_ask *ask, fv_picture_work *work) {
    bool lone = e->batcher.pending == 1;
    pthread_mutex_unlock(&e->mutex);
    double began = fv_clock_seconds();
    ask->seconds.queue = began - ask->state.since;
    if (lone) fv_parallel_expect();
    ask->error = decode(e, ask, work);
    if (lone) fv_parallel_rest();
    double ended = fv_clock_seconds();
    ask->seconds.decode = ended - began;
    pthread_mutex_lock(&e->mutex);
    fv_lane_learn_decode(fv_served_lane(ask->served), ended - began);
    if (!ask->error) return fv_batcher_put_row(&e->batcher, ask, ended);
    put_row(e, fv_take(&ask->state.row));
    fv_batcher_leave(&e->batcher, ask);
    pthread_mutex_unlock(&e->mutex);
    finish(ask);
    pthread_mutex_lock(&e->mutex);
    e->unfinished--;
}

/* ---- batches ---- */

/* A plan that failed has failed for each of its pictures. */
static void fail_batch(fv_ask_queue *batch, fv_error *error) {
    char text[1024];
    for (fv_ask *ask = batch->first; ask; ask = ask->state.next)
        ask->error = fv_fail(fv_error_code(error), "%s", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
}

/* Everything that it points to outlives the next run. */
static void answer(fv_ask *ask, const float *logits, const float *features) {
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    fv_prediction_room *room = &ask->room;
    memcpy(room->logits, logits, (size_t)facts->outputs * sizeof *logits);
    if (facts->feature_count) memcpy(room->features, features, (size_t)facts->feature_count * sizeof *features);
    fv_feature_row row = { facts->feature_count ? room->features : NULL, facts->feature_count };
    ask->error = fv_prediction_make(fv_served_predictor(ask->served), ask->state.style, ask->name ? ask->name : "the picture",
                                    room->logits, row, room, &ask->prediction);
    ask->prediction.properties = ask->facts.measured && ask->bytes ? &ask->facts.properties : NULL;
}

static void answer_batch(fv_ask_queue *batch, const float *logits, const float *features, double began, double seconds) {
    fv_served *served = batch->first->served;
    const fv_served_facts *facts = fv_served_facts_get(served);
    fv_histogram_add(&fv_served_counts_get(served)->rows, &fv_scale_rows, (double)batch->count);
    for (fv_ask *ask = batch->first; ask; ask = ask->state.next) {
        answer(ask, logits, features);
        logits += facts->outputs;
        if (features) features += facts->feature_count;
        ask->seconds.queue += began - ask->state.since;
        ask->seconds.compute = seconds;
        ask->batch_rows = batch->count;
    }
}

/* Gathers the rows, runs the plan, and makes the answers. Seconds that it took. */
static double run_plan(fv_ask_queue *batch, int runner) {
    fv_served *served = batch->first->served;
    int64_t floats = floats_of(served);
    const float *logits, *features;
    double began = fv_clock_seconds();
    float *feed = fv_served_feed(served, runner, batch->count);
    for (const fv_ask *ask = batch->first; ask; ask = ask->state.next, feed += floats)
        memcpy(feed, ask->pixels ? ask->pixels : ask->state.row->at, (size_t)floats * sizeof *feed);
    fv_error *error = fv_served_run(served, runner, batch->count, &logits, &features);
    double seconds = fv_clock_seconds() - began;
    if (error)
        fail_batch(batch, error);
    else
        answer_batch(batch, logits, features, began, seconds);
    return seconds;
}

/* How many batches more could run now. */
static int idle_runners(const fv_engine *e) { return (e->alone ? e->alone : 1) - e->running; }

/* A picture that has nobody beside it is run by the team. */
static int take_runner(fv_engine *e, const fv_ask_queue *batch) {
    int runner = FV_SERVED_TEAM;
    bool lone = batch->count == 1 && e->batcher.pending == 1;
    if (e->alone && !lone)
        for (runner = 1; e->taken[runner];) runner++;
    e->taken[runner] = true;
    e->running++;
    return runner;
}

/* Called and left with the lock held. */
static void run_batch(fv_engine *e, fv_ask_queue *batch) {
    int64_t count = batch->count;
    int runner = take_runner(e, batch), beside = e->running;
    bool lone = runner == FV_SERVED_TEAM && count == 1;
    pthread_mutex_unlock(&e->mutex);
    if (lone) fv_parallel_expect();
    double seconds = run_plan(batch, runner);
    if (lone) fv_parallel_rest();
    pthread_mutex_lock(&e->mutex);
    e->taken[runner] = false;
    e->running--;
    e->busy += runner == FV_SERVED_TEAM ? seconds : seconds / e->alone;
    fv_lane_learn_row(fv_served_lane(batch->first->served), seconds / (double)(count * beside));
    for (fv_ask *ask = batch->first; ask; ask = ask->state.next) {
        fv_batcher_leave(&e->batcher, ask);
        put_row(e, fv_take(&ask->state.row));
    }
    /* While this one answers, another may run what waits, or decode into the rows. */
    if (e->batcher.rings[FV_STAGE_ROWS].first || e->batcher.rings[FV_STAGE_FILES].first) pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->mutex);
    finish_all(batch);
    pthread_mutex_lock(&e->mutex);
    e->unfinished -= count;
}

/* ---- workers ---- */

static struct timespec timespec_of(double seconds) {
    double whole = floor(seconds);
    return (struct timespec){ .tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e9) };
}

static void wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, double due) {
    struct timespec when = timespec_of(fmin(due, 1e9));
    if (isinf(due))
        pthread_cond_wait(condition, mutex);
    else
        pthread_cond_timedwait(condition, mutex, &when);
}

/* One thing done, with the lock held before and after; false: there was none, until `*due` at least. */
static bool do_something(fv_engine *e, fv_picture_work *work, double *due) {
    fv_ask_queue batch = { 0 }, late = { 0 };
    fv_ask *file = NULL;
    double now = fv_clock_seconds();
    *due = INFINITY;
    e->batcher.idle = idle_runners(e);
    e->batcher.gather = e->alone && e->free_rows;
    if (e->batcher.idle > 0) fv_batcher_next_batch(&e->batcher, now, &batch, &late, due);
    if (!batch.count && e->free_rows) file = fv_batcher_next_file(&e->batcher, now, &late);
    if (file) file->state.row = take_row(e);
    if (file && e->free_rows && e->batcher.rings[FV_STAGE_FILES].first) pthread_cond_signal(&e->work); /* there is more */
    bool did = batch.count || file || late.count;
    if (late.count) refuse(e, &late);
    if (batch.count) run_batch(e, &batch);
    if (file) decode_one(e, file, work);
    if (did && e->closed && !e->unfinished) pthread_cond_broadcast(&e->idle), pthread_cond_broadcast(&e->work);
    return did;
}

static void *worker(void *context) {
    fv_engine *e = context;
    fv_picture_work work = { 0 };
    double due;
    pthread_mutex_lock(&e->mutex);
    while (!e->ending || e->unfinished) {
        bool did = do_something(e, &work, &due);
        if (!did && (!e->ending || e->unfinished)) wait_until(&e->work, &e->mutex, due);
    }
    pthread_mutex_unlock(&e->mutex);
    fv_picture_work_release(&work);
    return NULL;
}

/* ---- asking ---- */

/* It is the only one, and is expected to be answered soon. */
static bool may_work_here(const fv_engine *e, const fv_ask *ask) {
    const fv_lane *lane = fv_served_lane(ask->served);
    return ask->here && !e->works_here && e->batcher.pending == 1 && !e->running && e->batcher.max_delay <= 0 &&
           lane->decode_seconds + lane->row_seconds <= e->options.here;
}

/* What waits is decoded, then run. Others may have come meanwhile: what is left is for the workers. */
static void work_here(fv_engine *e) {
    double due;
    e->works_here = true;
    for (int stage = 0; stage < FV_STAGES; stage++)
        if (!do_something(e, &e->here, &due)) break;
    e->works_here = false;
    if (e->batcher.pending) pthread_cond_signal(&e->work);
}

static fv_error *check(const fv_engine *e, const fv_ask *ask) {
    if (!ask->served || !ask->done || (!ask->bytes == !ask->pixels))
        return fv_fail(FV_USAGE, "an ask has a model, something to call, and a file or pixels");
    if (ask->top < 0) return fv_fail(FV_USAGE, "top is %lld: it cannot be negative", (long long)ask->top);
    const char *name = ask->name ? ask->name : "the picture";
    if (ask->bytes && ask->length <= 0) return fv_fail(FV_FORMAT, "%s is empty", name);
    if (ask->bytes && ask->length > e->limits.max_bytes)
        return fv_fail(FV_UNSUPPORTED, "%s has %lld bytes, more than the %lld allowed", name, (long long)ask->length,
                       (long long)e->limits.max_bytes);
    return NULL;
}

fv_error *fv_engine_ask(fv_engine *e, fv_ask *ask) {
    FV_TRY(check(e, ask));
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    FV_TRY(fv_prediction_room_fit(&ask->room, facts->outputs, facts->feature_count));
    ask->error = NULL;
    ask->prediction = (fv_prediction){ 0 };
    ask->facts = (fv_picture_facts){ .measured = ask->facts.measured };
    ask->seconds = (fv_ask_seconds){ 0 };
    ask->batch_rows = 0, ask->retry_after = 0;
    ask->state =
        (struct fv_ask_state){ .style = fv_prediction_style_of(fv_served_predictor(ask->served), ask->top, ask->threshold) };
    fv_served *served = ask->served; /* once it is taken, the ask is the workers' */
    pthread_mutex_lock(&e->mutex);
    fv_error *error =
        e->closed ? fv_fail(FV_CANCELLED, "the server is ending") : fv_batcher_admit(&e->batcher, ask, fv_clock_seconds());
    if (!error) e->unfinished++;
    bool here = !error && may_work_here(e, ask);
    if (here) work_here(e);
    pthread_mutex_unlock(&e->mutex);
    if (here) return NULL;
    if (!error) return pthread_cond_signal(&e->work), NULL;
    fv_served_count(served, ask, outcome_of(error));
    return error;
}

/* ---- beginning and ending ---- */

static void init_condition(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

fv_error *fv_engine_new(const fv_engine_options *options, fv_engine **out) {
    const fv_engine_options none = { 0 };
    fv_engine_options o = options ? *options : none;
    if (!o.workers) o.workers = fv_served_alone() ? fv_served_alone() : fv_min(fv_parallel_threads() + 1, FV_WORKERS_MAX);
    if (!o.queue) o.queue = QUEUE;
    if (!o.here) o.here = HERE_SECONDS;
    if (!o.max_bytes) o.max_bytes = MAX_BYTES;
    if (o.workers < 0 || o.queue < 0 || o.max_bytes < 0 || o.max_pixels < 0 || !(o.max_delay >= 0) || !(o.here > 0))
        return fv_fail(FV_USAGE, "workers, queue, delays and limits cannot be negative");
    FV_OWNED(fv_engine) e = NULL;
    FV_TRY(fv_memory_new(1, &e));
    pthread_mutex_init(&e->mutex, NULL);
    init_condition(&e->work);
    init_condition(&e->idle);
    e->options = o;
    e->alone = fv_served_alone();
    e->limits = (fv_decode_options){ .max_pixels = o.max_pixels, .max_bytes = o.max_bytes };
    e->batcher = (fv_batcher){ .max_delay = o.max_delay, .queue = o.queue, .workers = o.workers };
    FV_TRY(add_rows(e, o.workers + 2 * FV_SERVED_BATCH));
    FV_TRY(fv_threads_start(&e->threads, o.workers, "fovea-serve", worker, e));
    *out = fv_take(&e);
    return NULL;
}

bool fv_engine_drain(fv_engine *e, double seconds) {
    double until = fv_clock_seconds() + seconds;
    pthread_mutex_lock(&e->mutex);
    e->closed = true;
    e->batcher.max_delay = 0; /* nobody else will come */
    pthread_cond_broadcast(&e->work);
    while (e->unfinished && fv_clock_seconds() < until) wait_until(&e->idle, &e->mutex, until);
    bool drained = !e->unfinished;
    pthread_mutex_unlock(&e->mutex);
    return drained;
}

void fv_engine_free(fv_engine *e) {
    if (!e) return;
    pthread_mutex_lock(&e->mutex);
    e->closed = e->ending = true;
    e->batcher.max_delay = 0;
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->mutex);
    fv_threads_join(&e->threads);
    for (fv_row *row; (row = take_row(e));) {
        fv_memory_free(row->at);
        fv_memory_free(row);
    }
    fv_picture_work_release(&e->here);
    pthread_cond_destroy(&e->work);
    pthread_cond_destroy(&e->idle);
    pthread_mutex_destroy(&e->mutex);
    fv_memory_free(e);
}

fv_engine_reading fv_engine_read(fv_engine *e) {
    pthread_mutex_lock(&e->mutex);
    fv_engine_reading out = { .pending = e->unfinished,
                              .workers = e->options.workers,
                              .backlog = e->batcher.backlog,
                              .busy = e->busy,
                              .row_bytes = e->row_bytes };
    pthread_mutex_unlock(&e->mutex);
    return out;
}
