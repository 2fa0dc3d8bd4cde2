/* node.h - the inside of the graph, for passes, importers and printers.
 *
 * Invariants (fv_graph_check): node i's inputs come from nodes below i; names are unique; types are what `shape` says; an input
 * is missing only where the op allows it. Nodes live in the graph's arena and are never freed one by one: a pass edits inputs,
 * appends nodes, and fv_graph_sort drops what nothing needs and numbers anew. */
#ifndef FV_GRAPH_NODE_H
#define FV_GRAPH_NODE_H

#include <string.h>

#include "core/graph/op.h"

struct fv_node {
    const fv_op *op;
    const char *name;
    void *options; /* of op->fields */
    fv_value *inputs;
    int input_count;
    fv_type *outputs;
    int output_count;
    int32_t index;
};

/* Options of the two sources; core/ops/input.c and state.c own the tables. */
typedef struct fv_input_options {
    int dtype; /* fv_dtype */
    fv_ints dims;
    bool batch;
} fv_input_options;
typedef struct fv_state_options {
    int dtype;
    fv_ints dims;
    int role; /* fv_role */
    const char *init;
} fv_state_options;

typedef struct fv_named_value {
    const char *name;
    fv_value value;
} fv_named_value;

struct fv_graph {
    fv_arena *arena;
    fv_node **nodes;
    int32_t count, capacity;
    fv_named_value *outputs;
    int output_count, output_capacity;
    fv_error *error;
    const char *scope; /* "layer1.0."; NULL: none */
    const char *next_name;
    struct fv_names *names; /* name → node */
};

static inline fv_node *fv_node_of(const fv_graph *graph, fv_value v) { return graph->nodes[v.node]; }
static inline fv_value fv_node_value(const fv_node *node, int output) { return (fv_value){ node->index, output }; }

/* fv_apply with the options' text as it is. */
fv_value fv_apply_text(fv_graph *graph, const char *op, const fv_value *inputs, int input_count, const char *options);
/* Sets the node's output types from its inputs' by the op's shape. */
fv_error *fv_node_infer(const fv_graph *graph, fv_node *node, fv_arena *arena);
/* fv_apply with options that are already a struct (copied; NULL: defaults), for passes and importers. `name` inside the scope;
 * NULL: that of fv_graph_name_next, as fv_apply does. A node with a name leaves that one to the next without. */
fv_value fv_graph_add(fv_graph *graph, const fv_op *op, const fv_value *inputs, int input_count, const void *options,
                      const char *name);
/* The next node without a name is NAME.suffix, or where a node is called that, NAME.suffix_2 …: for who rewrites graphs,
 * outside scopes. */
void fv_graph_name_after(fv_graph *graph, const char *name, const char *suffix);
/* Every use of `old` (inputs and outputs of the graph) becomes `new_value`. */
void fv_graph_replace(fv_graph *graph, fv_value old, fv_value new_value);
/* Drops nodes that no output and no effect needs, restores topological order (stable), numbers anew. */
fv_error *fv_graph_sort(fv_graph *graph);
/* The node as its line of the text form, without the newline. */
void fv_node_print(const fv_graph *graph, const fv_node *node, fv_text *out);
/* The nodes were moved within graph->nodes by hand and `count` are left, every input among them: new numbers, new index. */
fv_error *fv_graph_compact(fv_graph *graph, int32_t count);
/* Every invariant above; an error is FV_BUG and names the node. */
fv_error *fv_graph_check(const fv_graph *graph);
/* Uses of each output of each node: counts[node][output] as a flat array by fv_value; in `arena`. */
fv_error *fv_graph_uses(const fv_graph *graph, fv_arena *arena, int32_t ***out);
/* By number of a state's node: the nodes that read it, directly or through views, and how many. Assigns are none: what they
 * store is a value of its own once the plan is made (materialize.c). `needed` by node, or NULL: all. In `arena`. */
fv_error *fv_graph_readers_of_states(const fv_graph *graph, const bool *needed, fv_arena *arena, int32_t ***readers,
                                     int32_t **counts);
/* Is `v` a state, or a view of one? */
bool fv_graph_shows_state(const fv_graph *graph, fv_value v);

static inline bool fv_node_is(const fv_node *node, const char *op) { return strcmp(node->op->name, op) == 0; }

#endif
