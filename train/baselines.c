/* baselines.c - two answers that take no training. The pictures of the second are the averages of 16 × 16 areas in grey: enough
 * for digits and textures, and few enough to be compared with one another. */
#include "train/baselines.h"

#include <math.h>
#include <string.h>

#include "core/base/size.h"

#define PIXELS (FV_BASELINE_SIDE * FV_BASELINE_SIDE)
#define BATCH 64
#define CONFIDENCE 0.95

const char *const *fv_baseline_metrics(fv_outcome_kind kind) {
    static const char *const metrics[][FV_BASELINE_METRICS] = {
        { "top1" },
        { "average_precision average=macro skip_absent=true", "f1 average=micro", "subset_accuracy" },
        { "mae", "rmse", "r2" },
    };
    return metrics[kind];
}

/* ---- small pictures ---- */

/* Small grey pictures, one a row, and which samples they are. */
typedef struct small {
    const fv_dataset *set;
    int64_t count;
    float *rows;
    int64_t *samples;
} small;

static const fv_target *target_of(const small *s, int64_t i) { return fv_dataset_target(s->set, s->samples[i]); }

/* At most `most` samples of a subset, evenly spread. */
static fv_error *thin_out(const fv_subset *subset, int64_t most, fv_arena *arena, fv_subset **out) {
    int64_t count = fv_subset_count(subset), kept = fv_min(count, most), *samples;
    FV_TRY(fv_arena_take(arena, kept, &samples));
    for (int64_t i = 0; i < kept; i++) samples[i] = fv_subset_at(subset, i * count / kept);
    return fv_subset_of(fv_subset_dataset(subset), samples, kept, out);
}

static void add_batch(const fv_batch *batch, small *out) {
    int64_t channels = batch->size.channels;
    for (int64_t i = 0; i < batch->count; i++, out->count++) {
        const float *picture = batch->images + i * PIXELS * channels;
        float *row = out->rows + out->count * PIXELS;
        for (int64_t p = 0; p < PIXELS; p++) {
            float sum = 0;
            for (int64_t c = 0; c < channels; c++) sum += picture[p * channels + c];
            row[p] = sum / (float)channels;
        }
        out->samples[out->count] = batch->samples[i];
    }
}

static fv_error *read_small(const fv_subset *subset, int64_t workers, const int *cancel, fv_arena *arena, small *out) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    fv_loader_options options = { .mode = FV_EVALUATION, .batch = BATCH, .workers = workers, .cancel = cancel };
    out->set = fv_subset_dataset(subset);
    options.size = (fv_size){ FV_BASELINE_SIDE, FV_BASELINE_SIDE, fv_dataset_channels(out->set) };
    FV_TRY(fv_transforms_parse("resize size=16,16", &transforms));
    FV_TRY(fv_arena_take(arena, fv_subset_count(subset) * PIXELS, &out->rows));
    FV_TRY(fv_arena_take(arena, fv_subset_count(subset), &out->samples));
    FV_TRY(fv_loader_new(subset, transforms, &options, &loader));
    FV_TRY(fv_loader_start(loader, 0, 0));
    for (const fv_batch *batch;;) {
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) return NULL;
        add_batch(batch, out);
    }
}

/* What there is to answer by and what is asked, both at most so many. */
static fv_error *read_both(const fv_subset *train, const fv_subset *asked, int64_t workers, const int *cancel, fv_arena *arena,
                           small *examples, small *questions) {
    FV_OWNED(fv_subset) known = NULL;
    FV_OWNED(fv_subset) some = NULL;
    FV_TRY(thin_out(train, FV_BASELINE_KNOWN, arena, &known));
    FV_TRY(thin_out(asked, FV_BASELINE_ASKED, arena, &some));
    FV_TRY(read_small(known, workers, cancel, arena, examples));
    return read_small(some, workers, cancel, arena, questions);
}

static fv_error *judge(const fv_outcomes *outcomes, fv_baseline *out) {
    const char *const *metrics = fv_baseline_metrics(outcomes->kind);
    out->count = outcomes->count;
    for (int i = 0; i < FV_BASELINE_METRICS && metrics[i]; i++)
        FV_TRY(fv_metric_measure(metrics[i], outcomes, &out->figures[i]));
    return fv_bootstrap_interval(metrics[0], outcomes, &(fv_bootstrap_options){ .confidence = CONFIDENCE }, &out->interval);
}

/* ---- one class ---- */

static fv_baseline share_of(int64_t right, int64_t count) {
    return (fv_baseline){ count, { (double)right / (double)count }, fv_wilson_interval(right, count, CONFIDENCE) };
}

/* The constant answer is known of every picture. */
static fv_error *measure_majority(const fv_subset *train, const fv_subset *asked, fv_arena *arena, fv_baselines *out) {
    int64_t classes = fv_dataset_class_count(fv_subset_dataset(train)), *counts;
    FV_TRY(fv_arena_take(arena, classes, &counts));
    fv_subset_class_counts(train, counts);
    out->majority_class = fv_majority_class(counts, classes);
    fv_subset_class_counts(asked, counts);
    out->constant = share_of(counts[out->majority_class], fv_subset_count(asked));
    return NULL;
}

