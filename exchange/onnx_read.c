/* onnx_read.c - an ONNX graph as one of ours, to see that what was written computes the same. Every value has ONNX's layout
 * here; ops on pictures stand between transposes. So what is compared are ONNX's nodes, their attributes and the weights as
 * they lie in the file, by ONNX's rules, not the graph that they were made from. */
#include <math.h>
#include <onnx.pb-c.h>
#include <string.h>

#include "core/graph/node.h"
#include "exchange/onnx.h"

typedef struct reader {
    const Onnx__GraphProto *from;
    fv_graph *to;
    fv_weights *weights;
    const char **names; /* of ONNX's values so far, */
    fv_value *values;   /* and what they are */
    int64_t count;
    fv_error *error;
} reader;

static void fail(reader *r, fv_error *error) {
    if (r->error)
        fv_error_free(error);
    else
        r->error = error;
}

static void name(reader *r, const char *name, fv_value value) {
    r->names[r->count] = name;
    r->values[r->count++] = value;
}

static fv_value value_of(reader *r, const char *name) {
    for (int64_t i = r->count - 1; i >= 0; i--)
        if (!strcmp(r->names[i], name)) return r->values[i];
    fail(r, fv_fail(FV_FORMAT, "no value is called %s", name));
    return FV_NO_VALUE;
}

static fv_value input(reader *r, const Onnx__NodeProto *n, size_t i) {
    return i < n->n_input && *n->input[i] ? value_of(r, n->input[i]) : FV_NO_VALUE;
}

static const Onnx__AttributeProto *attribute(const Onnx__NodeProto *n, const char *name) {
    for (size_t i = 0; i < n->n_attribute; i++)
        if (!strcmp(n->attribute[i]->name, name)) return n->attribute[i];
    return NULL;
}

static int64_t int_of(const Onnx__NodeProto *n, const char *name, int64_t otherwise) {
    const Onnx__AttributeProto *a = attribute(n, name);
    return a ? a->i : otherwise;
}

static double float_of(const Onnx__NodeProto *n, const char *name, double otherwise) {
    const Onnx__AttributeProto *a = attribute(n, name);
    return a ? (double)a->f : otherwise;
}

static int64_t at(const Onnx__NodeProto *n, const char *name, size_t i, int64_t otherwise) {
    const Onnx__AttributeProto *a = attribute(n, name);
    return a && i < a->n_ints ? a->ints[i] : otherwise;
}

static const Onnx__TensorProto *initializer(const reader *r, const char *name) {
    for (size_t i = 0; i < r->from->n_initializer; i++)
        if (!strcmp(r->from->initializer[i]->name, name)) return r->from->initializer[i];
    return NULL;
}

/* One f32 number of an initializer; NaN: it is none. */
static double number(const reader *r, const Onnx__NodeProto *n, size_t i, double otherwise) {
    const Onnx__TensorProto *t = i < n->n_input ? initializer(r, n->input[i]) : NULL;
    float value;
    if (!t) return otherwise;
    if (t->raw_data.len != sizeof value) return NAN;
    memcpy(&value, t->raw_data.data, sizeof value);
    return value;
}

/* ---- ops ---- */

static fv_value apply(reader *r, const char *op, const fv_value *inputs, int count, const char *options) {
    return fv_apply(r->to, op, inputs, count, "%s", options);
}

static fv_value ours(reader *r, fv_value v) { return apply(r, "transpose", &v, 1, "axes=0,2,3,1"); }
static fv_value theirs(reader *r, fv_value v) { return apply(r, "transpose", &v, 1, "axes=0,3,1,2"); }

static bool is_picture(reader *r, fv_value v) { return fv_value_type(r->to, v)->rank == 4; }

static fv_value unary(reader *r, const Onnx__NodeProto *n, const char *op) {
    fv_value x = input(r, n, 0);
    return apply(r, op, &x, 1, "");
}

static fv_value binary(reader *r, const Onnx__NodeProto *n, const char *op) {
    const fv_value inputs[] = { input(r, n, 0), input(r, n, 1) };
    return apply(r, op, inputs, 2, "");
}

