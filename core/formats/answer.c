/* answer.c - see answer.h. */
#include "core/formats/answer.h"

#include <stddef.h>
#include <string.h>

#include "core/base/size.h"

static const char magic[8] = "fv-ans\0\1"; /* the last byte: version of this layout */

enum { LISTED = 1, REFUSED = 2 };

typedef struct head {
    char magic[8];
    uint32_t state, guards;
    int64_t length;        /* of the whole answer */
    int32_t version, code; /* of the model; of a refusal */
} head;

typedef struct record {
    int64_t length; /* of it and the name behind it, which ends in 1 to 8 NULs: a multiple of 8 */
    int32_t kind, version, dtype, rank;
    int64_t dims[FV_RANK_MAX];
    int64_t offset, bytes;
} record;

#define NAME_MAX_BYTES 4096
_Static_assert(sizeof(head) % 8 == 0 && sizeof(record) % 8 == 0, "records stay aligned");

/* ---- writing ---- */

void fv_answer_begin(fv_text *out) {
    fv_text_clear(out);
    head h = { 0 };
    fv_text_add_bytes(out, &h, sizeof h);
}

/* `text` and as many NULs, at least one, as lead to a multiple of 8. */
static void add_padded(fv_text *out, const char *text) {
    static const char nuls[8];
    int64_t length = (int64_t)strlen(text);
    fv_text_add_bytes(out, text, length);
    fv_text_add_bytes(out, nuls, 8 - length % 8);
}

void fv_answer_add(fv_text *out, const fv_piece *piece) {
    record r = { .length = (int64_t)sizeof r + fv_round_up((int64_t)strlen(piece->name) + 1, 8),
                 .kind = (int32_t)piece->kind,
                 .version = piece->version,
                 .dtype = (int32_t)piece->type.dtype,
                 .rank = piece->type.rank,
                 .offset = piece->offset,
                 .bytes = piece->length };
    memcpy(r.dims, piece->type.dims, sizeof r.dims);
    fv_text_add_bytes(out, &r, sizeof r);
    add_padded(out, piece->name);
}

static void end(fv_text *out, head h) {
    if (out->length < (int64_t)sizeof h) return; /* its error says why */
    memcpy(h.magic, magic, sizeof magic);
    h.length = out->length;
    memcpy(out->at, &h, sizeof h);
}

void fv_answer_finish(fv_text *out, int version, unsigned guards) {
    end(out, (head){ .state = LISTED, .guards = guards, .version = version });
}

void fv_answer_refuse(fv_text *out, const fv_error *error, unsigned guards) {
    char message[1024];
    FV_TEXT(printable, 4 * (int64_t)sizeof message);
    fv_text_add_printable(&printable, fv_error_format(error, message, sizeof message));
    fv_answer_begin(out);
    add_padded(out, printable.at);
    end(out, (head){ .state = REFUSED, .guards = guards, .code = (int32_t)fv_error_code(error) });
}

/* ---- reading ---- */

static fv_error *bad(const char *what) { return fv_fail(FV_FORMAT, "the answer about it is damaged: %s", what); }

fv_error *fv_answer_length(const void *bytes, int64_t cap, int64_t *length) {
    head h;
    if (cap < (int64_t)sizeof h) return bad("it is shorter than its head");
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic) != 0) return bad("it is none, or of another version");
    if (h.length < (int64_t)sizeof h || h.length > cap) return bad("its length cannot be");
    *length = h.length;
    return NULL;
}

unsigned fv_answer_guards(const void *bytes) {
    head h;
    memcpy(&h, bytes, sizeof h);
    return h.guards;
}

/* A text without control characters, not empty, that ends in the last 8 of `length` bytes. */
static bool is_text(const char *text, int64_t length) {
    if (length < 8 || text[length - 1] != 0) return false;
    int64_t used = (int64_t)strlen(text);
    for (int64_t i = 0; i < used; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) return false;
    return used > 0 && used + 8 >= length && used <= NAME_MAX_BYTES;
}

static fv_error *refusal(const head *h, const char *message, int64_t length) {
    if (h->code < FV_USAGE || h->code > FV_BUG || !is_text(message, length)) return bad("its refusal has no words");
    return fv_fail((fv_code)h->code, "%s", message);
}

fv_error *fv_answer_open(fv_answer *answer, const void *bytes, int64_t length, int64_t file_length) {
    head h;
    int64_t said;
    FV_TRY(fv_answer_length(bytes, length, &said));
    if (said != length) return bad("it is cut short");
    memcpy(&h, bytes, sizeof h);
    *answer = (fv_answer){ .at = (const uint8_t *)bytes + sizeof h,
                           .end = (const uint8_t *)bytes + length,
                           .file_length = file_length,
                           .left = file_length,
                           .version = h.version };
    if (h.state == REFUSED) return refusal(&h, (const char *)answer->at, length - (int64_t)sizeof h);
    return h.state == LISTED ? NULL : bad("it does not say how the reading ended");
}

static fv_error *check_type(fv_answer *answer, const fv_piece *piece) {
    fv_error *error = fv_type_check(&piece->type);
    if (error) {
        fv_error_free(error);
        return bad("a tensor's type cannot be");
    }
    if (fv_type_bytes(&piece->type) != piece->length) return bad("a tensor's type does not fit its length");
    if (piece->length > answer->left) return fv_fail(FV_FORMAT, "its tensors overlap");
    answer->left -= piece->length;
    return NULL;
}

static fv_error *check_piece(fv_answer *answer, const fv_piece *piece) {
    int64_t end;
    if (piece->length < 0 || !fv_size_add(piece->offset, piece->length, &end) || end > answer->file_length)
        return bad("a piece is not in the file");
    return piece->kind >= FV_PIECE_PARAMETER ? check_type(answer, piece) : NULL;
}

fv_error *fv_answer_next(fv_answer *answer, fv_piece *piece, bool *more) {
    record r;
    int64_t left = answer->end - answer->at;
    *more = left > 0;
    if (!*more) return NULL;
    if (left < (int64_t)sizeof r) return bad("its last piece is cut short");
    memcpy(&r, answer->at, sizeof r);
    const char *name = (const char *)answer->at + sizeof r;
    if (r.length < (int64_t)sizeof r || r.length > left || r.length % 8) return bad("a piece's length cannot be");
    if (!is_text(name, r.length - (int64_t)sizeof r)) return bad("a name is no plain text");
    if (r.kind < 0 || r.kind >= FV_PIECE_KINDS) return bad("a piece is of no kind");
    if (r.dtype < 0 || r.dtype >= FV_DTYPES || r.rank < 0 || r.rank > FV_RANK_MAX) return bad("a tensor's type cannot be");
    *piece = (fv_piece){ .kind = (fv_piece_kind)r.kind,
                         .name = name,
                         .version = r.version,
                         .type = { .dtype = (fv_dtype)r.dtype, .rank = r.rank },
                         .offset = r.offset,
                         .length = r.bytes };
    for (int i = 0; i < r.rank; i++) piece->type.dims[i] = r.dims[i];
    answer->at += r.length;
    return check_piece(answer, piece);
}
