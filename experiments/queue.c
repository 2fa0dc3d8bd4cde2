/* queue.c - see queue.h. Sketches stand for features: distances between them are kept on average. */
#include "experiments/queue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "predict/log_truths.h"

typedef struct candidate {
    fv_queued said;
    double unsure, far, apart; /* NaN: not known; `apart`: the squared distance to the nearest that is chosen or labelled */
    const float *sketch;       /* NULL: none */
    bool taken;
} candidate;

typedef struct pool {
    fv_arena *arena;
    const fv_queue_options *options;
    candidate *at;
    int64_t count, room;
    int64_t columns;
    const float **labelled; /* sketches of those that have a label */
    int64_t labelled_count, labelled_room;
    double *factor;
    fv_queue *out;
} pool;

/* ---- candidates ---- */

/* Of one class 1 − margin, of several labels how near a score is to one half. */
static double unsureness(const fv_logged *r) {
    double most = -INFINITY;
    if (r->kind == FV_ONE_CLASS) return isnan(r->margin) ? NAN : 1 - r->margin;
    if (r->kind == FV_NUMBERS) return NAN;
    for (int64_t k = 0; k < r->count; k++) most = fmax(most, 1 - 2 * fabs(r->top[k].score - 0.5));
    return r->count ? most : NAN;
}

static fv_error *keep_sketch(pool *p, const fv_logged *r, const float **out) {
    *out = NULL;
    if (!r->sketch_count || (p->columns && r->sketch_count != p->columns)) return NULL;
    p->columns = r->sketch_count;
    return fv_arena_copy(p->arena, r->sketch, r->sketch_count * (int64_t)sizeof *r->sketch, (void **)out);
}

static fv_error *add_labelled(pool *p, const fv_logged *r) {
    p->out->labelled++;
    if (p->labelled_count == p->labelled_room) {
        int64_t room = fv_max(2 * p->labelled_room, 256);
        FV_TRY(fv_memory_grow((void **)&p->labelled, p->labelled_room, room, sizeof *p->labelled));
        p->labelled_room = room;
    }
    FV_TRY(keep_sketch(p, r, &p->labelled[p->labelled_count]));
    p->labelled_count += p->labelled[p->labelled_count] != NULL;
    return NULL;
}

static fv_error *measure(pool *p, candidate *c) {
    const fv_drift_profile *profile = p->options->profile;
    c->far = NAN, c->apart = c->sketch ? INFINITY : NAN;
    if (!profile || !c->sketch || profile->columns != p->columns) return NULL;
    FV_TRY(fv_drift_profile_distance(profile, c->sketch, p->arena, &p->factor, &c->far));
    c->far = sqrt(c->far);
    return NULL;
}

static fv_error *add(pool *p, const fv_logged *r) {
    const char *picture = fv_logged_picture(r);
    if (!picture || fv_file_kind_of(picture) != FV_FILE_PLAIN) return p->out->gone++, NULL;
    if (p->count == p->room) {
        int64_t room = fv_max(2 * p->room, 1024);
        FV_TRY(fv_memory_grow((void **)&p->at, p->room, room, sizeof *p->at));
        p->room = room;
    }
    candidate *c = &p->at[p->count];
    *c = (candidate){ .unsure = unsureness(r) };
    FV_TRY(fv_arena_text(p->arena, r->id, &c->said.id));
    FV_TRY(fv_arena_text(p->arena, picture, &c->said.source));
    FV_TRY(fv_arena_text(p->arena, r->count ? r->top[0].label : NULL, &c->said.guess));
    FV_TRY(keep_sketch(p, r, &c->sketch));
    FV_TRY(measure(p, c));
    p->count++;
    return NULL;
}

/* Once to count, then again, so that it begins with the newest. */
static fv_error *read_log(const char *log, pool *p, const fv_log_truths *truths, bool counting, int64_t *count) {
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    int64_t skip = counting ? 0 : fv_max(*count - FV_QUEUE_CANDIDATES, 0);
    FV_TRY(fv_log_reader_open(log, &reader));
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        const fv_logged *r = entry.prediction;
        if (!r || !fv_log_is_chosen(&p->options->choice, r)) continue;
        bool labelled = fv_log_truths_find(truths, r->id);
        if (counting) {
            *count += !labelled;
        } else if (labelled) {
            FV_TRY(add_labelled(p, r));
        } else if (skip-- <= 0) {
            FV_TRY(add(p, r));
        }
    } while (entry.prediction || entry.truth);
    return NULL;
}

/* ---- one a picture ---- */

