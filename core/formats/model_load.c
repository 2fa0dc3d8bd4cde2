/* model_load.c - a model read from a file: it is copied and hashed by the team, and its trailer compared; what the file holds
 * and where is listed, by fovea-reader when anybody may have made the file; then, here, content is taken from the places
 * listed, and the tensors must be those that the graph wants. */
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/model_list.h"
#include "core/formats/model_trailer.h"
#include "core/formats/reader.h"
#include "core/plan/weights.h"

/* A file's image while a model is made of it. */
typedef struct source {
    const uint8_t *image;
    const char *where;
    fv_arena *arena;
    uint8_t *lent;   /* the image too, where weights may be used in their place; or NULL */
    fv_model *model; /* NULL until the graph was read */
} source;

static fv_error *check_version(int version) {
    if (version == FV_MODEL_VERSION) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it has version %d; this fovea reads version %d", version, FV_MODEL_VERSION),
                         "use a newer fovea");
}

static fv_error *copy_text(const source *from, const fv_piece *piece, char **out) {
    FV_TRY(fv_arena_take(from->arena, piece->length + 1, out));
    memcpy(*out, from->image + piece->offset, (size_t)piece->length);
    return NULL;
}

static fv_error *read_graph(source *from, const fv_piece *piece) {
    if (from->model) return fv_fail(FV_FORMAT, "it has two graphs");
    char *text;
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(copy_text(from, piece, &text));
    FV_TRY(fv_graph_parse(text, from->where, &graph));
    return fv_model_new(graph, &from->model);
}

static fv_error *read_section(const source *from, const fv_piece *piece) {
    char *text;
    if (fv_model_section(from->model, piece->name, NULL))
        return fv_fail(FV_FORMAT, "it has two sections called %s", piece->name);
    FV_TRY(copy_text(from, piece, &text));
    return fv_model_set_section(from->model, piece->name, piece->version, text);
}

/* Whether elements of the machine's own kind lie in the image as they are wanted. */
static bool may_stay(const source *from, const fv_piece *piece) {
    int64_t size = fv_dtype_size(piece->type.dtype);
    return from->lent && piece->length && (uintptr_t)(from->lent + piece->offset) % (uintptr_t)size == 0 &&
           __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

/* Elements of `size` bytes, little-endian in the file, in the machine's order in memory. */
static void copy_elements(void *to, const uint8_t *from, int64_t bytes, int64_t size) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    (void)size;
    if (bytes) memcpy(to, from, (size_t)bytes);
#else
    for (int64_t i = 0; i < bytes; i++) ((uint8_t *)to)[i / size * size + size - 1 - i % size] = from[i];
#endif
}

static fv_error *read_tensor(const source *from, const fv_piece *piece) {
    fv_weights *weights = fv_model_weights(from->model);
    FV_TEXT(name, 4096);
    FV_TRY(fv_tensor_name_decode(piece->name, &name));
    if (fv_weights_find(weights, name.at)) return fv_fail(FV_FORMAT, "it has two tensors called %s", name.at);
    fv_tensor *tensor;
    fv_role role = (fv_role)(piece->kind - FV_PIECE_PARAMETER);
    if (may_stay(from, piece))
        return fv_weights_borrow(weights, name.at, &piece->type, role, from->lent + piece->offset, &tensor);
    FV_TRY(fv_weights_add(weights, name.at, &piece->type, role, &tensor));
    copy_elements(tensor->data, from->image + piece->offset, piece->length, fv_dtype_size(piece->type.dtype));
    return NULL;
}

