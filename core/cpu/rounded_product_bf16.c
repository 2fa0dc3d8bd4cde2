/* shared: rounded_product_bf16.c - rounding to bf16 and products of it by vdpbf16ps (rounded_product.h). The loops are those of
 * the f32 products: a pair of bf16 is loaded, stored and broadcast as the float in whose place it lies. */
#include <immintrin.h>

#define PRODUCT(x, y, sum) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(y))
#include "core/cpu/gemm_chains_avx512.h"
#include "core/cpu/rounded_product.h"
#include "core/cpu/slab_product_chains.h"
#include "core/cpu/stored_lanes.h"

void fv_gemm_multiply_bf16(const fv_gemm_block *block) { multiply(block); }

DEFINE_SLAB_MULTIPLY(fv_slab_multiply_bf16)

/* The first `count` ≤ 16 floats, zeros behind; reads nothing else. */
static inline __m512 head(const float *from, int64_t count) {
    return count >= LANES ? load(from) : load_tail(from, count > 0 ? count : 0);
}

void fv_round_rows_bf16(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    for (int64_t n = 0; n < count; n++, from += row, to += stride) {
        int64_t i = 0;
        for (; i + 2 * LANES <= width; i += 2 * LANES)
            _mm512_storeu_si512(to + i / 2, (__m512i)_mm512_cvtne2ps_pbh(load(from + i + LANES), load(from + i)));
        if (i == width) continue;
        __m512bh rest = _mm512_cvtne2ps_pbh(head(from + i + LANES, width - i - LANES), head(from + i, width - i));
        _mm512_mask_storeu_epi32(to + i / 2, fv_lanes_first((width - i + 1) / 2), (__m512i)rest);
    }
}

/* Lanes of two rows, the second above the first, as pairs. */
static const uint16_t order[32] = { 0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                    8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31 };

void fv_round_lines_bf16(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    __m512i turn = _mm512_loadu_si512(order);
    for (int64_t n = 0; n < count; n += 2, from += 2 * row, to += FV_SLAB)
        for (int64_t c = 0; c < channels; c += FV_SLAB) {
            __m512 first = head(from + c, channels - c), second = n + 1 < count ? head(from + row + c, channels - c) : all(0);
            __m512bh both = _mm512_cvtne2ps_pbh(second, first);
            _mm512_storeu_si512(to + c / FV_SLAB * panel, _mm512_permutexvar_epi16(turn, (__m512i)both));
        }
}

void fv_pair_rows_bf16(const uint16_t *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    for (int64_t n = 0; n < count; n++, from += row, to += stride) {
        uint16_t *pairs = (uint16_t *)to;
        memcpy(pairs, from, (size_t)width * sizeof *pairs);
        if (width % 2) pairs[width] = 0;
    }
}

static inline __m256i head_of_halves(const uint16_t *from, int64_t count) {
    return count >= LANES ? _mm256_loadu_si256((const __m256i *)from)
                          : _mm256_maskz_loadu_epi16(fv_lanes_first(count > 0 ? count : 0), from);
}

void fv_pair_lines_bf16(const uint16_t *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    __m512i turn = _mm512_loadu_si512(order);
    for (int64_t n = 0; n < count; n += 2, from += 2 * row, to += FV_SLAB)
        for (int64_t c = 0; c < channels; c += FV_SLAB) {
            __m256i first = head_of_halves(from + c, channels - c);
            __m256i second = n + 1 < count ? head_of_halves(from + row + c, channels - c) : _mm256_setzero_si256();
            __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
            _mm512_storeu_si512(to + c / FV_SLAB * panel, _mm512_permutexvar_epi16(turn, both));
        }
}

void fv_narrow_rows_bf16(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at,
                         bool stream_them) {
    narrow_rows(from, row, width, count, to, at, stream_them);
}
