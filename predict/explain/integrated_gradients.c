/* integrated_gradients.c - integrated gradients (Sundararajan et al., arXiv 1703.01365): the gradient of the logit by each
 * pixel, averaged along the straight way from an empty picture (0 everywhere) to this one, times the pixel. Over all channels
 * and pixels they add up to the difference of the two logits, as far as the steps are fine enough. The map is their absolute
 * sum over channels. */
#include <math.h>
#include <string.h>

#include "predict/explain/attribution.h"

typedef struct integrated_gradients_options {
    int64_t steps;
} integrated_gradients_options;

static const fv_field fields[] = { FV_FIELD(integrated_gradients_options, steps, .by_default = "32", .min = 1, .max = 10000,
                                            .help = "points on the way, each in the middle of its part"),
                                   FV_FIELDS_END };

static int64_t runs(const void *options, fv_size size) {
    (void)size;
    return 3 * ((const integrated_gradients_options *)options)->steps;
}

static fv_error *explain(const fv_explain_call *call) {
    const integrated_gradients_options *o = call->options;
    fv_size size = fv_predictor_input(call->predictor);
    int64_t pixels = size.height * size.width, numbers = pixels * size.channels;
    double *sums;
    fv_attribution a;
    FV_TRY(fv_arena_take(call->arena, numbers, &sums));
    FV_TRY(fv_attribution_of_input(call->predictor, 1, &a));
    fv_error *error = NULL;
    for (int64_t step = 0; step < o->steps && !error; step++) {
        float share = (float)(((double)step + 0.5) / (double)o->steps);
        for (int64_t i = 0; i < numbers; i++) ((float *)a.input->data)[i] = share * call->image[i];
        error = fv_patience_check(call->patience);
        if (!error) error = fv_attribution_run(&a, call->output);
        for (int64_t i = 0; i < numbers && !error; i++) sums[i] += ((const float *)fv_attribution_gradient(&a)->data)[i];
    }
    for (int64_t i = 0; i < numbers && !error; i++)
        call->map[i / size.channels] += (float)fabs(sums[i] / (double)o->steps * call->image[i]);
    fv_attribution_release(&a);
    return error;
}

const fv_explainer fv_explainer_integrated_gradients = {
    .name = "integrated_gradients",
    .summary = "gradients by pixels along the way from an empty picture",
    .fields = fields,
    .paper = "arXiv 1703.01365",
    .runs = runs,
    .explain = explain,
};
