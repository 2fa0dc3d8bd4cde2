/* model_list.c - see model_list.h. */
#include "core/formats/model_list.h"

#include <string.h>

#include "core/base/size.h"
#include "core/formats/hdf5_image.h"
#include "fovea/graph.h"

const char *const fv_role_groups[] = { [FV_PARAMETER] = "parameters", [FV_BUFFER] = "buffers", [FV_SLOT] = "slots" };

typedef struct source {
    hid_t file;
    int64_t length; /* of the image: nothing in it can be larger */
    fv_arena *arena;
    fv_text *answer;
} source;

static fv_error *check_format(const source *from, int *version) {
    FV_HID(root, H5Gopen2(from->file, "/", H5P_DEFAULT));
    const char *format;
    FV_TRY(fv_hdf5_read_text_attribute(root, "format", 64, from->arena, &format));
    if (strcmp(format, "fovea model") != 0) return fv_fail(FV_FORMAT, "its format is \"%s\", not \"fovea model\"", format);
    return fv_hdf5_read_int_attribute(root, "version", version);
}

static fv_error *list_text(const source *from, hid_t group, const char *name, fv_piece_kind kind) {
    fv_piece piece = { .kind = kind, .name = name };
    int *version = kind == FV_PIECE_SECTION ? &piece.version : NULL;
    FV_TRY(fv_hdf5_find_text(group, name, from->length, &piece.offset, &piece.length, version));
    fv_answer_add(from->answer, &piece);
    return NULL;
}

static fv_error *list_tensor(const source *from, hid_t group, const char *name, fv_piece_kind kind) {
    fv_piece piece = { .kind = kind, .name = name };
    FV_TRY(fv_hdf5_find_tensor(group, name, from->length, &piece.type, &piece.offset));
    piece.length = fv_type_bytes(&piece.type);
    fv_answer_add(from->answer, &piece);
    return NULL;
}

static fv_error *list_group(const source *from, const char *name, fv_piece_kind kind) {
    FV_HID(group, -1);
    int64_t links;
    FV_TRY(fv_hdf5_open_group(from->file, name, &group, &links));
    for (int64_t i = 0; i < links; i++) {
        const char *link;
        FV_TRY(fv_hdf5_link_name(group, i, from->arena, &link));
        FV_TRY((kind == FV_PIECE_SECTION ? list_text : list_tensor)(from, group, link, kind));
        if (from->answer->error) break; /* it is full */
    }
    return fv_text_error(from->answer);
}

static fv_error *list_all(const source *from, int *version) {
    FV_TRY(check_format(from, version));
    FV_TRY(list_text(from, from->file, "graph", FV_PIECE_GRAPH));
    FV_TRY(list_group(from, "sections", FV_PIECE_SECTION));
    htri_t slots = H5Lexists(from->file, fv_role_groups[FV_SLOT], H5P_DEFAULT);
    if (slots < 0) return fv_fail(FV_FORMAT, "it cannot be said whether it has %s", fv_role_groups[FV_SLOT]);
    for (fv_role role = FV_PARAMETER; role <= (slots ? FV_SLOT : FV_BUFFER); role++)
        FV_TRY(list_group(from, fv_role_groups[role], (fv_piece_kind)(FV_PIECE_PARAMETER + (int)role)));
    return NULL;
}

fv_error *fv_model_list(const uint8_t *image, int64_t length, fv_text *answer, int *version) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("names in a model file", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_HDF5_LOCKED;
    FV_HID(file, -1);
    FV_TRY(fv_hdf5_open(image, length, &file));
    return list_all(&(source){ .file = file, .length = length, .arena = arena, .answer = answer }, version);
}

fv_error *fv_model_list_asked(const fv_hdf5_source *asked, fv_text *answer, int *version) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("names in a model file", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_HDF5_LOCKED;
    FV_HID(file, -1);
    FV_TRY(fv_hdf5_open_asked(asked, &file));
    return list_all(&(source){ .file = file, .length = asked->length, .arena = arena, .answer = answer }, version);
}
