/* body_coding.c - see body_coding.h. */
#include "serve/body_coding.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "core/base/memory.h"
#include "core/base/size.h"

#define PIECE (64 << 10)
#define GZIP_WINDOW (15 + 16)
#define ZLIB_WINDOW 15
#define RAW_WINDOW (-15)
#define PACK_LEVEL 4 /* answers are packed while somebody waits */

fv_coding fv_coding_of(const char *header) {
    if (!header || !*header || !strcasecmp(header, "identity")) return FV_CODING_NONE;
    if (!strcasecmp(header, "gzip") || !strcasecmp(header, "x-gzip")) return FV_CODING_GZIP;
    return strcasecmp(header, "deflate") ? FV_CODING_OTHER : FV_CODING_DEFLATE;
}

/* Whether the element's ";q=" is above 0. */
static bool is_wanted(const char *element, size_t length) {
    const char *q = memchr(element, ';', length), *end = element + length;
    while (q && q < end && (*q == ';' || *q == ' ' || *q == '\t')) q++;
    if (!q || end - q < 2 || (*q != 'q' && *q != 'Q') || q[1] != '=') return true;
    for (q += 2; q < end; q++)
        if (*q >= '1' && *q <= '9') return true;
    return false;
}

fv_coding fv_coding_accepted(const char *header) {
    bool any = false, gzip = false, refused = false;
    for (const char *at = header; at && *at;) {
        at += strspn(at, " \t,");
        size_t length = strcspn(at, ","), name = strcspn(at, ";, \t");
        if (name == 4 && !strncasecmp(at, "gzip", 4)) *(is_wanted(at, length) ? &gzip : &refused) = true;
        if (name == 1 && *at == '*') any = is_wanted(at, length);
        at += length;
    }
    return gzip || (any && !refused) ? FV_CODING_GZIP : FV_CODING_NONE;
}

static fv_error *unpack_all(z_stream *stream, int64_t cap, fv_body *out) {
    unsigned char piece[PIECE];
    for (int code = Z_OK; code != Z_STREAM_END;) {
        stream->next_out = piece, stream->avail_out = PIECE;
        code = inflate(stream, Z_NO_FLUSH);
        int64_t made = PIECE - (int64_t)stream->avail_out;
        if (code == Z_MEM_ERROR) return fv_error_memory();
        if (code != Z_OK && code != Z_STREAM_END)
            return fv_fail(FV_USAGE, "the body is not packed as Content-Encoding says, or is cut");
        if (made > cap - out->length)
            return fv_error_hint(fv_fail(FV_MEMORY, "the body unpacks to more than %lld bytes", (long long)cap),
                                 "send less at once, or start the server with a larger --max-body");
        FV_TRY(fv_body_add(out, piece, made));
        if (code == Z_OK && !made && !stream->avail_in) return fv_fail(FV_USAGE, "the packed body is cut");
    }
    return stream->avail_in ? fv_fail(FV_USAGE, "there is something behind the packed body") : NULL;
}

/* A zlib stream begins so (RFC 1950); some send deflate's data without that frame. */
static bool has_frame(const uint8_t *at, int64_t length) {
    return length >= 2 && (at[0] & 0x0f) == 8 && (at[0] * 256 + at[1]) % 31 == 0;
}

fv_error *fv_unpack(fv_coding coding, const void *bytes, int64_t length, int64_t cap, fv_body *out) {
    int window = coding == FV_CODING_GZIP ? GZIP_WINDOW : has_frame(bytes, length) ? ZLIB_WINDOW : RAW_WINDOW;
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)length };
    if (length > UINT32_MAX) return fv_fail(FV_MEMORY, "a packed body of %lld bytes is too long", (long long)length);
    if (inflateInit2(&stream, window) != Z_OK) return fv_error_memory();
    fv_error *error = unpack_all(&stream, cap, out);
    inflateEnd(&stream);
    return error;
}

fv_error *fv_pack(const void *bytes, int64_t length, fv_body *out) {
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)length };
    unsigned char piece[PIECE];
    fv_error *error = NULL;
    if (length > UINT32_MAX) return fv_fail(FV_MEMORY, "an answer of %lld bytes is too long to pack", (long long)length);
    if (deflateInit2(&stream, PACK_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) return fv_error_memory();
    for (int code = Z_OK; code == Z_OK && !error;) {
        stream.next_out = piece, stream.avail_out = PIECE;
        code = deflate(&stream, Z_FINISH);
        error = fv_body_add(out, piece, PIECE - (int64_t)stream.avail_out);
    }
    deflateEnd(&stream);
    return error;
}

/* ---- bit by bit ---- */

fv_error *fv_packer_new(fv_packer **out) {
    fv_packer *packer;
    FV_TRY(fv_memory_new(1, &packer));
    fv_error *error = fv_memory_new(1, &packer->stream);
    if (!error && deflateInit2(packer->stream, PACK_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        error = fv_error_memory();
    if (error) return fv_memory_free(packer->stream), fv_memory_free(packer), error;
    *out = packer;
    return NULL;
}

void fv_packer_free(fv_packer *packer) {
    if (!packer) return;
    deflateEnd(packer->stream);
    fv_memory_free(packer->stream);
    fv_memory_free(packer);
}

void fv_packer_give(fv_packer *packer, int64_t count) {
    packer->last = count < 0;
    packer->pending = true;
    packer->stream->next_in = (unsigned char *)packer->bytes;
    packer->stream->avail_in = packer->last ? 0 : (unsigned)count;
}

int64_t fv_packer_take(fv_packer *packer, char *to, int64_t room) {
    if (!packer->pending) return 0;
    packer->stream->next_out = (unsigned char *)to, packer->stream->avail_out = (unsigned)room;
    int code = deflate(packer->stream, packer->last ? Z_FINISH : Z_SYNC_FLUSH);
    packer->ended = code == Z_STREAM_END;
    packer->pending = !packer->ended && !packer->stream->avail_out;
    return room - (int64_t)packer->stream->avail_out;
}
