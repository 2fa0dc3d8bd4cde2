/* warp_line_avx2.c - the inner loops of warping for AVX2: eight pixels at a time, and those whose taps do not all lie inside
 * once more, one by one, as the plain loop has them. */
#include <immintrin.h>
#include <string.h>

#include "data/warp_line.h"

/* Four places of fv_warp_point, the columns `at` (at their centres), as 32-bit integers. `row` is m[1] · down + m[2] of each of
 * the three rows. */
typedef struct points {
    __m128i x, y;
} points;

static inline __m128i to_place(__m256d v) {
    const __m256d limit = _mm256_set1_pd(1 << 30), low = _mm256_set1_pd(-(1 << 30));
    return _mm256_cvtpd_epi32(_mm256_max_pd(_mm256_min_pd(v, limit), low)); /* NaN: the second operand */
}

static inline points four_points(const fv_warp_plane *plane, const double row[3], __m256d at) {
    const double *m = plane->rows;
    __m256d a = _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(m[0]), at), _mm256_set1_pd(row[0]));
    __m256d b = _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(m[3]), at), _mm256_set1_pd(row[1]));
    if (plane->perspective) {
        __m256d w = _mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(m[6]), at), _mm256_set1_pd(row[2]));
        w = _mm256_div_pd(_mm256_set1_pd(1), w);
        a = _mm256_mul_pd(a, w);
        b = _mm256_mul_pd(b, w);
    }
    return (points){ to_place(a), to_place(b) };
}

/* What eight pixels come from. `inside`: the lanes whose taps, and the bytes that are loaded with them, are all there; the
 * others' offsets are 0. `nothing`: the lanes that show nothing but the fill. */
typedef struct eight {
    __m256i x, y, offset;
    int inside, nothing;
} eight;

/* The lanes of `at` below `low` or above `high`, which are at most 2³⁰ from 0. */
static inline __m256i beyond(__m256i at, int64_t low, int64_t high) {
    return _mm256_or_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)low), at),
                           _mm256_cmpgt_epi32(at, _mm256_set1_epi32((int32_t)high)));
}

static inline int lanes_of(__m256i mask) { return _mm256_movemask_ps(_mm256_castsi256_ps(mask)); }

static inline eight eight_points(const fv_warp_plane *plane, const double row[3], int64_t x) {
    __m256d at = _mm256_add_pd(_mm256_set1_pd((double)x), _mm256_setr_pd(0.5, 1.5, 2.5, 3.5));
    points left = four_points(plane, row, at), right = four_points(plane, row, _mm256_add_pd(at, _mm256_set1_pd(4)));
    eight e = { .x = _mm256_set_m128i(right.x, left.x), .y = _mm256_set_m128i(right.y, left.y) };
    int64_t taps = plane->nearest ? 0 : 1, last_column = plane->width - 1, last_line = plane->height - 1;
    int64_t ahead = plane->nearest ? 4 : plane->stride + 8, bytes = plane->height * plane->stride;
    __m256i column = _mm256_srai_epi32(e.x, FV_WARP_BITS), line = _mm256_srai_epi32(e.y, FV_WARP_BITS);
    e.offset = _mm256_add_epi32(_mm256_mullo_epi32(line, _mm256_set1_epi32((int32_t)plane->stride)),
                                _mm256_mullo_epi32(column, _mm256_set1_epi32((int32_t)plane->channels)));
    __m256i far_off = _mm256_cmpgt_epi32(e.offset, _mm256_set1_epi32((int32_t)(bytes - ahead)));
    __m256i out = _mm256_or_si256(beyond(column, 0, last_column - taps), beyond(line, 0, last_line - taps));
    out = _mm256_or_si256(out, far_off);
    e.offset = _mm256_andnot_si256(out, e.offset);
    e.inside = ~lanes_of(out) & 0xFF;
    e.nothing = 0;
    if (e.inside != 0xFF && plane->border == FV_BORDER_CONSTANT)
        e.nothing = lanes_of(_mm256_or_si256(beyond(column, -taps, last_column), beyond(line, -taps, last_line)));
    return e;
}

/* Bytes of the first pixel and the one beside it → 16-bit pairs, one a channel; `begin` is where they begin in 16 bytes. */
static __m256i pairs_of(int64_t channels, int begin) {
    int8_t order[16];
    for (int c = 0; c < 4; c++) {
        bool is = c < channels;
        order[4 * c] = (int8_t)(is ? begin + c : -1);
        order[4 * c + 1] = order[4 * c + 3] = -1;
        order[4 * c + 2] = (int8_t)(is ? begin + c + channels : -1);
    }
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)order));
}

/* Four channels of four bytes → as many as there are, close together. */
static __m256i packed_of(int64_t channels) {
    int8_t order[16];
    for (int i = 0; i < 16; i++) order[i] = (int8_t)(i < 4 * channels ? i / channels * 4 + i % channels : -1);
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)order));
}

static inline __m128i both_rows(const uint8_t *taps, int64_t stride) {
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)taps), _mm_loadl_epi64((const __m128i *)(taps + stride)));
}

static inline __m256i two_of(const uint32_t *weights) {
    return _mm256_set_m128i(_mm_set1_epi32((int32_t)weights[1]), _mm_set1_epi32((int32_t)weights[0]));
}

