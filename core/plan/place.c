/* place.c - where everything lies. Values become buffers with a lifetime; an output takes over the buffer of an input that dies
 * in the same step where the kernel allows it; what is only stored into a state is written there directly; then buffers whose
 * lifetimes do not meet share bytes of one block. */
#include <stdlib.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/plan/plan.h"

#define ALIGNMENT 64
/* Buffers that begin at like addresses modulo 4 KiB slow each other down (store forwarding compares 12 bits): space them. */
#define BIG ((int64_t)1 << 16)
#define SPACING 320

/* By root node and output: the last step that reads it, views included. */
typedef struct uses {
    int32_t **last;
    int32_t **count; /* readers, results included */
} uses;

static fv_place *place_of(fv_plan *plan, fv_value v) { return &plan->places[v.node][v.output]; }

/* The value whose memory `v` shows: itself unless it is a view. A view's root has one output that views can show: follow
 * inputs. */
static fv_value root_of(const fv_plan *plan, fv_value v) {
    while ((plan->graph->nodes[v.node]->op->flags & FV_OP_VIEW) && plan->places[v.node][0].root != v.node)
        v = plan->graph->nodes[v.node]->inputs[0];
    return v;
}

/* A constant that a step of every run reads: the hoisted step after which it is packed, where the packed one is all that is
 * read.
 */
static int32_t kept_until(const fv_step *step, int input) {
    return step->pack_once && fv_kernel_packs(step->kernel, input) ? step->pack_at : FV_FOREVER;
}

