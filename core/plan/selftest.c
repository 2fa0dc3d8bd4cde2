/* selftest.c - see selftest.h: reading cases, running kernels alone, and the three comparisons. */
#include "core/plan/selftest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/size.h"
#include "core/plan/plan.h"

#define CASE_CAP ((int64_t)1 << 32)
#define SHARDS 8

/* ---- cases ---- */

static void fill(const fv_tensor *tensor, uint32_t stream, double low, double high) {
    fv_random random = fv_random_at(2026, stream, 0, 0);
    bool whole = !fv_dtype_is_float(tensor->type.dtype);
    for (int64_t i = 0, count = fv_type_count(&tensor->type); i < count; i++) {
        double value =
            whole ? low + (double)fv_random_below(&random, (int64_t)(high - low) + 1) : fv_random_between(&random, low, high);
        fv_tensor_store(tensor, i, value);
    }
}

static fv_error *new_tensor(fv_arena *arena, const fv_type *type, fv_tensor *out) {
    void *data = NULL;
    FV_TRY(fv_type_check(type));
    FV_TRY(fv_arena_alloc(arena, fv_round_up(fv_max(fv_type_bytes(type), 1), 64), 1, &data));
    *out = fv_tensor_of(type, data);
    return NULL;
}

/* "f32[2,3]:0.1..2" → type and range; false when the text is no type. */
static bool parse_input(const char *text, fv_type *type, double *low, double *high) {
    const char *end;
    fv_error *error = fv_type_parse(text, &end, type);
    bool is_type = error == NULL;
    fv_error_free(error);
    if (!is_type) return false;
    bool whole = !fv_dtype_is_float(type->dtype);
    *low = whole ? 0 : -1;
    *high = type->dtype == FV_BOOL ? 1 : whole ? 3 : 1;
    if (*end == ':') {
        const char *dots = strstr(end, ".."); /* searched for: strtod takes the first dot of "1..2" for its own */
        *low = strtod(end + 1, NULL);
        if (dots) *high = strtod(dots + 2, NULL);
    }
    return true;
}

/* Up to the next blank outside double quotes. */
static size_t token_length(const char *at) {
    bool quoted = false;
    size_t length = 0;
    for (; at[length] && (quoted || at[length] != ' '); length++)
        if (at[length] == '"') quoted = !quoted;
    return length;
}

static fv_error *read_tokens(fv_case *c, const char *line, bool as_f64, fv_tensor *inputs) {
    FV_TEXT(options, 1 << 16);
    fv_text_add(&options, "");
    for (const char *at = line; *at; at += strspn(at, " ")) {
        size_t length = token_length(at);
        const char *token = NULL;
        FV_TRY(fv_arena_format(c->arena, &token, "%.*s", (int)length, at));
        at += length;
        const char *value = strchr(token, '=');
        fv_type type;
        int i = c->call.input_count;
        if (!value) return fv_fail(FV_FORMAT, "\"%s\" is neither an input nor an option", token);
        if (i == FV_INPUTS_MAX) return fv_fail(FV_FORMAT, "more than %d inputs", FV_INPUTS_MAX);
        if (parse_input(value + 1, &type, &c->low[i], &c->high[i])) {
            if (as_f64 && type.dtype == FV_F32 && !strstr(line, "bf16")) type.dtype = FV_F64;
            FV_TRY(new_tensor(c->arena, &type, &inputs[i]));
            fill(&inputs[i], (uint32_t)i + 1, c->low[i], c->high[i]);
            c->call.input_count++;
        } else {
            fv_text_addf(&options, "%s%s", options.length ? " " : "", token);
        }
    }
    FV_TRY(fv_text_error(&options));
    return fv_arena_format(c->arena, (const char **)&c->options_text, "%s", options.at);
}

