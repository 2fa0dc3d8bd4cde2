/* reader_try.c - fovea-reader tried out on a model with nothing in it: does it work here, and what keeps it? */
#include "core/formats/model_file.h"
#include "core/formats/reader.h"

static fv_error *make_file(fv_snapshot *file) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_model) model = NULL;
    uint8_t *bytes = NULL;
    int64_t length = 0;
    FV_TRY(fv_graph_new(&graph));
    FV_TRY(fv_model_new(graph, &model));
    FV_TRY(fv_model_encode(model, false, &bytes, &length));
    fv_error *error = fv_snapshot_copy(bytes, length - FV_MODEL_TRAILER, file);
    fv_memory_free(bytes);
    return error;
}

fv_error *fv_reader_try(fv_arena *arena, const char **path, unsigned *guards) {
    FV_SNAPSHOT(file);
    const void *bytes;
    int64_t length;
    fv_answer answer;
    FV_TRY(fv_reader_find(arena, path));
    FV_TRY(make_file(&file));
    FV_TRY(fv_reader_run(&file, file.length, "an empty model", NULL, arena, &bytes, &length));
    FV_TRY(fv_answer_open(&answer, bytes, length, file.length));
    *guards = fv_answer_guards(bytes);
    return NULL;
}
