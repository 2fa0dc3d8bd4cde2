/* elementwise_loops.h - the instructions of elementwise_blocks_*.c, compiled once for each instruction set: one plain loop
 * each, which the compiler vectorises. f32 results round as the op's scalar form does; exp and what is made of it (sigmoid,
 * tanh, silu) are within 2 units in the last place. What has no loop of its own (pow, erf, log, …) runs that scalar form. */
#ifndef FV_CPU_ELEMENTWISE_LOOPS_H
#define FV_CPU_ELEMENTWISE_LOOPS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

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

/* ---- exp and its kin ---- */

static inline float power_of_two(int32_t n) { /* n from −126 to 127 */
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* eˣ = 2ⁿ·eʳ with |r| ≤ ½ log 2, eʳ by its Taylor series to r⁷ (the rest is below 2⁻²⁷); log 2 in two parts (Cody & Waite), so
 * that n times the first is exact. 2ⁿ in two factors, for results that are denormal or infinite. NaN comes through. */
static inline float exponential(float x) {
    const float magic = 12582912; /* 1.5·2²³: adding it rounds to an integer, which its low bits then hold */
    float c = x < -104 ? -104 : x > 89 ? 89 : x, shifted = c * 1.44269504F + magic, n = shifted - magic;
    float r = (c - n * 0.693359375F) - n * -2.12194440e-4F;
    float p = 1.0F / 5040;
    p = p * r + 1.0F / 720;
    p = p * r + 1.0F / 120;
    p = p * r + 1.0F / 24;
    p = p * r + 1.0F / 6;
    p = p * r + 0.5F;
    p = p * (r * r) + r + 1;
    uint32_t bits, zero;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&zero, &magic, sizeof zero);
    int32_t whole = (int32_t)(bits - zero), half = whole >> 1, rest = whole - half;
    half = half < -126 ? -126 : half > 127 ? 127 : half; /* NaN leaves anything in these bits */
    rest = rest < -126 ? -126 : rest > 127 ? 127 : rest;
    return p * power_of_two(half) * power_of_two(rest);
}

static inline float logistic(float x) { return 1 / (1 + exponential(-x)); }

/* Below 0.55 the Taylor series to x¹⁵ (the rest is below 2⁻²⁴ of it), above 1 − 2/(e²ˣ + 1). */
static inline float tangent(float x) {
    float m = fabsf(x), s = x * x, small = -929569.0F / 638512875;
    small = small * s + 21844.0F / 6081075;
    small = small * s - 1382.0F / 155925;
    small = small * s + 62.0F / 2835;
    small = small * s - 17.0F / 315;
    small = small * s + 2.0F / 15;
    small = small * s - 1.0F / 3;
    small = small * s * x + x;
    float large = copysignf(1 - 2 / (exponential(2 * m) + 1), x);
    return m < 0.55F ? small : large;
}

/* ---- one number to one number ---- */

static inline float clip(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

UNARY(loop_abs, fabsf(a[i]))
UNARY(loop_neg, -a[i])
UNARY(loop_square, a[i] * a[i])
UNARY(loop_sqrt, sqrtf(a[i]))
UNARY(loop_exp, exponential(a[i]))
UNARY(loop_sigmoid, logistic(a[i]))
UNARY(loop_tanh, tangent(a[i]))
UNARY(loop_silu, a[i] * logistic(a[i]))
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
BINARY(loop_minimum, float, float, (a[i] < b[i]) | (a[i] != a[i]) ? a[i] : b[i])
BINARY(loop_maximum, float, float, (a[i] > b[i]) | (a[i] != a[i]) ? a[i] : b[i])
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

/* ---- casts to f32 ---- */

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

/* ---- the rest: the op's scalar form ---- */

static double element(const void *from, fv_dtype dtype, int64_t index) {
    switch (dtype) {
    case FV_F32: return ((const float *)from)[index];
    case FV_I8: return ((const int8_t *)from)[index];
    case FV_I32: return ((const int32_t *)from)[index];
    case FV_I64: return (double)((const int64_t *)from)[index];
    default: return ((const uint8_t *)from)[index]; /* u8, bool: a program has no others */
    }
}

LOOP(loop_scalar) {
    const fv_instruction *instruction = call->instruction;
    for (int64_t i = 0; i < count; i++) {
        double v[FV_ELEMENTWISE_OPERANDS];
        for (int k = 0; k < instruction->operand_count; k++) v[k] = element(x[k], call->from[k], i);
        double value = instruction->op->scalar(instruction->options, v);
        if (instruction->dtype == FV_BOOL)
            ((uint8_t *)to)[i] = value != 0;
        else
            ((float *)to)[i] = (float)value;
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
    { "cast", FV_BOOL, FV_F32, loop_cast_u8 },
    { "cast", FV_I32, FV_F32, loop_cast_i32 },
    { "cast", FV_I64, FV_F32, loop_cast_i64 },
    { "cast", FV_I8, FV_F32, loop_cast_i8 },
    { "cast", FV_U8, FV_F32, loop_cast_u8 },
    { "clamp", FV_F32, FV_F32, loop_clamp },
    { "div", FV_F32, FV_F32, loop_div },
    { "equal", FV_F32, FV_BOOL, loop_equal },
    { "exp", FV_F32, FV_F32, loop_exp },
    { "greater", FV_F32, FV_BOOL, loop_greater },
    { "greater_equal", FV_F32, FV_BOOL, loop_greater_equal },
    { "hard_sigmoid", FV_F32, FV_F32, loop_hard_sigmoid },
    { "hard_swish", FV_F32, FV_F32, loop_hard_swish },
    { "leaky_relu", FV_F32, FV_F32, loop_leaky_relu },
    { "less", FV_F32, FV_BOOL, loop_less },
    { "less_equal", FV_F32, FV_BOOL, loop_less_equal },
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
    { "silu", FV_F32, FV_F32, loop_silu },
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
