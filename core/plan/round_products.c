/* round_products.c - the pass that lets convolutions, linear layers and their gradients multiply operands rounded to bf16,
 * where that was asked for (fv_precision) and the cost model finds it faster. What is asked about is a nominal batch: a
 * network's plans for batches of all sizes, and for the last of an epoch, round alike.
 *
 *   conv2d(x, w)   → rounded_conv2d(x, w)   (also linear, and the gradients of both; their options are the same) */
#include "core/base/assert.h"
#include "core/plan/plan.h"

typedef struct product {
    const char *exact, *rounded;
    unsigned batched; /* bit i: dimension 0 of input i is the batch */
} product;
static const product products[] = { { "conv2d", "rounded_conv2d", 1 },
                                    { "conv2d_grad_input", "rounded_conv2d_grad_input", 1 | 4 },
                                    { "conv2d_grad_weights", "rounded_conv2d_grad_weights", 1 | 2 },
                                    { "linear", "rounded_linear", 1 },
                                    { "linear_grad_input", "rounded_linear_grad_input", 1 },
                                    { "linear_grad_weights", "rounded_linear_grad_weights", 1 | 2 } };

static const product *product_of(const fv_node *node) {
    for (int i = 0; i < FV_COUNT(products); i++)
        if (fv_node_is(node, products[i].exact)) return &products[i];
    return NULL;
}

static bool is_wanted(const fv_graph *graph, const fv_node *node, const product *product, fv_precision precision) {
    fv_type types[FV_INPUTS_MAX];
    if (fv_kernel_is_pinned(product->exact)) return false;
    for (int i = 0; i < node->input_count; i++) {
        types[i] = *fv_value_type(graph, node->inputs[i]);
        if (product->batched >> i & 1 && types[i].rank > 1) types[i].dims[0] = FV_NOMINAL_BATCH;
    }
    double rounded, exact;
    int64_t scratch;
    bool can = fv_kernel_cheapest(product->rounded, types, node->input_count, node->options, 1, &rounded, &scratch) != NULL;
    if (!can || precision == FV_PRECISION_BF16_FORCED) return can;
    fv_kernel_cheapest(product->exact, types, node->input_count, node->options, 1, &exact, &scratch);
    return rounded < exact;
}

static fv_error *refuse(const char *reason) {
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "products in bf16 would only be slower: %s", reason),
                         "precision f32 is the fastest here; bf16_forced takes bf16 all the same");
}

fv_error *fv_precision_check(fv_precision precision) {
    if (precision == FV_PRECISION_F32) return NULL;
    if (precision != FV_PRECISION_BF16 && precision != FV_PRECISION_BF16_FORCED)
        return fv_fail(FV_USAGE, "precision is %d, which is none", (int)precision);
    if (fv_isa_best() < FV_ISA_AVX2)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "products in bf16 need AVX2 at least, or AVX-512 with bf16"),
                             "precision f32 is the only one here");
    if (precision == FV_PRECISION_BF16_FORCED || fv_isa_bf16()) return NULL;
    return refuse("this CPU has no AVX-512 with bf16, or FOVEA_ISA keeps it from being used");
}

fv_error *fv_pass_round_products(fv_graph *graph, const fv_plan_options *options) {
    int64_t rounded = 0;
    if (options->precision == FV_PRECISION_F32) return NULL;
    FV_TRY(fv_precision_check(options->precision));
    for (int32_t n = 0, count = graph->count; n < count && !graph->error; n++) {
        fv_node *node = graph->nodes[n];
        const product *product = product_of(node);
        if (!product || !is_wanted(graph, node, product, options->precision)) continue;
        node->op = fv_op_find(product->rounded); /* where it stands: a gradient made later would keep its operands till then */
        rounded++;
    }
    return rounded || graph->error ? NULL : refuse("no product of this network is faster with them");
}
