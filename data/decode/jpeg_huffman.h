/* jpeg_huffman.h - the Huffman codes of a JPEG, read in libjpeg's place. All else (markers, the inverse transform, colours)
 * stays libjpeg's, so pixels are the same. */
#ifndef FV_DATA_JPEG_HUFFMAN_H
#define FV_DATA_JPEG_HUFFMAN_H

#include <stdbool.h>

#include "data/decode/jpeg_rows.h"
#include "data/jpeg_trap.h"

/* What is known and wanted; { 0 } is nothing. */
typedef struct fv_jpeg_hints {
    /* Of this file: rows that are discarded and columns beyond the last wanted pixel are then left out, so that nothing may be
     * read behind what is wanted. */
    const fv_jpeg_rows *rows;
    int64_t height, width; /* with them: pixels, from the top left corner, that are wanted */
    fv_jpeg_rows **made;   /* not NULL: the rows, when all of the file was decoded; libjpeg's memory, until it is destroyed */
    int64_t length;        /* with it: of the file */
} fv_jpeg_hints;

/* After jpeg_start_decompress, before the first row: what follows is decoded by this file, if it is a kind that it knows (one
 * sequential scan, from memory) and else by libjpeg as before. `jpeg->err` is the manager of an fv_jpeg_trap. Whatever a sound
 * file would not hold sets `*doubted` and leaves through the trap: then the picture is to be decoded again without this, and
 * libjpeg says what it is worth. */
void fv_jpeg_huffman_take(j_decompress_ptr jpeg, const fv_jpeg_hints *hints, bool *doubted);

#endif
