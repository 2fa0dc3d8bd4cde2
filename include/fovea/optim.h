/* fovea/optim.h - training steps as graphs, and learning rates over time.
 *
 * An optimizer computes nothing: it appends nodes to the graph of the loss (gradients, clipping, updates as assigns), and the
 * plan runs them with all else. Its memory is states of role FV_SLOT, named after the parameter: "fc.weight.momentum".
 * The finished graph has two more feeds, to be set before each run where the plan has them (it drops what nothing reads):
 *   learning_rate  f64 scalar
 *   step           i64 scalar, the number of this step from 1; Adam, AdamW and the EMA need it
 * Optimizers and schedules are chosen by text, "NAME option=value …", as in fovea/layers.h. */
#ifndef FOVEA_OPTIM_H
#define FOVEA_OPTIM_H

#include "fovea/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How one parameter learns, beside what its group says. */
typedef struct fv_parameter_rule {
    double rate_scale; /* factor of its rate, times the group's; 0 freezes: no gradient, no slots */
    double pull;       /* L2-SP (Li et al., arXiv 1802.01483): pull · (w − start) is added to the gradient, in place of the
                          weight decay; `start` is the slot "NAME.start", which the caller fills before the first step */
    bool keeps_rows;   /* rows stay as they are whose number in the slot "NAME.learns", f32[rows,1,…], is 0 */
} fv_parameter_rule;

/* In every member zero (NULL) means "off", or the default that is given. */
typedef struct fv_training_options {
    const char *optimizer; /* "sgd momentum=0.9 nesterov=true weight_decay=5e-4"; NULL: "sgd" */
    /* Groups of parameters, "PATTERN option=value …" with the options lr_scale and weight_decay_scale (both 1): "*.bias
     * weight_decay_scale=0". PATTERN is a glob over the whole name ('*' any text, dots too; '?' one character). The first group
     * that matches counts; a group that matches nothing is FV_USAGE. With lr_scale=0 a parameter is frozen: no gradient, no
     * slots. */
    const char *const *groups;
    int group_count;
    /* Off: as in PyTorch every parameter decays. On: parameters of rank 0 and 1 (biases, scales of norms) do not. */
    bool decay_matrices_only;
    double clip_value; /* each gradient element is cut to ±clip_value */
    double clip_norm;  /* all are scaled by min(1, clip_norm / (norm + 1e-6)); the result "gradient_norm" is the norm before */
    /* Exponential moving average of parameters and floating buffers in slots "NAME.ema": ema ← d·ema + (1 − d)·new, where
     * d = min(ema_decay, (step − 1) / (step + 9)), so the first step copies and the average's memory grows with training. */
    double ema_decay;
    /* Asked once for each parameter, by its name; NULL: all have (1, 0, false). */
    fv_parameter_rule (*rule)(const void *context, const char *parameter);
    const void *rule_context;
} fv_training_options;

/* Appends the step that lowers `loss`: gradients of every parameter it depends on, clipping, updates, EMA. `options` may be
 * NULL. */
FV_API void fv_training_step(fv_graph *graph, fv_value loss, const fv_training_options *options);

/* The same in two graphs, for steps on more pictures than fit into memory at once. The first takes the place of the step: it
 * adds share · gradient to slots "NAME.gradient", `share` being a feed, f64 scalar: what part of the step's pictures are in
 * this batch. The second, an empty graph, is run when all batches of a step are in: it updates the weights by the sums and sets
 * them to zero. With equal options both do what one step on all pictures at once does, but for batch norm, whose statistics are
 * each batch's own. */
FV_API void fv_training_gather(fv_graph *graph, fv_value loss, const fv_training_options *options);
FV_API void fv_training_apply(fv_graph *graph, const fv_graph *gathered, const fv_training_options *options);

/* Lookahead (Zhang et al., arXiv 1907.08610) as a graph of its own over the states of a step's (or a gathering) graph, to be
 * run every few steps: slow ← kept·slow + (1 − kept)·fast; fast ← slow, for parameters and floating buffers; slow weights are
 * slots "NAME.slow", `kept` a feed, f64 scalar. Run once with kept = 0 before the first step. */
FV_API void fv_lookahead(fv_graph *graph, const fv_graph *step);

/* The learning rate over a training of `steps` steps: `base` times a factor between 0 and 1 that the schedule gives. A pure
 * function of the step: a resumed run goes on with the same bits. */
typedef struct fv_learning_rate fv_learning_rate;
typedef struct fv_learning_rate_options {
    const char *schedule;    /* "cosine final=0.01", "step every=30 gamma=0.1"; NULL: "constant" */
    double base;             /* the largest rate */
    int64_t steps;           /* of the whole training, at least 1 */
    int64_t steps_per_epoch; /* at least 1 */
    int64_t warmup_steps;    /* first a ramp by step, base · (t + 1) / warmup_steps; the schedule spans the rest; 0: none */
    /* The rate changes at epoch starts only, as where PyTorch's schedulers are stepped once an epoch; that of the ramp is then
     * its value at the epoch's last step, base · (e + 1) / W of W epochs. */
    bool per_epoch;
} fv_learning_rate_options;
FV_API FV_MUST_USE fv_error *fv_learning_rate_new(const fv_learning_rate_options *options, fv_learning_rate **out);
FV_API void fv_learning_rate_free(fv_learning_rate *rate);
FV_CLEANUP(fv_learning_rate);
/* For step t = 0 … steps − 1: the rate to feed when t steps are done (the feed "step" is then t + 1). Beyond the end it
 * stays. */
FV_API double fv_learning_rate_at(const fv_learning_rate *rate, int64_t t);

#ifdef __cplusplus
}
#endif
#endif
