/* Plans of several ranks: whatever they share, in the bits of one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/ops/norm_depthwise_grad.h"
#include "core/plan/plan.h"
#include "core/plan/selftest.h"
#include "fovea/layers.h"
#include "fovea/optim.h"
#include "tests/core/comm/ranks.h"
#include "tests/test.h"

static double value_of(int64_t i) { return (double)((uint32_t)(i * 2654435761U) >> 8) / 8388608.0 - 1; }

/* ---- networks ---- */

typedef struct training {
    fv_value (*network)(fv_graph *g, fv_value x);
    fv_type x;
    int64_t steps, last; /* last: pictures of the last step; the others have x.dims[0] */
    const char *optimizer, *loss;
    int ranks;
    fv_precision precision;
    bool low_memory;             /* of several ranks: one keeps all */
    uint64_t bits[FV_RANKS_MAX]; /* of all that the steps left, by rank */
} training;

/* Convolutions of every kind, batch norm, dropout, linear layers. */
static fv_value small_network(fv_graph *g, fv_value x) {
    x = fv_layer_apply(g, "conv1", x, "conv2d filters=12 kernel=3 padding=1 bias=true");
    x = fv_layer_apply(g, "bn1", x, "batch_norm");
    x = fv_apply(g, "relu", FV_VALUES(x), NULL);
    x = fv_layer_apply(g, "depthwise", x, "conv2d filters=12 kernel=3 stride=2 padding=1 groups=12");
    x = fv_layer_apply(g, "grouped", x, "conv2d filters=8 kernel=1 groups=2");
    x = fv_layer_apply(g, "bn2", x, "batch_norm");
    x = fv_apply(g, "silu", FV_VALUES(x), NULL);
    x = fv_layer_apply(g, "flatten", x, "flatten");
    x = fv_layer_apply(g, "drop", x, "dropout rate=0.3");
    x = fv_layer_apply(g, "fc1", x, "dense units=33");
    x = fv_layer_apply(g, "drop2", fv_apply(g, "relu", FV_VALUES(x), NULL), "dropout rate=0.5");
    return fv_layer_apply(g, "fc2", x, "dense units=5");
}

/* A convolution whose gradient is cut into blocks enough to be joined block by block, where one rank has it all. */
static fv_value wide_network(fv_graph *g, fv_value x) {
    x = fv_layer_apply(g, "conv1", x, "conv2d filters=128 kernel=3 padding=1");
    x = fv_layer_apply(g, "conv2", fv_apply(g, "relu", FV_VALUES(x), NULL), "conv2d filters=900 kernel=3 stride=2 padding=1");
    x = fv_apply(g, "global_avg_pool2d", FV_VALUES(x), NULL);
    return fv_layer_apply(g, "fc", fv_layer_apply(g, "flatten", x, "flatten"), "dense units=5");
}

/* Results large enough for their statistics to be summed where they are stored. */
static fv_value pointwise_network(fv_graph *g, fv_value x) {
    x = fv_layer_apply(g, "conv1", x, "conv2d filters=40 kernel=1 bias=false");
    x = fv_apply(g, "relu", FV_VALUES(fv_layer_apply(g, "bn1", x, "batch_norm")), NULL);
    x = fv_layer_apply(g, "conv2", x, "conv2d filters=70 kernel=1 stride=2 bias=false");
    x = fv_apply(g, "global_avg_pool2d", FV_VALUES(fv_layer_apply(g, "bn2", x, "batch_norm")), NULL);
    return fv_layer_apply(g, "fc", fv_layer_apply(g, "flatten", x, "flatten"), "dense units=5");
}

static void hash(uint64_t *bits, const fv_tensor *tensor) {
    const uint8_t *bytes = tensor->data;
    for (int64_t i = 0; i < fv_type_bytes(&tensor->type); i++) *bits = (*bits ^ bytes[i]) * UINT64_C(1099511628211);
}

