/* tiff.c - the first page of a TIFF through libtiff, from memory: grey, RGB, palette, inks, YCbCr and bands of any number; u8,
 * u16 and f32; strips or tiles, channels together or apart, any compression that libtiff was built with.
 *
 * libtiff's messages go to us instead of standard error (TIFFOpenOptions, libtiff 4.5). A decoder inside it that only warns
 * when it makes pixels up (JPEG, fax) has failed here. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/decode/tiff.h"
#include "data/image.h"

#define LIBRARY_BYTES (4 << 20) /* more than libtiff takes to open an ordinary file; it crashes where there is less */
#define CLAIM_MAX (1 << 28)     /* bytes that libtiff may take at once beside ours: tables of offsets, a codec's state */

/* The file in memory, and the first thing that libtiff complained of. */
typedef struct tiff_file {
    const uint8_t *bytes;
    int64_t length, at;
    bool failed;
    char message[160];
} tiff_file;

/* ---- what libtiff calls ---- */

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t count) {
    tiff_file *file = handle;
    int64_t got = fv_max(fv_min(count, file->length - file->at), 0);
    memcpy(to, file->bytes + fv_min(file->at, file->length), (size_t)got);
    file->at += got;
    return got;
}

static tmsize_t on_write(thandle_t handle, void *from, tmsize_t count) {
    (void)handle, (void)from, (void)count;
    return -1;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    tiff_file *file = handle;
    int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->at : file->length, to;
    if (!fv_size_add(from, (int64_t)offset, &to)) return (toff_t)-1;
    file->at = to;
    return (toff_t)to;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) { return (toff_t)((tiff_file *)handle)->length; }

static int on_map(thandle_t handle, void **base, toff_t *size) {
    tiff_file *file = handle;
    *base = (void *)file->bytes; /* opened for reading: libtiff does not write there */
    *size = (toff_t)file->length;
    return 1;
}

static void on_unmap(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

FV_PRINTF(4, 0) static int on_error(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    tiff_file *file = context;
    if (!file->failed) vsnprintf(file->message, sizeof file->message, format, arguments);
    file->failed = true;
    return 1; /* told: nobody else is */
}

FV_PRINTF(4, 0) static int on_warning(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    bool lost = module && (!strncmp(module, "JPEG", 4) || !strncmp(module, "Fax", 3));
    return lost ? on_error(tiff, context, module, format, arguments) : 1;
}

static TIFF *open_tiff(tiff_file *file) {
    TIFFOpenOptions *options = fv_libtiff.OpenOptionsAlloc();
    if (!options) return NULL;
    fv_libtiff.OpenOptionsSetErrorHandlerExtR(options, on_error, file);
    fv_libtiff.OpenOptionsSetWarningHandlerExtR(options, on_warning, file);
    fv_libtiff.OpenOptionsSetMaxSingleMemAlloc(options, CLAIM_MAX);
    TIFF *tiff =
        fv_libtiff.ClientOpenExt("TIFF", "r", file, on_read, on_write, on_seek, on_close, on_size, on_map, on_unmap, options);
    fv_libtiff.OpenOptionsFree(options);
    return tiff;
}

/* ---- pixels ---- */

static fv_error *damaged(const tiff_file *file) {
    return fv_fail(FV_FORMAT, "damaged TIFF, or cut short: %s", file->failed ? file->message : "pixels are missing");
}

/* Strips are tiles as wide as the picture. */
typedef struct grid {
    bool tiled;
    int64_t width, height, across, down; /* of a tile; tiles */
    int64_t row_bytes, bytes;
} grid;

static fv_error *measure(TIFF *tiff, const fv_encoded *encoded, const fv_tiff_form *form, grid *g) {
    uint32_t width = 0, height = 0;
    g->tiled = fv_libtiff.IsTiled(tiff);
    if (g->tiled) {
        fv_libtiff.GetField(tiff, TIFFTAG_TILEWIDTH, &width);
        fv_libtiff.GetField(tiff, TIFFTAG_TILELENGTH, &height);
    } else {
        width = (uint32_t)form->width;
        fv_libtiff.GetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &height);
        height = (uint32_t)fv_min(height, form->height);
    }
    FV_TRY(fv_decode_check_size(encoded, height, width, form->together));
    g->width = width, g->height = height;
    g->across = fv_ceil_div(form->width, width), g->down = fv_ceil_div(form->height, height);
    g->row_bytes = fv_ceil_div(g->width * form->together * form->bits, 8);
    g->bytes = g->row_bytes * g->height;
    FV_TRY(fv_decode_check_room(encoded, g->height, g->row_bytes, fv_tiff_most_a_byte(form)));
    int64_t count = g->tiled ? fv_libtiff.NumberOfTiles(tiff) : fv_libtiff.NumberOfStrips(tiff);
    int64_t size = g->tiled ? fv_libtiff.TileSize(tiff) : fv_libtiff.StripSize(tiff);
    if (count >= g->across * g->down * form->planes && size == g->bytes) return NULL;
    return fv_fail(FV_FORMAT, "damaged TIFF: its strips do not make up the picture");
}

