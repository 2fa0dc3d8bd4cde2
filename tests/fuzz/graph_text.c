/* Any text as a graph: an error, or a graph that stands the check and whose text form parses back to itself. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/graph/node.h"

static void check_round_trip(const fv_graph *graph) {
    FV_OWNED(fv_graph) again = NULL;
    char *text = NULL, *second = NULL;
    fv_error *error = fv_graph_check(graph);
    FV_ASSERT(!error);
    error = fv_graph_to_text(graph, &text);
    FV_ASSERT(!error);
    error = fv_graph_parse(text, "again", &again);
    FV_ASSERT(!error);
    error = fv_graph_to_text(again, &second);
    FV_ASSERT(!error && !strcmp(text, second));
    fv_string_free(text);
    fv_string_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[4096];
    if (size >= sizeof text || memchr(data, 0, size)) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    FV_OWNED(fv_graph) graph = NULL;
    fv_error *error = fv_graph_parse(text, "fuzz", &graph);
    if (!error) check_round_trip(graph);
    fv_error_free(error);
    return 0;
}
