/* jpeg.c - JPEG through libjpeg-turbo, into a text. */
#include "plot/jpeg.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "core/base/assert.h"

#define QUALITY 88
#define PIECE 4096

/* What libjpeg's callbacks are handed, with what they need behind it. */
typedef struct writer {
    struct jpeg_destination_mgr manager; /* first */
    fv_text *out;
    JOCTET piece[PIECE];
} writer;

typedef struct trap {
    struct jpeg_error_mgr manager; /* first */
    jmp_buf out;
    char message[JMSG_LENGTH_MAX];
} trap;

static _Noreturn void leave(j_common_ptr jpeg) {
    trap *t = (trap *)jpeg->err;
    t->manager.format_message(jpeg, t->message);
    longjmp(t->out, 1);
}

static void begin(j_compress_ptr jpeg) {
    writer *w = (writer *)jpeg->dest;
    w->manager.next_output_byte = w->piece;
    w->manager.free_in_buffer = PIECE;
}

static boolean empty(j_compress_ptr jpeg) {
    writer *w = (writer *)jpeg->dest;
    fv_text_add_bytes(w->out, w->piece, PIECE);
    begin(jpeg);
    return TRUE;
}

static void end(j_compress_ptr jpeg) {
    writer *w = (writer *)jpeg->dest;
    fv_text_add_bytes(w->out, w->piece, PIECE - (int64_t)w->manager.free_in_buffer);
}

static void write_rows(j_compress_ptr jpeg, const fv_picture *picture) {
    jpeg->image_height = (JDIMENSION)picture->height;
    jpeg->image_width = (JDIMENSION)picture->width;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    jpeg->optimize_coding = TRUE;
    jpeg_start_compress(jpeg, TRUE);
    for (int64_t y = 0; y < picture->height; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(picture->pixels + y * picture->width * 3); /* libjpeg only reads it */
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

fv_error *fv_picture_to_jpeg(const fv_picture *picture, fv_text *out) {
    struct jpeg_compress_struct jpeg = { 0 };
    trap t;
    writer w = { .manager = { .init_destination = begin, .empty_output_buffer = empty, .term_destination = end }, .out = out };
    FV_ASSERT(picture->channels == 3);
    jpeg.err = jpeg_std_error(&t.manager);
    t.manager.error_exit = leave;
    if (setjmp(t.out)) {
        jpeg_destroy_compress(&jpeg);
        return fv_fail(FV_UNSUPPORTED, "a picture cannot be written as JPEG: %s", t.message);
    }
    jpeg_create_compress(&jpeg);
    jpeg.dest = &w.manager;
    write_rows(&jpeg, picture);
    jpeg_destroy_compress(&jpeg);
    return fv_text_error(out);
}
