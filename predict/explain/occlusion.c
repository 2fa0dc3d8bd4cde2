/* occlusion.c - occlusion (Zeiler and Fergus, arXiv 1311.2901, section 4.2): a window of 0 is put over each part of the picture
 * in turn; where the class's score falls, the part mattered. A pixel has the mean over the windows that covered it. It looks at
 * nothing inside the network. */
#include <string.h>

#include "core/base/size.h"
#include "predict/explain/explainer.h"

#define BATCH 16

typedef struct occlusion_options {
    int64_t window, stride;
} occlusion_options;

static const fv_field fields[] = { FV_FIELD(occlusion_options, window, .by_default = "0", .min = 0, .max = 65536,
                                            .help = "side of what is covered, in pixels; 0: a seventh of the picture"),
                                   FV_FIELD(occlusion_options, stride, .by_default = "0", .min = 0, .max = 65536,
                                            .help = "from one place to the next; 0: half the window"),
                                   FV_FIELDS_END };

typedef struct work {
    const fv_explain_call *call;
    fv_size size;
    int64_t window, stride, columns;
    float *images;
    double *probabilities;
    int64_t *covered; /* by how many windows each pixel was */
} work;

/* The part of the picture that window number `n` covers. */
static void place(const work *w, int64_t n, int64_t *top, int64_t *left, int64_t *bottom, int64_t *right) {
    *top = n / w->columns * w->stride, *left = n % w->columns * w->stride;
    *bottom = fv_min(*top + w->window, w->size.height), *right = fv_min(*left + w->window, w->size.width);
}

static void cover(const work *w, int64_t n, float *image) {
    int64_t top, left, bottom, right, channels = w->size.channels;
    memcpy(image, w->call->image, (size_t)(w->size.height * w->size.width * channels) * sizeof *image);
    place(w, n, &top, &left, &bottom, &right);
    for (int64_t y = top; y < bottom; y++)
        memset(image + (y * w->size.width + left) * channels, 0, (size_t)((right - left) * channels) * sizeof *image);
}

static double score(const work *w, const float *logits) {
    fv_softmax_row(logits, fv_predictor_output_count(w->call->predictor), w->probabilities);
    return w->probabilities[w->call->output];
}

static void add(work *w, int64_t n, double fall) {
    int64_t top, left, bottom, right;
    place(w, n, &top, &left, &bottom, &right);
    for (int64_t y = top; y < bottom; y++)
        for (int64_t x = left; x < right; x++) {
            w->call->map[y * w->size.width + x] += (float)fall;
            w->covered[y * w->size.width + x]++;
        }
}

static fv_error *go_over(work *w, int64_t places) {
    const float *logits;
    int64_t numbers = w->size.height * w->size.width * w->size.channels,
            outputs = fv_predictor_output_count(w->call->predictor);
    FV_TRY(fv_predictor_run(w->call->predictor, w->call->image, 1, &logits));
    double whole = score(w, logits);
    for (int64_t n = 0; n < places; n += BATCH) {
        int64_t count = fv_min(BATCH, places - n);
        FV_TRY(fv_patience_check(w->call->patience));
        for (int64_t i = 0; i < count; i++) cover(w, n + i, w->images + i * numbers);
        FV_TRY(fv_predictor_run(w->call->predictor, w->images, count, &logits));
        for (int64_t i = 0; i < count; i++) add(w, n + i, whole - score(w, logits + i * outputs));
    }
    return NULL;
}

static void choose_windows(const occlusion_options *o, fv_size size, int64_t *window, int64_t *stride) {
    *window = o->window ? o->window : fv_max(fv_max(size.height, size.width) / 7, 1);
    *stride = o->stride ? o->stride : fv_max(*window / 2, 1);
}

static int64_t runs(const void *options, fv_size size) {
    int64_t window, stride;
    choose_windows(options, size, &window, &stride);
    return 1 + fv_ceil_div(size.height, stride) * fv_ceil_div(size.width, stride);
}

static fv_error *explain(const fv_explain_call *call) {
    const occlusion_options *o = call->options;
    work w = { .call = call, .size = fv_predictor_input(call->predictor) };
    int64_t pixels = w.size.height * w.size.width;
    choose_windows(o, w.size, &w.window, &w.stride);
    if (w.stride > w.window) return fv_fail(FV_USAGE, "occlusion: a stride above the window leaves pixels out");
    w.columns = fv_ceil_div(w.size.width, w.stride);
    FV_TRY(fv_arena_take(call->arena, BATCH * pixels * w.size.channels, &w.images));
    FV_TRY(fv_arena_take(call->arena, fv_predictor_output_count(call->predictor), &w.probabilities));
    FV_TRY(fv_arena_take(call->arena, pixels, &w.covered));
    FV_TRY(go_over(&w, w.columns * fv_ceil_div(w.size.height, w.stride)));
    for (int64_t p = 0; p < pixels; p++) call->map[p] /= (float)w.covered[p];
    return NULL;
}

const fv_explainer fv_explainer_occlusion = {
    .name = "occlusion",
    .summary = "how far the score falls where a window covers the picture",
    .fields = fields,
    .paper = "arXiv 1311.2901",
    .runs = runs,
    .explain = explain,
};
