/* shared: explain.c - a method by its text, the score of its map, and the map over the picture. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "data/image.h"
#include "data/transform.h"
#include "predict/explain/explainer.h"

#define ARENA_CAP (INT64_C(1) << 34)
#define STEPS FV_FAITHFULNESS_STEPS
#define TEXT_BYTES_MAX (1 << 20)

fv_error *fv_patience_check(const fv_patience *patience) {
    if (!patience) return NULL;
    if (patience->over && atomic_load_explicit(patience->over, memory_order_relaxed))
        return fv_fail(FV_CANCELLED, "nobody waits for it any more");
    if (patience->deadline <= 0 || fv_clock_seconds() < patience->deadline) return NULL;
    return fv_error_hint(fv_fail(FV_CANCELLED, "its time ran out"), "gradcam without a score is the quickest");
}

static const fv_part *part_at(int i) { return &fv_explainer_table[i]->part; }

static fv_error *find(const char *method, fv_arena *arena, const fv_explainer **out, void **options) {
    const fv_parts parts = { .kind = "explainer", .count = fv_explainer_table_count, .at = part_at };
    int index = 0;
    FV_TRY(fv_part_parse(&parts, method, arena, &index, options));
    *out = fv_explainer_table[index];
    return NULL;
}

fv_error *fv_explain_runs(const char *method, fv_size size, int64_t *runs) {
    FV_OWNED(fv_arena) arena = NULL;
    const fv_explainer *explainer;
    void *options = NULL;
    FV_TRY(fv_arena_new("an explanation's options", ARENA_CAP, &arena));
    FV_TRY(find(method, arena, &explainer, &options));
    *runs = explainer->runs(options, size);
    return NULL;
}

fv_error *fv_explain(fv_predictor *predictor, const char *method, const float *image, int64_t output,
                     const fv_patience *patience, float *map) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_size size = fv_predictor_input(predictor);
    const fv_explainer *explainer;
    void *options = NULL;
    if (output < 0 || output >= fv_predictor_output_count(predictor))
        return fv_fail(FV_USAGE, "the model has no output %lld", (long long)output);
    FV_TRY(fv_arena_new("an explanation", ARENA_CAP, &arena));
    FV_TRY(find(method, arena, &explainer, &options));
    fv_explain_call call = { predictor, options, image, output, arena, patience, map };
    memset(map, 0, (size_t)(size.height * size.width) * sizeof *map);
    return fv_error_wrap(explainer->explain(&call), "%s", explainer->name);
}

/* ---- how much it says ---- */

typedef struct ranked {
    float value;
    int64_t pixel;
} ranked;

/* The highest first, of equal ones the first in row order. */
static int compare(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value > y->value ? -1 : 1;
    return (x->pixel > y->pixel) - (x->pixel < y->pixel);
}

typedef struct scoring {
    fv_predictor *predictor;
    const fv_patience *patience;
    const float *image;
    int64_t output, channels, pixels, outputs;
    ranked *order;
    float *changed;
    double *probabilities;
} scoring;

/* The area under the score as pixels are exchanged, from none to all: into the picture's own, or into 0. */
static fv_error *area(scoring *s, bool insert, double *out) {
    double sum = 0;
    for (int64_t step = 0, done = 0; step <= STEPS; step++) {
        const float *logits;
        FV_TRY(fv_patience_check(s->patience));
        for (int64_t until = s->pixels * step / STEPS; done < until; done++)
            for (int64_t c = 0; c < s->channels; c++) {
                int64_t at = s->order[done].pixel * s->channels + c;
                s->changed[at] = insert ? s->image[at] : 0;
            }
        FV_TRY(fv_predictor_run(s->predictor, s->changed, 1, &logits));
        fv_softmax_row(logits, s->outputs, s->probabilities);
        sum += s->probabilities[s->output] * (step == 0 || step == STEPS ? 0.5 : 1);
    }
    *out = sum / STEPS;
    return NULL;
}

