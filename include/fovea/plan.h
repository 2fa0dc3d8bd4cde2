/* fovea/plan.h - a plan runs a graph: passes, kernels, memory placed once, then a list of calls.
 *
 *   FV_OWNED(fv_weights) weights = NULL;
 *   FV_TRY(fv_weights_new(&weights));
 *   FV_TRY(fv_initialize(graph, weights, seed));                  (fovea/layers.h)
 *   FV_OWNED(fv_plan) plan = NULL;
 *   FV_TRY(fv_plan_new(graph, weights, &(fv_plan_options){.mode = FV_TRAINING}, &plan));
 *   memcpy(fv_plan_feed(plan, "x")->data, …);
 *   FV_TRY(fv_plan_run(plan));
 *   float loss = *(float *)fv_plan_result(plan, "loss")->data;
 *
 * Plans of several batch sizes and modes may share weights; then they are run one at a time, but for those of evaluation while
 * nobody changes the weights. A plan is used by one thread at a time; inside, the process's team works, unless it is made for
 * one thread. After its first run fv_plan_run allocates nothing. */
#ifndef FOVEA_PLAN_H
#define FOVEA_PLAN_H

#include "fovea/comm.h"
#include "fovea/graph.h"
#include "fovea/mode.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Named tensors that outlive runs: parameters, buffers, slots. */
typedef struct fv_weights fv_weights;
FV_API FV_MUST_USE fv_error *fv_weights_new(fv_weights **out);
FV_API void fv_weights_free(fv_weights *weights);
FV_CLEANUP(fv_weights);
/* A zeroed tensor of that name and type, or the one there is (FV_CONFLICT when its type differs). Borrowed from `weights`;
 * stays where it is until they are freed. */
FV_API FV_MUST_USE fv_error *fv_weights_add(fv_weights *weights, const char *name, const fv_type *type, fv_role role,
                                            fv_tensor **out);
FV_API fv_tensor *fv_weights_find(const fv_weights *weights, const char *name); /* NULL when there is none */
FV_API int64_t fv_weights_count(const fv_weights *weights);
/* Number `index` in order of adding; `name`, `role` may be NULL. */
FV_API fv_tensor *fv_weights_at(const fv_weights *weights, int64_t index, const char **name, fv_role *role);
/* Say so after writing into them by hand: plans of evaluation then fold and pack anew before their next run. */
FV_API void fv_weights_changed(fv_weights *weights);

/* What convolutions and linear layers multiply. BF16: each operand rounded to bf16 first, where the cost model says that this
 * is faster here, sums in f32; in training activations lie in memory as bf16 too, and are computed in f32. FV_UNSUPPORTED, with
 * the reason, where no product of the graph would be. FORCED: every product that can be, also if that is slower. */
typedef enum fv_precision { FV_PRECISION_F32, FV_PRECISION_BF16, FV_PRECISION_BF16_FORCED } fv_precision;
#define FV_PRECISIONS "f32,bf16,bf16_forced"
FV_API const char *fv_precision_name(fv_precision precision); /* one of those; static */
/* FV_UNSUPPORTED, with the reason and what to do, where this CPU cannot, or would only be slower whatever the graph is;
 * FV_USAGE: it is none of them. From any thread. */
FV_API FV_MUST_USE fv_error *fv_precision_check(fv_precision precision);

typedef struct fv_plan_options {
    fv_mode mode;
    fv_precision precision;
    const char *device; /* NULL or "cpu"; another is FV_UNSUPPORTED by name */
    int shards;         /* 0: 8 */
    bool fast_batch;    /* evaluation: choose kernels knowing the batch; a picture's bits may then depend on its batch */
    bool alone;        /* the calling thread computes by itself, outside any unit of the team: several such plans run at once */
    bool keep_nothing; /* evaluation: what hangs on weights alone (folded norms, packed filters) is made in each run, in memory
                        * of the moment, and not once and kept: the same bits, for a plan that is run once */
    bool reference;    /* every node by its op's reference: the slow truth that tests compare with */
    int passes;        /* run only the first n of the list; 0: all; −1: none (for tests and `fovea plan --passes`) */
    /* Training: the ranks that share the graph's batch. Feeds and results whose first dimension is the batch then have the rows
     * of this rank's shards (all of them where the batch is too small to share); everything else is the same on every rank, in
     * the bits that one rank would have made. A node that ranks cannot share is FV_UNSUPPORTED by name. Every rank makes the
     * same plans and runs them in the same order; the comm outlives them. NULL: one rank. */
    fv_comm *comm;
    bool low_memory;    /* training: less is kept of the forward pass, and computed again where the backward pass reads it: the
                         * same bits, in less memory and more time. Nothing for a graph without a result named "loss" */
    int64_t memory_cap; /* bytes; a plan that needs more is FV_MEMORY naming the need; 0: no cap */
} fv_plan_options;

typedef struct fv_plan fv_plan;
/* Copies the graph. States are looked up in `weights`, which must hold them all (FV_NOT_FOUND names the first that is missing)
 * and outlive the plan. */
FV_API FV_MUST_USE fv_error *fv_plan_new(const fv_graph *graph, fv_weights *weights, const fv_plan_options *options,
                                         fv_plan **out);
FV_API void fv_plan_free(fv_plan *plan);
FV_CLEANUP(fv_plan);

/* Borrowed; contiguous. A feed keeps its content over a run; a result is valid until the next run. NULL when there is none so
 * named. */
FV_API fv_tensor *fv_plan_feed(fv_plan *plan, const char *name);
FV_API const fv_tensor *fv_plan_result(const fv_plan *plan, const char *name);

FV_API FV_MUST_USE fv_error *fv_plan_run(fv_plan *plan);

/* With `check` on, a run ends with FV_FORMAT at the first node whose output is not finite though its inputs are, by name; the
 * states are then left in between. Slow. The environment's FOVEA_CHECK=1 puts it on for every plan. */
FV_API void fv_plan_check(fv_plan *plan, bool check);

/* Bytes: the block (intermediates, scratch, feeds), and what is kept beside it of weights (folded, packed), which plans of
 * evaluation of the same weights share. Weights are their owner's. */
typedef struct fv_plan_size {
    int64_t block, kept, calls;
    double flops;
} fv_plan_size;
FV_API fv_plan_size fv_plan_measure(const fv_plan *plan);

/* Nodes, kernels, bytes, FLOPs, placement; with `losers`, every kernel that lost and its reason. A new string
 * (fv_string_free). */
FV_API FV_MUST_USE fv_error *fv_plan_to_text(const fv_plan *plan, bool losers, char **out);
/* The graph as the passes left it. Borrowed. */
FV_API const fv_graph *fv_plan_graph(const fv_plan *plan);

/* Time of each call of one run, in order of execution: index, node name, kernel name, seconds. */
typedef void (*fv_plan_timing)(void *context, int call, const char *node, const char *kernel, double seconds, double flops);
FV_API FV_MUST_USE fv_error *fv_plan_profile(fv_plan *plan, fv_plan_timing report, void *context);

#ifdef __cplusplus
}
#endif
#endif
