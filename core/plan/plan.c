/* plan.c - making a plan: passes, steps in order, kernels, memory; and running it (fovea/plan.h). */
#include "core/plan/plan.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/comm/shards.h"
#include "core/plan/weights.h"

#define PLAN_CAP ((int64_t)2 << 30) /* bytes of a plan's own tables: kernels' prepared tables are the largest */

const char *fv_precision_name(fv_precision precision) {
    static const char *const names[] = { "f32", "bf16", "bf16_forced" };
    return names[precision];
}

/* ---- making ---- */

static fv_error *check_options(fv_plan_options *options) {
    if (options->device && strcmp(options->device, "cpu"))
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "there is no device \"%s\" here", options->device),
                             "this build runs on: cpu");
    if (options->shards == 0) options->shards = FV_DEFAULT_SHARDS;
    if (options->shards < 1 || options->shards > FV_SHARDS_MAX)
        return fv_fail(FV_USAGE, "shards is %d, allowed are 1 to %d", options->shards, FV_SHARDS_MAX);
    if (options->comm && options->mode != FV_TRAINING) return fv_fail(FV_USAGE, "ranks share the batches of a training");
    if (fv_comm_size(options->comm) > options->shards)
        return fv_error_hint(
            fv_fail(FV_USAGE, "%d ranks and %d shards: a rank has one at least", fv_comm_size(options->comm), options->shards),
            "as many shards as ranks, or more, are a recipe's key: they change the bits");
    options->device = "cpu";
    return fv_isa_init();
}

static fv_error *bind_states(fv_plan *plan) {
    char have[256], want[256];
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        if (!fv_node_is(node, "state")) continue;
        const fv_tensor *tensor = fv_weights_find(plan->weights, node->name);
        if (!tensor) return fv_fail(FV_NOT_FOUND, "the weights hold no %s", node->name);
        if (!fv_type_equal(&tensor->type, &node->outputs[0]))
            return fv_fail(FV_SHAPE, "%s is %s in the weights, %s in the graph", node->name,
                           fv_type_format(&tensor->type, have), fv_type_format(&node->outputs[0], want));
    }
    return NULL;
}

/* What depends on constants alone, and in evaluation on weights: computed once, not every run. */
static fv_error *find_constants(fv_plan *plan) {
    FV_TRY(fv_arena_take(plan->arena, plan->graph->count, &plan->constant));
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        bool constant = !(node->op->flags & (FV_OP_EFFECT | FV_OP_RANDOM)) && !fv_node_is(node, "input");
        if (fv_node_is(node, "state")) constant = plan->options.mode == FV_EVALUATION && !plan->options.keep_nothing;
        for (int i = 0; i < node->input_count; i++)
            constant = constant && (plan->constant[node->inputs[i].node] || fv_op_shape_only(node->op, i));
        plan->constant[n] = constant;
    }
    return NULL;
}

static fv_step_kind kind_of(const fv_node *node, fv_place *const *places) {
    if (node->op->flags & FV_OP_EFFECT) return FV_STEP_STORE;
    if ((node->op->flags & FV_OP_VIEW) && places[node->index][0].root != node->index) return FV_STEP_NOTHING;
    return FV_STEP_CALL;
}

static fv_error *order_steps(fv_plan *plan) {
    const fv_graph *graph = plan->graph;
    FV_TRY(fv_arena_take(plan->arena, graph->count, &plan->steps));
    FV_TRY(fv_arena_take(plan->arena, graph->count, &plan->step_of));
    for (int32_t n = 0; n < graph->count; n++) plan->step_of[n] = -1;
    for (int late = 0; late < 2; late++) {
        for (int32_t n = 0; n < graph->count; n++) {
            const fv_node *node = graph->nodes[n];
            if ((node->op->flags & FV_OP_SOURCE) || plan->constant[n] == (bool)late) continue;
            plan->step_of[n] = plan->step_count;
            plan->steps[plan->step_count++] =
                (fv_step){ .kind = kind_of(node, plan->places), .node = node, .scratch = -1, .packed = -1 };
        }
        if (!late) plan->hoisted = plan->step_count;
    }
    return NULL;
}

