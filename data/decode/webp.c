/* webp.c - WebP through libwebp: lossy, lossless, alpha; of a film the first
 * picture, on its canvas. libwebp reads pixels; the RIFF container around them
 * is walked here (developers.google.com/speed/webp/docs/riff_container). */
#include <string.h>

#include <webp/decode.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/decode/samples.h"
#include "data/image.h"

/* Pixels that a byte makes at most. A lossy block of 256 takes 3.4 bits or more, for its modes of prediction alone. Lossless, a
 * plain surface takes none at all: this many are believed. */
#define LOSSY_A_BYTE 1024
#define LOSSLESS_A_BYTE (1 << 20)

/* What libwebp takes at most; its lossless decoder crashes where there is less. */
#define PIXEL_BYTES 8
#define LIBRARY_BYTES (4 << 20)

/* One chunk: its four letters, and what it holds. */
typedef struct chunk {
    const uint8_t *name, *bytes;
    int64_t length;
} chunk;

/* The chunks of a file or of a picture in a film. */
typedef struct chunks {
    const uint8_t *at, *end;
} chunks;

/* What is to be decoded, and where it goes. */
typedef struct picture {
    const uint8_t *bytes; /* as libwebp takes them: a whole file, or the chunks of
                             a film's picture */
    int64_t length;
    int64_t left, top, width, height;
} picture;

static fv_error *cut(void) { return fv_fail(FV_FORMAT, "cut short: the WebP ends too early"); }

static bool next(chunks *c, chunk *out) {
    if (c->end - c->at < 8) return false;
    *out = (chunk){ c->at, c->at + 8, fv_le32(c->at + 4) };
    if (out->length > c->end - out->bytes) return false;
    c->at = out->bytes + fv_min(fv_round_up(out->length, 2), c->end - out->bytes);
    return true;
}

static bool is(const chunk *c, const char *name) { return !memcmp(c->name, name, 4); }

static bool find(chunks all, const char *name, chunk *out) {
    while (next(&all, out))
        if (is(out, name)) return true;
    return false;
}

/* The file up to the end that it states; what follows is ignored. */
static fv_error *open_file(const fv_encoded *encoded, chunks *all) {
    int64_t length = fv_le32(encoded->bytes + 4) + (int64_t)8;
    if (length > encoded->length) return cut();
    *all = (chunks){ encoded->bytes + 12, encoded->bytes + length };
    return length < 12 + 8 ? fv_fail(FV_FORMAT, "damaged WebP: nothing in it") : NULL;
}

static fv_error *complain(VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return fv_fail(FV_MEMORY, "out of memory in libwebp");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return cut();
    case VP8_STATUS_UNSUPPORTED_FEATURE: return fv_fail(FV_UNSUPPORTED, "a WebP picture that this build cannot read");
    default: return fv_fail(FV_FORMAT, "damaged WebP: its pixels cannot be read");
    }
}

/* The size of a film's canvas, and its first picture. */
static fv_error *find_first(const chunk *about, chunks all, fv_size *canvas, picture *out) {
    canvas->width = fv_le24(about->bytes + 4) + (int64_t)1;
    canvas->height = fv_le24(about->bytes + 7) + (int64_t)1;
    chunk frame;
    if (!find(all, "ANMF", &frame)) return cut();
    if (frame.length < 16 + 8) return fv_fail(FV_FORMAT, "damaged WebP: a picture without pixels");
    const uint8_t *b = frame.bytes;
    *out = (picture){ b + 16,
                      frame.length - 16,
                      2 * (int64_t)fv_le24(b),
                      2 * (int64_t)fv_le24(b + 3),
                      fv_le24(b + 6) + (int64_t)1,
                      fv_le24(b + 9) + (int64_t)1 };
    if (out->left + out->width <= canvas->width && out->top + out->height <= canvas->height) return NULL;
    return fv_fail(FV_FORMAT, "damaged WebP: a picture beyond its canvas");
}

/* Into its place in `out`. */
static fv_error *read_pixels(const picture *p, fv_image *out) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return fv_fail(FV_UNSUPPORTED, "libwebp is not the one that this was built with");
    int64_t stride = fv_image_row_bytes(out), first = p->top * stride + p->left * out->channels;
    config.output.colorspace = out->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = (uint8_t *)out->pixels + first;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = (size_t)(fv_image_bytes(out) - first);
    FV_TRY(fv_memory_probe(PIXEL_BYTES * p->width * p->height + LIBRARY_BYTES));
    VP8StatusCode status = WebPDecode(p->bytes, (size_t)p->length, &config);
    WebPFreeDecBuffer(&config.output);
    return status == VP8_STATUS_OK ? NULL : complain(status);
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    chunks all;
    chunk first, exif;
    FV_TRY(open_file(encoded, &all));
    if (!find(all, "VP8X", &first)) first.length = 0;
    bool film = first.length >= 10 && first.bytes[0] & 2;
    fv_size canvas;
    picture p = { .bytes = encoded->bytes, .length = all.end - encoded->bytes };
    if (film) FV_TRY(find_first(&first, all, &canvas, &p));
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(p.bytes, (size_t)p.length, &features);
    if (status != VP8_STATUS_OK) return complain(status);
    if (!film) canvas.width = p.width = features.width, canvas.height = p.height = features.height;
    if (features.width != p.width || features.height != p.height || features.has_animation)
        return fv_fail(FV_FORMAT, "damaged WebP: a picture of another size than it says");
    FV_TRY(fv_decode_check_size(encoded, canvas.height, canvas.width, 4));
    FV_TRY(fv_decode_check_room(encoded, canvas.height, canvas.width, LOSSLESS_A_BYTE));
    if (features.format == 1) FV_TRY(fv_decode_check_room(encoded, p.height, p.width, LOSSY_A_BYTE));
    bool clear = film ? first.bytes[0] & 0x10 : features.has_alpha;
    int64_t channels = encoded->options.channels == 4 && clear ? 4 : 3;
    FV_TRY(fv_image_resize(out, canvas.height, canvas.width, channels, FV_PIXEL_U8));
    if (film) memset(out->pixels, 0, (size_t)fv_image_bytes(out));
    if (find(all, "EXIF", &exif)) about->orientation = fv_exif_orientation(exif.bytes, exif.length);
    return read_pixels(&p, out);
}

static bool matches(const uint8_t *bytes, int64_t length) {
    return length >= 12 && !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4);
}

const fv_decoder fv_decoder_webp = {
    .name = "webp",
    .summary = "WebP: lossy, lossless, alpha; the first picture of a film",
    .matches = matches,
    .decode = decode,
    .blames_damage = true,
};
