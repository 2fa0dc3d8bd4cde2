/* jpeg_huffman.h - the Huffman codes of a JPEG, read in libjpeg's place. All else (markers, the inverse transform, colours)
 * stays libjpeg's, so pixels are the same. */
#ifndef FV_DATA_JPEG_HUFFMAN_H
#define FV_DATA_JPEG_HUFFMAN_H

#include <stdbool.h>

#include "data/jpeg_trap.h"

/* After jpeg_start_decompress, before the first row: what follows is decoded by this file, if it is a kind that it knows (one
 * sequential scan, from memory) and else by libjpeg as before. `jpeg->err` is the manager of an fv_jpeg_trap. Whatever a sound
 * file would not hold sets `*doubted` and leaves through the trap: then the picture is to be decoded again without this, and
 * libjpeg says what it is worth. */
void fv_jpeg_huffman_take(j_decompress_ptr jpeg, bool *doubted);

#endif
