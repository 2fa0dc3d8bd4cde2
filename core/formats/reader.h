/* reader.h - fovea-reader, the separate program that goes through files which anybody may have made: it runs HDF5's library on
 * them without rights, so that whatever they do to it is an error message here.
 *
 * It is started with the file as a sealed snapshot, or with a socket by which it asks for the bytes that it wants, fills a
 * piece of shared memory with the answer (answer.h) and ends. It may open no file, start no process, take no more memory,
 * processor time and time than its limits say (sandbox.h); it has no environment and no descriptors but those. Any thread; the
 * program's signal handlers and children do not matter. */
#ifndef FV_FORMATS_READER_H
#define FV_FORMATS_READER_H

#include "core/base/arena.h"
#include "core/formats/answer.h"
#include "core/formats/snapshot.h"

/* Where the reader finds the file (or the socket by which it asks for it), the answer's shared memory, and that of the content
 * (of some kinds). Its arguments: the file's bytes (0: they are asked for), memory, processor seconds, kind, the content's
 * bytes.
 */
#define FV_READER_FILE 3
#define FV_READER_ANSWER 4
#define FV_READER_CONTENT 5

/* What the file is to be read as. */
typedef enum fv_reader_kind { FV_READER_MODEL, FV_READER_KERAS, FV_READER_KINDS } fv_reader_kind;

typedef struct fv_reader_limits {
    int64_t memory;    /* bytes of address space, beyond the file and its answer */
    int64_t processor; /* seconds */
    double wait;       /* seconds; then it is killed */
    fv_reader_kind kind;
    /* Shared memory (fv_shared_memory) for what does not lie in the file as it is: places in the answer go on in it, behind the
     * file's end. 0 bytes: there is none, whatever `content` is. */
    int content;
    int64_t content_length;
} fv_reader_limits;
extern const fv_reader_limits fv_reader_documented; /* of a model */

/* The program: $FOVEA_READER, or fovea-reader beside this program or library, or in libexec/fovea of the tree that they lie in,
 * or in that of the prefix that was configured. FV_NOT_FOUND says where it was looked for. */
FV_MUST_USE fv_error *fv_reader_find(fv_arena *arena, const char **path);

/* Has the first `length` bytes of the file gone through; `limits` NULL: as documented. The answer, in `arena`, is any bytes:
 * use fv_answer_open. `where` names the file in errors: FV_FORMAT when it crashed the reader or made it exceed a limit. */
FV_MUST_USE fv_error *fv_reader_run(const fv_snapshot *file, int64_t length, const char *where, const fv_reader_limits *limits,
                                    fv_arena *arena, const void **answer, int64_t *answer_length);

/* The same in two steps: what is done between them does not wait for the reader. A reading, in `arena`, ends by one of the two.
 */
typedef struct fv_reading fv_reading;
FV_MUST_USE fv_error *fv_reader_begin(const fv_snapshot *file, int64_t length, const char *where,
                                      const fv_reader_limits *limits, fv_arena *arena, fv_reading **out);
FV_MUST_USE fv_error *fv_reader_end(fv_reading *reading, const void **answer, int64_t *answer_length);
void fv_reader_cancel(fv_reading *reading);

/* Of a model: begun before the file's bytes are there. It is started, and waits; then it is given `length` bytes, of which it
 * asks for those that it wants, and no others reach it: they must stay until the reading ends. */
FV_MUST_USE fv_error *fv_reader_await(const char *where, const fv_reader_limits *limits, fv_arena *arena, fv_reading **out);
void fv_reader_give(fv_reading *reading, const uint8_t *bytes, int64_t length);
/* What it sends: a place and how many bytes, at most FV_READER_PIECE; the answer is those bytes. Before it, it is sent the
 * length, as such a place of no bytes. */
#define FV_READER_PIECE ((int64_t)32 << 10)
typedef struct fv_reader_wish {
    int64_t offset, count;
} fv_reader_wish;

/* Has it read a file that this program made, to see what keeps it: where it is, and its fv_guard bits. */
FV_MUST_USE fv_error *fv_reader_try(fv_arena *arena, const char **path, unsigned *guards);

#endif
