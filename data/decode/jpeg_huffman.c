/* shared: jpeg.c's Huffman decoding in libjpeg's place.
 *
 * libjpeg's decoder is a pair of function pointers behind jpeg->entropy, which its header jpegint.h declares; the second is
 * asked for one MCU after the other. Where the file's rows of MCUs are known, two are read at once and handed out from memory.
 */
#include "data/decode/jpeg_huffman.h"

#include <string.h>

#include <jpegint.h>

#include "core/base/size.h"
#include "data/decode/jpeg_codes.h"

/* Rows of a file whose rows are known. */
typedef struct known {
    const fv_jpeg_rows *rows; /* NULL: they are not known */
    int64_t high, wide;       /* rows, and MCUs of each, that are wanted */
    JBLOCK *blocks[2];        /* of two rows, as far as they are wanted */
    int64_t first, count;     /* which rows: count is 0 to 2 */
} known;

typedef struct huffman {
    bool *doubted;
    fv_jpeg_mcu mcu;
    fv_jpeg_stream at;
    const uint8_t *begin;
    int64_t row, column, columns; /* of the next MCU; those in a row */
    int64_t left;                 /* MCUs */
    int64_t until_restart;        /* MCUs; < 0: there are no marks */
    int64_t restart_number;       /* of the next mark, 0 to 7 */
    known known;
    fv_jpeg_rows *noted; /* being found; NULL: not */
    fv_jpeg_rows **made;
} huffman;

static _Noreturn void doubt(j_decompress_ptr jpeg, const huffman *h) {
    *h->doubted = true;
    ((fv_jpeg_trap *)jpeg->err)->message[0] = 0;
    longjmp(((fv_jpeg_trap *)jpeg->err)->out, 1);
}

static bool restart(huffman *h, int64_t interval) {
    fv_jpeg_bits *in = &h->at.in;
    if (in->count > 7 || in->end - in->next < 2 || in->next[0] != 0xFF) return false;
    if (in->next[1] != JPEG_RST0 + h->restart_number) return false;
    *in = (fv_jpeg_bits){ .next = in->next + 2, .end = in->end };
    h->restart_number = (h->restart_number + 1) % 8;
    h->until_restart = interval;
    memset(h->at.last_dc, 0, sizeof h->at.last_dc);
    return true;
}

/* A DC that the note has no room for, which no picture has: none is taken. */
static void note_row(huffman *h) {
    fv_jpeg_row *row = &h->noted->at[h->row];
    const fv_jpeg_bits *in = &h->at.in;
    *row = (fv_jpeg_row){ in->word, (uint32_t)(in->next - h->begin), { 0 }, (uint8_t)in->count };
    for (int c = 0; c < 3; c++) {
        row->last_dc[c] = (int16_t)h->at.last_dc[c];
        if (row->last_dc[c] != h->at.last_dc[c]) {
            h->noted = NULL;
            return;
        }
    }
}

/* The state in front of a known row; what the note says lies in the file, for its length is the same. False: it does not. */
static bool stand_before(const huffman *h, int64_t number, fv_jpeg_stream *at) {
    const fv_jpeg_row *row = &h->known.rows->at[number];
    const fv_jpeg_bits *in = &h->at.in;
    if (row->next > in->end - h->begin || row->count > 63) return false;
    *at = (fv_jpeg_stream){ .in = { row->word, row->count, h->begin + row->next, in->end } };
    for (int c = 0; c < 3; c++) at->last_dc[c] = row->last_dc[c];
    return true;
}

/* This row, and with it the next if that is wanted too. */
static bool read_known(huffman *h) {
    known *k = &h->known;
    fv_jpeg_stream at[2];
    k->first = h->row;
    k->count = h->row + 1 < k->high ? 2 : 1;
    for (int i = 0; i < k->count; i++) {
        if (!stand_before(h, k->first + i, &at[i])) return false;
        memset(k->blocks[i], 0, (size_t)(k->wide * h->mcu.blocks) * sizeof(JBLOCK));
    }
    return fv_jpeg_read_rows(&h->mcu, at, (int)k->count, k->wide, k->blocks);
}

static bool give_known(huffman *h, JBLOCKROW *blocks) {
    const known *k = &h->known;
    if (!blocks || h->column >= k->wide) return true;
    if (h->row - k->first >= k->count && !read_known(h)) return false;
    const JBLOCK *from = k->blocks[h->row - k->first] + h->column * h->mcu.blocks;
    for (int i = 0; i < h->mcu.blocks; i++) memcpy(*blocks[i], from[i], sizeof *from);
    return true;
}

