/* shared: training.c - the training step as nodes: gradients, clipping, one update a parameter, averages of the weights. */
#include "core/graph/node.h" /* the assigns of running statistics */
#include "optim/optimizer.h"

#define ARENA_CAP (64 << 20)

typedef struct group_options {
    double lr_scale, weight_decay_scale;
} group_options;

static const fv_field group_fields[] = { FV_FIELD(group_options, lr_scale, .by_default = "1", .min = 0, .max = INFINITY,
                                                  .help = "factor of the learning rate; 0 freezes"),
                                         FV_FIELD(group_options, weight_decay_scale, .by_default = "1", .min = 0,
                                                  .max = INFINITY, .help = "factor of the weight decay"),
                                         FV_FIELDS_END };

typedef struct group {
    const char *pattern;
    group_options options;
    bool matched;
} group;

typedef struct step {
    fv_graph *graph;
    fv_arena *arena;
    const fv_training_options *options;
    const fv_optimizer *optimizer;
    void *optimizer_options;
    group *groups;
    int count;              /* trained parameters, */
    fv_value *parameters;   /* their states, */
    fv_value *gradients;    /* gradients, */
    fv_value *updated;      /* new values */
    const group **group_of; /* and groups: NULL for the defaults */
    fv_value rate, number;  /* the feed learning_rate, and the feed step as f64 */
} step;

/* ---- which parameters ---- */

static bool matches(const char *pattern, const char *name) {
    if (*pattern == '*') return matches(pattern + 1, name) || (*name && matches(pattern, name + 1));
    if (!*pattern || !*name) return !*pattern && !*name;
    return (*pattern == '?' || *pattern == *name) && matches(pattern + 1, name + 1);
}

static fv_error *parse_groups(step *s) {
    static const char blanks[] = " \t\n";
    FV_TRY(fv_arena_take(s->arena, s->options->group_count, &s->groups));
    for (int i = 0; i < s->options->group_count; i++) {
        const char *text = s->options->groups[i] + strspn(s->options->groups[i], blanks);
        size_t length = strcspn(text, blanks);
        FV_TRY(fv_arena_format(s->arena, &s->groups[i].pattern, "%.*s", (int)length, text));
        fv_error *error = fv_fields_parse(group_fields, &s->groups[i].options, text + length, s->arena);
        FV_TRY(fv_error_wrap(error, "parameter group %s", s->groups[i].pattern));
    }
    return NULL;
}

static group *group_of(step *s, const char *name) {
    for (int i = 0; i < s->options->group_count; i++) {
        if (!matches(s->groups[i].pattern, name)) continue;
        s->groups[i].matched = true;
        return &s->groups[i];
    }
    return NULL;
}

static fv_error *choose_parameters(step *s) {
    int all = fv_graph_states(s->graph, FV_PARAMETER, NULL, 0);
    FV_TRY(fv_arena_take(s->arena, all, &s->parameters));
    FV_TRY(fv_arena_take(s->arena, all, &s->gradients));
    FV_TRY(fv_arena_take(s->arena, all, &s->updated));
    FV_TRY(fv_arena_take(s->arena, all, &s->group_of));
    fv_graph_states(s->graph, FV_PARAMETER, s->parameters, all);
    for (int i = 0; i < all; i++) {
        const group *group = group_of(s, fv_value_name(s->graph, s->parameters[i]));
        if (group && group->options.lr_scale == 0) continue;
        s->parameters[s->count] = s->parameters[i];
        s->group_of[s->count++] = group;
    }
    for (int i = 0; i < s->options->group_count; i++)
        if (!s->groups[i].matched)
            return fv_fail(FV_USAGE, "parameter group %s has no parameter that an earlier group has not", s->groups[i].pattern);
    return s->count ? NULL : fv_fail(FV_USAGE, "there is no parameter to train");
}

/* Those that the loss does not depend on stay as they are, as in PyTorch. */
static void find_gradients(step *s, fv_value loss) {
    int kept = 0;
    fv_graph_gradients(s->graph, loss, s->parameters, s->count, s->gradients);
    for (int i = 0; i < s->count; i++) {
        if (!fv_is_value(s->gradients[i])) continue;
        s->parameters[kept] = s->parameters[i];
        s->group_of[kept] = s->group_of[i];
        s->gradients[kept++] = s->gradients[i];
    }
    s->count = kept;
}