static fv_error *read_piece(source *from, const fv_piece *piece) {
    if (piece->kind == FV_PIECE_GRAPH) return read_graph(from, piece);
    if (!from->model) return fv_fail(FV_FORMAT, "its graph is not its first piece");
    return piece->kind == FV_PIECE_SECTION ? read_section(from, piece) : read_tensor(from, piece);
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

static fv_error *read_pieces(source *from, fv_answer *answer) {
    fv_piece piece;
    bool more;
    FV_TRY(check_version(answer->version));
    for (;;) {
        FV_TRY(fv_answer_next(answer, &piece, &more));
        if (!more) break;
        FV_TRY(read_piece(from, &piece));
    }
    if (!from->model) return fv_fail(FV_FORMAT, "it has no graph");
    return check_states(from->model, from->arena);
}

static fv_error *from_answer(const void *answer, int64_t answer_length, const uint8_t *image, uint8_t *lent, int64_t length,
                             const char *where, fv_model **out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("a model's texts", 2 * length + (1 << 20), &arena));
    source from = { .image = image, .where = where, .arena = arena, .lent = lent };
    fv_answer pieces;
    fv_error *error = fv_answer_open(&pieces, answer, answer_length, length);
    if (!error) error = read_pieces(&from, &pieces);
    if (error) {
        fv_model_free(from.model);
        return fv_error_wrap(error, "%s cannot be read as a model", where);
    }
    *out = from.model;
    return NULL;
}

fv_error *fv_model_from_answer(const void *answer, int64_t answer_length, const uint8_t *image, int64_t length,
                               const char *where, fv_model **out) {
    return from_answer(answer, answer_length, image, NULL, length, where, out);
}

fv_error *fv_model_decode(const uint8_t *bytes, int64_t length, const char *where, fv_model **out) {
    int64_t image;
    int version;
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    FV_TRY(fv_trailer_check(bytes, length, where, &image));
    fv_answer_begin(&answer);
    FV_TRY(fv_error_wrap(fv_model_list(bytes, image, &answer, &version), "%s cannot be read as a model", where));
    fv_answer_finish(&answer, version, 0);
    return fv_model_from_answer(answer.at, answer.length, bytes, image, where, out);
}

/* Of a file that was changed nothing is gone through. */
static fv_error *check(const fv_private_copy *file, const char *path, int64_t *image) {
    FV_TRY(fv_trailer_find(file->bytes, file->length, path, image));
    return fv_trailer_compare(file->bytes, file->length, file->leaves, path);
}

/* The reader is started while the file is copied; it asks for bytes of the copy when their hash is known to be right. */
static fv_error *read_with(fv_reading *reading, int from, int64_t size, const char *path, fv_private_copy *file,
                           int64_t *image) {
    fv_error *error = fv_private_copy_read(from, size, path, FV_MODEL_BYTES_MAX, FV_HASH_BYTES, file);
    if (!error) error = check(file, path, image);
    if (!reading) return error;
    if (error)
        fv_reader_cancel(reading);
    else
        fv_reader_give(reading, file->bytes, *image);
    return error;
}

static fv_error *load(const char *path, bool lend, fv_private_copy *file, fv_model **out) {
    FV_OWNED(fv_arena) arena = NULL;
    int64_t image, length, size;
    const void *answer;
    fv_reading *reading = NULL;
    int from;
    FV_TRY(fv_arena_new("the list of a model's pieces", 2 * FV_ANSWER_BYTES_MAX, &arena));
    FV_TRY(fv_file_open(path, FV_MODEL_BYTES_MAX, &from, &size));
    fv_error *unread = fv_reader_await(path, NULL, arena, &reading);
    fv_error *error = read_with(unread ? NULL : reading, from, size, path, file, &image);
    close(from);
    if (error) {
        fv_error_free(unread);
        return error;
    }
    FV_TRY(unread);
    FV_TRY(fv_reader_end(reading, &answer, &length));
    FV_TRY(from_answer(answer, length, file->bytes, lend ? file->bytes : NULL, image, path, out));
    fv_model_set_hash(*out, file->bytes, file->length);
    return NULL;
}

fv_error *fv_model_load(const char *path, fv_model **out) {
    FV_PRIVATE_COPY(file);
    return load(path, false, &file, out);
}

fv_error *fv_model_open(const char *path, fv_model **out) {
    FV_PRIVATE_COPY(file);
    FV_TRY(load(path, true, &file, out));
    fv_model_keep(*out, &file);
    return NULL;
}
