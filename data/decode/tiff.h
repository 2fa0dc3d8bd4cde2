/* tiff.h - what a TIFF's tags say about its pixels, and the way from pixels as they are stored to grey or RGB. */
#ifndef FV_DATA_TIFF_H
#define FV_DATA_TIFF_H

#include "data/decode/libtiff.h"

#include "data/decode/decoder.h"
#include "data/decode/samples.h"

typedef struct fv_tiff_form {
    int64_t height, width, channels; /* channels as stored */
    int64_t together, planes;        /* channels side by side, and groups of them: all and 1, or 1 and all */
    int bits;                        /* of a sample: 1, 2, 4 (given a byte each), 8, 16, 32 */
    fv_pixel pixel;
    int compression, photometric, orientation;
    bool bands;          /* as in fv_decoded */
    bool premultiplied;  /* colours are those times alpha */
    bool separate_ycbcr; /* YCbCr that no codec turns into RGB by itself */
} fv_tiff_form;

/* Of the page that `tiff` is at; `wanted` is fv_decode_options.channels. FV_UNSUPPORTED by name for what is not read. */
FV_MUST_USE fv_error *fv_tiff_read_form(TIFF *tiff, int64_t wanted, fv_tiff_form *out);

/* How many bytes of pixels a byte of the file makes at most, by its compression. */
int64_t fv_tiff_most_a_byte(const fv_tiff_form *form);

/* In place: palette and inks become RGB, black is 0, small samples span 0…255, alpha is not in the colours. */
FV_MUST_USE fv_error *fv_tiff_to_colours(TIFF *tiff, const fv_tiff_form *form, fv_image *image);

#endif
