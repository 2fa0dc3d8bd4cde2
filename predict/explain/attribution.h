/* attribution.h - what methods share that look into the network: gradients of a logit in evaluation, and small maps made large.
 */
#ifndef FV_PREDICT_EXPLAIN_ATTRIBUTION_H
#define FV_PREDICT_EXPLAIN_ATTRIBUTION_H

#include "predict/explain/explainer.h"

/* The network for `batch` pictures with its feeds (the input, and "pick", a number a logit) and two results: "value", what the
 * gradient is taken of, and "gradient", of Σ pick · logits. An open value. */
typedef struct fv_attribution {
    fv_graph *graph;
    fv_plan *plan;
    fv_tensor *input, *pick;
    int64_t outputs, batch;
} fv_attribution;

/* By the input's pixels, or by the last feature maps: the last value with height and width that the node "features" is made of.
 * FV_UNSUPPORTED: the network has none. */
FV_MUST_USE fv_error *fv_attribution_of_input(const fv_predictor *predictor, int64_t batch, fv_attribution *out);
FV_MUST_USE fv_error *fv_attribution_of_features(const fv_predictor *predictor, int64_t batch, fv_attribution *out);
FV_MUST_USE fv_error *fv_attribution_run(fv_attribution *attribution, int64_t output); /* its input is filled */
const fv_tensor *fv_attribution_value(const fv_attribution *attribution);
const fv_tensor *fv_attribution_gradient(const fv_attribution *attribution);
void fv_attribution_release(fv_attribution *attribution);

/* Bilinear, pixels as areas (PyTorch's align_corners=false). */
void fv_map_enlarge(const float *map, int64_t height, int64_t width, int64_t to_height, int64_t to_width, float *out);

#endif
