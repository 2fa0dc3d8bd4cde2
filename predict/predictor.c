/* predictor.c - a session over a model: its sections read once, and a small cache of evaluation plans by batch size. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "predict/predictor.h"

#define PLANS_MAX 16
#define FEATURES "features"

typedef struct cached_plan {
    fv_plan *plan;
    int64_t batch, last_used;
    bool once; /* it keeps nothing for a second run */
} cached_plan;

struct fv_predictor {
    fv_model *model, *owned; /* `owned` is the same one when it was opened from a file, else NULL */
    fv_predictor_options options;
    fv_arena *arena;
    fv_classes_section classes;
    fv_signature_section signature;
    fv_target_section target;
    fv_calibration_section calibration;
    const fv_outlier *outlier; /* NULL: the file has none */
    fv_transforms *transforms;
    const float *features; /* of the last run */
    int64_t feature_count;
    cached_plan plans[PLANS_MAX];
    int64_t uses;
    const char *untested; /* the file's path, while its self-test is put off */
};

/* The graph's input and result must be what the signature says. */
static fv_error *check_signature(const fv_predictor *p) {
    const fv_signature_section *s = &p->signature;
    const fv_graph *graph = fv_model_graph(p->model);
    fv_value x = fv_graph_find(graph, s->input), y = fv_graph_find_output(graph, s->output);
    if (!fv_is_value(x) || !fv_is_value(y))
        return fv_fail(FV_FORMAT, "the model's graph has no input \"%s\" or no result \"%s\"", s->input, s->output);
    const fv_type *in = fv_value_type(graph, x), *out = fv_value_type(graph, y);
    bool in_fits = in->dtype == FV_F32 && in->rank == 4 && in->dims[1] == s->height && in->dims[2] == s->width &&
                   in->dims[3] == s->channels;
    if (!in_fits || out->dtype != FV_F32 || out->rank != 2 || out->dims[1] != s->classes) {
        char has_in[256], has_out[256];
        return fv_fail(FV_FORMAT, "the model's graph takes %s and gives %s, which is not what its signature says",
                       fv_type_format(in, has_in), fv_type_format(out, has_out));
    }
    if (p->target.kind == FV_NUMBERS && s->classes != 1)
        return fv_fail(FV_FORMAT, "the model says a number, but gives %lld", (long long)s->classes);
    if (p->target.kind != FV_NUMBERS && p->classes.names.count != s->classes)
        return fv_fail(FV_FORMAT, "the model names %lld classes, but gives %lld logits", (long long)p->classes.names.count,
                       (long long)s->classes);
    return NULL;
}

/* A model that says from where on a picture is an outlier is asked for its features in any case. */
static fv_error *read_outlier(fv_predictor *p) {
    fv_outlier_section section;
    if (!fv_model_section(p->model, fv_section_outlier.name, NULL)) return NULL;
    FV_TRY(fv_section_read(p->model, &fv_section_outlier, &section, p->arena));
    p->options.features = true;
    return fv_outlier_open(&section, p->arena, &p->outlier);
}

static fv_error *read_sections(fv_predictor *p) {
    fv_transforms_section transforms;
    p->target = (fv_target_section){ .kind = FV_ONE_CLASS, .scale = 1 };
    if (fv_model_section(p->model, fv_section_target.name, NULL))
        FV_TRY(fv_section_read(p->model, &fv_section_target, &p->target, p->arena));
    if (p->target.kind != FV_NUMBERS) FV_TRY(fv_section_read(p->model, &fv_section_classes, &p->classes, p->arena));
    FV_TRY(fv_section_read(p->model, &fv_section_signature, &p->signature, p->arena));
    FV_TRY(fv_section_read(p->model, &fv_section_transforms, &transforms, p->arena));
    p->calibration = (fv_calibration_section){ .temperature = 1 };
    if (fv_model_section(p->model, fv_section_calibration.name, NULL))
        FV_TRY(fv_section_read(p->model, &fv_section_calibration, &p->calibration, p->arena));
    FV_TRY(read_outlier(p));
    FV_TRY(fv_error_wrap(fv_transforms_parse(transforms.steps, &p->transforms), "the model's transforms"));
    return check_signature(p);
}

