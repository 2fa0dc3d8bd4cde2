/* graph.c - building a graph: nodes, names, states, results, and the sticky error (fovea/graph.h, node.h). */
#include "core/graph/node.h"

#include <stdio.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/graph/names.h"

#define GRAPH_CAP ((int64_t)1 << 30) /* bytes of nodes, options and names: far beyond any network, far below memory */
#define OPTIONS_CAP ((int64_t)16 << 20)
#define NODES_MAX ((int32_t)1 << 24)

fv_error *fv_graph_new(fv_graph **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_memory_new(1, &graph));
    FV_TRY(fv_arena_new("graph", GRAPH_CAP, &graph->arena));
    FV_TRY(fv_names_new(&graph->names));
    *out = fv_take(&graph);
    return NULL;
}

void fv_graph_free(fv_graph *graph) {
    if (!graph) return;
    fv_error_free(graph->error);
    fv_names_free(graph->names);
    fv_arena_free(graph->arena);
    fv_memory_free(graph->nodes);
    fv_memory_free(graph->outputs);
    fv_memory_free(graph);
}

void fv_graph_fail(fv_graph *graph, fv_error *error) {
    if (graph->error)
        fv_error_free(error);
    else
        graph->error = error;
}

/* The error is handed over once; a copy of its message stays behind so that later building calls stay idle. */
fv_error *fv_graph_error(fv_graph *graph) {
    fv_error *error = graph->error;
    if (!error) return NULL;
    graph->error = fv_error_memory(); /* static: a mark that costs nothing */
    return error;
}

static bool broken(const fv_graph *graph) { return graph->error != NULL; }

/* Runs `expression`; an error goes into the graph and the calling function returns `result`. */
#define STICKY(graph, expression, result)                                                                                      \
    do {                                                                                                                       \
        fv_error *sticky_error_ = (expression);                                                                                \
        if (sticky_error_) {                                                                                                   \
            fv_graph_fail((graph), sticky_error_);                                                                             \
            return result;                                                                                                     \
        }                                                                                                                      \
    } while (0)

/* ---- names ---- */

void fv_graph_name_next(fv_graph *graph, const char *format, ...) {
    if (broken(graph)) return;
    FV_TEXT(name, 4096);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&name, format, arguments);
    va_end(arguments);
    STICKY(graph, fv_text_error(&name), );
    STICKY(graph, fv_arena_text(graph->arena, name.at, &graph->next_name), );
}

void fv_graph_name_after(fv_graph *graph, const char *name, const char *suffix) {
    fv_graph_name_next(graph, "%s.%s", name, suffix);
    for (int number = 2; !broken(graph) && fv_names_find(graph->names, graph->next_name); number++)
        fv_graph_name_next(graph, "%s.%s_%d", name, suffix, number);
}

int64_t fv_graph_push_scope(fv_graph *graph, const char *format, ...) {
    int64_t pushed = graph->scope ? (int64_t)strlen(graph->scope) : 0;
    if (broken(graph)) return pushed;
    FV_TEXT(name, 4096);
    if (graph->scope) fv_text_add(&name, graph->scope);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&name, format, arguments);
    va_end(arguments);
    STICKY(graph, fv_text_error(&name), pushed);
    const char *scope = NULL;
    STICKY(graph, fv_arena_text(graph->arena, name.at, &scope), pushed);
    graph->scope = scope;
    return pushed;
}

void fv_graph_pop_scope(fv_graph *graph, int64_t pushed) {
    if (broken(graph)) return;
    const char *scope = NULL;
    FV_ASSERT(pushed <= (graph->scope ? (int64_t)strlen(graph->scope) : 0));
    STICKY(graph, fv_arena_format(graph->arena, &scope, "%.*s", (int)pushed, graph->scope ? graph->scope : ""), );
    graph->scope = scope;
}

static fv_error *check_name(const char *name) {
    if (!*name) return fv_fail(FV_USAGE, "a node needs a name");
    for (const char *at = name; *at; at++)
        if (strchr(" \t\r\n,()=:\"#", *at))
            return fv_fail(FV_USAGE, "node name \"%s\" holds a blank or one of , ( ) = : \" #", name);
    return NULL;
}

/* The full name of a new node: what was asked for, or one made from the op that nobody has. */
static fv_error *make_name(fv_graph *graph, const char *op, const char *wanted, const char **out) {
    const char *scope = graph->scope ? graph->scope : "";
    if (wanted)
        FV_TRY(fv_arena_format(graph->arena, out, "%s%s", scope, wanted));
    else
        FV_TRY(fv_arena_format(graph->arena, out, "%s%s", scope, op));
    for (int32_t n = graph->count; !wanted && fv_names_find(graph->names, *out); n++)
        FV_TRY(fv_arena_format(graph->arena, out, "%s%s_%d", scope, op, (int)n));
    if (wanted && fv_names_find(graph->names, *out)) return fv_fail(FV_CONFLICT, "two nodes are called \"%s\"", *out);
    return check_name(*out);
}