/* The part of one tile that lies in the picture, to its place; small samples get a byte each. `row` holds a row of them. */
static void place(const fv_tiff_form *form, const grid *g, const uint8_t *tile, int64_t y, int64_t x, int64_t plane,
                  uint8_t *row, fv_image *out) {
    int64_t rows = fv_min(g->height, form->height - y), columns = fv_min(g->width, form->width - x);
    int64_t sample = fv_pixel_size(out->pixel), count = columns * form->together;
    for (int64_t r = 0; r < rows; r++, tile += g->row_bytes) {
        const uint8_t *from = tile;
        if (form->bits < 8) fv_samples_unpack(tile, count, form->bits, row), from = row;
        uint8_t *to = (uint8_t *)out->pixels + ((y + r) * form->width + x) * fv_image_pixel_bytes(out) + plane * sample;
        if (form->planes == 1)
            memcpy(to, from, (size_t)(count * sample));
        else
            for (int64_t c = 0; c < columns; c++, from += sample, to += out->channels * sample)
                memcpy(to, from, (size_t)sample);
    }
}

static fv_error *read_tiles(TIFF *tiff, tiff_file *file, const fv_tiff_form *form, const grid *g, fv_image *out) {
    FV_OWNED(fv_memory) tile = NULL;
    FV_OWNED(fv_memory) row = NULL;
    FV_TRY(fv_memory_alloc(g->height, g->row_bytes, &tile));
    if (form->bits < 8) FV_TRY(fv_memory_alloc(g->width, form->together, &row));
    uint32_t number = 0;
    for (int64_t plane = 0; plane < form->planes; plane++)
        for (int64_t y = 0; y < g->down; y++)
            for (int64_t x = 0; x < g->across; x++, number++) {
                int64_t rows = g->tiled ? g->height : fv_min(g->height, form->height - y * g->height);
                int64_t wanted = rows * g->row_bytes;
                int64_t got = g->tiled ? fv_libtiff.ReadEncodedTile(tiff, number, tile, wanted)
                                       : fv_libtiff.ReadEncodedStrip(tiff, number, tile, wanted);
                if (got != wanted || file->failed) return damaged(file);
                place(form, g, tile, y * g->height, x * g->width, plane, row, out);
            }
    return NULL;
}

/* YCbCr that is not JPEG: libtiff's own conversion to RGB, in the order in which rows are stored. */
static fv_error *read_ycbcr(TIFF *tiff, tiff_file *file, const fv_tiff_form *form, fv_image *out) {
    TIFFRGBAImage reader;
    FV_OWNED(fv_memory) pixels = NULL;
    FV_TRY(fv_memory_alloc(form->height * form->width, 4, &pixels));
    char message[1024] = "";
    if (!fv_libtiff.RGBAImageBegin(&reader, tiff, 1, message)) return fv_fail(FV_UNSUPPORTED, "a TIFF of YCbCr: %s", message);
    reader.req_orientation = reader.orientation;
    int read = fv_libtiff.RGBAImageGet(&reader, pixels, (uint32_t)form->width, (uint32_t)form->height);
    fv_libtiff.RGBAImageEnd(&reader);
    if (!read || file->failed) return damaged(file);
    const uint32_t *from = pixels;
    uint8_t *to = out->pixels;
    for (int64_t i = 0; i < form->height * form->width; i++, to += 3)
        to[0] = TIFFGetR(from[i]), to[1] = TIFFGetG(from[i]), to[2] = TIFFGetB(from[i]);
    return NULL;
}

static fv_error *decode_open(TIFF *tiff, tiff_file *file, const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    fv_tiff_form form;
    FV_TRY(fv_tiff_read_form(tiff, encoded->options.channels, &form));
    FV_TRY(fv_decode_check_size(encoded, form.height, form.width, form.channels));
    int64_t row = fv_ceil_div(form.width * form.channels * form.bits, 8);
    if (form.separate_ycbcr) row = form.width; /* at least: colours may be stored once for many pixels */
    FV_TRY(fv_decode_check_room(encoded, form.height, row, fv_tiff_most_a_byte(&form)));
    grid g = { 0 };
    if (!form.separate_ycbcr) FV_TRY(measure(tiff, encoded, &form, &g));
    FV_TRY(fv_image_resize(out, form.height, form.width, form.channels, form.pixel));
    file->failed = false; /* what it disliked about tags is not about pixels */
    FV_TRY(form.separate_ycbcr ? read_ycbcr(tiff, file, &form, out) : read_tiles(tiff, file, &form, &g, out));
    about->orientation = form.orientation;
    about->bands = form.bands;
    return fv_tiff_to_colours(tiff, &form, out);
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    tiff_file file = { .bytes = encoded->bytes, .length = encoded->length };
    FV_TRY(fv_memory_probe(LIBRARY_BYTES)); /* of its code's tables, too, while it is loaded */
    FV_TRY(fv_libtiff_load());
    TIFF *tiff = open_tiff(&file);
    if (!tiff) return damaged(&file);
    fv_error *error = decode_open(tiff, &file, encoded, out, about);
    fv_libtiff.Close(tiff);
    return error;
}

static bool matches(const uint8_t *bytes, int64_t length) {
    static const char *const marks[] = { "II*\0", "MM\0*", "II+\0", "MM\0+" }; /* the last two: sizes of 64 bits */
    for (int i = 0; i < 4; i++)
        if (length >= 8 && !memcmp(bytes, marks[i], 4)) return true;
    return false;
}

const fv_decoder fv_decoder_tiff = {
    .name = "tiff",
    .summary = "TIFF: the first page; u8, u16 and f32, any number of channels, strips and tiles, all compressions of libtiff",
    .matches = matches,
    .decode = decode,
    .blames_damage = true,
};