static void measure_class(const small *known, const small *asked, const int64_t *nearest, fv_baselines *out) {
    int64_t right = 0;
    for (int64_t i = 0; i < asked->count; i++)
        right += target_of(known, nearest[i])->class_index == target_of(asked, i)->class_index;
    out->nearest = share_of(right, asked->count);
}

/* ---- several labels ---- */

/* 0 and 1, a row a picture. */
static fv_error *truths_of(const small *s, int64_t labels, fv_arena *arena, uint8_t **out) {
    FV_TRY(fv_arena_take(arena, s->count * labels, out));
    memset(*out, 0, (size_t)(s->count * labels));
    for (int64_t i = 0; i < s->count; i++) {
        const fv_target *target = target_of(s, i);
        for (int64_t k = 0; k < target->classes.count; k++) (*out)[i * labels + target->classes.at[k]] = 1;
    }
    return NULL;
}

/* The row that most rows are equal to, of equal counts the first. */
static int64_t most_frequent(const uint8_t *rows, int64_t count, int64_t labels) {
    int64_t best = 0, most = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t equal = 0;
        for (int64_t k = i; k < count; k++) equal += !memcmp(rows + i * labels, rows + k * labels, (size_t)labels);
        if (equal > most) most = equal, best = i;
    }
    return best;
}

/* The known row `of[i]` for picture i; a NULL `of` is the constant answer. */
static fv_error *answer_labels(const fv_outcomes *truths, const uint8_t *known, const int64_t *of, const uint8_t *constant,
                               fv_arena *arena, fv_baseline *out) {
    fv_outcomes outcomes = *truths;
    double *answers;
    FV_TRY(fv_arena_take(arena, outcomes.count * outcomes.classes, &answers));
    for (int64_t i = 0; i < outcomes.count; i++)
        for (int64_t c = 0; c < outcomes.classes; c++)
            answers[i * outcomes.classes + c] = of ? known[of[i] * outcomes.classes + c] : constant[c];
    outcomes.probabilities = answers;
    return judge(&outcomes, out);
}

static fv_error *measure_labels(const small *known, const small *asked, const int64_t *nearest, fv_arena *arena,
                                fv_baselines *out) {
    int64_t labels = fv_dataset_class_count(known->set);
    uint8_t *examples, *truths;
    FV_TRY(truths_of(known, labels, arena, &examples));
    FV_TRY(truths_of(asked, labels, arena, &truths));
    fv_outcomes outcomes = { .kind = FV_MULTI_LABEL, .count = asked->count, .classes = labels, .truths = truths };
    out->majority_labels = examples + most_frequent(examples, known->count, labels) * labels;
    FV_TRY(answer_labels(&outcomes, NULL, NULL, out->majority_labels, arena, &out->constant));
    return answer_labels(&outcomes, examples, nearest, NULL, arena, &out->nearest);
}

/* ---- numbers ---- */

static double mean_of(const fv_subset *train) {
    double sum = 0;
    int64_t count = fv_subset_count(train);
    for (int64_t i = 0; i < count; i++) sum += fv_dataset_target(fv_subset_dataset(train), fv_subset_at(train, i))->number;
    return sum / (double)count;
}

static fv_error *measure_numbers(const small *known, const small *asked, const int64_t *nearest, fv_arena *arena,
                                 fv_baselines *out) {
    double *targets, *answers;
    FV_TRY(fv_arena_take(arena, asked->count, &targets));
    FV_TRY(fv_arena_take(arena, asked->count, &answers));
    for (int64_t i = 0; i < asked->count; i++) targets[i] = target_of(asked, i)->number, answers[i] = out->mean;
    fv_outcomes outcomes = { .kind = FV_NUMBERS, .count = asked->count, .predicted = answers, .targets = targets };
    FV_TRY(judge(&outcomes, &out->constant));
    for (int64_t i = 0; i < asked->count; i++) answers[i] = target_of(known, nearest[i])->number;
    return judge(&outcomes, &out->nearest);
}

fv_error *fv_baselines_measure(const fv_subset *train, const fv_subset *asked, fv_outcome_kind kind, int64_t workers,
                               const int *cancel, fv_arena *arena, fv_baselines *out) {
    small known = { 0 }, questions = { 0 };
    int64_t *nearest;
    *out = (fv_baselines){ 0 };
    if (kind == FV_ONE_CLASS) FV_TRY(measure_majority(train, asked, arena, out));
    if (kind == FV_NUMBERS) out->mean = mean_of(train);
    FV_TRY(read_both(train, asked, workers, cancel, arena, &known, &questions));
    if (!known.count || !questions.count) return NULL;
    FV_TRY(fv_arena_take(arena, questions.count, &nearest));
    FV_TRY(fv_nearest_rows(known.rows, known.count, questions.rows, questions.count, PIXELS, nearest));
    out->nearest_known = known.count;
    if (kind == FV_MULTI_LABEL) return measure_labels(&known, &questions, nearest, arena, out);
    if (kind == FV_NUMBERS) return measure_numbers(&known, &questions, nearest, arena, out);
    measure_class(&known, &questions, nearest, out);
    return NULL;
}
