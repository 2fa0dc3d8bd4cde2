/* shared: a TIFF's tags, read and judged (TIFF 6.0), and what they ask to be done to its pixels. */
#include <math.h>

#include "core/base/size.h"
#include "data/decode/tiff.h"
#include "data/image.h"

#define LINEAR_RAW 34892

static uint16_t tag(TIFF *tiff, uint32_t name) {
    uint16_t value = 0;
    fv_libtiff.GetFieldDefaulted(tiff, name, &value);
    return value;
}

/* ---- the tags ---- */

static fv_error *check_page(TIFF *tiff) {
    uint32_t kind = 0;
    fv_libtiff.GetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
    if (!(kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK))) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "a TIFF whose first page is only a %s",
                                 kind & FILETYPE_MASK ? "mask" : "preview, as in a camera's raw files"),
                         "convert the picture in it to TIFF or PNG");
}

static fv_error *check_compression(const fv_tiff_form *form) {
    const TIFFCodec *codec = fv_libtiff.FindCODEC((uint16_t)form->compression);
    if (form->compression == COMPRESSION_OJPEG) return fv_fail(FV_UNSUPPORTED, "a TIFF with JPEG of the old kind");
    if (codec && fv_libtiff.IsCODECConfigured((uint16_t)form->compression)) return NULL;
    return fv_fail(FV_UNSUPPORTED, "a TIFF of compression %d (%s), which this build of libtiff cannot read", form->compression,
                   codec ? codec->name : "unknown");
}

static fv_error *read_sample_type(TIFF *tiff, fv_tiff_form *form) {
    int format = tag(tiff, TIFFTAG_SAMPLEFORMAT);
    form->bits = tag(tiff, TIFFTAG_BITSPERSAMPLE);
    bool whole = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
    form->pixel = !whole ? FV_PIXEL_F32 : form->bits == 16 ? FV_PIXEL_U16 : FV_PIXEL_U8;
    if (format == SAMPLEFORMAT_IEEEFP && form->bits == 32) return NULL;
    if (whole && (form->bits == 1 || form->bits == 2 || form->bits == 4 || form->bits == 8 || form->bits == 16)) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "a TIFF of %d-bit %s", form->bits,
                                 whole                           ? "integers"
                                 : format == SAMPLEFORMAT_INT    ? "signed integers"
                                 : format == SAMPLEFORMAT_IEEEFP ? "floating-point numbers"
                                                                 : "complex numbers"),
                         "integers of up to 16 bits and floating-point numbers of 32 are read");
}

static void read_photometric(TIFF *tiff, fv_tiff_form *form) {
    uint16_t value;
    bool fax = form->compression == COMPRESSION_CCITTRLE || form->compression == COMPRESSION_CCITTFAX3 ||
               form->compression == COMPRESSION_CCITTFAX4;
    if (fv_libtiff.GetField(tiff, TIFFTAG_PHOTOMETRIC, &value))
        form->photometric = value;
    else /* required, but left out by some */
        form->photometric = form->channels == 3 ? PHOTOMETRIC_RGB : fax ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK;
}

/* JPEG's codec gives RGB when asked; other YCbCr goes through libtiff's conversion. */
static fv_error *choose_ycbcr(TIFF *tiff, fv_tiff_form *form) {
    if (form->channels != 3 || form->bits != 8 || form->planes != 1)
        return fv_fail(FV_UNSUPPORTED, "a TIFF of YCbCr that is not three channels of 8 bits side by side");
    if (form->compression == COMPRESSION_JPEG)
        fv_libtiff.SetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    else
        form->separate_ycbcr = true;
    form->photometric = PHOTOMETRIC_RGB;
    return NULL;
}

