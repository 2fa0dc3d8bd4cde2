/* TIFF of kinds that few programs write, made here with libtiff, and tags that no library writes, changed afterwards. */
#include "tests/data/pictures.h"

#include <stdlib.h>

#include <tiffio.h>

#include "core/base/file.h"
#include "core/base/memory.h"

/* A picture of 4 × 4 pixels. */
typedef struct kind {
    int photometric, channels, bits, format; /* format 0: whole numbers */
    int compression;                         /* 0: none */
    bool apart;
    int extra; /* of the last channel: 1 + EXTRASAMPLE_…; 0: it is not said */
    int inks, tile;
} kind;
#define KIND(photometric_, channels_, bits_, ...)                                                                              \
    &(const kind) { .photometric = photometric_, .channels = channels_, .bits = bits_, __VA_ARGS__ }

#define SIDE 4

static void set_tags(TIFF *tiff, const kind *k) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, SIDE);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, SIDE);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, k->channels);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, k->bits);
    if (k->format) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, k->format);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, k->compression ? k->compression : COMPRESSION_NONE);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, k->photometric);
    if (k->compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, k->apart ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    if (k->extra) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, (uint16_t[]){ (uint16_t)(k->extra - 1) });
    if (k->inks) TIFFSetField(tiff, TIFFTAG_INKSET, k->inks);
    if (k->tile) TIFFSetField(tiff, TIFFTAG_TILEWIDTH, k->tile), TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
    if (!k->tile) TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, SIDE);
    if (k->photometric == PHOTOMETRIC_PALETTE) {
        uint16_t map[1 << 16] = { 0 };
        for (int i = 0; i < 256; i++) map[i] = (uint16_t)i; /* 0…255, as some writers have it, instead of 0…65535 */
        TIFFSetField(tiff, TIFFTAG_COLORMAP, map, map, map);
    }
}

/* The path of a file of that kind; `pixels` (NULL: zeroes) are those of each strip or tile. */
static const char *make(const kind *k, const void *pixels) {
    const char *path = fv_test_path(fv_test_folder(), "made.tif");
    TIFF *tiff = TIFFOpen(path, "w");
    assert_non_null(tiff);
    set_tags(tiff, k);
    int64_t size = k->tile ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
    uint8_t *bytes = calloc(1, (size_t)size);
    if (pixels) memcpy(bytes, pixels, (size_t)size);
    int count = (int)(k->tile ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff));
    for (int i = 0; i < count; i++)
        assert_true((k->tile ? TIFFWriteEncodedTile(tiff, (uint32_t)i, bytes, size)
                             : TIFFWriteEncodedStrip(tiff, (uint32_t)i, bytes, size)) >= 0);
    free(bytes);
    TIFFClose(tiff);
    return path;
}

static int64_t le(const uint8_t *at, int bytes) {
    int64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (int64_t)at[i] << 8 * i;
    return value;
}

/* Changes the tag's first value in a little-endian file. */
static void change(const char *path, int tag, int64_t value) {
    uint8_t *bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(path, 1 << 20, &bytes, &length));
    uint8_t *table = bytes + le(bytes + 4, 4);
    bool found = false;
    for (int i = 0; i < le(table, 2); i++) {
        uint8_t *entry = table + 2 + 12 * i;
        if (le(entry, 2) != tag) continue;
        found = true;
        if (value > UINT16_MAX) entry[2] = 4; /* a number of 32 bits */
        for (int b = 0; b < 4; b++) entry[8 + b] = (uint8_t)(value >> 8 * b);
    }
    assert_true(found);
    FV_OK(fv_file_write(path, bytes, length, NULL));
    fv_memory_free(bytes);
}

static fv_error *decode(const char *path, int64_t channels, fv_image *out) {
    return fv_image_decode_file(path, &(fv_decode_options){ .channels = channels, .max_pixels = INT64_MAX, .keep_u16 = true },
                                out);
}

static void refused(const kind *k, fv_code code, const char *says) {
    FV_IMAGE(image);
    FV_FAILS(decode(make(k, NULL), 0, &image), code, says);
}

