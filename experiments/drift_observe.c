/* drift_observe.c - see drift_observe.h. */
#include "experiments/drift_observe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "data/image.h"
#include "data/properties.h"
#include "predict/log_truths.h"
#include "predict/predictor.h"

#define BATCH 32

/* ---- a data set ---- */

static const char *choose_part(const char *part, const fv_dataset *set) {
    if (part) return strcmp(part, "all") ? part : NULL;
    return fv_dataset_has_part(set, "test") ? "test" : fv_dataset_has_part(set, "val") ? "val" : NULL;
}

fv_error *fv_drift_open_data(const fv_observed_data *data, int64_t channels, fv_dataset **set, fv_subset **subset,
                             fv_error **unlabelled) {
    fv_dataset_options options = {
        .source = data->source, .source_options = data->source_options, .channels = channels, .allow_dropped = true
    };
    *unlabelled = NULL;
    fv_error *error = fv_dataset_open(data->path, &options, set);
    if (error && !data->source && fv_error_code(error) == FV_FORMAT) {
        *unlabelled = error;
        error = fv_dataset_of_paths(&data->path, 1, &options, set);
    }
    FV_TRY(error);
    return fv_subset_part(*set, choose_part(data->part, *set), subset);
}

/* A batch that is read, a row of pixels each. */
typedef struct tray {
    const fv_predictor *predictor;
    const fv_subset *subset;
    fv_size size;
    fv_outcome_kind kind;
    int64_t pixels, classes, first, count;
    float *rows;
    fv_image_properties *properties;
    fv_error **errors;
    double *probabilities;
} tray;

static fv_error *read_row(const tray *t, int64_t i) {
    FV_IMAGE(image);
    FV_TRY(fv_dataset_read(fv_subset_dataset(t->subset), fv_subset_at(t->subset, t->first + i), &image));
    fv_image_properties_measure(&image, &t->properties[i]);
    FV_TRY(fv_transforms_apply(fv_predictor_transforms(t->predictor), FV_EVALUATION, NULL, &image));
    if (image.height != t->size.height || image.width != t->size.width || image.channels != t->size.channels)
        return fv_fail(FV_SHAPE, "the transforms do not give pictures of the network's size");
    memcpy(t->rows + i * t->pixels, image.pixels, (size_t)t->pixels * sizeof *t->rows);
    return NULL;
}

static void read_unit(void *context, int64_t unit, int thread) {
    tray *t = context;
    (void)thread;
    t->errors[unit] = read_row(t, unit);
}

static void say_class(const tray *t, const float *logits, double *values, int64_t *best) {
    fv_softmax_row_at(logits, t->classes, fv_predictor_temperature(t->predictor), t->probabilities);
    fv_top_classes(t->probabilities, t->classes, 1, best);
    values[FV_SEEN_CONFIDENCE] = t->probabilities[*best];
    fv_uncertainty(t->probabilities, t->classes, &values[FV_SEEN_ENTROPY], &values[FV_SEEN_MARGIN]);
}

static fv_drift_side side_of(const fv_predictor *p, const float *features, int64_t feature_count) {
    const fv_outlier *outlier = fv_predictor_outlier(p);
    if (!outlier || feature_count != fv_outlier_features(outlier)) return FV_SIDE_UNKNOWN;
    return fv_drift_side_of(fv_outlier_score(outlier, features), fv_outlier_threshold(outlier));
}

/* Picture number i of the batch, whose logits and features are at hand. */
static fv_error *observe(const tray *t, int64_t i, const float *logits, const float *features, int64_t feature_count,
                         fv_drift_window *window) {
    const fv_dataset *set = fv_subset_dataset(t->subset);
    int64_t sample = fv_subset_at(t->subset, t->first + i), truth = fv_dataset_class(set, sample), best = -1;
    const char *label = NULL;
    double values[FV_SEEN_SERIES];
    float sketch[FV_SKETCH];
    char source[4096];
    for (int s = 0; s < FV_SEEN_SERIES; s++) values[s] = s < FV_IMAGE_PROPERTY_COUNT ? (double)t->properties[i].at[s] : NAN;
    fv_scaling scaling = fv_predictor_scaling(t->predictor);
    if (t->kind == FV_ONE_CLASS) say_class(t, logits, values, &best);
    if (best >= 0) label = fv_predictor_class_names(t->predictor)[best];
    if (t->kind == FV_NUMBERS) values[FV_SEEN_NUMBER] = logits[0] * scaling.scale + scaling.mean;
    snprintf(source, sizeof source, "%s/%s", fv_dataset_path(set), fv_dataset_id(set, sample));
    fv_drift_observation o = { .values = values,
                               .label = label,
                               .right = label && truth >= 0 ? !strcmp(label, fv_dataset_class_name(set, truth)) : -1,
                               .columns = feature_count ? fv_sketch_features(features, feature_count, sketch) : 0,
                               .sketch = sketch,
                               .source = source,
                               .side = side_of(t->predictor, features, feature_count) };
    return fv_drift_window_add(window, &o);
}

/* The rows that could be read, closed up; which picture each is of. */
static int64_t close_up(const tray *t, int64_t of[BATCH], int64_t *unreadable) {
    int64_t readable = 0;
    for (int64_t i = 0; i < t->count; i++) {
        if (t->errors[i]) {
            fv_error_free(fv_take(&t->errors[i]));
            if (unreadable) ++*unreadable;
            continue;
        }
        if (readable < i) memcpy(t->rows + readable * t->pixels, t->rows + i * t->pixels, (size_t)t->pixels * sizeof *t->rows);
        of[readable++] = i;
    }
    return readable;
}

