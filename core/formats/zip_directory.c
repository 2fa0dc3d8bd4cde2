/* zip_directory.c - see zip_directory.h, and PKWARE's APPNOTE 6.3.10 for the layout. */
#include "core/formats/zip_directory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/size.h"

#define LOCAL 0x04034b50U
#define CENTRAL 0x02014b50U
#define END 0x06054b50U
#define END64 0x06064b50U
#define LOCATOR64 0x07064b50U

enum { LOCAL_BYTES = 30, CENTRAL_BYTES = 46, END_BYTES = 22, LOCATOR_BYTES = 20, END64_BYTES = 56, COMMENT_MAX = 65535 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };

static uint64_t number(const uint8_t *at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static uint32_t mark(const uint8_t *at) { return (uint32_t)number(at, 4); }

/* Whether `bytes` bytes at `offset` are in the archive. */
static bool inside(const fv_format_call *call, uint64_t offset, uint64_t bytes) {
    uint64_t length = (uint64_t)call->length;
    return offset <= length && bytes <= length - offset;
}

bool fv_zip_sniff(const uint8_t *bytes, int64_t length) {
    return length >= END_BYTES && (mark(bytes) == LOCAL || mark(bytes) == END);
}

/* ---- the directory ---- */

typedef struct directory {
    uint64_t offset, bytes, count;
} directory;

static fv_error *no_directory(void) {
    return fv_error_hint(fv_fail(FV_FORMAT, "it is a zip archive without its end: it was cut short"),
                         "fetch it anew, and compare its length or checksum with what the source says");
}

/* Where its end is: the last place that fits, as the comment behind it may hold anything. */
static fv_error *find_end(const fv_format_call *call, int64_t *out) {
    int64_t first = fv_max(call->length - END_BYTES - COMMENT_MAX, 0);
    for (int64_t at = call->length - END_BYTES; at >= first; at--) {
        if (mark(call->bytes + at) != END) continue;
        if (at + END_BYTES + (int64_t)number(call->bytes + at + 20, 2) == call->length) return *out = at, NULL;
    }
    return no_directory();
}

static fv_error *read_end64(const fv_format_call *call, int64_t end, directory *d) {
    const uint8_t *locator = call->bytes + end - LOCATOR_BYTES;
    if (end < LOCATOR_BYTES || mark(locator) != LOCATOR64) return fv_fail(FV_FORMAT, "its ZIP64 end is missing");
    uint64_t at = number(locator + 8, 8);
    if (!inside(call, at, END64_BYTES) || mark(call->bytes + at) != END64)
        return fv_fail(FV_FORMAT, "its ZIP64 end is not where it says");
    const uint8_t *end64 = call->bytes + at;
    *d = (directory){ .count = number(end64 + 32, 8), .bytes = number(end64 + 40, 8), .offset = number(end64 + 48, 8) };
    return NULL;
}

static fv_error *find_directory(const fv_format_call *call, directory *d) {
    int64_t end = 0;
    FV_TRY(find_end(call, &end));
    const uint8_t *at = call->bytes + end;
    if (number(at + 4, 2) || number(at + 6, 2)) return fv_fail(FV_UNSUPPORTED, "it is one of several volumes of an archive");
    *d = (directory){ .count = number(at + 10, 2), .bytes = number(at + 12, 4), .offset = number(at + 16, 4) };
    if (d->count == 0xFFFF || d->bytes == 0xFFFFFFFF || d->offset == 0xFFFFFFFF) FV_TRY(read_end64(call, end, d));
    if (!inside(call, d->offset, d->bytes) || d->count > d->bytes / CENTRAL_BYTES)
        return fv_fail(FV_FORMAT, "its directory leads outside the file");
    return NULL;
}

/* A number of the directory that did not fit 32 bits is the next 8 bytes of the ZIP64 extra field. */
static bool widen(const uint8_t **extra, const uint8_t *end, int64_t *value) {
    if (*value != 0xFFFFFFFF) return true;
    if (end - *extra < 8) return false;
    uint64_t wide = number(*extra, 8);
    *extra += 8;
    *value = (int64_t)wide;
    return wide <= INT64_MAX;
}

static fv_error *widen_sizes(fv_zip_member *m, const uint8_t *extra, const uint8_t *end) {
    while (end - extra >= 4) {
        uint64_t tag = number(extra, 2), bytes = number(extra + 2, 2);
        extra += 4;
        if (bytes > (uint64_t)(end - extra)) break;
        if (tag == 1) {
            const uint8_t *at = extra;
            return widen(&at, extra + bytes, &m->size) && widen(&at, extra + bytes, &m->packed) &&
                           widen(&at, extra + bytes, &m->header)
                       ? NULL
                       : fv_fail(FV_FORMAT, "%s lacks a size", m->name);
        }
        extra += bytes;
    }
    return NULL;
}

/* The entry at `at`, with `left` bytes behind it; `*bytes`: its length. */
static fv_error *read_entry(const fv_format_call *call, const uint8_t *at, uint64_t left, fv_zip_member *m, uint64_t *bytes) {
    if (left < CENTRAL_BYTES || mark(at) != CENTRAL) return fv_fail(FV_FORMAT, "its directory is damaged");
    uint64_t name = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
    *bytes = CENTRAL_BYTES + name + extra + comment;
    if (*bytes > left) return fv_fail(FV_FORMAT, "its directory is cut short");
    char *text;
    FV_TRY(fv_arena_take(call->file->arena, (int64_t)name + 1, &text));
    memcpy(text, at + CENTRAL_BYTES, name);
    if (memchr(text, 0, name)) return fv_fail(FV_FORMAT, "a name in its directory has a NUL");
    *m = (fv_zip_member){ .name = text,
                          .flags = (uint16_t)number(at + 8, 2),
                          .method = (uint16_t)number(at + 10, 2),
                          .checksum = mark(at + 16),
                          .packed = (int64_t)number(at + 20, 4),
                          .size = (int64_t)number(at + 24, 4),
                          .header = (int64_t)number(at + 42, 4) };
    const uint8_t *more = at + CENTRAL_BYTES + name;
    return widen_sizes(m, more, more + extra);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const fv_zip_member *)a)->name, ((const fv_zip_member *)b)->name);
}

