/* choose.c - which kernel runs each step: every kernel of the op is asked, the cheapest by its cost model wins, ties by name,
 * the op's reference is the last resort. In evaluation the question is put with a nominal batch, so that a picture's bits do
 * not depend on how many come with it; fast_batch asks with the real one. Ranks ask with the batch that they share. */
#include <math.h>
#include <stdlib.h>

#include "core/base/parallel.h"
#include "core/plan/plan.h"

int fv_kernel_next(const char *op, int from) {
    for (int i = from; i < fv_kernel_table_count; i++)
        if (!strcmp(fv_kernel_table[i]->op, op)) return i;
    return -1;
}

/* Is there bf16 beside f32? */
static bool is_mixed(const fv_call *call) {
    bool wide = false, narrow = false;
    for (int i = 0; i < call->input_count; i++) {
        if (fv_op_shape_only(call->op, i)) continue;
        wide |= call->inputs[i].type.dtype == FV_F32;
        narrow |= call->inputs[i].type.dtype == FV_BF16;
    }
    for (int k = 0; k < call->output_count; k++) {
        wide |= call->outputs[k].type.dtype == FV_F32;
        narrow |= call->outputs[k].type.dtype == FV_BF16;
    }
    return wide && narrow;
}

const char *fv_kernel_refuses(const fv_kernel *kernel, const fv_call *call, double *cost) {
    if (kernel->isa > fv_isa_best()) return fv_isa_names[kernel->isa];
    for (int i = 0; i < call->input_count && !kernel->strided; i++)
        if (!fv_op_shape_only(call->op, i) && !fv_tensor_is_contiguous(&call->inputs[i])) return FV_REFUSE_STRIDES;
    if (!kernel->mixed && is_mixed(call)) return FV_REFUSE_DTYPE;
    const char *reason = kernel->refuse ? kernel->refuse(call) : NULL;
    if (!reason) *cost = kernel->cost(call);
    return reason;
}

/* Of kernels that ask for memory by tables they have not made yet it is not known. */
static int64_t scratch_of(const fv_kernel *kernel, const fv_call *call) {
    if (!kernel || kernel->prepare) return 0;
    return (kernel->scratch ? kernel->scratch(call) : 0) + (kernel->packed ? kernel->packed(call) : 0);
}

const fv_kernel *fv_kernel_cheapest(const char *op, const fv_type *inputs, int count, const void *options, int threads,
                                    double *cost, int64_t *scratch) {
    fv_tensor tensors[FV_INPUTS_MAX], outputs[FV_OUTPUTS_MAX];
    fv_type results[FV_OUTPUTS_MAX] = { 0 };
    fv_call call = { .op = fv_op_find(op), .options = options, .inputs = tensors, .outputs = outputs, .input_count = count };
    call.shards = FV_DEFAULT_SHARDS;
    call.threads = threads;
    for (int i = 0; i < count; i++) tensors[i] = fv_tensor_of(&inputs[i], NULL);
    fv_shape_call shape = { options, inputs, count, results, fv_op_output_count(call.op) };
    fv_error *misfit = call.op->shape(&shape);
    call.output_count = shape.output_count;
    for (int k = 0; k < shape.output_count; k++) outputs[k] = fv_tensor_of(&results[k], NULL);
    const fv_kernel *cheapest = NULL;
    *cost = INFINITY;
    for (int i = fv_kernel_next(op, 0); i >= 0 && !misfit; i = fv_kernel_next(op, i + 1)) {
        double price = INFINITY;
        if (!fv_kernel_refuses(fv_kernel_table[i], &call, &price) && price < *cost)
            cheapest = fv_kernel_table[i], *cost = price;
    }
    fv_error_free(misfit);
    *scratch = scratch_of(cheapest, &call);
    return cheapest;
}

const fv_kernel *fv_plan_cheapest(const fv_graph *graph, const char *op, const fv_value *inputs, int count, const void *options,
                                  int threads, double *cost, int64_t *scratch) {
    fv_type types[FV_INPUTS_MAX];
    for (int i = 0; i < count; i++) types[i] = *fv_value_type(graph, inputs[i]);
    return fv_kernel_cheapest(op, types, count, options, threads, cost, scratch);
}

bool fv_plan_has_kernel(const fv_graph *graph, const char *op, const fv_value *inputs, int count, const void *options) {
    double cost;
    int64_t scratch;
    return fv_plan_cheapest(graph, op, inputs, count, options, 1, &cost, &scratch) != NULL;
}

bool fv_plan_is_run_by(const fv_graph *graph, const fv_node *node, const char *name) {
    double cost;
    int64_t scratch;
    const fv_kernel *kernel =
        fv_plan_cheapest(graph, node->op->name, node->inputs, node->input_count, node->options, 1, &cost, &scratch);
    return kernel && !strncmp(kernel->name, name, strlen(name));
}

/* FOVEA_KERNEL=conv2d:gemm,linear:reference pins an op to the kernels whose name goes on like that, conv2d:winograd2/gemm to
 * the first of these that can. NULL: not pinned. */