static void *memory_of(const fv_plan *plan, int32_t buffer) {
    const fv_buffer *b = &plan->buffers[buffer];
    return b->derived ? b->derived->memory : (char *)plan->block + b->offset;
}

/* Pointers everywhere, once the block is there. */
static void bind_memory(fv_plan *plan) {
    const fv_graph *graph = plan->graph;
    for (int32_t n = 0; n < graph->count; n++)
        for (int k = 0; k < graph->nodes[n]->output_count; k++) {
            fv_place *place = &plan->places[n][k];
            if (graph->nodes[n]->op->flags & FV_OP_EFFECT) continue;
            char *base = place->buffer >= 0 ? memory_of(plan, place->buffer)
                                            : fv_weights_find(plan->weights, graph->nodes[place->root]->name)->data;
            place->tensor.data = base + place->delta;
        }
    for (int32_t s = 0; s < plan->step_count; s++) {
        fv_step *step = &plan->steps[s];
        for (int i = 0; i < step->node->input_count; i++) {
            fv_value input = step->node->inputs[i];
            ((fv_tensor *)step->call.inputs)[i] = plan->places[input.node][input.output].tensor;
        }
        for (int k = 0; k < step->node->output_count; k++)
            ((fv_tensor *)step->call.outputs)[k] = plan->places[step->node->index][k].tensor;
        step->call.scratch = step->scratch >= 0 ? memory_of(plan, step->scratch) : NULL;
        step->call.packed = step->packed >= 0 ? memory_of(plan, step->packed) : NULL;
        step->call.own = step->own > 0 ? memory_of(plan, plan->own) : NULL;
        step->call.own_step = plan->own_step;
    }
}

static fv_error *make(fv_plan *plan) {
    FV_TRY(check_options(&plan->options));
    plan->threads = plan->options.alone ? 1 : fv_parallel_threads();
    const char *check = getenv("FOVEA_CHECK");
    plan->check = check && !strcmp(check, "1");
    FV_TRY(fv_passes_run(plan->graph, &plan->options));
    FV_TRY(fv_plan_take_part(plan));
    FV_TRY(bind_states(plan));
    FV_TRY(find_constants(plan));
    FV_TRY(fv_places_new(plan->graph, plan->arena, &plan->places));
    FV_TRY(order_steps(plan));
    FV_TRY(fv_plan_choose(plan));
    FV_TRY(fv_plan_derive(plan));
    FV_TRY(fv_plan_place(plan));
    int64_t bytes = plan->block_bytes + fv_plan_measure(plan).kept;
    if (plan->options.memory_cap > 0 && bytes > plan->options.memory_cap)
        return fv_error_hint(fv_fail(FV_MEMORY, "the plan needs %.1f MiB, the cap is %.1f MiB", (double)bytes / 0x1p20,
                                     (double)plan->options.memory_cap / 0x1p20),
                             plan->options.mode == FV_TRAINING && !plan->options.low_memory
                                 ? "a smaller batch needs less, and so does memory: low"
                                 : "a smaller batch needs less");
    FV_TRY(fv_plan_hold(plan));
    FV_TRY(fv_block_alloc(plan->block_bytes, 1, &plan->block));
    bind_memory(plan);
    return NULL;
}

fv_error *fv_plan_new(const fv_graph *graph, fv_weights *weights, const fv_plan_options *options, fv_plan **out) {
    static const fv_plan_options defaults;
    FV_OWNED(fv_plan) plan = NULL;
    FV_TRY(fv_memory_new(1, &plan));
    plan->weights = weights;
    plan->derivations = fv_derivations_ref(fv_weights_derivations(weights));
    plan->options = options ? *options : defaults;
    FV_TRY(fv_arena_new("plan", PLAN_CAP, &plan->arena));
    FV_TRY(fv_graph_clone(graph, &plan->graph));
    FV_TRY(make(plan));
    *out = fv_take(&plan);
    return NULL;
}

void fv_plan_free(fv_plan *plan) {
    if (!plan) return;
    fv_plan_drop(plan);
    fv_derivations_unref(plan->derivations);
    if (plan->block) fv_block_free(plan->block, plan->block_bytes);
    fv_graph_free(plan->graph);
    fv_graph_free(plan->whole);
    fv_arena_free(plan->arena);
    fv_memory_free(plan);
}

/* ---- running ---- */

