/* shared: layer.c - a layer from its text, and what builders of layers share. */
#include "layers/layer.h"

#define TEXT_CAP (1 << 20)

static const fv_part *part_at(int i) { return &fv_layer_table[i]->part; }

static fv_error *add(fv_graph *graph, const char *name, fv_value x, const char *text, fv_value *out) {
    const fv_parts parts = { .kind = "layer", .count = fv_layer_table_count, .at = part_at };
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("options of a layer", TEXT_CAP, &arena));
    int index = 0;
    void *options = NULL;
    FV_TRY(fv_part_parse(&parts, text, arena, &index, &options));
    *out = fv_layer_table[index]->build(graph, name, x, options);
    return NULL;
}

fv_value fv_layer_apply(fv_graph *graph, const char *name, fv_value x, const char *layer, ...) {
    if (!fv_is_value(x)) return FV_NO_VALUE;
    FV_TEXT(text, TEXT_CAP);
    va_list arguments;
    va_start(arguments, layer);
    fv_text_addv(&text, layer, arguments);
    va_end(arguments);
    fv_value y = FV_NO_VALUE;
    fv_error *error = fv_text_error(&text);
    if (!error) error = add(graph, name, x, text.at, &y);
    if (error) fv_graph_fail(graph, fv_error_wrap(error, "%s", name));
    return y;
}

fv_value fv_layer_state(fv_graph *graph, const char *name, const char *kind, fv_type type, fv_role role,
                        const char *initializer) {
    FV_TEXT(full, 4096);
    fv_text_addf(&full, "%s.%s", name, kind);
    fv_error *error = fv_text_error(&full);
    if (error) fv_graph_fail(graph, error);
    return fv_graph_state(graph, full.at, type, role, initializer);
}

bool fv_layer_takes(fv_graph *graph, const char *name, fv_value x, int rank) {
    const fv_type *type = fv_value_type(graph, x);
    if (type->rank == rank) return true;
    char text[256];
    const char *what = rank == 4 ? "pictures [batch, height, width, channels]" : "rows [batch, features]";
    fv_graph_fail(graph, fv_fail(FV_SHAPE, "%s takes %s, got %s", name, what, fv_type_format(type, text)));
    return false;
}
