/* conv2d_depthwise_tiles_avx2.c - depthwise convolution by 3×3 and 5×5 filters and both gradients, f32, by tiles, with
 * AVX2. */
#include "core/cpu/conv2d_depthwise_tiles.h"

void fv_depthwise_two_rows_avx2(const fv_depthwise_rows *r) { two_rows(r); }
void fv_depthwise_add_products_avx2(const fv_depthwise_products *r) { add_two_rows(r); }

void fv_depthwise_two_rows(const fv_depthwise_rows *r) {
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_depthwise_two_rows_avx512 : fv_depthwise_two_rows_avx2)(r);
}

void fv_depthwise_add_products(const fv_depthwise_products *r) {
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_depthwise_add_products_avx512 : fv_depthwise_add_products_avx2)(r);
}

const fv_kernel fv_kernel_conv2d_depthwise_tiles_f32_avx2 = {
    .name = "conv2d_depthwise_tiles_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};

const fv_kernel fv_kernel_conv2d_grad_input_depthwise_tiles_f32_avx2 = {
    .name = "conv2d_grad_input_depthwise_tiles_f32_avx2",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run_input,
};

const fv_kernel fv_kernel_conv2d_grad_weights_depthwise_tiles_f32_avx2 = {
    .name = "conv2d_grad_weights_depthwise_tiles_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_weights,
    .cost = cost,
    .scratch = weights_scratch,
    .run = run_weights,
};
