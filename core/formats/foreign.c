/* foreign.c - tensors as other people's files hold them: elements, views, copies. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/formats/format.h"

static const struct {
    const char *name;
    int64_t size;
    fv_dtype dtype;
} elements[] = {
    [FV_ELEMENT_F64] = { "f64", 8, FV_F64 },         [FV_ELEMENT_F32] = { "f32", 4, FV_F32 },
    [FV_ELEMENT_F16] = { "f16", 2, FV_F16 },         [FV_ELEMENT_BF16] = { "bf16", 2, FV_BF16 },
    [FV_ELEMENT_F8_E4M3] = { "f8_e4m3", 1, FV_F32 }, [FV_ELEMENT_F8_E5M2] = { "f8_e5m2", 1, FV_F32 },
    [FV_ELEMENT_I64] = { "i64", 8, FV_I64 },         [FV_ELEMENT_I32] = { "i32", 4, FV_I32 },
    [FV_ELEMENT_I16] = { "i16", 2, FV_I32 },         [FV_ELEMENT_I8] = { "i8", 1, FV_I8 },
    [FV_ELEMENT_U64] = { "u64", 8, FV_I64 },         [FV_ELEMENT_U32] = { "u32", 4, FV_I64 },
    [FV_ELEMENT_U16] = { "u16", 2, FV_I32 },         [FV_ELEMENT_U8] = { "u8", 1, FV_U8 },
    [FV_ELEMENT_BOOL] = { "bool", 1, FV_BOOL },
};

int64_t fv_element_size(fv_element element) { return elements[element].size; }
const char *fv_element_name(fv_element element) { return elements[element].name; }
fv_dtype fv_element_dtype(fv_element element) { return elements[element].dtype; }

fv_element fv_element_of(fv_dtype dtype) {
    for (int e = 0; e < FV_ELEMENTS; e++)
        if (!strcmp(elements[e].name, fv_dtype_name(dtype))) return (fv_element)e;
    FV_ASSERT(!"every dtype of ours is an element");
    return FV_ELEMENT_F32;
}

/* Of tensors of our own too, whose counts are known to fit. */
int64_t fv_foreign_count(const fv_foreign_tensor *tensor) {
    int64_t count = 1;
    for (int d = 0; d < tensor->rank; d++) count *= tensor->dims[d];
    return count;
}

void fv_foreign_row_order(fv_foreign_tensor *t) {
    int64_t step = 1;
    for (int d = t->rank - 1; d >= 0; d--) {
        t->strides[d] = step;
        if (!fv_size_mul(step, fv_max(t->dims[d], 1), &step)) step = INT64_MAX / 16; /* fv_foreign_add refuses it */
    }
}

/* ---- adding ---- */

/* The number of the last element that is reached, from the first: −1 when there is none; false: it does not fit. */
static bool last_element(const fv_foreign_tensor *t, int64_t *last) {
    int64_t count = 1, reach = 0;
    for (int d = 0; d < t->rank; d++) {
        int64_t step;
        if (t->dims[d] < 0 || t->strides[d] < 0 || !fv_size_mul(count, t->dims[d], &count)) return false;
        if (t->dims[d] && (!fv_size_mul(t->dims[d] - 1, t->strides[d], &step) || !fv_size_add(reach, step, &reach)))
            return false;
    }
    *last = count ? reach : -1;
    return count <= INT64_MAX / 16;
}

static fv_error *grow(fv_foreign_file *file) {
    if (file->count < file->capacity) return NULL;
    int64_t capacity = file->capacity ? 2 * file->capacity : 64;
    fv_foreign_tensor *more;
    FV_TRY(fv_arena_take(file->arena, capacity, &more));
    if (file->count) memcpy(more, file->tensors, (size_t)file->count * sizeof *more);
    file->tensors = more;
    file->capacity = capacity;
    return NULL;
}

/* Names go into messages, tables and other files. */
static bool is_plain_text(const char *name) {
    bool printable = true;
    for (const char *at = name; *at && printable;) at += fv_text_character(at, &printable);
    return printable;
}

fv_error *fv_foreign_add(fv_foreign_file *file, const fv_foreign_tensor *tensor, const uint8_t *storage, int64_t bytes,
                         int64_t offset) {
    int64_t size = fv_element_size(tensor->element), last, end;
    if (!*tensor->name || !is_plain_text(tensor->name)) return fv_fail(FV_FORMAT, "the name of a tensor is no plain text");
    if (!last_element(tensor, &last)) return fv_fail(FV_FORMAT, "the shape or strides of %s cannot be", tensor->name);
    if (last < 0)
        offset = 0;
    else if (!fv_size_add(offset, last, &end) || end >= bytes / size)
        return fv_fail(FV_FORMAT, "%s reaches beyond its data", tensor->name);
    FV_TRY(grow(file));
    file->tensors[file->count] = *tensor;
    file->tensors[file->count++].data = storage ? storage + offset * size : NULL;
    return NULL;
}

void fv_foreign_note(fv_foreign_file *file, const char *format, ...) {
    va_list arguments;
    if (file->notes.length) fv_text_add(&file->notes, "; ");
    va_start(arguments, format);
    fv_text_addv(&file->notes, format, arguments);
    va_end(arguments);
}

