/* pnm.c - Netpbm's formats PBM, PGM, PPM as text or raw (P1 to P6) and PAM (P7, any number of channels), of 1 to 16 bits
 * (netpbm.sourceforge.net/doc). Values are spread over 0…255, or 0…65535 where the largest is above 255. */
#include <ctype.h>
#include <string.h>

#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/decode/samples.h"
#include "data/image.h"

#define NUMBER_MAX 1000000000

/* The header, and what follows it. */
typedef struct pnm {
    const uint8_t *at, *end;               /* not read yet */
    int kind;                              /* 1 … 7 */
    int64_t width, height, channels, most; /* `most`: white */
    bool bands;
} pnm;

static bool is_text(const pnm *p) { return p->kind <= 3; }
static bool is_bits(const pnm *p) { return p->kind == 1 || p->kind == 4; }

static fv_error *cut(void) { return fv_fail(FV_FORMAT, "cut short: the PNM ends too early"); }

/* Comments reach from '#' to the end of the line. */
static void skip_blanks(pnm *p) {
    bool comment = false;
    for (; p->at < p->end; p->at++) {
        if (*p->at == '\n' || *p->at == '\r')
            comment = false;
        else if (*p->at == '#')
            comment = true;
        else if (!comment && !isspace(*p->at))
            return;
    }
}

static fv_error *read_number(pnm *p, int64_t *out) {
    skip_blanks(p);
    if (p->at == p->end) return cut();
    if (!isdigit(*p->at)) return fv_fail(FV_FORMAT, "damaged PNM: no number where one is due");
    for (*out = 0; p->at < p->end && isdigit(*p->at); p->at++) {
        *out = *out * 10 + (*p->at - '0');
        if (*out > NUMBER_MAX) return fv_fail(FV_FORMAT, "damaged PNM: a number beyond %d", NUMBER_MAX);
    }
    return NULL;
}

static fv_error *read_plain_header(pnm *p) {
    FV_TRY(read_number(p, &p->width));
    FV_TRY(read_number(p, &p->height));
    p->channels = p->kind == 3 || p->kind == 6 ? 3 : 1;
    p->most = 1;
    if (!is_bits(p)) FV_TRY(read_number(p, &p->most));
    if (is_text(p)) return NULL;
    if (p->at == p->end) return cut();
    if (!isspace(*p->at)) return fv_fail(FV_FORMAT, "damaged PNM: its header does not end in a blank");
    p->at++; /* just one: the next may be a pixel */
    return NULL;
}

/* One word of a PAM's header, up to a blank. */
static int64_t word_length(const pnm *p) {
    int64_t length = 0;
    while (p->at + length < p->end && !isspace(p->at[length])) length++;
    return length;
}

static bool take_word(pnm *p, const char *word) {
    int64_t length = (int64_t)strlen(word);
    if (word_length(p) != length || memcmp(p->at, word, (size_t)length) != 0) return false;
    p->at += length;
    return true;
}

/* The channels that a tuple type names; another has bands. */
static bool names_channels(const char *type, int64_t length, int64_t channels) {
    static const char *const known[][2] = { { "BLACKANDWHITE", "GRAYSCALE" },
                                            { "BLACKANDWHITE_ALPHA", "GRAYSCALE_ALPHA" },
                                            { "RGB", "RGB" },
                                            { "RGB_ALPHA", "RGB_ALPHA" } };
    if (channels > 4) return false;
    for (int i = 0; i < 2; i++)
        if ((int64_t)strlen(known[channels - 1][i]) == length && !memcmp(known[channels - 1][i], type, (size_t)length))
            return true;
    return false;
}

static fv_error *read_pam_header(pnm *p) {
    const char *type = NULL;
    int64_t type_length = 0;
    for (;;) {
        skip_blanks(p);
        if (p->at == p->end) return cut();
        if (take_word(p, "ENDHDR")) break;
        if (take_word(p, "WIDTH")) {
            FV_TRY(read_number(p, &p->width));
        } else if (take_word(p, "HEIGHT")) {
            FV_TRY(read_number(p, &p->height));
        } else if (take_word(p, "DEPTH")) {
            FV_TRY(read_number(p, &p->channels));
        } else if (take_word(p, "MAXVAL")) {
            FV_TRY(read_number(p, &p->most));
        } else if (take_word(p, "TUPLTYPE")) {
            skip_blanks(p);
            type = (const char *)p->at;
            p->at += type_length = word_length(p);
        } else {
            return fv_fail(FV_FORMAT, "damaged PAM: \"%.*s\" in its header", (int)fv_min(word_length(p), 20),
                           (const char *)p->at);
        }
    }
    while (p->at < p->end && *p->at != '\n') p->at++;
    if (p->at == p->end) return cut();
    p->at++;
    if (p->channels < 1) return fv_fail(FV_FORMAT, "damaged PAM: no channels");
    p->bands = p->channels > 1 && !names_channels(type, type_length, p->channels);
    return NULL;
}