static fv_error *infer(fv_case *c) {
    fv_type types[FV_INPUTS_MAX], results[FV_OUTPUTS_MAX] = { 0 };
    int count = fv_op_output_count(c->call.op);
    for (int i = 0; i < c->call.input_count; i++) types[i] = c->call.inputs[i].type;
    fv_shape_call shape = { .options = c->call.options,
                            .inputs = types,
                            .input_count = c->call.input_count,
                            .outputs = results,
                            .output_count = count < 0 ? 0 : count };
    FV_TRY(c->call.op->shape(&shape));
    fv_tensor *outputs = NULL;
    FV_TRY(fv_arena_take(c->arena, shape.output_count, &outputs));
    for (int k = 0; k < shape.output_count; k++) FV_TRY(new_tensor(c->arena, &results[k], &outputs[k]));
    c->call.outputs = outputs;
    c->call.output_count = shape.output_count;
    return NULL;
}

static fv_error *read_case(fv_case *c, const char *line, bool as_f64) {
    const fv_op *op = c->call.op;
    const fv_field *fields = op->fields ? op->fields : fv_no_fields;
    fv_tensor *inputs = NULL;
    void *options = NULL;
    FV_TRY(fv_arena_take(c->arena, FV_INPUTS_MAX, &inputs));
    c->call.inputs = inputs;
    FV_TRY(read_tokens(c, line, as_f64, inputs));
    FV_TRY(fv_arena_alloc(c->arena, 1, fv_fields_size(fields), &options));
    c->call.options = options;
    FV_TRY(fv_fields_parse(fields, options, c->options_text, c->arena));
    return infer(c);
}

fv_error *fv_case_new(const fv_op *op, const char *line, bool as_f64, fv_case **out) {
    FV_OWNED(fv_case) c = NULL;
    FV_TRY(fv_memory_new(1, &c));
    FV_TRY(fv_arena_new("a test case", CASE_CAP, &c->arena));
    c->call = (fv_call){ .op = op, .name = "case", .shards = SHARDS, .threads = fv_parallel_threads() };
    fv_error *error = read_case(c, line, as_f64);
    if (error) return fv_error_wrap(error, "op %s, case \"%s\"", op->name, line);
    *out = fv_take(&c);
    return NULL;
}

void fv_case_free(fv_case *c) {
    if (!c) return;
    fv_arena_free(c->arena);
    fv_memory_free(c);
}

/* ---- a kernel by itself ---- */

#define GUARD 4096

/* `bytes` for a kernel, filled with a pattern, with a guard behind. */
static fv_error *guarded(fv_arena *arena, int64_t bytes, uint8_t **out) {
    FV_TRY(fv_arena_take(arena, bytes + GUARD, out));
    memset(*out, 0xa5, (size_t)(bytes + GUARD));
    return NULL;
}

static bool intact(const uint8_t *memory, int64_t bytes) {
    for (int64_t i = 0; memory && i < GUARD; i++)
        if (memory[bytes + i] != 0xa5) return false;
    return true;
}

/* Runs it without the inputs that it has packed: something else lies there. */
static fv_error *run_packed(const fv_kernel *kernel, fv_call *call, fv_arena *arena) {
    fv_tensor *inputs = NULL;
    FV_TRY(fv_arena_take(arena, call->input_count, &inputs));
    fv_call without = *call;
    without.inputs = inputs;
    for (int i = 0; i < call->input_count; i++) {
        uint8_t *other = NULL;
        inputs[i] = call->inputs[i];
        if (!call->packed || !fv_kernel_packs(kernel, i)) continue;
        FV_TRY(guarded(arena, fv_type_bytes(&inputs[i].type), &other));
        inputs[i].data = other;
    }
    if (call->packed) kernel->pack(call);
    kernel->run(&without);
    return NULL;
}

