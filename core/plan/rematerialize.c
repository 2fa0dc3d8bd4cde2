/* rematerialize.c - the pass that trains in less memory where that is asked for (low_memory): of what the forward pass makes
 * for the backward pass, only some is kept; the rest is made again, by the same ops from the same inputs, right before it is
 * read. The bits are those of the plan that keeps all. A node is run twice at most, so all of it costs less than one forward
 * pass.
 *
 *   y = batch_norm(x, …); …; dw = conv2d_grad_weights(y, dz)
 *     → y = batch_norm(x, …); …; again = batch_norm_apply(x, …, mean, inv_std); dw = conv2d_grad_weights(again, dz)
 *
 * A convolution that sums statistics (fuse_statistics.c) is run again as conv2d.
 *
 * What is run again is chosen by the most bytes that are alive at once, as the order of the nodes tells. The beginnings are the
 * forward pass cut into segments where little crosses (Chen et al., arXiv 1604.06174): what crosses a cut is kept, of a segment
 * all is run again, or only what costs little more than reading and writing it. Of the beginning that needs the fewest bytes,
 * everything goes back, the dearest first, that is kept without needing more. */
#include <math.h>
#include <stdlib.h>

#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/ops/batch_norm.h"
#include "core/plan/plan.h"

#define BOUNDS 16  /* segments are tried up to so many sizes, each two thirds of the one before */
#define CHEAP 4    /* a cheap node takes less than so many times what writing its result does */
#define SMALL 256  /* what is smaller than the largest result by this factor is kept */
#define SLACK 0.05 /* so much more memory is given for less work */

typedef struct remat {
    fv_graph *graph;
    fv_arena *arena;
    int threads;
    int32_t count, values; /* nodes, and outputs of all of them */
    int32_t *first;        /* by node: number of its output 0 */
    int64_t *bytes;        /* by output; 0: a view, or not in the block for a while only */
    int32_t *root;         /* by output: whose memory it shows */
    bool *forward;         /* by node: the loss is made of it */
    bool *able;            /* by node: may be run again */
    double *cost;          /* by node: of that */
    int64_t *saved;        /* by node: bytes that wait for the backward pass */
    int32_t *last_forward; /* by node: the last node of the forward pass that reads it */
    const fv_kernel **kernels;
    int64_t *scratch; /* by node */
    bool *again;      /* by node: what is looked at */
    /* of one look; a node n that is run again is n + count, its outputs are those of n + values */
    int32_t *order, steps, *wanted;
    bool *placed, *reused;
    int32_t *last;  /* by output: the last step that reads it */
    int64_t *alive; /* by step, first the changes */
} remat;

/* ---- what a node is run again as ---- */

static bool is_norm(const fv_node *node) { return fv_node_is(node, "batch_norm"); }

/* A convolution with statistics of its result: the product alone, by the kernel whose bits it has. */
static bool has_statistics(const fv_node *node) { return fv_node_is(node, "conv2d_statistics"); }

/* How many of a node's results are made again: of statistics, which are small, none. */
static int outputs_again(const fv_node *node) { return is_norm(node) || has_statistics(node) ? 1 : node->output_count; }

/* Is `v`, read by the backward pass, made again? */
static bool is_again(const remat *r, fv_value v) {
    return r->again[v.node] && v.output < outputs_again(r->graph->nodes[v.node]);
}

/* The inputs with which it is run again: batch_norm(x, scale, bias, …) as batch_norm_apply(x, scale, bias, mean, inv_std). */
static fv_value input_again(const fv_node *node, int i) {
    return is_norm(node) && i >= 3 ? fv_node_value(node, i - 2) : node->inputs[i];
}

static int inputs_again(const fv_node *node) { return has_statistics(node) ? 2 : node->input_count; }

static const fv_op *op_again(const fv_node *node) {
    if (has_statistics(node)) return fv_op_find("conv2d");
    return is_norm(node) ? fv_op_find("batch_norm_apply") : node->op;
}

/* ---- facts ---- */

