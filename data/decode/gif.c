/* gif.c - the first picture of a GIF (87a and 89a), by a reader of our own: LZW with codes of up to 12 bits, plain or
 * interlaced (GIF89a specification, appendix F). What the first picture leaves uncovered is transparent, or colour 0. A palette
 * of greys gives grey. */
#include <string.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/decode/samples.h"
#include "data/image.h"

#define CODES 4096
#define PIXELS_A_BYTE 2731 /* at most: 4096 pixels in a code of 12 bits */

typedef struct gif {
    const uint8_t *at, *end;             /* not read yet */
    int64_t screen_width, screen_height; /* of the whole */
    int64_t left, top, width, height;    /* of the first picture in it */
    bool interlaced;
    int clear;          /* the transparent colour, or −1 */
    fv_palette palette; /* its own, or else the common one */
} gif;

static fv_error *cut(void) { return fv_fail(FV_FORMAT, "cut short: the GIF ends too early"); }

static bool take(gif *g, int64_t count, const uint8_t **out) {
    if (g->end - g->at < count) return false;
    *out = g->at;
    g->at += count;
    return true;
}

/* ---- up to the first picture ---- */

/* A byte's low three bits say how many colours there are, its highest whether there are any. */
static fv_error *read_palette(gif *g, int flags) {
    if (!(flags & 0x80)) return NULL;
    const uint8_t *from;
    g->palette.count = 2 << (flags & 7);
    if (!take(g, 3 * g->palette.count, &from)) return cut();
    for (int i = 0; i < g->palette.count; i++, from += 3) {
        memcpy(g->palette.rgba[i], from, 3);
        g->palette.rgba[i][3] = 255;
    }
    return NULL;
}

/* An extension: a label, then blocks with their lengths, up to an empty one. Only the one that names the clear colour counts.
 */
static fv_error *read_extension(gif *g) {
    const uint8_t *label, *size, *block;
    if (!take(g, 1, &label)) return cut();
    for (;;) {
        if (!take(g, 1, &size) || !take(g, *size, &block)) return cut();
        if (!*size) return NULL;
        if (*label == 0xF9 && *size >= 4) g->clear = block[0] & 1 ? block[3] : -1;
    }
}

static fv_error *read_first_picture(gif *g) {
    const uint8_t *b;
    if (!take(g, 9, &b)) return cut();
    g->left = fv_le16(b), g->top = fv_le16(b + 2), g->width = fv_le16(b + 4), g->height = fv_le16(b + 6);
    g->interlaced = b[8] & 0x40;
    return read_palette(g, b[8]);
}

static fv_error *read_header(gif *g) {
    const uint8_t *b;
    g->clear = -1;
    if (!take(g, 13, &b)) return cut();
    g->screen_width = fv_le16(b + 6), g->screen_height = fv_le16(b + 8);
    FV_TRY(read_palette(g, b[10]));
    for (;;) {
        if (!take(g, 1, &b)) return cut();
        if (*b == ',') return read_first_picture(g);
        if (*b == ';') return fv_fail(FV_FORMAT, "a GIF without a picture in it");
        if (*b != '!' && *b) return fv_fail(FV_FORMAT, "damaged GIF: a block of an unknown kind (%d)", *b);
        if (*b) FV_TRY(read_extension(g)); /* a zero is an end mark too many */
    }
}

/* ---- LZW ---- */

/* Bits, the lowest of a byte first, from blocks with their lengths. */
typedef struct bits {
    gif *gif;
    const uint8_t *block;
    int left; /* bytes of the block */
    uint32_t held;
    int count;
} bits;

static bool next_code(bits *b, int size, int *code) {
    while (b->count < size) {
        if (!b->left) {
            const uint8_t *length;
            if (!take(b->gif, 1, &length) || !*length) return false;
            b->left = (int)fv_min(*length, b->gif->end - b->gif->at);
            if (!b->left) return false;
            b->block = b->gif->at;
            b->gif->at += b->left;
        }
        b->held |= (uint32_t)*b->block++ << b->count;
        b->count += 8, b->left--;
    }
    *code = (int)(b->held & ((1u << size) - 1));
    b->held >>= size, b->count -= size;
    return true;
}

/* What each code stands for: the string of another, and one pixel more. */
typedef struct strings {
    uint16_t before[CODES], length[CODES];
    uint8_t first[CODES], last[CODES];
} strings;

/* Writes the string of a code, from its end; beyond `room` it is cut off. Returns how many pixels that made. */
static int64_t write_string(const strings *s, int code, uint8_t *to, int64_t room) {
    int64_t length = s->length[code];
    for (int64_t i = length - 1; i >= 0; i--, code = s->before[code])
        if (i < room) to[i] = s->last[code];
    return fv_min(length, room);
}

static void add_string(strings *s, int code, int before, uint8_t last) {
    s->before[code] = (uint16_t)before;
    s->length[code] = (uint16_t)(s->length[before] + 1);
    s->first[code] = s->first[before];
    s->last[code] = last;
}