static int by_source(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    int order = strcmp(x->said.source, y->said.source);
    return order ? order : strcmp(x->said.id, y->said.id);
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const candidate *)a)->said.id, ((const candidate *)b)->said.id);
}

static void drop_repeated(pool *p) {
    int64_t kept = 0;
    qsort(p->at, (size_t)p->count, sizeof *p->at, by_source);
    for (int64_t i = 0; i < p->count; i++)
        if (!kept || strcmp(p->at[i].said.source, p->at[kept - 1].said.source) != 0) p->at[kept++] = p->at[i];
    p->count = kept;
    qsort(p->at, (size_t)kept, sizeof *p->at, by_id);
}

/* ---- choosing ---- */

static double squared_distance(const float *a, const float *b, int64_t columns) {
    double sum = 0;
    for (int64_t c = 0; c < columns; c++) sum += ((double)a[c] - (double)b[c]) * ((double)a[c] - (double)b[c]);
    return sum;
}

static void come_near(pool *p, const float *sketch) {
    for (int64_t i = 0; sketch && i < p->count; i++)
        if (p->at[i].sketch) p->at[i].apart = fmin(p->at[i].apart, squared_distance(p->at[i].sketch, sketch, p->columns));
}

static double worth(const candidate *c, fv_queue_by by) {
    return by == FV_QUEUE_UNCERTAIN ? c->unsure : by == FV_QUEUE_DRIFTED ? c->far : c->apart;
}

/* −1: there is none that can be judged so. Of the first ones of a diverse choice, which are all infinitely far, the one that
 * was asked first. */
static int64_t best(const pool *p, fv_queue_by by) {
    int64_t at = -1;
    for (int64_t i = 0; i < p->count; i++) {
        const candidate *c = &p->at[i];
        if (c->taken || isnan(worth(c, by))) continue;
        if (at < 0 || worth(c, by) > worth(&p->at[at], by)) at = i;
    }
    return at;
}

static fv_error *choose(pool *p) {
    static const fv_queue_by mixed[] = { FV_QUEUE_UNCERTAIN, FV_QUEUE_DRIFTED, FV_QUEUE_DIVERSE };
    static const char *const why[] = { NULL, "uncertain", "drifted", "diverse" };
    fv_queued *chosen;
    int64_t wanted = fv_min(p->options->count, p->count), missed = 0;
    bool far_apart = p->options->by == FV_QUEUE_MIXED || p->options->by == FV_QUEUE_DIVERSE;
    FV_TRY(fv_arena_take(p->arena, wanted, &chosen));
    for (int64_t i = 0; far_apart && i < p->labelled_count; i++) come_near(p, p->labelled[i]);
    for (int64_t turn = 0; p->out->count < wanted && missed < 3; turn++) {
        fv_queue_by by = p->options->by ? p->options->by : mixed[turn % 3];
        int64_t i = best(p, by);
        missed = i < 0 ? missed + 1 : 0;
        if (i < 0) continue;
        candidate *c = &p->at[i];
        double score = by == FV_QUEUE_DIVERSE ? sqrt(c->apart) : worth(c, by);
        chosen[p->out->count] = c->said;
        chosen[p->out->count].why = why[by];
        chosen[p->out->count++].score = score;
        c->taken = true;
        if (far_apart) come_near(p, c->sketch);
    }
    p->out->at = chosen;
    return NULL;
}

static fv_error *refuse_nothing(const pool *p) {
    if (p->out->count || !p->count) return NULL;
    static const char *const lacks[] = { "neither margins nor features", "no margins: it says numbers",
                                         "no features, or the model has no reference profile of as many", "no features" };
    return fv_error_hint(fv_fail(FV_USAGE, "nothing can be queued: the log has %s", lacks[p->options->by]),
                         "--by names another way to choose");
}

static fv_error *fill(const char *log, pool *p) {
    FV_OWNED(fv_log_truths) truths = NULL;
    int64_t count = 0;
    FV_TRY(fv_log_truths_read(log, &truths));
    FV_TRY(read_log(log, p, truths, true, &count));
    FV_TRY(read_log(log, p, truths, false, &count));
    drop_repeated(p);
    p->out->candidates = p->count;
    FV_TRY(choose(p));
    return refuse_nothing(p);
}

fv_error *fv_queue_make(const char *log, const fv_queue_options *options, fv_arena *arena, fv_queue *out) {
    pool p = { .arena = arena, .options = options, .out = out };
    *out = (fv_queue){ 0 };
    fv_error *error = fill(log, &p);
    fv_memory_free(p.at);
    fv_memory_free(p.labelled);
    return error;
}