static const char *pinned(const char *op) {
    const char *at = getenv("FOVEA_KERNEL");
    size_t length = strlen(op);
    for (; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (!strncmp(at, op, length) && at[length] == ':') return at + length + 1;
    return NULL;
}

bool fv_kernel_is_pinned(const char *op) { return pinned(op) != NULL; }

static size_t pin_length(const char *pin) { return strcspn(pin, ",/"); }

/* What may run where the kernels of this pin refuse. NULL: the reference alone. */
static const char *pin_behind(const char *pin) {
    pin += pin_length(pin);
    return *pin == '/' ? pin + 1 : NULL;
}

static bool is_reference(const char *pin) { return pin_length(pin) == 9 && !strncmp(pin, "reference", 9); }

static bool matches(const fv_kernel *kernel, const char *pin) {
    size_t length = pin_length(pin);
    return !strncmp(kernel->name + strlen(kernel->op) + 1, pin, length);
}

/* Asks the kernels that a pin allows (NULL: all). False: there is none of that name. */
static bool ask(const fv_call *call, const char *pin, const fv_kernel **winner, double *cost) {
    bool found = false;
    for (int i = fv_kernel_next(call->op->name, 0); i >= 0; i = fv_kernel_next(call->op->name, i + 1)) {
        double price = INFINITY;
        if (pin && !matches(fv_kernel_table[i], pin)) continue;
        found = true;
        if (fv_kernel_refuses(fv_kernel_table[i], call, &price) || !(price < *cost)) continue;
        *winner = fv_kernel_table[i];
        *cost = price;
    }
    return found;
}

static fv_error *best(const fv_call *call, const fv_plan_options *options, const fv_kernel **winner, double *cost) {
    const char *pin = pinned(call->op->name);
    *winner = NULL;
    *cost = INFINITY;
    if (options->reference && call->op->reference) return NULL;
    do {
        if (pin && is_reference(pin) && call->op->reference) return NULL;
        if (!ask(call, pin, winner, cost) && pin)
            return fv_fail(FV_USAGE, "FOVEA_KERNEL pins %s to \"%.*s\", which is no kernel of it", call->op->name,
                           (int)pin_length(pin), pin);
    } while (!*winner && pin && (pin = pin_behind(pin)));
    if (!*winner && !call->op->reference) return fv_fail(FV_UNSUPPORTED, "no kernel can run op %s here", call->op->name);
    return NULL;
}

fv_error *fv_places_new(const fv_graph *graph, fv_arena *arena, fv_place ***out) {
    static char anywhere[1]; /* views move data pointers relative to their input's: any base will do */
    fv_place **places = NULL;
    FV_TRY(fv_arena_take(arena, graph->count, &places));
    for (int32_t n = 0; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        FV_TRY(fv_arena_take(arena, node->output_count, &places[n]));
        for (int k = 0; k < node->output_count; k++)
            places[n][k] = (fv_place){ .tensor = fv_tensor_of(&node->outputs[k], NULL), .buffer = -1, .root = n };
        if (!(node->op->flags & FV_OP_VIEW)) continue;
        const fv_place *from = &places[node->inputs[0].node][node->inputs[0].output];
        fv_tensor x = from->tensor;
        x.data = anywhere;
        if (!fv_view_of(node, &x, &places[n][0].tensor)) {
            places[n][0].tensor = fv_tensor_of(&node->outputs[0], NULL);
            continue;
        }
        places[n][0].delta = from->delta + (int64_t)((intptr_t)places[n][0].tensor.data - (intptr_t)x.data);
        places[n][0].root = from->root;
        places[n][0].tensor.data = NULL;
    }
    *out = places;
    return NULL;
}

/* A call without memory: types and strides as `places` has them. */
fv_error *fv_call_new(const fv_plan *plan, const fv_node *node, fv_place *const *places, fv_arena *arena, fv_call *out) {
    fv_tensor *inputs = NULL, *outputs = NULL;
    FV_TRY(fv_arena_take(arena, node->input_count, &inputs));
    FV_TRY(fv_arena_take(arena, node->output_count, &outputs));
    for (int i = 0; i < node->input_count; i++) inputs[i] = places[node->inputs[i].node][node->inputs[i].output].tensor;
    for (int k = 0; k < node->output_count; k++) outputs[k] = places[node->index][k].tensor;
    *out = (fv_call){ .op = node->op,
                      .name = node->name,
                      .options = node->options,
                      .inputs = inputs,
                      .outputs = outputs,
                      .input_count = node->input_count,
                      .output_count = node->output_count,
                      .shards = plan->options.shards,
                      .split = fv_plan_is_shared(plan, node) ? &plan->split : NULL,
                      .threads = plan->threads };
    return NULL;
}

fv_error *fv_plan_choose(fv_plan *plan) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_graph) twin = NULL;
    fv_place **asked_places = NULL;
    const fv_graph *asked = plan->whole; /* whose calls are asked about; NULL: the plan's own */
    bool ask_twin = plan->options.mode == FV_EVALUATION && !plan->options.fast_batch && fv_graph_batch(plan->graph) > 0;
    FV_TRY(fv_arena_new("choosing kernels", (int64_t)1 << 30, &arena));
    if (ask_twin) {
        FV_TRY(fv_graph_with_batch(plan->graph, FV_NOMINAL_BATCH, &twin));
        asked = twin;
    }
    if (asked) FV_TRY(fv_places_new(asked, arena, &asked_places));
    for (int32_t s = 0; s < plan->step_count; s++) {
        fv_step *step = &plan->steps[s];
        FV_TRY(fv_call_new(plan, step->node, plan->places, plan->arena, &step->call));
        if (step->kind != FV_STEP_CALL) continue;
        fv_call question = step->call;
        if (asked) FV_TRY(fv_call_new(plan, asked->nodes[step->node->index], asked_places, arena, &question));
        fv_error *error = best(&question, &plan->options, &step->kernel, &step->cost);
        if (!error && !step->kernel && step->call.split && (step->node->op->flags & FV_OP_JOINS))
            error = fv_plan_check_reference(step->node);
        if (error) return fv_error_wrap(error, "%s", step->node->name);
        void *prepared = NULL;
        if (step->kernel && step->kernel->prepare) FV_TRY(step->kernel->prepare(&step->call, plan->arena, &prepared));
        step->call.prepared = prepared;
    }
    return NULL;
}
