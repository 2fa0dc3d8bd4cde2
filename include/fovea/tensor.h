/* fovea/tensor.h - dtypes, types and tensors.
 *
 * A type is a dtype and dimensions; dimensions are int64_t, rank 0 (a scalar) to FV_RANK_MAX, zero-sized ones allowed. Images
 * are NHWC, convolution weights KRSC (out, height, width, in / groups). A tensor is a type with strides in elements and memory
 * that somebody else owns; a tensor is contiguous when its strides are those of its dimensions in row order. Values, any
 * thread. */
#ifndef FOVEA_TENSOR_H
#define FOVEA_TENSOR_H

#include <stdbool.h>

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fv_dtype { FV_F32, FV_F64, FV_BF16, FV_F16, FV_I8, FV_U8, FV_I32, FV_I64, FV_BOOL, FV_DTYPES } fv_dtype;

#define FV_RANK_MAX 8

typedef struct fv_type {
    fv_dtype dtype;
    int rank;
    int64_t dims[FV_RANK_MAX]; /* beyond rank: 0 */
} fv_type;

typedef struct fv_tensor {
    fv_type type;
    int64_t strides[FV_RANK_MAX]; /* in elements; 0 repeats */
    void *data;
} fv_tensor;

/* fv_type_of(FV_F32, 32, 28, 28, 1); fv_type_of(FV_F64) is a scalar. */
#define FV_DIMS_(...) ((const int64_t[]){ -1, ##__VA_ARGS__ })
#define fv_type_of(dtype, ...)                                                                                                 \
    fv_type_make((dtype), FV_DIMS_(__VA_ARGS__) + 1, (int)(sizeof FV_DIMS_(__VA_ARGS__) / sizeof(int64_t)) - 1)
FV_API fv_type fv_type_make(fv_dtype dtype, const int64_t *dims, int rank);
FV_API int64_t fv_type_count(const fv_type *type); /* elements; types in a graph are checked to fit */
FV_API int64_t fv_type_bytes(const fv_type *type);
FV_API bool fv_type_equal(const fv_type *a, const fv_type *b);
FV_API FV_MUST_USE fv_error *fv_type_check(const fv_type *type);          /* rank, signs, and that the bytes fit an int64_t */
FV_API const char *fv_type_format(const fv_type *type, char buffer[256]); /* "f32[32,28,28,1]" */
/* Stops at the first byte that cannot be part of a type. */
FV_API FV_MUST_USE fv_error *fv_type_parse(const char *text, const char **end, fv_type *out);

FV_API const char *fv_dtype_name(fv_dtype dtype); /* "f32", … "bool" */
FV_API int64_t fv_dtype_size(fv_dtype dtype);     /* bytes of an element */
FV_API bool fv_dtype_is_float(fv_dtype dtype);
extern FV_API const char fv_dtype_names[]; /* "f32,f64,…" for a field of choices */

FV_API fv_tensor fv_tensor_of(const fv_type *type, void *data); /* contiguous */
FV_API bool fv_tensor_is_contiguous(const fv_tensor *tensor);

/* One element by offset (in elements, from data), converted from and to double: exact for every dtype but i64 beyond 2^53.
 * Stores round to nearest even; integers saturate, a NaN stored into an integer is 0; bool is value != 0. */
FV_API double fv_tensor_load(const fv_tensor *tensor, int64_t offset);
FV_API void fv_tensor_store(const fv_tensor *tensor, int64_t offset, double value);
/* The offset of the `index`-th element in row order, strides honoured. */
FV_API int64_t fv_tensor_offset(const fv_tensor *tensor, int64_t index);

#ifdef __cplusplus
}
#endif
#endif
