/* explain_desk.c - see explain_desk.h. */
#include "serve/explain_desk.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "data/threads.h"
#include "plot/sheet.h"
#include "predict/predictor.h"
#include "serve/served.h"

#define BEHIND 10 /* a nice value: under load a tenth of a core, else a whole one */
#define PNG_BYTES_MAX (INT64_C(1) << 28)
#define ARENA_CAP (INT64_C(1) << 30)
#define LEARNING 0.2 /* the weight of the newest in the mean of a request's seconds */

struct fv_explain_desk {
    int64_t queue;
    fv_decode_options limits;
    fv_threads thread;
    _Atomic int over;      /* it has ended: between two runs of a network that is seen */
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t wake;
    fv_explain_job *first, **last; /* that wait, as they came */
    double mean;                   /* seconds of a request; 0: not known */
    fv_explain_reading reading;
};

/* ---- jobs ---- */

void fv_explain_job_init(fv_explain_job *job, fv_explained *room, int64_t count) {
    *job = (fv_explain_job){ .output = -1, .at = room, .count = count };
    fv_text_init(&job->sheet_png, PNG_BYTES_MAX);
    for (int64_t i = 0; i < count; i++) {
        room[i] = (fv_explained){ 0 };
        fv_text_init(&room[i].png, PNG_BYTES_MAX);
    }
}

static void release_text(fv_text *text) {
    fv_error_free(fv_text_error(text));
    fv_text_release(text);
}

void fv_explain_job_release(fv_explain_job *job) {
    for (int64_t i = 0; i < job->count; i++) {
        fv_error_free(fv_take(&job->at[i].error));
        release_text(&job->at[i].png);
    }
    fv_error_free(fv_take(&job->error));
    release_text(&job->sheet_png);
}

fv_error *fv_explain_job_take_error(fv_explain_job *job) {
    for (int64_t i = 0; i < job->count; i++)
        if (job->at[i].error) return fv_take(&job->at[i].error);
    return fv_take(&job->error);
}

/* What is wrong is wrong with each of them. */
static void fail_all(fv_explain_job *job, fv_error *error) {
    char text[1024];
    for (int64_t i = 0; i < job->count; i++)
        if (!job->at[i].error)
            job->at[i].error = fv_fail(fv_error_code(error), "%s", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
}

/* ---- one job: the desk's thread, without its lock ---- */

typedef struct work {
    fv_explain_desk *desk;
    fv_explain_job *job;
    fv_arena *arena; /* of the sheet's cells */
    fv_explanation *explanation;
    fv_sheet_cell *cells;
    int64_t cell_count;
} work;

static fv_error *add_cell(work *w, const uint8_t *pixels, const char *caption) {
    fv_size size = w->explanation->size;
    fv_sheet_cell *cell = &w->cells[w->cell_count++];
    *cell = (fv_sheet_cell){ .picture = { .height = size.height, .width = size.width, .channels = 3 }, .caption = caption };
    return fv_arena_copy(w->arena, pixels, size.height * size.width * 3, (void **)&cell->picture.pixels);
}

static fv_error *show(work *w, const fv_ask *ask, fv_explained *out) {
    const fv_explanation *e = w->explanation;
    const fv_picture picture = { e->overlaid, e->size.height, e->size.width, 3 };
    const char *caption = out->label;
    if (!w->job->sheet) return fv_picture_to_png(&picture, &out->png);
    if (ask->room.probabilities && fv_served_facts_get(ask->served)->kind != FV_NUMBERS)
        FV_TRY(fv_arena_format(w->arena, &caption, "%s %.3f", out->label, ask->room.probabilities[e->output]));
    FV_TRY(add_cell(w, e->shown, ask->name ? ask->name : "the picture"));
    return add_cell(w, e->overlaid, caption);
}

static fv_error *explain(work *w, const fv_ask *ask, fv_explained *out) {
    const fv_predict_input picture = { ask->name ? ask->name : "the picture", ask->bytes, ask->length };
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    const fv_explain_job *job = w->job;
    fv_explanation_wish wish = {
        .method = job->method, .output = job->output, .scored = job->scored, .patience = { job->deadline, &w->desk->over }
    };
    if (wish.output < 0) wish.output = fv_explanation_best(ask->room.logits, facts->outputs);
    out->method = job->method;
    out->label = fv_predictor_output_name(fv_served_predictor(ask->served), wish.output);
    out->size = w->explanation->size;
    FV_TRY(fv_patience_check(&wish.patience));
    FV_TRY(fv_explanation_read(w->explanation, &picture, &w->desk->limits));
    FV_TRY(fv_explanation_make(w->explanation, &wish));
    out->scored = w->explanation->scored;
    out->score = w->explanation->score;
    return show(w, ask, out);
}

static fv_error *draw_sheet(work *w) {
    const char *title;
    fv_size size = w->explanation->size;
    if (!w->job->sheet || !w->cell_count) return NULL;
    FV_TRY(fv_arena_format(w->arena, &title, "What answers hang on: %s", w->job->method));
    const fv_sheet_options options = { .title = title,
                                       .columns = fv_min(w->cell_count, 6),
                                       .cell = fv_max(fv_max(size.height, size.width), 112) };
    return fv_sheet_png(w->cells, w->cell_count, &options, &w->job->sheet_png);
}

static bool is_passed_over(const fv_ask *ask) { return ask->error || !ask->bytes; }

/* Each picture has its map or its error then. `*drawn`: of the sheet; what is returned stands in the way of them all. */
static fv_error *explain_all(work *w, fv_error **drawn) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_explanation) explanation = NULL;
    fv_explain_job *job = w->job;
    FV_TRY(fv_arena_new("a sheet", ARENA_CAP, &arena));
    FV_TRY(fv_arena_take(arena, 2 * job->count, &w->cells));
    FV_TRY(fv_predictor_beside(fv_served_predictor(job->asks[0].served), NULL, &predictor));
    FV_TRY(fv_explanation_new(predictor, &explanation));
    w->arena = arena, w->explanation = explanation;
    for (int64_t i = 0; i < job->count; i++) {
        const fv_ask *ask = &job->asks[i];
        double began = fv_clock_seconds();
        if (is_passed_over(ask)) continue;
        job->at[i].error = explain(w, ask, &job->at[i]);
        job->at[i].seconds = fv_clock_seconds() - began;
    }
    *drawn = draw_sheet(w);
    return NULL;
}

