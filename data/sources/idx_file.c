/* shared: idx_file.c - one IDX file, plain or gzip: what the source idx and its fuzz target read.
 *
 *     0  0  type  rank | rank sizes, u32, most significant byte first | the elements, last dimension fastest
 *
 * Type 8 is u8, the only one that pictures and labels come in. (The format of LeCun's MNIST page.) */
#include <string.h>

#include <zlib.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/sources/idx.h"

#define GZIP_RATIO_MAX 1032 /* deflate's best: 258 bytes in two bits */

void fv_idx_release(fv_idx *idx) {
    fv_memory_free(idx->data);
    *idx = (fv_idx){ 0 };
}

/* Bytes one after the other, inflated where the file is gzip. */
typedef struct stream {
    const uint8_t *at;
    int64_t left;
    bool gzip;
    z_stream inflater;
} stream;

static fv_error *stream_open(stream *s, const uint8_t *bytes, int64_t length) {
    *s = (stream){ .at = bytes, .left = length, .gzip = length >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B };
    if (s->gzip && inflateInit2(&s->inflater, 16 + MAX_WBITS) != Z_OK) return fv_error_memory();
    return NULL;
}

static void stream_close(stream *s) {
    if (s->gzip) inflateEnd(&s->inflater);
}

/* Up to `count` bytes; `*got` is less only at the end. */
static fv_error *stream_inflate(stream *s, uint8_t *to, int64_t count, int64_t *got) {
    const int64_t step = 1 << 30; /* zlib counts in 32 bits */
    for (*got = 0; *got < count;) {
        uInt room = (uInt)fv_min(count - *got, step), given = (uInt)fv_min(s->left, step);
        s->inflater.next_out = to + *got;
        s->inflater.avail_out = room;
        s->inflater.next_in = (Bytef *)s->at;
        s->inflater.avail_in = given;
        int status = inflate(&s->inflater, Z_NO_FLUSH);
        s->at += given - s->inflater.avail_in;
        s->left -= given - s->inflater.avail_in;
        *got += room - s->inflater.avail_out;
        if (status == Z_STREAM_END) return NULL;
        if (status == Z_BUF_ERROR || (status == Z_OK && !s->left && s->inflater.avail_out))
            return fv_fail(FV_FORMAT, "cut short: the gzip file ends too early");
        if (status == Z_MEM_ERROR) return fv_error_memory();
        if (status != Z_OK) return fv_fail(FV_FORMAT, "damaged gzip file: %s", s->inflater.msg ? s->inflater.msg : "bad data");
    }
    return NULL;
}

static fv_error *stream_read(stream *s, uint8_t *to, int64_t count, int64_t *got) {
    if (s->gzip) return stream_inflate(s, to, count, got);
    *got = fv_min(count, s->left);
    if (*got) memcpy(to, s->at, (size_t)*got);
    s->at += *got;
    s->left -= *got;
    return NULL;
}

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static fv_error *read_header(stream *s, fv_idx *out) {
    uint8_t header[4 + 4 * FV_IDX_RANK_MAX];
    int64_t got;
    FV_TRY(stream_read(s, header, 4, &got));
    if (got < 4 || header[0] || header[1]) return fv_fail(FV_FORMAT, "not an IDX file: it does not begin with two zeros");
    if (header[2] != 8) return fv_fail(FV_UNSUPPORTED, "an IDX file of element type 0x%02X; only u8 (0x08) is read", header[2]);
    out->rank = header[3];
    if (out->rank < 1 || out->rank > FV_IDX_RANK_MAX)
        return fv_fail(FV_UNSUPPORTED, "an IDX file of %d dimensions; 1 to %d are read", out->rank, FV_IDX_RANK_MAX);
    FV_TRY(stream_read(s, header + 4, 4 * out->rank, &got));
    if (got < 4 * out->rank) return fv_fail(FV_FORMAT, "cut short: the IDX header is not whole");
    out->count = 1;
    for (int d = 0; d < out->rank; d++) {
        out->dims[d] = big_endian(header + 4 + 4 * d);
        if (!fv_size_mul(out->count, out->dims[d], &out->count)) return fv_fail(FV_FORMAT, "an IDX file of impossible size");
    }
    return NULL;
}

static fv_error *read_data(stream *s, int64_t length, fv_idx *out) {
    int64_t most = s->gzip ? (length < INT64_MAX / GZIP_RATIO_MAX ? length * GZIP_RATIO_MAX : INT64_MAX) : s->left, got;
    if (out->count > most)
        return fv_fail(FV_FORMAT, "cut short: the header says %lld bytes, the file holds %s%lld", (long long)out->count,
                       s->gzip ? "at most " : "", (long long)most);
    FV_TRY(fv_memory_new(out->count + 1, &out->data)); /* one more: whether there is more */
    FV_TRY(stream_read(s, out->data, out->count + 1, &got));
    if (got < out->count)
        return fv_fail(FV_FORMAT, "cut short: the header says %lld bytes, the file holds %lld", (long long)out->count,
                       (long long)got);
    if (got > out->count) return fv_fail(FV_FORMAT, "longer than the %lld bytes that its header says", (long long)out->count);
    return NULL;
}

fv_error *fv_idx_parse(const uint8_t *bytes, int64_t length, fv_idx *out) {
    stream s;
    *out = (fv_idx){ 0 };
    FV_TRY(stream_open(&s, bytes, length));
    fv_error *error = read_header(&s, out);
    if (!error) error = read_data(&s, length, out);
    stream_close(&s);
    if (error) fv_idx_release(out);
    return error;
}
