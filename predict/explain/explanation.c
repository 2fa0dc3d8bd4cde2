/* shared: explanation.c - see explanation.h. */
#include "predict/explain/explanation.h"

#include <string.h>

#include "core/base/memory.h"
#include "data/image.h"

fv_error *fv_explanation_new(fv_predictor *predictor, fv_explanation **out) {
    FV_OWNED(fv_explanation) e = NULL;
    fv_size size = fv_predictor_input(predictor);
    int64_t pixels = size.height * size.width;
    FV_TRY(fv_memory_new(1, &e));
    e->predictor = predictor;
    e->size = size;
    FV_TRY(fv_memory_new(pixels, &e->map));
    FV_TRY(fv_memory_new(pixels * 3, &e->shown));
    FV_TRY(fv_memory_new(pixels * 3, &e->overlaid));
    *out = fv_take(&e);
    return NULL;
}

void fv_explanation_free(fv_explanation *e) {
    if (!e) return;
    fv_image_release(&e->decoded);
    fv_picture_work_release(&e->work);
    fv_memory_free(e->map);
    fv_memory_free(e->shown);
    fv_memory_free(e->overlaid);
    fv_memory_free(e);
}

fv_error *fv_explanation_read(fv_explanation *e, const fv_predict_input *picture, const fv_decode_options *limits) {
    FV_TRY(fv_predictor_decode(e->predictor, picture, limits, &e->decoded));
    FV_TRY(fv_image_copy(&e->work.image, fv_image_size(&e->decoded), e->decoded.pixel, e->decoded.pixels));
    return fv_predictor_transform(e->predictor, picture->path, &e->work);
}

fv_error *fv_explanation_make(fv_explanation *e, const fv_explanation_wish *wish) {
    const float *image = e->work.image.pixels;
    e->output = wish->output;
    e->scored = wish->scored && fv_predictor_kind(e->predictor) != FV_NUMBERS;
    e->score = (fv_faithfulness){ 0 };
    FV_TRY(fv_explain(e->predictor, wish->method, image, wish->output, &wish->patience, e->map));
    if (e->scored) FV_TRY(fv_explain_score(e->predictor, image, wish->output, e->map, &wish->patience, &e->score));
    return fv_explain_show(e->predictor, &e->decoded, e->map, e->shown, e->overlaid);
}

fv_error *fv_explanation_class(const fv_predictor *predictor, const char *name, int64_t *output) {
    const char *const *names = fv_predictor_class_names(predictor);
    int64_t count = fv_predictor_class_count(predictor);
    for (int64_t c = 0; c < count; c++)
        if (!strcmp(names[c], name)) return *output = c, NULL;
    fv_error *error = fv_fail(FV_USAGE, "the model has no class \"%s\"", name);
    if (!count) return fv_error_hint(error, "it gives a number");
    const char *nearest = fv_nearest_name(name, names, count);
    return fv_error_hint(error, "did you mean %s?", nearest ? nearest : names[0]);
}

int64_t fv_explanation_best(const float *logits, int64_t outputs) {
    int64_t best = 0;
    for (int64_t c = 1; c < outputs; c++)
        if (logits[c] > logits[best]) best = c;
    return best;
}