/* ---- nodes ---- */

static fv_error *append(fv_graph *graph, fv_node *node) {
    if (graph->count == NODES_MAX) return fv_fail(FV_MEMORY, "a graph of more than %d nodes", (int)NODES_MAX);
    if (graph->count == graph->capacity) {
        int32_t capacity = graph->capacity ? graph->capacity * 2 : 64;
        FV_TRY(fv_memory_grow((void **)&graph->nodes, graph->capacity, capacity, sizeof *graph->nodes));
        graph->capacity = capacity;
    }
    FV_TRY(fv_names_add(graph->names, node->name, node));
    node->index = graph->count;
    graph->nodes[graph->count++] = node;
    return NULL;
}

static fv_error *check_inputs(const fv_graph *graph, const fv_op *op, const fv_value *inputs, int *count) {
    int least, most;
    char name[64];
    fv_op_arity(op, &least, &most);
    while (*count > least && !fv_is_value(inputs[*count - 1])) --*count;
    if (*count < least) return fv_fail(FV_USAGE, "input %s is missing", fv_op_input_name(op, *count, name));
    if (*count > most) return fv_fail(FV_USAGE, "takes %d inputs at most, got %d", most, *count);
    for (int i = 0; i < *count; i++) {
        if (!fv_is_value(inputs[i])) return fv_fail(FV_USAGE, "input %s is missing", fv_op_input_name(op, i, name));
        bool known = inputs[i].node < graph->count && inputs[i].output >= 0 &&
                     inputs[i].output < graph->nodes[inputs[i].node]->output_count;
        if (!known) return fv_fail(FV_USAGE, "input %s is no value of this graph", fv_op_input_name(op, i, name));
    }
    return NULL;
}

fv_error *fv_node_infer(const fv_graph *graph, fv_node *node, fv_arena *arena) {
    fv_type outputs[FV_OUTPUTS_MAX] = { 0 };
    fv_type *inputs = NULL;
    FV_TRY(fv_arena_take(arena, node->input_count, &inputs));
    for (int i = 0; i < node->input_count; i++) inputs[i] = *fv_value_type(graph, node->inputs[i]);
    int count = fv_op_output_count(node->op);
    fv_shape_call call = { .options = node->options,
                           .inputs = inputs,
                           .input_count = node->input_count,
                           .outputs = outputs,
                           .output_count = count < 0 ? 0 : count };
    FV_TRY(node->op->shape(&call));
    FV_ASSERT(call.output_count >= 0 && call.output_count <= FV_OUTPUTS_MAX);
    for (int i = 0; i < call.output_count; i++) FV_TRY(fv_type_check(&outputs[i]));
    if (!node->outputs || node->output_count != call.output_count)
        FV_TRY(fv_arena_take(arena, call.output_count, &node->outputs));
    node->output_count = call.output_count;
    memcpy(node->outputs, outputs, sizeof *outputs * (size_t)call.output_count);
    return NULL;
}

/* Puts together a node whose options are in the graph's arena already. */
static fv_error *build(fv_graph *graph, const fv_op *op, const fv_value *inputs, int count, void *options, const char *name,
                       fv_value *out) {
    fv_node *node = NULL;
    FV_TRY(check_inputs(graph, op, inputs, &count));
    FV_TRY(fv_arena_take(graph->arena, 1, &node));
    *node = (fv_node){ .op = op, .name = name, .options = options, .input_count = count };
    FV_TRY(fv_arena_copy(graph->arena, inputs, (int64_t)sizeof *inputs * count, (void **)&node->inputs));
    FV_TRY(fv_node_infer(graph, node, graph->arena));
    FV_TRY(append(graph, node));
    *out = fv_node_value(node, 0);
    return NULL;
}

static fv_value build_sticky(fv_graph *graph, const fv_op *op, const fv_value *inputs, int count, void *options,
                             const char *wanted) {
    const char *name = NULL;
    fv_value value = FV_NO_VALUE;
    fv_error *error = make_name(graph, op->name, wanted, &name);
    if (!error) error = build(graph, op, inputs, count, options, name, &value);
    if (error) fv_graph_fail(graph, fv_error_wrap(error, "%s (%s)", name ? name : "?", op->name));
    return error ? FV_NO_VALUE : value;
}

