/* bmp.c - Windows bitmaps (and OS/2's first kind): 1 to 32 bits, palettes, bit fields, run lengths, either way up. A palette of
 * greys gives grey. Alpha is there where bit fields name it; the fourth byte of a plain 32-bit picture is nothing. Fields of
 * fewer than 8 bits are spread over 0…255 and cut off, as Pillow does. */
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/decode/samples.h"
#include "data/image.h"

#define FILE_HEADER 14
#define SKIPPED_A_BYTE 16384 /* at most: four bytes of a run-length picture leave 255 × 255 pixels out */

enum { PLAIN = 0, RUNS_8 = 1, RUNS_4 = 2, FIELDS = 3, INNER_JPEG = 4, INNER_PNG = 5, ALPHA_FIELDS = 6 };

/* A colour's place in a pixel of 16 or 32 bits, and its value in 0…255 for each value of its (at most 8) highest bits. */
typedef struct field {
    uint32_t mask;
    int shift;
    uint8_t scaled[256];
} field;

typedef struct bmp {
    const uint8_t *bytes;
    int64_t length;
    int64_t width, height, pixels; /* `pixels`: where they begin */
    bool top_down;
    int bits;
    uint32_t compression;
    fv_palette palette;
    field fields[4]; /* red, green, blue, alpha */
    int64_t channels;
} bmp;

static fv_error *cut(void) { return fv_fail(FV_FORMAT, "cut short: the BMP ends too early"); }

/* ---- the header ---- */

static fv_error *read_palette(bmp *b, int64_t at, int64_t count, int entry) {
    int64_t room = (b->pixels - at) / entry; /* some writers count more than they have */
    b->palette.count = (int)fv_min(fv_min(count, 1 << b->bits), room);
    if (b->palette.count < 1) return fv_fail(FV_FORMAT, "damaged BMP: no palette");
    if (at + (int64_t)b->palette.count * entry > b->length) return cut();
    for (int i = 0; i < b->palette.count; i++) {
        const uint8_t *from = b->bytes + at + (int64_t)i * entry;
        uint8_t *to = b->palette.rgba[i];
        to[0] = from[2], to[1] = from[1], to[2] = from[0], to[3] = 255;
    }
    return NULL;
}

static fv_error *set_field(field *f, uint32_t mask) {
    f->mask = mask;
    if (!mask) return NULL;
    int low = __builtin_ctz(mask), width = __builtin_popcount(mask);
    if (mask >> low != (uint32_t)(((uint64_t)1 << width) - 1)) return fv_fail(FV_FORMAT, "damaged BMP: a bit field with a gap");
    int kept = width < 8 ? width : 8;
    f->shift = low + width - kept;
    for (int v = 0; v < 1 << kept; v++) f->scaled[v] = (uint8_t)(v * 255 / ((1 << kept) - 1));
    return NULL;
}

/* `at`: where the masks lie when the picture has some of its own. */
static fv_error *read_fields(bmp *b, int64_t at, int count) {
    uint32_t masks[4] = { 0xFF0000, 0xFF00, 0xFF, 0 };
    if (b->bits == 16) masks[0] = 0x7C00, masks[1] = 0x3E0, masks[2] = 0x1F;
    if (b->compression != PLAIN) {
        if (at + 4 * count > b->length) return cut();
        for (int i = 0; i < count; i++) masks[i] = fv_le32(b->bytes + at + 4 * i);
    }
    for (int i = 0; i < 4; i++) FV_TRY(set_field(&b->fields[i], masks[i]));
    for (int i = 0; i < 3; i++)
        if (!masks[i]) return fv_fail(FV_FORMAT, "damaged BMP: a colour without bits");
    return NULL;
}

static fv_error *check_form(const bmp *b) {
    static const int depths[] = { 1, 2, 4, 8, 16, 24, 32 };
    bool known = false;
    for (int i = 0; i < 7; i++) known |= b->bits == depths[i];
    if (b->compression == INNER_JPEG || b->compression == INNER_PNG)
        return fv_fail(FV_UNSUPPORTED, "a BMP that wraps a %s", b->compression == INNER_JPEG ? "JPEG" : "PNG");
    if (b->compression > ALPHA_FIELDS) return fv_fail(FV_UNSUPPORTED, "a BMP of compression kind %u", b->compression);
    bool fits = b->compression == PLAIN    ? known
                : b->compression == RUNS_8 ? b->bits == 8
                : b->compression == RUNS_4 ? b->bits == 4
                                           : b->bits == 16 || b->bits == 32;
    if (fits) return NULL;
    return fv_fail(FV_FORMAT, "damaged BMP: %d bits a pixel with compression kind %u", b->bits, b->compression);
}

