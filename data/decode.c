/* decode.c - from a file's bytes to an upright picture: what it is told by content, limits before decoding, then the turn and
 * the channels that are wanted. */
#include <ctype.h>
#include <string.h>

#include "core/base/size.h"
#include "data/bytes.h"
#include "data/decode/decoder.h"
#include "data/image.h"

#define MAX_PIXELS ((int64_t)1 << 28)
#define MAX_BYTES ((int64_t)1 << 30)

fv_error *fv_decode_options_resolve(const fv_decode_options *options, fv_decode_options *out) {
    *out = options ? *options : (fv_decode_options){ 0 };
    if (out->channels != 0 && out->channels != 1 && out->channels != 3 && out->channels != 4)
        return fv_fail(FV_USAGE, "pictures cannot be decoded to %lld channels", (long long)out->channels);
    if (out->max_pixels < 0 || out->max_bytes < 0) return fv_fail(FV_USAGE, "a limit of pixels or bytes is negative");
    if (!out->max_pixels) out->max_pixels = MAX_PIXELS;
    if (!out->max_bytes) out->max_bytes = MAX_BYTES;
    return NULL;
}

fv_error *fv_decode_check_size(const fv_encoded *encoded, int64_t height, int64_t width) {
    int64_t pixels;
    if (height < 1 || width < 1)
        return fv_fail(FV_FORMAT, "a picture of %lld×%lld pixels", (long long)width, (long long)height);
    if (fv_size_mul(height, width, &pixels) && pixels <= encoded->options.max_pixels) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "%lld×%lld pixels, more than the %lld allowed", (long long)width,
                                 (long long)height, (long long)encoded->options.max_pixels),
                         "raise max_pixels if the picture is meant to be that large");
}

fv_error *fv_decode_check_room(const fv_encoded *encoded, int64_t rows, int64_t columns, int64_t most) {
    int64_t needed, room;
    if (!fv_size_mul(encoded->length, most, &room)) return NULL;
    if (fv_size_mul(rows, columns, &needed) && needed <= room) return NULL;
    return fv_fail(FV_FORMAT, "cut short: %lld bytes cannot hold a picture of that size", (long long)encoded->length);
}

/* What files that no decoder takes begin with: pictures we cannot read, and what is found under a picture's name by mistake. */
typedef struct signature {
    int offset;
    const char *bytes;
    int length;
    const char *name;
    bool picture;
} signature;

static const signature signatures[] = {
    { 0, "GIF8", 4, "GIF", true },
    { 0, "BM", 2, "BMP", true },
    { 8, "WEBP", 4, "WebP", true },
    { 0, "II*\0", 4, "TIFF", true },
    { 0, "MM\0*", 4, "TIFF", true },
    { 4, "ftypavif", 8, "AVIF", true },
    { 4, "ftyphei", 7, "HEIC", true },
    { 4, "ftypmif1", 8, "HEIF", true },
    { 0, "\xFF\x0A", 2, "JPEG XL", true },
    { 0, "\0\0\0\x0CjP  ", 8, "JPEG 2000", true },
    { 0, "8BPS", 4, "Photoshop", true },
    { 0, "%PDF", 4, "a PDF document", false },
    { 0, "PK\3\4", 4, "a zip archive", false },
    { 0, "\x1F\x8B", 2, "a gzip file", false },
    { 0, "\x89HDF", 4, "an HDF5 file", false },
};

static bool has(const uint8_t *bytes, int64_t length, const signature *s) {
    return length >= s->offset + s->length && !memcmp(bytes + s->offset, s->bytes, (size_t)s->length);
}

/* "HTML", "XML or SVG", "text", or NULL when it does not look like text. */
static const char *kind_of_text(const uint8_t *bytes, int64_t length) {
    int64_t at = length >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < length && isspace(bytes[at])) at++;
    const char *start = (const char *)bytes + at;
    int64_t left = length - at;
    if ((left >= 9 && !strncasecmp(start, "<!doctype", 9)) || (left >= 5 && !strncasecmp(start, "<html", 5))) return "HTML";
    if ((left >= 5 && !strncasecmp(start, "<?xml", 5)) || (left >= 4 && !strncasecmp(start, "<svg", 4))) return "XML or SVG";
    for (int64_t i = 0; i < fv_min(length, 512); i++)
        if (bytes[i] < 9 || (bytes[i] > 13 && bytes[i] < 32)) return NULL;
    return "text";
}

static fv_error *refuse_format(const uint8_t *bytes, int64_t length) {
    if (!length) return fv_fail(FV_FORMAT, "an empty file");
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (!has(bytes, length, &signatures[i])) continue;
        if (!signatures[i].picture) return fv_fail(FV_FORMAT, "not a picture (%s)", signatures[i].name);
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "a %s picture, which this build cannot read", signatures[i].name),
                             "convert it to PNG or JPEG");
    }
    const char *text = kind_of_text(bytes, length);
    return text ? fv_fail(FV_FORMAT, "not a picture (%s)", text)
                : fv_fail(FV_FORMAT, "not a picture, or one without its beginning");
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out) {
    int orientation = 1;
    for (int i = 0; i < fv_decoder_table_count; i++) {
        const fv_decoder *decoder = fv_decoder_table[i];
        if (!decoder->matches(encoded->bytes, encoded->length)) continue;
        FV_TRY(decoder->decode(encoded, out, &orientation));
        int64_t channels = encoded->options.channels ? encoded->options.channels : out->channels <= 2 ? 1 : 3;
        FV_TRY(fv_image_to_channels(out, channels));
        return fv_image_turn(out, orientation);
    }
    return refuse_format(encoded->bytes, encoded->length);
}

fv_error *fv_decode(const void *bytes, int64_t length, const fv_decode_options *options, fv_image *out) {
    fv_encoded encoded = { .bytes = bytes, .length = length };
    FV_TRY(fv_decode_options_resolve(options, &encoded.options));
    if (length <= encoded.options.max_bytes) return decode(&encoded, out);
    return fv_fail(FV_UNSUPPORTED, "%lld bytes, more than the %lld allowed", (long long)length,
                   (long long)encoded.options.max_bytes);
}

fv_error *fv_image_decode(const void *bytes, int64_t length, const char *name, const fv_decode_options *options,
                          fv_image *out) {
    return fv_error_wrap(fv_decode(bytes, length, options, out), "%s", name);
}

fv_error *fv_image_decode_file(const char *path, const fv_decode_options *options, fv_image *out) {
    fv_decode_options resolved;
    FV_TRY(fv_decode_options_resolve(options, &resolved));
    FV_BYTES(bytes);
    FV_TRY(fv_error_wrap(fv_bytes_read_file(&bytes, path, resolved.max_bytes), "%s", path));
    return fv_image_decode(bytes.at, bytes.length, path, &resolved, out);
}
