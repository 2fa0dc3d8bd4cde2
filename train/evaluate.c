/* evaluate.c - every picture of a subset through a predictor, and what metrics need of the answers. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "predict/views.h"
#include "train/evaluate.h"
#include "train/evaluate_ranks.h"

/* Where the next batch's answers go, and since when. */
typedef struct desk {
    fv_predictor *predictor;
    const fv_transforms *transforms;
    const fv_dataset *set;
    const fv_evaluate_options *options;
    fv_outcome_kind kind;
    fv_scaling scaling;
    double *probabilities, *predicted, *targets; /* of the arrays those of the kind */
    int64_t *labels, *samples;
    uint8_t *truths;
    fv_view_room room; /* of a batch */
    int64_t count, outputs, capacity;
    double loss_sum, started;
    fv_gathering gathering;
} desk;

const char *fv_score_metric(fv_outcome_kind kind) {
    static const char *const metrics[] = { "top1", "average_precision average=macro skip_absent=true", "r2" };
    return metrics[kind];
}

/* ---- one picture ---- */

static void keep_class(desk *d, const float *row, const fv_target *target) {
    double *probabilities = d->probabilities + d->count * d->outputs;
    fv_softmax_row(row, d->outputs, probabilities);
    d->labels[d->count] = target->class_index;
    d->loss_sum -= log(fmax(probabilities[target->class_index], 0x1p-52));
}

/* log(1 + eˣ), of large x too. */
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

static void keep_labels(desk *d, const float *row, const fv_target *target) {
    double *probabilities = d->probabilities + d->count * d->outputs, loss = 0;
    uint8_t *truths = d->truths + d->count * d->outputs;
    memset(truths, 0, (size_t)d->outputs);
    for (int64_t i = 0; i < target->classes.count; i++) truths[target->classes.at[i]] = 1;
    fv_sigmoid_row(row, d->outputs, probabilities);
    for (int64_t c = 0; c < d->outputs; c++) loss += softplus(truths[c] ? -(double)row[c] : (double)row[c]);
    d->loss_sum += loss / (double)d->outputs;
}

static void keep_number(desk *d, const float *row, const fv_target *target) {
    double error = row[0] - (target->number - d->scaling.mean) / d->scaling.scale;
    d->predicted[d->count] = row[0] * d->scaling.scale + d->scaling.mean;
    d->targets[d->count] = target->number;
    d->loss_sum += error * error;
}

static fv_error *keep_answers(desk *d, const fv_answered *rows) {
    static void (*const keep[])(desk *, const float *, const fv_target *) = { keep_class, keep_labels, keep_number };
    for (int64_t i = 0; i < rows->count; i++) {
        const float *row = rows->logits + i * d->outputs;
        for (int64_t c = 0; c < d->outputs; c++)
            if (!isfinite(row[c]))
                return fv_fail(FV_FORMAT,
                               "the network gives a non-finite logit for %s: it diverged, or its weights are damaged",
                               fv_dataset_id(d->set, rows->samples[i]));
        keep[d->kind](d, row, fv_dataset_target(d->set, rows->samples[i]));
        d->samples[d->count++] = rows->samples[i];
    }
    return NULL;
}

/* ---- all of them ---- */

static void report(const desk *d, int64_t done, int64_t batches) {
    if (!d->options->progress) return;
    double seconds = fv_clock_seconds() - d->started;
    fv_progress progress = {
        .what = "evaluate", .done = done, .count = batches, .loss = d->loss_sum / (double)fv_max(d->count, 1)
    };
    if (seconds > 0 && done) {
        progress.pictures_per_second = (double)d->count / seconds;
        progress.seconds_left = seconds / (double)done * (double)(batches - done);
    }
    d->options->progress(d->options->context, &progress);
}

static bool is_cancelled(const desk *d) { return d->options->cancel && __atomic_load_n(d->options->cancel, __ATOMIC_RELAXED); }

static fv_error *answer(desk *d, const fv_batch *batch, fv_answered *rows) {
    bool stop = d->gathering.comm && is_cancelled(d);
    *rows = (fv_answered){ .count = batch->count, .samples = batch->samples };
    if (batch->count && !stop)
        FV_TRY(fv_predictor_run_views(d->predictor, d->options->views, batch->images, batch->count, &d->room, &rows->logits));
    return fv_gather_answers(&d->gathering, batch, stop, rows);
}

static fv_error *run(desk *d, fv_loader *loader) {
    FV_TRY(fv_loader_start(loader, 0, 0));
    d->started = fv_clock_seconds();
    for (int64_t done = 0;; done++) {
        report(d, done, fv_loader_batches(loader));
        if (!d->gathering.comm && is_cancelled(d))
            return fv_fail(FV_CANCELLED, "the evaluation was stopped after %lld pictures", (long long)d->count);
        const fv_batch *batch;
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) return NULL;
        fv_answered rows;
        FV_TRY(answer(d, batch, &rows));
        FV_TRY(keep_answers(d, &rows));
    }
}

/* The arrays in one piece of memory, of every kind the widest first. */
static fv_error *lay_out(desk *d, fv_evaluation *out) {
    int64_t cells, bytes;
    if (!fv_size_mul(d->capacity, d->outputs + 3, &cells) || !fv_size_mul(cells, 9, &bytes))
        return fv_fail(FV_MEMORY, "%lld pictures of %lld classes are too many to evaluate at once", (long long)d->capacity,
                       (long long)d->outputs);
    FV_TRY(fv_memory_alloc(cells, 9, &out->memory));
    d->samples = out->memory;
    d->labels = d->samples + d->capacity;
    d->targets = (double *)(d->labels + d->capacity);
    d->probabilities = d->predicted = d->targets + d->capacity;
    d->truths = (uint8_t *)(d->probabilities + d->capacity * d->outputs);
    return NULL;
}

