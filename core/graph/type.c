/* type.c - dtypes, types and tensors (fovea/tensor.h): names, sizes, text form, and element access through double. */
#include "fovea/tensor.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"

const char fv_dtype_names[] = "f32,f64,bf16,f16,i8,u8,i32,i64,bool";

static const struct {
    const char *name;
    int64_t size;
    bool is_float;
} dtypes[FV_DTYPES] = {
    [FV_F32] = { "f32", 4, true },  [FV_F64] = { "f64", 8, true },  [FV_BF16] = { "bf16", 2, true },
    [FV_F16] = { "f16", 2, true },  [FV_I8] = { "i8", 1, false },   [FV_U8] = { "u8", 1, false },
    [FV_I32] = { "i32", 4, false }, [FV_I64] = { "i64", 8, false }, [FV_BOOL] = { "bool", 1, false },
};

const char *fv_dtype_name(fv_dtype dtype) { return (unsigned)dtype < FV_DTYPES ? dtypes[dtype].name : "?"; }
int64_t fv_dtype_size(fv_dtype dtype) { return (unsigned)dtype < FV_DTYPES ? dtypes[dtype].size : 0; }
bool fv_dtype_is_float(fv_dtype dtype) { return (unsigned)dtype < FV_DTYPES && dtypes[dtype].is_float; }

fv_type fv_type_make(fv_dtype dtype, const int64_t *dims, int rank) {
    FV_ASSERT(rank >= 0 && rank <= FV_RANK_MAX);
    fv_type type = { .dtype = dtype, .rank = rank };
    for (int d = 0; d < rank; d++) type.dims[d] = dims[d];
    return type;
}

int64_t fv_type_count(const fv_type *type) {
    int64_t count = 1;
    for (int d = 0; d < type->rank; d++) count *= type->dims[d];
    return count;
}

int64_t fv_type_bytes(const fv_type *type) { return fv_type_count(type) * fv_dtype_size(type->dtype); }

bool fv_type_equal(const fv_type *a, const fv_type *b) {
    if (a->dtype != b->dtype || a->rank != b->rank) return false;
    for (int d = 0; d < a->rank; d++)
        if (a->dims[d] != b->dims[d]) return false;
    return true;
}

fv_error *fv_type_check(const fv_type *type) {
    if ((unsigned)type->dtype >= FV_DTYPES) return fv_fail(FV_SHAPE, "dtype number %d does not exist", (int)type->dtype);
    if (type->rank < 0 || type->rank > FV_RANK_MAX)
        return fv_fail(FV_SHAPE, "rank %d is outside 0…%d", type->rank, FV_RANK_MAX);
    int64_t bytes = fv_dtype_size(type->dtype), nonzero = bytes;
    for (int d = 0; d < type->rank; d++) {
        if (type->dims[d] < 0) return fv_fail(FV_SHAPE, "dimension %d is %lld", d, (long long)type->dims[d]);
        if (!fv_size_mul(bytes, type->dims[d], &bytes) || !fv_size_mul(nonzero, fv_max(type->dims[d], 1), &nonzero))
            return fv_fail(FV_SHAPE, "the dimensions' product does not fit 63 bits");
    }
    return NULL;
}

const char *fv_type_format(const fv_type *type, char buffer[256]) {
    int at = snprintf(buffer, 256, "%s[", fv_dtype_name(type->dtype));
    for (int d = 0; d < type->rank; d++)
        at += snprintf(buffer + at, (size_t)(256 - at), d ? ",%lld" : "%lld", (long long)type->dims[d]);
    snprintf(buffer + at, (size_t)(256 - at), "]");
    return buffer;
}

fv_error *fv_type_parse(const char *text, const char **end, fv_type *out) {
    const char *at = text;
    while (isalnum((unsigned char)*at)) at++;
    fv_type type = { .dtype = FV_DTYPES };
    for (int i = 0; i < FV_DTYPES; i++)
        if (strlen(dtypes[i].name) == (size_t)(at - text) && !memcmp(dtypes[i].name, text, (size_t)(at - text)))
            type.dtype = (fv_dtype)i;
    if (type.dtype == FV_DTYPES || *at != '[')
        return fv_error_hint(fv_fail(FV_FORMAT, "\"%.40s\" is no type", text), "a type looks like f32[32,28,28,1]; dtypes: %s",
                             fv_dtype_names);
    at++;
    while (*at != ']') {
        char *stop;
        if (!isdigit((unsigned char)*at) || type.rank == FV_RANK_MAX)
            return fv_fail(FV_FORMAT, "bad dimensions in \"%.40s\"", text);
        long long dim = strtoll(at, &stop, 10);
        type.dims[type.rank++] = dim;
        at = stop;
        if (*at == ',' && at[1] != ']')
            at++;
        else if (*at != ']')
            return fv_fail(FV_FORMAT, "bad dimensions in \"%.40s\"", text);
    }
    FV_TRY(fv_type_check(&type));
    *out = type;
    if (end) *end = at + 1;
    return NULL;
}