fv_error *fv_kernel_run_alone(const fv_kernel *kernel, fv_call *call) {
    if (!kernel) {
        call->op->reference(call);
        return NULL;
    }
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("a kernel alone", CASE_CAP, &arena));
    call->prepared = NULL;
    if (kernel->prepare) FV_TRY(kernel->prepare(call, arena, &call->prepared));
    int64_t scratch = kernel->scratch ? kernel->scratch(call) : 0, packed = kernel->packed ? kernel->packed(call) : 0;
    int64_t own = kernel->own ? call->threads * fv_round_up(kernel->own(call), 64) : 0;
    uint8_t *scratch_memory = NULL, *packed_memory = NULL, *own_memory = NULL;
    if (scratch > 0) FV_TRY(guarded(arena, scratch, &scratch_memory));
    if (packed > 0) FV_TRY(guarded(arena, packed, &packed_memory));
    if (own > 0) FV_TRY(guarded(arena, own, &own_memory));
    call->scratch = scratch_memory;
    call->packed = packed_memory;
    call->own = own_memory, call->own_step = own / call->threads;
    FV_TRY(run_packed(kernel, call, arena));
    call->scratch = call->packed = call->own = call->prepared = NULL;
    if (!intact(scratch_memory, scratch))
        return fv_fail(FV_BUG, "%s wrote beyond its scratch of %lld bytes", kernel->name, (long long)scratch);
    if (!intact(own_memory, own)) return fv_fail(FV_BUG, "%s wrote beyond what its threads have of their own", kernel->name);
    if (!intact(packed_memory, packed))
        return fv_fail(FV_BUG, "%s wrote beyond its packed %lld bytes", kernel->name, (long long)packed);
    return NULL;
}

/* ---- comparisons ---- */

typedef struct comparison {
    const fv_op *op;
    const char *line;
    fv_selftest_report report;
    void *context;
} comparison;

static void tell(const comparison *to, const char *kernel, double error, const char *note, const char *failure) {
    fv_selftest_result result = { .op = to->op->name,
                                  .line = to->line,
                                  .kernel = kernel,
                                  .error = error,
                                  .note = note,
                                  .failed = failure != NULL,
                                  .failure = failure };
    to->report(to->context, &result);
}

/* Between numbers of bf16, relative to the larger: what a sum in another order makes of a number on the edge. */
#define BF16_STEP 0x1p-7

/* Largest |a − b| over the outputs, relative to the largest |b| of each (1 at least); NaN must meet NaN. */
static double difference(const fv_tensor *a, const fv_tensor *b, int count) {
    double worst = 0;
    for (int k = 0; k < count; k++) {
        double scale = 1, most = 0;
        for (int64_t i = 0, n = fv_type_count(&b[k].type); i < n; i++) {
            double x = fv_tensor_load(&a[k], i), y = fv_tensor_load(&b[k], i);
            if (isfinite(y)) scale = fmax(scale, fabs(y));
            if (isnan(x) != isnan(y)) return INFINITY;
            double step = b[k].type.dtype == FV_BF16 ? BF16_STEP * fmax(fabs(x), fabs(y)) : 0;
            if (!isnan(x) && x != y) most = fmax(most, fabs(x - y) - step);
        }
        worst = fmax(worst, most / scale);
    }
    return worst;
}

static bool same_bits(const fv_tensor *a, const fv_tensor *b, int count) {
    for (int k = 0; k < count; k++)
        if (memcmp(a[k].data, b[k].data, (size_t)fv_type_bytes(&a[k].type))) return false;
    return true;
}

static void fail(const comparison *to, const char *kernel, double error, const char *what, double limit) {
    char message[2048];
    snprintf(message, sizeof message, "%s%s%s: %s (%.3g, allowed %.3g); repeat: fovea selftest %s --line '%s'", to->op->name,
             kernel ? ": " : "", kernel ? kernel : "", what, error, limit, to->op->name, to->line);
    tell(to, kernel, error, NULL, message);
}

/* f32 sums of n terms in another order: a few units in the last place times √n; n is bounded by the inputs' sizes. */
static double tolerance(const fv_call *call) {
    double terms = 1;
    for (int i = 0; i < call->input_count; i++) terms = fmax(terms, (double)fv_type_count(&call->inputs[i].type));
    return 4e-6 * sqrt(sqrt(terms) + 4);
}

