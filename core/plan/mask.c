/* mask.c - the gradient of ReLU and ReLU6 as the ops write it, found again by the passes that join it with something:
 *
 *   where(less_equal(y, 0), 0, dy)
 *   where(logical_or(less_equal(y, 0), greater_equal(y, 6)), 0, dy) */
#include "core/base/fields.h"
#include "core/ops/batch_norm.h"
#include "core/plan/plan.h"

static bool is_constant(const fv_graph *graph, fv_value value, double number) {
    const fv_node *node = fv_node_of(graph, value);
    if (!fv_node_is(node, "constant")) return false;
    const fv_field *field = fv_fields_find(node->op->fields, "value");
    return field && *(const double *)((const char *)node->options + field->offset) == number;
}

static bool compares(const fv_graph *graph, fv_value value, const char *op, double number) {
    const fv_node *node = fv_node_of(graph, value);
    return fv_node_is(node, op) && is_constant(graph, node->inputs[1], number);
}

bool fv_plan_is_mask(const fv_graph *graph, const fv_node *where, fv_value *y, int *activation) {
    if (!fv_node_is(where, "where") || !is_constant(graph, where->inputs[1], 0)) return false;
    if (!fv_type_equal(fv_value_type(graph, where->inputs[2]), &where->outputs[0])) return false; /* broadcast */
    const fv_node *low = fv_node_of(graph, where->inputs[0]), *high = NULL;
    fv_value flat = where->inputs[0];
    if (fv_node_is(low, "logical_or")) {
        high = fv_node_of(graph, low->inputs[1]);
        if (!compares(graph, low->inputs[1], "greater_equal", 6)) return false;
        flat = low->inputs[0];
        low = fv_node_of(graph, flat);
    }
    if (!compares(graph, flat, "less_equal", 0) || (high && !fv_same_value(high->inputs[0], low->inputs[0]))) return false;
    if (!fv_type_equal(fv_value_type(graph, low->inputs[0]), &where->outputs[0])) return false;
    *y = low->inputs[0];
    *activation = high ? FV_NORM_RELU6 : FV_NORM_RELU;
    return true;
}
