/* plan.h - the inside of a plan, shared by the files that make one: passes.c (graph → graph), choose.c (kernels), place.c
 * (memory), plan.c (putting together and running), print.c.
 *
 * Timeline: steps are numbered in order of execution. The first `hoisted` steps depend on constants, and in evaluation on
 * weights, alone: they run before the first run and again when the weights have changed. Every intermediate, every kernel's
 * scratch and packed input is a buffer with a lifetime on that timeline; place.c gives buffers whose lifetimes do not meet the
 * same bytes. What the hoisted steps of evaluation leave for the others (folded and packed weights) lies outside the block, in
 * memory that the plans of these weights share (derived.h). */
#ifndef FV_PLAN_PLAN_H
#define FV_PLAN_PLAN_H

#include "core/comm/shards.h"
#include "core/graph/node.h"
#include "core/plan/derived.h"
#include "core/plan/kernel.h"
#include "fovea/plan.h"

#define FV_FOREVER INT32_MAX
#define FV_NOMINAL_BATCH 16 /* for which questions are put whose answer is not to depend on the batch */
#define FV_DEFAULT_SHARDS 8

typedef struct fv_buffer {
    int64_t bytes, offset; /* in the block */
    int32_t first, last;   /* steps in which it holds something; last FV_FOREVER: kept from run to run */
    fv_derived *derived;   /* where it lies instead; NULL: in the block */
} fv_buffer;

/* Where output `k` of a node lives. */
typedef struct fv_place {
    fv_tensor tensor; /* strides are set when planned, data when the block is there */
    int32_t buffer;   /* −1: memory of the weights */
    int64_t delta;    /* bytes from the buffer's (the weight's) beginning: of a view */
    int32_t root;     /* number of the state's node when buffer is −1 */
} fv_place;

typedef enum fv_step_kind { FV_STEP_CALL, FV_STEP_STORE, FV_STEP_NOTHING } fv_step_kind;

typedef struct fv_step {
    fv_step_kind kind; /* a kernel or reference; an assign that copies; a view or an assign that came for nothing */
    const fv_node *node;
    const fv_kernel *kernel; /* NULL: the op's reference */
    fv_call call;
    double cost;             /* of the winner, nanoseconds */
    int32_t scratch, packed; /* buffers; −1: none */
    int64_t own;             /* bytes a thread, in the plan's `own` */
    bool pack_once;          /* the packed inputs depend on weights alone, in evaluation: */
    int32_t pack_at;         /* they are packed after this hoisted step; −1: before them all; */
    fv_derived *derived;     /* into this */
} fv_step;

struct fv_plan {
    fv_arena *arena;
    fv_graph *graph;
    fv_graph *whole; /* of ranks that share a batch: the graph of all of it, which kernels are chosen for; NULL: one rank */
    fv_split split;  /* what of it is here */
    fv_weights *weights;
    fv_derivations *derivations; /* of the weights */
    fv_plan_options options;
    int threads;
    fv_place **places; /* by node and output */
    fv_step *steps;
    int32_t step_count, hoisted;
    int32_t *step_of;      /* by node: its step; −1 for sources */
    bool *constant;        /* by node: hoisted, or a state in evaluation */
    fv_derived ***derived; /* by node and output: of what is constant, in evaluation; else NULL */
    fv_derived **held;     /* of the buffers that are not in the block */
    int32_t held_count;
    fv_buffer *buffers;
    int32_t buffer_count, buffer_capacity;
    int32_t own;      /* buffer of what each thread has of its own, in all steps; −1: none needs it */
    int64_t own_step; /* bytes from thread to thread */
    void *block;
    int64_t block_bytes;
    uint64_t generation; /* of the weights, when the hoisted steps ran; 0: never */
    bool check;          /* each node's outputs are looked at */
};

/* passes.c */
typedef struct fv_pass {
    const char *name;
    const char *why; /* why it stands where it stands */
    bool required;   /* run whatever `passes` says: without it the plan would be wrong, not slow */
    fv_error *(*run)(fv_graph *graph, const fv_plan_options *options);
} fv_pass;
extern const fv_pass fv_passes[];
extern const int fv_pass_count;
fv_error *fv_passes_run(fv_graph *graph, const fv_plan_options *options);