static fv_error *compare_kernel(const comparison *to, const fv_kernel *kernel, fv_case *truth) {
    double cost = 0, limit = tolerance(&truth->call);
    FV_OWNED(fv_case) c = NULL;
    FV_OWNED(fv_case) again = NULL;
    const char *reason = fv_kernel_refuses(kernel, &truth->call, &cost);
    if (reason) {
        tell(to, kernel->name, 0, reason, NULL);
        return NULL;
    }
    int threads = fv_parallel_threads();
    FV_TRY(fv_case_new(to->op, to->line, false, &c));
    FV_TRY(fv_kernel_run_alone(kernel, &c->call));
    double error = difference(c->call.outputs, truth->call.outputs, c->call.output_count);
    FV_TRY(fv_case_new(to->op, to->line, false, &again));
    FV_TRY(fv_parallel_set_threads(threads > 1 ? 1 : 2));
    again->call.threads = fv_parallel_threads();
    fv_error *ran = fv_kernel_run_alone(kernel, &again->call);
    FV_TRY(fv_parallel_set_threads(threads));
    FV_TRY(ran);
    if (!(error <= limit))
        fail(to, kernel->name, error, "differs from the reference", limit);
    else if (!same_bits(c->call.outputs, again->call.outputs, c->call.output_count))
        fail(to, kernel->name, 0, "other bits on another number of threads", 0);
    else
        tell(to, kernel->name, error, NULL, NULL);
    return NULL;
}

static fv_error *compare_kernels(const comparison *to) {
    FV_OWNED(fv_case) truth = NULL;
    FV_TRY(fv_case_new(to->op, to->line, false, &truth));
    if (!to->op->reference) return NULL;
    FV_TRY(fv_kernel_run_alone(NULL, &truth->call));
    for (int i = fv_kernel_next(to->op->name, 0); i >= 0; i = fv_kernel_next(to->op->name, i + 1)) {
        fv_error *error = compare_kernel(to, fv_kernel_table[i], truth);
        if (error) return fv_error_wrap(error, "%s on \"%s\"", fv_kernel_table[i]->name, to->line);
    }
    return NULL;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static fv_error *time_kernel(const comparison *to, const fv_kernel *kernel) {
    FV_OWNED(fv_case) c = NULL;
    double cost = 0, best = INFINITY;
    FV_TRY(fv_case_new(to->op, to->line, false, &c));
    const char *reason = kernel ? fv_kernel_refuses(kernel, &c->call, &cost) : NULL;
    if (reason) return NULL;
    for (double begin = seconds(); seconds() - begin < 0.2 || best == INFINITY;) {
        double start = seconds();
        FV_TRY(fv_kernel_run_alone(kernel, &c->call));
        best = fmin(best, seconds() - start);
    }
    tell(to, kernel ? kernel->name : NULL, best, NULL, NULL);
    return NULL;
}

static fv_error *time_kernels(const comparison *to) {
    if (to->op->reference) FV_TRY(time_kernel(to, NULL));
    for (int i = fv_kernel_next(to->op->name, 0); i >= 0; i = fv_kernel_next(to->op->name, i + 1))
        FV_TRY(time_kernel(to, fv_kernel_table[i]));
    return NULL;
}

/* ---- gradients: loss = Σ over outputs Σ y · r with fixed random r, differentiated by the graph and by central differences
 * ---- */

typedef struct gradient_test {
    fv_graph *graph;
    fv_weights *weights;
    fv_plan *plan, *forward; /* loss and gradients; the loss alone, for the differences */
    fv_value inputs[FV_INPUTS_MAX], gradients[FV_INPUTS_MAX];
    int count;
} gradient_test;

static const char *numbered(const char *prefix, int i) {
    static _Thread_local char name[32];
    snprintf(name, sizeof name, "%s%d", prefix, i);
    return name;
}

static fv_value build_loss(gradient_test *t, const fv_case *c) {
    fv_graph *g = t->graph;
    for (int i = 0; i < c->call.input_count; i++) t->inputs[i] = fv_graph_feed(g, numbered("x", i), c->call.inputs[i].type);
    fv_value y = fv_apply(g, c->call.op->name, t->inputs, c->call.input_count, "%s", c->options_text), loss = FV_NO_VALUE;
    for (int k = 0; k < c->call.output_count; k++) {
        fv_value out = fv_output_of(y, k);
        if (!fv_dtype_is_float(c->call.outputs[k].type.dtype) || !fv_op_differentiable(c->call.op, k)) continue;
        fv_value r = fv_graph_feed(g, numbered("r", k), c->call.outputs[k].type);
        fv_value sum = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "mul", FV_VALUES(out, r), NULL)), NULL);
        loss = fv_is_value(loss) ? fv_apply(g, "add", FV_VALUES(loss, sum), NULL) : sum;
    }
    return loss;
}