static void do_job(void *context, int64_t unit, int thread) {
    work *w = context;
    (void)unit, (void)thread;
    fv_error *error = explain_all(w, &w->job->error);
    if (error) fail_all(w->job, error);
}

static void learn(fv_explain_desk *desk, const fv_explain_job *job, double seconds) {
    desk->reading.seconds += seconds;
    desk->mean = desk->mean > 0 ? desk->mean + LEARNING * (seconds - desk->mean) : seconds;
    for (int64_t i = 0; i < job->count; i++) {
        if (is_passed_over(&job->asks[i])) continue;
        desk->reading.made += !job->at[i].error;
        desk->reading.failed += job->at[i].error != NULL;
    }
}

/* ---- the thread ---- */

/* As from inside a unit of work: nothing below goes to the team. */
static void work_alone(work *w) { fv_serial_for(1, do_job, w); }

static void *keep_desk(void *context) {
    fv_explain_desk *desk = context;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), BEHIND))
        fv_log_warning("explanations are not put behind predictions: %s", strerror(errno));
    pthread_mutex_lock(&desk->mutex);
    for (;;) {
        fv_explain_job *job = desk->first;
        if (!job && atomic_load(&desk->over)) break;
        if (!job) {
            pthread_cond_wait(&desk->wake, &desk->mutex);
            continue;
        }
        desk->first = job->next;
        if (!desk->first) desk->last = &desk->first;
        pthread_mutex_unlock(&desk->mutex);
        double began = fv_clock_seconds();
        work_alone(&(work){ .desk = desk, .job = job });
        pthread_mutex_lock(&desk->mutex);
        learn(desk, job, fv_clock_seconds() - began);
        desk->reading.requests--;
        pthread_mutex_unlock(&desk->mutex);
        job->done(job);
        pthread_mutex_lock(&desk->mutex);
    }
    pthread_mutex_unlock(&desk->mutex);
    return NULL;
}

/* ---- beginning and ending ---- */

fv_error *fv_explain_desk_new(int64_t queue, const fv_decode_options *limits, fv_explain_desk **out) {
    FV_OWNED(fv_explain_desk) desk = NULL;
    FV_TRY(fv_memory_new(1, &desk));
    desk->queue = queue;
    desk->limits = *limits;
    desk->last = &desk->first;
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_cond_init(&desk->wake, NULL);
    FV_TRY(fv_threads_start(&desk->thread, 1, "fovea-explain", keep_desk, desk));
    *out = fv_take(&desk);
    return NULL;
}

void fv_explain_desk_end(fv_explain_desk *desk) {
    pthread_mutex_lock(&desk->mutex);
    atomic_store(&desk->over, 1);
    pthread_cond_signal(&desk->wake);
    pthread_mutex_unlock(&desk->mutex);
    fv_threads_join(&desk->thread);
}

void fv_explain_desk_free(fv_explain_desk *desk) {
    if (!desk) return;
    fv_explain_desk_end(desk);
    pthread_cond_destroy(&desk->wake);
    pthread_mutex_destroy(&desk->mutex);
    fv_memory_free(desk);
}

/* ---- asking ---- */

fv_error *fv_explain_desk_enter(fv_explain_desk *desk, double *retry_after) {
    pthread_mutex_lock(&desk->mutex);
    bool over = atomic_load(&desk->over), full = desk->reading.requests >= desk->queue;
    int64_t requests = desk->reading.requests;
    *retry_after = desk->mean * (double)requests;
    desk->reading.requests += !over && !full;
    desk->reading.refused += !over && full;
    pthread_mutex_unlock(&desk->mutex);
    if (over) return fv_fail(FV_CANCELLED, "the server is ending");
    if (!full) return NULL;
    return fv_error_hint(fv_fail(FV_BUSY, "%lld requests are being explained, or wait for it", (long long)requests),
                         "ask again in about %.0f s, or without explain", *retry_after + 1);
}

void fv_explain_desk_leave(fv_explain_desk *desk) {
    pthread_mutex_lock(&desk->mutex);
    desk->reading.requests--;
    pthread_mutex_unlock(&desk->mutex);
}

void fv_explain_desk_ask(fv_explain_desk *desk, fv_explain_job *job) {
    job->next = NULL;
    pthread_mutex_lock(&desk->mutex);
    bool over = atomic_load(&desk->over);
    if (over) desk->reading.requests--;
    if (!over) *desk->last = job, desk->last = &job->next;
    pthread_cond_signal(&desk->wake);
    pthread_mutex_unlock(&desk->mutex);
    if (!over) return;
    fail_all(job, fv_fail(FV_CANCELLED, "the server is ending"));
    job->done(job);
}

fv_explain_reading fv_explain_desk_read(fv_explain_desk *desk) {
    pthread_mutex_lock(&desk->mutex);
    fv_explain_reading reading = desk->reading;
    pthread_mutex_unlock(&desk->mutex);
    return reading;
}