/* The first header is 12 bytes long with sizes of 16 bits; the later ones begin alike and differ in what they add. */
static fv_error *read_header(bmp *b) {
    const uint8_t *bytes = b->bytes;
    int64_t size = fv_le32(bytes + FILE_HEADER), after = FILE_HEADER + size, colours = 0;
    if (after > b->length) return cut();
    b->pixels = fv_le32(bytes + 10);
    if (size == 12) {
        b->width = fv_le16(bytes + 18), b->height = fv_le16(bytes + 20), b->bits = (int)fv_le16(bytes + 24);
    } else {
        int64_t height = (int32_t)fv_le32(bytes + 22);
        b->width = (int32_t)fv_le32(bytes + 18), b->height = llabs(height), b->top_down = height < 0;
        b->bits = (int)fv_le16(bytes + 28);
        b->compression = fv_le32(bytes + 30);
        colours = fv_le32(bytes + 46);
    }
    FV_TRY(check_form(b));
    if (b->pixels < after) return fv_fail(FV_FORMAT, "damaged BMP: its pixels begin within its header");
    if (b->bits > 8) {
        bool in_header = size >= 52; /* then the masks are part of it, at the same place */
        int count = b->compression == ALPHA_FIELDS || (in_header && size >= 56) ? 4 : 3;
        if (b->bits != 24) FV_TRY(read_fields(b, FILE_HEADER + 40, count));
        return NULL;
    }
    return read_palette(b, after, colours ? colours : 1 << b->bits, size == 12 ? 3 : 4);
}

/* ---- pixels ---- */

static uint8_t *row_of(const bmp *b, const fv_image *out, int64_t y) {
    return (uint8_t *)out->pixels + (b->top_down ? y : b->height - 1 - y) * fv_image_row_bytes(out);
}

static uint8_t field_of(const field *f, uint32_t pixel) { return f->scaled[(pixel & f->mask) >> f->shift]; }

static void read_fields_row(const bmp *b, const uint8_t *from, uint8_t *to) {
    int64_t step = b->bits / 8;
    for (int64_t x = 0; x < b->width; x++, from += step, to += b->channels) {
        uint32_t pixel = b->bits == 16 ? fv_le16(from) : fv_le32(from);
        for (int c = 0; c < b->channels; c++) to[c] = field_of(&b->fields[c], pixel);
    }
}

static fv_error *read_row(const bmp *b, const uint8_t *from, uint8_t *numbers, uint8_t *to) {
    if (b->bits <= 8) {
        fv_samples_unpack(from, b->width, b->bits, numbers);
        return fv_palette_paint(&b->palette, numbers, b->width, b->channels, to);
    }
    if (b->bits != 24) {
        read_fields_row(b, from, to);
        return NULL;
    }
    for (int64_t x = 0; x < b->width; x++, from += 3, to += 3) to[0] = from[2], to[1] = from[1], to[2] = from[0];
    return NULL;
}

static fv_error *read_rows(const bmp *b, uint8_t *numbers, fv_image *out) {
    int64_t stride = fv_round_up(b->width * b->bits, 32) / 8;
    for (int64_t y = 0; y < b->height; y++) FV_TRY(read_row(b, b->bytes + b->pixels + y * stride, numbers, row_of(b, out, y)));
    return NULL;
}

/* Where run lengths have got to. Pixels that they leave out have colour 0. */
typedef struct runs {
    const uint8_t *at, *end;
    int64_t x, y;
} runs;