fv_error *fv_zip_open(fv_format_call *call, fv_zip *zip) {
    directory d = { 0 };
    FV_TRY(find_directory(call, &d));
    *zip = (fv_zip){ .count = (int64_t)d.count };
    FV_TRY(fv_arena_take(call->file->arena, zip->count + 1, &zip->members));
    const uint8_t *at = call->bytes + d.offset;
    uint64_t left = d.bytes, bytes = 0;
    for (int64_t i = 0; i < zip->count; i++, at += bytes, left -= bytes)
        FV_TRY(read_entry(call, at, left, &zip->members[i], &bytes));
    if (zip->count) qsort(zip->members, (size_t)zip->count, sizeof *zip->members, by_name);
    for (int64_t i = 1; i < zip->count; i++)
        if (!strcmp(zip->members[i - 1].name, zip->members[i].name))
            return fv_fail(FV_FORMAT, "it has two members called %.64s", zip->members[i].name);
    return NULL;
}

const fv_zip_member *fv_zip_find(const fv_zip *zip, const char *name) {
    fv_zip_member wanted = { .name = name };
    return zip->count ? bsearch(&wanted, zip->members, (size_t)zip->count, sizeof wanted, by_name) : NULL;
}

/* ---- a member ---- */

static fv_error *unpack(fv_format_call *call, const fv_zip_member *m, const uint8_t *from, uint8_t **to) {
    z_stream z = { 0 };
    FV_TRY(fv_format_unpacked(call, m->name, m->size, to));
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) return fv_fail(FV_MEMORY, "no memory to unpack %s", m->name);
    int64_t taken = 0, made = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        int64_t in = fv_min(m->packed - taken, 1 << 30), out = fv_min(m->size - made, 1 << 30);
        z.next_in = (Bytef *)(uintptr_t)(from + taken), z.avail_in = (uInt)in;
        z.next_out = *to + made, z.avail_out = (uInt)out;
        status = inflate(&z, Z_NO_FLUSH);
        taken += in - (int64_t)z.avail_in, made += out - (int64_t)z.avail_out;
    }
    inflateEnd(&z);
    if (status != Z_STREAM_END || made != m->size)
        return fv_fail(FV_FORMAT, "%s does not unpack to the %lld bytes that it declares", m->name, (long long)m->size);
    return NULL;
}

static uint32_t checksum_of(const uint8_t *bytes, int64_t length) {
    uLong sum = crc32(0, NULL, 0);
    for (int64_t at = 0, piece; at < length; at += piece) {
        piece = fv_min(length - at, 1 << 30);
        sum = crc32(sum, bytes + at, (uInt)piece);
    }
    return (uint32_t)sum;
}

fv_error *fv_zip_content(fv_format_call *call, const fv_zip_member *m, const uint8_t **bytes, int64_t *length) {
    if (m->flags & ENCRYPTED) return fv_fail(FV_UNSUPPORTED, "%s is encrypted", m->name);
    if (m->method != STORED && m->method != DEFLATED)
        return fv_fail(FV_UNSUPPORTED, "%s is packed by method %d; stored and deflated members are read", m->name, m->method);
    const uint8_t *header = call->bytes + m->header;
    if (m->header < 0 || !inside(call, (uint64_t)m->header, LOCAL_BYTES) || mark(header) != LOCAL)
        return fv_fail(FV_FORMAT, "%s is not where the directory says", m->name);
    uint64_t at = (uint64_t)m->header + LOCAL_BYTES + number(header + 26, 2) + number(header + 28, 2);
    if (m->packed < 0 || m->size < 0 || !inside(call, at, (uint64_t)m->packed) || (m->method == STORED && m->packed != m->size))
        return fv_fail(FV_FORMAT, "%s reaches beyond the end of the file", m->name);
    uint8_t *made = NULL;
    if (m->method == DEFLATED) FV_TRY(unpack(call, m, call->bytes + at, &made));
    *bytes = made ? made : call->bytes + at;
    *length = m->size;
    return checksum_of(*bytes, *length) == m->checksum
               ? NULL
               : fv_fail(FV_FORMAT, "%s is damaged: it has not the checksum that the directory says", m->name);
}