static bool read_next(j_decompress_ptr jpeg, huffman *h, JBLOCKROW *blocks) {
    if (!h->until_restart && !restart(h, jpeg->restart_interval)) return false;
    if (h->noted && !h->column) note_row(h);
    if (!fv_jpeg_read_mcu(&h->mcu, &h->at, blocks)) return false;
    h->until_restart--;
    if (h->left > 1) return true;
    if (h->noted) *h->made = h->noted;
    jpeg->src->next_input_byte = h->at.in.next; /* the marker behind, but for bytes that mean nothing */
    jpeg->src->bytes_in_buffer = (size_t)(h->at.in.end - h->at.in.next);
    return true;
}

static boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW *blocks) {
    huffman *h = jpeg->client_data;
    if (!h->left || !(h->known.rows ? give_known(h, blocks) : read_next(jpeg, h, blocks))) doubt(jpeg, h);
    h->left--;
    if (++h->column < h->columns) return TRUE;
    h->column = 0;
    h->row++;
    return TRUE;
}

static const fv_jpeg_table *table_of(j_decompress_ptr jpeg, const JHUFF_TBL *from, bool dc, const fv_jpeg_table **made) {
    if (!*made) *made = fv_jpeg_table_make(jpeg, from, dc);
    return *made;
}

/* Blocks of two rows; an MCU of a lone component is no more than a block, and all of those are read. */
static void use_rows(j_decompress_ptr jpeg, const fv_jpeg_hints *hints, huffman *h) {
    int64_t across = jpeg->max_h_samp_factor * jpeg->min_DCT_scaled_size;
    int64_t down = jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size;
    known *k = &h->known;
    k->rows = hints->rows;
    k->high = jpeg->MCU_rows_in_scan;
    k->wide = h->columns;
    if (jpeg->comps_in_scan > 1) {
        k->high = fv_min(k->high, fv_ceil_div(hints->height + jpeg->max_v_samp_factor, down)); /* chroma of the row behind */
        k->wide = fv_min(k->wide, fv_ceil_div(hints->width, across));
    }
    for (int i = 0; i < 2; i++)
        k->blocks[i] =
            (*jpeg->mem->alloc_large)((j_common_ptr)jpeg, JPOOL_IMAGE, (size_t)(k->wide * h->mcu.blocks) * sizeof(JBLOCK));
}

/* What is known of the rows is used, and else found, where three components at most and no marks keep a row's state small. */
static void choose_rows(j_decompress_ptr jpeg, const fv_jpeg_hints *hints, huffman *h) {
    int64_t count = jpeg->MCU_rows_in_scan;
    if (jpeg->restart_interval || jpeg->comps_in_scan > 3) return;
    if (hints->rows && hints->rows->count == count) {
        use_rows(jpeg, hints, h);
        return;
    }
    if (!hints->made || hints->length > UINT32_MAX) return;
    size_t bytes = sizeof *h->noted + (size_t)count * sizeof *h->noted->at;
    h->made = hints->made;
    h->noted = (*jpeg->mem->alloc_large)((j_common_ptr)jpeg, JPOOL_PERMANENT, bytes);
    h->noted->length = hints->length;
    h->noted->count = count;
}

void fv_jpeg_huffman_take(j_decompress_ptr jpeg, const fv_jpeg_hints *hints, bool *doubted) {
    const fv_jpeg_table *dc[NUM_HUFF_TBLS] = { 0 }, *ac[NUM_HUFF_TBLS] = { 0 };
    if (jpeg->progressive_mode || jpeg->arith_code || jpeg_has_multiple_scans(jpeg)) return;
    huffman *h = (*jpeg->mem->alloc_small)((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *h);
    const uint8_t *begin = jpeg->src->next_input_byte;
    *h = (huffman){ .doubted = doubted,
                    .mcu.blocks = jpeg->blocks_in_MCU,
                    .at.in = { .next = begin, .end = begin + jpeg->src->bytes_in_buffer },
                    .begin = begin,
                    .columns = jpeg->MCUs_per_row,
                    .left = (int64_t)jpeg->MCUs_per_row * jpeg->MCU_rows_in_scan,
                    .until_restart = jpeg->restart_interval ? (int64_t)jpeg->restart_interval : -1 };
    for (int i = 0; i < h->mcu.blocks; i++) {
        int component = jpeg->MCU_membership[i];
        const jpeg_component_info *c = jpeg->cur_comp_info[component];
        h->mcu.block[i].component = component;
        h->mcu.block[i].dc = table_of(jpeg, jpeg->dc_huff_tbl_ptrs[c->dc_tbl_no], true, &dc[c->dc_tbl_no]);
        h->mcu.block[i].ac = table_of(jpeg, jpeg->ac_huff_tbl_ptrs[c->ac_tbl_no], false, &ac[c->ac_tbl_no]);
    }
    choose_rows(jpeg, hints, h);
    jpeg->client_data = h;
    jpeg->entropy->decode_mcu = decode_mcu;
}