fv_tensor *fv_plan_feed(fv_plan *plan, const char *name) {
    fv_value value = fv_graph_find(plan->graph, name);
    if (!fv_is_value(value) || !fv_node_is(fv_node_of(plan->graph, value), "input")) return NULL;
    return &plan->places[value.node][value.output].tensor;
}

const fv_tensor *fv_plan_result(const fv_plan *plan, const char *name) {
    fv_value value = fv_graph_find_output(plan->graph, name);
    return fv_is_value(value) ? &plan->places[value.node][value.output].tensor : NULL;
}

static void store(const fv_step *step) {
    const fv_tensor *state = &step->call.inputs[0], *value = &step->call.inputs[1];
    if (state->data != value->data) memcpy(state->data, value->data, (size_t)fv_type_bytes(&state->type));
}

static bool is_finite(const fv_tensor *tensor) {
    if (!fv_dtype_is_float(tensor->type.dtype)) return true;
    int64_t count = fv_type_count(&tensor->type);
    if (tensor->type.dtype == FV_F32 && fv_tensor_is_contiguous(tensor)) {
        bool finite = true;
        for (int64_t i = 0; i < count; i++) finite &= isfinite(((const float *)tensor->data)[i]);
        return finite;
    }
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(fv_tensor_load(tensor, fv_tensor_offset(tensor, i)))) return false;
    return true;
}

/* Looked at before a step, which may overwrite what it reads. */
static bool inputs_are_finite(const fv_step *step) {
    for (int i = 0; i < step->call.input_count; i++)
        if (!fv_op_shape_only(step->node->op, i) && !is_finite(&step->call.inputs[i])) return false;
    return true;
}

static fv_error *check_outputs(const fv_step *step) {
    for (int k = 0; k < step->call.output_count; k++)
        if (!is_finite(&step->call.outputs[k]))
            return fv_fail(FV_FORMAT, "%s (%s): output %d is not finite though its inputs are", step->node->name,
                           step->node->op->name, k);
    return NULL;
}

static void run_step(fv_step *step) {
    if (step->kind == FV_STEP_STORE) store(step);
    if (step->kind != FV_STEP_CALL) return;
    if (step->packed >= 0 && !step->pack_once) step->kernel->pack(&step->call);
    if (step->kernel)
        step->kernel->run(&step->call);
    else
        step->node->op->reference(&step->call);
}

typedef struct execution {
    fv_plan *plan;
    fv_plan_timing report; /* NULL: nobody is told */
    void *context;
} execution;

static void tell(const execution *e, int32_t s, const struct timespec *begin, const struct timespec *end) {
    const fv_step *step = &e->plan->steps[s];
    fv_work work = step->kind == FV_STEP_CALL ? fv_call_work(&step->call) : (fv_work){ 0 };
    const char *kernel = step->kernel ? step->kernel->name : step->kind == FV_STEP_CALL ? "reference" : "-";
    double seconds = (double)(end->tv_sec - begin->tv_sec) + 1e-9 * (double)(end->tv_nsec - begin->tv_nsec);
    e->report(e->context, s, step->node->name, kernel, seconds, work.flops);
}

/* Steps [first, until). With FOVEA_CHECK=1 or fv_plan_check the first result that is not finite though all inputs are is an
 * error. */
static fv_error *run_steps(const execution *e, int32_t first, int32_t until) {
    fv_plan *plan = e->plan;
    for (int32_t s = first; s < until; s++) {
        fv_step *step = &plan->steps[s];
        struct timespec begin, end;
        bool check = plan->check && step->kind == FV_STEP_CALL && inputs_are_finite(step);
        if (e->report) clock_gettime(CLOCK_MONOTONIC, &begin);
        run_step(step);
        if (e->report) clock_gettime(CLOCK_MONOTONIC, &end), tell(e, s, &begin, &end);
        if (step->call.split) FV_TRY(fv_comm_error(plan->options.comm));
        if (check) FV_TRY(check_outputs(step));
        if (fv_trace_on(FV_TRACE_EXEC)) fv_trace(FV_TRACE_EXEC, "%d %s", (int)s, step->node->name);
    }
    return NULL;
}

/* ---- what is derived from weights, by whichever plan of theirs comes first ---- */