/* A plan of what the graph gives by now, fed. */
static fv_error *plan_results(gradient_test *t, const fv_case *c, fv_plan **out) {
    FV_TRY(fv_graph_error(t->graph));
    const fv_plan_options options = { .mode = FV_TRAINING, .reference = true, .passes = -1 };
    FV_TRY(fv_plan_new(t->graph, t->weights, &options, out));
    for (int i = 0; i < c->call.input_count; i++) {
        fv_tensor *feed = fv_plan_feed(*out, numbered("x", i));
        if (feed) memcpy(feed->data, c->call.inputs[i].data, (size_t)fv_type_bytes(&feed->type));
    }
    for (int k = 0; k < c->call.output_count; k++) {
        fv_tensor *feed = fv_plan_feed(*out, numbered("r", k));
        if (feed) fill(feed, 100 + (uint32_t)k, -1, 1);
    }
    return NULL;
}

static fv_error *build_gradient(gradient_test *t, const fv_case *c) {
    FV_TRY(fv_graph_new(&t->graph));
    FV_TRY(fv_weights_new(&t->weights));
    fv_value loss = build_loss(t, c);
    if (t->graph->error) return fv_graph_error(t->graph);
    if (!fv_is_value(loss)) return NULL;
    fv_value wrt[FV_INPUTS_MAX];
    for (int i = 0; i < c->call.input_count; i++)
        wrt[i] =
            fv_dtype_is_float(c->call.inputs[i].type.dtype) && !fv_op_shape_only(c->call.op, i) ? t->inputs[i] : FV_NO_VALUE;
    fv_graph_gradients(t->graph, loss, wrt, c->call.input_count, t->gradients);
    fv_graph_output(t->graph, "loss", loss);
    FV_TRY(plan_results(t, c, &t->forward));
    for (int i = 0; i < c->call.input_count; i++)
        if (!t->graph->error && fv_is_value(t->gradients[i])) fv_graph_output(t->graph, numbered("d", i), t->gradients[i]);
    return plan_results(t, c, &t->plan);
}

static fv_error *loss_with(gradient_test *t, const fv_tensor *x, int64_t at, double value, double *loss) {
    double kept = fv_tensor_load(x, at);
    fv_tensor_store(x, at, value);
    FV_TRY(fv_plan_run(t->forward));
    fv_tensor_store(x, at, kept);
    *loss = fv_tensor_load(fv_plan_result(t->forward, "loss"), 0);
    return NULL;
}

#define PROBES 24
#define GRADIENT_LIMIT 2e-6

