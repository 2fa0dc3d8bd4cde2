/* bench.c - fovea bench: how long a network's steps take here, and where the time goes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/subject.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/plan/kernel.h"

typedef struct bench_options {
    const char *what, *loss, *optimizer, *workspace;
    int mode, precision, memory;
    int64_t batch, steps;
    bool nodes, turns, fast_batch;
} bench_options;

static const fv_field fields[] = {
    FV_FIELD(bench_options, what, .positional = true, .required = true, .value = "WHAT",
             .help = "a .fovea file, a version in the registry (NAME/3, NAME@ALIAS), a graph's text form in a file, or a "
                     "network and its options"),
    FV_FIELD(bench_options, batch, .by_default = "32", .flag = "b", .min = 1, .max = 65536, .help = "pictures at once"),
    FV_FIELD(bench_options, mode, .by_default = "training", .names = "training,evaluation",
             .help = "training: forward, loss, gradients and update; evaluation: forward"),
    FV_FIELD(bench_options, precision, .by_default = "f32", .names = FV_PRECISIONS, .help = FV_PRECISION_HELP),
    FV_FIELD(bench_options, steps, .by_default = "10", .min = 1, .max = 1000000, .help = "timed steps, after two untimed ones"),
    FV_FIELD(bench_options, fast_batch, .by_default = "false", .help = FV_FAST_BATCH_HELP),
    FV_FIELD(bench_options, loss, .by_default = "cross_entropy", .help = "of training"),
    FV_FIELD(bench_options, optimizer, .by_default = "sgd momentum=0.9", .help = "of training"),
    FV_FIELD(bench_options, memory, .by_default = "normal", .names = "normal,low",
             .help = "of training; low: keep less of the forward pass and compute it again"),
    FV_FIELD(bench_options, nodes, .by_default = "false",
             .help = "print the time of each kernel and of the slowest nodes, in JSON of all"),
    FV_FIELD(bench_options, turns, .by_default = "false",
             .help = "take a number of steps from each line of standard input and answer with their seconds, so that another "
                     "system can take turns"),
    FV_FIELD(bench_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Something in every feed: pictures of a smooth pattern, class 0, a small learning rate. */
static void fill_feeds(fv_plan *plan) {
    fv_tensor *x = fv_plan_feed(plan, "x"), *rate = fv_plan_feed(plan, "learning_rate"), *step = fv_plan_feed(plan, "step");
    for (int64_t i = 0, n = x ? fv_type_count(&x->type) : 0; i < n; i++) fv_tensor_store(x, i, sin(0.37 * (double)i));
    if (rate) fv_tensor_store(rate, 0, 1e-4);
    if (step) fv_tensor_store(step, 0, 1);
}

