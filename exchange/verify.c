/* verify.c - an imported network on stored inputs, against stored outputs. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "exchange/import.h"
#include "fovea/plan.h"
#include "predict/sections.h"

/* What the archive has under one of the names, as f32. */
static const fv_foreign_tensor *array(const fv_foreign_file *file, const char *a, const char *b) {
    const fv_foreign_tensor *found = fv_foreign_find(file, a);
    return found ? found : fv_foreign_find(file, b);
}

/* Which of the input's axes are batch, height, width, channels; false: it is no batch of such pictures. */
static bool axes_of(const fv_foreign_tensor *input, const fv_signature_section *s, int axes[4]) {
    static const int nchw[] = { 0, 2, 3, 1 }, nhwc[] = { 0, 1, 2, 3 };
    const int64_t wanted[] = { s->height, s->width, s->channels };
    for (int order = 0; order < 2 && input->rank == 4; order++) {
        memcpy(axes, order ? nhwc : nchw, sizeof nchw);
        bool fits = input->dims[0] > 0;
        for (int d = 0; d < 3; d++) fits &= input->dims[axes[d + 1]] == wanted[d];
        if (fits) return true;
    }
    return false;
}

static fv_error *compare(const fv_foreign_tensor *output, const fv_tensor *logits, fv_arena *arena, fv_verification *v) {
    float *theirs;
    const float *ours = logits->data;
    v->outputs = logits->type.dims[1];
    if (output->rank != 2 || output->dims[0] != v->pictures || output->dims[1] != v->outputs)
        return fv_fail(FV_SHAPE, "its array output is not %lld × %lld", (long long)v->pictures, (long long)v->outputs);
    FV_TRY(fv_arena_take(arena, v->pictures * v->outputs, &theirs));
    fv_tensor to = fv_tensor_of(&logits->type, theirs);
    fv_foreign_copy(output, NULL, &to);
    for (int64_t i = 0; i < v->pictures * v->outputs; i++) {
        double difference = fabs((double)ours[i] - (double)theirs[i]);
        if (!(difference <= v->max_abs_diff)) v->max_abs_diff = difference; /* NaN too */
        v->largest = fmax(v->largest, fabs((double)theirs[i]));
    }
    return NULL;
}

static fv_error *run(const fv_model *model, const fv_signature_section *s, const fv_foreign_file *file, fv_arena *arena,
                     fv_verification *v) {
    const fv_foreign_tensor *input = array(file, "input", "x"), *output = array(file, "output", "logits");
    int axes[4];
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    if (!input || !output) return fv_fail(FV_FORMAT, "it has no arrays input and output");
    if (!axes_of(input, s, axes))
        return fv_fail(FV_SHAPE, "its array input is no batch of %lld×%lld pictures of %lld channels", (long long)s->height,
                       (long long)s->width, (long long)s->channels);
    v->pictures = input->dims[0];
    FV_TRY(fv_graph_with_batch(fv_model_graph(model), v->pictures, &graph));
    FV_TRY(fv_plan_new(graph, fv_model_weights(model), &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    fv_tensor *x = fv_plan_feed(plan, s->input);
    fv_foreign_copy(input, axes, x);
    FV_TRY(fv_plan_run(plan));
    return compare(output, fv_plan_result(plan, s->output), arena, v);
}

fv_error *fv_import_verify(const fv_model *model, const char *path, fv_verification *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_foreign_file) file = NULL;
    fv_signature_section signature;
    *out = (fv_verification){ 0 };
    FV_TRY(fv_foreign_read(path, NULL, &file));
    FV_TRY(fv_arena_new("outputs to compare with", FV_FOREIGN_BYTES_MAX, &arena));
    FV_TRY(fv_section_read(model, &fv_section_signature, &signature, arena));
    return fv_error_wrap(run(model, &signature, file, arena, out), "%s", path);
}
