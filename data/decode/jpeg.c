/* jpeg.c - JPEG through libjpeg-turbo.
 *
 * libjpeg paints over damage and says so in warnings; here a warning that means lost pixels is an error, since a half-grey
 * picture must not enter training. CMYK is taken as Adobe writes it (inverted), as every other reader does. */
#include <stdio.h>
#include <string.h>

#include <jerror.h>

#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/decode/jpeg_huffman.h"
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
    if (((j_decompress_ptr)jpeg)->input_scan_number <= SCANS_MAX) return;
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

/* What to decode: all (zeros), or the MCUs of what is wanted with a margin around it: where chroma is spread over several
 * pixels it is mixed with its neighbour, and comes out differently at the edges of what is decoded, but for the lowest. A file
 * in several scans is decoded as a whole. */
static fv_view choose_view(const fv_interest *interest, j_decompress_ptr jpeg, int orientation) {
    if (!interest || orientation != 1 || jpeg->arith_code || jpeg_has_multiple_scans(jpeg)) return (fv_view){ 0 };
    int64_t height = jpeg->output_height, width = jpeg->output_width;
    int64_t across = jpeg->max_h_samp_factor * jpeg->min_DCT_scaled_size;
    int64_t down = jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size;
    int64_t beside = 2 * jpeg->max_h_samp_factor, above = 2 * jpeg->max_v_samp_factor;
    fv_box_of_pixels wanted = interest->region(interest->context, height, width), box;
    box.top = fv_max(wanted.top - above, 0) / down * down;
    box.left = fv_max(wanted.left - beside, 0) / across * across;
    box.height = fv_min(fv_round_up(wanted.top + wanted.height, down), height) - box.top;
    box.width = fv_min(fv_round_up(wanted.left + wanted.width + beside, across), width) - box.left;
    if (jpeg->min_DCT_scaled_size < DCTSIZE && jpeg->max_h_samp_factor > 2) { /* libjpeg takes chroma for narrower than it is */
        box.left = 0;
        box.width = width;
    }
    return (fv_view){ height, width, box };
}

/* Blocks give fewer pixels, by a smaller inverse transform. What is turned is as large as it is stored. */
static void choose_scale(const fv_interest *interest, j_decompress_ptr jpeg, int orientation) {
    if (interest && interest->reduce && orientation == 1)
        jpeg->scale_denom = (unsigned)interest->reduce(interest->context, jpeg->image_height, jpeg->image_width);
    jpeg_calc_output_dimensions(jpeg);
}

/* The next rows of the picture, as many as `out` has. */
static void read_rows(j_decompress_ptr jpeg, fv_image *out) {
    int64_t stride = fv_image_row_bytes(out), done = 0;
    while (done < out->height) {
        JSAMPROW rows[8];
        for (int i = 0; i < 8; i++) rows[i] = (JSAMPROW)out->pixels + fv_min(done + i, out->height - 1) * stride;
        done += jpeg_read_scanlines(jpeg, rows, (JDIMENSION)fv_min(out->height - done, 8));
    }
}

/* The rows that are left: their blocks are taken out of the bytes, so that damage shows, and no more. libjpeg leaves out even
 * that where nothing at all is read afterwards. */
static void pass_rows(j_decompress_ptr jpeg) {
    JDIMENSION left = jpeg->output_height - jpeg->output_scanline;
    if (!left) return;
    if (left > 1) jpeg_skip_scanlines(jpeg, left - 1);
    JDIMENSION bytes = jpeg->output_width * (JDIMENSION)jpeg->output_components;
    jpeg_read_scanlines(jpeg, (*jpeg->mem->alloc_sarray)((j_common_ptr)jpeg, JPOOL_IMAGE, bytes, 1), 1);
}

/* What is read of a picture, and how. */
typedef struct reading {
    fv_box_of_pixels box;
    const fv_interest *interest; /* NULL: the box is the whole */
    int64_t length;              /* of the file */
    bool *doubted;               /* NULL, or where it is said that libjpeg's own Huffman decoder is to be asked */
} reading;

