/* shared: training.c - the training step as nodes: gradients, clipping, one update a parameter; in one graph, or with gradients
 * added up over several batches in two. */
#include <string.h>

#include "optim/averages.h"

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
    int count;                /* trained parameters, */
    fv_value *parameters;     /* their states, */
    fv_value *gradients;      /* gradients, */
    fv_value *learns;         /* slots that say which rows learn, or no value, */
    fv_value *updated;        /* new values */
    const group **group_of;   /* groups: NULL for the defaults, */
    fv_parameter_rule *rules; /* and rules */
    fv_value rate, number;    /* the feed learning_rate, and the feed step as f64 */
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

static fv_parameter_rule rule_of(const step *s, const char *name) {
    return s->options->rule ? s->options->rule(s->options->rule_context, name) : (fv_parameter_rule){ .rate_scale = 1 };
}

static fv_error *choose_parameters(step *s) {
    int all = fv_graph_states(s->graph, FV_PARAMETER, NULL, 0);
    FV_TRY(fv_arena_take(s->arena, all, &s->parameters));
    FV_TRY(fv_arena_take(s->arena, all, &s->gradients));
    FV_TRY(fv_arena_take(s->arena, all, &s->updated));
    FV_TRY(fv_arena_take(s->arena, all, &s->group_of));
    FV_TRY(fv_arena_take(s->arena, all, &s->rules));
    FV_TRY(fv_arena_take(s->arena, all, &s->learns));
    fv_graph_states(s->graph, FV_PARAMETER, s->parameters, all);
    for (int i = 0; i < all; i++) {
        const char *name = fv_value_name(s->graph, s->parameters[i]);
        const group *group = group_of(s, name);
        fv_parameter_rule rule = rule_of(s, name);
        if ((group && group->options.lr_scale == 0) || rule.rate_scale == 0) continue;
        s->parameters[s->count] = s->parameters[i];
        s->rules[s->count] = rule;
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
        s->rules[kept] = s->rules[i];
        s->gradients[kept++] = s->gradients[i];
    }
    s->count = kept;
}

/* ---- clipping ---- */

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
        total = apply2(graph, "add", total, fv_cast_to(graph, fv_apply(graph, "sum", FV_VALUES(squares), NULL), FV_F64));
    }
    fv_value norm = fv_apply(graph, "sqrt", FV_VALUES(total), NULL);
    fv_graph_output(graph, "gradient_norm", norm);
    fv_value above = apply2(graph, "add", norm, fv_constant(graph, FV_F64, 1e-6));
    fv_value scale = apply2(graph, "div", fv_constant(graph, FV_F64, s->options->clip_norm), above);
    scale = apply2(graph, "minimum", scale, fv_constant(graph, FV_F64, 1));
    for (int i = 0; i < s->count; i++) {
        fv_dtype dtype = fv_value_type(graph, s->gradients[i])->dtype;
        s->gradients[i] = apply2(graph, "mul", s->gradients[i], fv_cast_to(graph, scale, dtype));
    }
}

/* ---- updates ---- */

/* The gradient with the pull towards where the weights began. */
static fv_value pulled(fv_graph *graph, fv_value w, fv_value start, fv_value gradient, double pull) {
    fv_value part = apply2(graph, "sub", w, start);
    part = apply2(graph, "mul", part, fv_constant(graph, fv_value_type(graph, w)->dtype, pull));
    return apply2(graph, "add", gradient, part);
}

/* The slot that says which rows learn: one number a row. */
static fv_value learning_rows(fv_graph *graph, fv_value w) {
    FV_TEXT(name, 4096);
    fv_text_addf(&name, "%s.learns", fv_value_name(graph, w));
    fv_error *error = fv_text_error(&name);
    if (error) return fv_graph_fail(graph, error), FV_NO_VALUE;
    fv_type type = *fv_value_type(graph, w);
    for (int d = 1; d < type.rank; d++) type.dims[d] = 1;
    return fv_graph_state(graph, name.at, type, FV_SLOT, NULL);
}