fv_error *fv_pass_prune(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_evaluation(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_simplify(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_share(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fold_norm(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fuse_norm(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_norm_on_load(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fuse_residual(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fuse_statistics(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fuse_activation(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fuse_bottleneck(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_round_products(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_sum_on_store(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_round_activations(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_fuse_elementwise(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_materialize(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_schedule(fv_graph *graph, const fv_plan_options *options);
fv_error *fv_pass_rematerialize(fv_graph *graph, const fv_plan_options *options);

/* mask.c: is `where` the gradient of ReLU or ReLU6 with respect to its input? Sets *y, the activation's result, and
 * *activation, an fv_norm_activation. */
bool fv_plan_is_mask(const fv_graph *graph, const fv_node *where, fv_value *y, int *activation);

/* ranks.c: turns plan->graph into that of this rank's rows, when there are ranks and a batch that is enough for them; and
 * whether a node has rows of the batch. */
fv_error *fv_plan_take_part(fv_plan *plan);
bool fv_plan_is_shared(const fv_plan *plan, const fv_node *node);
/* FV_UNSUPPORTED when such a node, which joins rows, is to run by its reference. */
fv_error *fv_plan_check_reference(const fv_node *node);

/* choose.c: the kernel of each step. */
/* Tensors of every value of a graph: types, strides, and how far a view lies from its root. No memory yet. */
fv_error *fv_places_new(const fv_graph *graph, fv_arena *arena, fv_place ***out);
fv_error *fv_call_new(const fv_plan *plan, const fv_node *node, fv_place *const *places, fv_arena *arena, fv_call *out);
fv_error *fv_plan_choose(fv_plan *plan);
/* NULL when `kernel` can do `call`, otherwise why not; sets *cost. Looks at the ISA, strides and what the kernel itself
 * refuses. */
const char *fv_kernel_refuses(const fv_kernel *kernel, const fv_call *call, double *cost);
/* Is there a kernel here for `op` on such inputs? For passes that make nodes which had better not run by their reference. */
bool fv_plan_has_kernel(const fv_graph *graph, const char *op, const fv_value *inputs, int count, const void *options);
/* The cheapest one of `threads` threads, with its cost and the scratch that it asks for; NULL, and INFINITY: there is none. */
const fv_kernel *fv_plan_cheapest(const fv_graph *graph, const char *op, const fv_value *inputs, int count, const void *options,
                                  int threads, double *cost, int64_t *scratch);
/* The same by the types of inputs. */
const fv_kernel *fv_kernel_cheapest(const char *op, const fv_type *inputs, int count, const void *options, int threads,
                                    double *cost, int64_t *scratch);
/* Is a kernel whose name begins so the cheapest one of `node`? For passes that join what such kernels alone can. */
bool fv_plan_is_run_by(const fv_graph *graph, const fv_node *node, const char *name);
/* May `kernel` write output number `output` over its input number `input`, if both have one type? */
bool fv_kernel_may_reuse(const fv_kernel *kernel, int input, int output);
/* The number of the op's next kernel at or after `from`, −1 when there are no more. */
int fv_kernel_next(const char *op, int from);
/* Does FOVEA_KERNEL say which kernels of `op` may run? */
bool fv_kernel_is_pinned(const char *op);
/* Does the view op of `node` show its input `x` without a copy? Sets *y (strides; y->data relative to x->data). */
bool fv_view_of(const fv_node *node, const fv_tensor *x, fv_tensor *y);

/* derive.c: what is packed once, when, and the derivations of what is constant; the memory of those that the plan keeps. */
fv_error *fv_plan_derive(fv_plan *plan);
fv_error *fv_plan_hold(fv_plan *plan);
void fv_plan_drop(fv_plan *plan);
/* Does the kernel pack that input, and so read it only through what is packed of it? */
bool fv_kernel_packs(const fv_kernel *kernel, int input);

/* place.c: buffers, aliases, offsets. */
fv_error *fv_plan_place(fv_plan *plan);
/* Offsets of those in the block by best fit, larger and longer-lived buffers first; returns the bytes in all. */
fv_error *fv_buffers_assign(fv_buffer *buffers, int32_t all, fv_arena *arena, int64_t *bytes);

#endif