FV_TEST(data_decode_tiff__says_which_colours_and_types_it_does_not_read) {
    const uint16_t lossless = COMPRESSION_ADOBE_DEFLATE;
    refused(KIND(PHOTOMETRIC_MINISWHITE, 2, 8), FV_UNSUPPORTED, "white is 0");
    refused(KIND(PHOTOMETRIC_MINISWHITE, 1, 32, .format = SAMPLEFORMAT_IEEEFP), FV_UNSUPPORTED, "white is 0");
    refused(KIND(PHOTOMETRIC_PALETTE, 1, 16), FV_UNSUPPORTED, "a palette and more than 8 bits");
    refused(KIND(PHOTOMETRIC_PALETTE, 2, 8), FV_UNSUPPORTED, "a palette and more than 8 bits");
    refused(KIND(PHOTOMETRIC_SEPARATED, 4, 8, .inks = INKSET_MULTIINK), FV_UNSUPPORTED, "inks that are not cyan");
    refused(KIND(PHOTOMETRIC_SEPARATED, 3, 8), FV_UNSUPPORTED, "inks that are not cyan");
    refused(KIND(PHOTOMETRIC_SEPARATED, 4, 4), FV_UNSUPPORTED, "inks that are not cyan");
    refused(KIND(PHOTOMETRIC_SEPARATED, 4, 32, .format = SAMPLEFORMAT_IEEEFP), FV_UNSUPPORTED, "inks that are not cyan");
    refused(KIND(PHOTOMETRIC_ICCLAB, 3, 8), FV_UNSUPPORTED, "L*a*b*");
    refused(KIND(PHOTOMETRIC_ITULAB, 3, 8), FV_UNSUPPORTED, "L*a*b*");
    refused(KIND(PHOTOMETRIC_CFA, 1, 16), FV_UNSUPPORTED, "a camera's raw data");
    refused(KIND(34892, 1, 16), FV_UNSUPPORTED, "a camera's raw data");
    refused(KIND(PHOTOMETRIC_LOGL, 1, 16), FV_UNSUPPORTED, "unknown kind of colours");
    refused(KIND(PHOTOMETRIC_RGB, 2, 8), FV_FORMAT, "RGB of fewer than 3 channels");
    refused(KIND(PHOTOMETRIC_YCBCR, 3, 16, .compression = lossless), FV_UNSUPPORTED, "YCbCr that is not");
    refused(KIND(PHOTOMETRIC_YCBCR, 3, 8, .compression = lossless, .apart = true), FV_UNSUPPORTED, "YCbCr that is not");
    refused(KIND(PHOTOMETRIC_MINISBLACK, 1, 32, .format = SAMPLEFORMAT_COMPLEXINT), FV_UNSUPPORTED, "32-bit complex numbers");
    refused(KIND(PHOTOMETRIC_MINISBLACK, 1, 12), FV_UNSUPPORTED, "12-bit integers");
    refused(KIND(PHOTOMETRIC_RGB, 4, 32, .format = SAMPLEFORMAT_IEEEFP, .extra = 1 + EXTRASAMPLE_ASSOCALPHA), FV_UNSUPPORTED,
            "multiplied by alpha");
}

FV_TEST(data_decode_tiff__says_which_pages_and_compressions_it_does_not_read) {
    FV_IMAGE(image);
    const kind *grey = KIND(PHOTOMETRIC_MINISBLACK, 1, 8);
    const char *path = make(grey, NULL);
    change(path, TIFFTAG_COMPRESSION, 60000);
    FV_FAILS(decode(path, 0, &image), FV_UNSUPPORTED, "compression 60000 (unknown)");
    change(path, TIFFTAG_COMPRESSION, COMPRESSION_OJPEG);
    FV_FAILS(decode(path, 0, &image), FV_UNSUPPORTED, "JPEG of the old kind");
    static const int known[] = { COMPRESSION_JBIG, COMPRESSION_LERC, COMPRESSION_PIXARLOG, COMPRESSION_THUNDERSCAN,
                                 COMPRESSION_WEBP };
    for (int i = 0; i < 5; i++)
        if (TIFFFindCODEC((uint16_t)known[i]) && !TIFFIsCODECConfigured((uint16_t)known[i])) {
            change(path, TIFFTAG_COMPRESSION, known[i]);
            FV_FAILS(decode(path, 0, &image), FV_UNSUPPORTED, TIFFFindCODEC((uint16_t)known[i])->name);
        }
    TIFF *tiff = TIFFOpen(path, "w");
    set_tags(tiff, grey);
    TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_MASK);
    assert_true(TIFFWriteEncodedStrip(tiff, 0, (uint8_t[SIDE * SIDE]){ 0 }, SIDE * SIDE) >= 0);
    TIFFClose(tiff);
    FV_FAILS(decode(path, 0, &image), FV_UNSUPPORTED, "only a mask");
}

FV_TEST(data_decode_tiff__reads_ycbcr_that_is_kept_as_jpeg) {
    FV_IMAGE(image);
    uint8_t pixels[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) memcpy(pixels + 3 * i, (uint8_t[]){ 200, 100, 40 }, 3);
    FV_OK(decode(make(KIND(PHOTOMETRIC_YCBCR, 3, 8, .compression = COMPRESSION_JPEG), pixels), 0, &image));
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++) assert_in_range(((const uint8_t *)image.pixels)[3 * i + c] + 4, pixels[c], pixels[c] + 8);
}

