/* shared: the Huffman decoding of jpeg.c (ITU T.81, annex F.2.2), which takes most of a photograph's time.
 *
 * Bits are kept at the top of a 64-bit word. The next LOOK of them point into a table that tells, nearly always, a whole
 * coefficient: how many zeros come before it, its value, and how many bits that took. One filling of the word lasts for RUN
 * looks, so that nothing is asked between them but whether the block goes on.
 *
 * libjpeg's decoder is a pair of function pointers behind jpeg->entropy, which its header jpegint.h declares; the second is
 * asked for one MCU after the other. */
#include "data/decode/jpeg_huffman.h"

#include <stdint.h>
#include <string.h>

#include <jpegint.h>

#define LOOK 11
#define RUN 5         /* looks that 56 bits last for */
#define CODE_MAX 16   /* bits of a code */
#define BLOCK_ENDS 64 /* as `zeros`: no coefficient is left */
#define OTHER 128     /* as `zeros`: the look does not tell a coefficient */
#define DC_MAX (1 << 20)

/* What a look tells: bits taken, zeros before the coefficient, the coefficient. With OTHER `value` is the code's length (0:
 * more than LOOK, or there is no such code) and its symbol. */
typedef union entry {
    struct {
        uint8_t bits, zeros;
        union {
            int16_t value;
            struct {
                uint8_t code, symbol;
            };
        };
    };
    uint32_t all;
} entry;

typedef struct table {
    entry at[1 << LOOK];
    int32_t largest[CODE_MAX + 1]; /* of the codes of a length; −1: there are none */
    int32_t offset[CODE_MAX + 1];  /* from such a code to its place in `symbols` */
    uint8_t symbols[256];          /* by rank of the code */
} table;

/* Where the bits come from: `word` holds `count` of them at its top. It is less than 0 when more were taken than there are. */
typedef struct bits {
    uint64_t word;
    int count;
    const uint8_t *next, *end;
} bits;

typedef struct huffman {
    bool *doubted;
    bits in;
    const uint8_t *begin;
    const fv_jpeg_rows *rows; /* known; NULL: not */
    fv_jpeg_rows *noted;      /* being found; NULL: not */
    fv_jpeg_rows **made;
    int64_t row, column, columns; /* of the next MCU; those in a row */
    int64_t wanted;               /* columns */
    bool behind;                  /* MCUs were left out: `in` is not at the next one */
    int blocks;                   /* of an MCU */
    struct {
        const table *dc, *ac;
        int component;
    } block[D_MAX_BLOCKS_IN_MCU];
    int32_t last_dc[MAX_COMPS_IN_SCAN];
    int64_t left;           /* MCUs */
    int64_t until_restart;  /* MCUs; < 0: there are no marks */
    int64_t restart_number; /* of the next mark, 0 to 7 */
} huffman;

static const uint8_t natural[64] = { 0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
                                     41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
                                     30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63 };

/* ---- tables ---- */

/* Numbers of `size` bits: those that begin with 0 stand for negative ones. */
static inline int32_t signed_of(uint32_t value, int size) {
    return (int32_t)value - (value >> (size - 1) ? 0 : (1 << size) - 1);
}

/* What LOOK bits tell that begin with a code of `length` for `symbol`. */
static entry entry_of(uint32_t look, int length, uint8_t symbol, bool dc) {
    int size = symbol & 15, rest = LOOK - length;
    if (dc || (!size && symbol >> 4 == 15) || size > rest)
        return (entry){ .zeros = OTHER, .code = (uint8_t)length, .symbol = symbol };
    if (!size) return (entry){ .bits = (uint8_t)length, .zeros = BLOCK_ENDS };
    uint32_t value = look >> (rest - size) & ((1u << size) - 1);
    return (entry){ .bits = (uint8_t)(length + size), .zeros = symbol >> 4, .value = (int16_t)signed_of(value, size) };
}

/* libjpeg has checked what the file says: codes fit their lengths, at most 256 of them, and a DC size is at most 15. */
static void fill_table(const JHUFF_TBL *from, bool dc, table *t) {
    int rank = 0;
    int32_t code = 0;
    for (int i = 0; i < 1 << LOOK; i++) t->at[i] = (entry){ .zeros = OTHER };
    for (int length = 1; length <= CODE_MAX; length++, code <<= 1) {
        t->offset[length] = rank - code;
        for (int i = 0; i < from->bits[length]; i++, code++, rank++) {
            t->symbols[rank] = from->huffval[rank];
            if (length > LOOK) continue;
            uint32_t first = (uint32_t)code << (LOOK - length), count = 1u << (LOOK - length);
            for (uint32_t look = first; look < first + count; look++)
                t->at[look] = entry_of(look, length, t->symbols[rank], dc);
        }
        t->largest[length] = from->bits[length] ? code - 1 : -1;
    }
}

/* ---- bits ---- */