static fv_error *observe_batch(tray *t, fv_predictor *predictor, fv_drift_window *window, int64_t *unreadable) {
    int64_t of[BATCH], feature_count;
    const float *logits;
    fv_parallel_for(t->count, read_unit, t);
    int64_t readable = close_up(t, of, unreadable);
    if (!readable) return NULL;
    FV_TRY(fv_predictor_run(predictor, t->rows, readable, &logits));
    const float *features = fv_predictor_features(predictor, &feature_count);
    for (int64_t k = 0; k < readable; k++)
        FV_TRY(observe(t, of[k], logits + k * fv_predictor_output_count(predictor), features + k * feature_count, feature_count,
                       window));
    return NULL;
}

fv_error *fv_drift_observe_data(fv_predictor *predictor, const fv_subset *subset, fv_drift_window *window,
                                int64_t *unreadable) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_size size = fv_predictor_input(predictor);
    tray t = { .predictor = predictor,
               .subset = subset,
               .size = size,
               .kind = fv_predictor_kind(predictor),
               .pixels = size.height * size.width * size.channels,
               .classes = fv_predictor_class_count(predictor) };
    FV_TRY(fv_arena_new("pictures to observe", INT64_C(1) << 36, &arena));
    FV_TRY(fv_arena_take(arena, BATCH * t.pixels, &t.rows));
    FV_TRY(fv_arena_take(arena, BATCH, &t.properties));
    FV_TRY(fv_arena_take(arena, BATCH, &t.errors));
    FV_TRY(fv_arena_take(arena, t.classes, &t.probabilities));
    for (t.first = 0; t.first < fv_subset_count(subset); t.first += t.count) {
        t.count = fv_min(BATCH, fv_subset_count(subset) - t.first);
        FV_TRY(observe_batch(&t, predictor, window, unreadable));
    }
    return NULL;
}

/* ---- the log ---- */

bool fv_log_is_chosen(const fv_log_choice *c, const fv_logged *r) {
    if (c->model && strcmp(c->model, r->model) != 0) return false;
    if (c->digest && r->digest && strcmp(c->digest, r->digest) != 0) return false;
    if (c->key && (!r->key || strcmp(c->key, r->key) != 0)) return false;
    return r->time_us >= c->since_us;
}

static fv_error *add_logged(const fv_logged *r, const fv_logged_truth *truth, fv_drift_window *window) {
    bool known = r->kind == FV_ONE_CLASS && truth && truth->kind == FV_ONE_CLASS;
    fv_logged named = *r;
    named.source = fv_logged_picture(r);
    return fv_drift_window_add_logged(window, &named, known ? !strcmp(r->top[0].label, truth->labels[0]) : -1, true);
}

static fv_error *count_chosen(const char *folder, const fv_log_choice *choice, int64_t *count) {
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    FV_TRY(fv_log_reader_open(folder, &reader));
    *count = 0;
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        *count += entry.prediction && fv_log_is_chosen(choice, entry.prediction);
    } while (entry.prediction || entry.truth);
    return NULL;
}

/* Windows as they are filled. */
typedef struct cutter {
    const fv_log_cut *cut;
    fv_window_sink sink;
    void *context;
    fv_drift_window *window;
    int64_t ends_us, windows; /* of the open one, by time; that were given away */
} cutter;

static fv_error *give_away(cutter *c) {
    FV_TRY(c->sink(c->context, c->window));
    c->windows++;
    fv_drift_window_free(fv_take(&c->window));
    return fv_drift_window_of_predictions(&c->window);
}

static fv_error *take_in(cutter *c, const fv_logged *r, const fv_logged_truth *truth) {
    int64_t span = c->cut->span_us;
    if (span && c->window->n && r->time_us >= c->ends_us) FV_TRY(give_away(c));
    if (span && !c->window->n) c->ends_us = (r->time_us / span + 1) * span;
    FV_TRY(add_logged(r, truth, c->window));
    return c->cut->size && c->window->n == c->cut->size ? give_away(c) : NULL;
}

static fv_error *cut_log(const char *folder, const fv_log_choice *choice, const fv_log_truths *truths, cutter *c) {
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    int64_t count, skip;
    FV_TRY(count_chosen(folder, choice, &count));
    skip = choice->last ? fv_max(count - choice->last, 0) : 0;
    FV_TRY(fv_log_reader_open(folder, &reader));
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        if (!entry.prediction || !fv_log_is_chosen(choice, entry.prediction) || skip-- > 0) continue;
        FV_TRY(take_in(c, entry.prediction, fv_log_truths_find(truths, entry.prediction->id)));
    } while (entry.prediction || entry.truth);
    bool full = c->cut->span_us && c->window->n && c->ends_us <= c->cut->now_us;
    return full || !c->windows ? give_away(c) : NULL;
}

fv_error *fv_drift_observe_log(const char *folder, const fv_log_choice *choice, const fv_log_cut *cut, fv_window_sink sink,
                               void *context) {
    FV_OWNED(fv_log_truths) truths = NULL;
    cutter c = { .cut = cut, .sink = sink, .context = context };
    FV_TRY(fv_log_truths_read(folder, &truths));
    FV_TRY(fv_drift_window_of_predictions(&c.window));
    fv_error *error = cut_log(folder, choice, truths, &c);
    fv_drift_window_free(c.window);
    return error;
}
