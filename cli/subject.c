/* subject.c - see subject.h. */
#include "cli/subject.h"

#include <string.h>

#include "core/base/file.h"
#include "experiments/model_file.h"
#include "fovea/layers.h"
#include "fovea/model.h"
#include "fovea/optim.h"

static fv_error *graph_of_file(const char *path, fv_graph **out) {
    FV_OWNED(fv_model) model = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_TRY(fv_file_read(path, INT64_C(1) << 40, &bytes, &length));
    bool text = length && bytes[0] != 0x89; /* HDF5's first byte, which no text has */
    fv_error *error = text ? fv_graph_parse((const char *)bytes, path, out) : NULL;
    fv_memory_free(bytes);
    FV_TRY(error);
    if (text) return NULL;
    FV_TRY(fv_model_load(path, &model));
    return fv_graph_clone(fv_model_graph(model), out);
}

static fv_error *graph_of_version(const fv_subject *s, fv_graph **out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_model_file file;
    FV_TRY(fv_arena_new("a version's path", 1 << 20, &arena));
    FV_TRY(fv_model_file_find(s->what, s->workspace, arena, &file));
    return fv_error_wrap(graph_of_file(file.path, out), "%s", file.name);
}

static fv_error *graph_of_arch(const char *arch, int64_t batch, fv_graph **out) {
    FV_TRY(fv_graph_new(out));
    fv_arch_build(*out, arch, batch);
    return fv_graph_error(*out);
}

/* Loss, gradients and updates behind a network's logits. */
static fv_error *add_training(fv_graph *graph, const fv_subject *s) {
    fv_value logits = fv_graph_find_output(graph, "logits");
    if (!fv_is_value(logits)) return fv_fail(FV_FORMAT, "the graph has no result \"logits\" to train");
    fv_value loss = fv_loss_build(graph, s->loss, logits, fv_loss_target(graph, s->loss, logits));
    fv_graph_output(graph, "loss", loss);
    fv_training_step(graph, loss, &(fv_training_options){ .optimizer = s->optimizer });
    return fv_graph_error(graph);
}

fv_error *fv_subject_graph(const fv_subject *s, fv_graph **out) {
    FV_OWNED(fv_graph) graph = NULL;
    if (!s->what)
        return fv_error_hint(fv_fail(FV_USAGE, "WHAT is missing"),
                             "a .fovea file, a version in the registry (NAME/3), or a network: `fovea help arch` lists them");
    bool file = fv_file_kind_of(s->what) == FV_FILE_PLAIN;
    if (!file && strstr(s->what, ".fovea")) return fv_fail(FV_NOT_FOUND, "there is no file %s", s->what);
    if (!file && fv_model_file_is_version(s->what))
        FV_TRY(graph_of_version(s, &graph));
    else
        FV_TRY(file ? graph_of_file(s->what, &graph) : graph_of_arch(s->what, s->batch, &graph));
    if (s->mode == FV_TRAINING && !fv_is_value(fv_graph_find_output(graph, "loss"))) FV_TRY(add_training(graph, s));
    return fv_graph_with_batch(graph, s->batch, out);
}

fv_error *fv_subject_plan(const fv_subject *s, const fv_plan_options *options, fv_weights *weights, fv_plan **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_subject_graph(s, &graph));
    FV_TRY(fv_initialize(graph, weights, 0));
    return fv_plan_new(graph, weights, options, out);
}