/* `count` pixels. Codes grow by a bit when the table does not fit into fewer; with 4096 strings it is full and stays. */
static fv_error *unpack(gif *g, strings *s, int width, uint8_t *to, int64_t count) {
    bits b = { .gif = g };
    int clear = 1 << width, next = clear + 2, size = width + 1, before = -1, code;
    for (int i = 0; i < clear; i++) s->length[i] = 1, s->first[i] = s->last[i] = (uint8_t)i;
    for (int64_t done = 0; done < count;) {
        if (!next_code(&b, size, &code)) return cut();
        if (code == clear) {
            next = clear + 2, size = width + 1, before = -1;
            continue;
        }
        if (code == clear + 1) return cut();    /* its end mark */
        if (code > (before < 0 ? clear : next)) /* `next`: the string that this very code makes */
            return fv_fail(FV_FORMAT, "damaged GIF: a code that stands for nothing");
        if (before >= 0 && next < CODES) {
            add_string(s, next, before, s->first[code < next ? code : before]);
            next++;
            if (next == 1 << size && size < 12) size++;
        }
        done += write_string(s, code, to + done, count - done);
        before = code;
    }
    return NULL;
}

static fv_error *read_numbers(gif *g, uint8_t *numbers) {
    const uint8_t *width;
    if (!take(g, 1, &width)) return cut();
    if (*width < 1 || *width > 8) return fv_fail(FV_FORMAT, "damaged GIF: pixels of %d bits", *width);
    strings *s = NULL;
    FV_OWNED(fv_memory) owned = NULL;
    FV_TRY(fv_memory_new(1, &s));
    owned = s;
    return unpack(g, s, *width, numbers, g->width * g->height);
}

/* ---- onto the screen ---- */

/* The row of the picture that is stored as number `stored`: every 8th, every 8th from 4, every 4th from 2, every 2nd from 1. */
static int64_t row_of(const gif *g, int64_t stored) {
    static const int first[] = { 0, 4, 2, 1 }, step[] = { 8, 8, 4, 2 };
    if (!g->interlaced) return stored;
    for (int pass = 0;; pass++) {
        int64_t rows = g->height > first[pass] ? fv_ceil_div(g->height - first[pass], step[pass]) : 0;
        if (stored < rows) return first[pass] + stored * step[pass];
        stored -= rows;
    }
}

static fv_error *paint(const gif *g, const uint8_t *numbers, fv_image *out) {
    int64_t stride = fv_image_row_bytes(out), pixel = out->channels;
    if (g->width < out->width || g->height < out->height) {
        const uint8_t *ground = g->palette.rgba[g->clear >= 0 ? g->clear : 0];
        uint8_t *to = out->pixels;
        for (int64_t i = 0; i < out->height * out->width; i++, to += pixel) memcpy(to, ground, (size_t)pixel);
    }
    for (int64_t y = 0; y < g->height; y++) {
        uint8_t *to = (uint8_t *)out->pixels + (g->top + row_of(g, y)) * stride + g->left * pixel;
        FV_TRY(fv_palette_paint(&g->palette, numbers + y * g->width, g->width, pixel, to));
    }
    return NULL;
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    (void)about;
    gif g = { .at = encoded->bytes, .end = encoded->bytes + encoded->length };
    FV_TRY(read_header(&g));
    if (!g.palette.count) return fv_fail(FV_UNSUPPORTED, "a GIF without colours of its own");
    if (g.clear >= g.palette.count) g.clear = -1;
    if (g.clear >= 0) g.palette.clear = true, g.palette.rgba[g.clear][3] = 0;
    FV_TRY(fv_decode_check_size(encoded, g.height, g.width, 1));
    /* The screen grows where a picture reaches beyond it, as in Pillow. */
    int64_t height = fv_max(g.screen_height, g.top + g.height), width = fv_max(g.screen_width, g.left + g.width);
    FV_TRY(fv_decode_check_size(encoded, height, width, 1));
    FV_TRY(fv_decode_check_room(encoded, height, width, PIXELS_A_BYTE));
    FV_OWNED(fv_memory) numbers = NULL;
    FV_TRY(fv_memory_alloc(g.height, g.width, &numbers));
    FV_TRY(read_numbers(&g, numbers));
    int64_t channels = fv_palette_channels(&g.palette, encoded->options.channels);
    FV_TRY(fv_image_resize(out, height, width, channels, FV_PIXEL_U8));
    return paint(&g, numbers, out);
}

static bool matches(const uint8_t *bytes, int64_t length) {
    return length >= 6 && (!memcmp(bytes, "GIF87a", 6) || !memcmp(bytes, "GIF89a", 6));
}

const fv_decoder fv_decoder_gif = {
    .name = "gif",
    .summary = "GIF: the first picture, interlaced or not",
    .matches = matches,
    .decode = decode,
};
