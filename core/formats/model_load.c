/* model_load.c - a model read from a file. The trailer is checked first, then every size against the image's, then that the
 * tensors are those that the graph wants. */
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/hdf5_image.h"
#include "core/formats/model_trailer.h"

typedef struct source {
    hid_t file;
    int64_t length; /* of the image: nothing in it can be larger */
    int64_t left;   /* bytes that tensors may still take */
    fv_arena *arena;
} source;

static fv_error *check_format(const source *from) {
    FV_HID(root, H5Gopen2(from->file, "/", H5P_DEFAULT));
    const char *format;
    int version;
    FV_TRY(fv_hdf5_read_text_attribute(root, "format", 64, from->arena, &format));
    FV_TRY(fv_hdf5_read_int_attribute(root, "version", &version));
    if (strcmp(format, "fovea model") != 0) return fv_fail(FV_FORMAT, "its format is \"%s\", not \"fovea model\"", format);
    if (version != FV_MODEL_VERSION)
        return fv_error_hint(
            fv_fail(FV_UNSUPPORTED, "it has version %d; this fovea reads version %d", version, FV_MODEL_VERSION),
            "use a newer fovea");
    return NULL;
}

static fv_error *read_graph(const source *from, const char *where, fv_model **out) {
    const char *text;
    FV_TRY(fv_hdf5_read_text(from->file, "graph", from->length, from->arena, &text, NULL));
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_parse(text, where, &graph));
    return fv_model_new(graph, out);
}

static fv_error *read_tensor(source *from, hid_t group, const char *link, fv_role role, fv_model *model) {
    FV_TEXT(name, 4096);
    FV_TRY(fv_tensor_name_decode(link, &name));
    fv_type type;
    FV_TRY(fv_hdf5_tensor_type(group, link, from->length, &type));
    from->left -= fv_type_bytes(&type);
    if (from->left < 0) return fv_fail(FV_FORMAT, "its tensors overlap");
    if (fv_weights_find(fv_model_weights(model), name.at)) return fv_fail(FV_FORMAT, "it has two tensors called %s", name.at);
    fv_tensor *tensor;
    FV_TRY(fv_weights_add(fv_model_weights(model), name.at, &type, role, &tensor));
    return fv_hdf5_read_tensor(group, link, tensor);
}

static fv_error *read_tensors(source *from, fv_model *model) {
    for (fv_role role = FV_PARAMETER; role <= FV_SLOT; role++) {
        if (role == FV_SLOT && H5Lexists(from->file, fv_role_groups[role], H5P_DEFAULT) <= 0) break;
        FV_HID(group, -1);
        int64_t links;
        FV_TRY(fv_hdf5_open_group(from->file, fv_role_groups[role], &group, &links));
        for (int64_t i = 0; i < links; i++) {
            const char *link;
            FV_TRY(fv_hdf5_link_name(group, i, from->arena, &link));
            FV_TRY(read_tensor(from, group, link, role, model));
        }
    }
    return NULL;
}

static fv_error *read_sections(const source *from, fv_model *model) {
    FV_HID(group, -1);
    int64_t links;
    FV_TRY(fv_hdf5_open_group(from->file, "sections", &group, &links));
    for (int64_t i = 0; i < links; i++) {
        const char *name, *text;
        int version;
        FV_TRY(fv_hdf5_link_name(group, i, from->arena, &name));
        FV_TRY(fv_hdf5_read_text(group, name, from->length, from->arena, &text, &version));
        FV_TRY(fv_model_set_section(model, name, version, text));
    }
    return NULL;
}

/* Every state of the graph has its tensor. */
static fv_error *check_states(const fv_model *model, fv_arena *arena) {
    const fv_graph *graph = fv_model_graph(model);
    for (fv_role role = FV_PARAMETER; role <= FV_BUFFER; role++) {
        int count = fv_graph_states(graph, role, NULL, 0);
        fv_value *states;
        FV_TRY(fv_arena_take(arena, count + 1, &states));
        fv_graph_states(graph, role, states, count);
        for (int i = 0; i < count; i++) {
            const char *name = fv_value_name(graph, states[i]);
            const fv_tensor *tensor = fv_weights_find(fv_model_weights(model), name);
            if (!tensor) return fv_fail(FV_FORMAT, "it has no tensor %s, which its graph needs", name);
            if (!fv_type_equal(&tensor->type, fv_value_type(graph, states[i]))) {
                char has[256], needs[256];
                return fv_fail(FV_FORMAT, "its tensor %s is %s, but its graph needs %s", name,
                               fv_type_format(&tensor->type, has), fv_type_format(fv_value_type(graph, states[i]), needs));
            }
        }
    }
    return NULL;
}

static fv_error *read_image(source *from, const uint8_t *bytes, const char *where, fv_model **out) {
    FV_HDF5_LOCKED;
    FV_HID(file, -1);
    FV_TRY(fv_hdf5_open(bytes, from->length, where, &file));
    from->file = file;
    FV_OWNED(fv_model) model = NULL;
    FV_TRY(check_format(from));
    FV_TRY(read_graph(from, where, &model));
    FV_TRY(read_tensors(from, model));
    FV_TRY(read_sections(from, model));
    FV_TRY(check_states(model, from->arena));
    *out = fv_take(&model);
    return NULL;
}

fv_error *fv_model_decode(const uint8_t *bytes, int64_t length, const char *where, fv_model **out) {
    int64_t image;
    FV_TRY(fv_trailer_check(bytes, length, where, &image));
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("reading a model", 2 * image + (1 << 20), &arena));
    source from = { .length = image, .left = image, .arena = arena };
    return fv_error_wrap(read_image(&from, bytes, where, out), "%s cannot be read as a model", where);
}

fv_error *fv_model_load(const char *path, fv_model **out) {
    uint8_t *bytes = NULL;
    int64_t length = 0;
    FV_TRY(fv_file_read(path, FV_MODEL_BYTES_MAX, &bytes, &length));
    fv_error *error = fv_model_decode(bytes, length, path, out);
    fv_memory_free(bytes);
    return error;
}
