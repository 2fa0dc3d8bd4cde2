/* elementwise_loops.h - the instructions of elementwise_blocks_*.c, compiled once for each instruction set: one plain loop
 * each, which the compiler vectorises. f32 results round as the op's scalar form does, but for exp, log and what is made of
 * them (transcendental.h), and casts into bf16, of which what is below 2⁻¹²⁶ is zero, as the CPU's instruction makes it. What
 * has no loop of its own (pow; dtypes other than f32) runs that scalar form. */
#ifndef FV_CPU_ELEMENTWISE_LOOPS_H
#define FV_CPU_ELEMENTWISE_LOOPS_H

#include "core/cpu/stored_lanes.h"
#include "core/cpu/transcendental.h"
#include "core/ops/activations.h"
#include "core/ops/elementwise.h"

typedef struct loop_call {
    const fv_instruction *instruction;
    fv_dtype from[FV_ELEMENTWISE_OPERANDS]; /* dtypes of the operands */
} loop_call;

/* x: the operands' elements; to: those of the result, which may be an operand's own memory. */
typedef void (*loop)(const loop_call *call, const void *const *x, void *to, int64_t count);

/* No element depends on another: not even where `to` is an operand. */
#ifdef __clang__
#define EACH _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < count; i++)
#else
#define EACH _Pragma("GCC ivdep") for (int64_t i = 0; i < count; i++)
#endif

#define LOOP(name) static void name(const loop_call *call, const void *const *x, void *to, int64_t count)
#define UNARY(name, expression)                                                                                                \
    LOOP(name) {                                                                                                               \
        const float *a = x[0];                                                                                                 \
        float *y = to;                                                                                                         \
        (void)call;                                                                                                            \
        EACH y[i] = expression;                                                                                                \
    }
#define BINARY(name, from, into, expression)                                                                                   \
    LOOP(name) {                                                                                                               \
        const from *a = x[0], *b = x[1];                                                                                       \
        into *y = to;                                                                                                          \
        (void)call;                                                                                                            \
        EACH y[i] = expression;                                                                                                \
    }

/* ---- one number to one number ---- */

