/* keras_list.c - see keras_list.h. Keras writes into an .h5, in the root or in the group model_weights, the attribute
 * layer_names and for each layer a group with the attribute weight_names and the data sets they name. Keras 2 puts a list of
 * more than 64,512 bytes in pieces, layer_names0, layer_names1, …; Keras 3 writes texts of any length, and an empty list as one
 * of numbers. */
#include "core/formats/keras_list.h"

#include <stdio.h>
#include <string.h>

#include "core/base/size.h"
#include "core/formats/hdf5_image.h"

#define NAMES_MAX 100000
#define NAME_BYTES_MAX 4096

typedef struct source {
    int64_t length;
    uint8_t *content;
    int64_t content_length, used; /* of content */
    fv_arena *arena;
    fv_text *answer;
} source;

typedef struct names {
    const char **at;
    int64_t count, capacity;
} names;

/* ---- lists of names ---- */

static fv_error *add_name(fv_arena *arena, names *list, const char *text, int64_t length) {
    if (list->count == NAMES_MAX) return fv_fail(FV_FORMAT, "it lists more than %d names", NAMES_MAX);
    if (list->count == list->capacity) {
        int64_t capacity = list->capacity ? 2 * list->capacity : 64;
        const char **more;
        FV_TRY(fv_arena_take(arena, capacity, &more));
        if (list->count) memcpy(more, list->at, (size_t)list->count * sizeof *more);
        list->at = more;
        list->capacity = capacity;
    }
    return fv_arena_format(arena, &list->at[list->count++], "%.*s", (int)length, text);
}

static fv_error *read_fixed(const source *from, hid_t attribute, hid_t type, int64_t count, names *list) {
    int64_t size = (int64_t)H5Tget_size(type), bytes;
    char *text;
    if (size < 1 || size > NAME_BYTES_MAX || !fv_size_mul(size, count, &bytes) || bytes > from->length)
        return fv_fail(FV_FORMAT, "a list of names is larger than the file");
    FV_TRY(fv_arena_take(from->arena, bytes + 1, &text));
    if (H5Aread(attribute, type, text) < 0) return fv_fail(FV_FORMAT, "a list of names cannot be read");
    for (int64_t i = 0; i < count; i++)
        FV_TRY(add_name(from->arena, list, text + i * size, (int64_t)strnlen(text + i * size, (size_t)size)));
    return NULL;
}

/* Read as they are stored, ASCII by Keras 3 and UTF-8 by others: HDF5 turns neither into the other. */
static fv_error *read_variable(const source *from, hid_t attribute, hid_t stored, hid_t space, int64_t count, names *list) {
    char **texts;
    FV_HID(type, H5Tcopy(H5T_C_S1));
    if (type < 0 || H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5Tget_cset(stored)) < 0)
        return fv_fail(FV_FORMAT, "a list of names cannot be read");
    FV_TRY(fv_arena_take(from->arena, count + 1, &texts));
    if (H5Aread(attribute, type, texts) < 0) return fv_fail(FV_FORMAT, "a list of names cannot be read");
    fv_error *error = NULL;
    for (int64_t i = 0; i < count && !error; i++)
        error =
            add_name(from->arena, list, texts[i] ? texts[i] : "", texts[i] ? (int64_t)strnlen(texts[i], NAME_BYTES_MAX) : 0);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
    return error;
}

static fv_error *read_names(const source *from, hid_t object, const char *attribute_name, names *list) {
    FV_HID(attribute, H5Aopen(object, attribute_name, H5P_DEFAULT));
    FV_HID(type, H5Aget_type(attribute));
    FV_HID(space, H5Aget_space(attribute));
    int64_t count = space < 0 ? -1 : (int64_t)H5Sget_simple_extent_npoints(space);
    if (count == 0) return NULL; /* of numbers, by Keras 3 */
    if (attribute < 0 || type < 0 || count < 0 || H5Tget_class(type) != H5T_STRING)
        return fv_fail(FV_FORMAT, "its attribute %s is no list of names", attribute_name);
    if (count > NAMES_MAX) return fv_fail(FV_FORMAT, "its attribute %s cannot be", attribute_name);
    return H5Tis_variable_str(type) > 0 ? read_variable(from, attribute, type, space, count, list)
                                        : read_fixed(from, attribute, type, count, list);
}

/* The list NAME, or NAME0, NAME1, … until one is missing. */
static fv_error *read_list(const source *from, hid_t object, const char *name, names *list) {
    if (H5Aexists(object, name) > 0) return read_names(from, object, name, list);
    for (int piece = 0;; piece++) {
        char numbered[64];
        snprintf(numbered, sizeof numbered, "%s%d", name, piece);
        if (H5Aexists(object, numbered) > 0)
            FV_TRY(read_names(from, object, numbered, list));
        else
            return piece ? NULL : fv_fail(FV_FORMAT, "it has no attribute %s: no weights of Keras 2", name);
    }
}

/* ---- a weight ---- */

/* How it is read: floats of other sizes as the next wider, everything in this machine's order. */
static fv_error *dtype_of(hid_t type, const char *name, fv_dtype *out) {
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    if (class == H5T_FLOAT && (size == 2 || size == 4 || size == 8)) return *out = size == 8 ? FV_F64 : FV_F32, NULL;
    bool is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    if (class == H5T_INTEGER && size == 1) return *out = is_signed ? FV_I8 : FV_U8, NULL;
    if (is_signed && (size == 4 || size == 8)) return *out = size == 8 ? FV_I64 : FV_I32, NULL;
    return fv_fail(FV_UNSUPPORTED, "%s is of a type that is not read", name);
}