FV_TEST(data_decode_tiff__reads_inks_of_16_bits_and_a_channel_beside_them) {
    FV_IMAGE(image);
    uint16_t four[4 * SIDE * SIDE] = { 65535, 0, 0, 0, 0, 0, 0, 65535, 0, 32768, 65535, 0 };
    FV_OK(decode(make(KIND(PHOTOMETRIC_SEPARATED, 4, 16), four), 0, &image));
    const uint16_t *rgb = image.pixels;
    const uint16_t expected[9] = { 0, 65535, 65535, 0, 0, 0, 65535, 32767, 0 }; /* cyan, black, orange */
    assert_int_equal(image.pixel, FV_PIXEL_U16);
    assert_memory_equal(rgb, expected, sizeof expected);
    uint8_t five[5 * SIDE * SIDE] = { 0, 255, 255, 0, 77 };
    FV_OK(decode(make(KIND(PHOTOMETRIC_SEPARATED, 5, 8, .extra = 1 + EXTRASAMPLE_UNSPECIFIED), five), 0, &image));
    assert_memory_equal(image.pixels, "\xFF\0\0\xFF\xFF\xFF", 6);
}

FV_TEST(data_decode_tiff__divides_colours_by_the_alpha_that_they_are_multiplied_by) {
    FV_IMAGE(image);
    uint16_t wide[4 * SIDE * SIDE] = { 1000, 2000, 3000, 6000, 9, 9, 9, 0, 40000, 65535, 0, 65535, 500, 400, 300, 200 };
    FV_OK(decode(make(KIND(PHOTOMETRIC_RGB, 4, 16, .extra = 1 + EXTRASAMPLE_ASSOCALPHA), wide), 4, &image));
    const uint16_t expected[16] = { 10922, 21845, 32767, 6000, 9, 9, 9, 0, 40000, 65535, 0, 65535, 65535, 65535, 65535, 200 };
    assert_memory_equal(image.pixels, expected, sizeof expected);
    uint8_t narrow[4 * SIDE * SIDE] = { 10, 20, 30, 60, 9, 9, 9, 0 };
    FV_OK(decode(make(KIND(PHOTOMETRIC_RGB, 4, 8, .extra = 1 + EXTRASAMPLE_ASSOCALPHA), narrow), 4, &image));
    assert_memory_equal(image.pixels, ((uint8_t[]){ 42, 85, 127, 60, 9, 9, 9, 0 }), 8);
}

FV_TEST(data_decode_tiff__takes_a_palette_that_is_written_in_bytes) {
    FV_IMAGE(image);
    uint8_t numbers[SIDE * SIDE] = { 7, 200 };
    FV_OK(decode(make(KIND(PHOTOMETRIC_PALETTE, 1, 8), numbers), 0, &image));
    assert_int_equal(image.channels, 1);
    assert_memory_equal(image.pixels, numbers, 2);
}

FV_TEST(data_decode_tiff__leaves_out_what_is_beside_rgb_and_has_no_name) {
    FV_IMAGE(image);
    uint8_t pixels[4 * SIDE * SIDE] = { 255, 255, 255, 9, 255, 0, 0, 9 };
    const char *path = make(KIND(PHOTOMETRIC_RGB, 4, 8), pixels);
    FV_OK(decode(path, 1, &image));
    assert_memory_equal(image.pixels, "\xFF\x4C", 2); /* Pillow's grey of red */
    FV_OK(decode(path, 3, &image));
    assert_memory_equal(image.pixels, "\xFF\xFF\xFF\xFF\0\0", 6);
    FV_FAILS(decode(path, 2, &image), FV_UNSUPPORTED, "4 channels, where 2 are wanted");
    FV_OK(decode(make(KIND(PHOTOMETRIC_MINISBLACK, 1, 8, .format = SAMPLEFORMAT_VOID, .apart = true), pixels), 0, &image));
    assert_memory_equal(image.pixels, pixels, SIDE * SIDE); /* one channel apart from no other */
}

FV_TEST(data_decode_tiff__keeps_to_its_limits_in_tiles_too) {
    FV_IMAGE(image);
    const char *path = make(KIND(PHOTOMETRIC_MINISBLACK, 1, 8, .tile = 1024), NULL);
    FV_FAILS(fv_image_decode_file(path, &(fv_decode_options){ .max_pixels = 1024 }, &image), FV_UNSUPPORTED,
             "1024×16 pixels, more than the 1024 allowed");
    FV_OK(fv_image_decode_file(path, &(fv_decode_options){ .max_pixels = 1024 * 16 }, &image));
}