static fv_error *take_room(remat *r) {
    int64_t nodes = r->count, values = r->values;
    FV_TRY(fv_arena_take(r->arena, values, &r->bytes));
    FV_TRY(fv_arena_take(r->arena, values, &r->root));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->forward));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->able));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->cost));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->saved));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->last_forward));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->kernels));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->scratch));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->again));
    FV_TRY(fv_arena_take(r->arena, 2 * nodes, &r->order));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->wanted));
    FV_TRY(fv_arena_take(r->arena, nodes, &r->placed));
    FV_TRY(fv_arena_take(r->arena, 2 * values, &r->reused));
    FV_TRY(fv_arena_take(r->arena, 2 * values, &r->last));
    return fv_arena_take(r->arena, 2 * nodes + 2, &r->alive);
}

static void find_forward(remat *r, fv_value loss) {
    r->forward[loss.node] = true;
    for (int32_t n = loss.node; n >= 0; n--)
        for (int i = 0; r->forward[n] && i < r->graph->nodes[n]->input_count; i++)
            r->forward[r->graph->nodes[n]->inputs[i].node] = true;
}

static int32_t number_of(const remat *r, fv_value v) { return r->first[v.node] + v.output; }

static void find_bytes(remat *r) {
    for (int32_t n = 0; n < r->count; n++) {
        const fv_node *node = r->graph->nodes[n];
        bool view = node->op->flags & FV_OP_VIEW, none = node->op->flags & (FV_OP_SOURCE | FV_OP_EFFECT | FV_OP_VIEW);
        for (int k = 0; k < node->output_count; k++) {
            int32_t v = r->first[n] + k;
            r->bytes[v] = none ? 0 : fv_type_bytes(&node->outputs[k]);
            r->root[v] = view ? r->root[number_of(r, node->inputs[0])] : v;
        }
    }
}

/* The kernel that runs it, and what it takes to run it again. */
static void find_costs(remat *r) {
    for (int32_t n = 0; n < r->count; n++) {
        const fv_node *node = r->graph->nodes[n];
        r->cost[n] = INFINITY;
        if (node->op->flags & (FV_OP_SOURCE | FV_OP_EFFECT | FV_OP_VIEW)) continue;
        r->kernels[n] = fv_plan_cheapest(r->graph, node->op->name, node->inputs, node->input_count, node->options, r->threads,
                                         &r->cost[n], &r->scratch[n]);
        if (!r->kernels[n] || op_again(node) == node->op) continue;
        fv_value inputs[FV_INPUTS_MAX];
        int64_t scratch;
        for (int i = 0; i < inputs_again(node); i++) inputs[i] = input_again(node, i);
        if (!fv_plan_cheapest(r->graph, op_again(node)->name, inputs, inputs_again(node), node->options, r->threads,
                              &r->cost[n], &scratch))
            r->cost[n] = INFINITY;
    }
}

/* What joins the rows of several ranks is not done twice. A norm that has been told which kernel to run might not be able to
 * apply its statistics in the same bits. */
static void find_able(remat *r) {
    int64_t most = 0;
    bool pinned = fv_kernel_is_pinned("batch_norm");
    for (int32_t v = 0; v < r->values; v++) most = fv_max(most, r->bytes[v]);
    for (int32_t n = 0; n < r->count; n++) {
        const fv_node *node = r->graph->nodes[n];
        bool joins = node->op->flags & FV_OP_JOINS;
        bool fits = is_norm(node) ? !pinned : has_statistics(node) ? !fv_kernel_is_pinned(node->op->name) : !joins;
        r->able[n] = fits && r->forward[n] && isfinite(r->cost[n]) && r->bytes[r->first[n]] >= most / SMALL;
    }
}

/* Of each node: what of it waits, and until where the forward pass needs it; both through views. */
static fv_error *find_waiting(remat *r) {
    int32_t *maker = NULL;
    FV_TRY(fv_arena_take(r->arena, r->values, &maker));
    for (int32_t n = 0; n < r->count; n++)
        for (int k = 0; k < r->graph->nodes[n]->output_count; k++) maker[r->first[n] + k] = n;
    for (int32_t n = 0; n < r->count; n++) {
        const fv_node *node = r->graph->nodes[n];
        for (int i = 0; i < node->input_count; i++) {
            int32_t v = r->root[number_of(r, node->inputs[i])], from = maker[v];
            if (fv_op_shape_only(node->op, i)) continue;
            if (r->forward[n])
                r->last_forward[from] = n;
            else if (r->able[from])
                r->saved[from] = r->bytes[r->first[from]];
        }
    }
    return NULL;
}

