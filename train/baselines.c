/* baselines.c - two answers that take no training. The pictures of the second are the averages of 16 × 16 areas in grey: enough
 * for digits and textures, and few enough to be compared with one another. */
#include "train/baselines.h"

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/size.h"

#define PIXELS (FV_BASELINE_SIDE * FV_BASELINE_SIDE)
#define BATCH 64

/* Small grey pictures, one a row, with their classes. */
typedef struct small {
    int64_t count;
    float *rows;
    int64_t *labels;
} small;

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
        out->labels[out->count] = batch->labels[i];
    }
}

static fv_error *read_small(const fv_subset *subset, int64_t workers, const int *cancel, fv_arena *arena, small *out) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    fv_loader_options options = { .mode = FV_EVALUATION, .batch = BATCH, .workers = workers, .cancel = cancel };
    options.size = (fv_size){ FV_BASELINE_SIDE, FV_BASELINE_SIDE, fv_dataset_channels(fv_subset_dataset(subset)) };
    FV_TRY(fv_transforms_parse("resize size=16,16", &transforms));
    FV_TRY(fv_arena_take(arena, fv_subset_count(subset) * PIXELS, &out->rows));
    FV_TRY(fv_arena_take(arena, fv_subset_count(subset), &out->labels));
    FV_TRY(fv_loader_new(subset, transforms, &options, &loader));
    FV_TRY(fv_loader_start(loader, 0, 0));
    for (const fv_batch *batch;;) {
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) return NULL;
        add_batch(batch, out);
    }
}

static fv_error *measure_nearest(const fv_subset *train, const fv_subset *asked, int64_t workers, const int *cancel,
                                 fv_arena *arena, fv_baselines *out) {
    FV_OWNED(fv_subset) known = NULL;
    FV_OWNED(fv_subset) some = NULL;
    small examples = { 0 }, questions = { 0 };
    int64_t *nearest;
    FV_TRY(thin_out(train, FV_BASELINE_KNOWN, arena, &known));
    FV_TRY(thin_out(asked, FV_BASELINE_ASKED, arena, &some));
    FV_TRY(read_small(known, workers, cancel, arena, &examples));
    FV_TRY(read_small(some, workers, cancel, arena, &questions));
    if (!examples.count || !questions.count) return NULL;
    FV_TRY(fv_arena_take(arena, questions.count, &nearest));
    FV_TRY(fv_nearest_rows(examples.rows, examples.count, questions.rows, questions.count, PIXELS, nearest));
    out->nearest_known = examples.count;
    out->nearest_count = questions.count;
    for (int64_t i = 0; i < questions.count; i++) out->nearest_right += examples.labels[nearest[i]] == questions.labels[i];
    return NULL;
}

static fv_error *measure_majority(const fv_subset *train, const fv_subset *asked, fv_arena *arena, fv_baselines *out) {
    int64_t classes = fv_dataset_class_count(fv_subset_dataset(train)), *counts;
    FV_TRY(fv_arena_take(arena, classes, &counts));
    fv_subset_class_counts(train, counts);
    out->majority_class = fv_majority_class(counts, classes);
    fv_subset_class_counts(asked, counts);
    out->majority_right = counts[out->majority_class];
    out->majority_count = fv_subset_count(asked);
    return NULL;
}

fv_error *fv_baselines_measure(const fv_subset *train, const fv_subset *asked, int64_t workers, const int *cancel,
                               fv_baselines *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_baselines){ 0 };
    FV_TRY(fv_arena_new("small pictures", INT64_C(1) << 30, &arena));
    FV_TRY(measure_majority(train, asked, arena, out));
    return measure_nearest(train, asked, workers, cancel, arena, out);
}