static fv_error *read_shape(hid_t set, const char *name, fv_type *type) {
    FV_HID(space, H5Dget_space(set));
    hsize_t dims[FV_RANK_MAX] = { 0 };
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > FV_RANK_MAX) return fv_fail(FV_UNSUPPORTED, "%s has %d dimensions", name, rank);
    if (H5Sget_simple_extent_dims(space, dims, NULL) != rank) return fv_fail(FV_FORMAT, "the shape of %s cannot be read", name);
    type->rank = rank;
    for (int i = 0; i < rank; i++) type->dims[i] = dims[i] > INT64_MAX ? -1 : (int64_t)dims[i];
    return fv_error_wrap(fv_type_check(type), "%s", name);
}

/* Whether its elements lie in the image one after the other as they will be used; then where. */
static bool lies_plain(const source *from, hid_t set, hid_t stored, const fv_type *type, hid_t list, int64_t *offset) {
    int64_t bytes = fv_type_bytes(type);
    if (H5Pget_layout(list) != H5D_CONTIGUOUS || H5Pget_nfilters(list) != 0 ||
        H5Tequal(stored, fv_hdf5_stored(type->dtype)) <= 0)
        return false;
    haddr_t at = H5Dget_offset(set);
    if (!bytes || bytes > from->length || at > (haddr_t)(from->length - bytes)) return false;
    *offset = (int64_t)at;
    return true;
}

static fv_error *unpack(source *from, hid_t set, fv_piece *piece) {
    int64_t start = fv_round_up(from->used, 8), end;
    if (!fv_size_add(start, piece->length, &end) || end > from->content_length)
        return fv_fail(FV_MEMORY, "%s is %lld bytes unpacked: more than is allowed of this file", piece->name,
                       (long long)piece->length);
    if (piece->length &&
        H5Dread(set, fv_hdf5_native(piece->type.dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, from->content + start) < 0)
        return fv_fail(FV_FORMAT, "%s cannot be unpacked: it is damaged, or packed by a filter that is not read", piece->name);
    from->used = end;
    piece->offset = from->length + start;
    return NULL;
}

/* Names begin with the layer's; Keras 3 leaves that out. */
static fv_error *full_name(const source *from, const char *layer, const char *weight, const char **out) {
    size_t length = strlen(layer);
    bool has = !strncmp(weight, layer, length) && weight[length] == '/';
    return fv_arena_format(from->arena, out, "%s%s%s", has ? "" : layer, has ? "" : "/", weight);
}

static fv_error *list_weight(source *from, hid_t group, const char *layer, const char *weight) {
    fv_piece piece = { .kind = FV_PIECE_PARAMETER };
    H5L_info_t about;
    FV_TRY(full_name(from, layer, weight, &piece.name));
    if (H5Lget_info(group, weight, &about, H5P_DEFAULT) < 0 || about.type != H5L_TYPE_HARD)
        return fv_fail(FV_FORMAT, "%s is missing, or is a link to elsewhere", piece.name);
    FV_HID(set, H5Dopen2(group, weight, H5P_DEFAULT));
    FV_HID(list, H5Dget_create_plist(set));
    FV_HID(stored, H5Dget_type(set));
    if (set < 0 || list < 0 || stored < 0) return fv_fail(FV_FORMAT, "%s is no data set", piece.name);
    if (H5Pget_external_count(list) != 0 || H5Pget_layout(list) == H5D_VIRTUAL)
        return fv_fail(FV_FORMAT, "%s lies in another file", piece.name);
    FV_TRY(dtype_of(stored, piece.name, &piece.type.dtype));
    FV_TRY(read_shape(set, piece.name, &piece.type));
    piece.length = fv_type_bytes(&piece.type);
    if (!lies_plain(from, set, stored, &piece.type, list, &piece.offset)) FV_TRY(unpack(from, set, &piece));
    fv_answer_add(from->answer, &piece);
    return NULL;
}

static fv_error *list_layer(source *from, hid_t parent, const char *layer) {
    names weights = { 0 };
    H5L_info_t about;
    if (H5Lget_info(parent, layer, &about, H5P_DEFAULT) < 0 || about.type != H5L_TYPE_HARD)
        return fv_fail(FV_FORMAT, "layer %s is missing, or is a link to elsewhere", layer);
    FV_HID(group, H5Gopen2(parent, layer, H5P_DEFAULT));
    if (group < 0) return fv_fail(FV_FORMAT, "layer %s is no group", layer);
    FV_TRY(fv_error_wrap(read_list(from, group, "weight_names", &weights), "layer %s", layer));
    for (int64_t i = 0; i < weights.count && !from->answer->error; i++) FV_TRY(list_weight(from, group, layer, weights.at[i]));
    return NULL;
}

static fv_error *list_all(source *from, hid_t file) {
    names layers = { 0 };
    bool whole = H5Lexists(file, "model_weights", H5P_DEFAULT) > 0;
    FV_HID(group, H5Gopen2(file, whole ? "model_weights" : "/", H5P_DEFAULT));
    if (group < 0) return fv_fail(FV_FORMAT, "it has no group of weights");
    FV_TRY(read_list(from, group, "layer_names", &layers));
    for (int64_t i = 0; i < layers.count && !from->answer->error; i++) FV_TRY(list_layer(from, group, layers.at[i]));
    return fv_text_error(from->answer);
}

fv_error *fv_keras_list(const uint8_t *image, int64_t length, uint8_t *content, int64_t content_length, fv_text *answer) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("names in a Keras file", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_HDF5_LOCKED;
    FV_HID(file, -1);
    FV_TRY(fv_hdf5_open(image, length, &file));
    return list_all(
        &(source){ .length = length, .content = content, .content_length = content_length, .arena = arena, .answer = answer },
        file);
}