static fv_error *unknown_op(const char *name) {
    const char *names[1024];
    int count = fv_op_table_count < 1024 ? fv_op_table_count : 1024;
    for (int i = 0; i < count; i++) names[i] = fv_op_table[i]->name;
    const char *near = fv_nearest_name(name, names, count);
    fv_error *error = fv_fail(FV_NOT_FOUND, "there is no op \"%s\"", name);
    return near ? fv_error_hint(error, "did you mean %s?", near) : error;
}

static fv_error *parse_options(fv_graph *graph, const fv_op *op, const char *text, void **out) {
    const fv_field *fields = op->fields ? op->fields : fv_no_fields;
    FV_TRY(fv_arena_alloc(graph->arena, 1, fv_fields_size(fields), out));
    return fv_fields_parse(fields, *out, text, graph->arena);
}

static const char *take_next_name(fv_graph *graph) {
    const char *name = graph->next_name;
    graph->next_name = NULL;
    return name;
}

fv_value fv_apply_text(fv_graph *graph, const char *op_name, const fv_value *inputs, int count, const char *options_text) {
    const char *wanted = take_next_name(graph);
    if (broken(graph)) return FV_NO_VALUE;
    const fv_op *op = fv_op_find(op_name);
    STICKY(graph, op ? NULL : unknown_op(op_name), FV_NO_VALUE);
    void *options = NULL;
    fv_error *error = parse_options(graph, op, options_text, &options);
    if (error) {
        fv_graph_fail(graph,
                      fv_error_wrap(error, "%s%s (%s)", graph->scope ? graph->scope : "", wanted ? wanted : op_name, op_name));
        return FV_NO_VALUE;
    }
    return build_sticky(graph, op, inputs, count, options, wanted);
}

fv_value fv_apply(fv_graph *graph, const char *op, const fv_value *inputs, int count, const char *options, ...) {
    if (broken(graph) || !options) return fv_apply_text(graph, op, inputs, count, NULL);
    FV_TEXT(text, OPTIONS_CAP);
    va_list arguments;
    va_start(arguments, options);
    fv_text_addv(&text, options, arguments);
    va_end(arguments);
    STICKY(graph, fv_text_error(&text), FV_NO_VALUE);
    return fv_apply_text(graph, op, inputs, count, text.at);
}

/* Strings and lists inside options are shared with where they come from: passes work inside one graph, and clones copy by text.
 */
fv_value fv_graph_add(fv_graph *graph, const fv_op *op, const fv_value *inputs, int count, const void *options,
                      const char *name) {
    if (!name) name = take_next_name(graph);
    if (broken(graph)) return FV_NO_VALUE;
    void *copy = NULL;
    const fv_field *fields = op->fields ? op->fields : fv_no_fields;
    if (options)
        STICKY(graph, fv_arena_alloc(graph->arena, 1, fv_fields_size(fields), &copy), FV_NO_VALUE);
    else
        STICKY(graph, parse_options(graph, op, NULL, &copy), FV_NO_VALUE);
    if (options) fv_fields_copy(fields, copy, options);
    return build_sticky(graph, op, inputs, count, copy, name);
}

/* ---- sources, effects, results ---- */

static fv_ints dims_of(const fv_type *type) {
    fv_ints dims = { .count = type->rank };
    for (int d = 0; d < type->rank; d++) dims.at[d] = type->dims[d];
    return dims;
}

static fv_value source(fv_graph *graph, const char *op_name, const char *name, const void *options) {
    const fv_op *op = fv_op_find(op_name);
    FV_ASSERT(op);
    return fv_graph_add(graph, op, NULL, 0, options, name);
}

static fv_value input(fv_graph *graph, const char *name, fv_type type, bool batch) {
    const char *scope = graph->scope;
    graph->scope = NULL; /* feeds are the graph's interface: their names stand alone */
    fv_input_options options = { .dtype = (int)type.dtype, .dims = dims_of(&type), .batch = batch };
    fv_value value = source(graph, "input", name, &options);
    graph->scope = scope;
    return value;
}

fv_value fv_graph_input(fv_graph *graph, const char *name, fv_type type) {
    if (type.rank == 0)
        STICKY(graph, fv_fail(FV_SHAPE, "input %s is a scalar and has no batch: use fv_graph_feed", name), FV_NO_VALUE);
    return input(graph, name, type, true);
}

fv_value fv_graph_feed(fv_graph *graph, const char *name, fv_type type) { return input(graph, name, type, false); }

