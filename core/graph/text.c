/* text.c - the graph's text form, one node a line, and its way back (grammar: fovea/graph.h).
 *
 *   line    := node | "output" name "=" value | "#" comment | nothing
 *   node    := name "=" op [ "@" version ] [ "(" value { "," value } ")" ] { option "=" text } [ "->" type { "," type } ]
 *   value   := name [ ":" output ]
 * An op without a version has version 1; options of an older version than ours are brought up to it (fv_op_upgrade).
 * The types after "->" are written always and, where given, checked: a text edited by hand cannot lie about them. */
#include "core/graph/node.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/base/assert.h"

#define TEXT_CAP ((int64_t)256 << 20)

/* ---- printing ---- */

static void print_value(const fv_graph *graph, fv_value value, fv_text *out) {
    fv_text_add(out, graph->nodes[value.node]->name);
    if (value.output) fv_text_addf(out, ":%d", value.output);
}

void fv_node_print(const fv_graph *graph, const fv_node *node, fv_text *out) {
    char type[256];
    fv_text_addf(out, "%s = %s", node->name, node->op->name);
    if (node->op->version > 1) fv_text_addf(out, "@%d", node->op->version);
    for (int i = 0; i < node->input_count; i++) {
        fv_text_add(out, i ? ", " : "(");
        print_value(graph, node->inputs[i], out);
    }
    if (node->input_count) fv_text_add(out, ")");
    int64_t before = out->length;
    fv_text_add(out, " ");
    fv_fields_print(node->op->fields ? node->op->fields : fv_no_fields, node->options, out);
    if (out->length == before + 1) out->at[--out->length] = 0; /* no options: no blank */
    for (int k = 0; k < node->output_count; k++)
        fv_text_addf(out, "%s%s", k ? ", " : " -> ", fv_type_format(&node->outputs[k], type));
}

fv_error *fv_graph_to_text(const fv_graph *graph, char **out) {
    FV_TEXT(text, TEXT_CAP);
    for (int32_t n = 0; n < graph->count; n++) {
        fv_node_print(graph, graph->nodes[n], &text);
        fv_text_add(&text, "\n");
    }
    for (int i = 0; i < graph->output_count; i++) {
        fv_text_addf(&text, "output %s = ", graph->outputs[i].name);
        print_value(graph, graph->outputs[i].value, &text);
        fv_text_add(&text, "\n");
    }
    return fv_text_string(&text, out);
}

/* ---- parsing: a line is a NUL-terminated string in the parser's arena, cut up in place ---- */

static char *skip_blanks(char *at) {
    while (*at == ' ' || *at == '\t') at++;
    return at;
}

static void trim_end(char *text) {
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1])) text[--length] = 0;
}

/* "name:1" → the value. */
static fv_error *parse_value(const fv_graph *graph, char *text, fv_value *out) {
    text = skip_blanks(text);
    trim_end(text);
    char *colon = strrchr(text, ':'), *end = NULL;
    long output = colon ? strtol(colon + 1, &end, 10) : 0;
    if (colon && (!isdigit((unsigned char)colon[1]) || *end)) return fv_fail(FV_FORMAT, "\"%s\" is no value", text);
    if (colon) *colon = 0;
    fv_value value = fv_graph_find(graph, text);
    if (!fv_is_value(value)) return fv_fail(FV_FORMAT, "there is no node \"%s\" above", text);
    if (output >= fv_node_of(graph, value)->output_count) return fv_fail(FV_FORMAT, "node %s has no output %ld", text, output);
    *out = fv_output_of(value, (int)output);
    return NULL;
}

static fv_error *parse_inputs(const fv_graph *graph, char *list, fv_value *inputs, int *count) {
    *count = 0;
    for (char *at = list, *next; at; at = next) {
        next = strchr(at, ',');
        if (next) *next++ = 0;
        if (*count == FV_INPUTS_MAX) return fv_fail(FV_FORMAT, "more than %d inputs", FV_INPUTS_MAX);
        FV_TRY(parse_value(graph, at, &inputs[(*count)++]));
    }
    return NULL;
}