static void feed_number(fv_plan *plan, const char *name, int64_t i, double value) {
    fv_tensor *tensor = fv_plan_feed(plan, name);
    if (tensor) fv_tensor_store(tensor, i, value);
}

/* Rows [first, first + rows) of step number `step`. */
static void feed(fv_plan *plan, int64_t step, int64_t first) {
    fv_tensor *x = fv_plan_feed(plan, "x"), *target = fv_plan_feed(plan, "target");
    int64_t rows = x->type.dims[0], each = fv_type_count(&x->type) / rows;
    for (int64_t i = 0; i < rows * each; i++) ((float *)x->data)[i] = (float)value_of(step * 1000003 + first * each + i);
    for (int64_t i = 0; i < rows; i++) fv_tensor_store(target, i, (double)((7 * (first + i) + step) % 5));
    feed_number(plan, "learning_rate", 0, 0.05);
    feed_number(plan, "step", 0, (double)step + 1);
    feed_number(plan, "rng", 0, 2026);
    feed_number(plan, "rng", 1, (double)step);
}

static fv_error *build(const training *t, fv_graph **out) {
    FV_OWNED(fv_graph) g = NULL;
    FV_TRY(fv_graph_new(&g));
    fv_value logits = t->network(g, fv_graph_input(g, "x", t->x));
    fv_value loss = fv_loss_build(g, t->loss, logits, fv_loss_target(g, t->loss, logits));
    fv_graph_output(g, "loss", loss);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = t->optimizer, .clip_norm = 0.5, .ema_decay = 0.9 });
    FV_TRY(fv_graph_error(g));
    *out = fv_take(&g);
    return NULL;
}

static fv_error *train(fv_comm *comm, void *context) {
    training *t = context;
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    uint64_t bits = UINT64_C(14695981039346656037);
    FV_TRY(build(t, &g));
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(fv_initialize(g, weights, 1));
    for (int step = 0; step < t->steps; step++) {
        FV_OWNED(fv_graph) batch = NULL;
        FV_OWNED(fv_plan) plan = NULL;
        int64_t pictures = step == t->steps - 1 ? t->last : t->x.dims[0];
        FV_TRY(fv_graph_with_batch(g, pictures, &batch));
        fv_plan_options options = {
            .mode = FV_TRAINING, .precision = t->precision, .comm = comm, .low_memory = t->low_memory && fv_comm_size(comm) > 1
        };
        FV_TRY(fv_plan_new(batch, weights, &options, &plan));
        fv_share share = fv_share_of(pictures, 8, fv_comm_size(comm), fv_comm_rank(comm));
        if (fv_plan_feed(plan, "x")->type.dims[0] != share.rows) return fv_fail(FV_BUG, "a plan of other rows than its own");
        feed(plan, step, share.first);
        FV_TRY(fv_plan_run(plan));
        hash(&bits, fv_plan_result(plan, "loss"));
    }
    for (int64_t i = 0; i < fv_weights_count(weights); i++) hash(&bits, fv_weights_at(weights, i, NULL, NULL));
    t->bits[fv_comm_rank(comm)] = bits;
    return NULL;
}

static void expect_same_bits(training t, const int *ranks, int count) {
    fv_test_ranks(1, 60, train, &t, NULL);
    uint64_t want = t.bits[0];
    for (int i = 0; i < count; i++) {
        FV_OK(fv_parallel_set_threads(1 + i % 2));
        fv_test_ranks(ranks[i], 60, train, &t, NULL);
        for (int r = 0; r < ranks[i]; r++)
            if (t.bits[r] != want) fail_msg("other bits on rank %d of %d, %d threads", r, ranks[i], 1 + i % 2);
    }
}