static fv_error *same_state(const fv_node *node, const fv_type *type, fv_role role) {
    char have[256], want[256];
    if (!fv_node_is(node, "state")) return fv_fail(FV_CONFLICT, "\"%s\" is no state", node->name);
    const fv_state_options *options = node->options;
    if (!fv_type_equal(&node->outputs[0], type) || options->role != (int)role)
        return fv_fail(FV_CONFLICT, "state %s is %s already, now asked for as %s", node->name,
                       fv_type_format(&node->outputs[0], have), fv_type_format(type, want));
    return NULL;
}

fv_value fv_graph_state(fv_graph *graph, const char *name, fv_type type, fv_role role, const char *initializer) {
    if (broken(graph)) return FV_NO_VALUE;
    FV_TEXT(full, 4096);
    fv_text_addf(&full, "%s%s", graph->scope ? graph->scope : "", name);
    STICKY(graph, fv_text_error(&full), FV_NO_VALUE);
    fv_node *there = fv_names_find(graph->names, full.at);
    if (there) {
        STICKY(graph, same_state(there, &type, role), FV_NO_VALUE);
        return fv_node_value(there, 0);
    }
    fv_state_options options = { .dtype = (int)type.dtype, .dims = dims_of(&type), .role = (int)role };
    STICKY(graph, fv_arena_text(graph->arena, initializer, &options.init), FV_NO_VALUE);
    return source(graph, "state", name, &options);
}

fv_value fv_constant(fv_graph *graph, fv_dtype dtype, double value) {
    return fv_apply(graph, "constant", NULL, 0, "dtype=%s value=%.17g", fv_dtype_name(dtype), value);
}

void fv_graph_assign(fv_graph *graph, fv_value state, fv_value value) {
    if (broken(graph)) return;
    if (fv_is_value(state) && fv_node_is(fv_node_of(graph, state), "state"))
        fv_apply(graph, "assign", FV_VALUES(state, value), NULL);
    else
        fv_graph_fail(graph, fv_fail(FV_USAGE, "only a state can be assigned to"));
}

void fv_graph_output(fv_graph *graph, const char *name, fv_value value) {
    if (broken(graph)) return;
    STICKY(graph, check_name(name), );
    STICKY(graph, fv_is_value(value) ? NULL : fv_fail(FV_USAGE, "output %s has no value", name), );
    STICKY(graph,
           fv_is_value(fv_graph_find_output(graph, name)) ? fv_fail(FV_CONFLICT, "two outputs are called %s", name) : NULL, );
    if (graph->output_count == graph->output_capacity) {
        int capacity = graph->output_capacity ? graph->output_capacity * 2 : 8;
        STICKY(graph, fv_memory_grow((void **)&graph->outputs, graph->output_capacity, capacity, sizeof *graph->outputs), );
        graph->output_capacity = capacity;
    }
    fv_named_value *output = &graph->outputs[graph->output_count];
    STICKY(graph, fv_arena_text(graph->arena, name, &output->name), );
    output->value = value;
    graph->output_count++;
}

/* ---- questions ---- */

fv_value fv_graph_find_output(const fv_graph *graph, const char *name) {
    for (int i = 0; i < graph->output_count; i++)
        if (!strcmp(graph->outputs[i].name, name)) return graph->outputs[i].value;
    return FV_NO_VALUE;
}

fv_value fv_graph_find(const fv_graph *graph, const char *name) {
    const fv_node *node = fv_names_find(graph->names, name);
    return node ? fv_node_value(node, 0) : FV_NO_VALUE;
}

const fv_type *fv_value_type(const fv_graph *graph, fv_value value) {
    static const fv_type nothing = { .dtype = FV_F32 };
    return fv_is_value(value) ? &graph->nodes[value.node]->outputs[value.output] : &nothing;
}

const char *fv_value_name(const fv_graph *graph, fv_value value) {
    return fv_is_value(value) ? graph->nodes[value.node]->name : "";
}

int fv_graph_states(const fv_graph *graph, fv_role role, fv_value *out, int max) {
    int count = 0;
    for (int32_t i = 0; i < graph->count; i++) {
        const fv_node *node = graph->nodes[i];
        if (!fv_node_is(node, "state") || ((const fv_state_options *)node->options)->role != (int)role) continue;
        if (count < max) out[count] = fv_node_value(node, 0);
        count++;
    }
    return count;
}

int64_t fv_graph_batch(const fv_graph *graph) {
    for (int32_t i = 0; i < graph->count; i++)
        if (fv_node_is(graph->nodes[i], "input") && ((const fv_input_options *)graph->nodes[i]->options)->batch)
            return graph->nodes[i]->outputs[0].dims[0];
    return 0;
}
