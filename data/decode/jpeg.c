/* jpeg.c - JPEG through libjpeg-turbo.
 *
 * libjpeg paints over damage and says so in warnings; here a warning that means lost pixels is an error, since a half-grey
 * picture must not enter training. CMYK is taken as Adobe writes it (inverted), as every other reader does. */
#include <stdio.h>
#include <string.h>

#include <jerror.h>

#include "data/decode/decoder.h"
#include "data/decode/samples.h"
#include "data/image.h"
#include "data/jpeg_trap.h"

#define PIXELS_A_BYTE 512 /* at most: a block of 64 pixels takes a bit or more, when Huffman codes it */
#define SCANS_MAX 500     /* a progressive file of 64 KiB can ask for more work than a film */

static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return; /* traces */
    switch (jpeg->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA: /* bytes between segments: nothing of the picture is lost */
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_ICC: return;
    default: fv_jpeg_leave(jpeg);
    }
}

static void on_progress(j_common_ptr jpeg) {
    if (!jpeg->is_decompressor || ((j_decompress_ptr)jpeg)->input_scan_number <= SCANS_MAX) return;
    snprintf(((fv_jpeg_trap *)jpeg->err)->message, JMSG_LENGTH_MAX, "more than %d scans", SCANS_MAX);
    longjmp(((fv_jpeg_trap *)jpeg->err)->out, 1);
}

static int orientation_of(j_decompress_ptr jpeg) {
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next)
        if (marker->data_length > 6 && !memcmp(marker->data, "Exif\0\0", 6))
            return fv_exif_orientation(marker->data, marker->data_length);
    return 1;
}

/* Grey stays grey (or becomes RGB when RGB is wanted), YCbCr and RGB give RGB, YCCK and CMYK give CMYK for us to convert. */
static fv_error *choose_colours(j_decompress_ptr jpeg, int64_t wanted) {
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE: jpeg->out_color_space = wanted == 3 ? JCS_RGB : JCS_GRAYSCALE; return NULL;
    case JCS_YCbCr:
    case JCS_RGB: jpeg->out_color_space = JCS_RGB; return NULL;
    case JCS_YCCK:
    case JCS_CMYK: jpeg->out_color_space = JCS_CMYK; return NULL;
    default: return fv_fail(FV_UNSUPPORTED, "a JPEG picture of %d components in an unknown colour space", jpeg->num_components);
    }
}

static fv_error *read_rows(j_decompress_ptr jpeg, fv_image *out) {
    jpeg_start_decompress(jpeg);
    FV_TRY(fv_image_resize(out, jpeg->output_height, jpeg->output_width, jpeg->output_components, FV_PIXEL_U8));
    int64_t stride = fv_image_row_bytes(out);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW rows[8];
        for (int i = 0; i < 8; i++) {
            int64_t row = jpeg->output_scanline + i < jpeg->output_height ? jpeg->output_scanline + i : jpeg->output_height - 1;
            rows[i] = (JSAMPROW)out->pixels + row * stride;
        }
        JDIMENSION left = jpeg->output_height - jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, rows, left < 8 ? left : 8);
    }
    jpeg_finish_decompress(jpeg);                        /* reads up to the end marker: a file without one is cut short */
    if (out->channels == 4) fv_samples_inks_to_rgb(out); /* inverted, as they come */
    return NULL;
}

/* Between creating and destroying `jpeg`, which longjmp comes back to. */
static fv_error *decode_trapped(const fv_encoded *encoded, j_decompress_ptr jpeg, fv_image *out, fv_decoded *about) {
    jpeg_mem_src(jpeg, encoded->bytes, (unsigned long)encoded->length);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    FV_TRY(fv_decode_check_size(encoded, jpeg->image_height, jpeg->image_width, jpeg->num_components));
    if (!jpeg->arith_code) FV_TRY(fv_decode_check_room(encoded, jpeg->image_height, jpeg->image_width, PIXELS_A_BYTE));
    about->orientation = orientation_of(jpeg);
    FV_TRY(choose_colours(jpeg, encoded->options.channels));
    return read_rows(jpeg, out);
}

static fv_error *complain(const fv_jpeg_trap *trap) {
    switch (trap->manager.msg_code) {
    case JWRN_JPEG_EOF:
    case JERR_INPUT_EOF:
    case JERR_NO_IMAGE: return fv_fail(FV_FORMAT, "cut short: the JPEG ends too early");
    case JERR_OUT_OF_MEMORY: return fv_fail(FV_MEMORY, "out of memory in libjpeg");
    case JERR_ARITH_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION: return fv_fail(FV_UNSUPPORTED, "a JPEG picture that this build cannot read: %s", trap->message);
    default: return fv_fail(FV_FORMAT, "damaged JPEG: %s", trap->message);
    }
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress = { .progress_monitor = on_progress };
    fv_jpeg_trap trap;
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = fv_jpeg_trap_errors(&trap, on_message);
    trap.message[0] = 0;
    if (setjmp(trap.out)) {
        jpeg_destroy_decompress(&jpeg);
        return complain(&trap);
    }
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &progress;
    fv_error *error = decode_trapped(encoded, &jpeg, out, about);
    jpeg_destroy_decompress(&jpeg);
    return error;
}

static bool matches(const uint8_t *bytes, int64_t length) { return length >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8; }

const fv_decoder fv_decoder_jpeg = {
    .name = "jpeg",
    .summary = "JPEG: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK, any chroma sampling",
    .matches = matches,
    .decode = decode,
};
