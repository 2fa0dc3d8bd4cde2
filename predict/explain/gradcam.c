/* gradcam.c - Grad-CAM (Selvaraju et al., arXiv 1610.02391): the last feature maps, each weighed by the mean gradient of the
 * class's logit over it, added up and cut off below 0; and Grad-CAM++ (Chattopadhay et al., arXiv 1710.11063), whose weights
 * are Σ α · max(g, 0) with α = g² / (2·g² + Σ A · g³), which counts every place of a class that is there several times. */
#include <math.h>
#include <string.h>

#include "predict/explain/attribution.h"

typedef double (*weigh)(const float *maps, const float *gradients, int64_t places, int64_t channels, int64_t c);

static double mean_gradient(const float *maps, const float *gradients, int64_t places, int64_t channels, int64_t c) {
    double sum = 0;
    (void)maps;
    for (int64_t p = 0; p < places; p++) sum += gradients[p * channels + c];
    return sum / (double)places;
}

static double positive_gradients(const float *maps, const float *gradients, int64_t places, int64_t channels, int64_t c) {
    double sum = 0, all = 0;
    for (int64_t p = 0; p < places; p++) all += maps[p * channels + c];
    for (int64_t p = 0; p < places; p++) {
        double g = gradients[p * channels + c], below = 2 * g * g + all * g * g * g + 1e-6;
        if (g > 0) sum += g * g / below * g;
    }
    return sum;
}

static fv_error *explain(const fv_explain_call *call, weigh weigh) {
    fv_size size = fv_predictor_input(call->predictor);
    fv_attribution a;
    float *small = NULL;
    FV_TRY(fv_patience_check(call->patience));
    FV_TRY(fv_attribution_of_features(call->predictor, 1, &a));
    memcpy(a.input->data, call->image, (size_t)fv_type_bytes(&a.input->type));
    fv_error *error = fv_attribution_run(&a, call->output);
    const fv_type *type = error ? NULL : &fv_attribution_value(&a)->type;
    int64_t places = error ? 0 : type->dims[1] * type->dims[2], channels = error ? 0 : type->dims[3];
    if (!error) error = fv_arena_take(call->arena, places, &small);
    for (int64_t c = 0; !error && c < channels; c++) {
        const float *maps = fv_attribution_value(&a)->data, *gradients = fv_attribution_gradient(&a)->data;
        double weight = weigh(maps, gradients, places, channels, c);
        for (int64_t p = 0; p < places; p++) small[p] += (float)(weight * maps[p * channels + c]);
    }
    for (int64_t p = 0; p < places && !error; p++) small[p] = fmaxf(small[p], 0);
    if (!error) fv_map_enlarge(small, type->dims[1], type->dims[2], size.height, size.width, call->map);
    fv_attribution_release(&a);
    return error;
}

static int64_t runs(const void *options, fv_size size) {
    (void)options, (void)size;
    return 3;
}

static fv_error *explain_gradcam(const fv_explain_call *call) { return explain(call, mean_gradient); }
static fv_error *explain_gradcam_pp(const fv_explain_call *call) { return explain(call, positive_gradients); }

const fv_explainer fv_explainer_gradcam = {
    .name = "gradcam",
    .summary = "the last feature maps, weighed by their mean gradients",
    .paper = "arXiv 1610.02391",
    .runs = runs,
    .explain = explain_gradcam,
};
const fv_explainer fv_explainer_gradcam_pp = {
    .name = "gradcam_pp",
    .summary = "Grad-CAM++: the same with weights that count each place of a class",
    .paper = "arXiv 1710.11063",
    .runs = runs,
    .explain = explain_gradcam_pp,
};
