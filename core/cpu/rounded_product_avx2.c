/* shared: rounded_product_avx2.c - rounding to bf16 without vdpbf16ps, and the choice between both ways (rounded_product.h). A
 * pair is two floats, that which lies behind first, so that the f32 products add in the same order. */
#include "core/cpu/rounded_product.h"

#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/stored_lanes.h"
#include "core/cpu/vector_avx2.h"
#include "core/plan/kernel.h"

#define CHUNK 64 /* of the depth, packed at a time: 4 KB */

static inline __m256 head(const float *from, int64_t count) {
    return count >= FV_LANES ? _mm256_loadu_ps(from) : fv_load_tail_avx2(from, fv_max(count, 0));
}

void fv_round_rows_avx2(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    for (int64_t n = 0; n < count; n++, from += row, to += 2 * stride)
        for (int64_t i = 0; i < width; i += FV_LANES) {
            __m256 turned = _mm256_permute_ps(fv_rounded_avx2(head(from + i, width - i)), 0xb1);
            fv_store_tail_avx2(to + i, turned, fv_min(fv_round_up(width - i, 2), FV_LANES));
        }
}

void fv_round_lines_avx2(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    for (int64_t n = 0; n < count; n += 2, from += 2 * row, to += 2 * FV_SLAB)
        for (int64_t c = 0; c < fv_round_up(channels, FV_SLAB); c += FV_LANES) {
            float *line = to + c / FV_SLAB * 2 * panel + c % FV_SLAB;
            __m256 second = n + 1 < count ? fv_rounded_avx2(head(from + row + c, channels - c)) : _mm256_setzero_ps();
            _mm256_storeu_ps(line, second);
            _mm256_storeu_ps(line + FV_SLAB, fv_rounded_avx2(head(from + c, channels - c)));
        }
}

/* The first `count` ≤ 8 numbers, zeros behind; reads nothing else. */
static inline __m256 head_of_halves(const uint16_t *from, int64_t count) {
    return count >= LANES ? widen(from) : widen_tail(from, fv_max(count, 0));
}

void fv_pair_rows_avx2(const uint16_t *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    for (int64_t n = 0; n < count; n++, from += row, to += 2 * stride)
        for (int64_t i = 0; i < width; i += FV_LANES) {
            __m256 turned = _mm256_permute_ps(head_of_halves(from + i, width - i), 0xb1);
            fv_store_tail_avx2(to + i, turned, fv_min(fv_round_up(width - i, 2), FV_LANES));
        }
}

void fv_pair_lines_avx2(const uint16_t *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    for (int64_t n = 0; n < count; n += 2, from += 2 * row, to += 2 * FV_SLAB)
        for (int64_t c = 0; c < fv_round_up(channels, FV_SLAB); c += FV_LANES) {
            float *line = to + c / FV_SLAB * 2 * panel + c % FV_SLAB;
            __m256 second = n + 1 < count ? head_of_halves(from + row + c, channels - c) : _mm256_setzero_ps();
            _mm256_storeu_ps(line, second);
            _mm256_storeu_ps(line + FV_SLAB, head_of_halves(from + c, channels - c));
        }
}

void fv_narrow_rows_avx2(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at,
                         bool stream_them) {
    narrow_rows(from, row, width, count, to, at, stream_them);
}

double fv_cost_bf16_flops(void) { return fv_isa_bf16() ? FV_COST_BF16_FLOPS : FV_COST_ROUNDED_FLOPS; }

int fv_rounded_pair(void) { return fv_isa_bf16() ? 1 : 2; }

void fv_round_rows(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    (fv_isa_bf16() ? fv_round_rows_bf16 : fv_round_rows_avx2)(from, row, width, count, stride, to);
}

void fv_round_lines(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    (fv_isa_bf16() ? fv_round_lines_bf16 : fv_round_lines_avx2)(from, row, channels, count, panel, to);
}

void fv_pair_rows(const uint16_t *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to) {
    (fv_isa_bf16() ? fv_pair_rows_bf16 : fv_pair_rows_avx2)(from, row, width, count, stride, to);
}

void fv_pair_lines(const uint16_t *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to) {
    (fv_isa_bf16() ? fv_pair_lines_bf16 : fv_pair_lines_avx2)(from, row, channels, count, panel, to);
}

void fv_narrow_rows(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at,
                    bool stream) {
    (fv_isa_bf16() ? fv_narrow_rows_bf16 : fv_narrow_rows_avx2)(from, row, width, count, to, at, stream);
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
