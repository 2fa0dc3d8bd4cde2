/* outliers.c - from where on a picture is an outlier, by the features of validation pictures, on which nothing was trained. */
#include <string.h>

#include "predict/predictor.h"
#include "train/report.h"

/* At most FV_OUTLIER_MOST of the validation pictures, evenly spread. */
static fv_error *choose(const fv_report *r, fv_subset **out) {
    int64_t count = fv_subset_count(r->t->val), taken = count < FV_OUTLIER_MOST ? count : FV_OUTLIER_MOST, *samples;
    FV_TRY(fv_arena_take(r->arena, taken, &samples));
    for (int64_t i = 0; i < taken; i++) samples[i] = fv_subset_at(r->t->val, i * count / taken);
    return fv_subset_of(fv_subset_dataset(r->t->val), samples, taken, out);
}

/* `rows` has room for as many as the loader gives; their number and width. `*width` 0: the network has no row of features. */
static fv_error *read_features(const fv_report *r, fv_loader *loader, int64_t most, float **rows, int64_t *count,
                               int64_t *width) {
    const fv_batch *batch;
    const float *logits;
    *count = 0;
    FV_TRY(fv_loader_start(loader, 0, 0));
    for (;;) {
        if (fv_trainer_cancelled(r->t)) return fv_fail(FV_CANCELLED, "stopped before the model's outlier scores were fitted");
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) return NULL;
        if (!batch->count) continue;
        FV_TRY(fv_predictor_run(r->predictor, batch->images, batch->count, &logits));
        const float *features = fv_predictor_features(r->predictor, width);
        if (!*width || *width > FV_OUTLIER_FEATURES_MAX) return *width = 0, NULL;
        if (!*rows) FV_TRY(fv_arena_take(r->arena, most * *width, rows));
        memcpy(*rows + *count * *width, features, (size_t)(batch->count * *width) * sizeof **rows);
        *count += batch->count;
    }
}

fv_error *fv_report_write_outlier(const fv_report *r, fv_model *model) {
    FV_OWNED(fv_subset) chosen = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    fv_loader_options options = { .mode = FV_EVALUATION, .workers = r->t->workers, .size = fv_predictor_input(r->predictor) };
    fv_outlier_section section;
    const char *reason;
    float *rows = NULL;
    int64_t count, width = 0;
    FV_TRY(fv_model_set_section(model, fv_section_outlier.name, 0, NULL));
    FV_TRY(choose(r, &chosen));
    options.batch = fv_subset_count(chosen) < r->t->keys->batch ? fv_subset_count(chosen) : r->t->keys->batch;
    FV_TRY(fv_loader_new(chosen, fv_predictor_transforms(r->predictor), &options, &loader));
    FV_TRY(read_features(r, loader, fv_subset_count(chosen), &rows, &count, &width));
    if (!width) return fv_trainer_say(r->t, "outlier scores: none, the network names no row of features"), NULL;
    FV_TRY(fv_outlier_fit(rows, count, width, r->arena, &section, &reason));
    if (reason)
        return fv_trainer_say(r->t, "outlier scores: none, of %lld validation pictures: %s", (long long)count, reason), NULL;
    return fv_section_write(model, &fv_section_outlier, &section);
}
