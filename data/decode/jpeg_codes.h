/* jpeg_codes.h - the Huffman codes of a JPEG's blocks (ITU T.81, annex F.2.2): from bits to coefficients. */
#ifndef FV_DATA_JPEG_CODES_H
#define FV_DATA_JPEG_CODES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* One Huffman table, as it is looked up. */
typedef struct fv_jpeg_table fv_jpeg_table;

/* In memory of libjpeg's, for this picture; leaves through libjpeg's error where there is none. libjpeg has checked what the
 * file says: codes fit their lengths, at most 256 of them, and a DC size is at most 15. */
const fv_jpeg_table *fv_jpeg_table_make(j_decompress_ptr jpeg, const JHUFF_TBL *from, bool dc);

/* Where the bits come from: `word` holds `count` of them at its top. It is less than 0 when more were taken than there are. */
typedef struct fv_jpeg_bits {
    uint64_t word;
    int count;
    const uint8_t *next, *end;
} fv_jpeg_bits;

/* A reader between two MCUs. */
typedef struct fv_jpeg_stream {
    fv_jpeg_bits in;
    int32_t last_dc[MAX_COMPS_IN_SCAN];
} fv_jpeg_stream;

/* The blocks of an MCU, in the order of the file. */
typedef struct fv_jpeg_mcu {
    int blocks;
    struct {
        const fv_jpeg_table *dc, *ac;
        int component;
    } block[D_MAX_BLOCKS_IN_MCU];
} fv_jpeg_mcu;

/* The next MCU, into blocks of zeros; `to` NULL: passed over. False: there is none in these bits. */
bool fv_jpeg_read_mcu(const fv_jpeg_mcu *mcu, fv_jpeg_stream *from, JBLOCKROW *to);

/* The next `count` MCUs of one stream or of two, block behind block into zeros. With two a coefficient of the one is found
 * while the next of the other is looked up, which takes little more time than one stream. False: they are not in these bits. */
bool fv_jpeg_read_rows(const fv_jpeg_mcu *mcu, const fv_jpeg_stream *from, int rows, int64_t count, JBLOCK *const *to);

#endif
