/* shared: rounded_product_avx2.c - rounding to bf16 without vdpbf16ps, and the choice between both ways (rounded_product.h). A
 * pair is two floats, that which lies behind first, so that the f32 products add in the same order. */
#include "core/cpu/rounded_product.h"

#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/vector_avx2.h"
#include "core/plan/kernel.h"

#define CHUNK 64 /* of the depth, packed at a time: 4 KB */

/* The upper half of a float, rounded to the nearest, ties to even; a NaN keeps its upper half and becomes a quiet one; what is
 * below 2⁻¹²⁶ becomes zero. As vcvtne2ps2bf16 does. */
static inline __m256 rounded(__m256 x) {
    __m256i bits = _mm256_castps_si256(x), even = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), even);
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    up = _mm256_blendv_epi8(up, _mm256_or_si256(bits, _mm256_set1_epi32(0x400000)), nan);
    __m256i exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f800000));
    __m256i tiny = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
    up = _mm256_blendv_epi8(up, _mm256_and_si256(bits, _mm256_set1_epi32((int32_t)0x80000000)), tiny);
    return _mm256_castsi256_ps(_mm256_and_si256(up, _mm256_set1_epi32((int32_t)0xffff0000)));
}

static inline __m256 head(const float *from, int64_t count) {
    return count >= FV_LANES ? _mm256_loadu_ps(from) : fv_load_tail_avx2(from, fv_max(count, 0));
}

void fv_round_rows_avx2(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    for (int64_t n = 0; n < count; n++, from += row, to += 2 * stride)
        for (int64_t i = 0; i < width; i += FV_LANES) {
            __m256 turned = _mm256_permute_ps(rounded(head(from + i, width - i)), 0xb1);
            fv_store_tail_avx2(to + i, turned, fv_min(fv_round_up(width - i, 2), FV_LANES));
        }
}

void fv_round_lines_avx2(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    for (int64_t n = 0; n < count; n += 2, from += 2 * row, to += 2 * FV_SLAB)
        for (int64_t c = 0; c < fv_round_up(channels, FV_SLAB); c += FV_LANES) {
            float *line = to + c / FV_SLAB * 2 * panel + c % FV_SLAB;
            __m256 second = n + 1 < count ? rounded(head(from + row + c, channels - c)) : _mm256_setzero_ps();
            _mm256_storeu_ps(line, second);
            _mm256_storeu_ps(line + FV_SLAB, rounded(head(from + c, channels - c)));
        }
}

double fv_cost_bf16_flops(void) { return fv_isa_bf16() ? FV_COST_BF16_FLOPS : FV_COST_ROUNDED_FLOPS; }

int fv_rounded_pair(void) { return fv_isa_bf16() ? 1 : 2; }

void fv_round_rows(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    (fv_isa_bf16() ? fv_round_rows_bf16 : fv_round_rows_avx2)(from, row, width, count, stride, to);
}

void fv_round_lines(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    (fv_isa_bf16() ? fv_round_lines_bf16 : fv_round_lines_avx2)(from, row, channels, count, panel, to);
}

void fv_rounded_pack_b(const float *from, int64_t row, int64_t column, int64_t depth, int64_t columns, float *to) {
    _Alignas(64) float chunk[CHUNK * FV_GEMM_COLUMNS];
    for (int64_t k = 0; k < depth; k += CHUNK) {
        int64_t count = fv_min(CHUNK, depth - k);
        fv_gemm_pack_b_avx2(from + k * row, row, column, count, columns, chunk);
        fv_round_lines(chunk, FV_GEMM_COLUMNS, FV_GEMM_COLUMNS, count, 0, to + k / 2 * FV_GEMM_COLUMNS * fv_rounded_pair());
    }
}

static void multiply_floats(const fv_gemm_block *block) {
    fv_gemm_block wide = *block;
    wide.depth *= 2, wide.a_tile *= 2, wide.a_row *= 2, wide.b_panel *= 2;
    fv_gemm_multiply(&wide);
}

static void multiply_slabs_of_floats(const fv_slab_product *product) {
    fv_slab_product wide = *product;
    wide.depth *= 2, wide.a_slab *= 2, wide.b_panel *= 2;
    fv_slab_multiply(&wide);
}

/* vdpbf16ps takes what is below 2⁻¹²⁶ for zero; so do all else meanwhile. Returns what to go back to. */
static unsigned flush_tiny(void) {
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    return before;
}

void fv_rounded_multiply(const fv_gemm_block *block) {
    unsigned before = flush_tiny();
    if (fv_isa_bf16())
        fv_gemm_multiply_bf16(block);
    else
        multiply_floats(block);
    _mm_setcsr(before);
}

void fv_rounded_slab_multiply(const fv_slab_product *product) {
    unsigned before = flush_tiny();
    if (fv_isa_bf16())
        fv_slab_multiply_bf16(product);
    else
        multiply_slabs_of_floats(product);
    _mm_setcsr(before);
}
