/* print.c - a plan as text: a line a step with its kernel, memory and work; on request every kernel that lost, and why. */
#include "core/base/parallel.h"
#include "core/plan/plan.h"

static const char *kernel_name(const fv_step *step) {
    if (step->kind == FV_STEP_STORE) return "copy into the state";
    if (step->kind == FV_STEP_NOTHING) return step->node->op->flags & FV_OP_EFFECT ? "written in place" : "view";
    return step->kernel ? step->kernel->name : "reference";
}

static void print_place(const fv_plan *plan, const fv_place *place, fv_text *out) {
    if (place->buffer < 0)
        fv_text_addf(out, " @weights");
    else if (plan->buffers[place->buffer].derived)
        fv_text_addf(out, " @kept+%lld", (long long)fv_type_bytes(&place->tensor.type));
    else
        fv_text_addf(out, " @%lld+%lld", (long long)(plan->buffers[place->buffer].offset + place->delta),
                     (long long)fv_type_bytes(&place->tensor.type));
}

static void print_losers(const fv_step *step, fv_text *out) {
    const char *op = step->node->op->name;
    for (int i = fv_kernel_next(op, 0); i >= 0; i = fv_kernel_next(op, i + 1)) {
        double cost = 0;
        if (fv_kernel_table[i] == step->kernel) continue;
        const char *reason = fv_kernel_refuses(fv_kernel_table[i], &step->call, &cost);
        if (reason)
            fv_text_addf(out, "       lost: %s refuses: %s\n", fv_kernel_table[i]->name, reason);
        else
            fv_text_addf(out, "       lost: %s costs %.3g us\n", fv_kernel_table[i]->name, cost / 1e3);
    }
}

static void print_step(const fv_plan *plan, int32_t s, bool losers, fv_text *out) {
    const fv_step *step = &plan->steps[s];
    fv_text_addf(out, "%5d%c ", (int)s, s < plan->hoisted ? '*' : ' ');
    fv_node_print(plan->graph, step->node, out);
    fv_text_addf(out, "\n       kernel: %s", kernel_name(step));
    if (step->kind == FV_STEP_CALL) {
        fv_work work = fv_call_work(&step->call);
        if (step->kernel) fv_text_addf(out, ", %.3g us", step->cost / 1e3);
        if (work.flops > 0) fv_text_addf(out, ", %.4g MFLOP", work.flops / 1e6);
        for (int k = 0; k < step->node->output_count; k++) print_place(plan, &plan->places[step->node->index][k], out);
        if (step->scratch >= 0) fv_text_addf(out, " scratch %lld", (long long)plan->buffers[step->scratch].bytes);
        if (step->own > 0) fv_text_addf(out, " own %lld", (long long)step->own);
        if (step->packed >= 0)
            fv_text_addf(out, " packed %lld%s", (long long)plan->buffers[step->packed].bytes, step->pack_once ? " once" : "");
    }
    fv_text_add(out, "\n");
    if (losers && step->kind == FV_STEP_CALL) print_losers(step, out);
}

fv_error *fv_plan_to_text(const fv_plan *plan, bool losers, char **out) {
    FV_TEXT(text, (int64_t)256 << 20);
    fv_plan_size size = fv_plan_measure(plan);
    fv_text_addf(&text, "plan: %s, batch %lld, device %s, %s, %d threads, %d shards\n",
                 plan->options.mode == FV_TRAINING ? "training" : "evaluation", (long long)fv_graph_batch(plan->graph),
                 plan->options.device, fv_isa_names[fv_isa_best()], plan->threads, plan->options.shards);
    fv_text_addf(&text, "memory: %.2f MiB in one block; %.2f MiB derived from weights, shared; %.4g GFLOP a run\n",
                 (double)size.block / 0x1p20, (double)size.kept / 0x1p20, size.flops / 1e9);
    fv_text_addf(&text, "steps: %d, the first %d (*) only when the weights have changed\n", (int)plan->step_count,
                 (int)plan->hoisted);
    for (int32_t s = 0; s < plan->step_count; s++) print_step(plan, s, losers, &text);
    for (int i = 0; i < plan->graph->output_count; i++)
        fv_text_addf(&text, "output %s = %s\n", plan->graph->outputs[i].name,
                     fv_value_name(plan->graph, plan->graph->outputs[i].value));
    return fv_text_string(&text, out);
}