/* The largest difference over some entries of input `i`, relative to the largest gradient (1 at least). */
static fv_error *probe_input(gradient_test *t, int i, double *worst) {
    const fv_tensor *x = fv_plan_feed(t->forward, numbered("x", i)), *d = fv_plan_result(t->plan, numbered("d", i));
    int64_t count = fv_type_count(&d->type);
    double scale = 1, analytic[PROBES];
    int64_t probes = fv_min(count, PROBES), where[PROBES];
    FV_TRY(fv_plan_run(t->plan));
    for (int64_t n = 0; n < count; n++) scale = fmax(scale, fabs(fv_tensor_load(d, n)));
    for (int64_t p = 0; p < probes; p++) {
        where[p] = p * count / probes;
        analytic[p] = fv_tensor_load(d, where[p]);
    }
    for (int64_t p = 0; p < probes; p++) {
        double at = x ? fv_tensor_load(x, where[p]) : 0, h = 1e-5 * fmax(1, fabs(at)), up = 0, down = 0;
        if (x) FV_TRY(loss_with(t, x, where[p], at + h, &up)); /* else no loss hangs on it */
        if (x) FV_TRY(loss_with(t, x, where[p], at - h, &down));
        double numeric = (up - down) / (2 * h), off = fabs(numeric - analytic[p]) / scale;
        if (!(off <= *worst)) *worst = isnan(off) ? INFINITY : off;
    }
    return NULL;
}

/* Cases this large are there for the kernels' ways of cutting work; the reference would take minutes for their probes, and a
 * gradient is stated once for every size. */
#define GRADIENT_FLOPS 5e5

static bool stores_bf16(const fv_call *call) {
    bool found = false;
    for (int i = 0; i < call->input_count; i++) found |= call->inputs[i].type.dtype == FV_BF16;
    for (int k = 0; k < call->output_count; k++) found |= call->outputs[k].type.dtype == FV_BF16;
    return found;
}

static fv_error *check_gradient(gradient_test *t, const comparison *to) {
    FV_OWNED(fv_case) c = NULL;
    if (to->op->grad == fv_grad_none || to->op->grad == fv_grad_refused) {
        tell(to, NULL, 0, "has no gradient, as its descriptor says", NULL);
        return NULL;
    }
    FV_TRY(fv_case_new(to->op, to->line, true, &c));
    if (to->op->work && to->op->work(&c->call).flops > GRADIENT_FLOPS) {
        tell(to, NULL, 0, "too large to be differentiated by differences; smaller cases are", NULL);
        return NULL;
    }
    if (stores_bf16(&c->call)) {
        tell(to, NULL, 0, "rounds what it stores: differences of it tell nothing", NULL);
        return NULL;
    }
    for (int i = 0; i < c->call.input_count; i++) t->gradients[i] = FV_NO_VALUE;
    FV_TRY(build_gradient(t, c));
    double worst = 0;
    int probed = 0;
    for (int i = 0; t->plan && i < c->call.input_count; i++)
        if (fv_is_value(t->gradients[i]) && fv_type_count(&c->call.inputs[i].type) > 0) {
            FV_TRY(probe_input(t, i, &worst));
            probed++;
        }
    if (!(worst <= GRADIENT_LIMIT))
        fail(to, NULL, worst, "gradient differs from central differences", GRADIENT_LIMIT);
    else
        tell(to, NULL, worst, probed ? NULL : "no input has a gradient", NULL);
    return NULL;
}

static fv_error *compare_gradient(const comparison *to) {
    gradient_test t = { 0 };
    fv_error *error = check_gradient(&t, to);
    fv_plan_free(t.plan);
    fv_plan_free(t.forward);
    fv_weights_free(t.weights);
    fv_graph_free(t.graph);
    return fv_error_wrap(error, "gradient of %s on \"%s\"", to->op->name, to->line);
}

fv_error *fv_selftest_line(const fv_op *op, const char *line, fv_selftest_mode mode, fv_selftest_report report, void *context) {
    comparison to = { op, line, report, context };
    if (mode == FV_SELFTEST_GRADIENT) return compare_gradient(&to);
    return mode == FV_SELFTEST_SPEED ? time_kernels(&to) : compare_kernels(&to);
}

fv_error *fv_selftest_op(const fv_op *op, fv_selftest_mode mode, fv_selftest_report report, void *context) {
    for (int i = 0; op->cases && op->cases[i]; i++) FV_TRY(fv_selftest_line(op, op->cases[i], mode, report, context));
    return NULL;
}