static fv_error *run_steps(fv_plan *plan, int64_t steps, double *seconds) {
    for (int64_t i = 0; i < steps; i++) {
        double begin = now();
        FV_TRY(fv_plan_run(plan));
        seconds[i] = now() - begin;
    }
    return NULL;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- nodes ---- */

#define SLOWEST 30 /* of the nodes, for who reads them; a program gets all */

typedef struct entry {
    const char *name;
    double seconds, flops;
    int64_t calls;
} entry;

typedef struct profile {
    entry *kernels, *nodes;
    int64_t kernel_count, node_count, capacity;
} profile;

static void report(void *context, int call, const char *node, const char *kernel, double seconds, double flops) {
    profile *p = context;
    int64_t k = 0;
    (void)call;
    while (k < p->kernel_count && strcmp(p->kernels[k].name, kernel)) k++;
    if (p->node_count == p->capacity || k == p->capacity) return;
    if (k == p->kernel_count) p->kernels[p->kernel_count++] = (entry){ .name = kernel };
    p->kernels[k].seconds += seconds;
    p->kernels[k].flops += flops;
    p->kernels[k].calls++;
    p->nodes[p->node_count++] = (entry){ node, seconds, flops, 1 };
}

static int slowest_first(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return x->seconds != y->seconds ? (x->seconds > y->seconds ? -1 : 1) : strcmp(x->name, y->name);
}

static void print_entries(fv_printer *printer, const char *title, entry *entries, int64_t count, int64_t most) {
    qsort(entries, (size_t)count, sizeof *entries, slowest_first);
    fv_print_line(printer, "%10s  %6s  %10s  %s", "ms", "calls", "GFLOP/s", title);
    for (int64_t i = 0; i < count && i < most; i++) {
        const entry *e = &entries[i];
        fv_print_line(printer, "%10.3f  %6lld  %10.1f  %s", 1e3 * e->seconds, (long long)e->calls,
                      e->seconds > 0 ? 1e-9 * e->flops / e->seconds : 0, e->name);
        if (!printer->json) continue;
        fv_print_record(printer);
        fv_print_text(printer, title, e->name);
        fv_print_int(printer, "calls", e->calls);
        fv_print_number(printer, "seconds", e->seconds);
        fv_print_number(printer, "flops", e->flops);
        fv_print_record_end(printer);
    }
}

static fv_error *print_nodes(fv_plan *plan, fv_arena *arena, fv_printer *printer) {
    profile p = { .capacity = fv_plan_measure(plan).calls };
    FV_TRY(fv_arena_take(arena, p.capacity, &p.kernels));
    FV_TRY(fv_arena_take(arena, p.capacity, &p.nodes));
    FV_TRY(fv_plan_profile(plan, report, &p));
    print_entries(printer, "kernel", p.kernels, p.kernel_count, p.kernel_count);
    print_entries(printer, "node", p.nodes, p.node_count, printer->json ? p.node_count : SLOWEST);
    return NULL;
}

/* ---- the command ---- */

static void print_about(const bench_options *o, fv_plan_size size, fv_printer *printer) {
    fv_print_text(printer, "network", o->what);
    fv_print_text(printer, "mode", o->mode == FV_TRAINING ? "training" : "evaluation");
    fv_print_int(printer, "batch", o->batch);
    fv_print_text(printer, "precision", fv_precision_name((fv_precision)o->precision));
    fv_print_int(printer, "threads", fv_parallel_threads());
    fv_print_text(printer, "isa", fv_isa_names[fv_isa_best()]);
    fv_print_int(printer, "block", size.block);
    fv_print_number(printer, "flops", size.flops);
}

static fv_error *take_turns(const bench_options *o, fv_plan *plan, fv_printer *printer) {
    char line[64];
    fv_print_record(printer);
    print_about(o, fv_plan_measure(plan), printer);
    fv_print_record_end(printer);
    while (fgets(line, sizeof line, stdin)) {
        char *end;
        long steps = strtol(line, &end, 10);
        if (end == line || steps < 1) return fv_fail(FV_USAGE, "a number of steps is expected, not %s", line);
        double begin = now();
        for (long i = 0; i < steps; i++) FV_TRY(fv_plan_run(plan));
        fv_print_record(printer);
        fv_print_number(printer, "seconds", now() - begin);
        fv_print_record_end(printer);
    }
    return NULL;
}

static fv_error *measure(const bench_options *o, fv_plan *plan, fv_command_call *call) {
    double *seconds = NULL;
    fv_plan_size size = fv_plan_measure(plan);
    FV_TRY(fv_arena_take(call->arena, fv_max(o->steps, 2), &seconds));
    FV_TRY(run_steps(plan, 2, seconds));
    FV_TRY(run_steps(plan, o->steps, seconds));
    qsort(seconds, (size_t)o->steps, sizeof *seconds, by_value);
    double median = seconds[o->steps / 2];
    fv_print_record(call->printer);
    print_about(o, size, call->printer);
    fv_print_number(call->printer, "seconds", median);
    fv_print_number(call->printer, "fastest", seconds[0]);
    fv_print_number(call->printer, "slowest", seconds[o->steps - 1]);
    fv_print_number(call->printer, "pictures_per_second", (double)o->batch / median);
    fv_print_number(call->printer, "gflops", 1e-9 * size.flops / median);
    fv_print_record_end(call->printer);
    return o->nodes ? print_nodes(plan, call->arena, call->printer) : NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const bench_options *o = raw;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    fv_subject subject = { o->what, o->workspace, o->batch, o->mode, o->loss, o->optimizer };
    FV_TRY(fv_weights_new(&weights));
    fv_plan_options options = {
        .mode = o->mode, .precision = o->precision, .low_memory = o->memory, .fast_batch = o->fast_batch
    };
    FV_TRY(fv_subject_plan(&subject, &options, weights, &plan));
    fill_feeds(plan);
    return o->turns ? take_turns(o, plan, call->printer) : measure(o, plan, call);
}

const fv_command fv_command_bench = {
    .name = "bench",
    .summary = "time a network's steps on this machine",
    .arguments = "WHAT [options]",
    .description = "Synthetic pictures, weights as for a new training. Figures are medians over the steps. bench/train runs\n"
                   "it in turns with PyTorch.",
    .fields = fields,
    .size = sizeof(bench_options),
    .run = run,
};
