/* decode.c - from a file's bytes to an upright picture: what it is told by content, limits before decoding, then the turn and
 * the channels that are wanted. */
#include <stddef.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/bytes.h"
#include "data/decode/decoder.h"
#include "data/image.h"

#define MAX_PIXELS ((int64_t)1 << 28)
#define MAX_BYTES ((int64_t)1 << 30)
#define MEMORY_WANTED (1 << 20) /* bytes; where there are not so many, damage is not believed in */

fv_error *fv_decode_options_resolve(const fv_decode_options *options, fv_decode_options *out) {
    *out = options ? *options : (fv_decode_options){ 0 };
    if (out->channels < 0 || out->channels > FV_CHANNELS_MAX)
        return fv_fail(FV_USAGE, "pictures cannot be decoded to %lld channels", (long long)out->channels);
    if (out->max_pixels < 0 || out->max_bytes < 0) return fv_fail(FV_USAGE, "a limit of pixels or bytes is negative");
    if (!out->max_pixels) out->max_pixels = MAX_PIXELS;
    if (!out->max_bytes) out->max_bytes = MAX_BYTES;
    return NULL;
}

fv_error *fv_decode_check_size(const fv_encoded *encoded, int64_t height, int64_t width, int64_t channels) {
    int64_t pixels, samples, most = encoded->options.max_pixels;
    if (height < 1 || width < 1)
        return fv_fail(FV_FORMAT, "a picture of %lld×%lld pixels", (long long)width, (long long)height);
    if (!fv_size_mul(height, width, &pixels) || pixels > most)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "%lld×%lld pixels, more than the %lld allowed", (long long)width,
                                     (long long)height, (long long)most),
                             "raise max_pixels if the picture is meant to be that large");
    if (channels <= 4 || (fv_size_mul(pixels, channels, &samples) && samples / 4 <= most)) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED,
                                 "%lld×%lld pixels of %lld channels, more samples than four times the %lld allowed",
                                 (long long)width, (long long)height, (long long)channels, (long long)most),
                         "raise max_pixels if the picture is meant to be that large");
}

fv_error *fv_decode_check_room(const fv_encoded *encoded, int64_t rows, int64_t columns, int64_t most) {
    int64_t needed, room;
    if (!fv_size_mul(encoded->length, most, &room)) return NULL;
    if (fv_size_mul(rows, columns, &needed) && needed <= room) return NULL;
    return fv_fail(FV_FORMAT, "cut short: %lld bytes cannot hold a picture of that size", (long long)encoded->length);
}

/* Bands are taken as they are, or not at all; grey and colours are converted. */
static fv_error *fit_channels(const fv_encoded *encoded, const fv_decoded *about, fv_image *out) {
    int64_t wanted = encoded->options.channels, stored = out->channels;
    if (!wanted && !about->bands) wanted = stored <= 2 ? 1 : 3;
    if (!wanted || wanted == stored) return NULL;
    if (!about->bands && (wanted == 1 || wanted == 3 || wanted == 4)) return fv_image_to_channels(out, wanted);
    return fv_error_hint(
        fv_fail(FV_UNSUPPORTED, "a picture of %lld channels, where %lld are wanted", (long long)stored, (long long)wanted),
        "channels=%lld takes them as they are; only grey and RGB are converted", (long long)stored);
}

/* What is said to be damaged must be so again when there is memory, or pictures would be dropped for want of it. */
static fv_error *decode_by(const fv_decoder *decoder, const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    *about = (fv_decoded){ .orientation = 1 };
    fv_error *error = decoder->decode(encoded, out, about);
    if (!error || !decoder->blames_damage || fv_error_code(error) != FV_FORMAT) return error;
    void *room = fv_memory_try(1, MEMORY_WANTED);
    fv_memory_free(room);
    fv_error_free(error);
    if (!room) return fv_error_memory();
    *about = (fv_decoded){ .orientation = 1 };
    return decoder->decode(encoded, out, about);
}

static fv_error *decode(const fv_encoded *encoded, fv_stored *stored, fv_image *out) {
    fv_decoded about;
    for (int i = 0; i < fv_decoder_table_count; i++) {
        const fv_decoder *decoder = fv_decoder_table[i];
        if (!decoder->matches(encoded->bytes, encoded->length)) continue;
        FV_TRY(decode_by(decoder, encoded, out, &about));
        if (stored) *stored = (fv_stored){ decoder->name, out->channels, about.orientation, about.bands, about.view };
        if (out->pixel == FV_PIXEL_U16 && !encoded->options.keep_u16) fv_image_to_bytes(out);
        FV_TRY(fit_channels(encoded, &about, out));
        FV_TRY(fv_image_turn(out, about.orientation));
        if (stored && !about.view.height) stored->view = fv_view_whole(out->height, out->width);
        return NULL;
    }
    return fv_decode_refuse(encoded->bytes, encoded->length);
}

fv_error *fv_decode_stored(const void *bytes, int64_t length, const fv_decode_options *options, const fv_interest *interest,
                           fv_stored *stored, fv_image *out) {
    fv_encoded encoded = { .bytes = bytes, .length = length, .interest = interest };
    FV_TRY(fv_decode_options_resolve(options, &encoded.options));
    if (length <= encoded.options.max_bytes) return decode(&encoded, stored, out);
    return fv_fail(FV_UNSUPPORTED, "%lld bytes, more than the %lld allowed", (long long)length,
                   (long long)encoded.options.max_bytes);
}

fv_error *fv_decode(const void *bytes, int64_t length, const fv_decode_options *options, fv_image *out) {
    return fv_decode_stored(bytes, length, options, NULL, NULL, out);
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
