/* onnx_write.c - one of our nodes after the other as ONNX's. A row of the table below for each op. */
#include <math.h>
#include <onnx.pb-c.h>
#include <string.h>

#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv2d.h"
#include "core/ops/pool2d.h"
#include "core/plan/plan.h"
#include "exchange/onnx.h"
#include "predict/sections.h"

#define OPSET 15
#define IR_VERSION 8
#define A_NODE 8 /* ONNX nodes and initializers that one of ours becomes at most */

typedef struct writer {
    const fv_graph *graph;
    const fv_weights *weights;
    fv_arena *arena;
    Onnx__GraphProto *to;
    size_t capacity;
    const char **names; /* of output 0 of each of our nodes, there */
    int64_t helpers;    /* values that only ONNX has, so far */
    fv_error *error;    /* the first */
} writer;

/* ---- pieces ---- */

#define TRY_W(w, expression)                                                                                                   \
    do {                                                                                                                       \
        if (!(w)->error) (w)->error = (expression);                                                                            \
    } while (0)

static char *text(writer *w, const char *string) {
    const char *kept = "";
    TRY_W(w, fv_arena_text(w->arena, string, &kept));
    return (char *)(uintptr_t)kept;
}

/* A name for a value that ours has no node of. */
static const char *helper(writer *w, const char *kind) {
    const char *name = "";
    TRY_W(w, fv_arena_format(w->arena, &name, "onnx/%s_%lld", kind, (long long)w->helpers++));
    return name;
}

static Onnx__NodeProto *add_node(writer *w, const char *op, const char *const *inputs, int count, const char *output) {
    Onnx__NodeProto *node = NULL;
    TRY_W(w, fv_arena_take(w->arena, 1, &node));
    if (w->error) return NULL;
    fv_onnx__node_proto__init(node);
    TRY_W(w, fv_arena_take(w->arena, count + 1, &node->input));
    TRY_W(w, fv_arena_take(w->arena, 1, &node->output));
    TRY_W(w, fv_arena_take(w->arena, 8, &node->attribute));
    if (w->error) return NULL;
    for (int i = 0; i < count; i++) node->input[i] = text(w, inputs[i]);
    node->n_input = (size_t)count;
    node->output[0] = text(w, output);
    node->n_output = 1;
    node->op_type = text(w, op);
    node->name = node->output[0];
    w->to->node[w->to->n_node++] = node;
    return node;
}