static void hand_out(const desk *d, fv_evaluation *out) {
    out->outcomes = (fv_outcomes){ .kind = d->kind, .count = d->count };
    if (d->kind == FV_NUMBERS) {
        out->outcomes.predicted = d->predicted;
        out->outcomes.targets = d->targets;
    } else {
        out->outcomes.classes = d->outputs;
        out->outcomes.probabilities = d->probabilities;
    }
    if (d->kind == FV_ONE_CLASS) out->outcomes.labels = d->labels;
    if (d->kind == FV_MULTI_LABEL) out->outcomes.truths = d->truths;
    out->samples = d->samples;
    out->unreadable = d->capacity - d->count;
}

static fv_error *measure(desk *d, fv_evaluation *out) {
    hand_out(d, out);
    if (!d->count) return fv_fail(FV_FORMAT, "none of the %lld pictures could be read", (long long)d->capacity);
    out->metric = fv_score_metric(d->kind);
    out->loss = d->loss_sum / (double)d->count;
    FV_TRY(fv_metric_measure(out->metric, &out->outcomes, &out->score));
    return d->kind == FV_NUMBERS ? NULL : fv_metric_measure("log_loss", &out->outcomes, &out->loss);
}

/* A target of another kind is an error, by the picture's name. */
static fv_error *check_targets(const desk *d, const fv_subset *subset) {
    static const fv_target_kind wanted[] = { FV_TARGET_CLASS, FV_TARGET_CLASSES, FV_TARGET_NUMBER };
    static const char *const says[] = { "one class a picture", "any number of classes a picture", "a number a picture" };
    for (int64_t i = 0; i < d->capacity; i++) {
        int64_t sample = fv_subset_at(subset, i);
        if (fv_dataset_target(d->set, sample)->kind != wanted[d->kind])
            return fv_fail(FV_FORMAT, "the model says %s, but %s has another target", says[d->kind],
                           fv_dataset_id(d->set, sample));
    }
    if (d->kind == FV_NUMBERS || fv_dataset_class_count(d->set) == d->outputs) return NULL;
    return fv_fail(FV_SHAPE, "the data set has %lld classes, but the model %lld", (long long)fv_dataset_class_count(d->set),
                   (long long)d->outputs);
}

static fv_error *make_room(desk *d, const fv_loader_options *options, fv_arena *arena) {
    int64_t batch = fv_min(options->batch, d->capacity);
    if (d->options->views == FV_VIEWS_NONE) return NULL;
    FV_TRY(fv_arena_take(arena, batch * d->outputs, &d->room.logits));
    return fv_arena_take(arena, batch * options->size.height * options->size.width * options->size.channels, &d->room.images);
}

static fv_error *evaluate(desk *d, const fv_subset *subset, fv_evaluation *out) {
    FV_TRY(check_targets(d, subset));
    FV_TRY(lay_out(d, out));
    fv_loader_options options = { .mode = FV_EVALUATION,
                                  .batch = d->options->batch ? d->options->batch : 64,
                                  .workers = d->options->workers,
                                  .size = fv_predictor_input(d->predictor),
                                  .ranks = fv_comm_size(d->options->comm),
                                  .rank = fv_comm_rank(d->options->comm),
                                  .cancel = d->options->comm ? NULL : d->options->cancel };
    FV_OWNED(fv_loader) loader = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_views_check(d->predictor, d->options->views));
    FV_TRY(fv_arena_new("views of a batch", INT64_MAX, &arena));
    FV_TRY(make_room(d, &options, arena));
    FV_TRY(fv_loader_new(subset, d->transforms, &options, &loader));
    FV_TRY(fv_gathering_open(&d->gathering, d->options->comm, fv_min(options.batch, d->capacity), d->outputs));
    FV_TRY(run(d, loader));
    return measure(d, out);
}

fv_error *fv_evaluate_by(fv_predictor *predictor, const fv_transforms *transforms, const fv_subset *subset,
                         const fv_evaluate_options *options, fv_evaluation *out) {
    static const fv_evaluate_options defaults;
    desk d = { .predictor = predictor,
               .transforms = transforms,
               .set = fv_subset_dataset(subset),
               .options = options ? options : &defaults,
               .kind = fv_predictor_kind(predictor),
               .scaling = fv_predictor_scaling(predictor),
               .outputs = fv_predictor_output_count(predictor),
               .capacity = fv_subset_count(subset) };
    *out = (fv_evaluation){ 0 };
    fv_error *error = evaluate(&d, subset, out);
    fv_gathering_release(&d.gathering);
    if (error) fv_evaluation_release(out);
    return error;
}

fv_error *fv_evaluate(fv_predictor *predictor, const fv_subset *subset, const fv_evaluate_options *options,
                      fv_evaluation *out) {
    return fv_evaluate_by(predictor, fv_predictor_transforms(predictor), subset, options, out);
}

void fv_evaluation_release(fv_evaluation *evaluation) {
    fv_memory_free(evaluation->memory);
    *evaluation = (fv_evaluation){ 0 };
}
