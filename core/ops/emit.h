/* emit.h - short spellings for gradients, which are made of ops and so have gradients themselves. */
#ifndef FV_OPS_EMIT_H
#define FV_OPS_EMIT_H

#include "core/graph/node.h"

static inline fv_value fv_apply1(fv_graph *graph, const char *op, fv_value x) {
    return fv_apply(graph, op, FV_VALUES(x), NULL);
}

static inline fv_value fv_apply2(fv_graph *graph, const char *op, fv_value a, fv_value b) {
    return fv_apply(graph, op, FV_VALUES(a, b), NULL);
}

/* a where the condition holds, else b. */
static inline fv_value fv_where(fv_graph *graph, fv_value condition, fv_value a, fv_value b) {
    return fv_apply(graph, "where", FV_VALUES(condition, a, b), NULL);
}

/* A constant of the dtype of `like`. */
static inline fv_value fv_number(fv_graph *graph, fv_value like, double value) {
    return fv_constant(graph, fv_value_type(graph, like)->dtype, value);
}

static inline fv_value fv_scaled(fv_graph *graph, fv_value x, double factor) {
    return fv_apply2(graph, "mul", x, fv_number(graph, x, factor));
}

static inline fv_value fv_plus(fv_graph *graph, fv_value x, double offset) {
    return fv_apply2(graph, "add", x, fv_number(graph, x, offset));
}

#endif
