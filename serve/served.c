/* served.c - see served.h. Everything that a request might wait for is done here, before a name points to the version: the
 * file's hash, its self-test, a plan for each batch size, and a first run of each, in which weights are folded and packed. */
#include "serve/served.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/plan/weights.h"
#include "predict/predictor.h"
#include "predict/sections.h"
#include "serve/served_state.h"

#define TEXT_MAX (1 << 20)

/* A plan for a batch size of a runner. */
typedef struct planned {
    fv_plan *plan; /* the predictor's */
    float *feed;
    const float *logits, *features;
} planned;

struct fv_served {
    _Atomic int64_t references;
    void (*gone)(fv_served *served, void *context);
    void *context;
    fv_served *link;
    fv_arena *arena; /* name, digest, counts of classes */
    fv_predictor *predictor;
    fv_predictor *alone[FV_SERVED_ALONE_MAX]; /* over the same model */
    fv_served_facts facts;
    planned plans[1 + FV_SERVED_ALONE_MAX][FV_LANE_SIZES]; /* by runner and size of the lane */
    fv_lane lane;                                          /* the engine's */
    fv_served_counts counts;
};

/* ---- loading ---- */

/* 1, 2, 4, … and the largest. */
static void choose_sizes(fv_lane *lane, int64_t most) {
    for (int64_t size = 1; size < most; size *= 2) lane->sizes[lane->size_count++] = size;
    lane->sizes[lane->size_count++] = most;
}

int fv_served_alone(void) {
    int threads = fv_parallel_threads();
    return threads > 1 && threads <= FV_SERVED_ALONE_MAX ? threads : 0;
}

/* The first run of all folds and packs what depends on weights alone; the team's second one says how long a run takes. */
static fv_error *warm_up(fv_served *s, int runner, int at) {
    int64_t rows = s->lane.sizes[at];
    planned *p = &s->plans[runner][at];
    fv_predictor *predictor = runner == FV_SERVED_TEAM ? s->predictor : s->alone[runner - 1];
    FV_TRY(fv_predictor_plan(predictor, rows, &p->plan));
    p->feed = fv_predictor_feed(predictor, p->plan);
    p->logits = fv_predictor_logits(predictor, p->plan);
    p->features = fv_predictor_plan_features(predictor, p->plan, rows, &s->facts.feature_count);
    FV_TRY(fv_plan_run(p->plan));
    s->facts.bytes += fv_plan_measure(p->plan).block;
    if (rows > 1 || runner != FV_SERVED_TEAM) return NULL;
    double began = fv_clock_seconds();
    FV_TRY(fv_plan_run(p->plan));
    fv_lane_learn_row(&s->lane, fv_clock_seconds() - began);
    return NULL;
}

static fv_error *warm_up_all(fv_served *s, fv_predictor_options use) {
    int alone = fv_served_alone();
    use.alone = true;
    for (int i = 0; i < (alone ? 1 : s->lane.size_count); i++) FV_TRY(warm_up(s, FV_SERVED_TEAM, i));
    for (int k = 0; k < alone; k++) {
        FV_TRY(fv_predictor_beside(s->predictor, &use, &s->alone[k]));
        for (int i = 0; i < s->lane.size_count; i++) FV_TRY(warm_up(s, 1 + k, i));
    }
    s->facts.bytes += fv_derived_bytes(fv_weights_derivations(fv_model_weights(fv_predictor_model(s->predictor))));
    return NULL;
}

static int64_t bytes_of_model(const fv_model *model) {
    const fv_weights *weights = fv_model_weights(model);
    int64_t bytes = 0;
    for (int64_t i = 0; i < fv_weights_count(weights); i++)
        bytes += fv_type_bytes(&fv_weights_at(weights, i, NULL, NULL)->type);
    for (int i = 0; i < fv_model_section_count(model); i++)
        bytes += (int64_t)strlen(fv_model_section(model, fv_model_section_name(model, i), NULL));
    return bytes;
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static fv_error *state_facts(fv_served *s, const fv_served_options *options) {
    const fv_predictor *p = s->predictor;
    s->facts = (fv_served_facts){ .version = options->version,
                                  .kind = fv_predictor_kind(p),
                                  .outputs = fv_predictor_output_count(p),
                                  .class_count = fv_predictor_class_count(p),
                                  .class_names = fv_predictor_class_names(p),
                                  .input = fv_predictor_input(p),
                                  .temperature = fv_predictor_temperature(p),
                                  .reject_below = fv_predictor_reject_below(p),
                                  .outlier_threshold = fv_predictor_outlier_threshold(p),
                                  .max_batch = options->max_batch ? options->max_batch : FV_SERVED_BATCH,
                                  .precision = options->precision,
                                  .bytes = bytes_of_model(fv_predictor_model(p)),
                                  .selftested = fv_model_section(fv_predictor_model(p), fv_section_selftest.name, NULL) };
    if (fv_model_section(fv_predictor_model(p), fv_section_log.name, NULL)) {
        fv_log_section log;
        FV_TRY(fv_section_read(fv_predictor_model(p), &fv_section_log, &log, s->arena));
        s->facts.log_pictures = log.pictures;
    }
    FV_TRY(fv_arena_text(s->arena, options->name ? options->name : "", &s->facts.name));
    FV_TRY(fv_arena_text(s->arena, options->digest ? options->digest : "", &s->facts.digest));
    return fv_arena_take(s->arena, fv_max(s->facts.class_count, 1), &s->counts.classes);
}

fv_error *fv_served_open(const char *path, const fv_served_options *options, fv_served **out) {
    double began = fv_clock_seconds();
    int64_t most = options->max_batch ? options->max_batch : FV_SERVED_BATCH;
    if (most < 1 || most > FV_SERVED_BATCH_MAX)
        return fv_fail(FV_USAGE, "batches of %lld pictures: 1 to %d are possible", (long long)most, FV_SERVED_BATCH_MAX);
    FV_OWNED(fv_served) s = NULL;
    FV_TRY(fv_memory_new(1, &s));
    atomic_init(&s->references, 1);
    FV_TRY(fv_arena_new("a served model's name and counts", INT64_MAX, &s->arena));
    choose_sizes(&s->lane, fv_ceil_div(most, fv_max(fv_served_alone(), 1)));
    fv_predictor_options use = {
        .device = options->device, .precision = options->precision, .plans = s->lane.size_count, .features = options->features
    };
    FV_TRY(fv_predictor_open(path, &use, &s->predictor));
    FV_TRY(state_facts(s, options));
    FV_TRY(fv_error_wrap(warm_up_all(s, use), "%s with batches of up to %lld", path, (long long)most));
    s->facts.load_seconds = fv_clock_seconds() - began;
    s->facts.loaded_ms = wall_ms();
    s->gone = options->gone, s->context = options->context;
    *out = fv_take(&s);
    return NULL;
}

/* ---- sharing ---- */

fv_served *fv_served_ref(fv_served *s) {
    int64_t before = atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    FV_ASSERT(before > 0);
    return s;
}

void fv_served_unref(fv_served *s) {
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) > 1) return;
    if (s->gone)
        s->gone(s, s->context);
    else
        fv_served_free(s);
}

