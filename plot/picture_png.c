/* picture_png.c - a picture as PNG, through libpng: reports and explanations have pictures, and need no cairo for them. */
#include <setjmp.h>
#include <stdio.h>

#include <png.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "plot/picture.h"

/* Where it goes, and why libpng gave up. */
typedef struct writer {
    fv_text *out;
    bool out_of_memory;
    char message[160];
} writer;

/* libpng's errors do not tell want of memory from others, so what it allocates comes from here. */
static png_voidp on_alloc(png_structp png, png_alloc_size_t bytes) {
    writer *w = png_get_mem_ptr(png);
    void *memory = fv_memory_try(1, (int64_t)bytes);
    if (!memory) w->out_of_memory = true;
    return memory;
}

static void on_free(png_structp png, png_voidp memory) {
    (void)png;
    fv_memory_free(memory);
}

static void on_error(png_structp png, png_const_charp message) {
    writer *w = png_get_error_ptr(png);
    snprintf(w->message, sizeof w->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void on_write(png_structp png, png_bytep bytes, size_t count) {
    const writer *w = png_get_io_ptr(png);
    fv_text_add_bytes(w->out, (const char *)bytes, (int64_t)count);
}

static void on_flush(png_structp png) { (void)png; }

static void write_rows(png_structp png, png_infop info, const fv_picture *p, uint8_t *row) {
    int shown = p->channels < 3 ? 1 : 3;
    png_set_IHDR(png, info, (png_uint_32)p->width, (png_uint_32)p->height, 8,
                 shown == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int64_t y = 0; y < p->height; y++) {
        const uint8_t *from = p->pixels + y * p->width * p->channels;
        for (int64_t x = 0; x < p->width; x++)
            for (int c = 0; c < shown; c++) row[x * shown + c] = from[x * p->channels + c];
        png_write_row(png, row);
    }
    png_write_end(png, info);
}

static fv_error *encode(const fv_picture *picture, writer *w, uint8_t *row) {
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, w, on_error, on_warning, w, on_alloc, on_free);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return fv_error_memory();
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        if (w->out_of_memory) return fv_fail(FV_MEMORY, "out of memory in libpng");
        return fv_fail(FV_UNSUPPORTED, "a picture cannot be written as PNG: %s", w->message);
    }
    png_set_write_fn(png, w, on_write, on_flush);
    write_rows(png, info, picture, row);
    png_destroy_write_struct(&png, &info);
    return fv_text_error(w->out);
}

fv_error *fv_picture_to_png(const fv_picture *picture, fv_text *out) {
    FV_ASSERT(picture->height > 0 && picture->width > 0 && picture->channels > 0);
    FV_OWNED(fv_memory) row = NULL;
    FV_TRY(fv_memory_alloc(picture->width, 3, &row));
    return encode(picture, &(writer){ .out = out }, row);
}