static fv_error *check_types(const fv_graph *graph, fv_value value, char *list) {
    const fv_node *node = fv_node_of(graph, value);
    const char *at = list;
    for (int k = 0;; k++) {
        fv_type type;
        char have[256];
        at = skip_blanks((char *)at);
        FV_TRY(fv_type_parse(at, &at, &type));
        if (k >= node->output_count || !fv_type_equal(&type, &node->outputs[k]))
            return fv_fail(FV_FORMAT, "output %d of %s is %s, not what the text says", k, node->name,
                           k < node->output_count ? fv_type_format(&node->outputs[k], have) : "missing");
        at = skip_blanks((char *)at);
        if (!*at && k + 1 == node->output_count) return NULL;
        if (*at != ',') return fv_fail(FV_FORMAT, "%s has %d outputs", node->name, node->output_count);
        at++;
    }
}

/* The first "->" outside a quoted string, cut off; NULL when there is none. */
static char *cut_types(char *text) {
    bool quoted = false;
    for (char *at = text; *at; at++) {
        if (quoted && *at == '\\' && at[1])
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && at[0] == '-' && at[1] == '>') {
            *at = 0;
            return at + 2;
        }
    }
    return NULL;
}

/* "conv2d@2", cut behind the name. */
static fv_error *cut_version(char *op, int *version) {
    char *at = strchr(op, '@');
    int64_t number = 1;
    if (at && (!fv_text_to_int(at + 1, &number) || number < 1 || number > INT32_MAX))
        return fv_fail(FV_FORMAT, "\"%s\" is no version of an op", op);
    if (at) *at = 0;
    *version = (int)number;
    return NULL;
}

/* Applies the op to the inputs, with options as the given version of it wrote them. */
static fv_error *apply_version(fv_graph *graph, char *name, const fv_value *inputs, int count, const char *options,
                               fv_value *out) {
    int version = 1;
    FV_TEXT(upgraded, TEXT_CAP);
    FV_TRY(cut_version(name, &version));
    const fv_op *op = fv_op_find(name); /* an unknown one is for fv_apply_text to name */
    if (op) FV_TRY(fv_op_upgrade(op, version, options, &upgraded));
    *out = fv_apply_text(graph, name, inputs, count, upgraded.at);
    return fv_graph_error(graph);
}

static fv_error *parse_node(fv_graph *graph, const char *name, char *text) {
    fv_value inputs[FV_INPUTS_MAX];
    int count = 0;
    char *types = cut_types(text), *op = text;
    size_t length = strcspn(op, " \t(");
    char *rest = op + length;
    if (*rest == '(') {
        char *close = strchr(rest, ')');
        if (!close) return fv_fail(FV_FORMAT, "a ) is missing");
        *rest = *close = 0;
        FV_TRY(parse_inputs(graph, rest + 1, inputs, &count));
        rest = close + 1;
    } else if (*rest) {
        *rest++ = 0;
    }
    trim_end(rest);
    fv_graph_name_next(graph, "%s", name);
    fv_value value;
    FV_TRY(apply_version(graph, op, inputs, count, skip_blanks(rest), &value));
    return types ? check_types(graph, value, types) : NULL;
}

static fv_error *parse_line(fv_graph *graph, char *line) {
    line = skip_blanks(line);
    trim_end(line);
    if (!*line || *line == '#') return NULL;
    char *equals = strchr(line, '=');
    if (!equals) return fv_fail(FV_FORMAT, "a line reads \"name = op(inputs) options -> types\" or \"output name = value\"");
    *equals = 0;
    trim_end(line);
    char *right = skip_blanks(equals + 1);
    if (strncmp(line, "output ", 7)) return parse_node(graph, line, right);
    fv_value value;
    FV_TRY(parse_value(graph, right, &value));
    fv_graph_output(graph, skip_blanks(line + 7), value);
    return fv_graph_error(graph);
}

fv_error *fv_graph_parse(const char *text, const char *where, fv_graph **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_graph_new(&graph));
    FV_TRY(fv_arena_new("graph text", TEXT_CAP, &arena));
    for (int number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        char *line = NULL;
        FV_TRY(fv_arena_take(arena, (int64_t)length + 1, &line));
        memcpy(line, text, length);
        fv_error *error = parse_line(graph, line);
        if (error) return fv_error_wrap(error, "%s, line %d", where, number);
        text += length + (text[length] == '\n');
        fv_arena_reset(arena);
    }
    *out = fv_take(&graph);
    return NULL;
}