/* The next `count` pixels, from packed bytes that repeat after `period`; what goes beyond a row's end is padding. */
static fv_error *put_run(const bmp *b, runs *r, const uint8_t *packed, int64_t period, int count, uint8_t *numbers) {
    if (r->y >= b->height) return fv_fail(FV_FORMAT, "damaged BMP: more rows than it has");
    for (int i = 0; i < count && r->x < b->width; i++, r->x++) {
        uint8_t byte = packed[(b->bits == 8 ? i : i / 2) % period];
        numbers[r->y * b->width + r->x] = b->bits == 8 ? byte : i % 2 ? byte & 15 : byte >> 4;
    }
    return NULL;
}

/* All the colour numbers. A file may leave out the final mark once every row is there. */
static fv_error *read_runs(const bmp *b, uint8_t *numbers) {
    runs r = { b->bytes + b->pixels, b->bytes + b->length, 0, 0 };
    while (r.end - r.at >= 2) {
        int count = r.at[0], what = r.at[1];
        r.at += 2;
        if (count) {
            FV_TRY(put_run(b, &r, r.at - 1, 1, count, numbers));
        } else if (what == 0) { /* end of the row */
            r.x = 0, r.y++;
        } else if (what == 1) { /* end of the picture */
            return NULL;
        } else if (what == 2) { /* onwards by so many columns and rows */
            if (r.end - r.at < 2) return cut();
            r.x += r.at[0], r.y += r.at[1], r.at += 2;
        } else { /* so many pixels as they are, in whole words */
            int64_t bytes = b->bits == 8 ? what : (what + 1) / 2;
            if (r.end - r.at < bytes) return cut();
            FV_TRY(put_run(b, &r, r.at, bytes, what, numbers));
            r.at += fv_min(fv_round_up(bytes, 2), r.end - r.at);
        }
    }
    return r.y >= b->height || (r.y == b->height - 1 && r.x >= b->width) ? NULL : cut();
}

static fv_error *paint_runs(const bmp *b, const uint8_t *numbers, fv_image *out) {
    for (int64_t y = 0; y < b->height; y++)
        FV_TRY(fv_palette_paint(&b->palette, numbers + y * b->width, b->width, b->channels, row_of(b, out, y)));
    return NULL;
}

/* The last row's padding may be missing. */
static fv_error *check_room(const fv_encoded *encoded, const bmp *b, bool packed) {
    if (packed) return fv_decode_check_room(encoded, b->height, b->width, SKIPPED_A_BYTE);
    int64_t stride = fv_round_up(b->width * b->bits, 32) / 8, last = fv_ceil_div(b->width * b->bits, 8), whole;
    if (fv_size_mul(b->height - 1, stride, &whole) && fv_size_add(whole, b->pixels + last, &whole) && whole <= b->length)
        return NULL;
    return cut();
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    (void)about;
    bmp b = { .bytes = encoded->bytes, .length = encoded->length };
    FV_TRY(read_header(&b));
    bool packed = b.compression == RUNS_8 || b.compression == RUNS_4;
    FV_TRY(fv_decode_check_size(encoded, b.height, b.width, 1));
    FV_TRY(check_room(encoded, &b, packed));
    b.channels = b.bits <= 8 ? fv_palette_channels(&b.palette, encoded->options.channels)
                             : (b.fields[3].mask && encoded->options.channels == 4 ? 4 : 3);
    FV_OWNED(fv_memory) numbers = NULL;
    if (b.bits <= 8) FV_TRY(fv_memory_alloc(packed ? b.height : 1, b.width, &numbers));
    FV_TRY(fv_image_resize(out, b.height, b.width, b.channels, FV_PIXEL_U8));
    if (!packed) return read_rows(&b, numbers, out);
    FV_TRY(read_runs(&b, numbers));
    return paint_runs(&b, numbers, out);
}

static bool matches(const uint8_t *bytes, int64_t length) {
    static const uint32_t headers[] = { 12, 40, 52, 56, 64, 108, 124 };
    if (length < 26 || bytes[0] != 'B' || bytes[1] != 'M') return false;
    for (int i = 0; i < 7; i++)
        if (fv_le32(bytes + FILE_HEADER) == headers[i]) return true;
    return false;
}

const fv_decoder fv_decoder_bmp = {
    .name = "bmp",
    .summary = "BMP: 1 to 32 bits, palette, bit fields, run lengths, either way up",
    .matches = matches,
    .decode = decode,
};
