/* dropout.c - zeroes a random part of x and scales the rest so that the expectation stays (Srivastava et al., JMLR 15, 2014).
 * The key is (seed, step); dropout.h has the mask. The gradient is the same mask on dy. Evaluation removes the op (a pass
 * does). */
#include "core/ops/dropout.h"

#include "core/comm/shards.h"
#include "core/graph/node.h"
#include "core/ops/expect.h"

extern const fv_op fv_op_dropout;

static const fv_field fields[] = {
    FV_FIELD(fv_dropout_options, rate, .by_default = "0.5", .min = 0, .max = 1, .help = "probability of dropping an element"),
    FV_FIELD(fv_dropout_options, stream, .by_default = "0", .min = 0, .max = 4294967295.0,
             .help = "number that tells this dropout from others of the same seed"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    fv_type key = fv_type_of(FV_I64, 2);
    FV_TRY(fv_expect(call, 0, "x", NULL));
    FV_TRY(fv_error_hint(fv_expect_type("key", &call->inputs[1], &key), "key is the pair (seed, step)"));
    call->outputs[0] = call->inputs[0];
    return NULL;
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_dropout, FV_VALUES(dy[0], node->inputs[1]), node->options, NULL);
}

static void reference(const fv_call *call) {
    const fv_dropout_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *key = &call->inputs[1], *y = &call->outputs[0];
    const int64_t *numbers = key->data; /* all 64 bits count: not through fv_tensor_load's double */
    int64_t seed = numbers[0], step = numbers[key->strides[0]], count = fv_type_count(&x->type);
    int64_t first = fv_first_element(call, &x->type), block = -1;
    int64_t threshold = fv_dropout_threshold(o->rate);
    double scale = fv_dropout_scale(o->rate);
    uint32_t words[4] = { 0 };
    for (int64_t i = 0; i < count; i++) {
        int64_t number = first + i;
        if (number / 4 != block) fv_dropout_words(o, seed, step, block = number / 4, words);
        double value = words[number % 4] < threshold ? 0 : fv_tensor_load(x, fv_tensor_offset(x, i)) * scale;
        fv_tensor_store(y, fv_tensor_offset(y, i), value);
    }
}

/* 10 rounds of Philox are about 40 operations for 4 elements; then compare and multiply. */
static fv_work work(const fv_call *call) {
    return (fv_work){ .flops = 12 * (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "x=f32[3,5] key=i64[2]:0..9",
    "x=f32[1] key=i64[2]:0..9 rate=0.25",
    "x=f32[2,3,5,7] key=i64[2]:0..9 rate=0.1 stream=7",
    "x=f32[2,7] key=i64[2]:0..9 rate=0",
    "x=f32[2,7] key=i64[2]:0..9 rate=1",
    "x=f32[33,17] key=i64[2]:0..9 rate=0.9 stream=4294967295",
    "x=f32[9000] key=i64[2]:-9..9 rate=0.2",
    NULL,
};

const fv_op fv_op_dropout = {
    .name = "dropout",
    .version = 1,
    .summary = "zeroes elements at random, scales the others by 1 / (1 - rate)",
    .inputs = "x,key",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_RANDOM,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};