fv_tensor fv_tensor_of(const fv_type *type, void *data) {
    fv_tensor tensor = { .type = *type, .data = data };
    int64_t stride = 1;
    for (int d = type->rank - 1; d >= 0; d--) {
        tensor.strides[d] = stride;
        stride *= type->dims[d];
    }
    return tensor;
}

bool fv_tensor_is_contiguous(const fv_tensor *tensor) {
    int64_t stride = 1;
    if (fv_type_count(&tensor->type) == 0) return true;
    for (int d = tensor->type.rank - 1; d >= 0; d--) {
        if (tensor->type.dims[d] != 1 && tensor->strides[d] != stride) return false;
        stride *= tensor->type.dims[d];
    }
    return true;
}

int64_t fv_tensor_offset(const fv_tensor *tensor, int64_t index) {
    int64_t offset = 0;
    for (int d = tensor->type.rank - 1; d >= 0; d--) {
        offset += index % tensor->type.dims[d] * tensor->strides[d];
        index /= tensor->type.dims[d];
    }
    return offset;
}

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* IEEE binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
static double half_to_double(uint16_t half) {
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double value = exponent == 31  ? (fraction ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -value : value;
}

static uint16_t double_to_half(double value) {
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double magnitude = fabs(value);
    if (isnan(value)) return sign | 0x7e00;
    if (magnitude == 0) return sign;
    if (magnitude >= 65520) return sign | 0x7c00; /* rounds to infinity */
    int exponent = 0;
    frexp(magnitude, &exponent);                               /* magnitude = f·2^exponent, f in [½, 1) */
    if (exponent < -13) exponent = -13;                        /* subnormal: spacing 2^−24 */
    double units = nearbyint(ldexp(magnitude, 11 - exponent)); /* in units of the last place, to even */
    uint32_t encoded = (uint32_t)units + ((uint32_t)(exponent + 13) << 10);
    return (uint16_t)(sign | encoded);
}

/* bfloat16 is the upper half of a float. The double goes to 16 significant bits in one rounding, to even. */
static uint16_t double_to_bf16(double value) {
    if (isnan(value)) return 0x7fc0;
    float single = (float)value;
    uint32_t bits = bits_of_float(single);
    /* Make the float sticky where its own rounding moved it, so that rounding twice equals rounding once. */
    if (isfinite(single) && (double)single != value) {
        if (fabs((double)single) > fabs(value)) bits -= 1;
        bits |= 1;
    }
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

double fv_tensor_load(const fv_tensor *tensor, int64_t offset) {
    const void *data = tensor->data;
    switch (tensor->type.dtype) {
    case FV_F32: return ((const float *)data)[offset];
    case FV_F64: return ((const double *)data)[offset];
    case FV_BF16: return float_of_bits((uint32_t)((const uint16_t *)data)[offset] << 16);
    case FV_F16: return half_to_double(((const uint16_t *)data)[offset]);
    case FV_I8: return ((const int8_t *)data)[offset];
    case FV_U8: return ((const uint8_t *)data)[offset];
    case FV_I32: return ((const int32_t *)data)[offset];
    case FV_I64: return (double)((const int64_t *)data)[offset];
    case FV_BOOL: return ((const uint8_t *)data)[offset] != 0;
    case FV_DTYPES: break;
    }
    FV_ASSERT(!"a dtype");
    return 0;
}

static double saturate(double value, double low, double high) {
    return isnan(value) ? 0 : nearbyint(value < low ? low : value > high ? high : value);
}

static int64_t saturate_i64(double value) {
    if (isnan(value)) return 0;
    if (value >= 0x1p63) return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)nearbyint(value);
}

void fv_tensor_store(const fv_tensor *tensor, int64_t offset, double value) {
    void *data = tensor->data;
    switch (tensor->type.dtype) {
    case FV_F32: ((float *)data)[offset] = (float)value; return;
    case FV_F64: ((double *)data)[offset] = value; return;
    case FV_BF16: ((uint16_t *)data)[offset] = double_to_bf16(value); return;
    case FV_F16: ((uint16_t *)data)[offset] = double_to_half(value); return;
    case FV_I8: ((int8_t *)data)[offset] = (int8_t)saturate(value, -128, 127); return;
    case FV_U8: ((uint8_t *)data)[offset] = (uint8_t)saturate(value, 0, 255); return;
    case FV_I32: ((int32_t *)data)[offset] = (int32_t)saturate(value, -2147483648.0, 2147483647.0); return;
    case FV_I64: ((int64_t *)data)[offset] = saturate_i64(value); return;
    case FV_BOOL: ((uint8_t *)data)[offset] = value != 0; return;
    case FV_DTYPES: break;
    }
    FV_ASSERT(!"a dtype");
}
