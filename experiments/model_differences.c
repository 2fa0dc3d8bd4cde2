/* model_differences.c - see model_differences.h. Nodes are compared as lines of the graph's text form, by their names. */
#include "experiments/model_differences.h"

#include <stdlib.h>
#include <string.h>

#include "fovea/plan.h"

/* ---- nodes ---- */

/* "NAME = OP…" of the text form; `length` of the whole line. */
typedef struct line {
    const char *name, *op, *text;
    int name_length, op_length, length;
} line;

typedef struct lines {
    line *at; /* by name */
    int64_t count;
} lines;

static int by_name(const void *left, const void *right) {
    const line *a = left, *b = right;
    int order = strncmp(a->name, b->name, (size_t)(a->name_length < b->name_length ? a->name_length : b->name_length));
    return order ? order : a->name_length - b->name_length;
}

static fv_error *to_text(const fv_model *model, fv_arena *arena, const char **out) {
    FV_OWNED(fv_graph) single = NULL;
    const fv_graph *graph = fv_model_graph(model);
    char *text;
    if (fv_graph_batch(graph) > 0) FV_TRY(fv_graph_with_batch(graph, 1, &single));
    FV_TRY(fv_graph_to_text(single ? single : graph, &text));
    fv_error *error = fv_arena_text(arena, text, out);
    fv_string_free(text);
    return error;
}

static fv_error *split(const char *text, fv_arena *arena, lines *out) {
    int64_t room = 1;
    for (const char *at = text; *at; at++) room += *at == '\n';
    FV_TRY(fv_arena_take(arena, room, &out->at));
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        line l = { .name = text, .text = text, .length = (int)strcspn(text, "\n") };
        const char *equals = memmem(text, (size_t)l.length, " = ", 3);
        if (!equals) continue;
        l.name_length = (int)(equals - text);
        l.op = equals + 3;
        l.op_length = (int)strcspn(l.op, "(@ \n");
        if (strncmp(text, "output ", 7) != 0) out->at[out->count++] = l; /* a name for a node is none */
    }
    qsort(out->at, (size_t)out->count, sizeof *out->at, by_name);
    return NULL;
}

static void count_nodes(const lines *a, const lines *b, fv_model_differences *d) {
    int64_t i = 0, j = 0;
    d->nodes[0] = a->count, d->nodes[1] = b->count;
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1 : j == b->count ? -1 : by_name(&a->at[i], &b->at[j]);
        const line *left = order <= 0 ? &a->at[i++] : NULL, *right = order >= 0 ? &b->at[j++] : NULL;
        if (!left || !right)
            d->nodes_only[left ? 0 : 1]++;
        else
            d->nodes_changed += left->length != right->length || memcmp(left->text, right->text, (size_t)left->length) != 0;
    }
}

/* ---- ops ---- */

static fv_error *count_op(const line *l, int side, fv_arena *arena, fv_op_difference *ops, int64_t *count) {
    int64_t i = 0;
    while (i < *count && (strncmp(ops[i].op, l->op, (size_t)l->op_length) != 0 || ops[i].op[l->op_length])) i++;
    if (i == *count) {
        FV_TRY(fv_arena_format(arena, &ops[i].op, "%.*s", l->op_length, l->op));
        ++*count;
    }
    ops[i].nodes[side]++;
    return NULL;
}

static int by_op(const void *left, const void *right) {
    return strcmp(((const fv_op_difference *)left)->op, ((const fv_op_difference *)right)->op);
}

static fv_error *count_ops(const lines sides[2], fv_arena *arena, fv_model_differences *d) {
    fv_op_difference *ops;
    int64_t count = 0;
    FV_TRY(fv_arena_take(arena, sides[0].count + sides[1].count + 1, &ops));
    for (int s = 0; s < 2; s++)
        for (int64_t i = 0; i < sides[s].count; i++) FV_TRY(count_op(&sides[s].at[i], s, arena, ops, &count));
    qsort(ops, (size_t)count, sizeof *ops, by_op);
    for (int64_t i = 0; i < count; i++)
        if (ops[i].nodes[0] != ops[i].nodes[1]) ops[d->op_count++] = ops[i];
    d->ops = ops;
    return NULL;
}