/* A byte at a time, up to a marker: there the bits end. A 255 that is meant is followed by a 0. */
static __attribute__((noinline)) void fill_slowly(bits *in) {
    while (in->count >= 0 && in->count < 56 && in->next < in->end) {
        uint64_t byte = *in->next;
        if (byte == 0xFF && (in->end - in->next < 2 || in->next[1])) return;
        in->next += byte == 0xFF ? 2 : 1;
        in->word |= byte << (56 - in->count);
        in->count += 8;
    }
}

/* At least 56 bits, unless they end. Below those that count the word may hold bits of the byte that comes next. */
static inline void fill(bits *in) {
    if (in->end - in->next >= 8) {
        uint64_t eight;
        memcpy(&eight, in->next, sizeof eight);
        uint64_t other = ~eight; /* a byte of 255 is one of 0 there */
        if (!((other - 0x0101010101010101u) & eight & 0x8080808080808080u)) {
            in->word |= __builtin_bswap64(eight) >> in->count;
            in->next += (63 - in->count) >> 3;
            in->count |= 56;
            return;
        }
    }
    bits copy = *in; /* whose address may be taken: the others stay in registers */
    fill_slowly(&copy);
    *in = copy;
}

static inline void take(bits *in, int count) {
    in->word <<= count;
    in->count -= count;
}

/* ---- blocks ---- */

/* The next code's symbol; −1: there is none of that code. Of at least 16 bits. */
static inline int read_symbol(const table *t, bits *in) {
    entry e = t->at[in->word >> (64 - LOOK)];
    if (e.code) {
        take(in, e.code);
        return e.symbol;
    }
    for (int length = LOOK + 1; length <= CODE_MAX; length++) {
        int32_t code = (int32_t)(in->word >> (64 - length));
        if (code > t->largest[length]) continue;
        take(in, length);
        return t->symbols[(code + t->offset[length]) & 255];
    }
    return -1;
}

/* The number of `size` bits that follows. */
static inline int32_t read_value(bits *in, int size) {
    if (!size) return 0;
    int32_t value = signed_of((uint32_t)(in->word >> (64 - size)), size);
    take(in, size);
    return value;
}

/* Coefficients that one look each tells, from number *k on; what ends them. */
static inline __attribute__((always_inline)) entry read_plain(const table *ac, bits *in, int *k, JCOEF *to) {
    for (;;) {
        fill(in);
#pragma GCC unroll 5
        for (int i = 0; i < RUN; i++) {
            entry e = ac->at[in->word >> (64 - LOOK)];
            int at = *k + e.zeros;
            if (at > 63) return e;
            if (to) to[natural[at]] = e.value;
            *k = at + 1;
            take(in, e.bits);
        }
    }
}

/* One that takes more; false: there is no such symbol, or none in this place. */
static inline bool read_other(const table *ac, bits *in, int *k, JCOEF *to) {
    fill(in);
    int symbol = read_symbol(ac, in), zeros = symbol >> 4, size = symbol & 15;
    if (symbol < 0) return false;
    *k = size || zeros == 15 ? *k + zeros : BLOCK_ENDS; /* 15 and no size: 16 zeros */
    if (size && *k > 63) return false;
    int32_t value = read_value(in, size);
    if (to && size) to[natural[*k]] = (JCOEF)value;
    ++*k;
    return true;
}

/* One block; false: it is none. Where `to` is NULL nothing is kept. */
static inline __attribute__((always_inline)) bool read_block(const table *dc, const table *ac, int32_t *last_dc, bits *stream,
                                                             JCOEF *to) {
    bits in = *stream;
    fill(&in);
    int size = read_symbol(dc, &in);
    if (size < 0) return false;
    *last_dc += read_value(&in, size);
    if (*last_dc > DC_MAX || *last_dc < -DC_MAX) return false;
    if (to) to[0] = (JCOEF)*last_dc;
    for (int k = 1; k < 64;) {
        entry e = read_plain(ac, &in, &k, to);
        if (k > 63) break;
        if (e.zeros == BLOCK_ENDS) {
            take(&in, e.bits);
            break;
        }
        if (e.zeros != OTHER || !read_other(ac, &in, &k, to)) return false;
    }
    *stream = in;
    return in.count >= 0;
}

/* ---- in libjpeg's place ---- */

static _Noreturn void doubt(j_decompress_ptr jpeg, const huffman *h) {
    *h->doubted = true;
    ((fv_jpeg_trap *)jpeg->err)->message[0] = 0;
    longjmp(((fv_jpeg_trap *)jpeg->err)->out, 1);
}

static bool restart(huffman *h, int64_t interval) {
    bits *in = &h->in;
    if (in->count > 7 || in->end - in->next < 2 || in->next[0] != 0xFF) return false;
    if (in->next[1] != JPEG_RST0 + h->restart_number) return false;
    *in = (bits){ .next = in->next + 2, .end = in->end };
    h->restart_number = (h->restart_number + 1) % 8;
    h->until_restart = interval;
    memset(h->last_dc, 0, sizeof h->last_dc);
    return true;
}

