/* jpeg_rows.h - where a JPEG's rows of MCUs begin among its Huffman codes: found when the file is decoded, so that a part of it
 * can be decoded later without what lies before it. */
#ifndef FV_DATA_JPEG_ROWS_H
#define FV_DATA_JPEG_ROWS_H

#include <stdint.h>

/* The state of a decoder (jpeg_huffman.c) in front of a row. */
typedef struct fv_jpeg_row {
    uint64_t word;
    uint32_t next; /* from the beginning of the scan's codes */
    int16_t last_dc[3];
    uint8_t count;
} fv_jpeg_row;

typedef struct fv_jpeg_rows {
    int64_t length; /* of the file, in bytes: another is not meant */
    int64_t count;
    fv_jpeg_row at[];
} fv_jpeg_rows;

static inline int64_t fv_jpeg_rows_bytes(const fv_jpeg_rows *rows) {
    return (int64_t)sizeof *rows + rows->count * (int64_t)sizeof *rows->at;
}

#endif
