/* answer.h - what a file holds and where in it, as one flat run of bytes: what fovea-reader hands back.
 *
 *   ┌──────┬─────────────┬─────────────┬───
 *   │ head │ piece, name │ piece, name │ …      or, of a file that is refused: head, message
 *   └──────┴─────────────┴─────────────┴───
 * No content is in it: the file is at both ends, and a piece says where its bytes lie. Writer and reader are of one build on
 * one machine, so numbers are in its own order. Whoever reads an answer believes nothing of it: the program that wrote it has
 * read a file that somebody may have made to take it over. */
#ifndef FV_FORMATS_ANSWER_H
#define FV_FORMATS_ANSWER_H

#include "core/base/text.h"
#include "fovea/tensor.h"

#define FV_ANSWER_BYTES_MAX (INT64_C(16) << 20)

/* A model file's data sets. From FV_PIECE_PARAMETER on they are tensors, in the order of fv_role. */
typedef enum fv_piece_kind {
    FV_PIECE_GRAPH,
    FV_PIECE_SECTION,
    FV_PIECE_PARAMETER,
    FV_PIECE_BUFFER,
    FV_PIECE_SLOT,
    FV_PIECE_KINDS
} fv_piece_kind;

typedef struct fv_piece {
    fv_piece_kind kind;
    const char *name;       /* the link's */
    int version;            /* of a section */
    fv_type type;           /* of a tensor */
    int64_t offset, length; /* where its bytes lie in the file; a tensor of no elements has length 0 */
} fv_piece;

/* What keeps the program that writes an answer from doing anything else. */
typedef enum fv_guard {
    FV_GUARD_MEMORY = 1,  /* a limit of the address space */
    FV_GUARD_SYSCALLS = 2 /* a filter of system calls */
} fv_guard;

/* Writing: begin, add, then finish or refuse; errors stick to `out`, whose cap is FV_ANSWER_BYTES_MAX. */
void fv_answer_begin(fv_text *out);
void fv_answer_add(fv_text *out, const fv_piece *piece);
void fv_answer_finish(fv_text *out, int version, unsigned guards);
/* In place of what was begun; the error stays the caller's. */
void fv_answer_refuse(fv_text *out, const fv_error *error, unsigned guards);

/* How long the answer that begins at `bytes` (room for `cap`) says it is; FV_FORMAT: there is none, or not one that fits. */
FV_MUST_USE fv_error *fv_answer_length(const void *bytes, int64_t cap, int64_t *length);
unsigned fv_answer_guards(const void *bytes); /* of one that fits */

/* Reading one of `length` bytes about a file of `file_length`: every place is known to lie inside the file,
 * every name is text without control characters, every type fits its length, and tensors together are no larger than the file.
 * The cursor and the names borrow from `bytes`. */
typedef struct fv_answer {
    const uint8_t *at, *end;
    int64_t file_length, left; /* bytes that tensors may still take */
    int version;               /* of the model */
} fv_answer;

/* A refusal comes back as the error that it is. */
FV_MUST_USE fv_error *fv_answer_open(fv_answer *answer, const void *bytes, int64_t length, int64_t file_length);
/* The next piece; false in `*more` behind the last. */
FV_MUST_USE fv_error *fv_answer_next(fv_answer *answer, fv_piece *piece, bool *more);

#endif