static Onnx__AttributeProto *add_attribute(writer *w, Onnx__NodeProto *node, const char *name,
                                           Onnx__AttributeProto__AttributeType type) {
    Onnx__AttributeProto *a = NULL;
    if (node) TRY_W(w, fv_arena_take(w->arena, 1, &a));
    if (!a) return NULL;
    fv_onnx__attribute_proto__init(a);
    a->name = text(w, name);
    a->has_type = true;
    a->type = type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

static void set_int(writer *w, Onnx__NodeProto *node, const char *name, int64_t value) {
    Onnx__AttributeProto *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (a) a->has_i = true, a->i = value;
}

static void set_float(writer *w, Onnx__NodeProto *node, const char *name, double value) {
    Onnx__AttributeProto *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (a) a->has_f = true, a->f = (float)value;
}

static void set_ints(writer *w, Onnx__NodeProto *node, const char *name, const int64_t *values, int count) {
    Onnx__AttributeProto *a = add_attribute(w, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (!a) return;
    TRY_W(w, fv_arena_copy(w->arena, values, count * (int64_t)sizeof *values, (void **)&a->ints));
    a->n_ints = (size_t)count;
}

/* An initializer of that name, once. */
static void add_tensor(writer *w, const char *name, int32_t type, const int64_t *dims, int rank, const void *data,
                       int64_t bytes) {
    Onnx__TensorProto *t = NULL;
    for (size_t i = 0; i < w->to->n_initializer; i++)
        if (!strcmp(w->to->initializer[i]->name, name)) return;
    TRY_W(w, fv_arena_take(w->arena, 1, &t));
    if (w->error) return;
    fv_onnx__tensor_proto__init(t);
    t->name = text(w, name);
    t->has_data_type = true;
    t->data_type = type;
    t->n_dims = (size_t)rank;
    if (rank) TRY_W(w, fv_arena_copy(w->arena, dims, rank * (int64_t)sizeof *dims, (void **)&t->dims));
    t->has_raw_data = true;
    t->raw_data.len = (size_t)bytes;
    TRY_W(w, fv_arena_copy(w->arena, data, bytes, (void **)&t->raw_data.data));
    w->to->initializer[w->to->n_initializer++] = t;
}

static const char *add_ints(writer *w, const int64_t *values, int count) {
    const char *name = helper(w, "dims");
    int64_t dims[] = { count };
    add_tensor(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, dims, 1, values, count * 8);
    return name;
}

static const char *add_number(writer *w, double value) {
    const char *name = helper(w, "number");
    float number = (float)value;
    add_tensor(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, NULL, 0, &number, 4);
    return name;
}

static const char *transpose(writer *w, const char *from, const int64_t axes[4], const char *to) {
    if (!to) to = helper(w, "transposed");
    set_ints(w, add_node(w, "Transpose", &from, 1, to), "perm", axes, 4);
    return to;
}

static const int64_t to_ours[4] = { 0, 2, 3, 1 }, to_theirs[4] = { 0, 3, 1, 2 };

/* ---- inputs ---- */

static const fv_type *type_of(const writer *w, fv_value v) { return fv_value_type(w->graph, v); }

/* A state as it lies, with dimensions of one in front or behind where `rank` asks for four. */
static const char *weight(writer *w, fv_value v, bool is_channel) {
    const fv_node *node = fv_node_of(w->graph, v);
    const fv_tensor *tensor = fv_weights_find(w->weights, node->name);
    const fv_type *type = type_of(w, v);
    const char *name = node->name;
    int64_t dims[4] = { 1, type->dims[0], 1, 1 };
    if (!tensor || type->dtype != FV_F32) {
        TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s is no f32 tensor of the model", node->name));
        return "";
    }
    if (is_channel) TRY_W(w, fv_arena_format(w->arena, &name, "%s/channel", node->name));
    add_tensor(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, is_channel ? dims : type->dims, is_channel ? 4 : type->rank,
               tensor->data, fv_type_bytes(type));
    return name;
}

/* KRSC as KCRS. */
static const char *filters(writer *w, fv_value v) {
    const fv_node *node = fv_node_of(w->graph, v);
    const fv_tensor *tensor = fv_weights_find(w->weights, node->name);
    const fv_type *type = type_of(w, v);
    float *turned = NULL;
    if (!tensor || type->dtype != FV_F32 || type->rank != 4) {
        TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: filters that are no f32 tensor of the model", node->name));
        return "";
    }
    int64_t K = type->dims[0], P = type->dims[1] * type->dims[2], C = type->dims[3];
    const int64_t dims[] = { K, C, type->dims[1], type->dims[2] };
    TRY_W(w, fv_arena_take(w->arena, K * P * C, &turned));
    for (int64_t k = 0; k < K && turned; k++)
        for (int64_t p = 0; p < P; p++)
            for (int64_t c = 0; c < C; c++) turned[(k * C + c) * P + p] = ((const float *)tensor->data)[(k * P + p) * C + c];
    if (turned) add_tensor(w, node->name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dims, 4, turned, K * P * C * 4);
    return node->name;
}

/* A value for an op that broadcasts to `rank` dimensions: one number a channel gets the dimensions behind it that it has not.
 */
static const char *operand(writer *w, fv_value v, int rank) {
    const fv_node *node = fv_node_of(w->graph, v);
    const fv_type *type = type_of(w, v);
    bool state = fv_node_is(node, "state");
    if (rank == 4 && type->rank > 0 && type->rank < 4 && !(state && type->rank == 1))
        TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: %d dimensions where others have four", node->name, type->rank));
    if (state) return weight(w, v, rank == 4 && type->rank == 1);
    return w->names[v.node];
}

static const char *input(const writer *w, const fv_node *node, int i) { return w->names[node->inputs[i].node]; }

/* ---- ops ---- */

static void unary(writer *w, const fv_node *node, const char *op) {
    const char *x = input(w, node, 0);
    add_node(w, op, &x, 1, node->name);
}

static void binary(writer *w, const fv_node *node, const char *op) {
    int rank = node->outputs[0].rank;
    const char *const inputs[] = { operand(w, node->inputs[0], rank), operand(w, node->inputs[1], rank) };
    add_node(w, op, inputs, 2, node->name);
}

static void clip(writer *w, const char *x, double least, double most, const char *to) {
    const char *const inputs[] = { x, isfinite(least) ? add_number(w, least) : "", isfinite(most) ? add_number(w, most) : "" };
    add_node(w, "Clip", inputs, 3, to);
}

static void relu6(writer *w, const fv_node *node, const char *op) {
    (void)op;
    clip(w, input(w, node, 0), 0, 6, node->name);
}

static void clamp(writer *w, const fv_node *node, const char *op) {
    const double *range = node->options; /* min, max */
    (void)op;
    clip(w, input(w, node, 0), range[0], range[1], node->name);
}

static void leaky_relu(writer *w, const fv_node *node, const char *op) {
    const char *x = input(w, node, 0);
    set_float(w, add_node(w, op, &x, 1, node->name), "alpha", *(const double *)node->options);
}

static void hard_sigmoid(writer *w, const fv_node *node, const char *op) {
    const char *x = input(w, node, 0);
    Onnx__NodeProto *n = add_node(w, op, &x, 1, node->name);
    set_float(w, n, "alpha", 1.0 / 6);
    set_float(w, n, "beta", 0.5);
}

static void silu(writer *w, const fv_node *node, const char *op) {
    const char *x = input(w, node, 0), *s = helper(w, "sigmoid"), *const both[] = { x, s };
    (void)op;
    add_node(w, "Sigmoid", &x, 1, s);
    add_node(w, "Mul", both, 2, node->name);
}

/* x · (1 + erf(x / √2)) / 2; its approximation by a hyperbolic tangent has another formula. */
static void gelu(writer *w, const fv_node *node, const char *op) {
    FV_TEXT(options, 256);
    fv_fields_print(node->op->fields, node->options, &options);
    (void)op;
    if (options.length) TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: gelu %s", node->name, options.at));
    const char *x = input(w, node, 0), *scaled = helper(w, "gelu"), *erf = helper(w, "gelu"), *one = helper(w, "gelu"),
               *half = helper(w, "gelu");
    add_node(w, "Mul", (const char *const[]){ x, add_number(w, sqrt(0.5)) }, 2, scaled);
    add_node(w, "Erf", &scaled, 1, erf);
    add_node(w, "Add", (const char *const[]){ erf, add_number(w, 1) }, 2, one);
    add_node(w, "Mul", (const char *const[]){ x, one }, 2, half);
    add_node(w, "Mul", (const char *const[]){ half, add_number(w, 0.5) }, 2, node->name);
}

static void conv2d(writer *w, const fv_node *node, const char *op) {
    const fv_conv2d_options *o = node->options;
    const fv_type *type = type_of(w, node->inputs[1]);
    if (o->activation != FV_CONV2D_PLAIN)
        TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: a convolution with an activation in it", node->name));
    const char *inputs[] = { input(w, node, 0), filters(w, node->inputs[1]), NULL };
    if (node->input_count > 2) inputs[2] = weight(w, node->inputs[2], false);
    Onnx__NodeProto *n = add_node(w, op, inputs, node->input_count, node->name);
    set_ints(w, n, "kernel_shape", &type->dims[1], 2);
    set_ints(w, n, "strides", o->stride, 2);
    set_ints(w, n, "pads", o->padding, 4);
    set_ints(w, n, "dilations", o->dilation, 2);
    set_int(w, n, "group", o->groups);
}

static void batch_norm(writer *w, const fv_node *node, const char *op) {
    const fv_batch_norm_options *o = node->options;
    const char *inputs[5] = { input(w, node, 0) };
    for (int i = 1; i < 5; i++) inputs[i] = weight(w, node->inputs[i], false);
    set_float(w, add_node(w, op, inputs, 5, node->name), "epsilon", o->epsilon);
}

static void pool2d(writer *w, const fv_node *node, const char *op) {
    const fv_pool2d_options *o = node->options;
    const char *x = input(w, node, 0);
    Onnx__NodeProto *n = add_node(w, op, &x, 1, node->name);
    set_ints(w, n, "kernel_shape", o->window, 2);
    set_ints(w, n, "strides", o->stride, 2);
    set_ints(w, n, "pads", o->padding, 4);
    set_int(w, n, "ceil_mode", o->ceil);
    if (!strcmp(op, "AveragePool")) set_int(w, n, "count_include_pad", o->count_padding);
}

/* By windows of one size, where they are. */
static void adaptive(writer *w, const fv_node *node, const char *op) {
    const fv_adaptive_pool2d_options *o = node->options;
    const fv_type *type = type_of(w, node->inputs[0]);
    const char *x = input(w, node, 0);
    if (type->dims[1] % o->size[0] || type->dims[2] % o->size[1])
        TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: adaptive pooling by windows of several sizes", node->name));
    const int64_t window[] = { type->dims[1] / o->size[0], type->dims[2] / o->size[1] };
    Onnx__NodeProto *n = add_node(w, op, &x, 1, node->name);
    set_ints(w, n, "kernel_shape", window, 2);
    set_ints(w, n, "strides", window, 2);
}

static void linear(writer *w, const fv_node *node, const char *op) {
    const char *inputs[] = { input(w, node, 0), weight(w, node->inputs[1], false), NULL };
    if (node->input_count > 2) inputs[2] = weight(w, node->inputs[2], false);
    set_int(w, add_node(w, op, inputs, node->input_count, node->name), "transB", 1);
}

static void reshape(writer *w, const fv_node *node, const char *op) {
    const fv_ints *dims = node->options;
    const fv_type *from = type_of(w, node->inputs[0]), *to = &node->outputs[0];
    const char *x = input(w, node, 0), *flat = to->rank == 4 ? helper(w, "rows") : node->name;
    if (from->rank == 4 && from->dims[1] * from->dims[2] != 1) x = transpose(w, x, to_ours, NULL);
    if (from->rank == 4 && to->rank != 2) TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: a reshape that is not to rows", node->name));
    add_node(w, op, (const char *const[]){ x, add_ints(w, dims->at, (int)dims->count) }, 2, flat);
    if (to->rank == 4) transpose(w, flat, to_theirs, node->name);
}

static void concat(writer *w, const fv_node *node, const char *op) {
    static const int64_t axes[] = { 0, 2, 3, 1 };
    int rank = node->outputs[0].rank;
    int64_t axis = *(const int64_t *)node->options; /* its only one */
    if (axis < 0) axis += rank;
    const char *inputs[FV_INPUTS_MAX];
    for (int i = 0; i < node->input_count; i++) inputs[i] = input(w, node, i);
    set_int(w, add_node(w, op, inputs, node->input_count, node->name), "axis", rank == 4 ? axes[axis] : axis);
}

static void constant(writer *w, const fv_node *node, const char *op) {
    fv_tensor number;
    double value = 0;
    fv_call call = { .op = node->op, .options = node->options, .outputs = &number, .output_count = 1 };
    float single = 0;
    (void)op;
    if (node->outputs[0].dtype != FV_F32) {
        TRY_W(w, fv_fail(FV_UNSUPPORTED, "%s: a constant that is no f32", node->name));
        return;
    }
    number = fv_tensor_of(&node->outputs[0], &single);
    node->op->reference(&call);
    value = single;
    w->names[node->index] = add_number(w, value);
}

static const struct {
    const char *ours, *theirs;
    void (*emit)(writer *writer, const fv_node *node, const char *op);
} rows[] = {
    { "relu", "Relu", unary },
    { "sigmoid", "Sigmoid", unary },
    { "tanh", "Tanh", unary },
    { "softplus", "Softplus", unary },
    { "hard_swish", "HardSwish", unary },
    { "identity", "Identity", unary },
    { "sqrt", "Sqrt", unary },
    { "exp", "Exp", unary },
    { "neg", "Neg", unary },
    { "global_avg_pool2d", "GlobalAveragePool", unary },
    { "add", "Add", binary },
    { "sub", "Sub", binary },
    { "mul", "Mul", binary },
    { "div", "Div", binary },
    { "minimum", "Min", binary },
    { "maximum", "Max", binary },
    { "relu6", "Clip", relu6 },
    { "clamp", "Clip", clamp },
    { "leaky_relu", "LeakyRelu", leaky_relu },
    { "hard_sigmoid", "HardSigmoid", hard_sigmoid },
    { "silu", NULL, silu },
    { "gelu", NULL, gelu },
    { "conv2d", "Conv", conv2d },
    { "batch_norm_inference", "BatchNormalization", batch_norm },
    { "max_pool2d", "MaxPool", pool2d },
    { "avg_pool2d", "AveragePool", pool2d },
    { "adaptive_avg_pool2d", "AveragePool", adaptive },
    { "linear", "Gemm", linear },
    { "reshape", "Reshape", reshape },
    { "concat", "Concat", concat },
    { "constant", NULL, constant },
};

static void emit(writer *w, const fv_node *node) {
    if (fv_node_is(node, "state") || fv_node_is(node, "input")) return; /* where they are used; by their names */
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
        if (fv_node_is(node, rows[i].ours)) return rows[i].emit(w, node, rows[i].theirs);
    TRY_W(w, fv_error_hint(fv_fail(FV_UNSUPPORTED, "%s: op %s is not written to ONNX", node->name, node->op->name),
                           "exchange/onnx_write.c has a row for each that is"));
}

/* ---- the graph ---- */

static Onnx__ValueInfoProto *value_info(writer *w, const char *name, int32_t type, const int64_t *dims, int rank) {
    Onnx__ValueInfoProto *v = NULL;
    Onnx__TypeProto *t = NULL;
    Onnx__TypeProto__Tensor *tensor = NULL;
    Onnx__TensorShapeProto *shape = NULL;
    Onnx__TensorShapeProto__Dimension *d = NULL;
    TRY_W(w, fv_arena_take(w->arena, 1, &v));
    TRY_W(w, fv_arena_take(w->arena, 1, &t));
    TRY_W(w, fv_arena_take(w->arena, 1, &tensor));
    TRY_W(w, fv_arena_take(w->arena, 1, &shape));
    TRY_W(w, fv_arena_take(w->arena, rank, &d));
    if (w->error) return NULL;
    fv_onnx__value_info_proto__init(v);
    fv_onnx__type_proto__init(t);
    fv_onnx__type_proto__tensor__init(tensor);
    fv_onnx__tensor_shape_proto__init(shape);
    TRY_W(w, fv_arena_take(w->arena, rank, &shape->dim));
    for (int i = 0; i < rank && !w->error; i++) {
        fv_onnx__tensor_shape_proto__dimension__init(&d[i]);
        d[i].value_case =
            i ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        if (i)
            d[i].dim_value = dims[i];
        else
            d[i].dim_param = text(w, "batch");
        shape->dim[i] = &d[i];
    }
    shape->n_dim = (size_t)rank;
    v->name = text(w, name);
    v->type = t;
    t->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    t->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = type;
    tensor->shape = shape;
    return v;
}

static const char *begin_input(writer *w, const fv_type *x, const fv_onnx_affine *inside) {
    const int64_t theirs[] = { 0, x->dims[3], x->dims[1], x->dims[2] }, row[] = { inside ? inside->channels : 0 };
    TRY_W(w, fv_arena_take(w->arena, 1, &w->to->input));
    if (w->error) return "";
    w->to->n_input = 1;
    if (!inside) {
        w->to->input[0] = value_info(w, "input", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, theirs, 4);
        return "input";
    }
    w->to->input[0] = value_info(w, "image", ONNX__TENSOR_PROTO__DATA_TYPE__UINT8, x->dims, 4);
    const char *image = "image", *numbers = helper(w, "pixels"), *scaled = helper(w, "scaled"), *shifted = helper(w, "shifted"),
               *scale = helper(w, "scale"), *shift = helper(w, "shift");
    set_int(w, add_node(w, "Cast", &image, 1, numbers), "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    add_tensor(w, scale, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, row, 1, inside->scale, row[0] * 4);
    add_tensor(w, shift, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, row, 1, inside->shift, row[0] * 4);
    add_node(w, "Mul", (const char *const[]){ numbers, scale }, 2, scaled);
    add_node(w, "Add", (const char *const[]){ scaled, shift }, 2, shifted);
    return transpose(w, shifted, to_theirs, NULL);
}

static void end_output(writer *w, fv_value logits) {
    const char *last = w->names[logits.node];
    TRY_W(w, fv_arena_take(w->arena, 1, &w->to->output));
    if (w->error) return;
    if (strcmp(last, "logits") != 0) add_node(w, "Identity", &last, 1, "logits");
    w->to->output[0] = value_info(w, "logits", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, type_of(w, logits)->dims, 2);
    w->to->n_output = 1;
}

static fv_error *write_graph(writer *w, const fv_signature_section *s, const fv_onnx_affine *inside) {
    fv_value x = fv_graph_find(w->graph, s->input), logits = fv_graph_find_output(w->graph, s->output);
    w->capacity = (size_t)w->graph->count * A_NODE + 64;
    FV_TRY(fv_arena_take(w->arena, (int64_t)w->capacity, &w->to->node));
    FV_TRY(fv_arena_take(w->arena, (int64_t)w->capacity, &w->to->initializer));
    FV_TRY(fv_arena_take(w->arena, w->graph->count, &w->names));
    for (int32_t n = 0; n < w->graph->count; n++) w->names[n] = w->graph->nodes[n]->name;
    w->names[x.node] = begin_input(w, type_of(w, x), inside);
    for (int32_t n = 0; n < w->graph->count && !w->error; n++) emit(w, w->graph->nodes[n]);
    end_output(w, logits);
    return fv_take(&w->error);
}

static fv_error *wrap_up(writer *w, const fv_onnx_pair *metadata, int64_t count, Onnx__ModelProto *model) {
    Onnx__OperatorSetIdProto *opset;
    Onnx__StringStringEntryProto *entries;
    FV_TRY(fv_arena_take(w->arena, 1, &opset));
    FV_TRY(fv_arena_take(w->arena, 1, &model->opset_import));
    FV_TRY(fv_arena_take(w->arena, count, &entries));
    FV_TRY(fv_arena_take(w->arena, count, &model->metadata_props));
    fv_onnx__operator_set_id_proto__init(opset);
    opset->has_version = true;
    opset->version = OPSET;
    opset->domain = text(w, "");
    model->opset_import[0] = opset;
    model->n_opset_import = 1;
    model->has_ir_version = true;
    model->ir_version = IR_VERSION;
    model->producer_name = text(w, "fovea");
    model->producer_version = text(w, FOVEA_VERSION);
    model->graph = w->to;
    w->to->name = text(w, "fovea");
    for (int64_t i = 0; i < count; i++) {
        fv_onnx__string_string_entry_proto__init(&entries[i]);
        entries[i].key = text(w, metadata[i].key);
        entries[i].value = text(w, metadata[i].value);
        model->metadata_props[i] = &entries[i];
    }
    model->n_metadata_props = (size_t)count;
    return fv_take(&w->error);
}

fv_error *fv_onnx_of_model(const fv_model *model, const fv_onnx_affine *inside, const fv_onnx_pair *metadata,
                           int64_t metadata_count, fv_arena *arena, Onnx__ModelProto **out) {
    FV_OWNED(fv_graph) graph = NULL;
    fv_signature_section s;
    Onnx__ModelProto *to;
    writer w = { .weights = fv_model_weights(model), .arena = arena };
    FV_TRY(fv_section_read(model, &fv_section_signature, &s, arena));
    FV_TRY(fv_graph_with_batch(fv_model_graph(model), 2, &graph)); /* no dimension of one is taken for the batch */
    FV_TRY(fv_pass_evaluation(graph, &(fv_plan_options){ .mode = FV_EVALUATION }));
    FV_TRY(fv_graph_sort(graph));
    FV_TRY(fv_arena_take(arena, 1, &to));
    FV_TRY(fv_arena_take(arena, 1, &w.to));
    fv_onnx__model_proto__init(to);
    fv_onnx__graph_proto__init(w.to);
    w.graph = graph;
    FV_TRY(write_graph(&w, &s, inside));
    FV_TRY(wrap_up(&w, metadata, metadata_count, to));
    *out = to;
    return NULL;
}
