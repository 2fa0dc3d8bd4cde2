/* shared: bits of a JPEG to coefficients, which takes most of a photograph's time.
 *
 * Bits are kept at the top of a 64-bit word. The next LOOK of them point into a table that tells, nearly always, a whole
 * coefficient: how many zeros come before it, its value, and how many bits that took. One filling of the word lasts for
 * RUN looks, so that nothing is asked between them but whether the block goes on.
 *
 * Each look waits for the one before, some ten cycles in which a processor has nothing else to do: two streams that know
 * nothing of each other are read in turns where there are two. */
#include "data/decode/jpeg_codes.h"

#include <string.h>

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

struct fv_jpeg_table {
    entry at[1 << LOOK];
    int32_t largest[CODE_MAX + 1]; /* of the codes of a length; −1: there are none */
    int32_t offset[CODE_MAX + 1];  /* from such a code to its place in `symbols` */
    uint8_t symbols[256];          /* by rank of the code */
};

typedef fv_jpeg_bits bits;
typedef fv_jpeg_table table;

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
static inline __attribute__((always_inline)) int read_symbol(const table *t, bits *in) {
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
static inline __attribute__((always_inline)) int32_t read_value(bits *in, int size) {
    if (!size) return 0;
    int32_t value = signed_of((uint32_t)(in->word >> (64 - size)), size);
    take(in, size);
    return value;
}

/* Coefficients that one look each tells, from number *k on, as long as they lie in the block. */
static inline __attribute__((always_inline)) void read_plain(const table *ac, bits *in, int *k, JCOEF *to) {
    for (;;) {
        fill(in);
#pragma GCC unroll 5
        for (int i = 0; i < RUN; i++) {
            entry e = ac->at[in->word >> (64 - LOOK)];
            int at = *k + e.zeros;
            if (at > 63) return;
            if (to) to[natural[at]] = e.value;
            *k = at + 1;
            take(in, e.bits);
        }
    }
}

/* What the next look does not tell as a coefficient of this block: its end, or one that takes more. False: there is no such
 * symbol, or none in this place. */
static inline __attribute__((always_inline)) bool read_other(const table *ac, bits *in, int *k, JCOEF *to) {
    entry e = ac->at[in->word >> (64 - LOOK)];
    if (e.zeros == BLOCK_ENDS) {
        take(in, e.bits);
        *k = BLOCK_ENDS;
    }
    if (e.zeros != OTHER) return e.zeros == BLOCK_ENDS;
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

static inline __attribute__((always_inline)) bool read_dc(const table *dc, int32_t *last_dc, bits *in, JCOEF *to) {
    fill(in);
    int size = read_symbol(dc, in);
    if (size < 0) return false;
    *last_dc += read_value(in, size);
    if (*last_dc > DC_MAX || *last_dc < -DC_MAX) return false;
    if (to) to[0] = (JCOEF)*last_dc;
    return true;
}

/* One block; false: it is none. Where `to` is NULL nothing is kept. */
static inline __attribute__((always_inline)) bool read_block(const table *dc, const table *ac, int32_t *last_dc, bits *stream,
                                                             JCOEF *to) {
    bits in = *stream;
    if (!read_dc(dc, last_dc, &in, to)) return false;
    for (int k = 1; k < 64;) {
        read_plain(ac, &in, &k, to);
        if (k < 64 && !read_other(ac, &in, &k, to)) return false;
    }
    *stream = in;
    return in.count >= 0;
}

const fv_jpeg_table *fv_jpeg_table_make(j_decompress_ptr jpeg, const JHUFF_TBL *from, bool dc) {
    table *t = (*jpeg->mem->alloc_large)((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *t);
    fill_table(from, dc, t);
    return t;
}

bool fv_jpeg_read_mcu(const fv_jpeg_mcu *mcu, fv_jpeg_stream *from, JBLOCKROW *to) {
    for (int i = 0; i < mcu->blocks; i++) {
        const table *dc = mcu->block[i].dc, *ac = mcu->block[i].ac;
        int32_t *last = &from->last_dc[mcu->block[i].component];
        if (!(to ? read_block(dc, ac, last, &from->in, *to[i]) : read_block(dc, ac, last, &from->in, NULL))) return false;
    }
    return true;
}

/* ---- two streams ---- */

/* A stream within a block. */
typedef struct reader {
    bits in;
    const table *ac;
    JCOEF *to;
    int k;        /* the next coefficient */
    int block;    /* of the MCU */
    int64_t left; /* blocks, with this one */
    int32_t last_dc[MAX_COMPS_IN_SCAN];
} reader;

static inline __attribute__((always_inline)) bool begin_block(const fv_jpeg_mcu *mcu, reader *r) {
    r->ac = mcu->block[r->block].ac;
    r->k = 1;
    return read_dc(mcu->block[r->block].dc, &r->last_dc[mcu->block[r->block].component], &r->in, r->to);
}

/* Where a look told no coefficient of this block: its end, or what takes more. False: there is no such thing. */
static inline __attribute__((always_inline)) bool go_on(const fv_jpeg_mcu *mcu, reader *r) {
    if (r->k < 64 && !read_other(r->ac, &r->in, &r->k, r->to)) return false;
    if (r->k < 64) return true;
    if (r->in.count < 0) return false;
    r->block = r->block + 1 < mcu->blocks ? r->block + 1 : 0;
    r->to += DCTSIZE2;
    return !--r->left || begin_block(mcu, r);
}

/* The next coefficient, if a look tells it. */
static inline __attribute__((always_inline)) bool look(reader *r) {
    entry e = r->ac->at[r->in.word >> (64 - LOOK)];
    int at = r->k + e.zeros;
    if (at > 63) return false;
    r->to[natural[at]] = e.value;
    r->k = at + 1;
    take(&r->in, e.bits);
    return true;
}

/* In turns, until one has no block left. */
static bool read_both(const fv_jpeg_mcu *mcu, reader *first, reader *second) {
    reader a = *first, b = *second;
    bool sound = true;
    while (sound && a.left && b.left) {
        fill(&a.in);
        fill(&b.in);
        for (int i = 0; i < RUN; i++) {
            if (!look(&a)) {
                sound = go_on(mcu, &a);
                break;
            }
            if (!look(&b)) {
                sound = go_on(mcu, &b);
                break;
            }
        }
    }
    *first = a;
    *second = b;
    return sound;
}

static bool read_rest(const fv_jpeg_mcu *mcu, reader *r) {
    while (r->left) {
        bits in = r->in;
        int k = r->k;
        read_plain(r->ac, &in, &k, r->to);
        r->in = in;
        r->k = k;
        if (!go_on(mcu, r)) return false;
    }
    return true;
}

bool fv_jpeg_read_rows(const fv_jpeg_mcu *mcu, const fv_jpeg_stream *from, int rows, int64_t count, JBLOCK *const *to) {
    reader at[2];
    for (int i = 0; i < rows; i++) {
        at[i] = (reader){ .in = from[i].in, .to = to[i][0], .left = count * mcu->blocks };
        memcpy(at[i].last_dc, from[i].last_dc, sizeof at[i].last_dc);
        if (!begin_block(mcu, &at[i])) return false;
    }
    if (rows == 2 && !read_both(mcu, &at[0], &at[1])) return false;
    for (int i = 0; i < rows; i++)
        if (!read_rest(mcu, &at[i])) return false;
    return true;
}