/* ---- weights ---- */

static fv_error *say_type(const fv_tensor *tensor, fv_arena *arena, const char **out) {
    char text[256];
    return fv_arena_text(arena, fv_type_format(&tensor->type, text), out);
}

static bool same_values(const fv_tensor *a, const fv_tensor *b) {
    return memcmp(a->data, b->data, (size_t)fv_type_bytes(&a->type)) == 0; /* of a file: contiguous */
}

static fv_error *compare_weight(const char *name, const fv_tensor *a, const fv_tensor *b, fv_arena *arena,
                                fv_weight_difference *shapes, fv_model_differences *d) {
    if (a && b && fv_type_equal(&a->type, &b->type)) {
        d->values += !same_values(a, b);
        return NULL;
    }
    fv_weight_difference *w = &shapes[d->shape_count++];
    FV_TRY(fv_arena_text(arena, name, &w->name));
    if (a) FV_TRY(say_type(a, arena, &w->type[0]));
    return b ? say_type(b, arena, &w->type[1]) : NULL;
}

static fv_error *compare_weights(const fv_weights *a, const fv_weights *b, fv_arena *arena, fv_model_differences *d) {
    fv_weight_difference *shapes;
    const char *name;
    d->weights[0] = fv_weights_count(a), d->weights[1] = fv_weights_count(b);
    FV_TRY(fv_arena_take(arena, d->weights[0] + d->weights[1] + 1, &shapes));
    for (int64_t i = 0; i < d->weights[0]; i++) {
        const fv_tensor *tensor = fv_weights_at(a, i, &name, NULL);
        FV_TRY(compare_weight(name, tensor, fv_weights_find(b, name), arena, shapes, d));
    }
    for (int64_t i = 0; i < d->weights[1]; i++) {
        const fv_tensor *tensor = fv_weights_at(b, i, &name, NULL);
        if (!fv_weights_find(a, name)) FV_TRY(compare_weight(name, NULL, tensor, arena, shapes, d));
    }
    d->shapes = shapes;
    return NULL;
}

/* ---- sections ---- */

static fv_error *compare_sections(const fv_model *a, const fv_model *b, fv_arena *arena, fv_model_differences *d) {
    int count[2] = { fv_model_section_count(a), fv_model_section_count(b) };
    const char **names;
    FV_TRY(fv_arena_take(arena, count[0] + count[1] + 1, &names));
    for (int i = 0, j = 0; i < count[0] || j < count[1];) {
        const char *left = i < count[0] ? fv_model_section_name(a, i) : NULL;
        const char *right = j < count[1] ? fv_model_section_name(b, j) : NULL;
        int order = !left ? 1 : !right ? -1 : strcmp(left, right);
        const char *name = order <= 0 ? left : right;
        bool same = !order && !strcmp(fv_model_section(a, name, NULL), fv_model_section(b, name, NULL));
        if (!same) FV_TRY(fv_arena_text(arena, name, &names[d->sections.count++]));
        i += order <= 0;
        j += order >= 0;
    }
    d->sections.at = names;
    return NULL;
}

/* ---- all of it ---- */

fv_error *fv_models_differ(const fv_model *first, const fv_model *second, fv_arena *arena, fv_model_differences *out) {
    const fv_model *models[] = { first, second };
    lines sides[2] = { 0 };
    *out = (fv_model_differences){ 0 };
    for (int s = 0; s < 2; s++) {
        FV_TRY(to_text(models[s], arena, &out->texts[s]));
        FV_TRY(split(out->texts[s], arena, &sides[s]));
    }
    count_nodes(&sides[0], &sides[1], out);
    FV_TRY(count_ops(sides, arena, out));
    FV_TRY(compare_weights(fv_model_weights(first), fv_model_weights(second), arena, out));
    return compare_sections(first, second, arena, out);
}