static fv_value clip(reader *r, const Onnx__NodeProto *n, const char *op) {
    (void)op;
    return fv_apply(r->to, "clamp", FV_VALUES(input(r, n, 0)), "min=%.9g max=%.9g", number(r, n, 1, -INFINITY),
                    number(r, n, 2, INFINITY));
}

static fv_value leaky_relu(reader *r, const Onnx__NodeProto *n, const char *op) {
    return fv_apply(r->to, op, FV_VALUES(input(r, n, 0)), "slope=%.9g", float_of(n, "alpha", 0.01));
}

/* max(0, min(1, alpha · x + beta)) */
static fv_value hard_sigmoid(reader *r, const Onnx__NodeProto *n, const char *op) {
    (void)op;
    fv_value alpha = fv_constant(r->to, FV_F32, float_of(n, "alpha", 0.2f)),
             beta = fv_constant(r->to, FV_F32, float_of(n, "beta", 0.5));
    fv_value y = fv_apply(r->to, "mul", FV_VALUES(input(r, n, 0), alpha), NULL);
    y = fv_apply(r->to, "add", FV_VALUES(y, beta), NULL);
    return fv_apply(r->to, "clamp", FV_VALUES(y), "min=0 max=1");
}

/* x · max(0, min(1, x / 6 + 1/2)) */
static fv_value hard_swish(reader *r, const Onnx__NodeProto *n, const char *op) {
    (void)op;
    fv_value x = input(r, n, 0), y = fv_apply(r->to, "mul", FV_VALUES(x, fv_constant(r->to, FV_F32, 1.0 / 6)), NULL);
    y = fv_apply(r->to, "add", FV_VALUES(y, fv_constant(r->to, FV_F32, 0.5)), NULL);
    y = fv_apply(r->to, "clamp", FV_VALUES(y), "min=0 max=1");
    return fv_apply(r->to, "mul", FV_VALUES(x, y), NULL);
}

static fv_value conv(reader *r, const Onnx__NodeProto *n, const char *op) {
    const fv_value inputs[] = { ours(r, input(r, n, 0)), ours(r, input(r, n, 1)), input(r, n, 2) };
    FV_TEXT(options, 512);
    fv_text_addf(&options, "stride=%lld,%lld padding=%lld,%lld,%lld,%lld dilation=%lld,%lld groups=%lld",
                 (long long)at(n, "strides", 0, 1), (long long)at(n, "strides", 1, 1), (long long)at(n, "pads", 0, 0),
                 (long long)at(n, "pads", 1, 0), (long long)at(n, "pads", 2, 0), (long long)at(n, "pads", 3, 0),
                 (long long)at(n, "dilations", 0, 1), (long long)at(n, "dilations", 1, 1), (long long)int_of(n, "group", 1));
    return theirs(r, apply(r, op, inputs, n->n_input > 2 ? 3 : 2, options.at));
}

static fv_value batch_norm(reader *r, const Onnx__NodeProto *n, const char *op) {
    fv_value inputs[5];
    for (size_t i = 0; i < 5; i++) inputs[i] = input(r, n, i);
    bool picture = is_picture(r, inputs[0]);
    if (picture) inputs[0] = ours(r, inputs[0]);
    fv_value y = fv_apply(r->to, op, inputs, 5, "epsilon=%.9g", float_of(n, "epsilon", 1e-5));
    return picture ? theirs(r, y) : y;
}

static fv_value pool(reader *r, const Onnx__NodeProto *n, const char *op) {
    fv_value x = ours(r, input(r, n, 0));
    FV_TEXT(options, 512);
    fv_text_addf(&options, "window=%lld,%lld stride=%lld,%lld padding=%lld,%lld,%lld,%lld ceil=%s",
                 (long long)at(n, "kernel_shape", 0, 1), (long long)at(n, "kernel_shape", 1, 1),
                 (long long)at(n, "strides", 0, 1), (long long)at(n, "strides", 1, 1), (long long)at(n, "pads", 0, 0),
                 (long long)at(n, "pads", 1, 0), (long long)at(n, "pads", 2, 0), (long long)at(n, "pads", 3, 0),
                 int_of(n, "ceil_mode", 0) ? "true" : "false");
    if (!strcmp(op, "avg_pool2d"))
        fv_text_addf(&options, " count_padding=%s", int_of(n, "count_include_pad", 0) ? "true" : "false");
    return theirs(r, apply(r, op, &x, 1, options.at));
}