static fv_error *check_photometric(TIFF *tiff, const fv_tiff_form *form) {
    bool floats = form->pixel == FV_PIXEL_F32;
    switch (form->photometric) {
    case PHOTOMETRIC_MINISBLACK: return NULL;
    case PHOTOMETRIC_RGB: return form->channels >= 3 ? NULL : fv_fail(FV_FORMAT, "damaged TIFF: RGB of fewer than 3 channels");
    case PHOTOMETRIC_MINISWHITE:
        return form->channels == 1 && !floats
                   ? NULL
                   : fv_fail(FV_UNSUPPORTED, "a TIFF whose white is 0, of more than one channel or of floating-point numbers");
    case PHOTOMETRIC_PALETTE:
        return form->channels == 1 && form->bits <= 8
                   ? NULL
                   : fv_fail(FV_UNSUPPORTED, "a TIFF with a palette and more than 8 bits or one channel");
    case PHOTOMETRIC_SEPARATED:
        return tag(tiff, TIFFTAG_INKSET) == INKSET_CMYK && (form->channels == 4 || form->channels == 5) && form->bits >= 8 &&
                       !floats
                   ? NULL
                   : fv_fail(FV_UNSUPPORTED, "a TIFF of inks that are not cyan, magenta, yellow and black of 8 or 16 bits");
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB: return fv_fail(FV_UNSUPPORTED, "a TIFF in the colour space L*a*b*");
    case PHOTOMETRIC_CFA:
    case LINEAR_RAW: return fv_fail(FV_UNSUPPORTED, "a TIFF of a camera's raw data");
    default: return fv_fail(FV_UNSUPPORTED, "a TIFF of an unknown kind of colours (%d)", form->photometric);
    }
}

/* What the channels beyond grey or RGB are. One that is not said to be alpha beside RGB is dropped when RGB is wanted; any
 * other makes bands of all. */
static fv_error *read_extra(TIFF *tiff, int64_t wanted, fv_tiff_form *form) {
    if (form->photometric == PHOTOMETRIC_PALETTE || form->photometric == PHOTOMETRIC_SEPARATED) return NULL;
    uint16_t count = 0, *kinds = NULL;
    fv_libtiff.GetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    int64_t extra = form->channels - (form->photometric == PHOTOMETRIC_RGB ? 3 : 1);
    int kind = extra == 1 && count == 1 ? kinds[0] : EXTRASAMPLE_UNSPECIFIED;
    bool alpha = kind == EXTRASAMPLE_ASSOCALPHA || kind == EXTRASAMPLE_UNASSALPHA;
    form->premultiplied = kind == EXTRASAMPLE_ASSOCALPHA;
    form->bands = extra > 0 && !alpha;
    if (extra == 1 && form->photometric == PHOTOMETRIC_RGB && (wanted == 1 || wanted == 3)) form->bands = false;
    if (form->premultiplied && form->pixel == FV_PIXEL_F32)
        return fv_fail(FV_UNSUPPORTED, "a TIFF of floating-point numbers that are multiplied by alpha");
    return NULL;
}

fv_error *fv_tiff_read_form(TIFF *tiff, int64_t wanted, fv_tiff_form *out) {
    uint32_t width = 0, height = 0;
    fv_libtiff.GetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    fv_libtiff.GetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    *out = (fv_tiff_form){ .height = height, .width = width, .channels = tag(tiff, TIFFTAG_SAMPLESPERPIXEL) };
    FV_TRY(check_page(tiff));
    out->compression = tag(tiff, TIFFTAG_COMPRESSION);
    FV_TRY(check_compression(out));
    out->orientation = tag(tiff, TIFFTAG_ORIENTATION);
    if (out->orientation < 1 || out->orientation > 8) out->orientation = 1;
    if (out->channels < 1) return fv_fail(FV_FORMAT, "damaged TIFF: no channels");
    bool apart = tag(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && out->channels > 1;
    out->planes = apart ? out->channels : 1;
    out->together = apart ? 1 : out->channels;
    FV_TRY(read_sample_type(tiff, out));
    read_photometric(tiff, out);
    if (out->photometric == PHOTOMETRIC_YCBCR) FV_TRY(choose_ycbcr(tiff, out));
    FV_TRY(check_photometric(tiff, out));
    return read_extra(tiff, wanted, out);
}

int64_t fv_tiff_most_a_byte(const fv_tiff_form *form) {
    switch (form->compression) {
    case COMPRESSION_NONE: return 1;
    case COMPRESSION_PACKBITS: return 64; /* 128 bytes in two */
    case COMPRESSION_LZW: return 2731;    /* 4096 bytes in 12 bits */
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE: return 1032;        /* 258 bytes in two bits */
    case COMPRESSION_JPEG: return 512 * form->together; /* 64 pixels in a bit */
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTRLEW:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4: return fv_max(form->width, 8); /* a row in a bit */
    default: return 1 << 17;                                   /* Zstandard: a block of 128 KiB in a few bytes */
    }
}

/* ---- the pixels ---- */

static fv_error *paint_palette(TIFF *tiff, const fv_tiff_form *form, fv_image *image) {
    uint16_t *maps[3];
    if (!fv_libtiff.GetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]))
        return fv_fail(FV_FORMAT, "damaged TIFF: its palette is missing");
    fv_palette palette = { .count = 1 << form->bits };
    uint16_t largest = 0; /* some writers fill in 0…255 instead of 0…65535 */
    for (int i = 0; i < palette.count; i++)
        for (int c = 0; c < 3; c++) largest = maps[c][i] > largest ? maps[c][i] : largest;
    for (int i = 0; i < palette.count; i++) {
        for (int c = 0; c < 3; c++) palette.rgba[i][c] = (uint8_t)(largest > 255 ? maps[c][i] >> 8 : maps[c][i]);
        palette.rgba[i][3] = 255;
    }
    FV_IMAGE(painted);
    int64_t channels = fv_palette_channels(&palette, 0);
    FV_TRY(fv_image_resize(&painted, form->height, form->width, channels, FV_PIXEL_U8));
    FV_TRY(fv_palette_paint(&palette, image->pixels, form->height * form->width, channels, painted.pixels));
    fv_image_swap(image, &painted);
    return NULL;
}