/* A value v of 0…most on the scale of its type, rounded. */
static int64_t spread(const pnm *p, int64_t v) {
    int64_t white = p->most > 255 ? 65535 : 255;
    return (v * white + p->most / 2) / p->most;
}

static fv_error *put(const pnm *p, fv_image *out, int64_t i, int64_t v) {
    if (v > p->most) return fv_fail(FV_FORMAT, "damaged PNM: a value of %lld above %lld", (long long)v, (long long)p->most);
    if (out->pixel == FV_PIXEL_U16)
        ((uint16_t *)out->pixels)[i] = (uint16_t)spread(p, v);
    else
        ((uint8_t *)out->pixels)[i] = (uint8_t)spread(p, v);
    return NULL;
}

static fv_error *read_text(pnm *p, fv_image *out, int64_t count) {
    for (int64_t i = 0, v; i < count; i++) {
        if (!is_bits(p)) {
            FV_TRY(read_number(p, &v));
        } else {
            skip_blanks(p);
            if (p->at == p->end) return cut();
            if (*p->at != '0' && *p->at != '1') return fv_fail(FV_FORMAT, "damaged PBM: a bit that is neither 0 nor 1");
            v = '1' - *p->at++; /* 1 is black */
        }
        FV_TRY(put(p, out, i, v));
    }
    return NULL;
}

static void read_bits(const pnm *p, fv_image *out) {
    uint8_t *pixels = out->pixels;
    for (int64_t y = 0; y < p->height; y++)
        fv_samples_unpack(p->at + y * ((p->width + 7) / 8), p->width, 1, pixels + y * p->width);
    for (int64_t i = 0; i < p->height * p->width; i++) pixels[i] = pixels[i] ? 0 : 255;
}

static fv_error *read_raw(const pnm *p, fv_image *out, int64_t count) {
    if (p->most == 255) {
        memcpy(out->pixels, p->at, (size_t)count);
        return NULL;
    }
    const uint8_t *at = p->at;
    for (int64_t i = 0; i<count; i++, at += p->most> 255 ? 2 : 1)
        FV_TRY(put(p, out, i, p->most > 255 ? at[0] << 8 | at[1] : at[0]));
    return NULL;
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    pnm p = { .at = encoded->bytes + 2, .end = encoded->bytes + encoded->length, .kind = encoded->bytes[1] - '0' };
    FV_TRY(p.kind == 7 ? read_pam_header(&p) : read_plain_header(&p));
    if (p.most < 1 || p.most > 65535) return fv_fail(FV_FORMAT, "damaged PNM: %lld as its largest value", (long long)p.most);
    FV_TRY(fv_decode_check_size(encoded, p.height, p.width, p.channels));
    int64_t row = p.kind == 4 ? (p.width + 7) / 8 : p.width * p.channels * (!is_text(&p) && p.most > 255 ? 2 : 1);
    const fv_encoded rest = { .length = p.end - p.at };
    FV_TRY(fv_decode_check_room(&rest, p.height, row, 1)); /* as text too, a sample takes a byte or more */
    FV_TRY(fv_image_resize(out, p.height, p.width, p.channels, p.most > 255 ? FV_PIXEL_U16 : FV_PIXEL_U8));
    about->bands = p.bands;
    int64_t count = p.height * p.width * p.channels;
    if (is_text(&p)) return read_text(&p, out, count);
    if (p.kind != 4) return read_raw(&p, out, count);
    read_bits(&p, out);
    return NULL;
}

static bool matches(const uint8_t *bytes, int64_t length) {
    return length >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' && (isspace(bytes[2]) || bytes[2] == '#');
}

const fv_decoder fv_decoder_pnm = {
    .name = "pnm",
    .summary = "PBM, PGM, PPM (text and raw) and PAM of any number of channels, up to 16 bits",
    .matches = matches,
    .decode = decode,
};
