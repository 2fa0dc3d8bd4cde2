/* ranks.c - the plan of one rank of several. The passes have run on the graph of the whole batch, so they decided what they
 * decide for one rank; here it becomes the graph of the rows that this rank holds, node by node the same.
 *
 * Which values have rows of the batch shows by comparing the two: their first dimension is the batch in one and the rank's rows
 * in the other. All else has the same type in both, and is the same on every rank: what it is made of is, or it was joined. So
 * a node can be shared when each of its results is one or the other, and those that are not rows come from an op that joins. */
#include "core/plan/plan.h"

static bool has_rows(const fv_plan *plan, fv_value v) {
    return !fv_type_equal(fv_value_type(plan->graph, v), fv_value_type(plan->whole, v));
}

bool fv_plan_is_shared(const fv_plan *plan, const fv_node *node) {
    if (!plan->whole) return false;
    for (int i = 0; i < node->input_count; i++)
        if (has_rows(plan, node->inputs[i])) return true;
    return false;
}

/* Is the batch the first dimension, and in no other? */
static bool is_rows(const fv_plan *plan, fv_value v) {
    fv_type here = *fv_value_type(plan->graph, v);
    if (here.rank == 0 || here.dims[0] != plan->split.rows) return false;
    here.dims[0] = plan->split.batch;
    return fv_type_equal(&here, fv_value_type(plan->whole, v));
}

static bool reads_rows(const fv_plan *plan, const fv_node *node) {
    for (int i = 0; i < node->input_count; i++)
        if (!fv_op_shape_only(node->op, i) && has_rows(plan, node->inputs[i])) return true;
    return false;
}

static bool mixes_rows(const fv_plan *plan, const fv_node *node) {
    fv_type inputs[FV_INPUTS_MAX];
    if (!node->op->mixes_rows) return false;
    for (int i = 0; i < node->input_count; i++) inputs[i] = *fv_value_type(plan->graph, node->inputs[i]);
    return node->op->mixes_rows(node->options, inputs);
}

static fv_error *refuse(const fv_node *node, const char *why) {
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "ranks cannot share %s (%s): %s", node->name, node->op->name, why),
                         "one rank can train it");
}

static fv_error *check(const fv_plan *plan, const fv_node *node) {
    if (!fv_plan_is_shared(plan, node)) return NULL;
    if (mixes_rows(plan, node)) return refuse(node, "a row of its result is made of several");
    for (int k = 0; k < node->output_count; k++) {
        fv_value y = fv_node_value(node, k);
        if (has_rows(plan, y) && !is_rows(plan, y)) return refuse(node, "the batch is not the first dimension of its result");
        if (!has_rows(plan, y) && reads_rows(plan, node) && !(node->op->flags & FV_OP_JOINS))
            return refuse(node, "it makes one thing of many rows");
    }
    return NULL;
}

fv_error *fv_plan_check_reference(const fv_node *node) {
    return fv_op_shape_only(node->op, 0) ? NULL
                                         : refuse(node, "its dtype has no kernel, and its reference sums without shards");
}

fv_error *fv_plan_take_part(fv_plan *plan) {
    fv_comm *comm = plan->options.comm;
    int64_t batch = fv_graph_batch(plan->graph);
    if (fv_comm_size(comm) == 1 || batch == 0) return NULL;
    fv_share share = fv_share_of(batch, plan->options.shards, fv_comm_size(comm), fv_comm_rank(comm));
    if (share.whole) return NULL;
    plan->split = (fv_split){ comm, batch, share.first, share.rows };
    plan->whole = fv_take(&plan->graph);
    FV_TRY(fv_graph_with_batch(plan->whole, share.rows, &plan->graph));
    for (int32_t n = 0; n < plan->graph->count; n++) FV_TRY(check(plan, plan->graph->nodes[n]));
    return NULL;
}