void fv_served_free(fv_served *s) {
    if (!s) return;
    FV_ASSERT(s->lane.waiting == 0);
    for (int k = 0; k < FV_SERVED_ALONE_MAX; k++) fv_predictor_free(s->alone[k]);
    fv_predictor_free(s->predictor);
    fv_arena_free(s->arena);
    fv_memory_free(s);
}

/* ---- use ---- */

const fv_served_facts *fv_served_facts_get(const fv_served *s) { return &s->facts; }
const fv_predictor *fv_served_predictor(const fv_served *s) { return s->predictor; }
fv_served **fv_served_link(fv_served *s) { return &s->link; }
fv_lane *fv_served_lane(fv_served *s) { return &s->lane; }
fv_served_counts *fv_served_counts_get(fv_served *s) { return &s->counts; }

static planned *planned_for(fv_served *s, int runner, int64_t rows) {
    int at = 0;
    while (at < s->lane.size_count && s->lane.sizes[at] != rows) at++;
    FV_ASSERT(at < s->lane.size_count && s->plans[runner][at].plan);
    return &s->plans[runner][at];
}

float *fv_served_feed(fv_served *s, int runner, int64_t rows) { return planned_for(s, runner, rows)->feed; }

fv_error *fv_served_run(fv_served *s, int runner, int64_t rows, const float **logits, const float **features) {
    planned *p = planned_for(s, runner, rows);
    FV_TRY(fv_plan_run(p->plan));
    *logits = p->logits;
    *features = p->features;
    return NULL;
}

/* ---- counts ---- */

static void add(_Atomic int64_t *count, int64_t number) { atomic_fetch_add_explicit(count, number, memory_order_relaxed); }

static void count_answer(fv_served *s, const fv_ask *ask) {
    const fv_prediction *p = &ask->prediction;
    fv_served_counts *c = &s->counts;
    int64_t named = s->facts.kind == FV_MULTI_LABEL ? p->answers : fv_min(p->count, 1);
    for (int64_t k = 0; k < named; k++) add(&c->classes[p->classes[k]], 1);
    if (p->abstained) add(&c->abstained, 1);
    if (p->outlier_score > p->outlier_threshold) add(&c->outliers, 1);
    if (ask->bytes) fv_histogram_add(&c->decode, &fv_scale_seconds, ask->seconds.decode);
    fv_histogram_add(&c->queue, &fv_scale_seconds, ask->seconds.queue);
    fv_histogram_add(&c->compute, &fv_scale_seconds, ask->seconds.compute);
}

void fv_served_count(fv_served *s, const fv_ask *ask, fv_outcome_of_ask outcome) {
    add(&s->counts.asks[outcome], 1);
    atomic_store_explicit(&s->counts.last_ask_ms, wall_ms(), memory_order_relaxed);
    if (ask->bytes && ask->facts.stored.height) add(&s->counts.decoded_bytes, ask->length);
    if (outcome == FV_ASK_ANSWERED) count_answer(s, ask);
}

void fv_served_read(const fv_served *s, fv_served_reading *out) {
    const fv_served_counts *c = &s->counts;
    for (int i = 0; i < FV_ASK_OUTCOMES; i++) out->asks[i] = atomic_load_explicit(&c->asks[i], memory_order_relaxed);
    out->outliers = atomic_load_explicit(&c->outliers, memory_order_relaxed);
    out->abstained = atomic_load_explicit(&c->abstained, memory_order_relaxed);
    out->decoded_bytes = atomic_load_explicit(&c->decoded_bytes, memory_order_relaxed);
    out->last_ask_ms = atomic_load_explicit(&c->last_ask_ms, memory_order_relaxed);
    out->decode = fv_histogram_read(&c->decode, &fv_scale_seconds);
    out->queue = fv_histogram_read(&c->queue, &fv_scale_seconds);
    out->compute = fv_histogram_read(&c->compute, &fv_scale_seconds);
    out->rows = fv_histogram_read(&c->rows, &fv_scale_rows);
}

void fv_served_class_counts(const fv_served *s, int64_t *counts) {
    for (int64_t c = 0; c < s->facts.class_count; c++)
        counts[c] = atomic_load_explicit(&s->counts.classes[c], memory_order_relaxed);
}