static fv_value global_pool(reader *r, const Onnx__NodeProto *n, const char *op) {
    fv_value x = ours(r, input(r, n, 0));
    return theirs(r, apply(r, op, &x, 1, ""));
}

static fv_value gemm(reader *r, const Onnx__NodeProto *n, const char *op) {
    const fv_value inputs[] = { input(r, n, 0), input(r, n, 1), input(r, n, 2) };
    if (int_of(n, "transB", 0) != 1) fail(r, fv_fail(FV_UNSUPPORTED, "%s: Gemm without transB", n->name));
    return apply(r, op, inputs, n->n_input > 2 ? 3 : 2, "");
}

static fv_value reshape(reader *r, const Onnx__NodeProto *n, const char *op) {
    const Onnx__TensorProto *t = n->n_input > 1 ? initializer(r, n->input[1]) : NULL;
    FV_TEXT(options, 512);
    if (!t || t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || t->raw_data.len > FV_RANK_MAX * 8) {
        fail(r, fv_fail(FV_UNSUPPORTED, "%s: a shape that is no initializer", n->name));
        return FV_NO_VALUE;
    }
    fv_text_add(&options, "dims=");
    for (size_t i = 0; i < t->raw_data.len / 8; i++) {
        int64_t dim;
        memcpy(&dim, t->raw_data.data + 8 * i, 8);
        fv_text_addf(&options, "%s%lld", i ? "," : "", (long long)dim);
    }
    fv_value x = input(r, n, 0);
    return apply(r, op, &x, 1, options.at);
}

static fv_value transpose(reader *r, const Onnx__NodeProto *n, const char *op) {
    return fv_apply(r->to, op, FV_VALUES(input(r, n, 0)), "axes=%lld,%lld,%lld,%lld", (long long)at(n, "perm", 0, 3),
                    (long long)at(n, "perm", 1, 2), (long long)at(n, "perm", 2, 1), (long long)at(n, "perm", 3, 0));
}

static fv_value concat(reader *r, const Onnx__NodeProto *n, const char *op) {
    fv_value inputs[FV_INPUTS_MAX];
    int count = n->n_input < FV_INPUTS_MAX ? (int)n->n_input : FV_INPUTS_MAX;
    for (int i = 0; i < count; i++) inputs[i] = input(r, n, (size_t)i);
    return fv_apply(r->to, op, inputs, count, "axis=%lld", (long long)int_of(n, "axis", 0));
}

static fv_value cast(reader *r, const Onnx__NodeProto *n, const char *op) {
    if (int_of(n, "to", 0) != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        fail(r, fv_fail(FV_UNSUPPORTED, "%s: a Cast to another type than f32", n->name));
    return fv_apply(r->to, op, FV_VALUES(input(r, n, 0)), "dtype=f32");
}

static const struct {
    const char *theirs, *ours;
    fv_value (*read)(reader *reader, const Onnx__NodeProto *node, const char *op);
} rows[] = {
    { "Relu", "relu", unary },
    { "Sigmoid", "sigmoid", unary },
    { "Tanh", "tanh", unary },
    { "Softplus", "softplus", unary },
    { "Identity", "identity", unary },
    { "Sqrt", "sqrt", unary },
    { "Exp", "exp", unary },
    { "Neg", "neg", unary },
    { "Erf", "erf", unary },
    { "Add", "add", binary },
    { "Sub", "sub", binary },
    { "Mul", "mul", binary },
    { "Div", "div", binary },
    { "Min", "minimum", binary },
    { "Max", "maximum", binary },
    { "HardSwish", NULL, hard_swish },
    { "HardSigmoid", NULL, hard_sigmoid },
    { "Clip", NULL, clip },
    { "LeakyRelu", "leaky_relu", leaky_relu },
    { "Conv", "conv2d", conv },
    { "BatchNormalization", "batch_norm_inference", batch_norm },
    { "MaxPool", "max_pool2d", pool },
    { "AveragePool", "avg_pool2d", pool },
    { "GlobalAveragePool", "global_avg_pool2d", global_pool },
    { "Gemm", "linear", gemm },
    { "Reshape", "reshape", reshape },
    { "Transpose", "transpose", transpose },
    { "Concat", "concat", concat },
    { "Cast", "cast", cast },
};

static void read_node(reader *r, const Onnx__NodeProto *n) {
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
        if (strcmp(rows[i].theirs, n->op_type) != 0) continue;
        fv_value value = rows[i].read(r, n, rows[i].ours);
        name(r, n->output[0], value);
        return;
    }
    fail(r, fv_fail(FV_UNSUPPORTED, "%s: ONNX's op %s is not read back", n->name, n->op_type));
}

