/* What a reader that was taken over may hand back: any bytes as an answer, and any as the pieces of one, about a small model's
 * file. Refused, or a model of that file's bytes. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/answer.h"
#include "core/formats/model_trailer.h"

static uint8_t *image;
static int64_t image_length;

/* A graph of one weight, its tensor and a section. */
static fv_error *make_image(void) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_model) model = NULL;
    fv_tensor *tensor;
    fv_type type = fv_type_of(FV_F32, 3, 2);
    FV_TRY(fv_graph_new(&graph));
    fv_graph_output(graph, "y", fv_graph_state(graph, "w", type, FV_PARAMETER, "zeros"));
    FV_TRY(fv_graph_error(graph));
    FV_TRY(fv_model_new(graph, &model));
    FV_TRY(fv_weights_add(fv_model_weights(model), "w", &type, FV_PARAMETER, &tensor));
    FV_TRY(fv_model_set_section(model, "classes", 1, "{\"names\":[\"a\",\"b\"]}"));
    FV_TRY(fv_model_encode(model, false, &image, &image_length));
    image_length -= FV_MODEL_TRAILER;
    return NULL;
}

static void try(const void *answer, int64_t length) {
    FV_OWNED(fv_model) model = NULL;
    int64_t said;
    fv_error *error = fv_answer_length(answer, length, &said);
    if (!error) error = fv_model_from_answer(answer, said, image, image_length, "fuzz", &model);
    FV_ASSERT(!error == (model != NULL));
    fv_error_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    if (!image) FV_ASSERT(!make_image());
    try(bytes, (int64_t)length);
    fv_answer_begin(&answer);
    fv_text_add_bytes(&answer, bytes, (int64_t)length);
    fv_answer_finish(&answer, FV_MODEL_VERSION, 0);
    try(answer.at, answer.length);
    return 0;
}
