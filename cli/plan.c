/* plan.c - fovea plan: what will run before anything runs: every node, kernel, byte and FLOP; and two graphs side by side. */
#include "cli/command.h"
#include "cli/diff.h"
#include "cli/subject.h"

typedef struct plan_options {
    const char *what, *other, *arch, *loss, *optimizer, *device, *workspace;
    int mode, precision, memory;
    int64_t batch, shards, passes;
    bool losers, graph, diff, fast_batch;
} plan_options;

static const fv_field fields[] = {
    FV_FIELD(plan_options, what, .positional = true, .value = "WHAT",
             .help = "a .fovea file, a version in the registry (NAME/3, NAME@ALIAS), a graph's text form in a file, or a "
                     "network and its options"),
    FV_FIELD(plan_options, other, .positional = true, .value = "OTHER", .help = "with --diff: what to compare it with"),
    FV_FIELD(plan_options, arch, .value = "NAME", .help = "a network and its options, instead of WHAT"),
    FV_FIELD(plan_options, batch, .by_default = "1", .flag = "b", .min = 1, .max = 65536, .help = "pictures at once"),
    FV_FIELD(plan_options, mode, .by_default = "evaluation", .names = "training,evaluation",
             .help = "training adds loss, gradients and updates"),
    FV_FIELD(plan_options, precision, .by_default = "f32", .names = FV_PRECISIONS, .help = FV_PRECISION_HELP),
    FV_FIELD(plan_options, fast_batch, .by_default = "false", .help = FV_FAST_BATCH_HELP),
    FV_FIELD(plan_options, loss, .by_default = "cross_entropy", .help = "of training"),
    FV_FIELD(plan_options, optimizer, .by_default = "sgd momentum=0.9", .help = "of training"),
    FV_FIELD(plan_options, memory, .by_default = "normal", .names = "normal,low",
             .help = "of training; low: keep less of the forward pass and compute it again"),
    FV_FIELD(plan_options, losers, .by_default = "false", .help = "also print each kernel that was not chosen, and why"),
    FV_FIELD(plan_options, graph, .by_default = "false",
             .help = "print the graph as the passes leave it, in the form that parses back"),
    FV_FIELD(plan_options, diff, .by_default = "false",
             .help = "print the lines in which the graphs of WHAT and OTHER differ; exit status 1 if any"),
    FV_FIELD(plan_options, passes, .by_default = "0", .min = -1, .max = 1000,
             .help = "run the first N passes; 0: all, -1: none"),
    FV_FIELD(plan_options, shards, .by_default = "8", .min = 1, .max = 256,
             .help = "parts that sums over the batch are cut into"),
    FV_FIELD(plan_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELD(plan_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

static fv_error *open_plan(const char *what, const plan_options *o, fv_weights *weights, fv_plan **out) {
    fv_subject subject = { what, o->workspace, o->batch, o->mode, o->loss, o->optimizer };
    fv_plan_options options = { .mode = o->mode,
                                .precision = o->precision,
                                .device = o->device,
                                .shards = (int)o->shards,
                                .passes = (int)o->passes,
                                .low_memory = o->memory,
                                .fast_batch = o->fast_batch };
    return fv_subject_plan(&subject, &options, weights, out);
}

static fv_error *print_plan(const char *what, const plan_options *o, fv_printer *printer) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    char *text = NULL;
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(open_plan(what, o, weights, &plan));
    FV_TRY(o->graph ? fv_graph_to_text(fv_plan_graph(plan), &text) : fv_plan_to_text(plan, o->losers, &text));
    fv_plan_size size = fv_plan_measure(plan);
    fv_print_page(printer, text);
    if (printer->json) {
        fv_print_record(printer);
        fv_print_int(printer, "block", size.block);
        fv_print_int(printer, "kept", size.kept);
        fv_print_int(printer, "calls", size.calls);
        fv_print_number(printer, "flops", size.flops);
        fv_print_text(printer, "text", text);
        fv_print_record_end(printer);
    }
    fv_string_free(text);
    return NULL;
}

static fv_error *text_of(const char *what, const plan_options *o, char **out) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(open_plan(what, o, weights, &plan));
    return fv_graph_to_text(fv_plan_graph(plan), out);
}

static fv_error *print_diff(const char *what, const plan_options *o, fv_command_call *call) {
    char *a = NULL, *b = NULL;
    if (!o->other) return fv_error_hint(fv_fail(FV_USAGE, "OTHER is missing"), "--diff compares WHAT with another graph");
    fv_error *error = text_of(what, o, &a);
    if (!error) error = text_of(o->other, o, &b);
    FV_TEXT(lines, INT64_C(1) << 28);
    if (!error) error = fv_diff_lines(a, b, &lines);
    if (!error) error = fv_text_error(&lines);
    fv_string_free(a);
    fv_string_free(b);
    FV_TRY(error);
    fv_print_page(call->printer, lines.at);
    if (call->printer->json) {
        fv_print_record(call->printer);
        fv_print_bool(call->printer, "equal", !lines.length);
        fv_print_text(call->printer, "diff", lines.at);
        fv_print_record_end(call->printer);
    }
    call->failed = lines.length > 0;
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const plan_options *o = raw;
    const char *what = o->arch ? o->arch : o->what;
    return o->diff ? print_diff(what, o, call) : print_plan(what, o, call->printer);
}

const fv_command fv_command_plan = {
    .name = "plan",
    .summary = "show what will run: nodes, kernels, bytes, FLOPs",
    .arguments = "WHAT [options]  |  --diff WHAT OTHER [options]",
    .description = "Nothing is computed. A network's weights are made as for a training, a model's are read.",
    .fields = fields,
    .size = sizeof(plan_options),
    .run = run,
};