/* 8, 4, 3, 2 and 1 shards a rank; 19 pictures are no multiple of 8, and 3 are too few to share. */
FV_TEST(core_plan_ranks__a_network_trains_to_the_same_bits_on_any_number_of_ranks) {
    training t = {
        .network = small_network, .steps = 3, .x = fv_type_of(FV_F32, 24, 9, 7, 3), .last = 19, .loss = "cross_entropy"
    };
    t.optimizer = "adamw";
    expect_same_bits(t, (int[]){ 2, 3, 4, 8 }, 4);
    t.optimizer = "sgd momentum=0.9 nesterov=true";
    t.loss = "cross_entropy label_smoothing=0.1 class_weights=1,2,0.5,1,3";
    t.last = 3;
    expect_same_bits(t, (int[]){ 2, 4 }, 2);
}

FV_TEST(core_plan_ranks__train_to_the_same_bits_in_low_memory) {
    training t = { .network = small_network, .steps = 2, .x = fv_type_of(FV_F32, 24, 9, 7, 3), .last = 19, .loss = "focal" };
    t.optimizer = "sgd momentum=0.9";
    t.low_memory = true;
    expect_same_bits(t, (int[]){ 2, 3 }, 2);
}

FV_TEST(core_plan_ranks__train_to_the_same_bits_on_a_cpu_without_kernels_of_its_own) {
    setenv("FOVEA_ISA", "portable", 1);
    training t = { .network = small_network, .steps = 3, .x = fv_type_of(FV_F32, 24, 9, 7, 3), .last = 19, .loss = "focal" };
    t.optimizer = "sgd momentum=0.9";
    expect_same_bits(t, (int[]){ 2, 4 }, 2);
}

FV_TEST(core_plan_ranks__train_to_the_same_bits_by_products_in_bf16) {
    if (fv_isa_best() < FV_ISA_AVX2) skip(); /* such products are refused */
    training t = { .network = small_network, .steps = 2, .x = fv_type_of(FV_F32, 24, 9, 7, 3), .last = 19, .loss = "focal" };
    t.optimizer = "sgd momentum=0.9";
    t.precision = FV_PRECISION_BF16_FORCED;
    expect_same_bits(t, (int[]){ 2, 3 }, 2);
}

FV_TEST(core_plan_ranks__gradients_of_many_blocks_have_the_bits_of_one_rank) {
    training t = {
        .network = wide_network, .steps = 1, .x = fv_type_of(FV_F32, 16, 4, 4, 8), .last = 16, .loss = "cross_entropy"
    };
    t.optimizer = "sgd";
    expect_same_bits(t, (int[]){ 2 }, 1);
}

FV_TEST(core_plan_ranks__statistics_summed_where_results_are_stored_have_the_bits_of_one_rank) {
    training t = { .network = pointwise_network, .steps = 2, .x = fv_type_of(FV_F32, 24, 31, 29, 3), .last = 19 };
    t.loss = "cross_entropy";
    t.optimizer = "sgd momentum=0.9";
    expect_same_bits(t, (int[]){ 2, 3, 8 }, 3);
    t.low_memory = true;
    expect_same_bits(t, (int[]){ 2, 3 }, 2);
    t.x = fv_type_of(FV_F32, 8, 47, 45, 3), t.last = 5; /* shards without a row, which is large enough all the same */
    expect_same_bits(t, (int[]){ 2, 4 }, 2);
}

/* ---- every op that joins, each of its cases, by each of its kernels ---- */

#define ROWS_ROOM (1 << 20) /* numbers of a case's results */

typedef struct joining_op {
    const char *op, *line;
    const fv_kernel *kernel;
    unsigned batched; /* bit i: input i has rows of the batch */
    int64_t batch;
    uint64_t bits[FV_RANKS_MAX]; /* of results that have no rows */
    double *rows;                /* of the others: what one rank made, or NULL while it does */
    int64_t differ[FV_RANKS_MAX];
} joining_op;