static int64_t samples_of(const fv_image *image) { return image->height * image->width * image->channels; }

/* Samples of 1, 2 or 4 bits → 0…255. */
static void spread(fv_image *image, int bits) {
    uint8_t *at = image->pixels, factor = (uint8_t)(255 / ((1 << bits) - 1));
    for (int64_t i = 0, n = samples_of(image); i < n; i++) at[i] = (uint8_t)(at[i] * factor);
}

static void invert(fv_image *image) {
    uint8_t *at = image->pixels;
    for (int64_t i = 0, n = fv_image_bytes(image); i < n; i++) at[i] = (uint8_t)~at[i]; /* of u16 too */
}

/* Colours times alpha → colours: most · v / alpha, cut off and not above `most`, as in Pillow; nothing where alpha is 0. */
#define FV_DIVIDE_BY_ALPHA(name, T, most)                                                                                      \
    static void name(T *at, int64_t count, int64_t channels) {                                                                 \
        for (int64_t i = 0; i < count; i++, at += channels) {                                                                  \
            uint32_t alpha = at[channels - 1];                                                                                 \
            for (int64_t c = 0; c < channels - 1 && alpha; c++) at[c] = (T)fv_min((uint32_t)(most)*at[c] / alpha, most);       \
        }                                                                                                                      \
    }
FV_DIVIDE_BY_ALPHA(divide_u8, uint8_t, 255)
FV_DIVIDE_BY_ALPHA(divide_u16, uint16_t, 65535)

/* A value that is no number would make every weight one that is none. */
static fv_error *check_numbers(const fv_image *image) {
    const float *at = image->pixels;
    for (int64_t i = 0, n = samples_of(image); i < n; i++)
        if (!isfinite(at[i])) return fv_fail(FV_UNSUPPORTED, "a TIFF with values that are infinite or no numbers");
    return NULL;
}

fv_error *fv_tiff_to_colours(TIFF *tiff, const fv_tiff_form *form, fv_image *image) {
    if (form->pixel == FV_PIXEL_F32) return check_numbers(image);
    if (form->photometric == PHOTOMETRIC_PALETTE) return paint_palette(tiff, form, image);
    if (form->bits < 8) spread(image, form->bits);
    bool inks = form->photometric == PHOTOMETRIC_SEPARATED;
    if (inks || form->photometric == PHOTOMETRIC_MINISWHITE) invert(image);
    if (inks) fv_samples_inks_to_rgb(image);
    int64_t count = image->height * image->width;
    if (form->premultiplied && image->pixel == FV_PIXEL_U8) divide_u8(image->pixels, count, image->channels);
    if (form->premultiplied && image->pixel == FV_PIXEL_U16) divide_u16(image->pixels, count, image->channels);
    return NULL;
}