/* Of a node's output that is kept; NULL: it is not. */
static fv_derived *derived_of(const fv_plan *plan, const fv_node *node, int output) {
    const fv_place *place = &plan->places[node->index][output];
    return place->buffer >= 0 ? plan->buffers[place->buffer].derived : NULL;
}

static fv_error *make_hoisted(const execution *e, int32_t s, uint64_t generation) {
    const fv_node *node = e->plan->steps[s].node;
    fv_derived *kept = derived_of(e->plan, node, 0); /* all outputs are, or none */
    if (kept && kept->generation == generation) return NULL;
    FV_TRY(run_steps(e, s, s + 1));
    for (int k = 0; kept && k < node->output_count; k++) derived_of(e->plan, node, k)->generation = generation;
    return NULL;
}

static void pack_after(fv_plan *plan, int32_t hoisted, uint64_t generation) {
    for (int32_t s = plan->hoisted; s < plan->step_count; s++) {
        fv_step *step = &plan->steps[s];
        if (!step->pack_once || step->pack_at != hoisted || step->derived->generation == generation) continue;
        step->kernel->pack(&step->call);
        step->derived->generation = generation;
    }
}

static fv_error *derive(const execution *e, uint64_t generation) {
    fv_plan *plan = e->plan;
    bool made = plan->derived != NULL;
    for (int32_t i = 0; i < plan->held_count; i++) made = made && plan->held[i]->generation == generation;
    if (made) return NULL;
    pack_after(plan, -1, generation);
    for (int32_t s = 0; s < plan->hoisted; s++) {
        FV_TRY(make_hoisted(e, s, generation));
        pack_after(plan, s, generation);
    }
    return NULL;
}

static fv_error *run_all(const execution *e) {
    fv_plan *plan = e->plan;
    uint64_t generation = fv_weights_generation(plan->weights);
    if (plan->generation != generation) {
        fv_derived_lock(plan->derivations);
        fv_error *error = derive(e, generation);
        fv_derived_unlock(plan->derivations);
        FV_TRY(error);
    }
    FV_TRY(run_steps(e, plan->hoisted, plan->step_count));
    if (plan->options.mode == FV_TRAINING) fv_weights_changed(plan->weights);
    plan->generation = plan->options.mode == FV_TRAINING ? fv_weights_generation(plan->weights) : generation;
    return NULL;
}

typedef struct alone {
    const execution *execution;
    fv_error *error;
} alone;

static void run_unit(void *context, int64_t unit, int thread) {
    alone *a = context;
    (void)unit, (void)thread;
    a->error = run_all(a->execution);
}

/* As from inside a unit of work: nothing below goes to the team. */
static fv_error *run_alone(const execution *e) {
    alone a = { .execution = e };
    fv_serial_for(1, run_unit, &a);
    return a.error;
}

static fv_error *run(fv_plan *plan, fv_plan_timing report, void *context) {
    if (plan->options.alone) return run_alone(&(execution){ plan, report, context });
    if (fv_parallel_threads() > plan->threads)
        return fv_fail(FV_CONFLICT, "the plan was made for %d threads, there are %d now", plan->threads, fv_parallel_threads());
    fv_parallel_expect();
    fv_error *error = run_all(&(execution){ plan, report, context });
    fv_parallel_rest();
    return error;
}

fv_error *fv_plan_run(fv_plan *plan) { return run(plan, NULL, NULL); }
fv_error *fv_plan_profile(fv_plan *plan, fv_plan_timing report, void *context) { return run(plan, report, context); }

void fv_plan_check(fv_plan *plan, bool check) { plan->check = check; }

/* ---- questions ---- */

const fv_graph *fv_plan_graph(const fv_plan *plan) { return plan->graph; }

fv_plan_size fv_plan_measure(const fv_plan *plan) {
    fv_plan_size size = { .block = plan->block_bytes, .calls = plan->step_count };
    for (int32_t b = 0; b < plan->buffer_count; b++)
        if (plan->buffers[b].derived) size.kept += plan->buffers[b].bytes;
    for (int32_t s = plan->hoisted; s < plan->step_count; s++)
        if (plan->steps[s].kind == FV_STEP_CALL) size.flops += fv_call_work(&plan->steps[s].call).flops;
    return size;
}