static fv_error *find_uses(fv_plan *plan, fv_arena *arena, uses *u) {
    const fv_graph *graph = plan->graph;
    FV_TRY(fv_arena_take(arena, graph->count, &u->last));
    FV_TRY(fv_arena_take(arena, graph->count, &u->count));
    for (int32_t n = 0; n < graph->count; n++) {
        FV_TRY(fv_arena_take(arena, graph->nodes[n]->output_count, &u->last[n]));
        FV_TRY(fv_arena_take(arena, graph->nodes[n]->output_count, &u->count[n]));
        for (int k = 0; k < graph->nodes[n]->output_count; k++) u->last[n][k] = plan->step_of[n];
    }
    for (int32_t n = 0; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        for (int i = 0; i < node->input_count; i++) {
            bool target = i == 0 && (node->op->flags & FV_OP_EFFECT),
                 view = (node->op->flags & FV_OP_VIEW) && plan->places[n][0].root != n;
            if (target || view || fv_op_shape_only(node->op, i)) continue;
            fv_value root = root_of(plan, node->inputs[i]);
            int32_t step = plan->step_of[n];
            if (plan->constant[root.node] && !plan->constant[n]) step = kept_until(&plan->steps[step], i);
            if (step > u->last[root.node][root.output]) u->last[root.node][root.output] = step;
            u->count[root.node][root.output]++;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        fv_value root = root_of(plan, graph->outputs[i].value);
        u->last[root.node][root.output] = FV_FOREVER;
        u->count[root.node][root.output]++;
    }
    return NULL;
}

static fv_error *add_buffer(fv_plan *plan, int64_t bytes, int32_t first, int32_t last, int32_t *out) {
    FV_ASSERT(plan->buffer_count < plan->buffer_capacity);
    int64_t padded;
    if (!fv_size_add(bytes, ALIGNMENT - 1, &padded)) return fv_error_memory();
    plan->buffers[plan->buffer_count] = (fv_buffer){ .bytes = padded / ALIGNMENT * ALIGNMENT, .first = first, .last = last };
    *out = plan->buffer_count++;
    return NULL;
}

/* ---- aliases ---- */

static bool reads(const fv_plan *plan, const fv_node *node, fv_value root) {
    for (int i = 0; i < node->input_count; i++)
        if (!fv_op_shape_only(node->op, i) && fv_same_value(root_of(plan, node->inputs[i]), root)) return true;
    return false;
}

/* assign(state, value): may the step that makes `value` write the state's memory itself? Only when nobody else wants the value,
 * nobody reads the state later, and the maker, if it reads the state, does so element by element. */
static bool may_store_directly(const fv_plan *plan, const uses *u, const fv_node *assign) {
    fv_value state = assign->inputs[0], value = assign->inputs[1];
    const fv_node *maker = plan->graph->nodes[value.node];
    int32_t s = plan->step_of[value.node];
    if (s < 0 || plan->constant[value.node] || plan->steps[s].kind != FV_STEP_CALL) return false;
    if (u->count[value.node][value.output] != 1 || u->last[state.node][0] > s) return false;
    if (plan->places[value.node][value.output].root == state.node) return false;
    const fv_kernel *kernel = plan->steps[s].kernel;
    if (!reads(plan, maker, state)) return true;
    for (int i = 0; i < maker->input_count; i++)
        if (fv_same_value(root_of(plan, maker->inputs[i]), state) && !fv_same_value(maker->inputs[i], state)) return false;
    return kernel && kernel->pointwise;
}

static void store_directly(fv_plan *plan, const uses *u, bool *stored) {
    for (int32_t s = 0; s < plan->step_count; s++) {
        const fv_node *node = plan->steps[s].node;
        if (plan->steps[s].kind != FV_STEP_STORE) continue;
        fv_value state = node->inputs[0], value = node->inputs[1];
        if (stored[state.node] || !may_store_directly(plan, u, node)) continue;
        stored[state.node] = true;
        place_of(plan, value)->root = state.node; /* marks it as lying in the state's memory */
        plan->steps[s].kind = FV_STEP_NOTHING;
    }
}

bool fv_kernel_may_reuse(const fv_kernel *kernel, int input, int output) {
    return kernel && (kernel->pointwise || (output == 0 && (kernel->in_place >> input & 1)));
}

/* The buffer of an input that dies in step `s` and that output `k` may take over, or −1. `taken`: buffers already taken over.
 */
static int32_t inherited(fv_plan *plan, const uses *u, int32_t s, int k, const bool *taken) {
    const fv_step *step = &plan->steps[s];
    const fv_node *node = step->node;
    for (int i = 0; i < node->input_count && i < 32; i++) {
        fv_value root = root_of(plan, node->inputs[i]);
        const fv_place *place = place_of(plan, node->inputs[i]);
        if (!fv_kernel_may_reuse(step->kernel, i, k) || place->buffer < 0 || fv_op_shape_only(node->op, i)) continue;
        if (!fv_type_equal(&place->tensor.type, &node->outputs[k]) || !fv_tensor_is_contiguous(&place->tensor)) continue;
        if (u->last[root.node][root.output] != s || taken[place->buffer] || plan->buffers[place->buffer].last != s) continue;
        bool shown_otherwise = false; /* the same buffer read by another input with another shape */
        for (int j = 0; j < node->input_count; j++) {
            const fv_place *other = place_of(plan, node->inputs[j]);
            shown_otherwise =
                shown_otherwise || (other->buffer == place->buffer &&
                                    (other->delta != place->delta || !fv_type_equal(&other->tensor.type, &place->tensor.type)));
        }
        if (!shown_otherwise && place->delta == 0) return place->buffer;
    }
    return -1;
}

/* ---- values to buffers ---- */

/* What hoisted steps leave for the others is not in the block. A node's outputs are all so, or none. */
static fv_error *place_constant(fv_plan *plan, const uses *u, const fv_node *node) {
    int32_t step = plan->step_of[node->index], last = step;
    for (int k = 0; k < node->output_count; k++) last = (int32_t)fv_max(last, u->last[node->index][k]);
    for (int k = 0; k < node->output_count; k++) {
        fv_place *place = &plan->places[node->index][k];
        if (place->root != node->index) continue;
        FV_TRY(add_buffer(plan, fv_type_bytes(&node->outputs[k]), step, last, &place->buffer));
        if (last == FV_FOREVER && plan->derived) plan->buffers[place->buffer].derived = plan->derived[node->index][k];
    }
    return NULL;
}

static fv_error *place_outputs(fv_plan *plan, const uses *u, int32_t s, bool *taken) {
    const fv_node *node = plan->steps[s].node;
    for (int k = 0; k < node->output_count; k++) {
        fv_place *place = &plan->places[node->index][k];
        if (place->root != node->index) continue; /* a view, or written into a state */
        int32_t last = u->last[node->index][k], buffer = inherited(plan, u, s, k, taken);
        if (buffer >= 0) {
            taken[buffer] = true;
            plan->buffers[buffer].last = last;
            place->buffer = buffer;
            taken[buffer] = last == s;
        } else {
            FV_TRY(add_buffer(plan, fv_type_bytes(&node->outputs[k]), s, last, &place->buffer));
        }
    }
    return NULL;
}

static void place_view(fv_plan *plan, const fv_node *node) {
    fv_place *place = &plan->places[node->index][0];
    const fv_place *from = place_of(plan, node->inputs[0]);
    place->buffer = from->buffer;
    if (from->buffer < 0) place->root = from->root;
}

static fv_error *place_scratch(fv_plan *plan, int32_t s) {
    fv_step *step = &plan->steps[s];
    step->scratch = step->packed = -1;
    if (step->kind != FV_STEP_CALL || !step->kernel) return NULL;
    const fv_kernel *kernel = step->kernel;
    int64_t scratch = kernel->scratch ? kernel->scratch(&step->call) : 0,
            packed = kernel->packed ? kernel->packed(&step->call) : 0;
    step->own = kernel->own ? kernel->own(&step->call) : 0;
    plan->own_step = fv_max(plan->own_step, step->own);
    if (scratch > 0) FV_TRY(add_buffer(plan, scratch, s, s, &step->scratch));
    if (packed <= 0) return NULL;
    FV_TRY(add_buffer(plan, packed, s, step->pack_once ? FV_FOREVER : s, &step->packed));
    plan->buffers[step->packed].derived = step->derived;
    return NULL;
}

/* An odd number of lines from thread to thread, for the reason of SPACING. */
static fv_error *place_own(fv_plan *plan) {
    plan->own = -1;
    if (!plan->own_step) return NULL;
    plan->own_step = fv_round_up(plan->own_step, 2 * ALIGNMENT) + ALIGNMENT;
    int64_t bytes;
    if (!fv_size_mul(plan->own_step, plan->threads, &bytes)) return fv_error_memory();
    return add_buffer(plan, bytes, 0, FV_FOREVER, &plan->own);
}

static fv_error *place_values(fv_plan *plan, const uses *u, bool *taken) {
    const fv_graph *graph = plan->graph;
    for (int32_t n = 0; n < graph->count; n++) {
        if (!fv_node_is(graph->nodes[n], "input")) continue;
        FV_TRY(add_buffer(plan, fv_type_bytes(&graph->nodes[n]->outputs[0]), -1, FV_FOREVER, &plan->places[n][0].buffer));
    }
    for (int32_t s = 0; s < plan->step_count; s++) {
        const fv_node *node = plan->steps[s].node;
        if ((node->op->flags & FV_OP_VIEW) && plan->steps[s].kind == FV_STEP_NOTHING)
            place_view(plan, node);
        else if (plan->constant[node->index])
            FV_TRY(place_constant(plan, u, node));
        else if (!(node->op->flags & FV_OP_EFFECT))
            FV_TRY(place_outputs(plan, u, s, taken));
        FV_TRY(place_scratch(plan, s));
    }
    return place_own(plan);
}

/* ---- buffers to offsets ---- */

static int by_size(const void *a, const void *b) {
    const fv_buffer *x = *(const fv_buffer *const *)a, *y = *(const fv_buffer *const *)b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : (x < y ? -1 : 1);
}

static bool meet(const fv_buffer *a, const fv_buffer *b) { return a->first <= b->last && b->first <= a->last; }

/* Places `buffer` into the smallest gap among `placed` (sorted by offset) that meets its lifetime; behind them when none fits.
 */
static int64_t best_gap(fv_buffer *const *placed, int32_t count, const fv_buffer *buffer) {
    int64_t end = 0, best = -1, best_gap_size = INT64_MAX;
    for (int32_t i = 0; i < count; i++) {
        if (!meet(placed[i], buffer)) continue;
        int64_t gap = placed[i]->offset - end;
        if (gap >= buffer->bytes && gap < best_gap_size) best = end, best_gap_size = gap;
        end = fv_max(end, placed[i]->offset + placed[i]->bytes);
    }
    return best >= 0 ? best : end;
}

fv_error *fv_buffers_assign(fv_buffer *buffers, int32_t all, fv_arena *arena, int64_t *bytes) {
    fv_buffer **order = NULL, **placed = NULL;
    int32_t count = 0;
    FV_TRY(fv_arena_take(arena, all, &order));
    FV_TRY(fv_arena_take(arena, all, &placed));
    for (int32_t i = 0; i < all; i++) {
        if (buffers[i].derived) continue;
        order[count++] = &buffers[i];
        if (buffers[i].bytes >= BIG) buffers[i].bytes += SPACING;
    }
    qsort(order, (size_t)count, sizeof *order, by_size);
    *bytes = 0;
    for (int32_t i = 0; i < count; i++) {
        order[i]->offset = best_gap(placed, i, order[i]);
        int32_t at = i;
        for (; at > 0 && placed[at - 1]->offset > order[i]->offset; at--) placed[at] = placed[at - 1];
        placed[at] = order[i];
        int64_t end;
        if (!fv_size_add(order[i]->offset, order[i]->bytes, &end)) return fv_error_memory();
        *bytes = fv_max(*bytes, end);
    }
    return NULL;
}

fv_error *fv_plan_place(fv_plan *plan) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("placing a plan", (int64_t)1 << 31, &arena));
    int32_t capacity = plan->step_count * 2 + 1;
    for (int32_t n = 0; n < plan->graph->count; n++) capacity += plan->graph->nodes[n]->output_count;
    bool *stored = NULL, *taken = NULL;
    uses u;
    FV_TRY(fv_arena_take(plan->arena, capacity, &plan->buffers));
    plan->buffer_capacity = capacity;
    FV_TRY(fv_arena_take(arena, plan->graph->count, &stored));
    FV_TRY(fv_arena_take(arena, capacity, &taken));
    FV_TRY(find_uses(plan, arena, &u));
    store_directly(plan, &u, stored);
    FV_TRY(place_values(plan, &u, taken));
    return fv_buffers_assign(plan->buffers, plan->buffer_count, arena, &plan->block_bytes);
}
