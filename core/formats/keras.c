/* keras.c - Keras's .h5: weights in HDF5, of save_weights and of whole models. fovea-reader goes through it (keras_list.c);
 * here its list is checked, and what lies in the file or was unpacked becomes views. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/size.h"
#include "core/formats/format.h"
#include "core/formats/reader.h"

static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n' };
#define EXPAND 64
#define UNPACKED_MAX (INT64_C(1) << 36)

static bool sniff(const uint8_t *bytes, int64_t length) {
    return length > (int64_t)sizeof signature && !memcmp(bytes, signature, sizeof signature);
}

/* The memory that the reader unpacks into, mapped: pages that it does not write take none. */
static fv_error *map_content(const fv_format_call *call, fv_snapshot *out) {
    int64_t expand = call->options->max_expand ? call->options->max_expand : EXPAND, bytes;
    if (!fv_size_mul(fv_round_up(call->length, 4096), expand, &bytes) || bytes > UNPACKED_MAX) bytes = UNPACKED_MAX;
    FV_TRY(fv_shared_memory(call->where, bytes, &out->file));
    void *mapped = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, out->file, 0);
    if (mapped == MAP_FAILED) return fv_fail(FV_MEMORY, "no memory to unpack it into: %s", strerror(errno));
    out->bytes = mapped;
    out->length = bytes;
    return NULL;
}

static fv_error *add_piece(fv_format_call *call, const fv_piece *piece, const fv_snapshot *content) {
    fv_foreign_tensor t = { .element = fv_element_of(piece->type.dtype), .rank = piece->type.rank };
    bool unpacked = piece->offset >= call->length;
    const uint8_t *from = unpacked ? content->bytes : call->bytes;
    int64_t at = unpacked ? piece->offset - call->length : piece->offset, length = unpacked ? content->length : call->length;
    if (piece->kind != FV_PIECE_PARAMETER) return fv_fail(FV_FORMAT, "the answer about it is damaged: no such piece is in it");
    memcpy(t.dims, piece->type.dims, sizeof t.dims);
    FV_TRY(fv_arena_text(call->file->arena, piece->name, &t.name));
    fv_foreign_row_order(&t);
    return fv_foreign_add(call->file, &t, from + at, length - at, 0);
}

static fv_error *add_pieces(fv_format_call *call, const void *bytes, int64_t length, const fv_snapshot *content) {
    fv_answer answer;
    fv_piece piece;
    bool more;
    FV_TRY(fv_answer_open(&answer, bytes, length, call->length + content->length));
    for (;;) {
        FV_TRY(fv_answer_next(&answer, &piece, &more));
        if (!more) return NULL;
        FV_TRY(add_piece(call, &piece, content));
    }
}

static fv_error *read_(fv_format_call *call) {
    FV_SNAPSHOT(content);
    FV_SNAPSHOT(copy);
    FV_OWNED(fv_arena) arena = NULL;
    const void *answer;
    int64_t length;
    if (!call->snapshot) FV_TRY(fv_snapshot_copy(call->bytes, call->length, &copy));
    FV_TRY(map_content(call, &content));
    FV_TRY(fv_arena_new("the list of a file's weights", 2 * FV_ANSWER_BYTES_MAX, &arena));
    fv_reader_limits limits = fv_reader_documented;
    limits.kind = FV_READER_KERAS;
    limits.content = content.file;
    limits.content_length = content.length;
    FV_TRY(fv_reader_run(call->snapshot ? call->snapshot : &copy, call->length, call->where, &limits, arena, &answer, &length));
    FV_TRY(add_pieces(call, answer, length, &content));
    return fv_format_keep(call->file, &content);
}

const fv_format fv_format_keras = {
    .name = "keras",
    .summary = "Keras 2's weights and models in HDF5, gone through by fovea-reader",
    .fields = fv_no_fields,
    .sniff = sniff,
    .read = read_,
};