fv_error *fv_predictor_new(fv_model *model, const fv_predictor_options *options, fv_predictor **out) {
    FV_OWNED(fv_predictor) p = NULL;
    FV_TRY(fv_memory_new(1, &p));
    p->model = model;
    if (options) p->options = *options;
    if (!p->options.batch) p->options.batch = 32;
    if (!p->options.plans) p->options.plans = 4;
    if (p->options.plans < 1 || p->options.plans > PLANS_MAX)
        return fv_fail(FV_USAGE, "a predictor keeps 1 to %d plans, not %lld", PLANS_MAX, (long long)p->options.plans);
    FV_TRY(fv_arena_new("a predictor's classes and signature", INT64_C(1) << 28, &p->arena));
    FV_TRY(read_sections(p));
    *out = fv_take(&p);
    return NULL;
}

fv_error *fv_predictor_beside(const fv_predictor *predictor, const fv_predictor_options *options, fv_predictor **out) {
    return fv_predictor_new(predictor->model, options, out);
}

bool fv_predictor_is_exact(const fv_predictor *predictor) { return predictor->options.precision == FV_PRECISION_F32; }

fv_error *fv_predictor_exact(const fv_predictor *predictor, fv_predictor **out) {
    if (fv_predictor_is_exact(predictor)) return NULL;
    const fv_predictor_options options = { .device = predictor->options.device, .alone = predictor->options.alone };
    return fv_predictor_beside(predictor, &options, out);
}

fv_error *fv_predictor_open(const char *path, const fv_predictor_options *options, fv_predictor **out) {
    FV_OWNED(fv_model) model = NULL;
    FV_OWNED(fv_predictor) p = NULL;
    FV_TRY(fv_model_open(path, &model));
    FV_TRY(fv_error_wrap(fv_predictor_new(model, options, &p), "%s cannot be used to predict", path));
    p->owned = fv_take(&model);
    if (!p->options.no_selftest) FV_TRY(fv_arena_text(p->arena, path, &p->untested));
    if (!p->options.late_selftest) FV_TRY(fv_predictor_late_selftest(p));
    *out = fv_take(&p);
    return NULL;
}

const char *fv_predictor_untested(const fv_predictor *p) { return p->untested; }
void fv_predictor_set_tested(fv_predictor *p) { p->untested = NULL; }

fv_error *fv_predictor_late_selftest(fv_predictor *p) {
    if (!p->untested) return NULL;
    FV_TRY(fv_error_wrap(fv_predictor_selftest(p), "%s cannot be trusted", p->untested));
    fv_predictor_set_tested(p);
    return NULL;
}

void fv_predictor_free(fv_predictor *p) {
    if (!p) return;
    for (int i = 0; i < PLANS_MAX; i++) fv_plan_free(p->plans[i].plan);
    fv_transforms_free(p->transforms);
    fv_arena_free(p->arena);
    fv_model_free(p->owned);
    fv_memory_free(p);
}

const fv_model *fv_predictor_model(const fv_predictor *p) { return p->model; }
fv_outcome_kind fv_predictor_kind(const fv_predictor *p) { return p->target.kind; }
int64_t fv_predictor_output_count(const fv_predictor *p) { return p->signature.classes; }
fv_scaling fv_predictor_scaling(const fv_predictor *p) { return (fv_scaling){ p->target.mean, p->target.scale }; }
int64_t fv_predictor_class_count(const fv_predictor *p) { return p->classes.names.count; }
const char *const *fv_predictor_class_names(const fv_predictor *p) { return p->classes.names.at; }
const char *fv_predictor_output_name(const fv_predictor *p, int64_t output) {
    return p->target.kind == FV_NUMBERS ? "the number" : p->classes.names.at[output];
}
const fv_transforms *fv_predictor_transforms(const fv_predictor *p) { return p->transforms; }
int64_t fv_predictor_batch(const fv_predictor *p) { return p->options.batch; }
int64_t fv_predictor_workers(const fv_predictor *p) { return p->options.workers; }
double fv_predictor_temperature(const fv_predictor *p) { return p->calibration.temperature; }
double fv_predictor_reject_below(const fv_predictor *p) { return p->calibration.reject_below; }
const fv_outlier *fv_predictor_outlier(const fv_predictor *p) { return p->outlier; }
double fv_predictor_outlier_threshold(const fv_predictor *p) { return p->outlier ? fv_outlier_threshold(p->outlier) : 0; }
fv_size fv_predictor_input(const fv_predictor *p) {
    return (fv_size){ p->signature.height, p->signature.width, p->signature.channels };
}

