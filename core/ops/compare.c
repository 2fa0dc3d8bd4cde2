/* compare.c - comparisons and logic. Results are bool, and nothing here has a gradient. A NaN equals nothing. Integers compare
 * by their doubles: exact up to 2⁵³. */
#include "core/graph/op.h"

static fv_error *logic_shape(fv_shape_call *call) {
    char have[256];
    if (call->inputs[0].dtype != FV_BOOL)
        return fv_error_hint(fv_fail(FV_SHAPE, "the input is %s, not bool", fv_type_format(&call->inputs[0], have)),
                             "compare it with something first");
    return fv_shape_elementwise(call);
}

static double equal(const void *o, const double *x) { return (void)o, x[0] == x[1]; }
static double not_equal(const void *o, const double *x) { return (void)o, x[0] != x[1]; }
static double less(const void *o, const double *x) { return (void)o, x[0] < x[1]; }
static double less_equal(const void *o, const double *x) { return (void)o, x[0] <= x[1]; }
static double greater(const void *o, const double *x) { return (void)o, x[0] > x[1]; }
static double greater_equal(const void *o, const double *x) { return (void)o, x[0] >= x[1]; }
static double logical_and(const void *o, const double *x) { return (void)o, x[0] != 0 && x[1] != 0; }
static double logical_or(const void *o, const double *x) { return (void)o, x[0] != 0 || x[1] != 0; }
static double logical_not(const void *o, const double *x) { return (void)o, x[0] == 0; }

static const char *const cases[] = {
    "x=f32[2,3,5] y=f32[2,3,5]", "x=i64[7,3] y=i64[3]", "x=f32[] y=f32[1037]",         "x=u8[2,3] y=u8[1]",
    "x=f32[3,1] y=f32[2,1,4]",   "x=f32[0,3] y=f32[3]", "x=bool[2,3,5] y=bool[2,3,5]", NULL,
};
static const char *const logic_cases[] = {
    "x=bool[2,3,5] y=bool[2,3,5]", "x=bool[7,3] y=bool[3]", "x=bool[] y=bool[1037]", "x=bool[0,3] y=bool[3]", NULL,
};
static const char *const not_cases[] = { "x=bool[2,3,5]", "x=bool[]", "x=bool[0]", "x=bool[1037]", NULL };

#define BOOLEAN .flags = FV_OP_ELEMENTWISE, .grad = fv_grad_none, .reference = fv_reference_elementwise
#define COMPARISON .inputs = "x,y", .outputs = "z", .shape = fv_shape_compare, BOOLEAN, .cases = cases

const fv_op fv_op_equal = { .name = "equal", .version = 1, .summary = "x equals y", COMPARISON, .scalar = equal };
const fv_op fv_op_not_equal = {
    .name = "not_equal", .version = 1, .summary = "x differs from y", COMPARISON, .scalar = not_equal
};
const fv_op fv_op_less = { .name = "less", .version = 1, .summary = "x is below y", COMPARISON, .scalar = less };
const fv_op fv_op_less_equal = {
    .name = "less_equal", .version = 1, .summary = "x is at most y", COMPARISON, .scalar = less_equal
};
const fv_op fv_op_greater = { .name = "greater", .version = 1, .summary = "x is above y", COMPARISON, .scalar = greater };
const fv_op fv_op_greater_equal = {
    .name = "greater_equal", .version = 1, .summary = "x is at least y", COMPARISON, .scalar = greater_equal
};

const fv_op fv_op_logical_and = {
    .name = "logical_and",
    .version = 1,
    .summary = "both are true",
    .inputs = "x,y",
    .outputs = "z",
    .shape = logic_shape,
    BOOLEAN,
    .scalar = logical_and,
    .cases = logic_cases,
};

const fv_op fv_op_logical_or = {
    .name = "logical_or",
    .version = 1,
    .summary = "one or both are true",
    .inputs = "x,y",
    .outputs = "z",
    .shape = logic_shape,
    BOOLEAN,
    .scalar = logical_or,
    .cases = logic_cases,
};

const fv_op fv_op_logical_not = {
    .name = "logical_not",
    .version = 1,
    .summary = "x is false",
    .inputs = "x",
    .outputs = "y",
    .shape = logic_shape,
    BOOLEAN,
    .scalar = logical_not,
    .cases = not_cases,
};