static inline float clip(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

UNARY(loop_abs, fabsf(a[i]))
UNARY(loop_neg, -a[i])
UNARY(loop_square, a[i] * a[i])
UNARY(loop_sqrt, sqrtf(a[i]))
UNARY(loop_floor, floorf(a[i]))
UNARY(loop_sign, a[i] > 0 ? 1 : a[i] < 0 ? -1 : a[i])
UNARY(loop_exp, fv_exp_f32(a[i]))
UNARY(loop_log, fv_log_f32(a[i]))
UNARY(loop_erf, fv_erf_f32(a[i]))
UNARY(loop_softplus, fv_softplus_f32(a[i]))
UNARY(loop_sigmoid, fv_sigmoid_f32(a[i]))
UNARY(loop_tanh, fv_tanh_f32(a[i]))
UNARY(loop_silu, a[i] * fv_sigmoid_f32(a[i]))
UNARY(loop_gelu_slope, fv_gelu_slope_f32(a[i]))
UNARY(loop_relu, a[i] < 0 ? 0 : a[i])
UNARY(loop_relu6, clip(a[i], 0, 6))
UNARY(loop_hard_sigmoid, clip(a[i] + 3, 0, 6) / 6)
UNARY(loop_hard_swish, a[i] * clip(a[i] + 3, 0, 6) / 6)

LOOP(loop_clamp) {
    const fv_clamp_options *o = call->instruction->options;
    const float *a = x[0], low = (float)o->min, high = (float)o->max;
    float *y = to;
    EACH y[i] = clip(a[i], low, high);
}

LOOP(loop_gelu) {
    const fv_gelu_options *o = call->instruction->options;
    const float *a = x[0];
    float *y = to;
    if (o->approximate)
        EACH y[i] = 0.5F * a[i] * (1 + fv_tanh_f32(0.797884561F * (a[i] + 0.044715F * a[i] * a[i] * a[i])));
    else
        EACH y[i] = fv_gelu_f32(a[i]);
}

LOOP(loop_leaky_relu) {
    const float *a = x[0], slope = (float)((const fv_leaky_relu_options *)call->instruction->options)->slope;
    float *y = to;
    EACH y[i] = a[i] > 0 ? a[i] : a[i] * slope;
}

/* ---- two numbers ---- */

BINARY(loop_add, float, float, a[i] + b[i])
BINARY(loop_sub, float, float, a[i] - b[i])
BINARY(loop_mul, float, float, a[i] * b[i])
BINARY(loop_div, float, float, a[i] / b[i])
BINARY(loop_minimum, float, float, ((a[i] < b[i]) | (a[i] != a[i])) ? a[i] : b[i])
BINARY(loop_maximum, float, float, ((a[i] > b[i]) | (a[i] != a[i])) ? a[i] : b[i])
BINARY(loop_equal, float, uint8_t, a[i] == b[i])
BINARY(loop_not_equal, float, uint8_t, a[i] != b[i])
BINARY(loop_less, float, uint8_t, a[i] < b[i])
BINARY(loop_less_equal, float, uint8_t, a[i] <= b[i])
BINARY(loop_greater, float, uint8_t, a[i] > b[i])
BINARY(loop_greater_equal, float, uint8_t, a[i] >= b[i])

/* ---- bools: 0 or 1 ---- */

BINARY(loop_and, uint8_t, uint8_t, a[i] & b[i])
BINARY(loop_or, uint8_t, uint8_t, a[i] | b[i])

LOOP(loop_not) {
    const uint8_t *a = x[0];
    uint8_t *y = to;
    (void)call;
    EACH y[i] = !a[i];
}

LOOP(loop_where) {
    const uint8_t *condition = x[0];
    const float *a = x[1], *b = x[2];
    float *y = to;
    (void)call;
    EACH y[i] = condition[i] ? a[i] : b[i];
}

/* ---- casts ---- */

#define CAST(name, from)                                                                                                       \
    LOOP(name) {                                                                                                               \
        const from *a = x[0];                                                                                                  \
        float *y = to;                                                                                                         \
        (void)call;                                                                                                            \
        EACH y[i] = (float)a[i];                                                                                               \
    }
CAST(loop_cast_u8, uint8_t)
CAST(loop_cast_i8, int8_t)
CAST(loop_cast_i32, int32_t)
CAST(loop_cast_i64, int64_t)

/* As all that is stored as bf16 is rounded (stored_rows.h). */
LOOP(loop_cast_into_bf16) {
    const float *a = x[0];
    uint16_t *y = to;
    int64_t i = 0;
    (void)call;
    for (; i + LANES <= count; i += LANES) narrow(y + i, load(a + i));
    if (i < count) narrow_tail(y + i, load_tail(a + i, count - i), count - i);
}

LOOP(loop_cast_bf16) {
    const uint16_t *a = x[0];
    float *y = to;
    int64_t i = 0;
    (void)call;
    for (; i + LANES <= count; i += LANES) store(y + i, widen(a + i));
    if (i < count) store_tail(y + i, widen_tail(a + i, count - i), count - i);
}

LOOP(loop_cast_bool) {
    const float *a = x[0];
    uint8_t *y = to;
    (void)call;
    EACH y[i] = a[i] != 0;
}

/* ---- the rest: the op's scalar form ---- */

LOOP(loop_scalar) {
    const fv_instruction *instruction = call->instruction;
    fv_tensor operands[FV_ELEMENTWISE_OPERANDS], result = { .type.dtype = instruction->dtype, .data = to };
    for (int k = 0; k < instruction->operand_count; k++)
        operands[k] = (fv_tensor){ .type.dtype = call->from[k], .data = (void *)x[k] };
    for (int64_t i = 0; i < count; i++) {
        double v[FV_ELEMENTWISE_OPERANDS];
        for (int k = 0; k < instruction->operand_count; k++) v[k] = fv_tensor_load(&operands[k], i);
        fv_tensor_store(&result, i, instruction->op->scalar(instruction->options, v));
    }
}

/* ---- which loop ---- */

static const struct {
    const char *op;
    fv_dtype from; /* dtype of operand 0 */
    fv_dtype into; /* dtype of the result */
    loop run;
} loops[] = {
    { "abs", FV_F32, FV_F32, loop_abs },
    { "add", FV_F32, FV_F32, loop_add },
    { "cast", FV_BF16, FV_F32, loop_cast_bf16 },
    { "cast", FV_BOOL, FV_F32, loop_cast_u8 },
    { "cast", FV_F32, FV_BF16, loop_cast_into_bf16 },
    { "cast", FV_F32, FV_BOOL, loop_cast_bool },
    { "cast", FV_I32, FV_F32, loop_cast_i32 },
    { "cast", FV_I64, FV_F32, loop_cast_i64 },
    { "cast", FV_I8, FV_F32, loop_cast_i8 },
    { "cast", FV_U8, FV_F32, loop_cast_u8 },
    { "clamp", FV_F32, FV_F32, loop_clamp },
    { "div", FV_F32, FV_F32, loop_div },
    { "equal", FV_F32, FV_BOOL, loop_equal },
    { "erf", FV_F32, FV_F32, loop_erf },
    { "exp", FV_F32, FV_F32, loop_exp },
    { "floor", FV_F32, FV_F32, loop_floor },
    { "gelu", FV_F32, FV_F32, loop_gelu },
    { "gelu_slope", FV_F32, FV_F32, loop_gelu_slope },
    { "greater", FV_F32, FV_BOOL, loop_greater },
    { "greater_equal", FV_F32, FV_BOOL, loop_greater_equal },
    { "hard_sigmoid", FV_F32, FV_F32, loop_hard_sigmoid },
    { "hard_swish", FV_F32, FV_F32, loop_hard_swish },
    { "leaky_relu", FV_F32, FV_F32, loop_leaky_relu },
    { "less", FV_F32, FV_BOOL, loop_less },
    { "less_equal", FV_F32, FV_BOOL, loop_less_equal },
    { "log", FV_F32, FV_F32, loop_log },
    { "logical_and", FV_BOOL, FV_BOOL, loop_and },
    { "logical_not", FV_BOOL, FV_BOOL, loop_not },
    { "logical_or", FV_BOOL, FV_BOOL, loop_or },
    { "maximum", FV_F32, FV_F32, loop_maximum },
    { "minimum", FV_F32, FV_F32, loop_minimum },
    { "mul", FV_F32, FV_F32, loop_mul },
    { "neg", FV_F32, FV_F32, loop_neg },
    { "not_equal", FV_F32, FV_BOOL, loop_not_equal },
    { "relu", FV_F32, FV_F32, loop_relu },
    { "relu6", FV_F32, FV_F32, loop_relu6 },
    { "sigmoid", FV_F32, FV_F32, loop_sigmoid },
    { "sign", FV_F32, FV_F32, loop_sign },
    { "silu", FV_F32, FV_F32, loop_silu },
    { "softplus", FV_F32, FV_F32, loop_softplus },
    { "sqrt", FV_F32, FV_F32, loop_sqrt },
    { "square", FV_F32, FV_F32, loop_square },
    { "sub", FV_F32, FV_F32, loop_sub },
    { "tanh", FV_F32, FV_F32, loop_tanh },
    { "where", FV_BOOL, FV_F32, loop_where },
};

static loop loop_of(const char *op, fv_dtype from, fv_dtype into) {
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++)
        if (loops[i].from == from && loops[i].into == into && !strcmp(loops[i].op, op)) return loops[i].run;
    return loop_scalar;
}

#endif
