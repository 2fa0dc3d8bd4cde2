/* rounded_product.h - products of f32 operands that are rounded to bf16 first (to the nearest, ties to even; a NaN stays one)
 * and summed in f32: what lies under convolutions with operands=bf16.
 *
 * Operands are packed as pairs along the depth. A block is that of gemm_avx2.h or slab_product.h with pairs for floats: depth,
 * steps, strides and offsets count pairs, and a pair takes fv_rounded_pair() floats. An odd depth is filled up with a zero.
 *
 * Sums: each element is one chain of fused multiply-adds from zero, pair after pair; of a pair the number that lies behind
 * comes first. That is what the instruction vdpbf16ps does, where the CPU has it (fv_isa_bf16): a pair is two bf16 in the place
 * of a float. Elsewhere it is two floats, turned round, and goes through the f32 product: to the same bits. Numbers below 2⁻¹²⁶
 * count as zero, as they do for vdpbf16ps. */
#ifndef FV_CPU_ROUNDED_PRODUCT_H
#define FV_CPU_ROUNDED_PRODUCT_H

#include "core/cpu/gemm_avx2.h"
#include "core/cpu/slab_product.h"

int fv_rounded_pair(void);       /* 1, or 2 where there is no vdpbf16ps */
double fv_cost_bf16_flops(void); /* FLOPs a ns of the nominal core (cost.h) */

/* `count` rows of `width` floats, `row` apart, as rows of pairs, `stride` pairs apart. */
void fv_round_rows(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);

/* The first `channels` floats of `count` rows, `row` apart, as lines of 16 pairs, each of two rows that follow one another. The
 * lines of the first 16 channels lie at `to` one after another, those of the next `panel` pairs on. Lanes beyond `channels` are
 * zero. */
void fv_round_lines(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);

/* The same two of numbers that are bf16 already. */
void fv_pair_rows(const uint16_t *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);
void fv_pair_lines(const uint16_t *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);

/* `count` rows of `width` floats, `row` apart: row i goes as bf16 to `to` + at[i], past the caches where `stream` and whole
 * lines that are aligned. */
void fv_narrow_rows(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at, bool stream);

/* A panel of b of fv_gemm_pack_b_avx2, which see, in pairs. */
void fv_rounded_pack_b(const float *from, int64_t row, int64_t column, int64_t depth, int64_t columns, float *to);

void fv_rounded_multiply(const fv_gemm_block *block);
void fv_rounded_slab_multiply(const fv_slab_product *product);

/* Those with vdpbf16ps, and those without. */
void fv_round_rows_bf16(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);
void fv_round_lines_bf16(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);
void fv_pair_rows_bf16(const uint16_t *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);
void fv_pair_lines_bf16(const uint16_t *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);
void fv_narrow_rows_bf16(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at,
                         bool stream);
void fv_gemm_multiply_bf16(const fv_gemm_block *block);
void fv_slab_multiply_bf16(const fv_slab_product *product);
void fv_round_rows_avx2(const float *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);
void fv_round_lines_avx2(const float *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);
void fv_pair_rows_avx2(const uint16_t *from, int64_t row, int64_t width, int64_t count, int64_t stride, float *to);
void fv_pair_lines_avx2(const uint16_t *from, int64_t row, int64_t channels, int64_t count, int64_t panel, float *to);
void fv_narrow_rows_avx2(const float *from, int64_t row, int64_t width, int64_t count, uint16_t *to, const int64_t *at,
                         bool stream);

#endif