/* (2¹⁴ − f, f) as a pair of 16 bits. */
static inline __m256i weights_of(__m256i place) {
    const __m256i one = _mm256_set1_epi32(FV_WARP_ONE);
    __m256i f = _mm256_and_si256(place, _mm256_set1_epi32(FV_WARP_ONE - 1));
    return _mm256_or_si256(_mm256_sub_epi32(one, f), _mm256_slli_epi32(f, 16));
}

/* fv_warp_mix of all channels of eight pixels: four bytes each, in order. */
static inline __m256i mix_eight(const fv_warp_plane *plane, const eight *e, __m256i above, __m256i below) {
    _Alignas(32) int32_t offset[8];
    _Alignas(32) uint32_t wx[8], wy[8];
    __m256i mixed[4];
    _mm256_store_si256((__m256i *)offset, e->offset);
    _mm256_store_si256((__m256i *)wx, weights_of(e->x));
    _mm256_store_si256((__m256i *)wy, weights_of(e->y));
    for (int i = 0; i < 8; i += 2) {
        __m256i taps = _mm256_set_m128i(both_rows(plane->pixels + offset[i + 1], plane->stride),
                                        both_rows(plane->pixels + offset[i], plane->stride));
        __m256i w = two_of(wx + i), half = _mm256_set1_epi32(64);
        __m256i a = _mm256_madd_epi16(_mm256_shuffle_epi8(taps, above), w);
        __m256i b = _mm256_madd_epi16(_mm256_shuffle_epi8(taps, below), w);
        a = _mm256_srli_epi32(_mm256_add_epi32(a, half), 7);
        b = _mm256_srli_epi32(_mm256_add_epi32(b, half), 7);
        __m256i sum = _mm256_madd_epi16(_mm256_or_si256(a, _mm256_slli_epi32(b, 16)), two_of(wy + i));
        mixed[i / 2] = _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 20)), 21);
    }
    __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(mixed[0], mixed[1]), _mm256_packs_epi32(mixed[2], mixed[3]));
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* 4 · channels bytes of each half. */
static inline void store_eight(__m256i bytes, int64_t channels, uint8_t *to) {
    __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    switch (channels) {
    case 1: _mm_storel_epi64((__m128i *)to, _mm_unpacklo_epi32(low, high)); break;
    case 2: _mm_storeu_si128((__m128i *)to, _mm_unpacklo_epi64(low, high)); break;
    case 3: /* twelve and twelve: the first store's last four bytes are overwritten by the second */
        _mm_storeu_si128((__m128i *)to, low);
        _mm_storel_epi64((__m128i *)(to + 12), high);
        _mm_storeu_si32(to + 20, _mm_srli_si128(high, 8));
        break;
    default: _mm256_storeu_si256((__m256i *)to, bytes);
    }
}

static inline void copy_pixel(const uint8_t *from, int64_t channels, uint8_t *to) {
    switch (channels) { /* a constant lets the compiler move words */
    case 1: memcpy(to, from, 1); break;
    case 2: memcpy(to, from, 2); break;
    case 3: memcpy(to, from, 3); break;
    default: memcpy(to, from, 4);
    }
}

static inline void copy_eight(const fv_warp_plane *plane, const eight *e, uint8_t *to) {
    _Alignas(32) int32_t offset[8];
    _mm256_store_si256((__m256i *)offset, e->offset);
    if (plane->channels == 3) { /* four bytes at once: the next pixel overwrites the last of them */
        for (int i = 0; i < 7; i++) memcpy(to + 3 * i, plane->pixels + offset[i], 4);
        memcpy(to + 21, plane->pixels + offset[7], 3);
        return;
    }
    for (int i = 0; i < 8; i++) copy_pixel(plane->pixels + offset[i], plane->channels, to + i * plane->channels);
}

/* The lanes that are not inside. */
static void do_outside(const fv_warp_plane *plane, const eight *e, uint8_t *to) {
    _Alignas(32) int32_t px[8], py[8];
    _mm256_store_si256((__m256i *)px, e->x);
    _mm256_store_si256((__m256i *)py, e->y);
    for (int i = 0; i < 8; i++, to += plane->channels) {
        if (e->nothing >> i & 1)
            copy_pixel(plane->fill, plane->channels, to);
        else if (!(e->inside >> i & 1))
            fv_warp_pixel(plane, px[i], py[i], to);
    }
}

void fv_warp_row_u8_avx2(const fv_warp_plane *plane, int64_t y, int64_t width, uint8_t *to) {
    const fv_warp_plane own = *plane; /* what is written to `to` cannot change it: its members stay in registers */
    const double *m = own.rows, down = (double)y + 0.5;
    const double row[3] = { m[1] * down + m[2], m[4] * down + m[5], m[7] * down + m[8] };
    int64_t channels = own.channels, x = 0;
    __m256i above = pairs_of(channels, 0), below = pairs_of(channels, 8), packed = packed_of(channels);
    for (; x + 8 <= width; x += 8, to += 8 * channels) {
        eight e = eight_points(&own, row, x);
        if (e.inside && own.nearest)
            copy_eight(&own, &e, to);
        else if (e.inside)
            store_eight(_mm256_shuffle_epi8(mix_eight(&own, &e, above, below), packed), channels, to);
        if (e.inside != 0xFF) do_outside(plane, &e, to);
    }
    for (; x < width; x++, to += channels) {
        int32_t px, py;
        fv_warp_point(plane, x, y, &px, &py);
        fv_warp_pixel(plane, px, py, to);
    }
}