/* ---- clipping ---- */

static fv_value cast_to(fv_graph *graph, fv_value x, fv_dtype dtype) {
    if (fv_value_type(graph, x)->dtype == dtype) return x;
    return fv_apply(graph, "cast", FV_VALUES(x), "dtype=%s", fv_dtype_name(dtype));
}

static fv_value apply2(fv_graph *graph, const char *op, fv_value a, fv_value b) {
    return fv_apply(graph, op, FV_VALUES(a, b), NULL);
}

static void clip_values(step *s) {
    for (int i = 0; i < s->count; i++)
        s->gradients[i] = fv_apply(s->graph, "clamp", FV_VALUES(s->gradients[i]), "min=%.17g max=%.17g",
                                   -s->options->clip_value, s->options->clip_value);
}

static void clip_norm(step *s) {
    fv_graph *graph = s->graph;
    fv_value total = fv_constant(graph, FV_F64, 0);
    for (int i = 0; i < s->count; i++) {
        fv_value squares = fv_apply(graph, "square", FV_VALUES(s->gradients[i]), NULL);
        total = apply2(graph, "add", total, cast_to(graph, fv_apply(graph, "sum", FV_VALUES(squares), NULL), FV_F64));
    }
    fv_value norm = fv_apply(graph, "sqrt", FV_VALUES(total), NULL);
    fv_graph_output(graph, "gradient_norm", norm);
    fv_value above = apply2(graph, "add", norm, fv_constant(graph, FV_F64, 1e-6));
    fv_value scale = apply2(graph, "div", fv_constant(graph, FV_F64, s->options->clip_norm), above);
    scale = apply2(graph, "minimum", scale, fv_constant(graph, FV_F64, 1));
    for (int i = 0; i < s->count; i++) {
        fv_dtype dtype = fv_value_type(graph, s->gradients[i])->dtype;
        s->gradients[i] = apply2(graph, "mul", s->gradients[i], cast_to(graph, scale, dtype));
    }
}

/* ---- updates ---- */

static fv_value slot_of(fv_graph *graph, fv_value state, const char *kind) {
    FV_TEXT(name, 4096);
    fv_text_addf(&name, "%s.%s", fv_value_name(graph, state), kind);
    fv_error *error = fv_text_error(&name);
    if (error) fv_graph_fail(graph, error);
    return fv_graph_state(graph, name.at, *fv_value_type(graph, state), FV_SLOT, NULL);
}

static void update(step *s, int i, const fv_value *shared) {
    fv_graph *graph = s->graph;
    const fv_optimizer *optimizer = s->optimizer;
    const group *group = s->group_of[i];
    fv_update u = { .graph = graph, .options = s->optimizer_options, .shared = shared, .rate = s->rate };
    u.parameter = s->parameters[i];
    u.gradient = s->gradients[i];
    for (int k = 0; k < FV_SLOTS_MAX; k++) {
        bool used = optimizer->slots[k] && (!optimizer->uses_slot || optimizer->uses_slot(s->optimizer_options, k));
        u.slots[k] = used ? slot_of(graph, u.parameter, optimizer->slots[k]) : FV_NO_VALUE;
    }
    bool decays = !s->options->decay_matrices_only || fv_value_type(graph, u.parameter)->rank > 1;
    u.weight_decay =
        decays ? optimizer->weight_decay(s->optimizer_options) * (group ? group->options.weight_decay_scale : 1) : 0;
    int64_t scope = fv_graph_push_scope(graph, "%s.update.", fv_value_name(graph, u.parameter));
    if (group && group->options.lr_scale != 1)
        u.rate = apply2(graph, "mul", s->rate, fv_constant(graph, FV_F64, group->options.lr_scale));
    optimizer->emit(&u);
    fv_graph_assign(graph, u.parameter, u.new_parameter);
    for (int k = 0; k < FV_SLOTS_MAX; k++)
        if (fv_is_value(u.slots[k])) fv_graph_assign(graph, u.slots[k], u.new_slots[k]);
    fv_graph_pop_scope(graph, scope);
    s->updated[i] = u.new_parameter;
}

/* ---- averages of the weights ---- */