static fv_error *build_case(const joining_op *t, const fv_case *c, fv_graph **out) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_graph) wide = NULL;
    fv_value inputs[FV_INPUTS_MAX];
    FV_TRY(fv_graph_new(&g));
    for (int i = 0; i < c->call.input_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "i%d", i);
        fv_type type = c->call.inputs[i].type;
        bool like = i > 0 && fv_op_shape_only(c->call.op, i) && type.rank == c->call.inputs[0].type.rank &&
                    type.dims[0] == c->call.inputs[0].type.dims[0] && !strcmp(t->op, "sum_like");
        inputs[i] = (t->batched >> i & 1) || like ? fv_graph_input(g, name, type) : fv_graph_feed(g, name, type);
    }
    fv_value y = fv_apply(g, t->op, inputs, c->call.input_count, "%s", c->options_text);
    for (int k = 0; k < c->call.output_count; k++) {
        char name[16];
        snprintf(name, sizeof name, "o%d", k);
        fv_graph_output(g, name, fv_output_of(y, k));
    }
    FV_TRY(fv_graph_error(g));
    FV_TRY(fv_graph_with_batch(g, t->batch, &wide));
    *out = fv_take(&wide);
    return NULL;
}

static void fill(fv_plan *plan, const fv_case *c, int64_t batch, int64_t first) {
    for (int i = 0; i < c->call.input_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "i%d", i);
        fv_tensor *x = fv_plan_feed(plan, name);
        if (!x) continue;
        bool rows = plan->whole ? fv_value_type(plan->whole, fv_graph_find(plan->whole, name))->dims[0] != x->type.dims[0]
                                : x->type.dims[0] == batch;
        int64_t count = fv_type_count(&x->type), from = rows && x->type.rank ? first * (count / x->type.dims[0]) : 0;
        for (int64_t n = 0; n < count; n++) {
            double at = value_of((i + 1) * 7919 + from + n) / 2 + 0.5, value = c->low[i] + at * (c->high[i] - c->low[i]);
            fv_tensor_store(x, n, fv_dtype_is_float(x->type.dtype) ? value : floor(value));
        }
    }
}

/* Results that have rows are compared with those of one rank; the bits of the others are kept. */
static void look(joining_op *t, const fv_plan *plan, int rank, int64_t first, int outputs) {
    uint64_t bits = UINT64_C(14695981039346656037);
    int64_t offset = 0;
    for (int k = 0; k < outputs; k++) {
        char name[16];
        snprintf(name, sizeof name, "o%d", k);
        const fv_tensor *y = fv_plan_result(plan, name);
        const fv_graph *all = plan->whole ? plan->whole : plan->graph;
        const fv_type *type = fv_value_type(all, fv_graph_find_output(all, name));
        bool rows = type->rank && type->dims[0] == t->batch;
        int64_t count = fv_type_count(&y->type), from = rows ? first * (count / y->type.dims[0]) : 0;
        assert_true(!rows || offset + fv_type_count(type) <= ROWS_ROOM);
        for (int64_t n = 0; n < count && rows; n++) {
            double value = fv_tensor_load(y, n), *one = &t->rows[offset + from + n];
            if (!plan->whole) *one = value;
            if (*one != value && !(isnan(*one) && isnan(value))) t->differ[rank]++;
        }
        if (rows)
            offset += fv_type_count(type);
        else
            hash(&bits, y);
    }
    t->bits[rank] = bits;
}

static fv_error *run_case(fv_comm *comm, void *context) {
    joining_op *t = context;
    FV_OWNED(fv_case) c = NULL;
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    int rank = fv_comm_rank(comm);
    FV_TRY(fv_case_new(fv_op_find(t->op), t->line, false, &c));
    FV_TRY(build_case(t, c, &g));
    FV_TRY(fv_weights_new(&weights));
    fv_plan_options options = { .mode = FV_TRAINING, .comm = comm };
    FV_TRY(fv_plan_new(g, weights, &options, &plan));
    fv_share share = fv_share_of(t->batch, 8, fv_comm_size(comm), rank);
    if (comm && !plan->whole) return fv_fail(FV_BUG, "nothing is shared");
    fill(plan, c, t->batch, share.first);
    FV_TRY(fv_plan_run(plan));
    look(t, plan, rank, share.first, c->call.output_count);
    return NULL;
}