fv_error *fv_explain_score(fv_predictor *predictor, const float *image, int64_t output, const float *map,
                           const fv_patience *patience, fv_faithfulness *out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_size size = fv_predictor_input(predictor);
    scoring s = { .predictor = predictor,
                  .patience = patience,
                  .image = image,
                  .output = output,
                  .channels = size.channels,
                  .pixels = size.height * size.width,
                  .outputs = fv_predictor_output_count(predictor) };
    size_t bytes = (size_t)(s.pixels * s.channels) * sizeof(float);
    FV_TRY(fv_arena_new("the score of an explanation", ARENA_CAP, &arena));
    FV_TRY(fv_arena_take(arena, s.pixels, &s.order));
    FV_TRY(fv_arena_take(arena, s.pixels * s.channels, &s.changed));
    FV_TRY(fv_arena_take(arena, s.outputs, &s.probabilities));
    for (int64_t p = 0; p < s.pixels; p++) s.order[p] = (ranked){ map[p], p };
    qsort(s.order, (size_t)s.pixels, sizeof *s.order, compare);
    memcpy(s.changed, image, bytes);
    FV_TRY(area(&s, false, &out->deletion));
    memset(s.changed, 0, bytes);
    return area(&s, true, &out->insertion);
}

/* ---- how it looks ---- */

/* From dark to bright, so that it reads in grey too. */
static const uint8_t colours[][3] = { { 0, 0, 4 },     { 66, 10, 104 },  { 147, 38, 103 },
                                      { 221, 81, 58 }, { 252, 165, 10 }, { 252, 255, 164 } };

static void colour_of(double share, uint8_t rgb[3]) {
    double at = share * 5;
    int below = at >= 5 ? 4 : (int)at;
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lround(colours[below][c] + (at - below) * (colours[below + 1][c] - colours[below][c]));
}

/* The model's transforms but for those that normalise: what is left ends in 0…1. */
static fv_error *without_normalizing(const fv_predictor *predictor, fv_transforms **out) {
    FV_TEXT(kept, TEXT_BYTES_MAX);
    char *text;
    FV_TRY(fv_transforms_to_text(fv_predictor_transforms(predictor), &text));
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), name = strcspn(line, " \n");
        bool normalizes = false;
        for (int i = 0; i < fv_transform_table_count; i++) {
            const fv_transform *t = fv_transform_table[i];
            if (strlen(t->name) == name && !strncmp(t->name, line, name)) normalizes = t->normalizes;
        }
        if (!normalizes) fv_text_addf(&kept, "%.*s\n", (int)length, line);
        line += length + (line[length] != 0);
    }
    fv_string_free(text);
    FV_TRY(fv_text_error(&kept));
    return fv_transforms_parse(kept.length ? kept.at : "", out);
}

static void draw(const fv_image *picture, const float *map, uint8_t *shown, uint8_t *overlaid) {
    int64_t pixels = picture->height * picture->width, channels = picture->channels;
    const float *from = picture->pixels;
    float least = INFINITY, most = -INFINITY;
    for (int64_t p = 0; p < pixels; p++) least = fminf(least, map[p]), most = fmaxf(most, map[p]);
    for (int64_t p = 0; p < pixels; p++) {
        double share = most > least ? (map[p] - least) / (most - least) : 0;
        uint8_t heat[3];
        colour_of(share, heat);
        for (int c = 0; c < 3; c++) {
            double value = from[p * channels + (channels < 3 ? 0 : c)];
            shown[p * 3 + c] = (uint8_t)lround(255 * fmin(fmax(value, 0), 1));
            overlaid[p * 3 + c] = (uint8_t)lround(0.45 * shown[p * 3 + c] + 0.55 * heat[c]);
        }
    }
}

fv_error *fv_explain_show(const fv_predictor *predictor, fv_image *decoded, const float *map, uint8_t *shown,
                          uint8_t *overlaid) {
    FV_OWNED(fv_transforms) transforms = NULL;
    fv_size size = fv_predictor_input(predictor);
    FV_TRY(without_normalizing(predictor, &transforms));
    FV_TRY(fv_transforms_apply(transforms, FV_EVALUATION, NULL, decoded));
    if (decoded->height != size.height || decoded->width != size.width)
        return fv_fail(FV_UNSUPPORTED, "the picture cannot be shown as the network sees it: its transforms change its size");
    draw(decoded, map, shown, overlaid);
    return NULL;
}
