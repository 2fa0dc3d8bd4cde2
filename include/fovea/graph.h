/* fovea/graph.h - the one graph: nodes that name an op, typed options, inputs, and the types of their outputs.
 *
 *   FV_OWNED(fv_graph) g = NULL;
 *   FV_TRY(fv_graph_new(&g));
 *   fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 32, 784));
 *   fv_value w = fv_graph_state(g, "fc.weight", fv_type_of(FV_F32, 10, 784), FV_PARAMETER, "kaiming_uniform");
 *   fv_value y = fv_apply(g, "linear", FV_VALUES(x, w), NULL);
 *   fv_graph_output(g, "logits", y);
 *   FV_TRY(fv_graph_error(g));
 *
 * Building is sticky: after the first error every call returns a value that is no value and does nothing; fv_graph_error hands
 * the error over, with the node's name in it. So building code needs no checks.
 *
 * Nodes are in topological order: inputs come from earlier nodes. Names are unique; a node built without one is called after
 * its op and number ("conv2d_3") inside the current scope.
 *
 * The first dimension of an input with `batch` (the default) is the batch: fv_graph_with_batch gives the same graph for
 * another. State is memory that outlives a run: parameters (trained), buffers (running statistics), slots (optimizer state). A
 * graph reads a state as it was when the run began; an "assign" node stores the new value after every reader has read.
 *
 * Text form, one node a line, parses back:
 *   x = input dtype=f32 dims=32,784 -> f32[32,784]
 *   fc.weight = state dtype=f32 dims=10,784 init=kaiming_uniform -> f32[10,784]
 *   fc = linear(x, fc.weight) -> f32[32,10]
 *   split_1 = split(fc) axis=1 sizes=4,6 -> f32[32,4], f32[32,6]      (outputs are split_1 and split_1:1)
 *   output logits = fc
 *
 * A graph belongs to its maker and is used by one thread at a time. */
#ifndef FOVEA_GRAPH_H
#define FOVEA_GRAPH_H

#include "fovea/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_graph fv_graph;

/* Output number `output` of node number `node`; node < 0 is "no value". */
typedef struct fv_value {
    int32_t node, output;
} fv_value;
#define FV_NO_VALUE ((fv_value){ -1, 0 })
#define FV_VALUES(...) (const fv_value[]){ __VA_ARGS__ }, (int)(sizeof((const fv_value[]){ __VA_ARGS__ }) / sizeof(fv_value))
static inline bool fv_is_value(fv_value v) { return v.node >= 0; }
static inline bool fv_same_value(fv_value a, fv_value b) { return a.node == b.node && a.output == b.output; }
static inline fv_value fv_output_of(fv_value v, int output) { return (fv_value){ v.node, v.node < 0 ? 0 : output }; }

typedef enum fv_role { FV_PARAMETER, FV_BUFFER, FV_SLOT } fv_role;

FV_API FV_MUST_USE fv_error *fv_graph_new(fv_graph **out);
FV_API void fv_graph_free(fv_graph *graph);
FV_CLEANUP(fv_graph);
FV_API FV_MUST_USE fv_error *fv_graph_clone(const fv_graph *graph, fv_graph **out);

/* An array that is fed before each run. fv_graph_input: dims[0] is the batch; fv_graph_feed: no dimension is. */
FV_API fv_value fv_graph_input(fv_graph *graph, const char *name, fv_type type);
FV_API fv_value fv_graph_feed(fv_graph *graph, const char *name, fv_type type);
/* A state, its name inside the current scope; `initializer` ("kaiming_normal mode=fan_out", NULL: zeros) is text that layers
 * understands. A second call with the same name, type and role gives the same value: that is how weights are shared. */
FV_API fv_value fv_graph_state(fv_graph *graph, const char *name, fv_type type, fv_role role, const char *initializer);

/* A node of op `op` with options as "name=value …" (a printf format; NULL: all defaults). An input may be FV_NO_VALUE where the
 * op allows it to be missing, at the end. Returns output 0; the others are fv_output_of(value, k). */
FV_API fv_value fv_apply(fv_graph *graph, const char *op, const fv_value *inputs, int input_count, const char *options, ...)
    FV_PRINTF(5, 6);
/* A scalar constant broadcast where it is used; `dtype` as its partner's. */
FV_API fv_value fv_constant(fv_graph *graph, fv_dtype dtype, double value);

/* Names: the next fv_apply's node gets `name` inside the scope ("layer1.0." + "conv1"). Scopes nest; push returns for pop. */
FV_API void fv_graph_name_next(fv_graph *graph, const char *format, ...) FV_PRINTF(2, 3);
FV_API int64_t fv_graph_push_scope(fv_graph *graph, const char *format, ...) FV_PRINTF(2, 3);
FV_API void fv_graph_pop_scope(fv_graph *graph, int64_t pushed);

/* Names a result. Results and assigns are what a plan computes; all else is pruned. */
FV_API void fv_graph_output(fv_graph *graph, const char *name, fv_value value);
FV_API fv_value fv_graph_find_output(const fv_graph *graph, const char *name); /* FV_NO_VALUE when there is none */
FV_API fv_value fv_graph_find(const fv_graph *graph, const char *node);        /* output 0 of the node so named, or none */
/* state ← value at the end of the run. */
FV_API void fv_graph_assign(fv_graph *graph, fv_value state, fv_value value);

/* The sticky error, handed over (then NULL: the graph stays unusable). */
FV_API FV_MUST_USE fv_error *fv_graph_error(fv_graph *graph);
/* Puts an error of the builder's own into the graph, e.g. an option that makes no sense; takes it. */
FV_API void fv_graph_fail(fv_graph *graph, fv_error *error);

/* Borrowed; the type of no value is a scalar f32. */
FV_API const fv_type *fv_value_type(const fv_graph *graph, fv_value value);
FV_API const char *fv_value_name(const fv_graph *graph, fv_value value);

/* Gradients of the scalar `loss` with respect to `wrt`, by nodes appended in reverse order; gradients[i] is FV_NO_VALUE where
 * loss does not depend on wrt[i]. The gradient of a value used twice is the sum; an op without gradient stops it
 * (stop_gradient) or is an error (argmax) as its descriptor says. */
FV_API void fv_graph_gradients(fv_graph *graph, fv_value loss, const fv_value *wrt, int count, fv_value *gradients);

/* The states of one role in order of creation: fills at most `max`, returns how many there are. */
FV_API int fv_graph_states(const fv_graph *graph, fv_role role, fv_value *out, int max);

/* The same graph (same node numbers) with another batch size; every shape inferred anew. */
FV_API FV_MUST_USE fv_error *fv_graph_with_batch(const fv_graph *graph, int64_t batch, fv_graph **out);
FV_API int64_t fv_graph_batch(const fv_graph *graph); /* dims[0] of the first batched input; 0 when there is none */

/* Text form. fv_graph_to_text: a new string, freed by fv_string_free. `where` names the text in errors, with the line. An op
 * that has changed its options since it was first there says so ("name@2"); older texts are read as they were meant, a newer
 * one is FV_UNSUPPORTED. */
FV_API FV_MUST_USE fv_error *fv_graph_to_text(const fv_graph *graph, char **out);
FV_API FV_MUST_USE fv_error *fv_graph_parse(const char *text, const char *where, fv_graph **out);

#ifdef __cplusplus
}
#endif
#endif