static void check_case(const char *op, const char *line, unsigned batched, int most) {
    static double rows[ROWS_ROOM];
    joining_op t = { .op = op, .line = line, .batched = batched, .batch = 37, .rows = rows };
    fv_test_ranks(1, 60, run_case, &t, NULL);
    uint64_t want = t.bits[0];
    for (int ranks = 2; ranks <= most; ranks *= 2) {
        memset(t.differ, 0, sizeof t.differ);
        fv_test_ranks(ranks, 60, run_case, &t, NULL);
        for (int r = 0; r < ranks; r++)
            if (t.bits[r] != want || t.differ[r]) fail_msg("%s on \"%s\": other bits on rank %d of %d", op, line, r, ranks);
    }
}

/* Cases without a batch (of one row of a linear layer there is none), and those that only the reference takes, are left out. */
static bool may_share(const char *op, const char *line) {
    bool vector = strcspn(line, ",") > strcspn(line, "]");
    return strncmp(line, "x=f32[]", 7) != 0 && !strstr(line, "f64") && !(vector && !strcmp(op, "linear_grad_weights"));
}

static bool refuses(const fv_kernel *kernel, const char *op, const char *line) {
    FV_OWNED(fv_case) c = NULL;
    double cost;
    FV_OK(fv_case_new(fv_op_find(op), line, false, &c));
    return fv_kernel_refuses(kernel, &c->call, &cost) != NULL;
}

/* Can a kernel take it here, or is there none but the reference anyhow? */
static bool is_taken(const char *op, const char *line) {
    int k = fv_kernel_next(op, 0);
    bool taken = k < 0;
    for (; k >= 0 && !taken; k = fv_kernel_next(op, k + 1)) taken = !refuses(fv_kernel_table[k], op, line);
    return taken;
}

/* By `kernel`, where that does not refuse; NULL: by whichever is chosen. */
static int check_op(const char *op, unsigned batched, const fv_kernel *kernel) {
    int checked = 0;
    for (const char *const *line = fv_op_find(op)->cases; *line; line++) {
        if (!may_share(op, *line) || (kernel ? refuses(kernel, op, *line) : !is_taken(op, *line))) continue;
        check_case(op, *line, batched, kernel ? 2 : 8);
        checked++;
    }
    return checked;
}

/* By each kernel in turn: pinned by name where there are several. */
FV_TEST(core_plan_ranks__every_op_that_joins_has_the_bits_of_one_rank_by_every_kernel) {
    static const struct {
        const char *op;
        unsigned batched;
    } ops[] = { { "sum", 1 },
                { "mean", 1 },
                { "max", 1 },
                { "min", 1 },
                { "argmax", 1 },
                { "variance", 1 },
                { "size", 1 },
                { "sum_like", 1 },
                { "batch_norm", 1 },
                { "batch_norm_statistics", 1 },
                { "conv2d_statistics", 1 },
                { "batch_norm_grad_sums", 1 | 1 << 4 },
                { "norm_depthwise_grad", 1 | 1 << FV_DEPTHWISE_GRAD_Z | 1 << FV_DEPTHWISE_GRAD_DY },
                { "conv2d_grad_weights", 1 | 1 << 1 },
                { "linear_grad_weights", 1 | 1 << 1 } };
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        assert_true(fv_op_find(ops[i].op)->flags & FV_OP_JOINS);
        for (int k = fv_kernel_next(ops[i].op, 0); k >= 0; k = fv_kernel_next(ops[i].op, k + 1)) {
            char pin[256];
            snprintf(pin, sizeof pin, "%s:%s", ops[i].op, fv_kernel_table[k]->name + strlen(ops[i].op) + 1);
            setenv("FOVEA_KERNEL", pin, 1);
            int checked = check_op(ops[i].op, ops[i].batched, fv_kernel_table[k]);
            assert_true(checked > 0 || fv_kernel_table[k]->isa > fv_isa_best()); /* one that this CPU cannot run refuses all */
        }
        unsetenv("FOVEA_KERNEL");
        int first = fv_kernel_next(ops[i].op, 0), checked = check_op(ops[i].op, ops[i].batched, NULL);
        assert_true(checked > 0 || (first >= 0 && fv_isa_best() == FV_ISA_PORTABLE));
    }
}

