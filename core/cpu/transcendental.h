/* transcendental.h - exp, log and what is made of them, in f32, without a branch: plain C that the compiler vectorises when a
 * kernel calls it in a loop. Polynomials take one rounding a step where the instruction set has it (AVX2 and wider, all with
 * the same bits). Errors are in units in the last place (ulp), the largest found over every 37th float against the C library in
 * f64. NaN comes through; what overflows is infinite, and results may be denormal. */
#ifndef FV_CPU_TRANSCENDENTAL_H
#define FV_CPU_TRANSCENDENTAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t fv_bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float fv_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* a·b + c. */
static inline float fv_step_f32(float a, float b, float c) {
#ifdef __FMA__
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

static inline float fv_power_of_two(int32_t n) { return fv_of_bits((uint32_t)(n + 127) << 23); } /* n from −126 to 127 */

/* eˣ = 2ⁿ·eʳ with |r| ≤ ½ log 2, eʳ by its Taylor series to r⁷ (the rest is below 2⁻²⁷); log 2 in two parts (Cody & Waite), so
 * that n times the first is exact. 2ⁿ in two factors, for results that are denormal or infinite. 1.1 ulp. */
static inline float fv_exp_f32(float x) {
    const float magic = 12582912; /* 1.5·2²³: adding it rounds to an integer, which its low bits then hold */
    float c = x < -104 ? -104 : x > 89 ? 89 : x, shifted = c * 1.44269504F + magic, n = shifted - magic;
    float r = (c - n * 0.693359375F) - n * -2.12194440e-4F;
    float p = 1.0F / 5040;
    p = fv_step_f32(p, r, 1.0F / 720);
    p = fv_step_f32(p, r, 1.0F / 120);
    p = fv_step_f32(p, r, 1.0F / 24);
    p = fv_step_f32(p, r, 1.0F / 6);
    p = fv_step_f32(p, r, 0.5F);
    p = fv_step_f32(p, r * r, r) + 1;
    int32_t whole = (int32_t)(fv_bits_of(shifted) - fv_bits_of(magic)), half = whole >> 1, rest = whole - half;
    half = half < -126 ? -126 : half > 127 ? 127 : half; /* NaN leaves anything in these bits */
    rest = rest < -126 ? -126 : rest > 127 ? 127 : rest;
    return p * fv_power_of_two(half) * fv_power_of_two(rest);
}

/* x = 2ᵏ·(1 + f) with 1 + f between √½ and √2. With s = f/(2 + f) and h = f²/2, log(1 + f) = 2 artanh s =
 * f − (h − s·(h + R)) where R = 2(s²/3 + s⁴/5 + s⁶/7 + s⁸/9): f, the largest part, is exact. 0.9 ulp. */
static inline float fv_log_f32(float x) {
    float tiny = x < 0x1p-126F ? 0x1p23F : 1, scaled = x * tiny;        /* denormals become normal */
    uint32_t bits = fv_bits_of(scaled), from = bits - 0x3f3504f3;       /* √½ */
    float k = (float)((int32_t)from >> 23) - (tiny > 1 ? 23.0F : 0.0F); /* whole, so exact */
    float f = fv_of_bits((from & 0x007fffff) + 0x3f3504f3) - 1, s = f / (2 + f), z = s * s, h = 0.5F * f * f;
    float r = z * (2.0F / 3 + z * (2.0F / 5 + z * (2.0F / 7 + z * (2.0F / 9))));
    float y = k * 0.693359375F - ((h - (s * (h + r) + k * -2.12194440e-4F)) - f);
    y = x > 0 ? y : x == 0 ? -INFINITY : NAN;
    return x < INFINITY ? y : x; /* infinity and NaN */
}

/* log(1 + x) for x from 0 to 1: log u of the rounded u = 1 + x, and what the rounding took. */
static inline float fv_log1p_small_f32(float x) {
    float u = 1 + x;
    return fv_log_f32(u) + (x - (u - 1)) / u;
}

/* 2.5 ulp. */
static inline float fv_sigmoid_f32(float x) { return 1 / (1 + fv_exp_f32(-x)); }

/* 2 ulp. */
static inline float fv_softplus_f32(float x) { return (x < 0 ? 0 : x) + fv_log1p_small_f32(fv_exp_f32(-fabsf(x))); }

/* Below 0.55 the Taylor series to x¹⁵ (the rest is below 2⁻²⁴ of it), above 1 − 2/(e²ˣ + 1). 1.5 ulp. */
static inline float fv_tanh_f32(float x) {
    float m = fabsf(x), s = x * x, small = -929569.0F / 638512875.0F;
    small = fv_step_f32(small, s, 21844.0F / 6081075);
    small = fv_step_f32(small, s, -1382.0F / 155925);
    small = fv_step_f32(small, s, 62.0F / 2835);
    small = fv_step_f32(small, s, -17.0F / 315);
    small = fv_step_f32(small, s, 2.0F / 15);
    small = fv_step_f32(small, s, -1.0F / 3);
    small = fv_step_f32(small * s, x, x);
    float large = copysignf(1 - 2 / (fv_exp_f32(2 * m) + 1), x);
    return m < 0.55F ? small : large;
}

/* erf for |x| < 0.7: its Taylor series, 2/√π · Σ (−1)ⁿ x²ⁿ⁺¹ / (n!·(2n + 1)), to n = 7. */
static inline float fv_erf_small_f32(float x) {
    float s = x * x, p = -1.0F / 75600;
    p = fv_step_f32(p, s, 1.0F / 9360);
    p = fv_step_f32(p, s, -1.0F / 1320);
    p = fv_step_f32(p, s, 1.0F / 216);
    p = fv_step_f32(p, s, -1.0F / 42);
    p = fv_step_f32(p, s, 0.1F);
    p = fv_step_f32(p, s, -1.0F / 3);
    return 1.12837917F * (p * s * x + x);
}

/* (1 − erf m)·exp(m²) for m ≥ 0.5: t·E(t) with t = 1/(1 + m/2). E is the polynomial of degree 8 that fits it best (Chebyshev
 * nodes, m from 0.45 to 10.3) within 1.2e-8. */
static inline float fv_erfcx_large_f32(float m) {
    float t = 1 / (1 + 0.5F * m), p = -0.0636935467F;
    p = fv_step_f32(p, t, 0.305318723F);
    p = fv_step_f32(p, t, -0.526142745F);
    p = fv_step_f32(p, t, 0.317950808F);
    p = fv_step_f32(p, t, -0.0509351967F);
    p = fv_step_f32(p, t, 0.211690505F);
    p = fv_step_f32(p, t, 0.241130439F);
    p = fv_step_f32(p, t, 0.282608773F);
    p = fv_step_f32(p, t, 0.282075015F);
    return p * t;
}

/* 1 − erf(m) for m ≥ 0.5. In the tail the rounding of m² tells: m²·2⁻²⁴ relative. */
static inline float fv_erfc_large_f32(float m) { return fv_erfcx_large_f32(m) * fv_exp_f32(-m * m); }

/* 2.4 ulp. */
static inline float fv_erf_f32(float x) {
    float m = fabsf(x);
    return m < 0.7F ? fv_erf_small_f32(x) : copysignf(1 - fv_erfc_large_f32(m), x);
}

/* x·Φ(x): for negative x by the tail itself, which 1 + erf would have lost. 15 ulp, from −3 down more
 * and more: 230 at −12, where the result is 1e-32. */
static inline float fv_gelu_f32(float x) {
    float z = x * 0.707106781F, m = fabsf(z), near = 0.5F * x * (1 + fv_erf_small_f32(z)),
          tail = 0.5F * x * fv_erfc_large_f32(m);
    float far = x < 0 ? tail : x - tail;
    return m < 0.7F ? near : far;
}

/* Φ(x) + x·φ(x), from one exponential. Error against the largest slope, 1.13: 2e-7. */
static inline float fv_gelu_slope_f32(float x) {
    float z = x * 0.707106781F, m = fabsf(z), bell = fv_exp_f32(-m * m), tail = 0.5F * (fv_erfcx_large_f32(m) * bell);
    float far = x < 0 ? tail : 1 - tail, below = m < 0.7F ? 0.5F + 0.5F * fv_erf_small_f32(z) : far;
    return fv_step_f32(x * 0.398942280F, bell, below);
}

#endif