/* Where the file is known to be whole nothing is read behind the box, and what is noted of it serves. */
static void take_huffman(j_decompress_ptr jpeg, const reading *r, fv_jpeg_rows **made) {
    const fv_interest *interest = r->interest;
    fv_jpeg_hints hints = { .height = r->box.top + r->box.height, .width = r->box.left + r->box.width, .length = r->length };
    if (interest && interest->known_whole && interest->rows && interest->rows->length == r->length) hints.rows = interest->rows;
    if (interest && !interest->known_whole && interest->keep) hints.made = made;
    fv_jpeg_huffman_take(jpeg, &hints, r->doubted);
}

static fv_error *read_view(j_decompress_ptr jpeg, reading *r, fv_image *out) {
    fv_box_of_pixels *box = &r->box;
    fv_jpeg_rows *made = NULL;
    jpeg_start_decompress(jpeg);
    if (box->width < jpeg->output_width) {
        JDIMENSION left = (JDIMENSION)box->left, width = (JDIMENSION)box->width;
        jpeg_crop_scanline(jpeg, &left, &width);
        box->left = left;
        box->width = width;
    }
    if (r->doubted) take_huffman(jpeg, r, &made);
    FV_TRY(fv_image_resize(out, box->height, box->width, jpeg->output_components, FV_PIXEL_U8));
    if (box->top) jpeg_skip_scanlines(jpeg, (JDIMENSION)box->top);
    read_rows(jpeg, out);
    if (!r->interest || !r->interest->known_whole) {
        pass_rows(jpeg);
        jpeg_finish_decompress(jpeg); /* reads up to the end marker: a file without one is cut short */
    }
    if (made) r->interest->keep(r->interest->context, made);
    if (out->channels == 4) fv_samples_inks_to_rgb(out); /* inverted, as they come */
    return NULL;
}

/* Between creating and destroying `jpeg`, which longjmp comes back to. */
static fv_error *decode_trapped(const fv_encoded *encoded, j_decompress_ptr jpeg, bool *doubted, fv_image *out,
                                fv_decoded *about) {
    jpeg_mem_src(jpeg, encoded->bytes, (unsigned long)encoded->length);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    FV_TRY(fv_decode_check_size(encoded, jpeg->image_height, jpeg->image_width, jpeg->num_components));
    if (!jpeg->arith_code) FV_TRY(fv_decode_check_room(encoded, jpeg->image_height, jpeg->image_width, PIXELS_A_BYTE));
    about->orientation = orientation_of(jpeg);
    FV_TRY(choose_colours(jpeg, encoded->options.channels));
    choose_scale(encoded->interest, jpeg, about->orientation);
    about->view = choose_view(encoded->interest, jpeg, about->orientation);
    bool whole = !about->view.height;
    reading r = { .box = { 0, 0, jpeg->output_height, jpeg->output_width }, .length = encoded->length, .doubted = doubted };
    if (!whole) r.box = about->view.box, r.interest = encoded->interest;
    FV_TRY(read_view(jpeg, &r, out));
    if (!whole) about->view.box = r.box;
    return NULL;
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

static fv_error *attempt(const fv_encoded *encoded, bool *doubted, fv_image *out, fv_decoded *about) {
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
    fv_error *error = decode_trapped(encoded, &jpeg, doubted, out, about);
    jpeg_destroy_decompress(&jpeg);
    return error;
}

/* What is damaged is looked at twice: what libjpeg takes it for is what counts. */
static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    bool doubted = false;
    fv_error *error = attempt(encoded, &doubted, out, about);
    if (!doubted) return error;
    fv_error_free(error);
    *about = (fv_decoded){ .orientation = 1 };
    return attempt(encoded, NULL, out, about);
}

static bool matches(const uint8_t *bytes, int64_t length) { return length >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8; }

const fv_decoder fv_decoder_jpeg = {
    .name = "jpeg",
    .summary = "JPEG: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK, any chroma sampling",
    .matches = matches,
    .decode = decode,
};