/* ---- the graph ---- */

static fv_error *read_initializer(reader *r, const Onnx__TensorProto *t) {
    int64_t dims[FV_RANK_MAX];
    fv_tensor *tensor;
    if (t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) return NULL; /* shapes, read where they are used */
    if (t->n_dims > FV_RANK_MAX) return fv_fail(FV_FORMAT, "%s has %d dimensions", t->name, (int)t->n_dims);
    for (size_t i = 0; i < t->n_dims; i++) dims[i] = t->dims[i];
    fv_type type = fv_type_make(FV_F32, dims, (int)t->n_dims);
    if ((int64_t)t->raw_data.len != fv_type_bytes(&type))
        return fv_fail(FV_FORMAT, "%s has other bytes than its shape", t->name);
    FV_TRY(fv_weights_add(r->weights, t->name, &type, FV_BUFFER, &tensor));
    memcpy(tensor->data, t->raw_data.data, t->raw_data.len);
    name(r, t->name, fv_graph_state(r->to, t->name, type, FV_BUFFER, NULL));
    return NULL;
}

static fv_error *read_input(reader *r, int64_t batch) {
    const Onnx__ValueInfoProto *x = r->from->input[0];
    const Onnx__TypeProto__Tensor *t = x->type->tensor_type;
    int64_t dims[FV_RANK_MAX] = { batch };
    for (size_t i = 1; i < t->shape->n_dim && i < FV_RANK_MAX; i++) dims[i] = t->shape->dim[i]->dim_value;
    fv_dtype dtype = t->elem_type == ONNX__TENSOR_PROTO__DATA_TYPE__UINT8 ? FV_U8 : FV_F32;
    name(r, x->name, fv_graph_input(r->to, x->name, fv_type_make(dtype, dims, (int)t->shape->n_dim)));
    return NULL;
}

static fv_error *read_graph(reader *r, int64_t batch, fv_arena *arena) {
    const Onnx__GraphProto *from = r->from;
    int64_t most = (int64_t)(from->n_node + from->n_initializer) + 1;
    if (from->n_input != 1 || from->n_output != 1) return fv_fail(FV_FORMAT, "not one input and one output");
    FV_TRY(fv_arena_take(arena, most, &r->names));
    FV_TRY(fv_arena_take(arena, most, &r->values));
    FV_TRY(read_input(r, batch));
    for (size_t i = 0; i < from->n_initializer; i++) FV_TRY(read_initializer(r, from->initializer[i]));
    for (size_t i = 0; i < from->n_node && !r->error; i++) read_node(r, from->node[i]);
    if (r->error) return fv_take(&r->error);
    fv_graph_output(r->to, from->output[0]->name, value_of(r, from->output[0]->name));
    if (r->error) return fv_take(&r->error);
    return fv_graph_error(r->to);
}

fv_error *fv_onnx_to_graph(const Onnx__ModelProto *model, int64_t batch, fv_arena *arena, fv_weights *weights, fv_graph **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_new(&graph));
    reader r = { .from = model->graph, .to = graph, .weights = weights };
    FV_TRY(read_graph(&r, batch, arena));
    *out = fv_take(&graph);
    return NULL;
}