static void update(step *s, int i, const fv_value *shared) {
    fv_graph *graph = s->graph;
    const fv_optimizer *optimizer = s->optimizer;
    const group *group = s->group_of[i];
    const fv_parameter_rule *rule = &s->rules[i];
    double scale = rule->rate_scale * (group ? group->options.lr_scale : 1);
    fv_update u = { .graph = graph, .options = s->optimizer_options, .shared = shared, .rate = s->rate };
    u.parameter = s->parameters[i];
    u.gradient = s->gradients[i];
    for (int k = 0; k < FV_SLOTS_MAX; k++) {
        bool used = optimizer->slots[k] && (!optimizer->uses_slot || optimizer->uses_slot(s->optimizer_options, k));
        u.slots[k] = used ? fv_slot_of(graph, u.parameter, optimizer->slots[k]) : FV_NO_VALUE;
    }
    bool decays = rule->pull == 0 && (!s->options->decay_matrices_only || fv_value_type(graph, u.parameter)->rank > 1);
    u.weight_decay =
        decays ? optimizer->weight_decay(s->optimizer_options) * (group ? group->options.weight_decay_scale : 1) : 0;
    fv_value start = rule->pull > 0 ? fv_slot_of(graph, u.parameter, "start") : FV_NO_VALUE;
    fv_value learns = rule->keeps_rows ? learning_rows(graph, u.parameter) : FV_NO_VALUE;
    int64_t scope = fv_graph_push_scope(graph, "%s.update.", fv_value_name(graph, u.parameter));
    if (scale != 1) u.rate = apply2(graph, "mul", s->rate, fv_constant(graph, FV_F64, scale));
    if (rule->pull > 0) u.gradient = pulled(graph, u.parameter, start, u.gradient, rule->pull);
    optimizer->emit(&u);
    if (rule->keeps_rows) u.new_parameter = fv_learning_rows(graph, learns, u.new_parameter, u.parameter);
    fv_graph_assign(graph, u.parameter, u.new_parameter);
    for (int k = 0; k < FV_SLOTS_MAX; k++)
        if (fv_is_value(u.slots[k])) fv_graph_assign(graph, u.slots[k], u.new_slots[k]);
    fv_graph_pop_scope(graph, scope);
    s->updated[i] = u.new_parameter;
    s->learns[i] = learns;
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

static fv_error *begin(step *s) {
    FV_TRY(check_options(s->options));
    FV_TRY(choose_optimizer(s));
    FV_TRY(parse_groups(s));
    return choose_parameters(s);
}

/* From gradients to new weights. */
static void finish(step *s) {
    fv_graph *graph = s->graph;
    fv_value shared[FV_SLOTS_MAX] = { 0 };
    if (s->options->clip_value > 0) clip_values(s);
    if (s->options->clip_norm > 0) clip_norm(s);
    s->rate = fv_graph_feed(graph, "learning_rate", fv_type_of(FV_F64));
    s->number = fv_cast_to(graph, fv_graph_feed(graph, "step", fv_type_of(FV_I64)), FV_F64);
    if (s->optimizer->begin) s->optimizer->begin(graph, s->optimizer_options, s->number, shared);
    for (int i = 0; i < s->count; i++) update(s, i, shared);
    if (s->options->ema_decay > 0)
        fv_average_weights(graph, s->options->ema_decay, s->number, s->count, s->parameters, s->updated, s->learns);
}

static fv_error *emit_step(step *s, fv_value loss) {
    FV_TRY(begin(s));
    find_gradients(s, loss);
    finish(s);
    return NULL;
}

/* ---- gradients of several batches ---- */

#define GATHERED "gradient" /* the slot in which they are added up */

static fv_error *emit_gather(step *s, fv_value loss) {
    fv_graph *graph = s->graph;
    FV_TRY(begin(s));
    find_gradients(s, loss);
    fv_value share = fv_graph_feed(graph, "share", fv_type_of(FV_F64));
    for (int i = 0; i < s->count; i++) {
        fv_value sum = fv_slot_of(graph, s->parameters[i], GATHERED);
        int64_t scope = fv_graph_push_scope(graph, "%s.", fv_value_name(graph, sum));
        fv_value part = apply2(graph, "mul", s->gradients[i], fv_cast_to(graph, share, fv_value_type(graph, sum)->dtype));
        fv_graph_assign(graph, sum, apply2(graph, "add", sum, part));
        fv_graph_pop_scope(graph, scope);
    }
    return NULL;
}

/* The same parameters and buffers as in `from`. */
static fv_error *take_states(step *s, const fv_graph *from) {
    for (int role = FV_PARAMETER; role <= FV_BUFFER; role++) {
        int count = fv_graph_states(from, (fv_role)role, NULL, 0);
        fv_value *states;
        FV_TRY(fv_arena_take(s->arena, count + 1, &states));
        fv_graph_states(from, (fv_role)role, states, count);
        for (int i = 0; i < count; i++) fv_state_as_in(s->graph, from, states[i]);
    }
    return NULL;
}

/* Parameters without a gathered gradient stay as they are. */
static fv_error *find_gathered(step *s, const fv_graph *from) {
    int kept = 0;
    for (int i = 0; i < s->count; i++) {
        FV_TEXT(slot, 4096);
        fv_text_addf(&slot, "%s." GATHERED, fv_value_name(s->graph, s->parameters[i]));
        FV_TRY(fv_text_error(&slot));
        if (!fv_is_value(fv_graph_find(from, slot.at))) continue;
        s->parameters[kept] = s->parameters[i];
        s->group_of[kept] = s->group_of[i];
        s->rules[kept] = s->rules[i];
        s->gradients[kept] = fv_slot_of(s->graph, s->parameters[kept], GATHERED);
        kept++;
    }
    s->count = kept;
    return NULL;
}

static fv_error *emit_apply(step *s, const fv_graph *from) {
    FV_TRY(take_states(s, from));
    FV_TRY(begin(s));
    FV_TRY(find_gathered(s, from));
    finish(s);
    for (int i = 0; i < s->count; i++) {
        fv_value sum = fv_slot_of(s->graph, s->parameters[i], GATHERED);
        fv_value never = fv_constant(s->graph, FV_BOOL, 0),
                 zero = fv_constant(s->graph, fv_value_type(s->graph, sum)->dtype, 0);
        fv_graph_assign(s->graph, sum, fv_apply(s->graph, "where", FV_VALUES(never, sum, zero), NULL)); /* of its shape */
    }
    return NULL;
}

/* ---- */

static const fv_training_options defaults;

static fv_error *open(step *s, fv_graph *graph, const fv_training_options *options) {
    *s = (step){ .graph = graph, .options = options ? options : &defaults };
    return fv_arena_new("a training step", ARENA_CAP, &s->arena);
}

static void close(step *s, fv_error *error) {
    if (error) fv_graph_fail(s->graph, error);
    fv_arena_free(s->arena);
}

void fv_training_step(fv_graph *graph, fv_value loss, const fv_training_options *options) {
    if (!fv_is_value(loss)) return;
    step s;
    fv_error *error = open(&s, graph, options);
    close(&s, error ? error : emit_step(&s, loss));
}

void fv_training_gather(fv_graph *graph, fv_value loss, const fv_training_options *options) {
    if (!fv_is_value(loss)) return;
    step s;
    fv_error *error = open(&s, graph, options);
    close(&s, error ? error : emit_gather(&s, loss));
}

void fv_training_apply(fv_graph *graph, const fv_graph *gathered, const fv_training_options *options) {
    step s;
    fv_error *error = open(&s, graph, options);
    close(&s, error ? error : emit_apply(&s, gathered));
}