const fv_foreign_tensor *fv_foreign_find(const fv_foreign_file *file, const char *name) {
    int64_t low = 0, high = file->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(file->by_name[middle]->name, name);
        if (order == 0) return file->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- copying ---- */

static uint64_t load_bits(const uint8_t *at, int64_t size, bool big_endian) {
    uint64_t bits = 0;
    for (int64_t i = 0; i < size; i++) bits |= (uint64_t)at[i] << 8 * (big_endian ? size - 1 - i : i);
    return bits;
}

/* An 8-bit float with `mantissa` bits of fraction. */
static double small_float(uint64_t bits, int mantissa) {
    int bias = mantissa == 3 ? 7 : 15, exponent = (int)(bits >> mantissa) & (mantissa == 3 ? 15 : 31);
    int fraction = (int)bits & ((1 << mantissa) - 1);
    double sign = bits & 0x80 ? -1 : 1;
    if (mantissa == 3 && (bits & 0x7F) == 0x7F) return NAN;
    if (mantissa == 2 && exponent == 31) return fraction ? NAN : sign * INFINITY;
    if (!exponent) return sign * ldexp(fraction, 1 - bias - mantissa);
    return sign * ldexp(fraction + (1 << mantissa), exponent - bias - mantissa);
}

/* Floats and integers of at most 32 bits are exact in a double; 64-bit integers go the other way. */
static double to_double(fv_element element, uint64_t bits) {
    switch (element) {
    case FV_ELEMENT_F8_E4M3: return small_float(bits, 3);
    case FV_ELEMENT_F8_E5M2: return small_float(bits, 2);
    case FV_ELEMENT_I64: return (double)(int64_t)bits;
    case FV_ELEMENT_U64: return (double)bits;
    case FV_ELEMENT_I32: return (int32_t)bits;
    case FV_ELEMENT_I16: return (int16_t)bits;
    case FV_ELEMENT_I8: return (int8_t)bits;
    case FV_ELEMENT_U32:
    case FV_ELEMENT_U16:
    case FV_ELEMENT_U8: return (double)bits;
    case FV_ELEMENT_BOOL: return bits != 0;
    default: break;
    }
    fv_dtype dtype = fv_element_dtype(element);
    fv_type one = fv_type_of(dtype);
    union {
        uint64_t whole;
        uint32_t half;
        uint16_t quarter;
    } value = { 0 };
    if (fv_dtype_size(dtype) == 8) value.whole = bits;
    if (fv_dtype_size(dtype) == 4) value.half = (uint32_t)bits;
    if (fv_dtype_size(dtype) == 2) value.quarter = (uint16_t)bits;
    fv_tensor tensor = fv_tensor_of(&one, &value);
    return fv_tensor_load(&tensor, 0);
}

static int64_t to_integer(fv_element element, uint64_t bits) {
    if (element == FV_ELEMENT_U64) return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
    return element == FV_ELEMENT_I64 ? (int64_t)bits : (int64_t)to_double(element, bits);
}

static void store(fv_tensor *to, int64_t i, fv_element element, uint64_t bits) {
    uint8_t *at = (uint8_t *)to->data + i * fv_dtype_size(to->type.dtype);
    bool whole = !fv_dtype_is_float(fv_element_dtype(element));
    if (fv_element_of(to->type.dtype) == element && element != FV_ELEMENT_BOOL) {
        uint32_t half = (uint32_t)bits;
        uint16_t quarter = (uint16_t)bits;
        uint8_t eighth = (uint8_t)bits;
        int64_t size = fv_element_size(element);
        memcpy(at,
               size == 8   ? (void *)&bits
               : size == 4 ? (void *)&half
               : size == 2 ? (void *)&quarter
                           : (void *)&eighth,
               (size_t)size);
    } else if (to->type.dtype == FV_I64 && whole) {
        int64_t value = to_integer(element, bits);
        memcpy(at, &value, sizeof value);
    } else {
        fv_tensor_store(to, i, to_double(element, bits));
    }
}

static bool is_plain(const fv_foreign_tensor *from, const int *axes, const fv_tensor *to) {
    fv_foreign_tensor row = *from;
    fv_foreign_row_order(&row);
    return !axes && !from->big_endian && from->element == fv_element_of(to->type.dtype) && from->element != FV_ELEMENT_BOOL &&
           !memcmp(row.strides, from->strides, (size_t)from->rank * sizeof *row.strides) &&
           __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

void fv_foreign_copy(const fv_foreign_tensor *from, const int *axes, fv_tensor *to) {
    int64_t at[FV_RANK_MAX] = { 0 }, count = fv_foreign_count(from), size = fv_element_size(from->element), offset = 0;
    FV_ASSERT(count == fv_type_count(&to->type) && fv_tensor_is_contiguous(to));
    if (is_plain(from, axes, to)) {
        if (count) memcpy(to->data, from->data, (size_t)(count * size));
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        store(to, i, from->element, load_bits(from->data + offset * size, size, from->big_endian));
        for (int d = from->rank - 1; d >= 0; d--) {
            int axis = axes ? axes[d] : d;
            offset += from->strides[axis];
            if (++at[d] < from->dims[axis]) break;
            offset -= at[d] * from->strides[axis];
            at[d] = 0;
        }
    }
}