static fv_error *make_plan(const fv_predictor *p, int64_t batch, bool once, fv_plan **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_with_batch(fv_model_graph(p->model), batch, &graph));
    fv_value features = p->options.features ? fv_graph_find(graph, FEATURES) : FV_NO_VALUE;
    if (fv_is_value(features) && !fv_is_value(fv_graph_find_output(graph, FEATURES)))
        fv_graph_output(graph, FEATURES, features);
    fv_plan_options options = { .mode = FV_EVALUATION,
                                .precision = p->options.precision,
                                .device = p->options.device,
                                .fast_batch = p->options.fast_batch,
                                .alone = p->options.alone,
                                .keep_nothing = once };
    return fv_plan_new(graph, fv_model_weights(p->model), &options, out);
}

/* The plan for that batch size; a new one takes the place of the one that was not used for longest, and first that of one for a
 * single run. */
static fv_error *find_plan(fv_predictor *p, int64_t batch, bool once, fv_plan **out) {
    cached_plan *oldest = &p->plans[0];
    for (int64_t i = 0; i < p->options.plans; i++) {
        cached_plan *held = &p->plans[i];
        if (held->plan && held->batch == batch && held->once == once)
            return held->last_used = ++p->uses, *out = held->plan, NULL;
        if (held->once) held->last_used = 0;
        if (held->last_used < oldest->last_used) oldest = held;
    }
    fv_plan_free(fv_take(&oldest->plan));
    oldest->last_used = 0;
    FV_TRY(make_plan(p, batch, once, &oldest->plan));
    oldest->batch = batch, oldest->once = once, oldest->last_used = ++p->uses;
    *out = oldest->plan;
    return NULL;
}

fv_error *fv_predictor_plan(fv_predictor *p, int64_t batch, fv_plan **out) { return find_plan(p, batch, false, out); }
fv_error *fv_predictor_plan_once(fv_predictor *p, int64_t batch, fv_plan **out) { return find_plan(p, batch, true, out); }

fv_error *fv_predictor_prepare(fv_predictor *p, int64_t batch, int64_t *bytes) {
    fv_plan *plan;
    FV_TRY(fv_predictor_plan(p, batch, &plan));
    if (bytes) *bytes += fv_plan_measure(plan).block + fv_plan_measure(plan).kept;
    return NULL;
}

static int64_t pixels_of(const fv_predictor *p) { return p->signature.height * p->signature.width * p->signature.channels; }

float *fv_predictor_feed(const fv_predictor *p, fv_plan *plan) { return fv_plan_feed(plan, p->signature.input)->data; }
const float *fv_predictor_logits(const fv_predictor *p, const fv_plan *plan) {
    return fv_plan_result(plan, p->signature.output)->data;
}

const float *fv_predictor_plan_features(const fv_predictor *p, const fv_plan *plan, int64_t batch, int64_t *count) {
    const fv_tensor *features = p->options.features ? fv_plan_result(plan, FEATURES) : NULL;
    bool usable = features && features->type.dtype == FV_F32 && features->type.dims[0] == batch;
    *count = usable ? fv_type_count(&features->type) / batch : 0;
    return usable ? features->data : NULL;
}

fv_error *fv_predictor_run(fv_predictor *p, const float *images, int64_t count, const float **logits) {
    fv_plan *plan;
    FV_TRY(fv_predictor_plan(p, count, &plan));
    memcpy(fv_predictor_feed(p, plan), images, (size_t)(count * pixels_of(p)) * sizeof *images);
    FV_TRY(fv_plan_run(plan));
    *logits = fv_predictor_logits(p, plan);
    p->features = fv_predictor_plan_features(p, plan, count, &p->feature_count);
    return NULL;
}

fv_error *fv_predictor_run_once(fv_predictor *p, const float *first, int64_t first_count, const float *images, int64_t count,
                                const float **logits) {
    fv_plan *plan;
    int64_t all = first_count + count, of_first = first_count * pixels_of(p);
    FV_TRY(fv_predictor_plan_once(p, all, &plan));
    float *feed = fv_predictor_feed(p, plan);
    if (first_count) memcpy(feed, first, (size_t)of_first * sizeof *feed);
    if (count) memcpy(feed + of_first, images, (size_t)(count * pixels_of(p)) * sizeof *feed);
    FV_TRY(fv_plan_run(plan));
    *logits = fv_predictor_logits(p, plan);
    p->features = fv_predictor_plan_features(p, plan, all, &p->feature_count);
    if (p->features) p->features += first_count * p->feature_count;
    return NULL;
}

const float *fv_predictor_features(const fv_predictor *p, int64_t *features) {
    *features = p->feature_count;
    return p->features;
}