/* ---- a look: the most bytes alive at once, if what `again` says is run again ---- */

static int by_number(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void want(remat *r, const fv_node *node, int i, fv_value v, int32_t *count) {
    if (fv_op_shape_only(node->op, i) || !is_again(r, v) || r->placed[v.node]) return;
    r->placed[v.node] = true;
    r->wanted[(*count)++] = v.node;
}

/* What node n of the backward pass reads and is not there yet, in the order of the forward pass. */
static void place_again(remat *r, int32_t n) {
    const fv_node *node = r->graph->nodes[n];
    int32_t count = 0;
    for (int i = 0; i < node->input_count; i++) want(r, node, i, node->inputs[i], &count);
    for (int32_t w = 0; w < count; w++) {
        const fv_node *from = r->graph->nodes[r->wanted[w]];
        for (int i = 0; i < inputs_again(from); i++) want(r, from, i, input_again(from, i), &count);
    }
    qsort(r->wanted, (size_t)count, sizeof *r->wanted, by_number);
    for (int32_t w = 0; w < count; w++) r->order[r->steps++] = r->wanted[w] + r->count;
}

static void find_order(remat *r) {
    r->steps = 0;
    for (int32_t n = 0; n < r->count; n++) {
        const fv_node *node = r->graph->nodes[n];
        r->placed[n] = false;
        if (node->op->flags & FV_OP_VIEW) r->again[n] = r->forward[n] && r->again[node->inputs[0].node];
    }
    for (int32_t n = 0; n < r->count; n++) {
        if (!r->forward[n]) place_again(r, n);
        r->order[r->steps++] = n;
    }
}

/* The output whose memory input i of step s is, as numbered in a look. */
static int32_t read_by(const remat *r, int32_t s, int i) {
    bool again = r->order[s] >= r->count;
    int32_t n = again ? r->order[s] - r->count : r->order[s];
    const fv_node *node = r->graph->nodes[n];
    fv_value v = again ? input_again(node, i) : node->inputs[i];
    bool made_again = (again || !r->forward[n]) && is_again(r, v) && !fv_op_shape_only(node->op, i);
    return r->root[number_of(r, v)] + (made_again ? r->values : 0);
}

static const fv_node *node_at(const remat *r, int32_t s) { return r->graph->nodes[r->order[s] % r->count]; }
static int inputs_at(const remat *r, int32_t s) {
    return r->order[s] >= r->count ? inputs_again(node_at(r, s)) : node_at(r, s)->input_count;
}

static void find_lives(remat *r) {
    for (int32_t s = 0; s < r->steps; s++) {
        const fv_node *node = node_at(r, s);
        int32_t first = r->first[node->index] + (r->order[s] >= r->count ? r->values : 0);
        for (int k = 0; k < node->output_count; k++) r->last[first + k] = s, r->reused[first + k] = false;
        for (int i = 0; i < inputs_at(r, s); i++)
            if (!fv_op_shape_only(node->op, i)) r->last[read_by(r, s, i)] = s;
    }
    for (int i = 0; i < r->graph->output_count; i++) r->last[r->root[number_of(r, r->graph->outputs[i].value)]] = r->steps;
}

/* Output k is written over an input that nobody reads any more, as place.c will have it. */
static void find_reuse(remat *r, int32_t s, int k) {
    const fv_node *node = node_at(r, s);
    const fv_kernel *kernel = r->kernels[node->index];
    for (int i = 0; i < inputs_at(r, s) && i < 32 && kernel; i++) {
        int32_t v = read_by(r, s, i);
        if (!fv_kernel_may_reuse(kernel, i, k) || fv_op_shape_only(node->op, i) || r->last[v] != s || r->reused[v]) continue;
        if (r->bytes[v % r->values] != fv_type_bytes(&node->outputs[k])) continue;
        r->reused[v] = true;
        return;
    }
}

static int64_t most_alive(remat *r) {
    find_order(r);
    find_lives(r);
    for (int32_t s = 0; s < r->steps + 2; s++) r->alive[s] = 0;
    for (int32_t s = 0; s < r->steps; s++)
        for (int k = 0; k < node_at(r, s)->output_count; k++) find_reuse(r, s, k);
    int64_t most = 0, now = 0;
    for (int32_t s = 0; s < r->steps; s++) {
        const fv_node *node = node_at(r, s);
        bool again = r->order[s] >= r->count;
        for (int k = 0; k < (again ? outputs_again(node) : node->output_count); k++) {
            int32_t v = r->first[node->index] + k, at = v + (again ? r->values : 0);
            r->alive[s] += r->bytes[v];
            r->alive[r->last[at] + (r->reused[at] ? 0 : 1)] -= r->bytes[v];
        }
        now += r->alive[s];
        most = fv_max(most, now + r->scratch[node->index]);
    }
    return most;
}

static double work_again(const remat *r) {
    double sum = 0;
    for (int32_t n = 0; n < r->count; n++) sum += r->again[n] && r->able[n] ? r->cost[n] : 0;
    return sum;
}

/* ---- where it begins ---- */

static bool is_cheap(const remat *r, int32_t n) {
    return r->cost[n] <= FV_COST_CALL + CHEAP * (double)r->bytes[r->first[n]] / FV_COST_BYTES;
}

/* Of the places behind nodes begin … end the one that least crosses; the last of them. */
static int32_t least_crossed(const remat *r, int32_t begin, int32_t end, const int64_t *crossing) {
    int32_t best = end;
    for (int32_t n = end; n >= begin; n--)
        if (r->forward[n] && crossing[n] < crossing[best]) best = n;
    return best;
}

/* Segments that keep more than `bound` bytes waiting are cut; `again` is then what no cut keeps. */
static void cut(remat *r, int64_t bound, bool cheap, const int64_t *crossing) {
    int64_t waiting = 0;
    int32_t begin = 0;
    while (begin < r->count && !r->able[begin]) begin++;
    for (int32_t n = 0; n < r->count; n++) r->again[n] = r->able[n] && (!cheap || is_cheap(r, n));
    for (int32_t n = 0; n < r->count; n++) {
        if (!r->forward[n]) continue;
        waiting += r->saved[n];
        if (waiting <= bound) continue;
        int32_t at = least_crossed(r, begin, n, crossing);
        for (int32_t m = 0; m <= at; m++) r->again[m] = r->again[m] && r->last_forward[m] <= at;
        waiting = 0;
        begin = at + 1;
        for (int32_t m = begin; m <= n; m++) waiting += r->saved[m];
    }
}

/* By node of the forward pass: bytes made by then that it reads later. */
static fv_error *find_crossing(remat *r, int64_t **out) {
    int64_t *crossing, now = 0;
    FV_TRY(fv_arena_take(r->arena, r->count + 1, &crossing));
    for (int32_t n = 0; n < r->count; n++) {
        if (!r->able[n]) continue;
        crossing[n] += r->bytes[r->first[n]];
        crossing[fv_max(r->last_forward[n], n)] -= r->bytes[r->first[n]];
    }
    for (int32_t n = 0; n < r->count; n++) crossing[n] = now += crossing[n];
    *out = crossing;
    return NULL;
}

/* Leaves in `again` the beginning that needs the fewest bytes, of such the one of the least work. */
static fv_error *begin(remat *r, int64_t *least) {
    bool *best = NULL;
    int64_t *crossing = NULL, all = 0;
    double work = 0;
    FV_TRY(fv_arena_take(r->arena, r->count, &best));
    FV_TRY(find_crossing(r, &crossing));
    for (int32_t n = 0; n < r->count; n++) all += r->saved[n];
    *least = most_alive(r);
    for (int b = 0; b < 2 * BOUNDS; b++, all = b % 2 ? all : all * 2 / 3) {
        cut(r, all, b % 2, crossing);
        int64_t bytes = most_alive(r);
        double takes = work_again(r);
        fv_trace(FV_TRACE_PLAN, "rematerialize: bound %lld%s: %lld bytes, %.3g ms", (long long)all, b % 2 ? " cheap" : "",
                 (long long)bytes, takes * 1e-6);
        if (bytes > *least || (bytes == *least && takes >= work)) continue;
        *least = bytes;
        work = takes;
        for (int32_t n = 0; n < r->count; n++) best[n] = r->again[n];
    }
    for (int32_t n = 0; n < r->count; n++) r->again[n] = best[n];
    return NULL;
}

/* ---- and what goes back ---- */

typedef struct dear {
    int32_t node;
    double cost;
} dear;

static int dearest_first(const void *a, const void *b) {
    const dear *x = a, *y = b;
    return x->cost != y->cost ? (x->cost > y->cost ? -1 : 1) : (x->node > y->node) - (x->node < y->node);
}

static fv_error *give_back(remat *r, int64_t bound) {
    dear *list = NULL;
    int32_t count = 0;
    FV_TRY(fv_arena_take(r->arena, r->count, &list));
    for (int32_t n = 0; n < r->count; n++)
        if (r->again[n] && r->able[n]) list[count++] = (dear){ n, r->cost[n] };
    qsort(list, (size_t)count, sizeof *list, dearest_first);
    for (int32_t i = 0; i < count; i++) {
        r->again[list[i].node] = false;
        if (most_alive(r) > bound) r->again[list[i].node] = true;
    }
    return NULL;
}

/* ---- the graph ---- */

static fv_value add_again(remat *r, int32_t n, const fv_value *made) {
    const fv_node *node = r->graph->nodes[n];
    fv_value inputs[FV_INPUTS_MAX];
    for (int i = 0; i < inputs_again(node); i++) {
        fv_value v = input_again(node, i);
        bool other = is_again(r, v) && !fv_op_shape_only(node->op, i);
        inputs[i] = other ? fv_output_of(made[v.node], v.output) : v;
    }
    fv_graph_name_after(r->graph, node->name, "again");
    return fv_graph_add(r->graph, op_again(node), inputs, inputs_again(node), node->options, NULL);
}

/* The order of the last look, with the nodes that it runs again in it. */
static fv_error *rewrite(remat *r) {
    fv_value *made = NULL;
    fv_node **nodes = NULL;
    FV_TRY(fv_arena_take(r->arena, r->count, &made));
    FV_TRY(fv_arena_take(r->arena, r->steps, &nodes));
    for (int32_t s = 0; s < r->steps && !r->graph->error; s++) {
        int32_t n = r->order[s];
        if (n >= r->count) n = (made[n - r->count] = add_again(r, n - r->count, made)).node;
        if (r->graph->error) break;
        nodes[s] = r->graph->nodes[n];
        for (int i = 0; n < r->count && !r->forward[n] && i < nodes[s]->input_count; i++) {
            fv_value v = nodes[s]->inputs[i];
            if (is_again(r, v) && !fv_op_shape_only(nodes[s]->op, i))
                nodes[s]->inputs[i] = fv_output_of(made[v.node], v.output);
        }
    }
    if (r->graph->error) return fv_graph_error(r->graph);
    memcpy(r->graph->nodes, nodes, sizeof *nodes * (size_t)r->steps);
    return fv_graph_compact(r->graph, r->steps);
}

static fv_error *choose(remat *r, fv_value loss) {
    int64_t before, least;
    FV_TRY(take_room(r));
    find_forward(r, loss);
    find_bytes(r);
    find_costs(r);
    find_able(r);
    FV_TRY(find_waiting(r));
    before = most_alive(r);
    FV_TRY(begin(r, &least));
    FV_TRY(give_back(r, (int64_t)((1 + SLACK) * (double)least)));
    fv_trace(FV_TRACE_PLAN, "rematerialize: %lld bytes alive at once, then %lld for %.3g ms", (long long)before,
             (long long)most_alive(r), work_again(r) * 1e-6);
    return NULL;
}

fv_error *fv_pass_rematerialize(fv_graph *graph, const fv_plan_options *options) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_value loss = fv_graph_find_output(graph, "loss");
    if (!options->low_memory || options->mode != FV_TRAINING || options->reference || !fv_is_value(loss)) return NULL;
    FV_TRY(fv_arena_new("rematerializing", (int64_t)1 << 30, &arena));
    remat r = { .graph = graph, .arena = arena, .count = graph->count };
    r.threads = options->alone ? 1 : fv_parallel_threads();
    FV_TRY(fv_arena_take(arena, graph->count, &r.first));
    for (int32_t n = 0; n < graph->count; n++) {
        r.first[n] = r.values;
        r.values += graph->nodes[n]->output_count;
    }
    FV_TRY(choose(&r, loss));
    return rewrite(&r);
}
