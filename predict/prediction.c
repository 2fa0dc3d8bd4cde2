/* prediction.c - one way from logits to an answer, for files, streams and requests: equal logits give equal bits. */
#include "predict/prediction.h"

#include <math.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "fovea/prediction_log.h"
#include "predict/predictor.h"

fv_error *fv_prediction_room_fit(fv_prediction_room *room, int64_t outputs, int64_t features) {
    if (room->memory && outputs <= room->outputs && features <= room->feature_count) return NULL;
    double *memory; /* six arrays in one, those of eight bytes first */
    int64_t floats = outputs + features;
    FV_TRY(fv_memory_alloc(4 * outputs + fv_ceil_div(floats, 2), (int64_t)sizeof(double), (void **)&memory));
    fv_memory_free(room->memory);
    _Static_assert(sizeof(char *) == sizeof(double), "one size for what goes before the floats");
    *room = (fv_prediction_room){ .outputs = outputs,
                                  .feature_count = features,
                                  .memory = memory,
                                  .probabilities = memory,
                                  .scores = memory + outputs,
                                  .best = (int64_t *)(memory + 2 * outputs),
                                  .labels = (const char **)(memory + 3 * outputs),
                                  .logits = (float *)(memory + 4 * outputs),
                                  .features = (float *)(memory + 4 * outputs) + outputs };
    return NULL;
}

void fv_prediction_room_release(fv_prediction_room *room) {
    fv_memory_free(room->memory);
    *room = (fv_prediction_room){ 0 };
}

fv_prediction_style fv_prediction_style_of(const fv_predictor *p, int64_t top, double threshold) {
    int64_t outputs = fv_predictor_output_count(p);
    bool several = fv_predictor_kind(p) == FV_MULTI_LABEL;
    double usual = several ? FV_LABEL_THRESHOLD : fv_predictor_reject_below(p);
    return (fv_prediction_style){ .top = several ? outputs : fv_min(top ? top : 5, outputs),
                                  .threshold = threshold != 0 ? threshold : usual };
}

static fv_error *check_finite(const fv_predictor *p, const float *logits) {
    for (int64_t c = 0; c < fv_predictor_output_count(p); c++)
        if (!isfinite(logits[c]))
            return fv_fail(FV_FORMAT, "the network gives a non-finite logit for %s: its weights are damaged or it diverged",
                           fv_predictor_output_name(p, c));
    return NULL;
}

static void make_classes(const fv_predictor *p, fv_prediction_style style, const float *logits, fv_prediction_room *room,
                         fv_prediction *out) {
    int64_t outputs = fv_predictor_output_count(p);
    bool several = fv_predictor_kind(p) == FV_MULTI_LABEL;
    if (several)
        fv_sigmoid_row(logits, outputs, room->probabilities);
    else
        fv_softmax_row_at(logits, outputs, fv_predictor_temperature(p), room->probabilities);
    fv_top_classes(room->probabilities, outputs, style.top, room->best);
    for (int64_t k = 0; k < style.top; k++) {
        room->labels[k] = fv_predictor_class_names(p)[room->best[k]];
        room->scores[k] = room->probabilities[room->best[k]];
    }
    out->count = style.top, out->classes = room->best, out->labels = room->labels, out->scores = room->scores;
    if (!several) fv_uncertainty(room->probabilities, outputs, &out->entropy, &out->margin);
    out->abstained = !several && room->scores[0] < style.threshold;
    while (several && out->answers < style.top && room->scores[out->answers] >= style.threshold) out->answers++;
}

/* Nothing is said by features of another number than the model file says: they are not its own. */
static void make_outlier(const fv_predictor *p, fv_feature_row features, fv_prediction *out) {
    const fv_outlier *outlier = fv_predictor_outlier(p);
    out->features = features.at, out->feature_count = features.count;
    if (!outlier || features.count != fv_outlier_features(outlier)) return;
    out->outlier_score = fv_outlier_score(outlier, features.at);
    out->outlier_threshold = fv_outlier_threshold(outlier);
}

fv_error *fv_prediction_make(const fv_predictor *p, fv_prediction_style style, const char *path, const float *logits,
                             fv_feature_row features, fv_prediction_room *room, fv_prediction *out) {
    FV_TRY(fv_error_wrap(check_finite(p, logits), "%s", path));
    *out = (fv_prediction){
        .path = path, .logits = logits, .entropy = NAN, .margin = NAN, .outlier_score = NAN, .outlier_threshold = NAN
    };
    make_outlier(p, features, out);
    if (fv_predictor_kind(p) != FV_NUMBERS) return make_classes(p, style, logits, room, out), NULL;
    fv_scaling scaling = fv_predictor_scaling(p);
    out->number = logits[0] * scaling.scale + scaling.mean;
    return NULL;
}
