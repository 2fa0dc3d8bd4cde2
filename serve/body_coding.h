/* body_coding.h - gzip and deflate (RFC 9110, section 8.4.1), and what a client takes. Pure. */
#ifndef FV_SERVE_BODY_CODING_H
#define FV_SERVE_BODY_CODING_H

#include "core/base/text.h"
#include "serve/request.h"

typedef enum fv_coding { FV_CODING_NONE, FV_CODING_GZIP, FV_CODING_DEFLATE, FV_CODING_OTHER } fv_coding;

/* Of a Content-Encoding header: NULL, "" and "identity" are none; two codings, or one unknown, are other. */
fv_coding fv_coding_of(const char *header);
/* The best that an Accept-Encoding header takes, of what we give: gzip, or none. */
fv_coding fv_coding_accepted(const char *header);

/* Unpacks the whole of `bytes` into `out`, at most `cap` bytes: more is FV_MEMORY. FV_USAGE: it is not what it says, is cut, or
 * has something behind it. Deflate with and without its zlib frame. */
FV_MUST_USE fv_error *fv_unpack(fv_coding coding, const void *bytes, int64_t length, int64_t cap, fv_body *out);
/* gzip; what it holds already is kept in front. */
FV_MUST_USE fv_error *fv_pack(const void *bytes, int64_t length, fv_body *out);

/* gzip of what comes bit by bit: each bit is sent on at once, none waits for those behind it. What is given lies in `bytes`. */
#define FV_PACKER_BYTES (16 << 10)
typedef struct fv_packer {
    char bytes[FV_PACKER_BYTES];
    struct z_stream_s *stream;
    bool pending, last, ended; /* there is something to take; nothing comes behind it; all of that was taken */
} fv_packer;
FV_MUST_USE fv_error *fv_packer_new(fv_packer **out);
void fv_packer_free(fv_packer *packer); /* NULL is allowed */
/* So many bytes of `bytes`; −1: the end. What was given before has been taken. */
void fv_packer_give(fv_packer *packer, int64_t count);
/* At most `room` bytes of what that became; 0: that was all. */
int64_t fv_packer_take(fv_packer *packer, char *to, int64_t room);

#endif