/* A DC that the note has no room for, which no picture has: none is taken. */
static void note_row(huffman *h) {
    fv_jpeg_row *row = &h->noted->at[h->row];
    *row = (fv_jpeg_row){ h->in.word, (uint32_t)(h->in.next - h->begin), { 0 }, (uint8_t)h->in.count };
    for (int c = 0; c < 3; c++) {
        row->last_dc[c] = (int16_t)h->last_dc[c];
        if (row->last_dc[c] != h->last_dc[c]) {
            h->noted = NULL;
            return;
        }
    }
}

/* To the row that comes next, if it does; what the note says lies in the file, for its length is the same. */
static bool catch_up(huffman *h) {
    const fv_jpeg_row *row = &h->rows->at[h->row];
    if (h->column || row->next > h->in.end - h->begin || row->count > 63) return false;
    h->in = (bits){ row->word, row->count, h->begin + row->next, h->in.end };
    for (int c = 0; c < 3; c++) h->last_dc[c] = row->last_dc[c];
    h->behind = false;
    return true;
}

static boolean step_on(huffman *h) {
    h->left--;
    if (++h->column < h->columns) return TRUE;
    h->column = 0;
    h->row++;
    return TRUE;
}

static boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW *blocks) {
    huffman *h = jpeg->client_data;
    if (!h->left || (!h->until_restart && !restart(h, jpeg->restart_interval))) doubt(jpeg, h);
    if (h->rows && (!blocks || h->column >= h->wanted)) {
        h->behind = true;
        return step_on(h);
    }
    if (h->behind && !catch_up(h)) doubt(jpeg, h);
    if (h->noted && !h->column) note_row(h);
    for (int i = 0; i < h->blocks; i++) {
        int32_t *dc = &h->last_dc[h->block[i].component];
        bool read = blocks ? read_block(h->block[i].dc, h->block[i].ac, dc, &h->in, *blocks[i])
                           : read_block(h->block[i].dc, h->block[i].ac, dc, &h->in, NULL);
        if (!read) doubt(jpeg, h);
    }
    h->until_restart--;
    step_on(h);
    if (h->left) return TRUE;
    if (h->noted) *h->made = h->noted;
    jpeg->src->next_input_byte = h->in.next; /* the marker behind, but for bytes that mean nothing */
    jpeg->src->bytes_in_buffer = (size_t)(h->in.end - h->in.next);
    return TRUE;
}

static const table *table_of(j_decompress_ptr jpeg, const JHUFF_TBL *from, bool dc, const table **made) {
    if (!*made) {
        table *t = (*jpeg->mem->alloc_large)((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *t);
        fill_table(from, dc, t);
        *made = t;
    }
    return *made;
}

/* What is known of the rows is used, and else found, where three components at most and no marks keep a row's state small. */
static void choose_rows(j_decompress_ptr jpeg, const fv_jpeg_hints *hints, huffman *h) {
    int64_t across = jpeg->max_h_samp_factor * DCTSIZE, count = jpeg->MCU_rows_in_scan;
    if (jpeg->restart_interval || jpeg->comps_in_scan > 3) return;
    if (hints->rows && hints->rows->count == count) {
        h->rows = hints->rows;
        if (jpeg->comps_in_scan > 1) h->wanted = (hints->width + across - 1) / across; /* else an MCU is no more than a block */
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
    const table *dc[NUM_HUFF_TBLS] = { 0 }, *ac[NUM_HUFF_TBLS] = { 0 };
    if (jpeg->progressive_mode || jpeg->arith_code || jpeg_has_multiple_scans(jpeg)) return;
    huffman *h = (*jpeg->mem->alloc_small)((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *h);
    *h =
        (huffman){ .doubted = doubted,
                   .in = { .next = jpeg->src->next_input_byte, .end = jpeg->src->next_input_byte + jpeg->src->bytes_in_buffer },
                   .blocks = jpeg->blocks_in_MCU,
                   .begin = jpeg->src->next_input_byte,
                   .columns = jpeg->MCUs_per_row,
                   .wanted = jpeg->MCUs_per_row,
                   .left = (int64_t)jpeg->MCUs_per_row * jpeg->MCU_rows_in_scan,
                   .until_restart = jpeg->restart_interval ? (int64_t)jpeg->restart_interval : -1 };
    for (int i = 0; i < h->blocks; i++) {
        int component = jpeg->MCU_membership[i];
        const jpeg_component_info *c = jpeg->cur_comp_info[component];
        h->block[i].component = component;
        h->block[i].dc = table_of(jpeg, jpeg->dc_huff_tbl_ptrs[c->dc_tbl_no], true, &dc[c->dc_tbl_no]);
        h->block[i].ac = table_of(jpeg, jpeg->ac_huff_tbl_ptrs[c->ac_tbl_no], false, &ac[c->ac_tbl_no]);
    }
    choose_rows(jpeg, hints, h);
    jpeg->client_data = h;
    jpeg->entropy->decode_mcu = decode_mcu;
}
