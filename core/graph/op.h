/* op.h - what an operator is: one file core/ops/NAME.c with its descriptors, found by the line that defines them.
 *
 * An op is a pure function of its inputs and options, but for the sources (input, state) and the one effect (assign). `shape`
 * never sees memory; `reference` is the definition, in plain scalar C over fv_tensor_load/store, honours strides, and is what
 * every kernel is checked against; `grad` emits nodes into the graph. Shapes must not bake the batch into options: an op that
 * needs the shape of another tensor takes it as an input by FV_SHAPE_ONLY ("like"), so that fv_graph_with_batch works. */
#ifndef FV_GRAPH_OP_H
#define FV_GRAPH_OP_H

#include "core/base/fields.h"
#include "fovea/graph.h"

typedef struct fv_node fv_node;

#define FV_INPUTS_MAX 256
#define FV_OUTPUTS_MAX 64

/* Options and types of one node, as `shape` sees it. */
typedef struct fv_shape_call {
    const void *options;
    const fv_type *inputs;
    int input_count;
    fv_type *outputs; /* room for FV_OUTPUTS_MAX */
    int output_count; /* set to the number of names in .outputs; an op with "y..." sets it */
} fv_shape_call;

/* One execution: what `reference` and a kernel's functions get. While kernels are chosen, data pointers are NULL. */
typedef struct fv_call {
    const struct fv_op *op;
    const char *name; /* the node's */
    const void *options;
    const fv_tensor *inputs; /* an optional input that is missing is beyond input_count */
    const fv_tensor *outputs;
    int input_count, output_count;
    int shards; /* parts that a reduction over the batch is cut into (parallel.h) */
    const struct fv_split
        *split;    /* the part of the batch that this rank holds (comm/shards.h); NULL: the call's rows are all */
    int threads;   /* of the team */
    void *scratch; /* what the kernel's `scratch` asked for, 64-byte aligned, contents undefined */
    void *own;     /* what its `own` asked for: of thread t at own + t · own_step, likewise */
    int64_t own_step;
    void *packed;   /* what its `pack` made of an input, or NULL */
    void *prepared; /* what its `prepare` made, or NULL */
} fv_call;

/* Work of one execution, for `fovea plan` and for kernels' cost models. */
typedef struct fv_work {
    double flops; /* 2 for a multiply-add */
    double bytes; /* read and written, each tensor once */
} fv_work;

typedef enum fv_op_flag {
    FV_OP_SOURCE = 1,      /* input, state: no computation */
    FV_OP_EFFECT = 2,      /* assign: kept alive by itself, ordered after every reader of its state */
    FV_OP_VIEW = 4,        /* output 0 shows input 0's memory by other dims or strides: `view` */
    FV_OP_ELEMENTWISE = 8, /* `scalar` defines it; the planner may join chains of them into one loop */
    FV_OP_COMMUTES = 16,   /* exchanging the first two inputs gives the same bits */
    FV_OP_RANDOM = 32,     /* reads the key input: never folded or shared */
    FV_OP_JOINS = 64       /* may take rows of several ranks together: its kernels join shards (comm/shards.h) */
} fv_op_flag;

typedef struct fv_op {
    const char *name;
    int version;         /* in a graph's text: "name@2"; 1 is not written */
    const char *summary; /* one phrase: "2-D convolution, NHWC by KRSC" */
    const char
        *inputs; /* "x,w,bias?": '?' may be missing, "x..." one or more, "like!" ("like!...") is read for its shape only */
    const char *outputs;    /* "y" or "y,mean!,inv_std!" or "y...": '!' has no gradient, asking for one is an error */
    const fv_field *fields; /* NULL: none */
    unsigned flags;
    /* Types of the outputs, or an error that says what does not fit (FV_SHAPE); the caller adds the node's name. */
    fv_error *(*shape)(fv_shape_call *call);
    /* Emits the gradient: dy[k] is the gradient of output k or no value; sets dx[i] of the inputs that have one (all are no
     * value at first). Errors go into the graph. fv_grad_none: has no gradient, said aloud; fv_grad_refused: asking is an
     * error. */
    void (*grad)(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx);
    void (*reference)(const fv_call *call); /* NULL for sources, effects and views */
    double (*scalar)(const void *options,
                     const double *x); /* of an elementwise op: one element; then reference is fv_reference_elementwise */
    void (*view)(
        const void *options, const fv_tensor *x,
        fv_tensor *y); /* of a view: y.type is set; sets strides and data offset from x; y.data NULL when it cannot be a view */
    /* Whether a row of an output depends on other rows (an axis 0 that is not the batch, say), though it has as many rows as
     * its inputs: ranks cannot share such a node. NULL: never. */
    bool (*mixes_rows)(const void *options, const fv_type *inputs);
    fv_work (*work)(const fv_call *call); /* NULL: 1 FLOP an output element, all bytes */
    /* The options' text as an older `version` wrote it, into what this one reads. An op that becomes another by its name or its
     * inputs is a new op; this is for options that change their name, default or meaning. NULL: there was no older version. */
    fv_error *(*upgrade)(int version, const char *options, fv_text *out);
    const char *const *cases; /* test cases as text lines, NULL-terminated; see core/plan/selftest.h */
} fv_op;

extern const fv_op *const fv_op_table[]; /* generated, sorted by name */
extern const int fv_op_table_count;
const fv_op *fv_op_find(const char *name); /* NULL when there is none */
/* Facts from .inputs and .outputs: the least and most inputs, whether input `i` is read for its shape only ("like!"), the name
 * of input `i` (into `buffer`), the number of outputs (−1: as many as `shape` says), and whether output `k` has a gradient. */
void fv_op_arity(const fv_op *op, int *least, int *most);
bool fv_op_shape_only(const fv_op *op, int input);
const char *fv_op_input_name(const fv_op *op, int input, char buffer[64]);
int fv_op_output_count(const fv_op *op);
bool fv_op_differentiable(const fv_op *op, int output);

/* The options' text of any version up to the op's own, as the op reads it now. FV_UNSUPPORTED: of a newer one. */
fv_error *fv_op_upgrade(const fv_op *op, int version, const char *options, fv_text *out);

/* The work of one execution: the op's `work`, or the default. Bytes: each output, and each input but those read for their
 * shape. */
fv_work fv_call_work(const fv_call *call);
double fv_call_bytes(const fv_call *call);

void fv_grad_none(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx);
void fv_grad_refused(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx);

/* Elementwise ops, numpy's broadcasting: shape from all inputs (dtypes equal, and floating point where the op asks for it), or
 * with a fixed dtype (comparison gives bool). */
fv_error *fv_shape_elementwise(fv_shape_call *call);
fv_error *fv_shape_elementwise_float(fv_shape_call *call);
fv_error *fv_shape_compare(fv_shape_call *call);
void fv_reference_elementwise(const fv_call *call);
fv_error *fv_shape_same(fv_shape_call *call); /* output 0 has input 0's type */
/* dims of `a` and `b` broadcast together; FV_SHAPE when they do not. */
fv_error *fv_type_broadcast(const fv_type *a, const fv_type *b, fv_type *out);
/* `x` seen in the shape of `to`: strides 0 where it is broadcast. Same memory, same dtype. */
fv_tensor fv_tensor_broadcast(const fv_tensor *x, const fv_type *to);
/* A gradient of the broadcast shape summed back to the shape of `like` (nothing when they agree). */
fv_value fv_unbroadcast(fv_graph *graph, fv_value gradient, fv_value like);

#endif
