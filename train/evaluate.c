/* evaluate.c - every picture of a subset through a predictor, and what metrics need of the answers. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "train/clock.h"
#include "train/evaluate.h"

/* Where the next batch's answers go, and since when. */
typedef struct desk {
    fv_predictor *predictor;
    const fv_transforms *transforms;
    const fv_dataset *set;
    const fv_evaluate_options *options;
    double *probabilities;
    int64_t *labels, *samples;
    int64_t count, classes, capacity;
    double loss_sum, started;
} desk;

static fv_error *keep_answers(desk *d, const fv_batch *batch, const float *logits) {
    for (int64_t i = 0; i < batch->count; i++) {
        const float *row = logits + i * d->classes;
        for (int64_t c = 0; c < d->classes; c++)
            if (!isfinite(row[c]))
                return fv_fail(FV_FORMAT,
                               "the network gives a non-finite logit for %s: it diverged, or its weights are damaged",
                               fv_dataset_id(d->set, batch->samples[i]));
        double *probabilities = d->probabilities + d->count * d->classes;
        fv_softmax_row(row, d->classes, probabilities);
        d->labels[d->count] = batch->labels[i];
        d->samples[d->count] = batch->samples[i];
        d->loss_sum -= log(fmax(probabilities[batch->labels[i]], 0x1p-52));
        d->count++;
    }
    return NULL;
}

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

static fv_error *run(desk *d, fv_loader *loader) {
    FV_TRY(fv_loader_start(loader, 0, 0));
    d->started = fv_clock_seconds();
    for (int64_t done = 0;; done++) {
        report(d, done, fv_loader_batches(loader));
        if (d->options->cancel && __atomic_load_n(d->options->cancel, __ATOMIC_RELAXED))
            return fv_fail(FV_CANCELLED, "the evaluation was stopped after %lld pictures", (long long)d->count);
        const fv_batch *batch;
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) return NULL;
        if (!batch->count) continue;
        const float *logits;
        FV_TRY(fv_predictor_run(d->predictor, batch->images, batch->count, &logits));
        FV_TRY(keep_answers(d, batch, logits));
    }
}

/* The three arrays in one piece of memory. */
static fv_error *lay_out(desk *d, fv_evaluation *out) {
    int64_t cells, bytes;
    if (!fv_size_mul(d->capacity, d->classes + 2, &cells) || !fv_size_mul(cells, 8, &bytes))
        return fv_fail(FV_MEMORY, "%lld pictures of %lld classes are too many to evaluate at once", (long long)d->capacity,
                       (long long)d->classes);
    FV_TRY(fv_memory_alloc(cells, 8, &out->memory));
    d->probabilities = out->memory;
    d->labels = (int64_t *)(d->probabilities + d->capacity * d->classes);
    d->samples = d->labels + d->capacity;
    return NULL;
}

static fv_error *measure(desk *d, fv_evaluation *out) {
    out->outcomes =
        (fv_outcomes){ .count = d->count, .classes = d->classes, .probabilities = d->probabilities, .labels = d->labels };
    out->samples = d->samples;
    out->unreadable = d->capacity - d->count;
    if (!d->count) return fv_fail(FV_FORMAT, "none of the %lld pictures could be read", (long long)d->capacity);
    FV_TRY(fv_metric_measure("top1", &out->outcomes, &out->top1));
    return fv_metric_measure("log_loss", &out->outcomes, &out->loss);
}

static fv_error *evaluate(desk *d, const fv_subset *subset, fv_evaluation *out) {
    if (fv_dataset_class_count(d->set) != d->classes)
        return fv_fail(FV_SHAPE, "the data set has %lld classes, but the model %lld", (long long)fv_dataset_class_count(d->set),
                       (long long)d->classes);
    FV_TRY(lay_out(d, out));
    fv_loader_options options = { .mode = FV_EVALUATION,
                                  .batch = d->options->batch ? d->options->batch : 64,
                                  .workers = d->options->workers,
                                  .size = fv_predictor_input(d->predictor),
                                  .cancel = d->options->cancel };
    FV_OWNED(fv_loader) loader = NULL;
    FV_TRY(fv_loader_new(subset, d->transforms, &options, &loader));
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
               .classes = fv_predictor_class_count(predictor),
               .capacity = fv_subset_count(subset) };
    *out = (fv_evaluation){ 0 };
    fv_error *error = evaluate(&d, subset, out);
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
