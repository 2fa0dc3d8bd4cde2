/* passes.c - the ordered list of what is done to a graph before kernels are chosen. One pass a file; every line says why it
 * stands where it stands. A test compares every prefix of the optional ones with the plan that runs none. */
#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/plan/plan.h"

const fv_pass fv_passes[] = {
    { "prune", "first: no later pass looks at what nobody needs", true, fv_pass_prune },
    { "evaluation", "before rewriting: it decides which ops there are", true, fv_pass_evaluation },
    { "simplify", "before sharing: makes equal nodes look equal", false, fv_pass_simplify },
    { "share", "before fusion: a value computed twice would be fused twice", false, fv_pass_share },
    { "fold_norm", "before fusion: the norm must still be a node of its own", false, fv_pass_fold_norm },
    { "fuse_norm", "before fusion: the activation must still be a node of its own", false, fv_pass_fuse_norm },
    { "norm_on_load", "after activations are in their norms, whose results it spares", false, fv_pass_norm_on_load },
    { "fuse_residual", "after both, which look for norms: it takes what they leave", false, fv_pass_fuse_residual },
    { "fuse_statistics", "after all that look for norms; of both kinds that those leave", false, fv_pass_fuse_statistics },
    { "fuse_activation", "after folding, which puts the activation right behind the convolution", false,
      fv_pass_fuse_activation },
    { "fuse_bottleneck", "after activations are in their convolutions, before the sum behind one goes into a chain", false,
      fv_pass_fuse_bottleneck },
    { "round_products", "after every pass that looks for convolutions, which it makes others of", true,
      fv_pass_round_products },
    { "sum_on_store", "before the sums of gradients go into chains", false, fv_pass_sum_on_store },
    { "round_activations", "before chains are joined, which take its casts in; by what rounds its products by now", true,
      fv_pass_round_activations },
    { "fuse_elementwise", "after every pass that looks for single ops", false, fv_pass_fuse_elementwise },
    { "materialize", "after fusion, which reads broadcasts in place: what is still no plain view becomes a copy", true,
      fv_pass_materialize },
    { "schedule", "orders what the others left", false, fv_pass_schedule },
    { "rematerialize", "last: the order says what is alive at once", false, fv_pass_rematerialize },
};
const int fv_pass_count = FV_COUNT(fv_passes);

static fv_error *run_one(const fv_pass *pass, fv_graph *graph, const fv_plan_options *options) {
    int32_t before = graph->count;
    fv_error *error = pass->run(graph, options);
    if (!error && graph->error) error = fv_graph_error(graph);
    if (!error) error = fv_graph_sort(graph);
    if (!error) error = fv_graph_check(graph);
    fv_trace(FV_TRACE_PLAN, "pass %s: %d nodes, then %d", pass->name, (int)before, (int)graph->count);
    return fv_error_wrap(error, "pass %s", pass->name);
}

fv_error *fv_passes_run(fv_graph *graph, const fv_plan_options *options) {
    int optional = 0;
    for (int i = 0; i < fv_pass_count; i++) {
        const fv_pass *pass = &fv_passes[i];
        bool wanted = pass->required || options->passes == 0 || optional < options->passes;
        optional += !pass->required;
        if (wanted) FV_TRY(run_one(pass, graph, options));
    }
    return NULL;
}

fv_error *fv_pass_prune(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    return fv_graph_sort(graph);
}