static void average(fv_graph *graph, fv_value state, fv_value new_value, fv_value kept, fv_value taken) {
    fv_dtype dtype = fv_value_type(graph, state)->dtype;
    fv_value ema = slot_of(graph, state, "ema");
    int64_t scope = fv_graph_push_scope(graph, "%s.", fv_value_name(graph, ema));
    fv_value old = apply2(graph, "mul", ema, cast_to(graph, kept, dtype));
    fv_graph_assign(graph, ema, apply2(graph, "add", old, apply2(graph, "mul", new_value, cast_to(graph, taken, dtype))));
    fv_graph_pop_scope(graph, scope);
}

static bool is_floating_buffer(const fv_graph *graph, fv_value state) {
    const fv_state_options *options = fv_node_of(graph, state)->options;
    return options->role == FV_BUFFER && fv_dtype_is_float(fv_value_type(graph, state)->dtype);
}

static void average_weights(step *s) {
    fv_graph *graph = s->graph;
    fv_value one = fv_constant(graph, FV_F64, 1);
    fv_value ramp = apply2(graph, "div", apply2(graph, "sub", s->number, one),
                           apply2(graph, "add", s->number, fv_constant(graph, FV_F64, 9)));
    fv_value kept = apply2(graph, "minimum", ramp, fv_constant(graph, FV_F64, s->options->ema_decay));
    fv_value taken = apply2(graph, "sub", one, kept);
    int32_t nodes = graph->count;
    for (int i = 0; i < s->count; i++) average(graph, s->parameters[i], s->updated[i], kept, taken);
    for (int32_t n = 0; n < nodes; n++) {
        const fv_node *node = graph->nodes[n];
        if (fv_node_is(node, "assign") && is_floating_buffer(graph, node->inputs[0]))
            average(graph, node->inputs[0], node->inputs[1], kept, taken);
    }
}

/* ---- */

static fv_error *check_options(const fv_training_options *o) {
    if (!(o->clip_value >= 0)) return fv_fail(FV_USAGE, "clip_value is %g; it is 0 (off) or more", o->clip_value);
    if (!(o->clip_norm >= 0)) return fv_fail(FV_USAGE, "clip_norm is %g; it is 0 (off) or more", o->clip_norm);
    if (!(o->ema_decay >= 0 && o->ema_decay < 1))
        return fv_fail(FV_USAGE, "ema_decay is %g; it is 0 (off) or more, below 1", o->ema_decay);
    return NULL;
}

static const fv_part *part_at(int i) { return &fv_optimizer_table[i]->part; }

static fv_error *choose_optimizer(step *s) {
    const fv_parts parts = { .kind = "optimizer", .count = fv_optimizer_table_count, .at = part_at };
    const char *text = s->options->optimizer ? s->options->optimizer : "sgd";
    int index = 0;
    FV_TRY(fv_part_parse(&parts, text, s->arena, &index, &s->optimizer_options));
    s->optimizer = fv_optimizer_table[index];
    return s->optimizer->check ? s->optimizer->check(s->optimizer_options) : NULL;
}

static fv_error *emit(fv_graph *graph, fv_value loss, const fv_training_options *options) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("a training step", ARENA_CAP, &arena));
    step s = { .graph = graph, .arena = arena, .options = options };
    FV_TRY(check_options(options));
    FV_TRY(choose_optimizer(&s));
    FV_TRY(parse_groups(&s));
    FV_TRY(choose_parameters(&s));
    find_gradients(&s, loss);
    if (options->clip_value > 0) clip_values(&s);
    if (options->clip_norm > 0) clip_norm(&s);
    fv_value shared[FV_SLOTS_MAX] = { 0 };
    s.rate = fv_graph_feed(graph, "learning_rate", fv_type_of(FV_F64));
    s.number = cast_to(graph, fv_graph_feed(graph, "step", fv_type_of(FV_I64)), FV_F64);
    if (s.optimizer->begin) s.optimizer->begin(graph, s.optimizer_options, s.number, shared);
    for (int i = 0; i < s.count; i++) update(&s, i, shared);
    if (options->ema_decay > 0) average_weights(&s);
    return NULL;
}

void fv_training_step(fv_graph *graph, fv_value loss, const fv_training_options *options) {
    static const fv_training_options defaults = { 0 };
    if (!fv_is_value(loss)) return;
    fv_error *error = emit(graph, loss, options ? options : &defaults);
    if (error) fv_graph_fail(graph, error);
}