/* ---- what is refused ---- */

static fv_error *plan_it(fv_comm *comm, void *context) {
    fv_value (*build_value)(fv_graph *) = *(fv_value(**)(fv_graph *))context;
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    fv_plan *plan = NULL;
    FV_TRY(fv_graph_new(&g));
    fv_graph_output(g, "y", build_value(g));
    FV_TRY(fv_graph_error(g));
    FV_TRY(fv_weights_new(&weights));
    fv_error *error = fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING, .comm = comm }, &plan);
    fv_plan_free(plan);
    return error;
}

static fv_value rows(fv_graph *g) { return fv_graph_input(g, "x", fv_type_of(FV_F32, 16, 3)); }
static fv_value across(fv_graph *g) { return fv_apply(g, "softmax", FV_VALUES(rows(g)), "axis=0"); }
static fv_value turned(fv_graph *g) { return fv_apply(g, "transpose", FV_VALUES(rows(g)), "axes=1,0"); }
static fv_value reversed(fv_graph *g) { return fv_apply(g, "slice", FV_VALUES(rows(g)), "axes=0 step=-1"); }
static fv_value some(fv_graph *g) { return fv_apply(g, "slice", FV_VALUES(rows(g)), "axes=0 begin=0 end=4"); }
static fv_value twice(fv_graph *g) {
    fv_value x = rows(g);
    return fv_apply(g, "concat", FV_VALUES(x, x), "axis=0");
}
static fv_value products(fv_graph *g) {
    fv_value x = rows(g);
    return fv_apply(g, "matmul", FV_VALUES(x, x), "transpose_a=true");
}
static fv_value exact_variance(fv_graph *g) {
    return fv_apply(g, "variance", FV_VALUES(fv_graph_input(g, "x", fv_type_of(FV_F64, 16))), NULL);
}
static fv_value fine(fv_graph *g) { return fv_apply(g, "softmax", FV_VALUES(rows(g)), "axis=1"); }

FV_TEST(core_plan_ranks__what_ranks_cannot_share_is_refused_by_name) {
    static const struct {
        fv_value (*build)(fv_graph *g);
        const char *why;
    } cases[] = { { across, "(softmax): a row of its result" },      { turned, "(transpose): the batch is not the first" },
                  { reversed, "(slice): a row of its result" },      { some, "(slice): it makes one thing" },
                  { twice, "(concat): the batch is not the first" }, { products, "(matmul): it makes one thing" },
                  { exact_variance, "(variance): its dtype" } };
    fv_error *errors[9];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_value (*build_value)(fv_graph *) = cases[i].build;
        fv_test_ranks(2, 60, plan_it, &build_value, errors);
        for (int r = 0; r < 2; r++) FV_FAILS(errors[r], FV_UNSUPPORTED, cases[i].why);
    }
    fv_value (*build_value)(fv_graph *) = fine;
    fv_test_ranks(2, 60, plan_it, &build_value, NULL);
    fv_test_ranks(9, 60, plan_it, &build_value, errors);
    for (int r = 0; r < 9; r++) FV_FAILS(errors[r], FV_USAGE, "9 ranks and 8 shards");
}
