/* derive.c - what an evaluation plan keeps of weights: which filters are packed once, when, and the texts by which other plans
 * of the same weights find the same bytes (derived.h). A text says op, options, types, kernel and, by number, what that is made
 * of; nothing in it is of the batch, unless the value itself hangs on it. */
#include "core/plan/plan.h"
#include "core/plan/weights.h"

#define TEXT_CAP ((int64_t)1 << 24)

bool fv_kernel_packs(const fv_kernel *kernel, int input) {
    return kernel && kernel->pack && (input == kernel->pack_input || (input < 32 && (kernel->pack_more >> input & 1)));
}

/* After the last of the hoisted steps that make what is packed: what is folded is then read no more. */
static void find_packing(fv_plan *plan, fv_step *step) {
    const fv_kernel *kernel = step->kernel;
    step->pack_once = kernel && kernel->packed && kernel->packed(&step->call) > 0 && !plan->constant[step->node->index];
    step->pack_at = -1;
    for (int i = 0; i < step->node->input_count && step->pack_once; i++) {
        int32_t maker = step->node->inputs[i].node;
        if (!fv_kernel_packs(kernel, i)) continue;
        step->pack_once = plan->constant[maker];
        if (plan->step_of[maker] > step->pack_at) step->pack_at = plan->step_of[maker];
    }
}

/* What a step makes hangs on, but for the kernel's own inputs: those of `packed` alone, or all. */
static void describe(const fv_plan *plan, const fv_step *step, bool packed, fv_text *out) {
    const fv_node *node = step->node;
    char type[256];
    fv_text_addf(out, "%s %s@%d shards=%d ", step->kernel ? step->kernel->name : "reference", node->op->name, node->op->version,
                 plan->options.shards);
    fv_fields_print(node->op->fields ? node->op->fields : fv_no_fields, node->options, out);
    for (int i = 0; i < node->input_count; i++) {
        fv_value input = node->inputs[i];
        if (packed && !fv_kernel_packs(step->kernel, i)) continue;
        fv_text_addf(out, " %d=%s", i, fv_type_format(fv_value_type(plan->graph, input), type));
        if (!fv_op_shape_only(node->op, i))
            fv_text_addf(out, "#%lld", (long long)plan->derived[input.node][input.output]->number);
    }
}

static fv_error *find(const fv_plan *plan, fv_text *how, fv_derived **out) {
    FV_TRY(fv_text_error(how));
    return fv_derived_find(plan->derivations, how->at, out);
}

static fv_error *describe_state(fv_plan *plan, const fv_node *node, fv_text *how) {
    FV_TRY(fv_arena_take(plan->arena, 1, &plan->derived[node->index]));
    fv_text_clear(how);
    fv_text_addf(how, "state %s", node->name);
    return find(plan, how, &plan->derived[node->index][0]);
}

static fv_error *describe_outputs(fv_plan *plan, const fv_step *step, fv_text *how) {
    const fv_node *node = step->node;
    char type[256];
    FV_TRY(fv_arena_take(plan->arena, node->output_count, &plan->derived[node->index]));
    for (int k = 0; k < node->output_count; k++) {
        fv_text_clear(how);
        fv_text_addf(how, "%d %s: ", k, fv_type_format(&node->outputs[k], type));
        describe(plan, step, false, how);
        FV_TRY(find(plan, how, &plan->derived[node->index][k]));
    }
    return NULL;
}

static fv_error *describe_packed(fv_plan *plan, fv_step *step, fv_text *how) {
    fv_text_clear(how);
    fv_text_addf(how, "packed %lld: ", (long long)step->kernel->packed(&step->call));
    describe(plan, step, true, how);
    return find(plan, how, &step->derived);
}

fv_error *fv_plan_derive(fv_plan *plan) {
    FV_TEXT(how, TEXT_CAP);
    for (int32_t s = 0; s < plan->step_count; s++) plan->steps[s].pack_at = -1;
    if (plan->options.mode != FV_EVALUATION) return NULL;
    FV_TRY(fv_arena_take(plan->arena, plan->graph->count, &plan->derived));
    for (int32_t n = 0; n < plan->graph->count; n++)
        if (fv_node_is(plan->graph->nodes[n], "state")) FV_TRY(describe_state(plan, plan->graph->nodes[n], &how));
    for (int32_t s = 0; s < plan->hoisted; s++) FV_TRY(describe_outputs(plan, &plan->steps[s], &how));
    for (int32_t s = plan->hoisted; s < plan->step_count; s++) {
        find_packing(plan, &plan->steps[s]);
        if (plan->steps[s].pack_once) FV_TRY(describe_packed(plan, &plan->steps[s], &how));
    }
    return NULL;
}

/* ---- memory ---- */

static fv_error *list_held(fv_plan *plan, int64_t **bytes) {
    FV_TRY(fv_arena_take(plan->arena, plan->buffer_count, &plan->held));
    FV_TRY(fv_arena_take(plan->arena, plan->buffer_count, bytes));
    for (int32_t b = 0; b < plan->buffer_count; b++) {
        if (!plan->buffers[b].derived) continue;
        (*bytes)[plan->held_count] = plan->buffers[b].bytes;
        plan->held[plan->held_count++] = plan->buffers[b].derived;
    }
    return NULL;
}

fv_error *fv_plan_hold(fv_plan *plan) {
    int64_t *bytes = NULL;
    FV_TRY(list_held(plan, &bytes));
    fv_error *error = fv_derived_hold(plan->derivations, plan->held, bytes, plan->held_count);
    if (error) plan->held_count = 0;
    return error;
}

void fv_plan_drop(fv_plan *plan) { fv_derived_drop(plan->derivations, plan->held, plan->held_count); }
